package csv

import (
	"encoding/binary"
	"io"
	"unicode/utf8"
)

// latin1 and windows1252 map bytes to characters. The five bytes that Windows leaves undefined become the control characters
// of the same number, as in browsers, so that nothing is lost.
var (
	latin1      = singleByte(nil)
	windows1252 = singleByte([]rune("€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ"))
)

func singleByte(from0x80 []rune) *[256]rune {
	var table [256]rune
	for i := range table {
		table[i] = rune(i)
	}
	copy(table[0x80:], from0x80)
	return &table
}

// narrow is the table of a single-byte encoding, nil for the others.
func narrow(encoding string) *[256]rune {
	switch encoding {
	case Latin1:
		return latin1
	case Windows1252:
		return windows1252
	}
	return nil
}

// widen appends text of a single-byte encoding to dst as UTF-8.
func widen(dst, text []byte, table *[256]rune) []byte {
	for _, c := range text {
		if c < utf8.RuneSelf {
			dst = append(dst, c)
		} else {
			dst = utf8.AppendRune(dst, table[c])
		}
	}
	return dst
}

// narrowed is widen's inverse; ok is false where the encoding lacks a character.
func narrowed(text string, table *[256]rune) (b []byte, ok bool) {
next:
	for _, c := range text {
		for i, t := range table {
			if t == c {
				b = append(b, byte(i))
				continue next
			}
		}
		return nil, false
	}
	return b, true
}

// isASCII looks at eight bytes at once.
func isASCII(b []byte) bool {
	for ; len(b) >= 8; b = b[8:] {
		if binary.LittleEndian.Uint64(b)&highBits != 0 {
			return false
		}
	}
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// validUTF8 is utf8.Valid, but fast again behind each character that is not ASCII.
func validUTF8(b []byte) bool {
	for len(b) >= 8 {
		if binary.LittleEndian.Uint64(b)&highBits == 0 {
			b = b[8:]
			continue
		}
		i := 0
		for b[i] < utf8.RuneSelf {
			i++
		}
		c, size := utf8.DecodeRune(b[i:])
		if c == utf8.RuneError && size == 1 {
			return false
		}
		b = b[i+size:]
	}
	return utf8.Valid(b)
}

// utf16Reader turns UTF-16 into UTF-8 in which each character tells how many source bytes it took: two, or four where the UTF-8
// has four; see utf16Bytes. Half a surrogate pair becomes the three bytes that its number would have, which no UTF-8 may
// hold, and an odd byte at the end the byte 0xff: both cost the row they are in.
type utf16Reader struct {
	src      io.Reader
	order    binary.ByteOrder
	notASCII uint64 // the bits that are clear in four ASCII characters
	shift    int    // what brings those to the lower halves
	pending  []byte // read but not yet turned
	err      error
	buf      [16 << 10]byte
}

func newUTF16Reader(src io.Reader, encoding string) *utf16Reader {
	if encoding == UTF16BE {
		return &utf16Reader{src: src, order: binary.BigEndian, notASCII: 0x80ff80ff80ff80ff, shift: 8}
	}
	return &utf16Reader{src: src, order: binary.LittleEndian, notASCII: 0xff80ff80ff80ff80}
}

// Read needs room for four bytes at least.
func (r *utf16Reader) Read(p []byte) (n int, err error) {
	for {
		n, r.pending = r.decode(p, r.pending)
		if n > 0 {
			return n, nil
		}
		if r.err != nil {
			return 0, r.err
		}
		kept := copy(r.buf[:], r.pending)
		var read int
		read, r.err = r.src.Read(r.buf[kept:])
		r.pending = r.buf[:kept+read]
		if read == 0 && r.err == nil {
			return 0, nil
		}
	}
}

// decode turns as much of src as it can and returns the rest.
func (r *utf16Reader) decode(dst, src []byte) (n int, rest []byte) {
	for len(dst)-n >= utf8.UTFMax {
		if len(src) < 2 {
			if len(src) == 1 && r.err == io.EOF {
				dst[n] = 0xff
				return n + 1, nil
			}
			return n, src
		}
		if len(src) >= 8 && binary.LittleEndian.Uint64(src)&r.notASCII == 0 {
			// Four ASCII characters.
			w := binary.LittleEndian.Uint64(src) >> r.shift
			w |= w >> 8
			w = w&0xffff | w>>16&0xffff0000
			binary.LittleEndian.PutUint32(dst[n:], uint32(w))
			n += 4
			src = src[8:]
			continue
		}
		c := r.order.Uint16(src)
		switch {
		case c < utf8.RuneSelf:
			dst[n] = byte(c)
			n++
		case c < 0x800:
			dst[n], dst[n+1] = 0xc0|byte(c>>6), 0x80|byte(c)&0x3f
			n += 2
		default:
			if c&0xfc00 == 0xd800 {
				if len(src) < 4 && r.err == nil {
					return n, src
				}
				if len(src) >= 4 {
					if low := r.order.Uint16(src[2:]); low&0xfc00 == 0xdc00 {
						n += utf8.EncodeRune(dst[n:], 0x10000+rune(c&0x3ff)<<10+rune(low&0x3ff))
						src = src[4:]
						continue
					}
				}
			}
			dst[n], dst[n+1], dst[n+2] = 0xe0|byte(c>>12), 0x80|byte(c>>6)&0x3f, 0x80|byte(c)&0x3f
			n += 3
		}
		src = src[2:]
	}
	return n, src
}

// utf16Bytes is the number of source bytes behind text that utf16Reader made.
func utf16Bytes(text []byte) (n int64) {
	for _, c := range text {
		switch {
		case c < 0x80 || c >= 0xc0 && c < 0xf0:
			n += 2
		case c == 0xff:
			n++
		case c >= 0xf0:
			n += 4
		}
	}
	return n
}
