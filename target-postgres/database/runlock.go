package database

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/signalroom/signalroom/protocol"
)

// A RunLock makes a run the only one of its pipeline. It is a transaction that stays open on a connection of its own, so
// that it holds behind a pooler that gives each transaction another server connection. The transaction sees nothing and
// changes nothing, so it keeps no old rows from being vacuumed.
//
// When its connection dies, another run may begin while this one still has transactions open. Nothing of them is
// committed then: each asks [RunLock.Held] before its COMMIT, and a new run waits for those that have asked.
type RunLock struct {
	conn     *Conn
	pipeline Pipeline
	own      int64 // the number of a lock that this run alone takes, beside the pipeline's
}

// How long a new run waits for what an earlier one left behind: the server process of a client that was killed, and a
// commit that is under way.
const (
	lingering  = 2 * time.Second
	committing = 30 * time.Second
)

// noticed makes the server notice within a minute that a client has vanished, so that its pipeline is free again.
const noticed = "SET LOCAL tcp_keepalives_idle = 30; SET LOCAL tcp_keepalives_interval = 10; SET LOCAL tcp_keepalives_count = 3"

// errLockLost is wrapped by what Held answers.
var errLockLost = errors.New("the connection that keeps other runs away is lost")

// LockRun waits a moment for the lock of a run that was killed. If another run holds it, the fault is Transient and names it.
// A run that has lost its lock may take it anew while transactions of its own are open, in these server processes.
func LockRun(ctx context.Context, o Options, p Pipeline, own ...int32) (*RunLock, error) {
	o.StatementTimeout, o.LockTimeout = 0, 0 // what waits here is bounded
	c, err := Connect(ctx, o)
	if err != nil {
		return nil, err
	}
	l := &RunLock{conn: c, pipeline: p, own: Pipeline{Schema: p.Schema, Name: rand.Text()}.lockKey("own run")}
	if err := l.take(ctx, own); err != nil {
		l.Close(context.WithoutCancel(ctx))
		return nil, err
	}
	return l, nil
}

func (l *RunLock) take(ctx context.Context, own []int32) error {
	if err := l.conn.Exec(ctx, l.conn.BeginSQL()+";"+noticed); err != nil {
		return Fault(err)
	}
	key := l.pipeline.lockKey("run")
	got := false
	err := poll(ctx, lingering, func() (bool, error) {
		err := l.conn.QueryRow(ctx, "SELECT pg_try_advisory_xact_lock($1)", key).Scan(&got)
		return got, err
	})
	if err != nil {
		return Fault(err)
	}
	if !got {
		return l.heldByAnother(ctx, key)
	}
	// No lock is asked for, since that would keep the run's own transactions from beginning.
	high, low := halves(l.pipeline.lockKey("commit"))
	over := false
	err = poll(ctx, committing, func() (bool, error) {
		err := l.conn.QueryRow(ctx, "SELECT NOT EXISTS (SELECT "+granted+" AND pid <> ALL (coalesce($3::int[], '{}')))", high, low, own).Scan(&over)
		return over, err
	})
	if err != nil {
		return Fault(err)
	}
	if !over {
		return protocol.TransientFault("run it again when it has ended", "an earlier run of pipeline %q has had a transaction open for more than %s", l.pipeline.Name, committing)
	}
	// This also ends the portal of the statement before, which kept its snapshot.
	return Fault(l.conn.Exec(ctx, fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", l.own)))
}

// poll asks again and again, until the answer is yes or the time is over.
func poll(ctx context.Context, longest time.Duration, ask func() (bool, error)) error {
	for until := time.Now().Add(longest); ; {
		if yes, err := ask(); yes || err != nil || time.Now().After(until) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// granted finds who holds an advisory lock.
const granted = `FROM pg_locks l WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
	AND l.classid = $1::bigint::oid AND l.objid = $2::bigint::oid
	AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`

// halves are the number of a lock as pg_locks shows it.
func halves(key int64) (high, low int64) {
	return int64(uint32(uint64(key) >> 32)), int64(uint32(key))
}

func (l *RunLock) heldByAnother(ctx context.Context, key int64) error {
	const who = "SELECT a.pid, coalesce(a.application_name, ''), coalesce(a.client_addr::text, 'this host') FROM pg_stat_activity a WHERE pid IN (SELECT pid " + granted + ")"
	high, low := halves(key)
	var pid int
	var name, host string
	err := l.conn.QueryRow(ctx, who, high, low).Scan(&pid, &name, &host)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return Fault(err)
	}
	holder := "another session"
	if err == nil {
		holder = fmt.Sprintf("%q from %s (server process %d)", name, host, pid)
	}
	return protocol.TransientFault("wait for it to end, or give this run its own --pipeline", "pipeline %q is in use by %s", l.pipeline.Name, holder)
}

// Held makes sure, in a transaction of c that began with [Pipeline.CommitLock], that the run still holds its lock. If it
// does, c may commit: another run that gets the lock after this answer waits for the commit.
func (l *RunLock) Held(ctx context.Context, c *Conn) error {
	var free bool
	if err := c.QueryRow(ctx, "SELECT pg_try_advisory_xact_lock_shared($1)", l.own).Scan(&free); err != nil {
		return Fault(err)
	}
	if free {
		return protocol.TransientFault("run it again", "pipeline %q: %w", l.pipeline.Name, errLockLost)
	}
	return nil
}

// Alive tells whether the connection that holds the lock still answers.
func (l *RunLock) Alive(ctx context.Context) bool {
	return l.conn.Exec(ctx, "SELECT") == nil
}

// Close lets the next run begin.
func (l *RunLock) Close(ctx context.Context) {
	l.conn.Exec(ctx, "ROLLBACK") // a pooler keeps the connection then; without it, the end of the connection does the same
	l.conn.Close(ctx)
}
