package batch

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/big"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
)

// appendValue writes a value as JSON.
type appendValue func(dst []byte, v parquet.Value) []byte

// valueOf says how the values of a column are written: as what they mean, else as what they are stored as.
func valueOf(e *format.SchemaElement, property *protocol.Property) (appendValue, error) {
	physical := format.Type(-1)
	if e.Type.Valid {
		physical = e.Type.V
	}
	if write := meaning(e, physical); write != nil {
		return write, nil
	}
	switch physical {
	case format.Boolean:
		return func(dst []byte, v parquet.Value) []byte { return strconv.AppendBool(dst, v.Boolean()) }, nil
	case format.Int32:
		return func(dst []byte, v parquet.Value) []byte { return strconv.AppendInt(dst, int64(v.Int32()), 10) }, nil
	case format.Int64:
		return func(dst []byte, v parquet.Value) []byte { return strconv.AppendInt(dst, v.Int64(), 10) }, nil
	case format.Int96:
		return func(dst []byte, v parquet.Value) []byte { return appendInstant(dst, julian(v.Int96()), true) }, nil
	case format.Float:
		return func(dst []byte, v parquet.Value) []byte { return appendFloat(dst, float64(v.Float()), 32) }, nil
	case format.Double:
		return func(dst []byte, v parquet.Value) []byte { return appendFloat(dst, v.Double(), 64) }, nil
	case format.ByteArray, format.FixedLenByteArray:
		return bytesAs(property), nil
	}
	return nil, errSchema
}

// meaning is for a column with a logical type, by its new name or its old one.
func meaning(e *format.SchemaElement, physical format.Type) appendValue {
	logical := e.LogicalType.Value
	if logical == nil && e.ConvertedType.Valid {
		logical = converted(e)
	}
	stored := physical == format.ByteArray || physical == format.FixedLenByteArray
	switch t := logical.(type) {
	case *format.StringType, *format.EnumType:
		if stored {
			return appendText
		}
	case *format.JsonType:
		if stored {
			return appendJSON
		}
	case *format.UUIDType:
		if e.TypeLength.V == 16 {
			return appendUUID
		}
	case *format.Float16Type:
		if e.TypeLength.V == 2 {
			return func(dst []byte, v parquet.Value) []byte {
				return appendFloat(dst, half(binary.LittleEndian.Uint16(v.ByteArray())), 32)
			}
		}
	case *format.DecimalType:
		return decimal(physical, int(t.Scale))
	case *format.DateType:
		return func(dst []byte, v parquet.Value) []byte {
			return append(appendDate(append(dst, '"'), time.Unix(int64(v.Int32())*86400, 0).UTC(), ""), '"')
		}
	case *format.TimeType:
		unit := duration(&t.Unit)
		return func(dst []byte, v parquet.Value) []byte {
			of := time.Unix(0, integer(physical, v)*int64(unit)).UTC()
			return of.AppendFormat(dst, `"15:04:05.999999999"`)
		}
	case *format.TimestampType:
		unit := duration(&t.Unit)
		return func(dst []byte, v parquet.Value) []byte {
			n, perSecond := integer(physical, v), int64(time.Second/unit)
			seconds, rest := n/perSecond, n%perSecond
			return appendInstant(dst, time.Unix(seconds, rest*int64(unit)).UTC(), t.IsAdjustedToUTC)
		}
	case *format.IntType:
		if !t.IsSigned {
			return func(dst []byte, v parquet.Value) []byte {
				if physical == format.Int32 {
					return strconv.AppendUint(dst, uint64(v.Uint32()), 10)
				}
				return strconv.AppendUint(dst, v.Uint64(), 10)
			}
		}
	case *format.NullType:
		return func(dst []byte, _ parquet.Value) []byte { return append(dst, "null"...) }
	}
	if e.ConvertedType.Valid && e.ConvertedType.V == deprecated.Interval && e.TypeLength.V == 12 {
		return appendInterval
	}
	return nil
}

// converted is the logical type that an old name stands for; nil where it changes nothing.
func converted(e *format.SchemaElement) format.LogicalTypeValue {
	millis, micros := format.TimeUnit{Value: &format.MilliSeconds{}}, format.TimeUnit{Value: &format.MicroSeconds{}}
	switch e.ConvertedType.V {
	case deprecated.UTF8, deprecated.Enum:
		return &format.StringType{}
	case deprecated.Json:
		return &format.JsonType{}
	case deprecated.Decimal:
		return &format.DecimalType{Scale: e.Scale.V, Precision: e.Precision.V}
	case deprecated.Date:
		return &format.DateType{}
	case deprecated.TimeMillis:
		return &format.TimeType{IsAdjustedToUTC: true, Unit: millis}
	case deprecated.TimeMicros:
		return &format.TimeType{IsAdjustedToUTC: true, Unit: micros}
	case deprecated.TimestampMillis:
		return &format.TimestampType{IsAdjustedToUTC: true, Unit: millis}
	case deprecated.TimestampMicros:
		return &format.TimestampType{IsAdjustedToUTC: true, Unit: micros}
	case deprecated.Uint8, deprecated.Uint16, deprecated.Uint32, deprecated.Uint64:
		return &format.IntType{}
	}
	return nil
}

