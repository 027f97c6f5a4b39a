package main

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/taps/tap/kinds"
)

// A column is one CSV column of a stream. In a bookmark it is the pair of its name and kind.
type column struct {
	name string
	kind kinds.Kind
	// declared columns come from the schema setting: their spelling is read more freely, and schema is the user's.
	declared bool
	schema   json.RawMessage
	dates    *dateFormat
}

func (c column) MarshalJSON() ([]byte, error) {
	return kinds.Column{Name: c.name, Kind: c.kind}.MarshalJSON()
}

func (c *column) UnmarshalJSON(text []byte) error {
	var known kinds.Column
	err := known.UnmarshalJSON(text)
	c.name, c.kind = known.Name, known.Kind
	return err
}

// jsonSchema is what the column declares on the wire.
func (c *column) jsonSchema() json.RawMessage {
	if c.schema != nil {
		return c.schema
	}
	return c.kind.Schema()
}

// append appends v as a JSON value of the column's kind. ok is false, and dst unchanged, when v is no such value.
func (c *column) append(dst, v []byte) (out []byte, ok bool) {
	switch c.kind {
	case kinds.Text:
		return rawjson.AppendString(dst, v), true
	case kinds.Integer:
		if isInteger(v) {
			return append(dst, v...), true
		}
		if c.declared {
			return appendFreeNumber(dst, v, false)
		}
	case kinds.Number:
		if isNumber(v) {
			return append(dst, v...), true
		}
		if c.declared {
			return appendFreeNumber(dst, v, true)
		}
	case kinds.Boolean:
		if string(v) == "true" || string(v) == "false" {
			return append(dst, v...), true
		}
		if c.declared {
			return appendFreeBoolean(dst, v)
		}
	case kinds.Date:
		return c.dates.appendDate(dst, v)
	case kinds.DateTime:
		return c.dates.appendInstant(dst, v)
	}
	return dst, false
}

// widen gives the column the narrowest wider kind that holds v.
func (c *column) widen(v []byte) {
	c.declared, c.schema = false, nil
	switch c.kind {
	case kinds.Integer:
		c.kind = kinds.Number
	case kinds.Date:
		c.kind = kinds.DateTime
	default:
		c.kind = kinds.Text
	}
	if _, ok := c.append(nil, v); !ok {
		c.kind = kinds.Text
	}
}

// maxDigits is how many digits a number may have before it is taken for an identifier, which no floating point may touch.
const maxDigits = 15

// isInteger accepts what is a JSON integer, has no leading zero or sign of zero, and is no long identifier.
func isInteger(v []byte) bool {
	whole, decimals := numberShape(v)
	return whole > 0 && decimals < 0
}

// isNumber accepts integers, and decimals with digits on both sides of the point. Exponents are left as text: 1e5 may well be a name.
func isNumber(v []byte) bool {
	whole, decimals := numberShape(v)
	return whole > 0 && decimals != 0
}

// numberShape counts the digits before the point and behind it; decimals is -1 without a point. whole is 0 when v is no number, and when a
// number could be changed by being taken for one.
func numberShape(v []byte) (whole, decimals int) {
	negative := len(v) > 0 && v[0] == '-'
	if negative {
		v = v[1:]
	}
	if len(v) == 0 || len(v) > maxDigits+1 {
		return 0, -1
	}
	decimals = -1
	for i, c := range v {
		if isDigit(c) {
			continue
		}
		if c != '.' || decimals >= 0 {
			return 0, -1
		}
		whole, decimals = i, len(v)-i-1
	}
	if decimals < 0 {
		whole = len(v)
	}
	switch {
	case whole > maxDigits, v[0] == '0' && whole > 1, negative && v[0] == '0' && decimals < 0:
		return 0, decimals
	}
	return whole, decimals
}

// appendFreeNumber reads a number whose column the user declared: a leading plus and leading zeros go, an exponent may stand, and
// it may be as long as it likes.
func appendFreeNumber(dst, v []byte, decimals bool) ([]byte, bool) {
	start := len(dst)
	if len(v) > 0 && (v[0] == '-' || v[0] == '+') {
		if v[0] == '-' {
			dst = append(dst, '-')
		}
		v = v[1:]
	}
	for len(v) > 1 && v[0] == '0' && isDigit(v[1]) {
		v = v[1:]
	}
	if len(v) == 0 || !isDigit(v[0]) {
		return dst[:start], false
	}
	dst = append(dst, v...)
	if rawjson.Valid(dst[start:]) != nil || !decimals && bytes.ContainsAny(v, ".eE") {
		return dst[:start], false
	}
	return dst, true
}

func appendFreeBoolean(dst, v []byte) ([]byte, bool) {
	switch strings.ToLower(string(v)) {
	case "true", "t", "yes", "y", "1":
		return append(dst, "true"...), true
	case "false", "f", "no", "n", "0":
		return append(dst, "false"...), true
	}
	return dst, false
}

// A sampler finds the kind of a column from some of its values.
type sampler struct {
	excluded [kinds.Count]bool
	seen     bool
	scratch  []byte
}

// inferred are the kinds that a sample may settle on, best first.
var inferred = [...]kinds.Kind{kinds.Boolean, kinds.Integer, kinds.Number, kinds.Date, kinds.DateTime}

func (s *sampler) add(v []byte, dates *dateFormat) {
	s.seen = true
	for _, k := range inferred {
		if s.excluded[k] {
			continue
		}
		c := column{kind: k, dates: dates}
		var ok bool
		if s.scratch, ok = c.append(s.scratch[:0], v); !ok {
			s.excluded[k] = true
		}
	}
}

// kind is the narrowest that holds every value; text when there was none, because text holds whatever comes later. hint is tried
// first, also without a value.
func (s *sampler) kind(hint kinds.Kind) kinds.Kind {
	if hint != kinds.Text && !s.excluded[hint] {
		return hint
	}
	if s.seen {
		for _, k := range inferred {
			if !s.excluded[k] {
				return k
			}
		}
	}
	return kinds.Text
}
