package database

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/columns"
)

// A Pipeline is the unit that a state belongs to: a name, in the schema that holds the own tables.
type Pipeline struct {
	Schema columns.Ident
	Name   string
}

// lockKey gives the advisory locks of a pipeline their numbers. The purpose tells them apart.
func (p Pipeline) lockKey(purpose string) int64 {
	sum := sha256.Sum256([]byte("signalroom\x00" + purpose + "\x00" + string(p.Schema) + "\x00" + p.Name))
	return int64(binary.BigEndian.Uint64(sum[:8]))
}

// CommitLock is the statement that every transaction of the pipeline begins with. The lock is shared, and held to the
// transaction's end, so whoever takes it exclusively knows that no commit is under way.
func (p Pipeline) CommitLock() string {
	return fmt.Sprintf("SELECT pg_advisory_xact_lock_shared(%d)", p.lockKey("commit"))
}

// TableLock makes runs that change one table do so one after the other.
func (p Pipeline) TableLock(t columns.Table) string {
	return fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", Pipeline{Schema: t.Schema, Name: string(t.Name)}.lockKey("table"))
}

// SchemaLock makes runs that make the own tables of one schema do so one after the other.
func (p Pipeline) SchemaLock() string {
	return fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", Pipeline{Schema: p.Schema}.lockKey("ddl"))
}

// lingering is how long a backend whose client was killed may need to notice it.
const lingering = 2 * time.Second

// LockRun makes this session the only run of the pipeline. If another one holds it, the fault is Transient and names it.
func (c *Conn) LockRun(ctx context.Context, p Pipeline) error {
	key := p.lockKey("run")
	until := time.Now().Add(lingering)
	for {
		var got bool
		if err := c.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", key).Scan(&got); err != nil {
			return Fault(err)
		}
		if got {
			return nil
		}
		if time.Now().After(until) {
			return c.runHeld(ctx, p, key)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (c *Conn) runHeld(ctx context.Context, p Pipeline, key int64) error {
	const who = `SELECT a.pid, coalesce(a.application_name, ''), coalesce(a.client_addr::text, 'this host')
		FROM pg_locks l JOIN pg_stat_activity a USING (pid)
		WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
			AND l.classid = $1::bigint::oid AND l.objid = $2::bigint::oid
			AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`
	var pid int
	var name, host string
	err := c.QueryRow(ctx, who, int64(uint32(uint64(key)>>32)), int64(uint32(key))).Scan(&pid, &name, &host)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return Fault(err)
	}
	holder := "another session"
	if err == nil {
		holder = fmt.Sprintf("%q from %s (server process %d)", name, host, pid)
	}
	return protocol.TransientFault("wait for it to end, or give this run its own --pipeline", "pipeline %q is in use by %s", p.Name, holder)
}

// WaitForCommits waits until no commit of the pipeline is under way, within the transaction that is open.
func (c *Conn) WaitForCommits(ctx context.Context, p Pipeline, longest time.Duration) error {
	err := c.Exec(ctx, fmt.Sprintf("SET LOCAL lock_timeout = %d; SELECT pg_advisory_xact_lock(%d)", longest.Milliseconds(), p.lockKey("commit")))
	if Is(err, LockNotAvailable) {
		return protocol.TransientFault("ask again when the run has ended", "a run of pipeline %q has a transaction open for more than %s", p.Name, longest)
	}
	return Fault(err)
}