func duration(u *format.TimeUnit) time.Duration {
	if u.Value == nil {
		return time.Microsecond
	}
	return u.Value.Duration()
}

func integer(physical format.Type, v parquet.Value) int64 {
	if physical == format.Int32 {
		return int64(v.Int32())
	}
	return v.Int64()
}

// appendFloat writes the shortest text that means the same number. What is no number has the words that JSON lacks and
// [rawjson] takes.
func appendFloat(dst []byte, f float64, bits int) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	}
	return strconv.AppendFloat(dst, f, 'g', -1, bits)
}

// half is a number of 16 bits.
func half(bits uint16) float64 {
	sign, exponent, fraction := 1.0, int(bits>>10&31), float64(bits&1023)
	if bits>>15 == 1 {
		sign = -1
	}
	switch exponent {
	case 0:
		return sign * math.Ldexp(fraction, -24)
	case 31:
		if fraction > 0 {
			return math.NaN()
		}
		return math.Inf(int(sign))
	}
	return sign * math.Ldexp(1024+fraction, exponent-25)
}

func appendText(dst []byte, v parquet.Value) []byte { return rawjson.AppendString(dst, v.ByteArray()) }

// appendJSON writes the value that a text holds; a text that is no JSON stays one.
func appendJSON(dst []byte, v parquet.Value) []byte {
	text := v.ByteArray()
	if rawjson.Valid(text) != nil {
		return rawjson.AppendString(dst, text)
	}
	return rawjson.AppendCompact(dst, text)
}

func appendUUID(dst []byte, v parquet.Value) []byte {
	id := v.ByteArray()
	dst = append(dst, '"')
	for i, part := range [][]byte{id[:4], id[4:6], id[6:8], id[8:10], id[10:16]} {
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, part)
	}
	return append(dst, '"')
}

// bytesAs is for bytes that nobody says more of. They are text unless the stream's schema names an encoding.
func bytesAs(property *protocol.Property) appendValue {
	encoding := ""
	if property != nil {
		encoding = property.ContentEncoding
	}
	switch encoding {
	case "base64":
		return func(dst []byte, v parquet.Value) []byte {
			return append(base64.StdEncoding.AppendEncode(append(dst, '"'), v.ByteArray()), '"')
		}
	case "base16":
		return func(dst []byte, v parquet.Value) []byte {
			return append(hex.AppendEncode(append(dst, '"'), v.ByteArray()), '"')
		}
	}
	return appendText
}

// decimal writes a number of so many digits behind the point, all of them.
func decimal(physical format.Type, scale int) appendValue {
	return func(dst []byte, v parquet.Value) []byte {
		start := len(dst)
		switch physical {
		case format.Int32, format.Int64:
			dst = strconv.AppendInt(dst, integer(physical, v), 10)
		default:
			unscaled := v.ByteArray()
			n := new(big.Int).SetBytes(unscaled)
			if len(unscaled) > 0 && unscaled[0] >= 0x80 {
				n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(unscaled))))
			}
			dst = n.Append(dst, 10)
		}
		if scale <= 0 {
			return dst
		}
		first := start
		if dst[start] == '-' {
			first++
		}
		for len(dst)-first <= scale {
			dst = append(dst, 0)
			copy(dst[first+1:], dst[first:])
			dst[first] = '0'
		}
		point := len(dst) - scale
		dst = append(dst, 0)
		copy(dst[point+1:], dst[point:])
		dst[point] = '.'
		return dst
	}
}

// appendInstant writes a time, with the word for UTC where it is known to be one.
func appendInstant(dst []byte, t time.Time, utc bool) []byte {
	layout := "T15:04:05.999999999"
	if utc {
		layout += "Z"
	}
	return append(appendDate(append(dst, '"'), t, layout), '"')
}

// appendDate writes a date, years before the first as PostgreSQL does, and what the layout says in between.
func appendDate(dst []byte, t time.Time, layout string) []byte {
	if t.Year() > 0 {
		return t.AppendFormat(dst, "2006-01-02"+layout)
	}
	// The same day of a year that has one: AddDate would move the 29th of February.
	dst = append(dst, fourDigits(1-t.Year())...)
	return append(t.AppendFormat(dst, "-01-02"+layout), " BC"...)
}

func fourDigits(year int) string {
	text := strconv.Itoa(year)
	return "0000"[min(len(text), 4):] + text
}

// julian is the time that old writers store as nanoseconds of a day and the number of the day since 4713 BC.
func julian(v deprecated.Int96) time.Time {
	const day1970 = 2440588
	nanos := int64(uint64(v[1])<<32 | uint64(v[0]))
	return time.Unix((int64(v[2])-day1970)*86400, nanos).UTC()
}

// appendInterval writes months, days and milliseconds, the way of ISO 8601.
func appendInterval(dst []byte, v parquet.Value) []byte {
	b := v.ByteArray()
	months, days, millis := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:]), binary.LittleEndian.Uint32(b[8:])
	dst = strconv.AppendUint(append(dst, `"P`...), uint64(months), 10)
	dst = strconv.AppendUint(append(dst, 'M'), uint64(days), 10)
	dst = strconv.AppendFloat(append(dst, "DT"...), float64(millis)/1000, 'f', -1, 64)
	return append(dst, `S"`...)
}
