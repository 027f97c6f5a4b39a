package csv

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// The encodings that Format and Dialect name.
const (
	Auto        = "auto" // of a Format only, an encoding or a delimiter: find out
	UTF8        = "utf-8"
	UTF16       = "utf-16" // of a Format only: byte order by mark or by content
	UTF16LE     = "utf-16le"
	UTF16BE     = "utf-16be"
	Latin1      = "iso-8859-1"
	Windows1252 = "windows-1252"
)

// None switches quoting or escaping off.
const None = "none"

const (
	// DefaultMaxRecordBytes bounds a record where Format does not.
	DefaultMaxRecordBytes = 16 << 20
	// LargestMaxRecordBytes is the highest bound that can be set.
	LargestMaxRecordBytes = 128 << 20
)

// A Format is what the settings say about a file. The zero Format finds out.
type Format struct {
	Delimiter string // "" or "auto" detects; "tab" or `\t` is a tab; it may have several characters
	Encoding  string // "" or one of the encodings above; common other names such as latin1, cp1252 and utf8 are understood
	Quote     string // "" is the double quote, "none" is no quoting, else one ASCII character
	// Escape is "" for a doubled quote, "none", or one ASCII character such as a backslash. Such a character makes data of a
	// quote or escape character behind it, and in an unquoted field also of a delimiter or line end. In front of anything else
	// it is data itself.
	Escape         string
	MaxRecordBytes int // 0 is DefaultMaxRecordBytes
	SkipLines      int // lines above the header, or above the first row of a file without one
	FooterLines    int // lines at the end that are no rows, such as totals; blank ones do not count
}

// mostLines bounds SkipLines and FooterLines.
const mostLines = 10_000

// Validate names the first setting that cannot be followed. Detect returns the same error.
func (f Format) Validate() error {
	d, err := f.dialect()
	if err != nil {
		return err
	}
	if d.Delimiter == "" {
		d.Delimiter = ","
	}
	if d.Encoding == Auto || d.Encoding == UTF16 {
		d.Encoding = UTF8
	}
	return d.validate()
}

// dialect follows the settings as far as they go: the delimiter may still be empty, the encoding Auto or UTF16.
func (f Format) dialect() (Dialect, error) {
	d := Dialect{Delimiter: f.Delimiter, Quote: f.Quote, Escape: f.Escape, MaxRecordBytes: f.MaxRecordBytes, SkipLines: f.SkipLines, FooterLines: f.FooterLines}
	var known bool
	if d.Encoding, known = encodingNames[strings.ToLower(strings.TrimSpace(f.Encoding))]; !known {
		return Dialect{}, fmt.Errorf("unknown encoding %q: use auto, utf-8, utf-16, utf-16le, utf-16be, iso-8859-1 or windows-1252", f.Encoding)
	}
	switch strings.ToLower(d.Delimiter) {
	case Auto:
		d.Delimiter = ""
	case "tab", `\t`:
		d.Delimiter = "\t"
	}
	switch d.Quote {
	case "":
		d.Quote = `"`
	case None:
		d.Quote = ""
	}
	switch d.Escape {
	case "":
		d.Escape = d.Quote
	case None:
		d.Escape = ""
	}
	if d.MaxRecordBytes == 0 {
		d.MaxRecordBytes = DefaultMaxRecordBytes
	}
	return d, nil
}

var encodingNames = map[string]string{
	"": Auto, "auto": Auto,
	"utf-8": UTF8, "utf8": UTF8, "utf_8": UTF8, "utf-8-sig": UTF8, "ascii": UTF8, "us-ascii": UTF8,
	"utf-16": UTF16, "utf16": UTF16, "utf_16": UTF16,
	"utf-16le": UTF16LE, "utf-16-le": UTF16LE, "utf16le": UTF16LE, "utf_16_le": UTF16LE,
	"utf-16be": UTF16BE, "utf-16-be": UTF16BE, "utf16be": UTF16BE, "utf_16_be": UTF16BE,
	"iso-8859-1": Latin1, "iso8859-1": Latin1, "iso_8859_1": Latin1, "latin1": Latin1, "latin-1": Latin1, "latin_1": Latin1,
	"windows-1252": Windows1252, "windows1252": Windows1252, "cp1252": Windows1252, "cp-1252": Windows1252,
}

// A Dialect is how one file is written. It is small and goes into a bookmark as JSON, so that a file is read to its end
// as it was begun.
type Dialect struct {
	Encoding       string `json:"encoding"`             // one of the encodings above, neither UTF16 nor Auto
	Guessed        bool   `json:"guessed,omitempty"`    // neither settings nor a mark nor valid UTF-8 tell Encoding
	BOM            int    `json:"bom,omitempty"`        // bytes of byte order mark at the start of the file
	Delimiter      string `json:"delimiter"`            // as UTF-8
	Quote          string `json:"quote,omitempty"`      // empty: no quoting
	Escape         string `json:"escape,omitempty"`     // equal to Quote: doubled quotes; empty: no escape
	OneColumn      bool   `json:"one_column,omitempty"` // a blank line is a record with one empty value
	MaxRecordBytes int    `json:"max_record_bytes"`
	SkipLines      int    `json:"skip_lines,omitempty"`
	FooterLines    int    `json:"footer_lines,omitempty"`
}

func (d Dialect) validate() error {
	switch d.Encoding {
	case UTF8, UTF16LE, UTF16BE, Latin1, Windows1252:
	default:
		return fmt.Errorf("unknown encoding %q", d.Encoding)
	}
	if d.Delimiter == "" || len(d.Delimiter) > 64 || !utf8.ValidString(d.Delimiter) || strings.ContainsAny(d.Delimiter, "\r\n\x00") {
		return fmt.Errorf("delimiter %q: use 1 to 64 bytes of text without line ends", d.Delimiter)
	}
	if table := narrow(d.Encoding); table != nil {
		if _, ok := narrowed(d.Delimiter, table); !ok {
			return fmt.Errorf("delimiter %q cannot be written in %s", d.Delimiter, d.Encoding)
		}
	}
	for _, c := range []struct{ name, value string }{{"quote", d.Quote}, {"escape", d.Escape}} {
		switch {
		case c.value == "":
		case len(c.value) > 1 || c.value[0] >= utf8.RuneSelf || strings.Contains("\r\n\x00", c.value):
			return fmt.Errorf("%s character %q: use one ASCII character or none", c.name, c.value)
		case strings.Contains(d.Delimiter, c.value):
			return fmt.Errorf("%s character %q is part of the delimiter %q", c.name, c.value, d.Delimiter)
		}
	}
	if min(d.SkipLines, d.FooterLines) < 0 || max(d.SkipLines, d.FooterLines) > mostLines {
		return fmt.Errorf("lines to pass over: use 0 to %d", mostLines)
	}
	if d.MaxRecordBytes < 0 || d.MaxRecordBytes > LargestMaxRecordBytes {
		return fmt.Errorf("%d bytes for a record: use at most %d", d.MaxRecordBytes, LargestMaxRecordBytes)
	}
	return nil
}
