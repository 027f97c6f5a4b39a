package csv

import "fmt"

// A Record is one row. It and all that it returns are valid until the next call of Next or ReadHeader.
type Record struct {
	Line   int64 // physical line on which the record starts, from 1
	Offset int64 // source bytes before the record
	Row    int64 // ordinal of the record after the header, from 1; 0 for the header
	fields []field
	text   []byte
	raw    []byte
}

type field struct{ start, end uint32 }

// Len is the number of fields.
func (r *Record) Len() int { return len(r.fields) }

// Field is the value of field i, counted from 0, without quotes and escapes and as UTF-8.
func (r *Record) Field(i int) []byte { return r.text[r.fields[i].start:r.fields[i].end] }

// Quoted says whether field i stood in quotes: it tells "" from an empty field.
func (r *Record) Quoted(i int) bool { return false }

// Strings copies the values.
func (r *Record) Strings() []string { return nil }

// Raw is the text of the record as it stands in the file without its line end. It is UTF-8 unless the file has a
// single-byte encoding.
func (r *Record) Raw() []byte { return r.raw }

// RawString is Raw as valid UTF-8, cut to [MaxRaw] bytes.
func (r *Record) RawString() string { return "" }

// Repeats says whether the record is the header once more, as happens in files that were joined: header is what Strings
// returned for the header's record.
func (r *Record) Repeats(header []string) bool { return false }

// MaxRaw bounds the text that a RowError carries.
const MaxRaw = 64 << 10

// The reasons of a RowError. They are stable words.
const (
	BareQuote         = "bare_quote"         // a quote inside an unquoted field
	TextAfterQuote    = "text_after_quote"   // a closing quote is not followed by a delimiter or line end
	UnterminatedQuote = "unterminated_quote" // no closing quote before the end of the file or the record limit
	RecordTooLong     = "record_too_long"    // no line end within MaxRecordBytes
	InvalidEncoding   = "invalid_encoding"   // bytes that the encoding does not allow
)

// A RowError is a record that could not be read. It costs that row; Next goes on behind it. The row counts in [Position].
type RowError struct {
	Line   int64  // physical line on which the record starts
	Offset int64  // source bytes before the record
	Row    int64  // ordinal of the record after the header; 0 for the header
	Column int    // 1-based, 0 where no single field is to blame
	Reason string // one of the words above
	Raw    string // text of the record, for a bad quote its first line; at most MaxRaw bytes of valid UTF-8
}

// Error names the place and the reason, never the row's text.
func (e *RowError) Error() string {
	if e.Column == 0 {
		return fmt.Sprintf("line %d: %s", e.Line, e.Reason)
	}
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Reason)
}
