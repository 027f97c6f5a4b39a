package values

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/columns"
)

func TestNewRefusesUnknownTypes(t *testing.T) {
	t.Parallel()
	_, err := New(nil, columns.ParseType("money"))
	require.ErrorContains(t, err, "money")
}

func TestTallyCountsReplacements(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		column, raw string
		want        Tally
	}{
		{"text", `"plain"`, Tally{}},
		{"text", `"a\u0000b\u0000"`, Tally{NUL: 2}},
		{"text", `"\ud800\ud800\udc00\udfff"`, Tally{Malformed: 2}},
		{"text", "\"\xff\xc3\"", Tally{Malformed: 2}},
		{"jsonb", `{"a\u0000":["\u0000","\ud800",NaN,"NaN"],"b":-Infinity}`, Tally{NUL: 2, Malformed: 1, NonFinite: 2}},
		{"jsonb", "[\"\xff\"]", Tally{Malformed: 1}},
	} {
		e, err := New(nil, columns.ParseType(test.column))
		require.NoError(t, err)
		_, err = e.Append(nil, []byte(test.raw))
		require.NoError(t, err)
		require.Equal(t, test.want, e.Tally(), test.raw)
	}
}

// Every value that is accepted by the encoder of a column is the same for the helpers that make fields from Go values.
func TestHelpersAgreeWithEncoders(t *testing.T) {
	t.Parallel()
	moment := time.Date(2026, 7, 1, 12, 34, 56, 123456789, time.FixedZone("", 7200))
	for _, test := range []struct {
		column, raw string
		got         []byte
	}{
		{"bigint", `-5`, AppendBigint(nil, -5)},
		{"text", `"é"`, []byte{0, 0, 0, 2, 0xc3, 0xa9}},
		{"timestamptz", `"2026-07-01T10:34:56.123456Z"`, AppendTimestamptz(nil, moment)},
		{"timestamptz", `"1969-12-31T23:59:59.999999Z"`, AppendTimestamptz(nil, time.Unix(0, -1))},
		{"bigint", `null`, AppendNull(nil)},
	} {
		e, err := New(nil, columns.ParseType(test.column))
		require.NoError(t, err)
		want, err := e.Append(nil, []byte(test.raw))
		require.NoError(t, err)
		require.Equal(t, want, test.got, test.raw)
	}
}

// What the program knows goes into metadata columns that others made, too: numeric, text, jsonb.
func TestKnownValuesGoIntoAnyColumn(t *testing.T) {
	t.Parallel()
	moment := time.Date(2026, 7, 1, 12, 34, 56, 123456789, time.FixedZone("", 7200))
	for _, test := range []struct{ column, number, instant string }{
		{"bigint", `1782902096123`, ""},
		{"numeric", `1782902096123`, ""},
		{"double precision", `1782902096123`, ""},
		{"integer", "", ""},
		{"text", `1782902096123`, `"2026-07-01T10:34:56.123456Z"`},
		{"jsonb", `1782902096123`, `"2026-07-01T10:34:56.123456Z"`},
		{"timestamptz", "", `"2026-07-01T10:34:56.123456Z"`},
		{"timestamp", "", `"2026-07-01T10:34:56.123456Z"`},
		{"boolean", "", ""},
	} {
		e, err := New(nil, columns.ParseType(test.column))
		require.NoError(t, err)
		check := func(raw string, got []byte, err error) {
			if raw == "" {
				require.Error(t, err, test.column)
				return
			}
			require.NoError(t, err, test.column)
			want, err := e.Append(nil, []byte(raw))
			require.NoError(t, err)
			require.Equal(t, want, got, test.column)
		}
		got, err := e.AppendInt(nil, 1782902096123)
		check(test.number, got, err)
		got, err = e.AppendTime(nil, moment)
		check(test.instant, got, err)
	}
}

// A problem is reported without the value.
func TestProblemsHoldNoValues(t *testing.T) {
	t.Parallel()
	said := map[Reason]string{}
	for _, test := range valueCases() {
		e, typ := test.encoder(t)
		_, err := e.Append(nil, []byte(test.raw))
		if err == nil {
			continue
		}
		p := err.(*Problem)
		require.Equal(t, typ, p.Type)
		require.NotEqual(t, string(p.Reason), p.Error(), "every reason has words")
		if len(test.raw) > 4 {
			require.NotContains(t, p.Error(), strings.Trim(test.raw, `"`))
		}
		said[p.Reason] = p.Error()
	}
	require.Len(t, said, 6, "every reason has a case")
}

func TestAppendAllocatesNothing(t *testing.T) {
	more := []cell{{schema: arrayOf(aString), raw: `["a", null, "b"]`}, {schema: arrayOf(anInteger), raw: `[1,2]`}, {schema: anAddress, raw: `"10.0.0.1"`}}
	for _, column := range append(row(), more...) {
		s, err := protocol.ParseSchema([]byte(column.schema))
		require.NoError(t, err)
		e, err := New(s, columns.TypeOf(s, columns.Types{Arrays: true, Addresses: true}))
		require.NoError(t, err)
		dst, raw := make([]byte, 0, 4096), []byte(column.raw)
		require.Zero(t, testing.AllocsPerRun(100, func() {
			if _, err := e.Append(dst, raw); err != nil {
				t.Error(err)
			}
		}), column.raw)
	}
}
