package main

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/target-postgres/load"
	"github.com/signalroom/signalroom/target-postgres/server/servertest"
)

// wideSchema is a SCHEMA of a key and so many integers.
func wideSchema(stream string, properties int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"type":"SCHEMA","stream":%q,"key_properties":["id"],"schema":{"properties":{`, stream)
	for i := range properties {
		fmt.Fprintf(&b, `"p%d":{"type":["null","integer"]},`, i)
	}
	return b.String() + `"id":{"type":"integer"}}}}` + "\n"
}

// A stream has more properties than a table takes columns: the rest is in _extra. A row that no page takes costs itself.
func TestMorePropertiesThanColumns(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	var full strings.Builder
	full.WriteString(`{"type":"RECORD","stream":"wide","record":{"id":3`)
	for i := range 2000 {
		fmt.Fprintf(&full, `,"p%d":%d`, i, i)
	}
	full.WriteString("}}\n")
	in := wideSchema("wide", 2000) + `{"type":"RECORD","stream":"wide","record":{"id":1,"p0":1,"p1999":null}}
{"type":"RECORD","stream":"wide","record":{"id":2,"p0":1,"p1589":2,"p1590":3,"p1999":4,"p1998":null,"more":5}}
` + full.String() + `{"type":"STATE","value":1}
{"type":"RECORD","stream":"wide","record":{"id":1,"p0":2,"p1999":9}}
{"type":"STATE","value":2}
`
	for range 2 {
		r := run(t, dsn, input{stdin: in, args: []string{"--batch-wait-seconds=0"}})
		require.Zero(t, r.code, r.stderr)
		require.Contains(t, r.stderr, "values of the properties beyond go to _extra stream=wide properties=410")
	}
	require.Equal(t, `1599
1 | 2 | ∅ | {"p1999": 9}
2 | 1 | 2 | {"more": 5, "p1590": 3, "p1999": 4}
54000 | {"id":3}
`, answers(t, dsn, `SELECT relnatts FROM pg_class WHERE oid = 'wide'::regclass;
SELECT id, p0, p1589, _extra FROM wide ORDER BY id;
SELECT DISTINCT sqlstate, key FROM _signalroom_rejects`))
}

// Columns that were dropped count until the table is made anew.
func TestDroppedColumnsTakeRoom(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	for table, dropped := range map[string]int{"t1": 1590, "t2": 1598} {
		var columns, drops []string
		for i := range dropped {
			columns = append(columns, fmt.Sprintf("d%d integer", i))
			drops = append(drops, fmt.Sprintf("DROP d%d", i))
		}
		answers(t, dsn, fmt.Sprintf("CREATE TABLE %[1]s (id bigint PRIMARY KEY, %[2]s); ALTER TABLE %[1]s %[3]s",
			table, strings.Join(columns, ", "), strings.Join(drops, ", ")))
	}
	r := run(t, dsn, input{stdin: wideSchema("t1", 2) + `{"type":"RECORD","stream":"t1","record":{"id":1,"p0":1,"p1":2}}` + "\n"})
	require.Zero(t, r.code, r.stderr)
	require.Equal(t, "1 | {\"p0\": 1, \"p1\": 2}\n", answers(t, dsn, "SELECT id, _extra FROM t1"))
	r = run(t, dsn, input{stdin: wideSchema("t2", 2)})
	require.Equal(t, 2, r.code)
	require.Contains(t, r.stderr, `"public"."t2" has no room for the key and for columns of our own`)
	require.Contains(t, r.stderr, "columns that were dropped count")
}

// Several runs give one table the same new columns, and widen the same old one, at once.
func TestRunsAlterOneTableTogether(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	answers(t, dsn, "CREATE TABLE t (id bigint PRIMARY KEY, n integer, note text); CREATE VIEW v AS SELECT note FROM t")
	const runs = 6
	var running sync.WaitGroup
	results := make([]result, runs)
	for i := range runs {
		running.Go(func() {
			in := fmt.Sprintf(`{"type":"SCHEMA","stream":"t","key_properties":["id"],"schema":{"properties":{"id":{"type":"integer"},"n":{"type":"number"},"a":{"type":"string"},"own%d":{"type":"integer"},"note":{"type":"object"}}}}
{"type":"RECORD","stream":"t","record":{"id":%d,"n":0.5,"a":"x","own%d":1,"note":{"k":1}}}
{"type":"RECORD","stream":"t","record":{"id":%d,"n":0.5,"a":"x","own%d":1,"note":{"k":1},"undeclared":1}}
{"type":"STATE","value":1}
`, i, i, i, i+runs, i)
			results[i] = run(t, dsn, input{stdin: in, args: []string{fmt.Sprintf("--pipeline=p%d", i)}, limits: load.Limits{Segment: 64, Open: 256, Sent: 256}})
		})
	}
	running.Wait()
	for _, r := range results {
		require.Zero(t, r.code, r.stderr)
	}
	require.Equal(t, `12 | 6.0 | 12 | 12 | 6
numeric
`, answers(t, dsn, `SELECT count(*), sum(n), count(a), count(note__jsonb), count(_extra) FROM t;
SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'n'`))
}

// Whoever runs the printed plan has the tables that the run would have made, and then the run makes nothing more.
func TestPlanMakesTheSameTables(t *testing.T) {
	t.Parallel()
	const setup = `CREATE TABLE old (id integer, client text, n smallint, total real, ns integer[], note varchar(10) NOT NULL, at date, seen integer, gone text NOT NULL, PRIMARY KEY (id));
CREATE VIEW v AS SELECT seen FROM old;
INSERT INTO old VALUES (1, 'a', 1, 0.1, '{1}', 'x', '2026-07-01', 1, 'y')`
	const in = `{"type":"SCHEMA","stream":"new","key_properties":["id"],"schema":{"description":"It's new; \\ or \"so\" -- /* it says","properties":{"id":{"type":"string"},"sel ect":{"type":"number","description":"One;\ntwo."},"ctid":{"type":"integer"},"ééééééééééééééééééééééééééééééééééé":{"type":"array"}}}}
{"type":"RECORD","stream":"new","record":{"id":"1","more":1}}
{"type":"SCHEMA","stream":"new","key_properties":["id"],"schema":{"properties":{"id":{"type":"string"},"ctid":{"type":"object"}}}}
{"type":"RECORD","stream":"new","record":{"id":"2","ctid":{}}}
{"type":"SCHEMA","stream":"old","key_properties":["id","client"],"schema":{"properties":{"id":{"type":"integer"},"client":{"type":"string"},"n":{"type":"number"},"total":{"type":"number"},"ns":{"type":"array","items":{"type":"number"}},"note":{"type":["null","string"]},"at":{"type":"string","format":"date-time"},"seen":{"type":"number"},"fresh":{"type":"boolean"}}}}
{"type":"RECORD","stream":"old","record":{"id":2,"client":"b","n":1.5,"total":2,"ns":[0.5],"note":null,"at":"2026-07-01T10:00:00Z","seen":1.5,"fresh":true,"more":1}}
{"type":"STATE","value":1}
`
	const tables = `SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, col_description(c.oid, a.attnum), obj_description(c.oid)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'i') AND a.attnum > 0 AND NOT a.attisdropped ORDER BY c.relname, a.attnum;
SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2`
	planned, loaded := servertest.Database(t), servertest.Database(t)
	for _, dsn := range []string{planned, loaded} {
		answers(t, dsn, setup)
	}
	settings := []string{"--key-change=replace"}
	plan := run(t, planned, input{stdin: in, args: append(settings, "--plan")})
	require.Zero(t, plan.code, plan.stderr)
	_, err := servertest.Connect(t, planned).PgConn().Exec(t.Context(), plan.stdout).ReadAll()
	require.NoError(t, err, plan.stdout)
	r := run(t, loaded, input{stdin: in, args: settings})
	require.Zero(t, r.code, r.stderr)
	want := answers(t, loaded, tables)
	require.Equal(t, want, answers(t, planned, tables))

	again := run(t, planned, input{stdin: in, args: append(settings, "--plan")})
	require.Zero(t, again.code, again.stderr)
	require.Empty(t, again.stdout)
	r = run(t, planned, input{stdin: in, args: settings})
	require.Zero(t, r.code, r.stderr)
	require.Equal(t, want, answers(t, planned, tables))
	require.NotContains(t, r.stderr, "table altered")
}
