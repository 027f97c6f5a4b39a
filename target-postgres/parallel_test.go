package main

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/target-postgres/server/servertest"
)

const keyedLog = `{"type":"SCHEMA","stream":"log","key_properties":["n"],"schema":{"x-write-disposition":"append","properties":{"n":{"type":"integer"}}}}
`

// waitFor waits until a query answers.
func waitFor(t *testing.T, dsn, want, query string) {
	t.Helper()
	conn := servertest.Connect(t, dsn)
	require.Eventually(t, func() bool { return answersTo(t, conn, query) == want+"\n" }, 30*time.Second, 5*time.Millisecond, query)
}

// An interval that waits for its turn gives way to whoever waits for one of its rows, and is loaded again. Here the first interval
// waits for another session, and that session for the second interval: without it, all three would wait for ever.
func TestIntervalMakesWay(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	require.Zero(t, run(t, dsn, input{stdin: keyedLog + `{"type":"RECORD","stream":"log","record":{"n":0}}` + "\n"}).code)
	other := servertest.Connect(t, dsn)
	_, err := other.Exec(t.Context(), "BEGIN; SET LOCAL lock_timeout = '20s'", pgx.QueryExecModeSimpleProtocol)
	require.NoError(t, err)
	_, err = other.Exec(t.Context(), "INSERT INTO log (n) VALUES (1)")
	require.NoError(t, err)

	l := start(t, dsn, "--batch-wait-seconds=0")
	l.send(t, keyedLog+`{"type":"RECORD","stream":"log","record":{"n":1}}
{"type":"STATE","value":1}
`)
	waitFor(t, dsn, "1", `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
		AND wait_event = 'transactionid'`)
	l.send(t, `{"type":"RECORD","stream":"log","record":{"n":2}}
{"type":"STATE","value":2}
`)
	waitFor(t, dsn, "1", `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
		AND state = 'idle in transaction' AND query LIKE '%COPY%'`)
	_, err = other.Exec(t.Context(), "INSERT INTO log (n) VALUES (2)")
	require.NoError(t, err)
	_, err = other.Exec(t.Context(), "ROLLBACK")
	require.NoError(t, err)
	require.Equal(t, "1", l.state(t))
	require.Equal(t, "2", l.state(t))
	l.stdin.Close()
	require.Zero(t, <-l.done)
	require.Equal(t, "0\n1\n2\n", answers(t, dsn, "SELECT n FROM log ORDER BY n"))
}

const mergedRows = `{"type":"SCHEMA","stream":"rows","key_properties":["n"],"schema":{"properties":{"n":{"type":"integer"},"of":{"type":["null","integer"]},"name":{"type":["null","string"]}}}}
`

// Intervals that write other rows merge side by side, and commit in order. One whose key came before waits, and so does one whose row
// the server refuses for the time being: the row that it refers to, and the name that it takes over, are only on their way.
func TestMergeBeforeItsTurn(t *testing.T) {
	t.Parallel()
	const first = "2 | ∅ | zwei\n3 | ∅ | three\n"
	for name, test := range map[string]struct{ record, doing, table string }{
		"another key":     {`{"n":4}`, "TRUNCATE%", "1 | ∅ | uno\n" + first + "4 | ∅ | ∅\n"},
		"a key ahead":     {`{"n":1,"name":"eins"}`, "%COPY%pg_temp%", "1 | ∅ | eins\n" + first},
		"a parent":        {`{"n":4,"of":3}`, "ROLLBACK TO%", "1 | ∅ | uno\n" + first + "4 | 3 | ∅\n"},
		"a name to be":    {`{"n":4,"name":"two"}`, "ROLLBACK TO%", "1 | ∅ | uno\n" + first + "4 | ∅ | two\n"},
		"a name too many": {`{"n":4,"name":"three"}`, "TRUNCATE%", "1 | ∅ | uno\n" + first},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn := servertest.Database(t)
			answers(t, dsn, `CREATE TABLE rows (n bigint PRIMARY KEY, "of" bigint REFERENCES rows, name text UNIQUE);
INSERT INTO rows VALUES (1, NULL, 'one'), (2, NULL, 'two')`)
			other := servertest.Connect(t, dsn)
			answersTo(t, other, "BEGIN;\nUPDATE rows SET name = name WHERE n = 1")
			l := start(t, dsn, "--batch-wait-seconds=0", "--add-record-metadata=false")
			l.send(t, mergedRows+`{"type":"RECORD","stream":"rows","record":{"n":1,"name":"uno"}}
{"type":"RECORD","stream":"rows","record":{"n":2,"name":"zwei"}}
{"type":"RECORD","stream":"rows","record":{"n":3,"name":"three"}}
{"type":"STATE","value":1}
`)
			waitFor(t, dsn, "1", "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'transactionid'")
			l.send(t, `{"type":"RECORD","stream":"rows","record":`+test.record+`}
{"type":"STATE","value":2}
`)
			waitFor(t, dsn, "1", `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
				AND state = 'idle in transaction' AND query LIKE '`+test.doing+`'`)
			answersTo(t, other, "ROLLBACK")
			require.Equal(t, "1", l.state(t))
			require.Equal(t, "2", l.state(t))
			l.stdin.Close()
			require.Zero(t, <-l.done, l.stderr)
			require.Equal(t, test.table, answers(t, dsn, `SELECT n, "of", name FROM rows ORDER BY n`))
		})
	}
}
