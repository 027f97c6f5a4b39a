package csv

import (
	"bytes"
	"math/bits"
)

// A finding is how a scan ended.
type finding uint8

const (
	complete   finding = iota // a record with its line end, or at the end of the source without one
	incomplete                // the buffer ends before the record
	bareQuote                 // this and the others are reasons of a RowError
	textAfter
	unterminated
	tooMany
)

// span is what a scan learns of the record at Reader.start, beside its fields.
type span struct {
	end      int   // of the record's text, or where it is bad
	next     int   // behind its line end
	lines    int64 // line ends, those in quotes among them
	fields   int   // number of fields, of a record that is not complete those before the end
	nonASCII bool  // the record, or something near it, is not ASCII
	escaped  bool  // some field has escapes to be taken out
	nul      bool  // NUL is in it
	inQuote  bool  // of an incomplete record: the buffer ends inside quotes
}

// scan finds the fields of the record at r.start in r.buf[:end]. With eof, nothing follows end in the file. It leaves a note of
// where it stopped for the next scan, except of an incomplete record, which is scanned again from its start when there is
// more of it.
//
// It walks from one marked byte to the next. Between the fields of unquoted text that is one comparison and one store for each.
func (r *Reader) scan(end int, eof bool) (s span, result finding) {
	var (
		buf       = r.buf
		fields    = r.fields
		marks     = r.marks
		delimiter = r.delimiter[0]
		more      = r.delimiter[1:] // of a delimiter of several characters
		quote     = r.quote

		block    = r.block
		specials = r.specials // of the block, those to come
		skip     = r.skip     // of the block behind it, those that are data
		last     = (end - 1) / blockSize

		n       = 0
		place   = uint32(r.start) // where the current field's value starts
		flags   = uint32(0)       // its flags
		closed  = -1              // its closing quote
		inQuote = false

		// simple is the delimiter where such a byte ends a field without further thought, else no byte at all.
		simple = r.simple
	)
	if block >= 0 {
		s.nonASCII = r.nonASCII[block]
	}
	for {
		for specials != 0 {
			p := block*blockSize + bits.TrailingZeros64(specials)
			specials &= specials - 1
			c := buf[p]

			if int(c) == simple {
				fields[n] = field{place, uint32(p)}
				n++
				place = uint32(p + 1)
				continue
			}

			if inQuote {
				switch {
				case c == quote:
					if p+1 < end {
						switch next := buf[p+1]; {
						case int(next) == r.simple:
							fields[n] = field{place | flags, uint32(p)}
							n++
							place, flags = uint32(p+2), 0
							inQuote, simple = false, r.simple
							specials, skip = passOver(specials, skip, block, p+1)
							continue
						case next == quote && r.doubled:
							flags |= escapedFlag
							s.escaped = true
							specials, skip = passOver(specials, skip, block, p+1)
							continue
						}
					} else if !eof {
						s.fields, s.inQuote = n, true
						return s, incomplete
					}
					if !r.follows(buf[p+1:end], eof) {
						s.fields, s.end = n, p
						return s, textAfter
					}
					inQuote, closed = false, p
				case c == '\n':
					s.lines++
				case c == '\r':
					if p+1 < end && buf[p+1] != '\n' || p+1 == end && eof {
						s.lines++
					}
				case c == 0:
					s.nul = true
				case r.escapes && c == r.escape && p+1 < end && (buf[p+1] == quote || buf[p+1] == c):
					flags |= escapedFlag
					s.escaped = true
					specials, skip = passOver(specials, skip, block, p+1)
				}
				continue
			}

			switch {
			case c == '\n' || c == '\r':
				s.next = p + 1
				if c == '\r' {
					if p+1 == end && !eof {
						return s, incomplete
					}
					if p+1 < end && buf[p+1] == '\n' {
						s.next++
						specials, skip = passOver(specials, skip, block, p+1)
					}
				}
				s.end = p
				if closed >= 0 {
					p = closed
				}
				fields[n] = field{place | flags, uint32(p)}
				s.fields = n + 1
				s.lines++
				r.block, r.specials, r.skip = block, specials, skip
				return s, complete

			case c == delimiter:
				// Of several characters, or behind something special.
				if p < int(place) {
					continue // inside the delimiter before this field
				}
				if !bytes.HasPrefix(buf[p+1:end], more) {
					if end-p-1 < len(more) && !eof {
						return s, incomplete
					}
					continue
				}
				next := uint32(p + 1 + len(more))
				if closed >= 0 {
					p = closed
				}
				fields[n] = field{place | flags, uint32(p)}
				n++
				place, flags, closed, simple = next, 0, -1, r.simple

			case r.quoting && c == quote && closed < 0:
				if int(place) != p && !(n == 0 && p == r.start+len(bom) && string(buf[r.start:p]) == bom) {
					s.fields, s.end = n, p
					return s, bareQuote
				}
				place, flags = uint32(p+1), quotedFlag
				inQuote, simple = true, -1

			case c == 0:
				s.nul = true
				if int(place) == p && closed < 0 {
					place++ // a quote may follow
				}

			case r.escapes && c == r.escape && closed < 0:
				if p+2 >= end && !eof {
					return s, incomplete
				}
				if p+1 >= end {
					continue
				}
				switch e := buf[p+1]; e {
				case '\r', '\n':
					s.lines++
					if e == '\r' && p+2 < end && buf[p+2] == '\n' {
						specials, skip = passOver(specials, skip, block, p+2)
					}
				case delimiter, quote, c:
				default:
					continue
				}
				flags, simple = flags|escapedFlag, -1
				s.escaped = true
				specials, skip = passOver(specials, skip, block, p+1)
			}
		}

		if block >= last {
			break
		}
		block++
		specials = marks[block] &^ skip
		skip = 0
		if block == last {
			specials &= ^uint64(0) >> (blockSize*(last+1) - end)
		}
		s.nonASCII = s.nonASCII || r.nonASCII[block]
		if n+blockSize+1 > len(fields) {
			if n > maxFields {
				s.fields = n
				return s, tooMany
			}
			fields = r.moreFields()
		}
	}

	s.fields, s.end, s.inQuote = n, end, inQuote
	switch {
	case !eof:
		return s, incomplete
	case inQuote:
		return s, unterminated
	}
	s.end, s.next = end, end
	if closed >= 0 {
		end = closed
	}
	fields[n] = field{place | flags, uint32(end)}
	s.fields = n + 1
	r.block, r.specials, r.skip = block, 0, 0
	return s, complete
}

