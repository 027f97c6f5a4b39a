package values

import (
	"encoding/binary"
	"time"
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

// AppendText appends a field of type text. The text is UTF-8 without U+0000.
func AppendText(dst []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint32(dst, uint32(len(s))), s...)
}
