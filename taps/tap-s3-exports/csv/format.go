package csv

// The encodings that Format and Dialect name.
const (
	Auto        = "auto" // of an encoding or a delimiter: find out
	UTF8        = "utf-8"
	UTF16       = "utf-16" // of a Format only: byte order by mark or by content
	UTF16LE     = "utf-16le"
	UTF16BE     = "utf-16be"
	Latin1      = "iso-8859-1"
	Windows1252 = "windows-1252"
)

// None switches quoting or escaping off.
const None = "none"

// DefaultMaxRecordBytes bounds a record where Format does not.
const DefaultMaxRecordBytes = 16 << 20

// A Format is what the settings say about a file. The zero Format finds out.
type Format struct {
	Delimiter      string // "" or "auto" detects; "tab" and `\t` are a tab; may have several characters
	Encoding       string // "" or one of the encodings above; common aliases (latin1, cp1252, utf8) are understood
	Quote          string // "" is the double quote, "none" is no quoting, else one ASCII character
	Escape         string // "" is a doubled quote, "none" is no escape, else one ASCII character such as a backslash
	MaxRecordBytes int    // 0 is DefaultMaxRecordBytes
}

// Validate names the first setting that cannot be followed. Detect returns the same error.
func (f Format) Validate() error { return nil }
