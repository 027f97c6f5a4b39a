package values

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
	"unsafe"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/target-postgres/columns"
)

// An Encoder writes the values of one column. It is for one goroutine, and so are its copies.
type Encoder struct {
	column   columns.Type
	accepts  uint16   // a bit for each rawjson.Kind
	whole    bool     // the schema declares integers and no other numbers
	numerals bool     // strings may be read as numbers
	encoding string   // of strings that are bytes: base64, base16, or PostgreSQL's \x form when empty
	items    *Encoder // of an array
	tally    Tally
}

// A Tally counts what an encoder had to replace.
type Tally struct {
	NUL       int64 // U+0000 replaced by U+FFFD
	Malformed int64 // lone surrogates and bytes that are not UTF-8, replaced by U+FFFD
	NonFinite int64 // NaN and infinities that became strings inside jsonb
}

// Add adds the counts of another one.
func (t *Tally) Add(u Tally) {
	t.NUL += u.NUL
	t.Malformed += u.Malformed
	t.NonFinite += u.NonFinite
}

// New makes the encoder for a property with this schema in a column of this type.
// A nil schema accepts whatever the type can take. It is an error if values cannot be written to the type.
func New(s *protocol.Schema, t columns.Type) (Encoder, error) {
	if t.Kind == columns.Other {
		return Encoder{}, fmt.Errorf("values cannot be written to a column of type %s", t)
	}
	const anything = math.MaxUint16
	var items *Encoder
	if t.Kind == columns.Array {
		var of *protocol.Schema
		if s != nil {
			of = cmp.Or(s.Items, &protocol.Schema{})
		}
		element, err := New(of, t.Element())
		if err != nil {
			return Encoder{}, err
		}
		items = &element
	}
	if s == nil {
		return Encoder{column: t, accepts: anything, numerals: true, items: items}, nil
	}
	e := Encoder{column: t, encoding: s.ContentEncoding, items: items}
	e.numerals = s.Format == protocol.DecimalFormat || isNumber(columns.ParseType(s.SQLDatatype))
	if s.Kinds == 0 {
		e.accepts = anything
		return e, nil
	}
	accept := func(declared protocol.Kinds, kinds ...rawjson.Kind) {
		if s.Kinds&declared != 0 {
			for _, k := range kinds {
				e.accepts |= 1 << k
			}
		}
	}
	accept(protocol.Boolean, rawjson.True, rawjson.False)
	accept(protocol.Integer|protocol.Number, rawjson.Number, rawjson.NonFinite)
	accept(protocol.String, rawjson.String)
	accept(protocol.Object, rawjson.Object)
	accept(protocol.Array, rawjson.Array)
	if e.numerals {
		accept(protocol.String, rawjson.Number, rawjson.NonFinite)
	} else {
		e.whole = s.Kinds.Has(protocol.Integer) && !s.Kinds.Has(protocol.Number)
	}
	return e, nil
}

func isNumber(t columns.Type) bool { return t.Kind >= columns.Smallint && t.Kind <= columns.Double }

// Tally tells what was replaced so far.
func (e *Encoder) Tally() Tally {
	if e.items != nil {
		return e.items.Tally()
	}
	return e.tally
}

func (e *Encoder) problem(r Reason) *Problem { return &Problem{Reason: r, Type: e.column} }

// Append appends one field, its length and its bytes, for one raw JSON value. A value that has no place in the column is
// a *Problem, and dst comes back as it was given. An absent value (empty raw) is null.
//
// Null is always accepted: which columns refuse it is the table's own affair.
func (e *Encoder) Append(dst, raw []byte) ([]byte, error) {
	kind := rawjson.KindOf(raw)
	if e.accepts&(1<<kind) == 0 || kind <= rawjson.Null {
		if kind == rawjson.Null || len(raw) == 0 {
			return AppendNull(dst), nil
		}
		return dst, e.problem(WrongKind)
	}
	if e.whole && (kind == rawjson.NonFinite || kind == rawjson.Number && !isWhole(raw)) {
		if kind == rawjson.NonFinite {
			return dst, e.problem(NotFinite)
		}
		return dst, e.problem(Fraction)
	}

	var out []byte
	var reason Reason
	switch e.column.Kind {
	case columns.Text, columns.Varchar, columns.Char:
		out, reason = e.appendText(dst, raw, kind)
	case columns.JSONB, columns.JSON:
		out, reason = e.appendJSON(dst, raw, kind)
	case columns.Boolean:
		if kind != rawjson.True && kind != rawjson.False {
			return dst, e.problem(WrongKind)
		}
		out = append(dst, 0, 0, 0, 1, byte(kind-rawjson.False))
	case columns.Smallint, columns.Integer, columns.Bigint, columns.Numeric, columns.Real, columns.Double:
		out, reason = e.appendNumber(dst, raw, kind)
	case columns.Array:
		if kind != rawjson.Array {
			return dst, e.problem(WrongKind)
		}
		out, reason = e.appendArray(dst, raw)
	default:
		if kind != rawjson.String {
			return dst, e.problem(WrongKind)
		}
		out, reason = e.appendParsed(dst, rawjson.Text(raw))
	}
	if reason != "" {
		return dst, e.problem(reason)
	}
	return out, nil
}

