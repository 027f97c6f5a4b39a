package csv

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
)

// rewrite puts those values of a record that differ from its text into rec.own.
func (r *Reader) rewrite(s span) {
	rec := &r.rec
	for i, f := range rec.fields {
		text := r.buf[f.start&placeBits : f.end]
		from := len(rec.own)
		switch {
		case f.start&escapedFlag != 0:
			rec.own = r.unescape(rec.own, text, f.start&quotedFlag != 0)
			if r.narrow != nil || s.nul {
				// A second step, which reads what the first one appended.
				text = rec.own[from:]
				from = len(rec.own)
				rec.own = r.clean(rec.own, text)
			}
		case r.narrow != nil && !isASCII(text) || s.nul && bytes.IndexByte(text, 0) >= 0:
			rec.own = r.clean(rec.own, text)
		default:
			continue
		}
		rec.fields[i] = field{uint32(from) | f.start&quotedFlag, uint32(len(rec.own)) | ownFlag}
	}
}

// unescape appends text without its escapes.
func (r *Reader) unescape(dst, text []byte, quoted bool) []byte {
	if quoted && r.doubled && !r.escapes {
		return undouble(dst, text, r.quote)
	}
	for i := 0; i < len(text); i++ {
		c := text[i]
		if i+1 < len(text) {
			next := text[i+1]
			switch {
			case quoted && r.doubled && c == r.quote && next == r.quote,
				quoted && r.escapes && c == r.escape && (next == r.quote || next == r.escape):
				i++
				c = next
			case !quoted && r.escapes && c == r.escape:
				switch next {
				case '\r', '\n', r.delimiter[0], r.quote, r.escape:
					i++
					c = next
				}
			}
		}
		dst = append(dst, c)
	}
	return dst
}

// undouble appends text, in which every quote is followed by its double. Each step copies eight bytes and takes back what comes
// after a quote.
func undouble(dst, text []byte, quote byte) []byte {
	dst = slices.Grow(dst, len(text)+8)
	pattern := uint64(quote) * lowBits
	i := 0
	for len(text)-i >= 8 {
		w := binary.LittleEndian.Uint64(text[i:])
		n := len(dst)
		dst = dst[:n+8]
		binary.LittleEndian.PutUint64(dst[n:], w)
		w ^= pattern
		found := ^((w&low7Bits + low7Bits) | w) & highBits
		if found == 0 {
			i += 8
			continue
		}
		at := bits.TrailingZeros64(found) >> 3
		dst = dst[:n+at+1]
		i += at + 2
	}
	for ; i < len(text); i++ {
		dst = append(dst, text[i])
		if text[i] == quote {
			i++
		}
	}
	return dst
}

// clean appends text as UTF-8 and without NUL.
func (r *Reader) clean(dst, text []byte) []byte {
	for {
		nul := bytes.IndexByte(text, 0)
		part := text
		if nul >= 0 {
			part = text[:nul]
		}
		if r.narrow != nil {
			dst = widen(dst, part, r.narrow)
		} else {
			dst = append(dst, part...)
		}
		if nul < 0 {
			return dst
		}
		text = text[nul+1:]
	}
}
