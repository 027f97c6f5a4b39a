package values

import (
	"encoding/json"
	"math/big"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/columns"
)

// A cell is one value of the benchmark's row.
type cell struct {
	schema, raw string
	oid         uint32
	decoded     any // what a loader holds that unmarshals records
}

// row is an analytics event of 11 columns.
func row() []cell {
	const properties = `{"$browser":"Firefox","$browser_version":128,"$current_url":"https://shop.example.com/en/products/blue-widget?utm_source=mail\u0026utm_medium=spring",` +
		`"$os":"Linux","$screen_height":1080,"$screen_width":1920,"$session_id":"0190a5c3-7d1e-7c3b-9f3a-0b6d2c4e8f10","plan":"pro","price":49.9,"tags":["a","b"]}`
	text := func(s string) cell { return cell{aString, `"` + s + `"`, pgtype.TextOID, s} }
	at := func(s string) cell {
		moment, _ := time.Parse(time.RFC3339Nano, s)
		return cell{aDateTime, `"` + s + `"`, pgtype.TimestamptzOID, moment}
	}
	return []cell{
		text("acme"),
		{aUUID, `"0190a5c3-7d1e-7c3b-9f3a-0b6d2c4e8f10"`, pgtype.UUIDOID,
			[16]byte{0x01, 0x90, 0xa5, 0xc3, 0x7d, 0x1e, 0x7c, 0x3b, 0x9f, 0x3a, 0x0b, 0x6d, 0x2c, 0x4e, 0x8f, 0x10}},
		text("$pageview"),
		text("user_8412097@example.com"),
		at("2026-07-01T12:34:56.789012Z"),
		at("2026-07-01T12:35:01.123Z"),
		{anInteger, `184467440737095`, pgtype.Int8OID, int64(184467440737095)},
		{aNumber, `49.90`, pgtype.NumericOID, pgtype.Numeric{Int: big.NewInt(4990), Exp: -2, Valid: true}},
		{aBoolean, `true`, pgtype.BoolOID, true},
		text("https://shop.example.com/en/products/blue-widget"),
		{anObject, properties, pgtype.JSONBOID, properties},
	}
}

// From the JSON of a record's members to the fields of a COPY row.
func BenchmarkRow(b *testing.B) {
	cells := row()
	encoders := make([]Encoder, len(cells))
	raw := make([][]byte, len(cells))
	size := 0
	for i, c := range cells {
		s, err := protocol.ParseSchema([]byte(c.schema))
		require.NoError(b, err)
		encoders[i], err = New(s, columns.TypeOf(s, columns.Types{}))
		require.NoError(b, err)
		raw[i] = []byte(c.raw)
		size += len(c.raw)
	}
	var dst []byte
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		dst = dst[:0]
		for i := range encoders {
			var err error
			if dst, err = encoders[i].Append(dst, raw[i]); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// The same row by pgx, from values that somebody has decoded already.
func BenchmarkRowByPgx(b *testing.B) {
	cells := row()
	m := pgtype.NewMap()
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = dst[:0]
		for _, c := range cells {
			var err error
			if dst, err = m.Encode(c.oid, pgtype.BinaryFormatCode, c.decoded, append(dst, 0, 0, 0, 0)); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// The same row by encoding/json and pgx, from the JSON of its members.
func BenchmarkRowByJSONAndPgx(b *testing.B) {
	cells := row()
	m := pgtype.NewMap()
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = dst[:0]
		for _, c := range cells {
			value := c.decoded
			var err error
			switch c.oid {
			case pgtype.TextOID:
				var s string
				err = json.Unmarshal([]byte(c.raw), &s)
				value = s
			case pgtype.UUIDOID:
				var id pgtype.UUID
				err = json.Unmarshal([]byte(c.raw), &id)
				value = id
			case pgtype.Int8OID:
				var n int64
				err = json.Unmarshal([]byte(c.raw), &n)
				value = n
			case pgtype.NumericOID:
				var n pgtype.Numeric
				err = json.Unmarshal([]byte(c.raw), &n)
				value = n
			case pgtype.TimestamptzOID:
				var at time.Time
				err = json.Unmarshal([]byte(c.raw), &at)
				value = at
			}
			if err != nil {
				b.Fatal(err)
			}
			if dst, err = m.Encode(c.oid, pgtype.BinaryFormatCode, value, append(dst, 0, 0, 0, 0)); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, c := range row() {
		s, err := protocol.ParseSchema([]byte(c.schema))
		require.NoError(b, err)
		typ := columns.TypeOf(s, columns.Types{})
		e, err := New(s, typ)
		require.NoError(b, err)
		raw := []byte(c.raw)
		var dst []byte
		b.Run(typ.String()+"/"+c.raw[:min(12, len(c.raw))], func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			for b.Loop() {
				if dst, err = e.Append(dst[:0], raw); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
