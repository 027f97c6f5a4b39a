package values

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"

	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/target-postgres/columns"
)

// AppendKey appends bytes that are equal for two values when the column's = operator finds them equal: 1 and 1.0 in a
// numeric column. They carry their own length, so those of several columns can stand one behind the other. Values of
// jsonb are equal here when they differ in nothing but space, the order of members and the spelling of strings.
func (e *Encoder) AppendKey(dst, raw []byte) ([]byte, error) {
	start := len(dst)
	dst, err := e.Append(dst, raw)
	if err != nil {
		return dst, err
	}
	field := dst[start:]
	if isNull(field) {
		return dst, nil
	}
	switch e.column.Kind {
	case columns.Numeric:
		field[10], field[11] = 0, 0 // the digits to display
	case columns.Real, columns.Double:
		if len(bytes.Trim(field[5:], "\x00")) == 0 && field[4] == 0x80 {
			field[4] = 0 // -0
		}
	case columns.Char:
		dst = setLength(append(dst[:start+4], bytes.TrimRight(field[4:], " ")...), start)
	case columns.Interval:
		dst = intervalOf(field).justified().append(dst[:start])
	case columns.JSONB:
		canonical := rawjson.AppendCanonical(nil, field[5:])
		dst = setLength(append(dst[:start+5], canonical...), start)
	case columns.JSON:
		canonical := rawjson.AppendCanonical(nil, field[4:])
		dst = setLength(append(dst[:start+4], canonical...), start)
	}
	return dst, nil
}

// Compare orders two fields that were appended for columns of the same type, as the server would. Null comes before
// everything. Text is ordered by its bytes, as with COLLATE "C"; jsonb, inet and arrays get the order of their bytes, which is
// not the server's.
func Compare(a, b []byte, t columns.Type) int {
	switch {
	case isNull(a) || isNull(b):
		return cmp.Compare(notNull(a), notNull(b))
	case t.Kind == columns.Numeric:
		return compareNumerics(a[4:], b[4:])
	case t.Kind == columns.Real:
		return compareFloats(float64(math.Float32frombits(binary.BigEndian.Uint32(a[4:]))), float64(math.Float32frombits(binary.BigEndian.Uint32(b[4:]))))
	case t.Kind == columns.Double:
		return compareFloats(math.Float64frombits(binary.BigEndian.Uint64(a[4:])), math.Float64frombits(binary.BigEndian.Uint64(b[4:])))
	case t.Kind == columns.Interval:
		x, y := intervalOf(a).justified(), intervalOf(b).justified()
		return cmp.Or(cmp.Compare(x.days, y.days), cmp.Compare(x.micros, y.micros))
	case t.Kind == columns.Char:
		return bytes.Compare(bytes.TrimRight(a[4:], " "), bytes.TrimRight(b[4:], " "))
	case isSigned(t.Kind) && a[4] != b[4]:
		return cmp.Compare(a[4]^0x80, b[4]^0x80)
	}
	return bytes.Compare(a[4:], b[4:])
}

// isSigned tells whether a type's bytes are one big-endian signed integer.
func isSigned(k columns.Kind) bool {
	switch k {
	case columns.Smallint, columns.Integer, columns.Bigint, columns.Date, columns.Time, columns.Timestamp, columns.Timestamptz:
		return true
	}
	return false
}

func isNull(field []byte) bool { return field[0] == 0xff }

func notNull(field []byte) int {
	if isNull(field) {
		return 0
	}
	return 1
}

// compareFloats puts NaN above everything and equal to itself.
func compareFloats(a, b float64) int {
	if math.IsNaN(a) || math.IsNaN(b) {
		return -cmp.Compare(a, b) // to cmp it is below everything
	}
	return cmp.Compare(a, b)
}

// intervalOf reads a field that is not null.
func intervalOf(field []byte) interval {
	return interval{
		micros: int64(binary.BigEndian.Uint64(field[4:])),
		days:   int64(int32(binary.BigEndian.Uint32(field[12:]))),
		months: int64(int32(binary.BigEndian.Uint32(field[16:]))),
	}
}

// justified makes months thirty days and keeps less than a day as time, which is how PostgreSQL compares intervals.
func (v interval) justified() interval {
	days := v.months*30 + v.days + v.micros/microsPerDay
	micros := v.micros % microsPerDay
	if micros < 0 {
		days, micros = days-1, micros+microsPerDay
	}
	return interval{days: days, micros: micros}
}

// compareNumerics compares the bytes of two numerics without their lengths.
func compareNumerics(a, b []byte) int {
	signA, signB := binary.BigEndian.Uint16(a[4:]), binary.BigEndian.Uint16(b[4:])
	rankA, rankB := numericRank(a, signA), numericRank(b, signB)
	if rankA != rankB || rankA != numericRankPositive && rankA != numericRankNegative {
		return cmp.Compare(rankA, rankB)
	}
	magnitude := cmp.Compare(int16(binary.BigEndian.Uint16(a[2:])), int16(binary.BigEndian.Uint16(b[2:])))
	if magnitude == 0 {
		magnitude = bytes.Compare(a[8:], b[8:]) // groups are big-endian and trailing zero groups are never written
	}
	if rankA == numericRankNegative {
		return -magnitude
	}
	return magnitude
}

const (
	numericRankNegative = 1
	numericRankPositive = 3
)

func numericRank(v []byte, sign uint16) int {
	switch {
	case sign == numericMinusInfinity:
		return 0
	case sign == numericInfinity:
		return 4
	case sign == numericNaN:
		return 5
	case v[0] == 0 && v[1] == 0:
		return 2 // zero
	case sign == numericNegative:
		return numericRankNegative
	}
	return numericRankPositive
}
