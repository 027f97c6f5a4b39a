package csv

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A Record is one row. It and all slices that it returns are valid until the next call of Next or ReadHeader.
type Record struct {
	Line   int64 // physical line on which the record starts, from 1
	Offset int64 // source bytes before the record
	Row    int64 // ordinal of the record after the header, from 1; 0 for the header

	fields []field
	buf    []byte // the reader's buffer, to which most fields refer
	own    []byte // values that differ from the text in the buffer
	raw    []byte
	start  int        // of raw in buf
	narrow *[256]rune // of a single-byte encoding
}

// A field is a value's place. Its upper bits are the flags below, so that a field costs one store of eight bytes.
type field struct{ start, end uint32 }

const (
	quotedFlag  = 1 << 31 // of start: the field stood in quotes
	escapedFlag = 1 << 30 // of start: escapes are still to be taken out
	ownFlag     = 1 << 31 // of end: the value is in own
	placeBits   = 1<<30 - 1
)

// Len is the number of fields.
func (r *Record) Len() int { return len(r.fields) }

// Field is the value of field i, counted from 0, without quotes and escapes and as UTF-8.
func (r *Record) Field(i int) []byte {
	f := r.fields[i]
	b := r.buf
	if f.end >= ownFlag {
		b = r.own
	}
	return b[f.start&placeBits : f.end&placeBits]
}

// Quoted says whether field i stood in quotes: it tells "" from an empty field.
func (r *Record) Quoted(i int) bool { return r.fields[i].start >= quotedFlag }

// Blanks is how many fields from i on are empty and not quoted.
func (r *Record) Blanks(i int) int {
	n := i
	for n < len(r.fields) && r.fields[n].start == r.fields[n].end {
		n++
	}
	return n - i
}

// Within is how many fields, from the first on, end within the first n bytes of Raw.
func (r *Record) Within(n int) int {
	if n >= len(r.raw) {
		return len(r.fields)
	}
	for i, f := range r.fields {
		if f.end >= ownFlag || int(f.end) > r.start+n {
			return i
		}
	}
	return len(r.fields)
}

// Strings copies the values.
func (r *Record) Strings() []string {
	values := make([]string, len(r.fields))
	for i := range values {
		values[i] = string(r.Field(i))
	}
	return values
}

// Raw is the text of the record as it stands in the file, without its line end. In a file of a single-byte encoding it has
// that encoding, else it is UTF-8.
func (r *Record) Raw() []byte { return r.raw }

// RawString is Raw as UTF-8, cut to [MaxRaw] bytes.
func (r *Record) RawString() string { return rawString(r.raw, r.narrow) }

// Repeats says whether the record is the header once more, as happens in files that were joined. The header is what
// Strings returned for the header's record.
func (r *Record) Repeats(header []string) bool {
	if len(r.fields) != len(header) || len(header) == 0 {
		return false
	}
	for i := len(header) - 1; i > 0; i-- {
		if string(r.Field(i)) != header[i] {
			return false
		}
	}
	// The files may have been joined with their marks.
	return strings.TrimPrefix(string(r.Field(0)), bom) == strings.TrimPrefix(header[0], bom)
}

const bom = "\ufeff"

// MaxRaw bounds the text that a RowError carries.
const MaxRaw = 64 << 10

// rawString makes valid UTF-8 of a record's text, at most MaxRaw bytes of it.
func rawString(raw []byte, narrow *[256]rune) string {
	raw = raw[:min(len(raw), MaxRaw+utf8.UTFMax)]
	var text string
	if narrow != nil {
		text = string(widen(nil, raw, narrow))
	} else {
		text = strings.ToValidUTF8(string(raw), string(utf8.RuneError))
	}
	if len(text) <= MaxRaw {
		return text
	}
	cut := MaxRaw
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut]
}

// The reasons of a RowError. They are stable words.
const (
	BareQuote         = "bare_quote"         // a quote inside an unquoted field
	TextAfterQuote    = "text_after_quote"   // a closing quote without a delimiter or line end behind it
	UnterminatedQuote = "unterminated_quote" // no closing quote before the end of the file, or within MaxRecordBytes
	RecordTooLong     = "record_too_long"    // no line end within MaxRecordBytes
	TooManyFields     = "too_many_fields"    // more than 65,536
	InvalidEncoding   = "invalid_encoding"   // bytes that the encoding does not allow
)

// A RowError is a record that could not be read. It costs that row, which counts in [Position]; Next goes on behind it.
type RowError struct {
	Line   int64  // physical line on which the record starts
	Offset int64  // source bytes before the record
	Row    int64  // ordinal of the record after the header; 0 for the header
	Column int    // 1-based, 0 where no single field is to blame
	Reason string // one of the words above
	Raw    string // the record's text, for a bad quote its first line; valid UTF-8, at most MaxRaw bytes
}

// Error names the place and the reason, never the row's text.
func (e *RowError) Error() string {
	if e.Column == 0 {
		return fmt.Sprintf("line %d: %s", e.Line, e.Reason)
	}
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Reason)
}
