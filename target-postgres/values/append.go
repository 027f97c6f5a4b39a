package values

import (
	"encoding/binary"
	"strconv"
	"time"

	"github.com/signalroom/signalroom/target-postgres/columns"
)

// AppendNull appends a null field.
func AppendNull(dst []byte) []byte { return append(dst, 0xff, 0xff, 0xff, 0xff) }

// AppendBigint appends a field of type bigint.
func AppendBigint(dst []byte, v int64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, 0, 0, 0, 8), uint64(v))
}

// AppendTimestamptz appends a field of type timestamptz, with the microseconds that it can hold.
func AppendTimestamptz(dst []byte, t time.Time) []byte {
	const epoch = 946684800_000_000 // 2000-01-01 in microseconds since 1970
	return AppendBigint(dst, t.UnixMicro()-epoch)
}

// AppendInt appends a number that the program knows to a column of whatever type, as Append does its literal.
func (e *Encoder) AppendInt(dst []byte, n int64) ([]byte, error) {
	if e.column.Kind == columns.Bigint {
		return AppendBigint(dst, n), nil
	}
	var literal [20]byte
	return e.Append(dst, strconv.AppendInt(literal[:0], n, 10))
}

// AppendTime appends an instant that the program knows to a column of whatever type, as Append does its RFC 3339 form.
func (e *Encoder) AppendTime(dst []byte, t time.Time) ([]byte, error) {
	if e.column.Kind == columns.Timestamptz || e.column.Kind == columns.Timestamp {
		return AppendTimestamptz(dst, t), nil
	}
	var literal [40]byte
	return e.Append(dst, t.UTC().AppendFormat(literal[:0], `"2006-01-02T15:04:05.000000Z"`))
}
