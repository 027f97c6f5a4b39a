package load

import (
	"context"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/database"
)

// largeSet is how many full segments of a replace wait in staging before its rows go to the table itself.
const largeSet = 32

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
	ld.anew = false
	return err
}

// replaceAnew begins to write a set that turns out to be large to the table itself: to stage it and then to compare it with the
// old one would cost more than it saves. The old rows are deleted, in the same transaction. Where a key comes twice, rows go through
// staging again until there are many.
func (w *worker) replaceAnew(ctx context.Context, ld *streamLoad) error {
	if !ld.layout.clears || ld.stagedBytes < largeSet*w.o.Limits.Segment {
		return nil
	}
	if !ld.anew {
		// The intervals ahead may hold rows of the old set.
		if err := w.awaitTurn(ctx); err != nil {
			return err
		}
		if err := w.sweep(ctx, ld, database.Clear); err != nil {
			return err
		}
		ld.anew = true
	}
	return w.move(ctx, ld)
}

// sweep deletes old rows.
func (w *worker) sweep(ctx context.Context, ld *streamLoad, which database.Statement) error {
	sql, err := ld.layout.shape.SQL(which)
	if err != nil {
		return err
	}
	tag, err := ld.lane.conn.Conn.Exec(ctx, sql)
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
