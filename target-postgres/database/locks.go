package database

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/columns"
)

// A Pipeline is the unit that a state belongs to: a name, in the schema that holds the own tables.
type Pipeline struct {
	Schema columns.Ident
	Name   string
}

// AirbytePrefix begins the names of pipelines that come through Airbyte.
const AirbytePrefix = "airbyte-"

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

// schemaLock makes runs that make the own tables of one schema do so one after the other.
func (p Pipeline) schemaLock() string {
	return fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", Pipeline{Schema: p.Schema}.lockKey("ddl"))
}

// waitForCommits waits until no commit of the pipeline is under way, within the transaction that is open.
func (c *Conn) waitForCommits(ctx context.Context, p Pipeline, longest time.Duration) error {
	err := c.Exec(ctx, fmt.Sprintf("SET LOCAL lock_timeout = %d; SELECT pg_advisory_xact_lock(%d)", longest.Milliseconds(), p.lockKey("commit")))
	if Is(err, LockNotAvailable) {
		return protocol.TransientFault("ask again when the run has ended", "a run of pipeline %q has a transaction open for more than %s", p.Name, longest)
	}
	return Fault(err)
}
