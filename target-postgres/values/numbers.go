package values

import (
	"bytes"
	"encoding/binary"
	"math"
)

// Limits of numeric: digits before and after the point.
const (
	maxIntegerDigits  = 131072
	maxFractionDigits = 16383
)

// A nonFiniteValue is one that is no number on the line.
type nonFiniteValue uint8

const (
	finite nonFiniteValue = iota
	notANumber
	infinity
	minusInfinity
)

// nonFinite reads the spellings of JSON writers and of Python's Decimal.
func nonFinite(s []byte) nonFiniteValue {
	if len(s) < 3 || s[len(s)-1] >= '0' && s[len(s)-1] <= '9' {
		return finite
	}
	negative := s[0] == '-'
	if negative || s[0] == '+' {
		s = s[1:]
	}
	switch {
	case bytes.EqualFold(s, []byte("nan")):
		return notANumber
	case !bytes.EqualFold(s, []byte("infinity")) && !bytes.EqualFold(s, []byte("inf")):
		return finite
	case negative:
		return minusInfinity
	}
	return infinity
}

// A decimal is a number literal, sliced: 0.d1d2d3… × 10^point, where d1 and the last digit are not 0.
type decimal struct {
	negative bool
	integer  []byte // digits before the point as written, less leading zeros
	fraction []byte // digits after it
	digits   int    // significant ones, from the first of integer and fraction on; 0 for zero
	point    int
	scale    int // digits after the point once the exponent is applied, trailing zeros included
}

// digit gives the significant digit i, or 0 behind the last.
func (d *decimal) digit(i int) uint16 {
	switch {
	case i >= d.digits:
		return 0
	case i < len(d.integer):
		return uint16(d.integer[i] - '0')
	}
	return uint16(d.fraction[i-len(d.integer)] - '0')
}

// scanDecimal reads a number as JSON and as PostgreSQL write them: 1, -1.50, 1e-3, +1, .5, 5.
func scanDecimal(s []byte) (d decimal, ok bool) {
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		d.negative, s = s[0] == '-', s[1:]
	}
	n := digitsIn(s)
	d.integer, s = s[:n], s[n:]
	if len(s) > 0 && s[0] == '.' {
		n = digitsIn(s[1:])
		d.fraction, s = s[1:1+n], s[1+n:]
	}
	if len(d.integer)+len(d.fraction) == 0 {
		return d, false
	}
	exponent := 0
	if len(s) > 0 {
		if exponent, ok = scanExponent(s); !ok {
			return d, false
		}
	}
	d.scale = max(0, len(d.fraction)-exponent)
	for len(d.integer) > 0 && d.integer[0] == '0' {
		d.integer = d.integer[1:]
	}
	d.point = len(d.integer) + exponent
	if len(d.integer) == 0 {
		for len(d.fraction) > 0 && d.fraction[0] == '0' {
			d.fraction = d.fraction[1:]
			d.point--
		}
	}
	d.digits = len(d.integer) + len(d.fraction)
	for d.digits > 0 && d.last() == '0' {
		d.digits--
	}
	if d.digits == 0 {
		d.negative, d.point = false, 0
	}
	return d, true
}

// last is the digit with number digits-1 as it is written.
func (d *decimal) last() byte {
	if d.digits > len(d.integer) {
		return d.fraction[d.digits-1-len(d.integer)]
	}
	return d.integer[d.digits-1]
}

// scanExponent reads e-12. An exponent that no type can hold is cut to one that no type can hold either.
func scanExponent(s []byte) (exponent int, ok bool) {
	if s[0] != 'e' && s[0] != 'E' {
		return 0, false
	}
	s = s[1:]
	negative := false
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		negative, s = s[0] == '-', s[1:]
	}
	if len(s) == 0 || digitsIn(s) != len(s) {
		return 0, false
	}
	for _, c := range s {
		exponent = min(exponent*10+int(c-'0'), math.MaxInt32)
	}
	if negative {
		exponent = -exponent
	}
	return exponent, true
}

func digitsIn(s []byte) int {
	for i, c := range s {
		if c < '0' || c > '9' {
			return i
		}
	}
	return len(s)
}

