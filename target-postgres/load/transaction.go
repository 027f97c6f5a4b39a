package load

import (
	"context"
	"fmt"

	"github.com/signalroom/signalroom/target-postgres/columns"
	"github.com/signalroom/signalroom/target-postgres/database"
)

// A transaction is one of an interval: it has one, or one for each kind of rows.
type transaction struct {
	conn *database.Conn
	// id is its number, which tells its outcome when the connection is lost during COMMIT.
	id      int64
	rows    bool // the savepoint of that name exists
	covered bool // likewise
	saved   map[*streamLoad]streamLoad
	rejects int // of worker.rejects, when the savepoint was set
}

// transaction gives the transaction for rows that repeat, or for those that do not. At the end of an interval, where everything is
// committed, one transaction is enough for both. The same goes for a server that gives no second connection: then all rows that no state
// covers come again, of either kind.
func (w *worker) transaction(ctx context.Context, repeats, final bool) (*transaction, error) {
	if tx := w.transactions[repeating(repeats)]; tx != nil {
		return tx, nil
	}
	if other := w.transactions[repeating(!repeats)]; other != nil && final {
		w.transactions[repeating(repeats)] = other
		return other, nil
	}
	conn, err := w.connection(ctx)
	if other := w.transactions[repeating(!repeats)]; other != nil && database.Is(err, database.TooManyConnections) {
		w.transactions[repeating(repeats)] = other
		return other, nil
	}
	if err != nil {
		return nil, err
	}
	process, id, err := conn.BeginCommit(ctx, w.o.Pipeline)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.iv.processes = append(w.iv.processes, process)
	w.mu.Unlock()
	tx := &transaction{conn: conn, id: id}
	w.transactions[repeating(repeats)] = tx
	return tx, nil
}

// restage moves the rows of a replace that is under way to a staging table of its new layout.
func (w *worker) restage(ctx context.Context, ld *streamLoad, l *layout) error {
	var moved []columns.Ident
	for _, c := range ld.layout.Columns {
		moved = append(moved, c.Name)
	}
	list := columns.List(append(moved, database.LineColumn))
	old := ld.layout.shape.Staging
	stage, err := l.shape.SQL(database.Stage)
	if err != nil {
		return err
	}
	err = ld.tx.conn.Exec(ctx, fmt.Sprintf("%s; INSERT INTO %s (%s) SELECT %s FROM %s; DROP TABLE %s",
		stage, l.shape.Staging, list, list, old, old))
	if err != nil {
		return database.Fault(err)
	}
	ld.layout = l
	return nil
}

// savepoint is the statement that makes the savepoint rows stand here.
func (tx *transaction) savepoint() string {
	if tx.rows {
		return "RELEASE SAVEPOINT rows; SAVEPOINT rows; "
	}
	tx.rows = true
	return "SAVEPOINT rows; "
}

func (tx *transaction) rollback(ctx context.Context) error {
	return database.Fault(tx.conn.Exec(ctx, "ROLLBACK TO SAVEPOINT rows"))
}

// stage makes the stream's staging table. It stands before any savepoint of rows, so it outlives their rollback.
func (w *worker) stage(ctx context.Context, ld *streamLoad) error {
	if ld.stageMade {
		return nil
	}
	sql, err := ld.layout.shape.SQL(database.Stage)
	if err != nil {
		return err
	}
	if ld.tx.rows {
		ld.tx.rows = false
		sql = "RELEASE SAVEPOINT rows; " + sql
	}
	if err := ld.tx.conn.Exec(ctx, sql); err != nil {
		return database.Fault(err)
	}
	ld.stageMade = true
	return nil
}

// coverRows marks the place in the transaction up to which a state covers all rows. Only rows that repeat need such a mark.
func (w *worker) coverRows(ctx context.Context) error {
	tx := w.transactions[repeating(true)]
	if tx == nil {
		var err error
		if tx, err = w.transaction(ctx, true, false); err != nil {
			return err
		}
	}
	sql := ""
	if tx.rows {
		sql = "RELEASE SAVEPOINT rows; "
	}
	if tx.covered {
		sql += "RELEASE SAVEPOINT covered; "
	}
	if err := tx.conn.Exec(ctx, sql+"SAVEPOINT covered"); err != nil {
		return database.Fault(err)
	}
	tx.rows, tx.covered, tx.saved = false, true, map[*streamLoad]streamLoad{}
	for _, ld := range w.order {
		if ld.tx == tx {
			tx.saved[ld] = *ld
		}
	}
	tx.rejects = len(w.rejects)
	return nil
}

// uncoverRows takes back the rows behind the latest mark, or all rows that repeat.
func (w *worker) uncoverRows(ctx context.Context, all bool) error {
	tx := w.transactions[repeating(true)]
	if tx == nil {
		return nil
	}
	sql := "ROLLBACK TO SAVEPOINT covered"
	if all || !tx.covered {
		sql, tx.saved, tx.rejects = "ROLLBACK", nil, 0
		if w.transactions[repeating(false)] == tx {
			w.transactions[repeating(false)] = nil
		}
		w.transactions[repeating(true)] = nil
	}
	if err := tx.conn.Exec(ctx, sql); err != nil {
		return database.Fault(err)
	}
	tx.rows = false
	kept := w.order[:0]
	for _, ld := range w.order {
		if ld.tx != tx {
			kept = append(kept, ld)
			continue
		}
		before := tx.saved[ld]
		w.dropped[ld.stream] += (ld.counts.Read - ld.counts.Rejected) - (before.counts.Read - before.counts.Rejected)
		if before.stream == nil {
			delete(w.loads, ld.stream)
			continue
		}
		*ld = before
		kept = append(kept, ld)
	}
	w.order = kept
	rejects := w.rejects[:0]
	for i, r := range w.rejects {
		if i < tx.rejects || w.keptStream(r.Stream, tx) {
			rejects = append(rejects, r)
		}
	}
	gone := int64(len(w.rejects) - len(rejects))
	w.refused -= gone
	w.workers.refused.Add(-gone)
	w.rejects = rejects
	return nil
}

// keptStream tells whether a stream's rows are in another transaction than the one that was taken back.
func (w *worker) keptStream(name string, back *transaction) bool {
	for _, ld := range w.order {
		if ld.stream.name == name {
			return ld.tx != back
		}
	}
	return false
}
