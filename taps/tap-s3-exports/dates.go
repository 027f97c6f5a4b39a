package main

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

// A dateFormat reads dates written in one way. It is compiled from strptime letters, or empty for ISO 8601.
type dateFormat struct {
	layout   string // the letters, for messages and the bookmark
	parts    []datePart
	instants bool // it has a time of day: values are date-times, not dates
	zone     *time.Location
	zoned    bool // every value names its own offset, or zone was set by the user
}

// A datePart is a letter, or a literal byte when letter is 0.
type datePart struct {
	letter  byte
	literal byte
}

// composite letters stand for others.
var composites = strings.NewReplacer("%D", "%m/%d/%y", "%F", "%Y-%m-%d", "%T", "%H:%M:%S", "%R", "%H:%M", "%r", "%I:%M:%S %p")

const dateLetters = "YymdeBbhjHIMSfpzZ"

// parseDateFormat compiles strptime letters (https://docs.python.org/3/library/datetime.html#format-codes): Y y m d e B b h j H I M
// S f p z Z, and the composites D F T R r. zone is where times without an offset are; nil is UTC.
func parseDateFormat(layout string, zone *time.Location) (*dateFormat, error) {
	f := &dateFormat{layout: layout, zone: zone, zoned: zone != nil}
	if zone == nil {
		f.zone = time.UTC
	}
	text := composites.Replace(layout)
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			f.parts = append(f.parts, datePart{literal: text[i]})
			continue
		}
		i++
		if i == len(text) {
			return nil, fmt.Errorf("date format %q ends in %%", layout)
		}
		if text[i] == '-' && i+1 < len(text) { // %-d: the same as %d, as reading never asks for leading zeros
			i++
		}
		switch letter := text[i]; {
		case letter == '%':
			f.parts = append(f.parts, datePart{literal: '%'})
		case strings.IndexByte(dateLetters, letter) >= 0:
			f.parts = append(f.parts, datePart{letter: letter})
			f.instants = f.instants || strings.IndexByte("HIMSf", letter) >= 0
		default:
			return nil, fmt.Errorf("date format %q: %%%c is not known; use the letters %s of strptime", layout, letter, dateLetters)
		}
	}
	has := func(letters string) bool {
		for _, p := range f.parts {
			if p.letter != 0 && strings.IndexByte(letters, p.letter) >= 0 {
				return true
			}
		}
		return false
	}
	if !has("Yy") || !has("j") && (!has("mBbh") || !has("de")) {
		return nil, fmt.Errorf("date format %q does not name a year, a month and a day", layout)
	}
	return f, nil
}

// isoDates reads 2006-01-02 and 2006-01-02T15:04:05 with an offset; without an offset only when the user named a zone.
func isoDates(zone *time.Location) *dateFormat {
	f := &dateFormat{zone: zone, zoned: zone != nil}
	if zone == nil {
		f.zone = time.UTC
	}
	return f
}

// appendDate appends v as a quoted ISO date, if it is one.
func (f *dateFormat) appendDate(dst, v []byte) ([]byte, bool) {
	if f.layout == "" {
		if len(v) != len(time.DateOnly) || !isoDay(v) {
			return dst, false
		}
		dst = append(dst, '"')
		return append(append(dst, v...), '"'), true
	}
	t, ok := f.parse(v)
	if !ok || f.instants {
		return dst, false
	}
	dst = append(dst, '"')
	return append(t.AppendFormat(dst, time.DateOnly), '"'), true
}

// appendInstant appends v as a quoted RFC 3339 instant in UTC, if it is a date-time or a date (midnight in the zone).
func (f *dateFormat) appendInstant(dst, v []byte) ([]byte, bool) {
	var t time.Time
	ok := false
	if f.layout == "" {
		if isUTC(v) {
			dst = append(dst, '"')
			return append(append(dst, v...), '"'), true
		}
		t, ok = f.parseISO(v)
	} else {
		t, ok = f.parse(v)
	}
	if !ok {
		return dst, false
	}
	t = t.UTC()
	if t.Year() < 1 || t.Year() > 9999 {
		return dst, false
	}
	dst = append(dst, '"')
	return append(t.AppendFormat(dst, time.RFC3339Nano), '"'), true
}

