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
	require.Eventually(t, func() bool { return answers(t, dsn, query) == want+"\n" }, 30*time.Second, 5*time.Millisecond, query)
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
