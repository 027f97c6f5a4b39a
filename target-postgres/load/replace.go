package load

import (
	"context"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/database"
)

// How many full segments of a replace wait in staging before its rows go to the table itself. Smaller sets are compared with the old
// one, which pays where most rows are the same; where TRUNCATE is wanted, a set is worth it sooner.
const (
	largeSet      = 32
	largeTruncate = 4
)

// swap puts the new rows of a replace in the place of the old ones. Readers see the old rows until the commit.
//
// A small set is staged as a whole: what it does not have goes, what differs is written, what is the same stays untouched. Of a
// large one the old rows are gone already, and most of the new ones are in their place.
func (w *worker) swap(ctx context.Context, ld *streamLoad) error {
	if err := w.stage(ctx, ld); err != nil {
		return err
	}
	if !ld.anew {
		if err := w.sweep(ctx, ld, database.Sweep); err != nil {
			return err
		}
	}
	err := w.move(ctx, ld)
	ld.anew, ld.emptied = false, false
	return err
}

// replaceAnew begins to write a set that turns out to be large to the table itself: to stage it and then to compare it with the
// old one would cost more than it saves. The old rows are deleted, in the same transaction. Where a key comes twice, rows go through
// staging again until there are many.
func (w *worker) replaceAnew(ctx context.Context, ld *streamLoad) error {
	large := largeSet
	if w.truncates(ld) {
		large = largeTruncate
	}
	staged := ld.stagedBytes
	if c := w.copying; c != nil && !c.straight {
		staged += c.bytes
	}
	if !ld.layout.clears || staged < large*w.o.Limits.Segment {
		return nil
	}
	if err := w.endCopy(ctx); err != nil {
		return err
	}
	if !ld.anew {
		// The intervals ahead may hold rows of the old set.
		if err := w.awaitTurn(ctx); err != nil {
			return err
		}
		if err := w.clear(ctx, ld); err != nil {
			return err
		}
		ld.anew = true
	}
	return w.move(ctx, ld)
}

// truncates tells whether the old set is to be taken away by TRUNCATE, if nothing on the server speaks against it.
func (w *worker) truncates(ld *streamLoad) bool {
	return w.o.Truncate && ld.layout.shape.Scope == everyRow
}

// clear takes away the whole old set.
func (w *worker) clear(ctx context.Context, ld *streamLoad) error {
	if w.truncates(ld) {
		because, err := w.truncate(ctx, ld)
		if err != nil || because == "" {
			return err
		}
		w.o.Log.Warn("the old rows are deleted, not truncated", "stream", ld.stream.name, "because", because)
	}
	return w.sweep(ctx, ld, database.Clear)
}

// truncate empties the table, or says why it does not. Readers may hold the table for long; then the old rows had better be deleted
// than the set be loaded again.
func (w *worker) truncate(ctx context.Context, ld *streamLoad) (because string, err error) {
	conn, table := ld.tx.conn, ld.layout.shape.Table
	if because, err = conn.ForbidsTruncate(ctx, table); err != nil || because != "" {
		return because, err
	}
	if err := conn.Exec(ctx, ld.tx.savepoint()); err != nil {
		return "", database.Fault(err)
	}
	rows, err := conn.Truncate(ctx, table)
	if database.Is(err, database.LockNotAvailable) || database.Is(err, database.Deadlock) {
		return "other sessions hold the table", ld.tx.rollback(ctx)
	}
	ld.counts.Deleted += rows
	ld.emptied = err == nil
	return "", err
}

// sweep deletes old rows.
func (w *worker) sweep(ctx context.Context, ld *streamLoad, which database.Statement) error {
	sql, err := ld.layout.shape.SQL(which)
	if err != nil {
		return err
	}
	tag, err := ld.tx.conn.Conn.Exec(ctx, sql)
	if _, ok := database.RowError(err); ok {
		return protocol.DataFault("let the constraint delete or set null, or load the stream with merge",
			"old rows cannot be replaced: %w", database.Fault(err))
	}
	ld.counts.Deleted += tag.RowsAffected()
	return database.Fault(err)
}

// unfinished tells whether a replace has deleted its old rows and never had its swap.
func (w *worker) unfinished() bool {
	for _, ld := range w.order {
		if ld.anew {
			return true
		}
	}
	return false
}

// abandon takes the interval back, so that the old rows stay. No state is lost with it: none covers rows of an unfinished replace.
func (w *worker) abandon(ctx context.Context) {
	w.rollback(ctx)
	w.iv.fixed = true
	w.keepRejects(ctx)
}