// isUTC tells whether v is RFC 3339 in UTC already: 2006-01-02T15:04:05.999Z with up to nine decimals.
func isUTC(v []byte) bool {
	if len(v) < 20 || len(v) > 30 || v[10] != 'T' || v[13] != ':' || v[16] != ':' || v[len(v)-1] != 'Z' || !isoDay(v[:10]) {
		return false
	}
	if pair(v, 11) > 23 || pair(v, 14) > 59 || pair(v, 17) > 59 {
		return false
	}
	return len(v) == 20 || len(v) > 21 && v[19] == '.' && digits(v[20:len(v)-1]) >= 0
}

// parseISO reads an ISO date, or a date-time with an offset (or without one in a zone that the user named).
func (f *dateFormat) parseISO(v []byte) (time.Time, bool) {
	if len(v) < 10 || !isoDay(v[:10]) {
		return time.Time{}, false
	}
	year, month, day := digits(v[:4]), digits(v[5:7]), digits(v[8:10])
	rest := v[10:]
	if len(rest) == 0 {
		return time.Date(year, time.Month(month), day, 0, 0, 0, 0, f.zone), true
	}
	if rest[0] != 'T' && rest[0] != ' ' && rest[0] != 't' || len(rest) < 6 || rest[3] != ':' {
		return time.Time{}, false
	}
	hour, minute := digits(rest[1:3]), digits(rest[4:6])
	rest = rest[6:]
	second, nanos := 0, 0
	if len(rest) >= 3 && rest[0] == ':' {
		second = digits(rest[1:3])
		rest = rest[3:]
		if len(rest) > 1 && rest[0] == '.' {
			end := 1
			for end < len(rest) && isDigit(rest[end]) {
				end++
			}
			if nanos = fraction(rest[1:end]); nanos < 0 {
				return time.Time{}, false
			}
			rest = rest[end:]
		}
	}
	if hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 {
		return time.Time{}, false
	}
	zone := f.zone
	if len(rest) == 0 {
		if !f.zoned {
			return time.Time{}, false
		}
	} else {
		offset, ok := parseOffset(rest)
		if !ok {
			return time.Time{}, false
		}
		zone = time.UTC
		second -= offset
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, nanos, zone), true
}

// parse reads v by the letters.
func (f *dateFormat) parse(v []byte) (time.Time, bool) {
	year, month, day, yearDay := -1, 1, 1, 0
	hour, minute, second, nanos, offset := 0, 0, 0, 0, 0
	pm, twelve, hasOffset := false, false, false
	fail := time.Time{}
	for _, p := range f.parts {
		if p.letter == 0 {
			if len(v) == 0 || v[0] != p.literal {
				return fail, false
			}
			v = v[1:]
			continue
		}
		n, width, limit := 0, 0, 2
		switch p.letter {
		case 'Y':
			limit = 4
		case 'j':
			limit = 3
		case 'f':
			limit = 9
		}
		switch p.letter {
		case 'B', 'b', 'h':
			if month, width = monthName(v); width == 0 {
				return fail, false
			}
			v = v[width:]
			continue
		case 'p':
			if len(v) < 2 || v[1]|0x20 != 'm' || v[0]|0x20 != 'a' && v[0]|0x20 != 'p' {
				return fail, false
			}
			pm, twelve = v[0]|0x20 == 'p', true
			v = v[2:]
			continue
		case 'z', 'Z':
			end := bytes.IndexByte(v, ' ')
			if end < 0 {
				end = len(v)
			}
			ok := false
			if offset, ok = parseOffset(v[:end]); !ok {
				return fail, false
			}
			hasOffset = true
			v = v[end:]
			continue
		}
		for width < len(v) && width < limit && isDigit(v[width]) {
			n = n*10 + int(v[width]-'0')
			width++
		}
		if width == 0 || p.letter == 'Y' && width != 4 {
			return fail, false
		}
		if p.letter == 'f' {
			n = fraction(v[:width])
		}
		v = v[width:]
		switch p.letter {
		case 'Y':
			year = n
		case 'y': // as in POSIX: 69 to 99 are 19xx
			year = 2000 + n
			if n >= 69 {
				year = 1900 + n
			}
		case 'm':
			month = n
		case 'd', 'e':
			day = n
		case 'j':
			yearDay = n
		case 'H':
			hour = n
		case 'I':
			if n < 1 || n > 12 {
				return fail, false
			}
			hour = n
		case 'M':
			minute = n
		case 'S':
			second = n
		case 'f':
			nanos = n
		}
	}
	if len(v) != 0 || year < 1 || month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59 {
		return fail, false
	}
	if twelve {
		if hour > 12 {
			return fail, false
		}
		hour %= 12
		if pm {
			hour += 12
		}
	}
	zone := f.zone
	if hasOffset {
		zone = time.UTC
		second -= offset
	}
	if yearDay > 0 {
		t := time.Date(year, 1, yearDay, hour, minute, second, nanos, zone)
		return t, yearDay <= 365 || isLeap(year) && yearDay == 366
	}
	if day < 1 || day > daysIn(year, month) {
		return fail, false
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, nanos, zone), true
}

