package csv

import "encoding/binary"

// blockSize is the number of bytes whose interesting places one word can mark.
const blockSize = 64

const (
	lowBits  = 0x0101010101010101
	highBits = 0x8080808080808080
	low7Bits = 0x7f7f7f7f7f7f7f7f

	// gather, as a factor, brings the top bits of the eight bytes of a word together in its top byte.
	gather = 0x0002040810204081
)

// specials are the bytes that classify looks for beside control characters, each repeated in all bytes of a word.
type specials struct {
	delimiter, quote uint64
	// ascii is all ones, or zero where the delimiter is no ASCII character: then a byte matches by its low seven bits, and
	// the caller tells which it is, as it does for every match.
	ascii uint64
}

func newSpecials(delimiter, quote byte) specials {
	s := specials{delimiter: uint64(delimiter&0x7f) * lowBits, quote: uint64(quote&0x7f) * lowBits, ascii: ^uint64(0)}
	if delimiter|quote >= 0x80 {
		s.ascii = 0
	}
	return s
}

// classify marks in the bits of matches the bytes of a block that may be the start of a delimiter, a quote, CR, LF or NUL: it
// marks all of these and few others, namely the other characters below 0x10. The top bits of nonASCII are set where a byte is
// not ASCII.
//
// Eight bytes are compared at once. For a byte b below 0x80, b+0x70 has its top bit clear only if b < 0x10, and (b^c)+0x7f only if b
// is c; no sum carries into the next byte.
func (s specials) classify(b *[blockSize]byte) (matches, nonASCII uint64) {
	var w, l, m uint64

	w = binary.LittleEndian.Uint64(b[0:])
	l, nonASCII = w&low7Bits, w
	m = ^((l+0x7070707070707070)&((l^s.delimiter)+low7Bits)&((l^s.quote)+low7Bits) | w&s.ascii) & highBits
	matches = m * gather >> 56

	w = binary.LittleEndian.Uint64(b[8:])
	l, nonASCII = w&low7Bits, nonASCII|w
	m = ^((l+0x7070707070707070)&((l^s.delimiter)+low7Bits)&((l^s.quote)+low7Bits) | w&s.ascii) & highBits
	matches |= m * gather >> 56 << 8

	w = binary.LittleEndian.Uint64(b[16:])
	l, nonASCII = w&low7Bits, nonASCII|w
	m = ^((l+0x7070707070707070)&((l^s.delimiter)+low7Bits)&((l^s.quote)+low7Bits) | w&s.ascii) & highBits
	matches |= m * gather >> 56 << 16

	w = binary.LittleEndian.Uint64(b[24:])
	l, nonASCII = w&low7Bits, nonASCII|w
	m = ^((l+0x7070707070707070)&((l^s.delimiter)+low7Bits)&((l^s.quote)+low7Bits) | w&s.ascii) & highBits
	matches |= m * gather >> 56 << 24

	w = binary.LittleEndian.Uint64(b[32:])
	l, nonASCII = w&low7Bits, nonASCII|w
	m = ^((l+0x7070707070707070)&((l^s.delimiter)+low7Bits)&((l^s.quote)+low7Bits) | w&s.ascii) & highBits
	matches |= m * gather >> 56 << 32

	w = binary.LittleEndian.Uint64(b[40:])
	l, nonASCII = w&low7Bits, nonASCII|w
	m = ^((l+0x7070707070707070)&((l^s.delimiter)+low7Bits)&((l^s.quote)+low7Bits) | w&s.ascii) & highBits
	matches |= m * gather >> 56 << 40

	w = binary.LittleEndian.Uint64(b[48:])
	l, nonASCII = w&low7Bits, nonASCII|w
	m = ^((l+0x7070707070707070)&((l^s.delimiter)+low7Bits)&((l^s.quote)+low7Bits) | w&s.ascii) & highBits
	matches |= m * gather >> 56 << 48

	w = binary.LittleEndian.Uint64(b[56:])
	l, nonASCII = w&low7Bits, nonASCII|w
	m = ^((l+0x7070707070707070)&((l^s.delimiter)+low7Bits)&((l^s.quote)+low7Bits) | w&s.ascii) & highBits
	matches |= m * gather >> 56 << 56

	return matches, nonASCII
}

// occurrences marks the bytes of a block that are c.
func occurrences(b *[blockSize]byte, c byte) (matches uint64) {
	pattern := uint64(c) * lowBits
	for i := 0; i < blockSize; i += 8 {
		x := binary.LittleEndian.Uint64(b[i:]) ^ pattern
		m := ^((x&low7Bits + low7Bits) | x) & highBits
		matches |= m * gather >> 56 << i
	}
	return matches
}
