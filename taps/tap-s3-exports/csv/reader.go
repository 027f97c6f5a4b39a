package csv

import "io"

// A Position is a place between two records. The zero Position is the start of a file.
type Position struct {
	Offset int64 `json:"offset"` // bytes of the source, uncompressed and before transcoding
	Line   int64 `json:"line"`   // physical line that starts there, from 1
	Row    int64 `json:"row"`    // records after the header so far, those that cost a RowError among them
}

// Counts tells what a Reader left out without an error.
type Counts struct {
	BlankLines int64
	NULs       int64
}

// A Reader returns the records of one file in order. It is not safe for concurrent use.
type Reader struct {
	src io.Reader
	d   Dialect
	pos Position
}

// NewReader reads src, which begins at byte at.Offset of the file. At the start of the file it passes over the byte order
// mark by itself.
func NewReader(src io.Reader, d Dialect, at Position) *Reader {
	return &Reader{src: src, d: d, pos: at}
}

// ReadHeader is Next for the header: its record does not count as a row.
func (r *Reader) ReadHeader() (*Record, error) { return nil, io.EOF }

// Next returns the next record, or io.EOF behind the last one. A [*RowError] costs one row, call Next again. Any other error
// is the source's and final: every record that was complete before it has been returned.
func (r *Reader) Next() (*Record, error) { return nil, io.EOF }

// Position is the place behind the record or RowError that was returned last.
func (r *Reader) Position() Position { return r.pos }

// Counts is what was left out since NewReader.
func (r *Reader) Counts() Counts { return Counts{} }
