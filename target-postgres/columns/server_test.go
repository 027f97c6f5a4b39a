package columns

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/target-postgres/server/servertest"
)

// The server makes of every plan what the plan says, writes tables anew only where it says so, and keeps the values.
func TestServerMakesTheChanges(t *testing.T) {
	t.Parallel()
	conn := servertest.Connect(t, servertest.Database(t))
	for i, test := range diffCases() {
		name := Table{Schema: "public", Name: Ident(fmt.Sprintf("%s %d", test.name, i))}
		have := table(t, test.have...)
		makeTable(t, conn, name, have)
		want := FromStream(stream(t, test.schema, test.key...), test.with)
		plan := Diff(have, want, test.options)
		for _, c := range plan.Changes {
			before := fileOf(t, conn, name)
			for _, statement := range c.SQL(name) {
				_, err := conn.Exec(t.Context(), statement)
				require.NoError(t, err, "%s: %s", test.name, statement)
			}
			require.Equal(t, c.Rewrites, before != fileOf(t, conn, name), "%s: %v", test.name, c.SQL(name))
		}
		types := typesOf(t, conn, name)
		for _, p := range plan.Places {
			if p.Column.Name != "" && len(plan.Breaches)+len(plan.Conflicts) == 0 {
				require.Equal(t, p.Column.Type, types[p.Column.Name], "%s: %s", test.name, p.Column.Name)
			}
		}
	}
}

func TestServerCreates(t *testing.T) {
	t.Parallel()
	conn := servertest.Connect(t, servertest.Database(t))
	want := FromStream(stream(t, orders, "client_id", "id"), Options{Metadata: AllMetadata, Extra: true})
	want = append(want, Column{Name: `odd "name", 'too' \ ` + Ident(strings.Repeat("é", 19)), Type: Type{Kind: Numeric, Precision: 5, Scale: 1}, Comment: `a 'b' \c`})
	name := Table{Schema: "public", Name: `Orders "of" a.shop`}
	for _, statement := range new(Physical).Create(name, want, `it's "here" \`, false) {
		_, err := conn.Exec(t.Context(), statement)
		require.NoError(t, err, statement)
	}
	types := typesOf(t, conn, name)
	require.Len(t, types, len(want))
	for _, c := range want {
		require.Equal(t, c.Type, types[c.Name], c.Name)
	}
	var comment string
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT obj_description($1::regclass) || '|' || col_description($1::regclass, $2)",
		name.String(), len(want)).Scan(&comment))
	require.Equal(t, `it's "here" \|a 'b' \c`, comment)
}

// What a column holds means the same after it is widened.
func TestServerKeepsValues(t *testing.T) {
	t.Parallel()
	conn := servertest.Connect(t, servertest.Database(t))
	for i, test := range []struct{ from, to, value, want string }{
		{"smallint", "bigint", "-3", "-3"},
		{"bigint", "numeric", "9223372036854775807", "9223372036854775807"},
		{"numeric", "text", "1.50", "1.50"},
		{"real", "numeric", "0.1", "0.1"},
		{"double precision", "numeric", "0.1234567890123456789", "0.12345678901234568"},
		{"boolean", "text", "t", "true"},
		{"date", "timestamptz", "2026-07-01", "2026-07-01 02:00:00+02"},
		{"date", "text", "2026-07-01", "2026-07-01"},
		{"timestamptz", "text", "2026-07-01 10:00:00.5+03", "2026-07-01T07:00:00.5Z"},
		{"timestamptz", "text", "infinity", "infinity"},
		{"timestamp", "text", "2026-07-01 10:00:00", "2026-07-01T10:00:00"},
		{"uuid", "text", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
		{"char(3)", "text", "a", "a"},
		{"inet", "text", "10.0.0.1", "10.0.0.1"},
		{"inet", "text", "fe80::1/10", "fe80::1/10"},
		{"real[]", "numeric[]", "{0.1,NULL}", "{0.1,NULL}"},
		{"bigint[]", "numeric[]", "{1}", "{1}"},
		{"bigint", "jsonb", "12", "12"},
		{"text", "jsonb", `say "x"`, `"say \"x\""`},
	} {
		name := Table{Name: Ident(fmt.Sprintf("kept_%d", i))}
		from, to := ParseType(test.from), ParseType(test.to)
		change := Change{Action: Widen, Column: Column{Name: "v", Type: to}, From: from}
		statements := append([]string{
			"SET TIME ZONE 'Europe/Berlin'; SET datestyle = 'German'",
			"CREATE TABLE " + name.String() + " (v " + from.String() + ")",
			"INSERT INTO " + name.String() + " VALUES (" + Literal(test.value) + ")",
		}, change.SQL(name)...)
		for _, statement := range append(statements, "SET datestyle = 'ISO'") {
			_, err := conn.Exec(t.Context(), statement)
			require.NoError(t, err, statement)
		}
		var got string
		require.NoError(t, conn.QueryRow(t.Context(), "SELECT v::text FROM "+name.String()).Scan(&got))
		require.Equal(t, test.want, got, "%s → %s", test.from, test.to)
	}
}

func makeTable(t *testing.T, conn *pgx.Conn, name Table, have []Column) {
	t.Helper()
	var lines, pinned []string
	for _, c := range have {
		line := c.Name.String() + " " + c.Type.String()
		switch {
		case c.ReadOnly && c.Type.Kind == Bigint:
			line += " GENERATED ALWAYS AS IDENTITY"
		case c.ReadOnly:
			line += " GENERATED ALWAYS AS (true) STORED"
		case c.Default:
			line += " DEFAULT 'x'"
		}
		if c.NotNull {
			line += " NOT NULL"
		}
		if c.Pinned {
			pinned = append(pinned, c.Name.String())
		}
		if c.Linked {
			line += " CHECK (" + c.Name.String() + " > " + map[Kind]string{Integer: "0", Bigint: "0", Date: "'2000-01-01'::date"}[c.Type.Kind] + ")"
		}
		lines = append(lines, line)
	}
	statements := []string{"CREATE TABLE " + name.String() + " (" + strings.Join(lines, ", ") + ")"}
	if statement := AddKey(name, key(have)); statement != "" {
		statements = append(statements, statement)
	}
	if len(pinned) > 0 {
		statements = append(statements, "CREATE VIEW "+Ident("of "+string(name.Name)).String()+" AS SELECT "+strings.Join(pinned, ", ")+" FROM "+name.String())
	}
	for _, statement := range statements {
		_, err := conn.Exec(t.Context(), statement)
		require.NoError(t, err, statement)
	}
}

func fileOf(t *testing.T, conn *pgx.Conn, name Table) (file uint32) {
	t.Helper()
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT pg_relation_filenode($1::regclass)", name.String()).Scan(&file))
	return file
}

func typesOf(t *testing.T, conn *pgx.Conn, name Table) map[Ident]Type {
	t.Helper()
	rows, err := conn.Query(context.Background(), `SELECT attname::text, format_type(atttypid, atttypmod) FROM pg_attribute
		WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped`, name.String())
	require.NoError(t, err)
	types := map[Ident]Type{}
	var column, spelling string
	_, err = pgx.ForEachRow(rows, []any{&column, &spelling}, func() error {
		types[Ident(column)] = ParseType(spelling)
		return nil
	})
	require.NoError(t, err)
	return types
}
