package csv

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"
)

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

// chunk is the size of the buffer while no record needs a larger one.
const chunk = 256 << 10

// A Reader returns the records of one file in order. It is not safe for concurrent use.
type Reader struct {
	src    io.Reader
	err    error // of src: once set, nothing more comes from it
	pos    Position
	rec    Record
	counts Counts

	// buf[start:end] has been read and not yet returned. Behind end there is always room for a block.
	buf        []byte
	start, end int
	chunk      int
	largest    int // size of the longest record since the last fill

	// For each block of the buffer, see mark, and where the last scan stopped.
	marks    []uint64
	nonASCII []bool
	block    int
	specials uint64
	skip     uint64

	fields []field
	above  int // lines that are still to be passed over before the first record

	// The dialect, as scan wants it.
	delimiter []byte
	simple    int // the delimiter if it is one byte, else -1
	quote     byte
	escape    byte
	quoting   bool
	doubled   bool // a doubled quote stands for a quote
	escapes   bool // escape is a character of its own
	oneColumn bool
	wide      bool // UTF-16
	narrow    *[256]rune
	max       int
}

// NewReader reads src, which begins at byte at.Offset of the file. At the start of the file it passes over the byte order
// mark by itself.
func NewReader(src io.Reader, d Dialect, at Position) *Reader { return newReader(src, d, at, chunk) }

func newReader(src io.Reader, d Dialect, at Position, chunk int) *Reader {
	r := &Reader{
		src: src, pos: at, chunk: chunk,
		delimiter: []byte(d.Delimiter), oneColumn: d.OneColumn, max: d.MaxRecordBytes,
		narrow: narrow(d.Encoding),
		fields: make([]field, 2*blockSize),
	}
	r.rec.narrow = r.narrow
	if r.pos.Line == 0 {
		r.pos.Line = 1
	}
	if r.max <= 0 {
		r.max = DefaultMaxRecordBytes
	}
	if r.err = d.validate(); r.err != nil {
		return r
	}
	if r.narrow != nil {
		r.delimiter, _ = narrowed(d.Delimiter, r.narrow)
	}
	// An absent character is another name for the delimiter, for which scan looks first.
	r.quote, r.escape = r.delimiter[0], r.delimiter[0]
	if d.Quote != "" {
		r.quoting, r.quote = true, d.Quote[0]
		r.doubled = d.Escape != ""
	}
	if d.Escape != "" && d.Escape != d.Quote {
		r.escapes, r.escape = true, d.Escape[0]
	}
	if r.simple = -1; len(r.delimiter) == 1 {
		r.simple = int(r.delimiter[0])
	}

	if skip := int64(d.BOM) - at.Offset; skip > 0 {
		n, err := io.CopyN(io.Discard, src, skip)
		r.pos.Offset += n
		if err != nil {
			r.err = err
			return r
		}
	}
	if d.Encoding == UTF16LE || d.Encoding == UTF16BE {
		r.wide, r.src = true, newUTF16Reader(src, d.Encoding)
	}
	if d.FooterLines > 0 {
		r.src = &footless{src: r.src, lines: d.FooterLines}
	}
	if at.Offset == 0 {
		r.above = d.SkipLines
	}
	return r
}

// ReadHeader is Next for the header, and for lines that stand before it: the record does not count as a row, and a blank
// line never is one.
func (r *Reader) ReadHeader() (*Record, error) { return r.read(true) }

// Next returns the next record, or io.EOF behind the last one. A [*RowError] costs one row, call Next again. Any other error
// is the source's and final: every record that was complete before it has been returned.
func (r *Reader) Next() (*Record, error) { return r.read(false) }

// Position is the place behind the record or RowError that was returned last.
func (r *Reader) Position() Position { return r.pos }

// Counts is what was left out since NewReader.
func (r *Reader) Counts() Counts { return r.counts }

func (r *Reader) read(header bool) (*Record, error) {
	for ; r.above > 0; r.above-- {
		if _, err := r.passLine(0); err != nil {
			return nil, err
		}
	}
	for {
		eof := r.err == io.EOF
		if r.start == r.end {
			if r.err != nil {
				return nil, r.err
			}
			r.fill()
			continue
		}
		s, result := r.scan(r.end, eof)
		switch {
		case result == incomplete && r.end-r.start > r.max:
			return nil, r.tooLong(header)
		case result == incomplete && r.err != nil:
			return nil, r.err
		case result == incomplete:
			r.fill()
			continue
		case s.fields > maxFields:
			return nil, r.reject(header, TooManyFields, 0)
		case s.end-r.start > r.max:
			return nil, r.tooLong(header)
		case result != complete:
			return nil, r.reject(header, reasons[result], s.fields+1)
		}

		rec := &r.rec
		rec.raw, rec.start = r.buf[r.start:s.end], r.start
		rec.fields, rec.buf, rec.own = r.fields[:s.fields], r.buf, rec.own[:0]
		if s.fields == 1 && (s.end == r.start || s.nul && blank(rec.raw)) && (header || !r.oneColumn || s.lines == 0) {
			r.counts.BlankLines += s.lines
			r.countNULs(s)
			r.pass(s)
			continue
		}
		rec.Line, rec.Offset, rec.Row = r.pos.Line, r.pos.Offset, 0
		if !header {
			r.pos.Row++
			rec.Row = r.pos.Row
		}
		if s.nonASCII && r.narrow == nil && !validUTF8(rec.raw) {
			return nil, r.invalid(s)
		}
		if s.nul || s.escaped || s.nonASCII && r.narrow != nil {
			r.countNULs(s)
			r.rewrite(s)
		}
		r.largest = max(r.largest, s.next-r.start)
		r.pass(s)
		return rec, nil
	}
}