// parseOffset reads Z, UTC, GMT, +hh, +hhmm or +hh:mm as seconds east of UTC.
func parseOffset(v []byte) (seconds int, ok bool) {
	switch string(v) {
	case "Z", "z", "UTC", "GMT":
		return 0, true
	}
	if len(v) < 3 || v[0] != '+' && v[0] != '-' {
		return 0, false
	}
	hours, minutes := digits(v[1:3]), 0
	switch rest := v[3:]; {
	case len(rest) == 2:
		minutes = digits(rest)
	case len(rest) == 3 && rest[0] == ':':
		minutes = digits(rest[1:])
	case len(rest) != 0:
		return 0, false
	}
	if hours < 0 || hours > 15 || minutes < 0 || minutes > 59 {
		return 0, false
	}
	seconds = hours*3600 + minutes*60
	if v[0] == '-' {
		seconds = -seconds
	}
	return seconds, true
}

func monthName(v []byte) (month, width int) {
	for m := time.January; m <= time.December; m++ {
		name := m.String()
		for _, width := range []int{len(name), 3} {
			if len(v) >= width && strings.EqualFold(string(v[:width]), name[:width]) {
				return int(m), width
			}
		}
	}
	return 0, 0
}

// isoDay checks 2006-01-02 against the calendar.
func isoDay(v []byte) bool {
	if v[4] != '-' || v[7] != '-' {
		return false
	}
	century, years, month, day := pair(v, 0), pair(v, 2), pair(v, 5), pair(v, 8)
	if century > 99 || years > 99 || month > 12 || month < 1 || day < 1 {
		return false
	}
	year := 100*century + years
	return year >= 1 && (day <= 28 || day <= daysIn(year, month))
}

// pair reads two digits at i; anything else is a number beyond 99.
func pair(v []byte, i int) int {
	tens, ones := v[i]-'0', v[i+1]-'0'
	if tens > 9 || ones > 9 {
		return 100
	}
	return int(tens)*10 + int(ones)
}

// digits reads decimal digits alone; -1 when there is anything else.
func digits(v []byte) int {
	n := 0
	for _, c := range v {
		if !isDigit(c) {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	return n
}

// fraction reads 1 to 9 digits after a decimal point as nanoseconds; -1 when there are more.
func fraction(v []byte) int {
	if len(v) == 0 || len(v) > 9 {
		return -1
	}
	n := digits(v)
	for range 9 - len(v) {
		n *= 10
	}
	return n
}

func isDigit(c byte) bool { return c-'0' <= 9 }

func isLeap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

func daysIn(year, month int) int {
	switch month {
	case 2:
		if isLeap(year) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}
