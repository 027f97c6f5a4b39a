package columns

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
)

func TestTypeOf(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ schema, want string }{
		{`{"type":"boolean"}`, "boolean"},
		{`{"type":["null","integer"]}`, "bigint"},
		{`{"type":"integer","minimum":0,"maximum":255}`, "bigint"},
		{`{"type":"integer","maximum":9223372036854775807}`, "bigint"},
		{`{"type":"integer","maximum":9223372036854775808}`, "numeric"},
		{`{"type":"integer","minimum":-9223372036854775808}`, "bigint"},
		{`{"type":"integer","minimum":-1e30}`, "numeric"},
		{`{"type":["number","null"],"multipleOf":0.01}`, "numeric"},
		{`{"type":["integer","number"]}`, "numeric"},
		{`{"type":"string","maxLength":20}`, "text"},
		{`{"type":["null","string"],"format":"date-time"}`, "timestamptz"},
		{`{"type":"string","format":"date"}`, "date"},
		{`{"type":"string","format":"time"}`, "time"},
		{`{"type":"string","format":"duration"}`, "interval"},
		{`{"type":"string","format":"uuid"}`, "uuid"},
		{`{"type":"string","format":"email"}`, "text"},
		{`{"type":"string","format":"singer.decimal","precision":10,"scale":2}`, "numeric"},
		{`{"type":["string","number"],"format":"x-singer.decimal"}`, "numeric"},
		{`{"type":"string","contentEncoding":"base64"}`, "text"},
		{`{"type":["string","integer"]}`, "text"},
		{`{"type":["boolean","number"]}`, "text"},
		{`{"type":["string","integer"],"format":"date-time"}`, "text"},
		{`{"anyOf":[{"type":"string","format":"date-time"},{"type":"null"}]}`, "timestamptz"},
		{`{"anyOf":[{"type":"string","format":"date-time"},{"type":"string"}]}`, "text"},
		{`{"anyOf":[{"type":"string","format":"date"},{"type":"string","format":"date-time"},{"type":"null"}]}`, "timestamptz"},
		{`{"type":["object","null"],"properties":{"a":{"type":"string"}}}`, "jsonb"},
		{`{"type":"array","items":{"type":"integer"}}`, "jsonb"},
		{`{"type":["string","array"]}`, "jsonb"},
		{`{"type":"null"}`, "jsonb"},
		{`{}`, "jsonb"},
		{`{"type":"integer","x-sql-datatype":"smallint"}`, "smallint"},
		{`{"type":"string","x-sql-datatype":"VARCHAR(20)"}`, "varchar(20)"},
		{`{"type":"number","x-sql-datatype":"numeric(12, 2)"}`, "numeric(12,2)"},
		{`{"type":"array","x-sql-datatype":"vector(3)"}`, "jsonb"},
	} {
		s, err := protocol.ParseSchema([]byte(test.schema))
		require.NoError(t, err)
		require.Equal(t, test.want, TypeOf(s, Types{}).String(), test.schema)
	}
	for _, test := range []struct{ schema, plain, closest string }{
		{`{"type":"string","contentEncoding":"base16"}`, "text", "bytea"},
		{`{"type":["null","array"],"items":{"type":["null","string"]}}`, "jsonb", "text[]"},
		{`{"type":"array","items":{"type":"number"}}`, "jsonb", "numeric[]"},
		{`{"type":"array","items":{"type":"string","format":"date-time"}}`, "jsonb", "timestamptz[]"},
		{`{"type":"array","items":{"type":"string","x-sql-datatype":"varchar(3)"}}`, "jsonb", "varchar(3)[]"},
		{`{"type":"array","items":{"type":"array","items":{"type":"string"}}}`, "jsonb", "jsonb"},
		{`{"type":"array","items":{"type":"object"}}`, "jsonb", "jsonb"},
		{`{"type":"array","items":{}}`, "jsonb", "jsonb"},
		{`{"type":"array","items":[{"type":"string"},{"type":"integer"}]}`, "jsonb", "jsonb"},
		{`{"type":["string","array"],"items":{"type":"string"}}`, "jsonb", "jsonb"},
		{`{"type":"array","items":{"type":"string"},"x-sql-datatype":"text[]"}`, "text[]", "text[]"},
		{`{"type":"string","format":"ipv4"}`, "text", "inet"},
		{`{"type":"string","format":"ipvanynetwork"}`, "text", "inet"},
		{`{"anyOf":[{"type":"string","format":"ipv4"},{"type":"string","format":"ipv6"},{"type":"null"}]}`, "text", "text"},
	} {
		s, err := protocol.ParseSchema([]byte(test.schema))
		require.NoError(t, err)
		require.Equal(t, test.plain, TypeOf(s, Types{}).String(), test.schema)
		require.Equal(t, test.closest, TypeOf(s, closest).String(), test.schema)
	}
}

