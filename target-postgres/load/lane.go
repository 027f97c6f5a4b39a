package load

import (
	"context"
	"fmt"

	"github.com/signalroom/signalroom/target-postgres/columns"
	"github.com/signalroom/signalroom/target-postgres/database"
)

// A lane is a transaction of an interval.
type lane struct {
	conn *database.Conn
	// transaction is its number, which tells its outcome when the connection is lost during COMMIT.
	transaction int64
	rows        bool // the savepoint of that name exists
	covered     bool // likewise
	saved       map[*streamLoad]streamLoad
	rejects     int // of worker.rejects, when the savepoint was set
}

// lane gives the transaction for rows of a kind. At the end of an interval, where all that comes is committed, one
// transaction does for both kinds. So it does where the server gives no second connection: then all rows that no state covers
// come again, whatever their kind.
func (w *worker) lane(ctx context.Context, repeats, final bool) (*lane, error) {
	if l := w.lanes[repeating(repeats)]; l != nil {
		return l, nil
	}
	if other := w.lanes[repeating(!repeats)]; other != nil && final {
		w.lanes[repeating(repeats)] = other
		return other, nil
	}
	conn, err := w.connection(ctx)
	if other := w.lanes[repeating(!repeats)]; other != nil && database.Is(err, database.TooManyConnections) {
		w.lanes[repeating(repeats)] = other
		return other, nil
	}
	if err != nil {
		return nil, err
	}
	process, transaction, err := conn.BeginCommit(ctx, w.o.Pipeline)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.iv.processes = append(w.iv.processes, process)
	w.mu.Unlock()
	l := &lane{conn: conn, transaction: transaction}
	w.lanes[repeating(repeats)] = l
	return l, nil
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
	err = ld.lane.conn.Exec(ctx, fmt.Sprintf("%s; INSERT INTO %s (%s) SELECT %s FROM %s; DROP TABLE %s",
		stage, l.shape.Staging, list, list, old, old))
	if err != nil {
		return database.Fault(err)
	}
	ld.layout = l
	return nil
}

// savepoint is the statement that makes the savepoint rows stand here.
func (l *lane) savepoint() string {
	if l.rows {
		return "RELEASE SAVEPOINT rows; SAVEPOINT rows; "
	}
	l.rows = true
	return "SAVEPOINT rows; "
}

func (l *lane) rollback(ctx context.Context) error {
	return database.Fault(l.conn.Exec(ctx, "ROLLBACK TO SAVEPOINT rows"))
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
	if ld.lane.rows {
		ld.lane.rows = false
		sql = "RELEASE SAVEPOINT rows; " + sql
	}
	if err := ld.lane.conn.Exec(ctx, sql); err != nil {
		return database.Fault(err)
	}
	ld.stageMade = true
	return nil
}

// coverRows is called where a state covers everything before. Only rows that repeat need to be told apart.
func (w *worker) coverRows(ctx context.Context) error {
	l := w.lanes[repeating(true)]
	if l == nil {
		var err error
		if l, err = w.lane(ctx, true, false); err != nil {
			return err
		}
	}
	sql := ""
	if l.rows {
		sql = "RELEASE SAVEPOINT rows; "
	}
	if l.covered {
		sql += "RELEASE SAVEPOINT covered; "
	}
	if err := l.conn.Exec(ctx, sql+"SAVEPOINT covered"); err != nil {
		return database.Fault(err)
	}
	l.rows, l.covered, l.saved = false, true, map[*streamLoad]streamLoad{}
	for _, ld := range w.order {
		if ld.lane == l {
			l.saved[ld] = *ld
		}
	}
	l.rejects = len(w.rejects)
	return nil
}

// uncoverRows takes back what coverRows does not vouch for, or all rows that repeat.
func (w *worker) uncoverRows(ctx context.Context, all bool) error {
	l := w.lanes[repeating(true)]
	if l == nil {
		return nil
	}
	sql := "ROLLBACK TO SAVEPOINT covered"
	if all || !l.covered {
		sql, l.saved, l.rejects = "ROLLBACK", nil, 0
		if w.lanes[repeating(false)] == l {
			w.lanes[repeating(false)] = nil
		}
		w.lanes[repeating(true)] = nil
	}
	if err := l.conn.Exec(ctx, sql); err != nil {
		return database.Fault(err)
	}
	l.rows = false
	kept := w.order[:0]
	for _, ld := range w.order {
		if ld.lane != l {
			kept = append(kept, ld)
			continue
		}
		before := l.saved[ld]
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
		if i < l.rejects || w.keptStream(r.Stream, l) {
			rejects = append(rejects, r)
		}
	}
	gone := int64(len(w.rejects) - len(rejects))
	w.refused -= gone
	w.crew.refused.Add(-gone)
	w.rejects = rejects
	return nil
}

// keptStream tells whether a stream's rows are in another transaction than the one that was taken back.
func (w *worker) keptStream(name string, back *lane) bool {
	for _, ld := range w.order {
		if ld.stream.name == name {
			return ld.lane != back
		}
	}
	return false
}