// isWhole tells whether a valid JSON number is an integer in the sense of JSON Schema: 1.0 and 1e3 are.
func isWhole(literal []byte) bool {
	for _, c := range literal {
		if c == '.' || c == 'e' || c == 'E' {
			d, ok := scanDecimal(literal)
			return ok && d.point >= d.digits
		}
	}
	return true
}

// plainInteger reads up to 18 digits and nothing else; -1 when there is anything else.
func plainInteger(s []byte) int64 {
	if len(s) == 0 || len(s) > 18 {
		return -1
	}
	n := int64(0)
	for _, c := range s {
		if c < '0' || c > '9' {
			return -1
		}
		n = n*10 + int64(c-'0')
	}
	return n
}

// parseInteger reads a number that is whole, however it is written.
func parseInteger(s []byte) (int64, Reason) {
	if n := plainInteger(s); n >= 0 {
		return n, ""
	}
	if len(s) > 1 && s[0] == '-' {
		if n := plainInteger(s[1:]); n >= 0 {
			return -n, ""
		}
	}
	d, ok := scanDecimal(s)
	switch {
	case !ok:
		return 0, BadFormat
	case d.point < d.digits:
		return 0, Fraction
	case d.point > 19:
		return 0, OutOfRange
	}
	var n uint64 // 19 digits fit
	for i := range d.point {
		n = n*10 + uint64(d.digit(i))
	}
	switch {
	case d.negative && n <= 1<<63:
		return -int64(n), ""
	case d.negative || n > math.MaxInt64:
		return 0, OutOfRange
	}
	return int64(n), ""
}

const (
	numericNegative      = 0x4000
	numericNaN           = 0xC000
	numericInfinity      = 0xD000
	numericMinusInfinity = 0xF000
)

// appendNumericHead appends the length of a numeric field and what precedes its digits.
func appendNumericHead(dst []byte, digits, weight int, sign uint16, scale int) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(8+2*digits))
	dst = binary.BigEndian.AppendUint16(dst, uint16(digits))
	dst = binary.BigEndian.AppendUint16(dst, uint16(weight))
	dst = binary.BigEndian.AppendUint16(dst, sign)
	return binary.BigEndian.AppendUint16(dst, uint16(scale))
}

func appendSpecialNumeric(dst []byte, v nonFiniteValue) []byte {
	sign := uint16(numericNaN)
	switch v {
	case infinity:
		sign = numericInfinity
	case minusInfinity:
		sign = numericMinusInfinity
	}
	return appendNumericHead(dst, 0, 0, sign, 0)
}

// appendSmallNumeric is for whole numbers from 0 below 10^18.
func appendSmallNumeric(dst []byte, n int64) []byte {
	var groups [5]uint16
	first, last := len(groups), len(groups)
	for ; n > 0; n /= 10000 {
		first--
		groups[first] = uint16(n % 10000)
	}
	weight := max(0, last-first-1)
	for last > first && groups[last-1] == 0 {
		last--
	}
	dst = appendNumericHead(dst, last-first, weight, 0, 0)
	for _, g := range groups[first:last] {
		dst = binary.BigEndian.AppendUint16(dst, g)
	}
	return dst
}

// appendNumeric writes every digit that was sent, in groups of four from the point.
func appendNumeric(dst []byte, d decimal) ([]byte, Reason) {
	if d.point > maxIntegerDigits || d.scale > maxFractionDigits && d.digits > 0 {
		return dst, OutOfRange
	}
	if d.digits == 0 {
		return appendNumericHead(dst, 0, 0, 0, min(d.scale, maxFractionDigits)), ""
	}
	weight := (d.point - 1) >> 2
	lead := (d.point-1)&3 + 1 // digits in the first group
	sign := uint16(0)
	if d.negative {
		sign = numericNegative
	}
	dst = appendNumericHead(dst, 1+(max(0, d.digits-lead)+3)/4, weight, sign, d.scale)
	group := uint16(0)
	for i := range lead {
		group = group*10 + d.digit(i)
	}
	dst = binary.BigEndian.AppendUint16(dst, group)
	for i := lead; i < d.digits; i += 4 {
		dst = binary.BigEndian.AppendUint16(dst, d.digit(i)*1000+d.digit(i+1)*100+d.digit(i+2)*10+d.digit(i+3))
	}
	return dst, ""
}
