package csv

import "encoding/binary"

// blockSize is the number of bytes that one word can mark.
const blockSize = 64

const (
	lowBits  = 0x0101010101010101
	highBits = 0x8080808080808080
	low7Bits = 0x7f7f7f7f7f7f7f7f
	controls = 0x7070707070707070

	// gather, as a factor, brings the top bits of the eight bytes of a word together in its top byte.
	gather = 0x0002040810204081
)

// mark notes for each block of r.buf[:r.end] which bytes are special and whether all are ASCII. Special are a delimiter's first
// byte, the quote, the escape character, CR, LF and NUL; some other control characters are marked too, so that who walks along the
// marks must look at the byte.
func (r *Reader) mark() {
	var (
		buf       = r.buf
		blocks    = (r.end + blockSize - 1) / blockSize
		marks     = r.marks[:blocks]
		nonASCII  = r.nonASCII[:blocks]
		delimiter = uint64(r.delimiter[0]&0x7f) * lowBits
		quote     = uint64(r.quote&0x7f) * lowBits
	)
	for i := range marks {
		specials, high := classify((*[blockSize]byte)(buf[i*blockSize:]), delimiter, quote)
		marks[i], nonASCII[i] = specials, high&highBits != 0
	}
	if r.escapes {
		r.markToo(r.escape)
	}
	if r.delimiter[0] >= 0x80 {
		r.markToo(r.delimiter[0])
	}
}

// classify sets a bit of specials for each byte of the block that is below 0x10 or one of the two ASCII characters, which the
// arguments hold in all of their bytes. The top bits of nonASCII are set where a byte is not ASCII.
//
// Eight bytes are compared at once. For a byte b below 0x80, the top bit of b+0x70 is clear only if b < 0x10, and that of (b^c)+0x7f only
// if b is c; no sum carries into the next byte.
func classify(b *[blockSize]byte, delimiter, quote uint64) (specials, nonASCII uint64) {
	var w, l, m, others uint64

	w = binary.LittleEndian.Uint64(b[0:])
	l, nonASCII = w&low7Bits, w
	m = ((l+controls)&((l^delimiter)+low7Bits)&((l^quote)+low7Bits) | w) & highBits
	others = m * gather >> 56

	w = binary.LittleEndian.Uint64(b[8:])
	l, nonASCII = w&low7Bits, nonASCII|w
	m = ((l+controls)&((l^delimiter)+low7Bits)&((l^quote)+low7Bits) | w) & highBits
	others |= m * gather >> 56 << 8

	w = binary.LittleEndian.Uint64(b[16:])
	l, nonASCII = w&low7Bits, nonASCII|w
	m = ((l+controls)&((l^delimiter)+low7Bits)&((l^quote)+low7Bits) | w) & highBits
	others |= m * gather >> 56 << 16

	w = binary.LittleEndian.Uint64(b[24:])
	l, nonASCII = w&low7Bits, nonASCII|w
	m = ((l+controls)&((l^delimiter)+low7Bits)&((l^quote)+low7Bits) | w) & highBits
	others |= m * gather >> 56 << 24

	w = binary.LittleEndian.Uint64(b[32:])
	l, nonASCII = w&low7Bits, nonASCII|w
	m = ((l+controls)&((l^delimiter)+low7Bits)&((l^quote)+low7Bits) | w) & highBits
	others |= m * gather >> 56 << 32

	w = binary.LittleEndian.Uint64(b[40:])
	l, nonASCII = w&low7Bits, nonASCII|w
	m = ((l+controls)&((l^delimiter)+low7Bits)&((l^quote)+low7Bits) | w) & highBits
	others |= m * gather >> 56 << 40

	w = binary.LittleEndian.Uint64(b[48:])
	l, nonASCII = w&low7Bits, nonASCII|w
	m = ((l+controls)&((l^delimiter)+low7Bits)&((l^quote)+low7Bits) | w) & highBits
	others |= m * gather >> 56 << 48

	w = binary.LittleEndian.Uint64(b[56:])
	l, nonASCII = w&low7Bits, nonASCII|w
	m = ((l+controls)&((l^delimiter)+low7Bits)&((l^quote)+low7Bits) | w) & highBits
	others |= m * gather >> 56 << 56

	return ^others, nonASCII
}

// markToo marks the bytes that are c.
func (r *Reader) markToo(c byte) {
	pattern := uint64(c) * lowBits
	for i := 0; i < r.end; i += 8 {
		x := binary.LittleEndian.Uint64(r.buf[i:]) ^ pattern
		m := ^((x&low7Bits + low7Bits) | x) & highBits
		r.marks[i/blockSize] |= m * gather >> 56 << (i % blockSize)
	}
}