// appendNumber writes the number types.
func (e *Encoder) appendNumber(dst, raw []byte, kind rawjson.Kind) ([]byte, Reason) {
	literal := raw
	switch kind {
	case rawjson.Number, rawjson.NonFinite:
	case rawjson.String:
		if !e.numerals {
			return dst, WrongKind
		}
		literal = rawjson.Text(raw)
	default:
		return dst, WrongKind
	}
	special := nonFinite(literal)

	switch e.column.Kind {
	case columns.Numeric:
		if special != finite && special != notANumber && e.column.Precision > 0 {
			return dst, NotFinite
		}
		if special != finite {
			return appendSpecialNumeric(dst, special), ""
		}
		if n := plainInteger(literal); n >= 0 && e.column.Precision == 0 {
			return appendSmallNumeric(dst, n), ""
		}
		d, ok := scanDecimal(literal)
		if !ok {
			return dst, BadFormat
		}
		if e.column.Precision > 0 && d.point > e.column.Precision-e.column.Scale {
			return dst, OutOfRange
		}
		return appendNumeric(dst, d)
	case columns.Real, columns.Double:
		return e.appendFloat(dst, literal, special)
	}

	if special != finite {
		return dst, NotFinite
	}
	n, reason := parseInteger(literal)
	switch {
	case reason != "":
		return dst, reason
	case e.column.Kind == columns.Bigint:
		return AppendBigint(dst, n), ""
	case e.column.Kind == columns.Integer:
		if n != int64(int32(n)) {
			return dst, OutOfRange
		}
		return binary.BigEndian.AppendUint32(append(dst, 0, 0, 0, 4), uint32(n)), ""
	}
	if n != int64(int16(n)) {
		return dst, OutOfRange
	}
	return binary.BigEndian.AppendUint16(append(dst, 0, 0, 0, 2), uint16(n)), ""
}

// appendFloat rounds to the nearest float, as PostgreSQL does. A declared integer that no float equals is refused.
func (e *Encoder) appendFloat(dst, literal []byte, special nonFiniteValue) ([]byte, Reason) {
	bits := 64
	if e.column.Kind == columns.Real {
		bits = 32
	}
	var f float64
	switch special {
	case notANumber:
		f = math.NaN()
	case infinity:
		f = math.Inf(1)
	case minusInfinity:
		f = math.Inf(-1)
	default:
		if _, ok := scanDecimal(literal); !ok {
			return dst, BadFormat
		}
		var err error
		if f, err = strconv.ParseFloat(unsafe.String(unsafe.SliceData(literal), len(literal)), bits); err != nil {
			return dst, OutOfRange
		}
		if e.whole {
			if n, reason := parseInteger(literal); reason != "" || f >= 1<<63 || int64(f) != n {
				return dst, OutOfRange
			}
		}
	}
	if bits == 32 {
		return binary.BigEndian.AppendUint32(append(dst, 0, 0, 0, 4), math.Float32bits(float32(f))), ""
	}
	return binary.BigEndian.AppendUint64(append(dst, 0, 0, 0, 8), math.Float64bits(f)), ""
}

// appendParsed writes the types that JSON has only as strings.
func (e *Encoder) appendParsed(dst, text []byte) ([]byte, Reason) {
	switch e.column.Kind {
	case columns.Timestamptz, columns.Timestamp:
		micros, reason := parseInstant(text)
		if reason != "" {
			return dst, reason
		}
		return AppendBigint(dst, micros), ""
	case columns.Date:
		days, reason := parseDate(text)
		if reason != "" {
			return dst, reason
		}
		return binary.BigEndian.AppendUint32(append(dst, 0, 0, 0, 4), uint32(days)), ""
	case columns.Time:
		micros, reason := parseTime(text)
		if reason != "" {
			return dst, reason
		}
		return AppendBigint(dst, micros), ""
	case columns.TimeTZ:
		clock, offset, reason := parseTimeTZ(text)
		if reason != "" {
			return dst, reason
		}
		dst = binary.BigEndian.AppendUint64(append(dst, 0, 0, 0, 12), uint64(clock))
		return binary.BigEndian.AppendUint32(dst, uint32(int32(-offset/microsPerSecond))), ""
	case columns.Interval:
		v, reason := parseInterval(text)
		if reason != "" {
			return dst, reason
		}
		return v.append(dst), ""
	case columns.UUID:
		return appendUUID(dst, text)
	case columns.Bytea:
		return appendBytes(dst, text, e.encoding)
	case columns.Inet:
		return appendInet(dst, text)
	}
	return dst, WrongKind
}

// appendText writes text: of a string its characters, of every other value its JSON, without space between tokens.
func (e *Encoder) appendText(dst, raw []byte, kind rawjson.Kind) ([]byte, Reason) {
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	switch kind {
	case rawjson.String:
		if plain, ok := rawjson.Plain(raw); ok {
			dst = append(dst, plain...)
			break
		}
		var flags rawjson.Flags
		dst, flags = rawjson.AppendUnquoted(dst, raw)
		if flags != 0 {
			dst = e.replaceOdd(dst, start+4, raw, flags)
		}
	case rawjson.Object, rawjson.Array:
		dst = rawjson.AppendCompact(dst, raw)
	default:
		dst = append(dst, raw...)
	}
	if !utf8.Valid(dst[start+4:]) {
		dst = e.replaceMalformed(dst, start+4)
	}
	if e.column.Length > 0 && utf8.RuneCount(dst[start+4:]) > e.column.Length {
		return dst[:start], TooLong
	}
	return setLength(dst, start), ""
}

// setLength puts the length of the field that begins at start in front of it.
func setLength(dst []byte, start int) []byte {
	binary.BigEndian.PutUint32(dst[start:], uint32(len(dst)-start-4))
	return dst
}
