package values

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/big"
)

// An interval has the three parts that PostgreSQL keeps apart.
type interval struct {
	months, days int64
	micros       int64
}

func (v interval) append(dst []byte) []byte {
	dst = AppendBigint(dst, v.micros)
	binary.BigEndian.PutUint32(dst[len(dst)-12:], 16)
	dst = binary.BigEndian.AppendUint32(dst, uint32(v.days))
	return binary.BigEndian.AppendUint32(dst, uint32(v.months))
}

// parseInterval reads an ISO 8601 duration (P1Y2M3W4DT5H6M7.8S, each part with its own sign if need be), or what
// Python and PostgreSQL print: [-]N days, [-]HH:MM:SS.fraction.
func parseInterval(text []byte) (interval, Reason) {
	c := cursor{text: text}
	negative := false
	if sign, signed := c.take("+-"); signed {
		negative = sign == '-'
	}
	if !c.is('P') && !c.is('p') {
		return parseClockInterval(text)
	}
	if len(c.text) == 0 {
		return interval{}, BadFormat
	}
	var v interval
	inTime := false
	for len(c.text) > 0 {
		if !inTime && (c.is('T') || c.is('t')) {
			inTime = true
			if len(c.text) == 0 {
				return v, BadFormat
			}
			continue
		}
		d, ok := c.decimal()
		if !ok || len(c.text) == 0 {
			return v, BadFormat
		}
		if negative {
			d.negative = !d.negative
		}
		unit := c.text[0] &^ 0x20
		c.text = c.text[1:]
		if reason := v.add(&d, unit, inTime); reason != "" {
			return v, reason
		}
	}
	return v.checked()
}

// add adds a part of a duration. A fraction goes to the next smaller parts if it is a whole number of them.
func (v *interval) add(d *decimal, unit byte, inTime bool) Reason {
	switch {
	case inTime && unit == 'H':
		return addScaled(&v.micros, d, microsPerHour)
	case inTime && unit == 'M':
		return addScaled(&v.micros, d, microsPerMinute)
	case inTime && unit == 'S':
		return addScaled(&v.micros, d, microsPerSecond)
	case inTime:
		return BadFormat
	case unit == 'Y':
		return addScaledExactly(&v.months, d, 12)
	case unit == 'M':
		return addScaledExactly(&v.months, d, 1)
	case unit == 'W':
		return v.addDays(d, 7)
	case unit == 'D':
		return v.addDays(d, 1)
	}
	return BadFormat
}

// addDays adds whole days as days and the rest as time.
func (v *interval) addDays(d *decimal, size int64) Reason {
	if d.point >= d.digits {
		return addScaledExactly(&v.days, d, size)
	}
	return addScaled(&v.micros, d, size*microsPerDay)
}

// addScaledExactly adds d units, which must be a whole number.
func addScaledExactly(sum *int64, d *decimal, unit int64) Reason {
	n, exact, ok := scaled(d, unit)
	switch {
	case !ok:
		return OutOfRange
	case !exact:
		return Fraction
	}
	return addTo(sum, n)
}

// addScaled adds d units, rounded half away from zero.
func addScaled(sum *int64, d *decimal, unit int64) Reason {
	n, _, ok := scaled(d, unit)
	if !ok {
		return OutOfRange
	}
	return addTo(sum, n)
}

func addTo(sum *int64, n int64) Reason {
	total := *sum + n
	if (n > 0 && total < *sum) || (n < 0 && total > *sum) {
		return OutOfRange
	}
	*sum = total
	return ""
}

// scaled multiplies a decimal by a unit and rounds the product half away from zero. Durations are rare enough to afford
// big integers.
func scaled(d *decimal, unit int64) (n int64, exact, ok bool) {
	if d.digits > 40 || d.point > 20 || d.point < -20 {
		return 0, false, false
	}
	ten := big.NewInt(10)
	product := new(big.Int)
	for i := range d.digits {
		product.Mul(product, ten).Add(product, big.NewInt(int64(d.digit(i))))
	}
	product.Mul(product, big.NewInt(unit))
	exact = true
	if shift := int64(d.digits - d.point); shift < 0 {
		product.Mul(product, new(big.Int).Exp(ten, big.NewInt(-shift), nil))
	} else {
		divisor := new(big.Int).Exp(ten, big.NewInt(shift), nil)
		rest := new(big.Int)
		product.QuoRem(product, divisor, rest)
		exact = rest.Sign() == 0
		if rest.Lsh(rest, 1).Cmp(divisor) >= 0 {
			product.Add(product, big.NewInt(1))
		}
	}
	if d.negative {
		product.Neg(product)
	}
	return product.Int64(), exact, product.IsInt64()
}

// decimal reads an optional sign, digits and a fraction behind a point or a comma.
func (c *cursor) decimal() (decimal, bool) {
	end := 0
	for end < len(c.text) && (c.text[end] >= '0' && c.text[end] <= '9' || bytes.IndexByte([]byte("+-.,"), c.text[end]) >= 0) {
		end++
	}
	literal := c.text[:end]
	c.text = c.text[end:]
	if at := bytes.IndexByte(literal, ','); at >= 0 {
		literal = bytes.Clone(literal)
		literal[at] = '.'
	}
	return scanDecimal(literal)
}

// parseClockInterval reads [-]N day[s][,] [-]HH:MM[:SS[.fraction]], either part alone too.
func parseClockInterval(text []byte) (interval, Reason) {
	var v interval
	c := cursor{text: text}
	if at := bytes.Index(text, []byte(" day")); at >= 0 {
		days, reason := parseInteger(text[:at])
		if reason != "" {
			return v, reason
		}
		v.days = days
		c.text = text[at+len(" day"):]
		c.is('s')
		c.is(',')
		if len(c.text) == 0 {
			return v.checked()
		}
		if !c.is(' ') {
			return v, BadFormat
		}
	}
	sign, signed := c.take("+-")
	n := digitsIn(c.text)
	hours, reason := parseInteger(c.text[:n])
	if reason != "" {
		return v, reason
	}
	c.text = c.text[n:]
	if !c.is(':') {
		return v, BadFormat
	}
	minute, ok := c.two()
	if !ok || minute > 59 {
		return v, BadFormat
	}
	second, micros := 0, int64(0)
	if c.is(':') {
		if second, ok = c.two(); !ok || second > 59 {
			return v, BadFormat
		}
		if c.is('.') {
			if micros, ok = c.micros(); !ok {
				return v, BadFormat
			}
		}
	}
	if len(c.text) > 0 {
		return v, BadFormat
	}
	if hours > math.MaxInt64/microsPerHour-1 {
		return v, OutOfRange
	}
	v.micros = hours*microsPerHour + int64(minute)*microsPerMinute + int64(second)*microsPerSecond + micros
	if signed && sign == '-' {
		v.micros = -v.micros
	}
	return v.checked()
}

// checked refuses more months and days than PostgreSQL can count.
func (v interval) checked() (interval, Reason) {
	if v.months != int64(int32(v.months)) || v.days != int64(int32(v.days)) {
		return v, OutOfRange
	}
	return v, ""
}
