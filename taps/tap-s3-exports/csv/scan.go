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
	end     int    // of the record's text
	next    int    // behind its line end
	lines   int64  // line ends, those in quotes among them
	fields  int    // number of fields, on a bad quote those before it
	high    uint64 // its top bits are set where the record, or a byte near it, is not ASCII
	escaped bool   // some field has escapes to be taken out
	nul     bool   // NUL is in it
	inQuote bool   // of an incomplete record: the buffer ends inside quotes
}

// scan finds the fields of the record at r.start in r.buf[:end]. With eof, nothing follows end in the file. What it knows of the
// block in which the record ends is kept for the next one.
//
// It walks from one special byte to the next, so text between them costs only the classification of its block. An incomplete
// record is scanned again from its start when there is more of it.
func (r *Reader) scan(end int, eof bool) (s span, result finding) {
	var (
		buf            = r.buf
		fields         = r.fields
		find           = r.find
		delimiter      = r.delimiter[0]
		more           = r.delimiter[1:] // of a delimiter of several characters
		quote          = r.quote
		matches, block = r.matches, r.block
		high, lastHigh = r.high, r.high

		n       = 0
		start   = r.start // of the current field
		place   = uint32(r.start)
		inQuote = false
		closed  = -1 // the closing quote of the current field
		flags   uint32
	)
	for {
		for matches == 0 {
			block += blockSize
			if block >= end {
				// Behind the last special byte. Without eof, nothing below is kept.
				s.inQuote = inQuote
				if !eof {
					return s, incomplete
				}
				if inQuote {
					s.fields = n
					return s, unterminated
				}
				if n == len(fields) {
					if n == maxFields {
						return s, tooMany
					}
					fields = r.moreFields()
				}
				fields[n] = lastField(place, flags, end, closed)
				s.fields, s.end, s.next, s.high = n+1, end, end, high
				r.matches, r.block, r.high = 0, end-blockSize, 0
				return s, complete
			}
			b := (*[blockSize]byte)(buf[block:])
			matches, lastHigh = find.classify(b)
			if r.escapes {
				matches |= occurrences(b, r.escape)
			}
			if rest := end - block; rest < blockSize {
				matches &= 1<<rest - 1
			}
			high |= lastHigh
		}
		p := block + bits.TrailingZeros64(matches)
		matches &= matches - 1
		c := buf[p]

		if inQuote {
			switch {
			case c == quote:
				if p+1 == end && !eof {
					s.inQuote = true
					return s, incomplete
				}
				if r.doubled && p+1 < end && buf[p+1] == quote {
					flags |= escapedFlag
					s.escaped = true
					matches, block = passOver(matches, block, p+1)
					continue
				}
				closed = p
				inQuote = false
				if !r.follows(buf[p+1:end], eof) {
					s.fields = n
					return s, textAfter
				}
			case c == '\n':
				s.lines++
			case c == '\r':
				if p+1 < end && buf[p+1] != '\n' || p+1 == end && eof {
					s.lines++
				}
			case c == 0:
				s.nul = true
			case r.escapes && c == r.escape:
				if p+1 < end && (buf[p+1] == quote || buf[p+1] == r.escape) {
					flags |= escapedFlag
					s.escaped = true
					matches, block = passOver(matches, block, p+1)
				}
			}
			continue
		}

		if c == delimiter {
			if len(more) > 0 {
				if p < start {
					continue // inside the delimiter before this field
				}
				if end-p-1 < len(more) && !eof {
					return s, incomplete
				}
				if !bytes.HasPrefix(buf[p+1:end], more) {
					continue
				}
			}
			if n == len(fields) {
				if n == maxFields {
					return s, tooMany
				}
				fields = r.moreFields()
			}
			if closed < 0 && flags == 0 {
				fields[n] = field{place, uint32(p)}
			} else {
				fields[n] = lastField(place, flags, p, closed)
				closed, flags = -1, 0
			}
			n++
			start = p + 1 + len(more)
			place = uint32(start)
			continue
		}
		if c == '\n' || c == '\r' {
			s.next = p + 1
			if c == '\r' {
				if p+1 == end && !eof {
					return s, incomplete
				}
				if p+1 < end && buf[p+1] == '\n' {
					s.next++
					matches, block = passOver(matches, block, p+1)
				}
			}
			if n == len(fields) {
				if n == maxFields {
					return s, tooMany
				}
				fields = r.moreFields()
			}
			fields[n] = lastField(place, flags, p, closed)
			s.fields, s.end, s.high = n+1, p, high
			s.lines++
			r.matches, r.block, r.high = matches, block, lastHigh
			return s, complete
		}
		switch {
		case c == 0:
			s.nul = true
			if int(place) == p && closed < 0 {
				place++ // a quote may follow
			}
		case r.quoting && c == quote && closed < 0:
			if int(place) != p && !(n == 0 && p == r.start+len(bom) && string(buf[r.start:p]) == bom) {
				s.fields = n
				return s, bareQuote
			}
			inQuote = true
			flags |= quotedFlag
			place = uint32(p + 1)
		case r.escapes && c == r.escape && closed < 0:
			if p+2 >= end && !eof {
				return s, incomplete
			}
			if p+1 == end {
				continue
			}
			switch e := buf[p+1]; e {
			case '\r', '\n':
				s.lines++
				if e == '\r' && p+2 < end && buf[p+2] == '\n' {
					matches, block = passOver(matches, block, p+1)
					p++
				}
			case delimiter, quote, r.escape:
			default:
				continue
			}
			flags |= escapedFlag
			s.escaped = true
			matches, block = passOver(matches, block, p+1)
		}
	}
}

// lastField is a field that ends at end, or with its closing quote.
func lastField(place, flags uint32, end, closed int) field {
	if closed >= 0 {
		end = closed
	}
	return field{place | flags, uint32(end)}
}

// passOver takes the byte at place p, which is behind the current one, out of the special ones.
func passOver(matches uint64, block, p int) (uint64, int) {
	if p-block < blockSize {
		return matches &^ (1 << (p - block)), block
	}
	return 0, p + 1 - blockSize
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

// moreFields doubles the room for fields.
func (r *Reader) moreFields() []field {
	r.fields = append(r.fields, make([]field, len(r.fields))...)
	return r.fields
}
