package database

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/server/servertest"
)

// A run whose lock is lost commits nothing more, and the run that got the lock begins only when all that was about to be
// committed is.
func TestRunLockLost(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	ctx, o, p := t.Context(), Options{DSN: dsn}, Pipeline{Schema: "public", Name: "p"}
	connect := func() *Conn {
		c, err := Connect(ctx, o)
		require.NoError(t, err)
		t.Cleanup(func() { c.Close(context.Background()) })
		require.NoError(t, c.Exec(ctx, c.BeginSQL()+";"+p.CommitLock()))
		return c
	}
	first, err := LockRun(ctx, o, p)
	require.NoError(t, err)
	defer first.Close(context.Background())

	_, err = LockRun(ctx, o, p)
	var f *protocol.Fault
	require.ErrorAs(t, err, &f)
	require.Equal(t, protocol.Transient, f.Kind)
	require.ErrorContains(t, err, `pipeline "p" is in use by `)

	committing, late := connect(), connect()
	require.NoError(t, first.Held(ctx, committing))
	require.NoError(t, first.Held(ctx, committing), "asking changes nothing")

	admin := servertest.Connect(t, dsn)
	_, err = admin.Exec(ctx, "SELECT pg_terminate_backend($1)", first.conn.PgConn().PID())
	require.NoError(t, err)
	second := make(chan *RunLock, 1)
	go func() {
		l, err := LockRun(ctx, o, p)
		second <- l
		if err != nil {
			t.Error(err)
		}
	}()
	require.Eventually(t, func() bool {
		var taken bool
		err := admin.QueryRow(ctx, `SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND mode = 'ExclusiveLock' AND pid <> $1`,
			first.conn.PgConn().PID()).Scan(&taken)
		return err == nil && taken
	}, 20*time.Second, 5*time.Millisecond)
	require.ErrorContains(t, first.Held(ctx, late), `pipeline "p": the connection that keeps other runs away is lost`)
	require.NoError(t, late.Exec(ctx, "ROLLBACK"))
	require.Empty(t, second)
	require.NoError(t, committing.Exec(ctx, "COMMIT"))
	l := <-second
	require.NotNil(t, l)
	defer l.Close(context.Background())
	open := connect()
	require.NoError(t, l.Held(ctx, open))
	require.Error(t, first.Held(ctx, connect()))

	var old bool
	require.NoError(t, admin.QueryRow(ctx, "SELECT backend_xmin IS NOT NULL OR backend_xid IS NOT NULL FROM pg_stat_activity WHERE pid = $1", l.conn.PgConn().PID()).Scan(&old))
	require.False(t, old, "the lock's transaction holds back no vacuum")

	l.Close(ctx)
	require.True(t, Retryable(l.Held(ctx, connect())))
	var own []int32
	require.NoError(t, admin.QueryRow(ctx, "SELECT array_agg(pid) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock'").Scan(&own))
	again, err := LockRun(ctx, o, p, own...)
	require.NoError(t, err, "a run need not wait for itself")
	again.Close(ctx)
}
