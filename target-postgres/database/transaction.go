package database

import (
	"context"
	"strconv"
)

// BeginCommit begins a transaction that is to change something for the pipeline. It gives the server process and the number
// of the transaction.
func (c *Conn) BeginCommit(ctx context.Context, p Pipeline) (process int32, transaction int64, err error) {
	results, err := c.PgConn().Exec(ctx, c.BeginSQL()+";"+p.CommitLock()+"; SELECT pg_backend_pid(), txid_current()").ReadAll()
	if err != nil {
		return 0, 0, Fault(err)
	}
	row := results[len(results)-1].Rows[0]
	pid, err := strconv.ParseInt(string(row[0]), 10, 32)
	if err != nil {
		return 0, 0, Fault(err)
	}
	transaction, err = strconv.ParseInt(string(row[1]), 10, 64)
	return int32(pid), transaction, Fault(err)
}

// A TransactionStatus is what became of a transaction.
type TransactionStatus string

// The answers of the server.
const (
	Committed TransactionStatus = "committed"
	Aborted   TransactionStatus = "aborted"
)

// Status tells what became of a transaction whose connection is lost. One that still runs has another status.
func (c *Conn) Status(ctx context.Context, transaction int64) (TransactionStatus, error) {
	var status TransactionStatus
	err := c.QueryRow(ctx, "SELECT coalesce(txid_status($1), 'unknown')", transaction).Scan(&status)
	return status, Fault(err)
}

// Blocks tells whether a server process, but for some, waits for a row that this connection's transaction wrote.
func (c *Conn) Blocks(ctx context.Context, but []int32) (bool, error) {
	var blocks bool
	err := c.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple', 'spectoken')
		AND pid <> ALL ($1::int[]) AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))`, but).Scan(&blocks)
	return blocks, Fault(err)
}

// A Mark tells what a run sees committed from what it would see if a commit were missing.
type Mark struct {
	Run, At string // of the pipeline's state: the run that stored it, and when; empty without a state
	Loads   int64  // rows in the history that are the run's own
}

// Mark is the one of what is committed. A run that has no name yet has no loads.
func (c *Conn) Mark(ctx context.Context, p Pipeline, run string) (Mark, error) {
	var m Mark
	err := c.Within(ctx, func() error {
		return Fault(c.QueryRow(ctx, `SELECT coalesce(max(run), ''), coalesce(max(updated_at)::text, ''),
			(SELECT count(*) FROM `+p.own(loadsTable)+" WHERE $2 <> '' AND run = $2) FROM "+p.own(stateTable)+" WHERE pipeline = $1", p.Name, run).
			Scan(&m.Run, &m.At, &m.Loads))
	})
	return m, err
}
