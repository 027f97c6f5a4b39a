// Package lenient makes of a row, as an API happens to send it, what the columns of its stream promise: numbers that come as text,
// times without an offset, empty texts for null. Not one value is lost on the way: what cannot be made to fit leaves its column null
// and goes out beside it, under the name of the column and [tap.AsSent], where a target keeps it as it keeps any member that nobody declared.
package lenient

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/taps/tap"
)

// A reader fits the values of one stream to its columns. One goroutine uses it.
type reader struct {
	zone    *time.Location // of times without an offset
	columns map[string]fit
	odd     map[string]int
	text    []byte
}

// A fit appends a value in the form of its column, or says that it has none.
type fit func(r *reader, dst, value []byte) (out []byte, ok bool)

func newReader(columns []tap.Column, zone *time.Location) (*reader, error) {
	r := &reader{zone: zone, columns: map[string]fit{}, odd: map[string]int{}}
	for _, c := range columns {
		schema, err := protocol.ParseSchema(c.Schema)
		if err != nil {
			return nil, fmt.Errorf("schema of column %q: %w", c.Name, err)
		}
		if fit := fitOf(schema); fit != nil {
			r.columns[c.Name] = fit
		}
	}
	return r, nil
}

// fitOf is the form of a column; nil for one that takes anything, and for lists and objects.
func fitOf(s *protocol.Schema) fit {
	switch s.Kinds &^ protocol.Null {
	case protocol.Integer:
		return fitInteger
	case protocol.Number, protocol.Number | protocol.Integer:
		return fitNumber
	case protocol.Boolean:
		return fitBoolean
	case protocol.String:
		switch s.Format {
		case "date-time":
			return fitInstant
		case "date":
			return fitDay
		}
		return fitText
	}
	return nil
}

// appendMember appends a member of a row. One that is no column is left as it is.
func appendMember[T string | []byte](r *reader, dst []byte, name T, value []byte) []byte {
	dst = appendName(dst, name)
	fit := r.columns[string(name)]
	if fit == nil || rawjson.KindOf(value) == rawjson.Null {
		return append(dst, value...)
	}
	before := len(dst)
	dst, ok := fit(r, dst, value)
	if ok {
		return dst
	}
	r.odd[string(name)]++
	dst = append(dst[:before], "null,"...)
	dst = append(rawjson.AppendStringLossy(dst, string(name)+tap.AsSent), ':')
	return append(dst, value...)
}

// says in one line which columns had values that do not fit them, and how many; empty for none.
func (r *reader) says() string {
	var columns []string
	for _, name := range slices.Sorted(maps.Keys(r.odd)) {
		columns = append(columns, fmt.Sprintf("%s (%d)", name, r.odd[name]))
	}
	return strings.Join(columns, ", ")
}

// unquoted is the text of a string without space around it. It is valid until the next call.
func (r *reader) unquoted(value []byte) []byte {
	r.text, _ = rawjson.AppendUnquoted(r.text[:0], value)
	return bytes.TrimSpace(r.text)
}

func fitText(_ *reader, dst, value []byte) ([]byte, bool) {
	switch rawjson.KindOf(value) {
	case rawjson.String:
		return append(dst, value...), true
	case rawjson.Number, rawjson.True, rawjson.False:
		return append(append(append(dst, '"'), value...), '"'), true
	}
	return dst, false
}

// fitNumber takes a number, or a text that holds one. An empty text is null.
func fitNumber(r *reader, dst, value []byte) ([]byte, bool) {
	switch rawjson.KindOf(value) {
	case rawjson.Number:
	case rawjson.String:
		if value = r.unquoted(value); len(value) == 0 {
			return append(dst, "null"...), true
		}
		if rawjson.KindOf(value) != rawjson.Number || rawjson.Valid(value) != nil {
			return dst, false
		}
	default:
		return dst, false
	}
	return append(dst, value...), true
}

// fitInteger also takes a boolean, as 0 and 1, and a fraction of zeros.
func fitInteger(r *reader, dst, value []byte) ([]byte, bool) {
	switch rawjson.KindOf(value) {
	case rawjson.True:
		return append(dst, '1'), true
	case rawjson.False:
		return append(dst, '0'), true
	}
	before := len(dst)
	dst, ok := fitNumber(r, dst, value)
	if !ok || string(dst[before:]) == "null" {
		return dst, ok
	}
	whole, fraction, _ := bytes.Cut(dst[before:], []byte{'.'})
	if bytes.ContainsAny(dst[before:], "eE") || len(bytes.Trim(fraction, "0")) > 0 {
		return dst, false
	}
	return dst[:before+len(whole)], true
}

// fitBoolean also takes 0 and 1, and the words as text.
func fitBoolean(r *reader, dst, value []byte) ([]byte, bool) {
	if rawjson.KindOf(value) == rawjson.String {
		value = r.unquoted(value)
	}
	switch string(value) {
	case "true", "1":
		return append(dst, "true"...), true
	case "false", "0":
		return append(dst, "false"...), true
	case "":
		return append(dst, "null"...), true
	}
	return dst, false
}

// layouts are the ways to write an instant; those without an offset are times of the reader's zone.
var layouts = [...]string{time.RFC3339Nano, "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 -0700", "2006-01-02T15:04:05", time.DateTime, "2006-01-02 15:04", time.DateOnly}

// noDay is how MySQL writes no day.
const noDay = "0000-00-00"

// secondsMost is the end of the year 9999. What is more is no count of seconds: milliseconds, perhaps.
const secondsMost = 253402300799

// fitInstant writes an instant in UTC. A whole number is seconds since 1970. 0, an empty text, the year 1 of a Go program's zero time and
// the day 0 of MySQL are null.
func fitInstant(r *reader, dst, value []byte) ([]byte, bool) {
	if rawjson.KindOf(value) != rawjson.String {
		seconds, err := strconv.ParseInt(string(value), 10, 64)
		switch {
		case err != nil || seconds < 0 || seconds > secondsMost:
			return dst, false
		case seconds == 0:
			return append(dst, "null"...), true
		}
		return time.Unix(seconds, 0).UTC().AppendFormat(dst, `"`+time.RFC3339+`"`), true
	}
	text := string(r.unquoted(value))
	if text == "" || strings.HasPrefix(text, noDay) {
		return append(dst, "null"...), true
	}
	for _, layout := range layouts {
		at, err := time.ParseInLocation(layout, text, r.zone)
		switch {
		case err != nil:
			continue
		case at.Year() <= 1:
			return append(dst, "null"...), true
		}
		return at.UTC().AppendFormat(dst, `"`+time.RFC3339Nano+`"`), true
	}
	return dst, false
}

// fitDay takes a day, and the day of an instant as it is written.
func fitDay(r *reader, dst, value []byte) ([]byte, bool) {
	if rawjson.KindOf(value) != rawjson.String {
		return dst, false
	}
	text := r.unquoted(value)
	if len(text) == 0 {
		return append(dst, "null"...), true
	}
	day := text[:min(len(text), len(time.DateOnly))]
	if string(day) == noDay {
		return append(dst, "null"...), true
	}
	if _, err := time.Parse(time.DateOnly, string(day)); err != nil {
		return dst, false
	}
	return append(append(append(dst, '"'), day...), '"'), true
}