// reasons are the words for what scan finds.
var reasons = [...]string{
	bareQuote: BareQuote, textAfter: TextAfterQuote, unterminated: UnterminatedQuote,
}

// pass goes on behind a complete record.
func (r *Reader) pass(s span) {
	r.pos.Offset += r.sourceBytes(r.buf[r.start:s.next], !s.nonASCII)
	r.pos.Line += s.lines
	r.start = s.next
}

// sourceBytes is the number of bytes that text took in the source; ascii says that it is known to be ASCII.
func (r *Reader) sourceBytes(text []byte, ascii bool) int64 {
	switch {
	case !r.wide:
		return int64(len(text))
	case ascii:
		return 2 * int64(len(text))
	}
	return utf16Bytes(text)
}

func blank(text []byte) bool { return len(bytes.Trim(text, "\x00")) == 0 }

func (r *Reader) countNULs(s span) {
	if s.nul {
		r.counts.NULs += int64(bytes.Count(r.buf[r.start:s.end], []byte{0}))
	}
}

// invalid is the error for a record whose bytes the encoding does not allow; reading goes on at the next record.
func (r *Reader) invalid(s span) error {
	e := &RowError{Line: r.pos.Line, Offset: r.pos.Offset, Row: r.rec.Row, Reason: InvalidEncoding, Raw: r.rec.RawString()}
	for i, f := range r.rec.fields {
		if !validUTF8(r.buf[f.start&placeBits : f.end]) {
			e.Column = i + 1
			break
		}
	}
	r.countNULs(s)
	r.pass(s)
	return e
}

// tooLong is the error for a record beyond the limit. The reason is the state at the limit, whatever the buffer holds
// behind it.
func (r *Reader) tooLong(header bool) error {
	r.restart()
	if s, result := r.scan(r.start+r.max+1, false); result == incomplete && s.inQuote {
		return r.reject(header, UnterminatedQuote, s.fields+1)
	}
	return r.reject(header, RecordTooLong, 0)
}

// reject is the error for a record without a known end. Reading goes on behind its first line, however long that is. If the
// source fails before, that error stands, and the position stays in front of the record.
func (r *Reader) reject(header bool, reason string, column int) error {
	before := r.pos
	e := &RowError{Line: r.pos.Line, Offset: r.pos.Offset, Column: column, Reason: reason}
	if !header {
		r.pos.Row++
		e.Row = r.pos.Row
	}
	raw, err := r.passLine(MaxRaw + 1)
	if err != nil {
		r.pos, r.start = before, r.end
		return err
	}
	e.Raw = rawString(raw, r.narrow)
	return e
}

// passLine goes behind the line that begins here, however long it is, and gives its beginning, at most so many bytes of it. Its error
// is that of the source, which failed before the line's end.
func (r *Reader) passLine(most int) (raw []byte, err error) {
	defer r.restart()
	for {
		text := r.buf[r.start:r.end]
		end := lineEnd(text)
		if room := most - len(raw); room > 0 {
			raw = append(raw, text[:min(end, room)]...)
		}
		crAtEnd := end == len(text)-1 && text[end] == '\r'
		if end == len(text) || crAtEnd && r.err != io.EOF {
			// Its end is not in the buffer. What is there need not stay.
			r.pos.Offset += r.sourceBytes(text[:end], false)
			r.start += end
			if r.err == nil {
				r.fill()
				continue
			}
			if r.err != io.EOF {
				return nil, r.err
			}
			return raw, nil
		}
		end++
		if text[end-1] == '\r' && end < len(text) && text[end] == '\n' {
			end++
		}
		r.pos.Offset += r.sourceBytes(text[:end], false)
		r.pos.Line++
		r.start += end
		return raw, nil
	}
}

// lineEnd is the index of the first CR or LF, or len(text).
func lineEnd(text []byte) int {
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		text = text[:i]
	}
	if i := bytes.IndexByte(text, '\r'); i >= 0 {
		return i
	}
	return len(text)
}

// fill makes room in the buffer and reads until it is full or the source ends. A full buffer becomes larger, up to the record limit
// and a chunk; one that was enlarged for a single record becomes small again.
func (r *Reader) fill() {
	size := max(len(r.buf)-blockSize, 0)
	rest := r.end - r.start
	switch {
	case size == 0:
		size = r.chunk
	case size-rest < utf8.UTFMax:
		size = min(2*size, r.max+r.chunk)
	case size > r.chunk && rest <= r.chunk/4 && r.largest <= r.chunk/4:
		size, r.rec.own = r.chunk, nil
	}
	old := r.buf[r.start:r.end]
	if size+blockSize != len(r.buf) {
		r.buf = make([]byte, size+blockSize)
		r.marks = make([]uint64, size/blockSize+1)
		r.nonASCII = make([]bool, size/blockSize+1)
	}
	copy(r.buf, old)
	r.start, r.end, r.largest = 0, rest, 0
	r.load(size)
	r.mark()
	r.restart()
}

// load reads from the source until the buffer holds size bytes or the source ends.
func (r *Reader) load(size int) {
	for idle := 0; r.end < size && r.err == nil; {
		if r.wide && size-r.end < utf8.UTFMax {
			return
		}
		var n int
		n, r.err = r.src.Read(r.buf[r.end:size])
		if n < 0 || n > size-r.end {
			r.err = fmt.Errorf("read %d bytes into a buffer of %d", n, size-r.end)
			return
		}
		r.end += n
		if n > 0 {
			idle = 0
		} else if idle++; idle == 100 && r.err == nil {
			r.err = io.ErrNoProgress
		}
	}
}
