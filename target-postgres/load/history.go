package load

import (
	"context"

	"github.com/signalroom/signalroom/target-postgres/database"
)

// account stores what a transaction did to its streams. bookmarks are those of the state, if it is this transaction that commits it.
func (w *worker) account(ctx context.Context, tx *transaction, c *commit, bookmarks map[string]string) error {
	var loads []database.Load
	for _, ld := range w.order {
		if ld.tx != tx {
			continue
		}
		loads = append(loads, database.Load{
			Pipeline: w.o.Pipeline.Name, Run: w.run, Stream: ld.stream.name, Table: string(ld.stream.final.Name), Mode: string(ld.stream.shown()),
			Started: c.start, FirstLine: ld.first, LastLine: ld.last, Bytes: ld.bytes, Counts: ld.counts,
			Bookmark: bookmarks[ld.stream.name], Version: ld.version, Program: w.o.Program,
		})
	}
	w.marks(func() { w.coming.Loads += int64(len(loads)) })
	return tx.conn.AddLoads(ctx, w.o.Pipeline, loads)
}

// settleRejects stores the rejects of the interval in the transaction that ends it, or leaves that to a replay.
func (w *worker) settleRejects(ctx context.Context, tx *transaction) error {
	if w.o.Replay != nil {
		return w.o.Replay.Commit(ctx, tx.conn, w.rejects)
	}
	return tx.conn.AddRejects(ctx, w.o.Pipeline, w.rejects)
}
