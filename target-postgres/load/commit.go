package load

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/target-postgres/database"
)

// commit ends the interval. What is staged is settled, side by side with the intervals ahead if they write other rows. The rest waits
// for its turn: rows with a key commit first when they have a transaction of
// their own, and the state goes with the rows that repeat. Then, and only then, the STATE line leaves.
func (w *worker) commit(ctx context.Context, c *commit) error {
	if !w.apart() {
		if err := w.awaitTurn(ctx); err != nil {
			return err
		}
	}
	if w.unfinished() {
		w.abandon(ctx)
		return nil
	}
	for _, ld := range w.order {
		if err := w.settle(ctx, ld); err != nil {
			return protocol.InStream(ld.stream.name, err)
		}
	}
	if err := w.awaitTurn(ctx); err != nil {
		return err
	}
	w.marks(func() { w.coming = w.mark })
	keyed, last := w.transactions[0], w.transactions[1]
	if last == nil {
		keyed, last = nil, keyed
	}
	if keyed != nil && keyed != last {
		if err := w.commitKeyed(ctx, keyed, c); err != nil {
			return err
		}
	}
	if last == nil && (c.storesState() || len(w.rejects) > 0) {
		var err error
		if last, err = w.transaction(ctx, false, true); err != nil {
			return err
		}
	}
	if last != nil {
		if err := w.commitLast(ctx, last, c); err != nil {
			return err
		}
	}
	w.committed(c)
	if last != nil {
		w.o.Progress.committed()
	}
	switch {
	case c.state == nil:
		return nil
	case c.echoes != nil:
		return w.sendEchoes(c.echoes)
	}
	return w.states.write(c.state)
}

// commitKeyed commits rows with a key that have a transaction of their own.
func (w *worker) commitKeyed(ctx context.Context, tx *transaction, c *commit) error {
	if err := w.account(ctx, tx, c, nil); err != nil {
		return err
	}
	if err := w.end(ctx, tx); err != nil {
		return err
	}
	// Without their key, rows that are there would be there twice. The next run gives the table its key first.
	w.iv.fixed = w.iv.fixed || slices.ContainsFunc(w.order, func(ld *streamLoad) bool { return ld.layout.deferred })
	return nil
}

// commitLast commits the transaction that carries the state and the rejects.
func (w *worker) commitLast(ctx context.Context, tx *transaction, c *commit) error {
	if err := w.settleRejects(ctx, tx); err != nil {
		return err
	}
	if err := w.account(ctx, tx, c, Bookmarks(c.state)); err != nil {
		return err
	}
	if c.storesState() {
		at, err := tx.conn.SetState(ctx, w.o.Pipeline, w.run, c.state)
		if err != nil {
			return err
		}
		w.marks(func() { w.coming.Run, w.coming.At = w.run, at })
	}
	if err := w.announce(ctx, tx); err != nil {
		return err
	}
	return w.end(ctx, tx)
}

// committed counts what is committed.
func (w *worker) committed(c *commit) {
	w.transactions, w.iv.fixed = [2]*transaction{}, true
	for s, n := range w.dropped {
		s.dropped.Add(n)
	}
	for _, ld := range w.order {
		s := ld.stream
		s.total.Add(ld.counts)
		s.progress.commit(ld.counts, ld.bytes)
		if w.o.Metrics != nil {
			w.o.Metrics.Records(s.name).Add(ld.counts.Read)
			w.o.Metrics.BatchDuration(s.name, time.Since(c.start), nil)
		}
		if s.resting.Load() > 0 && s.resting.Add(-1) == 0 && ld.layout.mode == protocol.Append {
			s.straight.Store(true)
		}
	}
	w.workers.refusals = append(w.workers.refusals, w.refusals...)
}

// end commits a transaction, if this is still the only run of the pipeline.
func (w *worker) end(ctx context.Context, tx *transaction) error {
	w.locking.Lock()
	lock := w.lock
	w.locking.Unlock()
	if err := lock.Held(ctx, tx.conn); err != nil {
		return err
	}
	err := tx.conn.Exec(ctx, "COMMIT")
	if database.Lost(err) {
		err = w.outcome(ctx, tx.id, database.Fault(err))
	}
	if err == nil {
		w.marks(func() { w.mark = w.coming })
		return nil
	}
	if _, ok := database.RowError(err); ok {
		return protocol.DataFault("make the constraint immediate, so that the row can be found and rejected",
			"a deferred constraint refused the transaction: %w", database.Fault(err))
	}
	return database.Fault(err)
}

// reject takes one row out. Too many of them end the run.
func (w *worker) reject(ld *streamLoad, r database.Reject) error {
	r.Pipeline, r.Run, r.Stream = w.o.Pipeline.Name, w.run, ld.stream.name
	if r.Schema == nil {
		r.Schema = ld.schema
	}
	r.Reason = strings.ReplaceAll(r.Reason, string(ld.layout.shape.Staging.Name), string(ld.layout.shape.Table.Name))
	w.rejects = append(w.rejects, r)
	w.refused++
	if ld.stream.sync != nil {
		w.refusals = append(w.refusals, refusedLine{ld.stream, r.Line})
	}
	ld.counts.Rejected++
	if n := w.workers.refused.Add(1); n > w.o.MaxRejects {
		return protocol.DataFault("see them with: target-postgres rejects list; their interval was rolled back. Raise max_rejects to go on past them",
			"%d rejected, more than max_rejects (%d); the latest, on line %d: %s", n, w.o.MaxRejects, r.Line, reasonOf(r))
	}
	return nil
}

// reasonOf is the reason without what a trigger says, which may hold the row's values.
func reasonOf(r database.Reject) string {
	if r.SQLState == database.Raised {
		return "an exception that a trigger or function raised"
	}
	if r.Column == "" {
		return r.Reason
	}
	return fmt.Sprintf("column %q: %s", r.Column, r.Reason)
}

// maxHeldRejects is how many rejects wait for the end of their interval; more of them go into its transaction.
const maxHeldRejects = 1000

func (w *worker) flushRejects(ctx context.Context, tx *transaction) error {
	if len(w.rejects) < maxHeldRejects {
		return nil
	}
	if err := w.endCopy(ctx); err != nil {
		return err
	}
	if err := tx.conn.AddRejects(ctx, w.o.Pipeline, w.rejects); err != nil {
		return err
	}
	w.rejects = w.rejects[:0]
	if r := w.transactions[repeating(true)]; r != nil {
		r.rejects = 0
	}
	return nil
}

// keyOf is a record's key as a JSON object, for a reject that the server made.
func keyOf(p *plan, record []byte) string {
	var scan rawjson.Scanner
	fields, err := scan.Fields(record)
	if err != nil {
		return ""
	}
	return p.Key(fields)
}

func now() time.Time { return time.Now().UTC() }