func TestParseType(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ spelling, want string }{
		{"boolean", "boolean"}, {"int4", "integer"}, {"smallint", "smallint"}, {"bigint", "bigint"},
		{"numeric", "numeric"}, {"numeric(10,2)", "numeric(10,2)"}, {"decimal(5)", "numeric(5,0)"}, {"numeric(3,-2)", "numeric(3,-2)"},
		{"real", "real"}, {"double precision", "double precision"},
		{"character varying", "varchar"}, {"character varying(20)", "varchar(20)"},
		{"character(3)", "char(3)"}, {"character", "char(1)"}, {"bpchar", "bpchar"},
		{"time without time zone", "time"}, {"time(3) with time zone", "timetz"}, {"time(3) without time zone", "time"},
		{"timestamp with time zone", "timestamptz"}, {"timestamp(0) with time zone", "timestamptz"}, {"timestamp without time zone", "timestamp"},
		{"integer[]", "integer[]"}, {"character varying(20)[]", "varchar(20)[]"}, {"timestamp with time zone[]", "timestamptz[]"}, {"inet", "inet"},
		{"interval", "interval"}, {"bytea", "bytea"}, {"jsonb", "jsonb"}, {"json", "json"}, {"uuid", "uuid"}, {"date", "date"}, {"text", "text"},
	} {
		got := ParseType(test.spelling)
		require.NotEqual(t, Other, got.Kind, test.spelling)
		require.Equal(t, test.want, got.String(), test.spelling)
		require.Equal(t, got, ParseType(got.String()), test.spelling)
	}
	for _, other := range []string{
		"integer[][]", "my.enum[]", "macaddr", `"char"`, "interval year to month", "my.enum", "numeric(x)", "",
	} {
		require.Equal(t, Type{Name: other}, ParseType(other))
	}
}

// One type holds another, is widened to it, or has variants beside it; which it is, is a table.
func TestHoldsAndWidened(t *testing.T) {
	t.Parallel()
	const holds, never = "holds", "variant"
	for _, test := range []struct{ have, want, outcome string }{
		{"bigint", "bigint", holds}, {"bigint", "smallint", holds}, {"smallint", "bigint", "bigint"}, {"integer", "bigint", "bigint"},
		{"bigint", "numeric", "numeric"}, {"numeric", "bigint", holds}, {"numeric", "double precision", holds},
		{"numeric(10,2)", "bigint", "numeric"}, {"numeric(25,2)", "bigint", holds}, {"numeric(10,2)", "numeric", "numeric"},
		{"numeric(10,2)", "numeric(12,2)", "numeric(12,2)"}, {"numeric(10,2)", "numeric(9,1)", holds}, {"numeric(10,2)", "numeric(10,4)", "numeric"},
		{"real", "numeric", "numeric"}, {"double precision", "numeric", holds}, {"double precision", "bigint", holds},
		{"bigint", "double precision", "numeric"},
		{"bigint", "text", "text"}, {"numeric", "text", "text"}, {"boolean", "text", "text"}, {"uuid", "text", "text"},
		{"date", "text", "text"}, {"timestamptz", "text", "text"}, {"interval", "text", "text"}, {"time", "text", "text"},
		{"text", "bigint", holds}, {"text", "timestamptz", holds}, {"text", "bytea", holds}, {"text", "jsonb", never},
		{"varchar", "uuid", holds}, {"varchar(20)", "text", "text"}, {"varchar(20)", "varchar(40)", "varchar(40)"},
		{"varchar(20)", "varchar(10)", holds}, {"varchar(20)", "boolean", "text"}, {"char(3)", "text", "text"},
		{"date", "timestamptz", "timestamptz"}, {"timestamptz", "date", holds}, {"timestamp", "timestamptz", holds}, {"time", "timestamptz", never},
		{"boolean", "bigint", never}, {"bigint", "boolean", never}, {"uuid", "bigint", never}, {"bigint", "timestamptz", never},
		{"bytea", "text", never}, {"text", "text", holds},
		{"jsonb", "text", holds}, {"jsonb", "bigint", holds}, {"json", "jsonb", holds}, {"bigint", "jsonb", never},
		{"inet", "text", "text"}, {"text", "inet", holds}, {"inet", "bigint", never}, {"macaddr", "text", never},
		{"integer[]", "jsonb", never}, {"jsonb", "integer[]", holds}, {"integer[]", "smallint[]", holds}, {"integer[]", "bigint[]", "bigint[]"},
		{"bigint[]", "numeric[]", "numeric[]"}, {"real[]", "numeric[]", "numeric[]"}, {"text[]", "bigint[]", holds}, {"bigint[]", "text[]", never},
		{"text[]", "text", never}, {"text", "text[]", never}, {"bigint[]", "bigint", never}, {"bigint[]", "timestamptz[]", never}, {"jsonb[]", "text[]", holds},
	} {
		have, want := ParseType(test.have), ParseType(test.want)
		got := never
		if have.Holds(want) {
			got = holds
		} else if wider, ok := have.widened(want); ok {
			got = wider.String()
			require.True(t, wider.Holds(want), "%s → %s", test.have, test.want)
			require.True(t, wider.Holds(have), "%s → %s", test.have, test.want)
		}
		require.Equal(t, test.outcome, got, "%s → %s", test.have, test.want)
	}
}
