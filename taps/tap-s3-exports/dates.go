package main

import "time"

// A dateFormat reads dates written in one way. It is compiled from strptime letters, or empty for ISO 8601.
type dateFormat struct {
	layout   string // the letters, for messages and the bookmark
	parts    []datePart
	instants bool // it has a time of day: values are date-times, not dates
	zone     *time.Location
	zoned    bool // every value names its own offset, or zone was set by the user
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
