package values

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"net/netip"
	"testing"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/target-postgres/columns"
)

// fuzzed are the types with what reads their binary form.
func fuzzed() []struct {
	column string
	oid    uint32
	into   func() any
} {
	return []struct {
		column string
		oid    uint32
		into   func() any
	}{
		{"boolean", pgtype.BoolOID, func() any { return new(pgtype.Bool) }},
		{"smallint", pgtype.Int2OID, func() any { return new(pgtype.Int2) }},
		{"integer", pgtype.Int4OID, func() any { return new(pgtype.Int4) }},
		{"bigint", pgtype.Int8OID, func() any { return new(pgtype.Int8) }},
		{"numeric", pgtype.NumericOID, func() any { return new(pgtype.Numeric) }},
		{"numeric(12,4)", pgtype.NumericOID, func() any { return new(pgtype.Numeric) }},
		{"real", pgtype.Float4OID, func() any { return new(pgtype.Float4) }},
		{"double precision", pgtype.Float8OID, func() any { return new(pgtype.Float8) }},
		{"text", pgtype.TextOID, func() any { return new(pgtype.Text) }},
		{"varchar(5)", pgtype.VarcharOID, func() any { return new(pgtype.Text) }},
		{"char(5)", pgtype.BPCharOID, func() any { return new(pgtype.Text) }},
		{"uuid", pgtype.UUIDOID, func() any { return new(pgtype.UUID) }},
		{"date", pgtype.DateOID, func() any { return new(pgtype.Date) }},
		{"time", pgtype.TimeOID, func() any { return new(pgtype.Time) }},
		{"timestamptz", pgtype.TimestamptzOID, func() any { return new(pgtype.Timestamptz) }},
		{"timestamp", pgtype.TimestampOID, func() any { return new(pgtype.Timestamp) }},
		{"interval", pgtype.IntervalOID, func() any { return new(pgtype.Interval) }},
		{"bytea", pgtype.ByteaOID, func() any { return new([]byte) }},
		{"jsonb", pgtype.JSONBOID, func() any { return new([]byte) }},
		{"json", pgtype.JSONOID, func() any { return new([]byte) }},
		{"inet", pgtype.InetOID, func() any { return new(netip.Prefix) }},
		{"bigint[]", pgtype.Int8ArrayOID, func() any { return new(pgtype.Array[pgtype.Int8]) }},
		{"text[]", pgtype.TextArrayOID, func() any { return new(pgtype.Array[pgtype.Text]) }},
		{"timestamptz[]", pgtype.TimestamptzArrayOID, func() any { return new(pgtype.Array[pgtype.Timestamptz]) }},
	}
}

// Whatever comes, nothing panics; what is refused leaves no trace; what is accepted is a field that pgx can read; its key
// is equal to itself, and text holds nothing that the server refuses.
func FuzzAppend(f *testing.F) {
	for i, typ := range fuzzed() {
		for _, c := range valueCases() {
			if _, column := c.encoder(f); len(c.raw) < 1000 && column.String() == typ.column {
				f.Add(byte(i), []byte(c.raw))
			}
		}
	}
	f.Fuzz(func(t *testing.T, which byte, raw []byte) {
		types := fuzzed()
		typ := types[int(which)%len(types)]
		column := columns.ParseType(typ.column)
		e, err := New(nil, column)
		require.NoError(t, err)
		field, err := e.Append([]byte("x"), raw)
		if err != nil {
			require.Equal(t, "x", string(field))
			return
		}
		field = field[1:]
		if len(raw) == 0 || rawjson.KindOf(raw) == rawjson.Null {
			require.Equal(t, AppendNull(nil), field)
			return
		}
		require.Len(t, field[4:], int(binary.BigEndian.Uint32(field)))
		if rawjson.Valid(raw) != nil {
			return // the reader lets nothing of the sort through
		}
		if column.Kind == columns.Text || column.Kind == columns.Varchar || column.Kind == columns.Char {
			require.True(t, utf8.Valid(field[4:]) && bytes.IndexByte(field[4:], 0) < 0, "%s: %s", typ.column, raw)
		}
		if column.Kind == columns.Numeric && len(field) > 1000 {
			return // pgx takes a while
		}
		into := typ.into()
		require.NoError(t, pgtype.NewMap().Scan(typ.oid, pgtype.BinaryFormatCode, field[4:], into), "%s: %s", typ.column, raw)
		if document, ok := into.(*[]byte); ok && column.Kind != columns.Bytea {
			require.True(t, json.Valid(*document) && utf8.Valid(*document), "%s: %s", typ.column, raw)
			require.True(t, isLoadable(*document) || bytes.ContainsAny(*document, "NI"), "%s: %s", typ.column, raw)
		}
	})
}
