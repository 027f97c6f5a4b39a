package values

import (
	"math"
	"strings"
)

const (
	microsPerSecond = 1_000_000
	microsPerMinute = 60 * microsPerSecond
	microsPerHour   = 60 * microsPerMinute
	microsPerDay    = 24 * microsPerHour
)

// PostgreSQL's limits, in microseconds and days from 2000-01-01: 4714-11-24 BC up to the end of the year 294276 for
// timestamps, and into the year 5874898 for dates. Above and below them stand the infinities.
const (
	minMicros = -211813488000000000
	endMicros = 9223371331200000000
	minDays   = -2451545
	endDays   = 2145031949
)

// A cursor reads text from the left.
type cursor struct {
	text []byte
}

// take drops the next byte if it is one of these.
func (c *cursor) take(any string) (byte, bool) {
	if len(c.text) == 0 || strings.IndexByte(any, c.text[0]) < 0 {
		return 0, false
	}
	b := c.text[0]
	c.text = c.text[1:]
	return b, true
}

// is drops the next byte if it is this one.
func (c *cursor) is(b byte) bool {
	if len(c.text) == 0 || c.text[0] != b {
		return false
	}
	c.text = c.text[1:]
	return true
}

// two reads two digits.
func (c *cursor) two() (int, bool) {
	if len(c.text) < 2 || c.text[0]-'0' > 9 || c.text[1]-'0' > 9 {
		return 0, false
	}
	n := int(c.text[0]-'0')*10 + int(c.text[1]-'0')
	c.text = c.text[2:]
	return n, true
}

// micros reads the digits behind the decimal sign and rounds them to millionths, half up.
func (c *cursor) micros() (int64, bool) {
	n := digitsIn(c.text)
	if n == 0 {
		return 0, false
	}
	v := int64(0)
	for i := range 6 {
		v *= 10
		if i < n {
			v += int64(c.text[i] - '0')
		}
	}
	if n > 6 && c.text[6] >= '5' {
		v++
	}
	c.text = c.text[n:]
	return v, true
}

// A calendarDay counts days from 2000-01-01, in the Gregorian calendar at all times.
func calendarDay(year int64, month, day int) (days int64, ok bool) {
	if month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0, false
	}
	m := int64(month) - 3
	if month < 3 {
		year--
		m += 12
	}
	era := year / 400
	if year < 0 {
		era = (year - 399) / 400
	}
	yearOfEra := year - era*400
	dayOfYear := (153*m+2)/5 + int64(day) - 1
	return era*146097 + yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear - 730425, true
}

