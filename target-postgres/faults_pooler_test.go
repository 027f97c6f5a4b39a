package main

import (
	"fmt"
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/target-postgres/load"
	"github.com/signalroom/signalroom/target-postgres/server/proxy"
	"github.com/signalroom/signalroom/target-postgres/server/servertest"
)

// Behind a pooler that gives each transaction another server connection a load is exact, and one run of a pipeline keeps others away.
func TestBehindPooler(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	pooled := proxy.Pool(t, dsn, 6)
	admin := newAdmin(t, dsn)
	for i, limits := range []load.Limits{{}, {Segment: 100, Open: 400, Sent: 400}} {
		d := destination{dsn: dsn, admin: admin, schema: fmt.Sprintf("pooled_%d", i), limits: limits, grown: i == 1}.prepare(t)
		r := d.run(t, pooled)
		require.Zero(t, r.code, r.stderr)
		d.complete(t)
		require.Equal(t, fmt.Sprintf(`{"n":%d}`+"\n", faultRows), run(t, pooled, input{args: append([]string{"state"}, d.args[:2]...)}).stdout)
		require.Contains(t, run(t, pooled, input{args: append([]string{"loads"}, d.args[:2]...)}).stdout, "keyed")
		r = d.run(t, pooled)
		require.Zero(t, r.code, r.stderr)
		d.complete(t)
	}
	l := start(t, pooled, "--batch-wait-seconds=0")
	l.send(t, logSchema+`{"type":"RECORD","stream":"log","record":{"n":1}}
{"type":"STATE","value":1}
`)
	require.Equal(t, "1", l.state(t))
	second := run(t, pooled, input{stdin: logSchema})
	require.Equal(t, 4, second.code)
	require.Contains(t, second.stderr, `pipeline "default" is in use by "target-postgres default (process `)
	l.stdin.Close()
	require.Zero(t, <-l.done, l.stderr)
}

// The pooler of these tests is as strict as PgBouncer: nothing of a session is there in the next transaction.
func TestPoolerIsStrict(t *testing.T) {
	t.Parallel()
	pooled := proxy.Pool(t, servertest.Database(t), 2)
	_, err := pgx.Connect(t.Context(), with(t, pooled, func(u *url.URL) { u.RawQuery += "&extra_float_digits=2" }))
	require.ErrorContains(t, err, "unsupported startup parameter: extra_float_digits")
	conn := servertest.Connect(t, pooled+"&application_name=me&default_query_exec_mode=exec")
	for _, c := range []struct{ do, look, want string }{
		{"SELECT set_config('search_path', 'elsewhere', false)", "SELECT current_setting('search_path')", `"$user", public`},
		{"CREATE TEMPORARY TABLE gone (n int)", "SELECT to_regclass('gone') IS NULL", "true"},
		{"SELECT pg_advisory_lock(1)", "SELECT NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())", "true"},
		{"SELECT", "SELECT current_setting('application_name')", "me"},
	} {
		_, err := conn.Exec(t.Context(), c.do)
		require.NoError(t, err)
		for range 2 {
			var got string
			require.NoError(t, conn.QueryRow(t.Context(), "SELECT ("+c.look+")::text").Scan(&got))
			require.Equal(t, c.want, got, c.do)
		}
	}
	var first, second int
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT pg_backend_pid()").Scan(&first))
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT pg_backend_pid()").Scan(&second))
	require.NotEqual(t, first, second)
}
