package columns

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
)

// TestTablesPage holds the tables of docs/tables.md against the code.
//
//go:generate go test -run TestTablesPage -count 1 . -update
func TestTablesPage(t *testing.T) {
	t.Parallel()
	const path = "../../docs/tables.md"
	have, err := os.ReadFile(path)
	require.NoError(t, err)
	page := between(t, string(have), "types", typesTable(t))
	page = between(t, page, "changes", changesTable())
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(page), 0o644))
		return
	}
	require.Equal(t, page, string(have), "run make generate")
}

// between puts text behind a mark, up to the next end.
func between(t *testing.T, page, mark, text string) string {
	t.Helper()
	begin, rest, ok := strings.Cut(page, "<!-- "+mark+" -->\n")
	require.True(t, ok, mark)
	_, after, ok := strings.Cut(rest, "<!-- end -->")
	require.True(t, ok, mark)
	return begin + "<!-- " + mark + " -->\n" + text + "<!-- end -->" + after
}

func typesTable(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| schema | type | by setting |\n|---|---|---|\n")
	for _, row := range []struct {
		schema, setting string
		types           Types
	}{
		{schema: `{"type":"boolean"}`},
		{schema: `{"type":"integer"}`},
		{schema: `{"type":"integer","maximum":1e30}`},
		{schema: `{"type":"number"}`},
		{schema: `{"type":"string","format":"singer.decimal"}`},
		{schema: `{"type":"string"}`},
		{schema: `{"type":"string","format":"date-time"}`},
		{schema: `{"type":"string","format":"date"}`},
		{schema: `{"type":"string","format":"time"}`},
		{schema: `{"type":"string","format":"duration"}`},
		{schema: `{"type":"string","format":"uuid"}`},
		{schema: `{"type":"string","format":"ipv4"}`, setting: "ip_addresses: inet", types: Types{Addresses: true}},
		{schema: `{"type":"string","contentEncoding":"base64"}`, setting: "interpret_content_encoding", types: Types{Bytes: true}},
		{schema: `{"type":"array","items":{"type":"integer"}}`, setting: "arrays: native", types: Types{Arrays: true}},
		{schema: `{"type":"array","items":{"type":"object"}}`},
		{schema: `{"type":"object"}`},
		{schema: `{"type":["string","integer"]}`},
		{schema: `{"type":["string","object"]}`},
		{schema: `{"anyOf":[{"type":"string","format":"date-time"},{"type":"string"}]}`},
		{schema: `{}`},
		{schema: `{"type":"number","x-sql-datatype":"double precision"}`},
	} {
		s, err := protocol.ParseSchema([]byte(row.schema))
		require.NoError(t, err)
		setting := ""
		if row.setting != "" {
			setting = fmt.Sprintf("`%s`: %s", row.setting, TypeOf(s, row.types))
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", row.schema, TypeOf(s, Types{}), setting)
	}
	return b.String()
}

func changesTable() string {
	wanted := []string{"boolean", "bigint", "numeric", "text", "uuid", "date", "timestamptz", "time", "interval", "bytea", "inet", "jsonb", "bigint[]", "text[]"}
	var b strings.Builder
	b.WriteString("| |" + strings.Join(wanted, "|") + "|\n|---" + strings.Repeat("|---", len(wanted)) + "|\n")
	for _, have := range append([]string{"smallint", "integer", "double precision", "numeric(10,2)", "varchar(20)", "timestamp", "json"}, wanted...) {
		b.WriteString("| **" + have + "** |")
		for _, want := range wanted {
			cell := "+"
			if h, w := ParseType(have), ParseType(want); h.Holds(w) {
				cell = "✓"
			} else if wider, ok := h.widened(w); ok {
				cell = wider.String()
			}
			b.WriteString(cell + "|")
		}
		b.WriteByte('\n')
	}
	return b.String()
}