func daysIn(year int64, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// date reads [+|-]YYYY-MM-DD with four to seven digits for the year. Years count as in ISO 8601: 0000 is 1 BC.
func (c *cursor) date() (year int64, month, day int, ok bool) {
	sign, signed := c.take("+-")
	n := digitsIn(c.text)
	if n < 4 || n > 7 {
		return 0, 0, 0, false
	}
	for _, d := range c.text[:n] {
		year = year*10 + int64(d-'0')
	}
	if signed && sign == '-' {
		year = -year
	}
	c.text = c.text[n:]
	if !c.is('-') {
		return 0, 0, 0, false
	}
	if month, ok = c.two(); !ok || !c.is('-') {
		return 0, 0, 0, false
	}
	day, ok = c.two()
	return year, month, day, ok
}

// clock reads HH:MM[:SS[.fraction]]. 24:00:00 is the end of the day, and a leap second the first of the next minute.
func (c *cursor) clock() (micros int64, ok bool) {
	hour, ok := c.two()
	if !ok || !c.is(':') {
		return 0, false
	}
	minute, ok := c.two()
	if !ok || minute > 59 {
		return 0, false
	}
	micros = int64(hour)*microsPerHour + int64(minute)*microsPerMinute
	if c.is(':') {
		second, ok := c.two()
		if !ok || second > 60 {
			return 0, false
		}
		micros += int64(second) * microsPerSecond
		if _, fraction := c.take(".,"); fraction {
			m, ok := c.micros()
			if !ok {
				return 0, false
			}
			micros += m
		}
	}
	return micros, hour < 24 || micros == microsPerDay
}

// offset reads what may follow a clock: nothing, Z, UTC, +hh, +hhmm, +hh:mm, +hh:mm:ss, with or without a space
// before it. It is what must be subtracted to arrive at UTC.
func (c *cursor) offset() (micros int64, ok bool) {
	if len(c.text) == 0 {
		return 0, true
	}
	if len(c.text) > 1 && c.text[0] == ' ' && c.text[1] != 'B' {
		c.text = c.text[1:]
	}
	if _, zulu := c.take("Zz"); zulu {
		return 0, true
	}
	if len(c.text) >= 3 && (string(c.text[:3]) == "UTC" || string(c.text[:3]) == "GMT") {
		c.text = c.text[3:]
		return 0, true
	}
	sign, signed := c.take("+-")
	if !signed {
		return 0, true
	}
	hour, ok := c.two()
	if !ok || hour > 23 {
		return 0, false
	}
	micros = int64(hour) * microsPerHour
	colon := c.is(':')
	if minute, given := c.two(); given {
		if minute > 59 {
			return 0, false
		}
		micros += int64(minute) * microsPerMinute
		if colon && c.is(':') {
			second, ok := c.two()
			if !ok || second > 59 {
				return 0, false
			}
			micros += int64(second) * microsPerSecond
		}
	} else if colon {
		return 0, false
	}
	if sign == '-' {
		micros = -micros
	}
	return micros, true
}

// A moment is a date, and the time of day if there is one, as written and without what the offset says.
type moment struct {
	days     int64
	clock    int64
	offset   int64
	infinite int // -1 or 1: before or after everything
}

// parseMoment reads a date or a date and a time. The years of BC dates may be written as PostgreSQL does: 0044-03-15 BC.
func parseMoment(text []byte) (m moment, ok bool) {
	if len(text) > 0 && (text[0]|0x20 == 'i' || len(text) > 1 && text[1]|0x20 == 'i') {
		switch nonFinite(text) {
		case infinity:
			return moment{infinite: 1}, true
		case minusInfinity:
			return moment{infinite: -1}, true
		}
		return m, false
	}
	c := cursor{text: text}
	year, month, day, ok := c.date()
	if !ok {
		return m, false
	}
	if len(c.text) > 0 && (c.text[0]|0x20 == 't' || c.text[0] == ' ' && len(c.text) > 1 && c.text[1] != 'B') {
		c.text = c.text[1:]
		if m.clock, ok = c.clock(); !ok {
			return m, false
		}
		if m.offset, ok = c.offset(); !ok {
			return m, false
		}
	}
	if len(c.text) > 0 {
		if string(c.text) != " BC" || year < 1 {
			return m, false
		}
		year = 1 - year
	}
	m.days, ok = calendarDay(year, month, day)
	return m, ok
}

// parseInstant gives microseconds from 2000-01-01 in UTC. Without an offset the time is UTC.
func parseInstant(text []byte) (int64, Reason) {
	if micros, ok := parseCommonInstant(text); ok {
		return micros, ""
	}
	m, ok := parseMoment(text)
	switch {
	case !ok:
		return 0, BadFormat
	case m.infinite > 0:
		return math.MaxInt64, ""
	case m.infinite < 0:
		return math.MinInt64, ""
	case m.days < minDays-1 || m.days > endMicros/microsPerDay+1:
		return 0, OutOfRange
	}
	micros := m.days*microsPerDay + m.clock - m.offset
	if micros < minMicros || micros >= endMicros {
		return 0, OutOfRange
	}
	return micros, ""
}

// parseCommonInstant reads what nearly all taps send, YYYY-MM-DDTHH:MM:SS with up to six fractional digits and Z or +00:00
// behind it, in a quarter of the time. It says no to everything that is not quite so.
func parseCommonInstant(text []byte) (micros int64, ok bool) {
	if len(text) < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':' {
		return 0, false
	}
	year := pair(text[0:2])*100 + pair(text[2:4])
	hour, minute, second := pair(text[11:13]), pair(text[14:16]), pair(text[17:19])
	if year > 9999 || hour > 23 || minute > 59 || second > 59 {
		return 0, false
	}
	rest := text[19:]
	if rest[0] == '.' {
		i, scale := 1, int64(100_000)
		for ; i < len(rest) && rest[i]-'0' <= 9; i++ {
			micros += int64(rest[i]-'0') * scale
			scale /= 10
		}
		if i == 1 || i > 7 {
			return 0, false
		}
		rest = rest[i:]
	}
	if string(rest) != "Z" && string(rest) != "+00:00" {
		return 0, false
	}
	days, ok := calendarDay(int64(year), pair(text[5:7]), pair(text[8:10]))
	return micros + days*microsPerDay + int64((hour*60+minute)*60+second)*microsPerSecond, ok
}

// pair reads two digits; the result exceeds 9999 if they are not.
func pair(s []byte) int {
	high, low := s[0]-'0', s[1]-'0'
	if high > 9 || low > 9 {
		return 10_000
	}
	return int(high)*10 + int(low)
}

// parseDate gives days from 2000-01-01. A time of day is accepted if it is midnight, whatever its offset: the date is the
// one that is written.
func parseDate(text []byte) (int32, Reason) {
	m, ok := parseMoment(text)
	switch {
	case !ok:
		return 0, BadFormat
	case m.infinite > 0:
		return math.MaxInt32, ""
	case m.infinite < 0:
		return math.MinInt32, ""
	case m.clock != 0:
		return 0, Fraction
	case m.days < minDays || m.days >= endDays:
		return 0, OutOfRange
	}
	return int32(m.days), ""
}

// parseTime gives microseconds from midnight. With an offset, the time becomes that of UTC.
func parseTime(text []byte) (int64, Reason) {
	clock, offset, reason := parseTimeTZ(text)
	if offset != 0 {
		clock = ((clock-offset)%microsPerDay + microsPerDay) % microsPerDay
	}
	return clock, reason
}

// parseTimeTZ gives microseconds from midnight there, and those that this is ahead of UTC.
func parseTimeTZ(text []byte) (clock, offset int64, r Reason) {
	c := cursor{text: text}
	clock, ok := c.clock()
	if !ok {
		return 0, 0, BadFormat
	}
	if offset, ok = c.offset(); !ok || len(c.text) > 0 {
		return 0, 0, BadFormat
	}
	return clock, offset, ""
}
