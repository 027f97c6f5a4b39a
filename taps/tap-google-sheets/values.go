package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/taps/tap/kinds"
)

// A serial is days since 1899-12-30 and the part of a day, without a zone. The limits are those of the years 1 to 9999.
// https://developers.google.com/workspace/sheets/api/guides/concepts#datetime_serial_numbers
const (
	firstSerial = -693593
	lastSerial  = 2958466 // exclusive
	dayMillis   = 24 * 60 * 60 * 1000
)

// split gives the day and the millisecond of a serial. Fractions are binary, so 09:30:00 may come as 09:29:59.999999.
func split(serial float64) (day, millis int) {
	whole := math.Floor(serial)
	millis = int(math.Round((serial - whole) * dayMillis))
	if millis == dayMillis {
		whole, millis = whole+1, 0
	}
	return int(whole), millis
}

// numberKind tells what a number is, by the cell's format. Format and pattern are those of
// https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets/cells#NumberFormat
func numberKind(raw []byte, format, pattern string) kinds.Kind {
	switch format {
	case "DATE", "DATE_TIME", "TIME":
	default:
		return plainKind(raw)
	}
	serial, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || serial < firstSerial || serial >= lastSerial {
		return plainKind(raw)
	}
	_, millis := split(serial)
	switch {
	case format == "TIME" && elapsed(pattern):
		return kinds.Duration
	case format == "TIME" && serial >= 0 && serial < 1:
		return kinds.Time
	case format == "DATE" && millis == 0:
		return kinds.Date
	}
	return kinds.DateTime
}

// elapsed tells a pattern such as [h]:mm:ss, which counts hours beyond the day.
func elapsed(pattern string) bool {
	for _, unit := range []string{"[h", "[m", "[s", "[H", "[M", "[S"} {
		if strings.Contains(pattern, unit) {
			return true
		}
	}
	return false
}

// exactInteger is the size up to which the doubles of Sheets hold every integer.
const exactInteger = 1 << 53

func plainKind(raw []byte) kinds.Kind {
	if isDigits(raw) {
		return kinds.Integer
	}
	n, err := strconv.ParseFloat(string(raw), 64)
	if err == nil && n == math.Trunc(n) && math.Abs(n) <= exactInteger {
		return kinds.Integer
	}
	return kinds.Number
}

// appendValue appends a cell's value as JSON of the column's kind, which is at least as wide as the cell's. raw is what the API
// sent: a quoted string, a number, or true or false.
func appendValue(dst []byte, column, cell kinds.Kind, raw []byte, zone *time.Location) []byte {
	if cell == kinds.Text {
		return append(dst, raw...)
	}
	switch column {
	case kinds.Integer, kinds.Number:
		return appendNumber(dst, cell, raw)
	case kinds.Boolean:
		return append(dst, raw...)
	}
	dst = append(dst, '"')
	switch {
	case cell == kinds.Boolean: // as the sheet shows it
		dst = append(dst, strings.ToUpper(string(raw))...)
	case cell == kinds.Integer || cell == kinds.Number:
		dst = appendNumber(dst, cell, raw)
	default:
		dst = appendSerial(dst, column, cell, raw, zone)
	}
	return append(dst, '"')
}

// isDigits tells a small integer without a sign.
func isDigits(raw []byte) bool {
	for _, c := range raw {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(raw) > 0 && len(raw) <= 15
}

// appendNumber writes an integer without point and exponent, and any other number as it came.
func appendNumber(dst []byte, cell kinds.Kind, raw []byte) []byte {
	if cell == kinds.Integer && !isDigits(raw) {
		if n, err := strconv.ParseFloat(string(raw), 64); err == nil {
			return strconv.AppendInt(dst, int64(n), 10)
		}
	}
	return append(dst, raw...)
}

// appendSerial writes a date, a time or both. A serial is wall time; what a change of clocks does to it is said at [time.Date].
func appendSerial(dst []byte, column, cell kinds.Kind, raw []byte, zone *time.Location) []byte {
	serial, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		return dst
	}
	day, millis := split(serial)
	switch {
	case cell == kinds.Duration:
		return appendDuration(dst, serial)
	case cell == kinds.Time:
		return time.UnixMilli(int64(millis)).UTC().AppendFormat(dst, "15:04:05.999")
	case cell == kinds.Date && column != kinds.DateTime:
		return time.Date(1899, 12, 30+day, 0, 0, 0, 0, time.UTC).AppendFormat(dst, time.DateOnly)
	}
	at := time.Date(1899, 12, 30+day, 0, 0, 0, millis*int(time.Millisecond), zone)
	if _, offset := at.Zone(); offset%60 != 0 { // of before there were zones, which the format would cut to minutes
		at = at.UTC()
	}
	return at.AppendFormat(dst, "2006-01-02T15:04:05.999Z07:00")
}

// appendDuration writes hours, minutes and seconds; hours may pass 24.
func appendDuration(dst []byte, serial float64) []byte {
	millis := int64(math.Round(serial * dayMillis))
	if millis < 0 {
		dst, millis = append(dst, '-'), -millis
	}
	dst = fmt.Appendf(dst, "%02d:%02d:%02d", millis/3600000, millis/60000%60, millis/1000%60)
	if millis%1000 != 0 {
		dst = fmt.Appendf(dst, ".%03d", millis%1000)
	}
	return dst
}

// appendText is the text that a hash or a mask is made of.
func appendText(dst []byte, column, cell kinds.Kind, raw []byte, zone *time.Location) []byte {
	value := appendValue(nil, column, cell, raw, zone)
	if len(value) > 0 && value[0] == '"' {
		dst, _ = rawjson.AppendUnquoted(dst, value)
		return dst
	}
	return append(dst, value...)
}