// passOver makes data of the byte at place p, which is in the block or the one behind it.
func passOver(specials, skip uint64, block, p int) (uint64, uint64) {
	if p/blockSize == block {
		return specials &^ (1 << (p % blockSize)), skip
	}
	return specials, skip | 1<<(p%blockSize)
}

// restart makes the next scan look at all that is special from r.start on.
func (r *Reader) restart() {
	r.block, r.specials, r.skip = r.start/blockSize-1, 0, 0
	// The first block to be loaded is that of r.start; what lies before is as good as passed over.
	r.skip = 1<<(r.start%blockSize) - 1
}

// follows says whether rest may stand behind a closing quote. Without eof, what may yet become a delimiter may.
func (r *Reader) follows(rest []byte, eof bool) bool {
	for len(rest) > 0 && rest[0] == 0 {
		rest = rest[1:]
	}
	return len(rest) == 0 || rest[0] == '\n' || rest[0] == '\r' || bytes.HasPrefix(rest, r.delimiter) ||
		!eof && bytes.HasPrefix(r.delimiter, rest)
}

// maxFields bounds the memory for a record of nothing but delimiters.
const maxFields = 1 << 16

// moreFields doubles the room for fields, to 2*maxFields at most.
func (r *Reader) moreFields() []field {
	r.fields = append(r.fields, make([]field, len(r.fields))...)
	return r.fields
}
