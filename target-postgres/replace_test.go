package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/target-postgres/load"
	"github.com/signalroom/signalroom/target-postgres/server/servertest"
)

// wholeSet is a replace of the stream whole that is large where segments have 64 bytes; one key comes twice.
func wholeSet(version int, rows int) string {
	var b strings.Builder
	b.WriteString(`{"type":"SCHEMA","stream":"whole","key_properties":["n"],"schema":{"x-write-disposition":"replace","properties":{"n":{"type":"integer"},"v":{"type":"integer"}}}}` + "\n")
	for n := range rows {
		fmt.Fprintf(&b, `{"type":"RECORD","stream":"whole","version":%d,"record":{"n":%d,"v":%d}}`+"\n", version, n, version)
	}
	fmt.Fprintf(&b, `{"type":"RECORD","stream":"whole","version":%d,"record":{"n":7,"v":-1}}`+"\n", version)
	return b.String()
}

func activated(version int) string {
	return fmt.Sprintf(`{"type":"ACTIVATE_VERSION","stream":"whole","version":%d}`+"\n"+`{"type":"STATE","value":%[1]d}`+"\n", version)
}

// With replace_by truncate a large set goes into an emptied table, which stays the same table; where TRUNCATE is not possible, or is not
// the same as deleting every row, rows are deleted. The new set is there either way, and the old one when the tap dies.
func TestReplaceByTruncate(t *testing.T) {
	t.Parallel()
	const rows, old = 200, 5
	const table = "CREATE TABLE whole (n bigint PRIMARY KEY, v bigint); INSERT INTO whole SELECT -i, 0 FROM generate_series(1, 5) i;\n"
	for _, c := range []struct {
		name      string
		setup     string // $R is the role
		truncated bool
		says      string
	}{
		{"plain", `CREATE VIEW wholes AS SELECT * FROM whole; GRANT SELECT ON whole TO pg_monitor; COMMENT ON TABLE whole IS 'kept'`, true, ""},
		{"partitions", `DROP TABLE whole; CREATE TABLE whole (n bigint PRIMARY KEY, v bigint) PARTITION BY RANGE (n);
			CREATE TABLE low PARTITION OF whole FOR VALUES FROM (MINVALUE) TO (0); CREATE TABLE high PARTITION OF whole DEFAULT;
			INSERT INTO whole SELECT -i, 0 FROM generate_series(1, 5) i; GRANT ALL ON whole TO $R`, true, ""},
		{"foreign key", `CREATE TABLE child (n bigint REFERENCES whole ON DELETE SET NULL); INSERT INTO child VALUES (-1)`, false, ""},
		{"trigger", `CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END';
			CREATE TRIGGER no BEFORE TRUNCATE ON whole EXECUTE FUNCTION no()`, false, "a trigger fires on TRUNCATE"},
		{"publication", `CREATE PUBLICATION p FOR TABLE whole WITH (publish = 'insert, update, delete')`, false, "a publication does not pass TRUNCATE on"},
		{"privilege", `REVOKE TRUNCATE ON whole FROM $R`, false, "lacks TRUNCATE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dsn := servertest.Database(t)
			names, as := roles(t, dsn, "LOGIN PASSWORD 'p'")
			of := strings.NewReplacer("$R", names[0])
			_, err := servertest.Connect(t, dsn).PgConn().Exec(t.Context(), of.Replace("GRANT CREATE ON SCHEMA public TO $R;"+table+"GRANT ALL ON whole TO $R;"+c.setup)).ReadAll()
			require.NoError(t, err)
			const files = "SELECT string_agg(pg_relation_filenode(oid)::text, ' ' ORDER BY oid) FROM pg_class WHERE relname IN ('whole', 'low') AND relkind = 'r'"
			before := answers(t, dsn, files)
			from := input{args: []string{"--dsn=" + as, "--replace-by=truncate", "--add-record-metadata=false"}, limits: load.Limits{Segment: 64}}

			from.stdin = wholeSet(1, rows)
			r := run(t, dsn, from)
			require.Equal(t, 3, r.code, r.stderr)
			require.Contains(t, r.stderr, "the old rows stay")
			require.Equal(t, "5 | 0\n", answers(t, dsn, "SELECT count(*), sum(v) FROM whole"))

			from.stdin += activated(1)
			r = run(t, dsn, from)
			require.Zero(t, r.code, r.stderr)
			require.Contains(t, r.stderr, c.says)
			require.Equal(t, c.says != "", strings.Contains(r.stderr, "deleted, not truncated"))
			require.Equal(t, fmt.Sprintf("%d | %d | %d\n", rows, rows-2, 0), answers(t, dsn, "SELECT count(*), sum(v), min(n) FROM whole"))
			require.Equal(t, fmt.Sprintf("%d | %d\n", old, rows), answers(t, dsn, "SELECT sum(deleted), sum(inserted) FROM _signalroom_loads"))
			require.Equal(t, c.truncated, answers(t, dsn, files) != before)
			if c.name == "plain" {
				require.Equal(t, "200 | kept | t\n", answers(t, dsn, "SELECT (SELECT count(*) FROM wholes), obj_description('whole'::regclass), has_table_privilege('pg_monitor', 'whole', 'SELECT')"))
			}
		})
	}
}

// A reader that holds the table for longer than lock_timeout keeps nobody from replacing it: its rows are deleted.
func TestReplaceByTruncateGivesWay(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	args := []string{"--replace-by=truncate", "--lock-timeout=0.05", "--add-record-metadata=false"}
	from := input{args: args, stdin: wholeSet(1, 200) + activated(1), limits: load.Limits{Segment: 64}}
	require.Zero(t, run(t, dsn, from).code)
	reader := servertest.Connect(t, dsn)
	_, err := reader.Exec(t.Context(), "BEGIN ISOLATION LEVEL REPEATABLE READ")
	require.NoError(t, err)
	var n int
	require.NoError(t, reader.QueryRow(t.Context(), "SELECT count(*) FROM whole").Scan(&n))
	from.stdin = wholeSet(2, 200) + activated(2)
	r := run(t, dsn, from)
	require.Zero(t, r.code, r.stderr)
	require.Contains(t, r.stderr, "other sessions hold the table")
	require.NoError(t, reader.QueryRow(t.Context(), "SELECT sum(v) FROM whole").Scan(&n))
	require.Equal(t, 198, n, "the reader still sees the old rows")
	require.Equal(t, "200 | 397\n", answers(t, dsn, "SELECT count(*), sum(v) FROM whole"))
}
