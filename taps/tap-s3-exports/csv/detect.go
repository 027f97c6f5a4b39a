package csv

// A Dialect is how one file is written. It is small and goes into a bookmark as JSON, so that a file is read to its end
// as it was begun.
type Dialect struct {
	Encoding       string `json:"encoding"`             // one of the encodings above, never UTF16 or Auto
	Guessed        bool   `json:"guessed,omitempty"`    // neither the settings nor a mark nor valid UTF-8 prove Encoding
	BOM            int    `json:"bom,omitempty"`        // bytes of byte order mark at the start of the file
	Delimiter      string `json:"delimiter"`            // UTF-8
	Quote          string `json:"quote,omitempty"`      // empty: no quoting
	Escape         string `json:"escape,omitempty"`     // equal to Quote: doubled quotes; empty: no escape
	OneColumn      bool   `json:"one_column,omitempty"` // a blank line is a record with one empty value
	MaxRecordBytes int    `json:"max_record_bytes"`
}

// Detect settles the dialect from the head of a file, of which it wants up to 1 MiB. atEOF says that head is the whole file.
func Detect(head []byte, atEOF bool, f Format) (Dialect, error) {
	return Dialect{}, nil
}
