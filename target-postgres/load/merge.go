package load

import (
	"context"
	"math"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/target-postgres/database"
)

// settle moves what is staged to the table, unless it belongs to a replace, which waits for its swap.
func (w *worker) settle(ctx context.Context, ld *streamLoad) error {
	if ld.staged == 0 || ld.layout.mode == protocol.Replace {
		return nil
	}
	return w.move(ctx, ld)
}

// move runs the stream's statement over all that is staged, and empties the staging table.
func (w *worker) move(ctx context.Context, ld *streamLoad) error {
	before := ld.counts
	statements := []database.Statement{database.Merge}
	switch {
	case ld.layout.mode == protocol.Append || len(ld.layout.shape.Key) == 0:
		statements[0] = database.Append
	case ld.layout.Partial:
		statements = []database.Statement{database.AddPartial, database.SetPartial}
	case ld.anew:
		statements[0] = database.MergeAnew
	case ld.stream.same.Load(), ld.layout.mode == protocol.Replace:
		statements[0] = database.MergeSame
	}
	for _, which := range statements {
		sql, err := ld.layout.shape.SQL(which)
		if err != nil {
			return err
		}
		if err := w.moveRange(ctx, ld, sql, 0, everyLine); err != nil {
			return err
		}
	}
	c := &ld.counts
	c.Unchanged += ld.staged - (c.Inserted - before.Inserted) - (c.Updated - before.Updated) - (c.Deleted - before.Deleted) - (c.Rejected - before.Rejected)
	ld.stream.same.Store(c.Unchanged-before.Unchanged > ld.staged*3/4)
	ld.staged, ld.stagedBytes, ld.keyTwice = 0, 0, false
	return database.Fault(ld.tx.conn.Exec(ctx, "TRUNCATE "+ld.layout.shape.Staging.String()+byAnyPlan))
}

// everyLine is behind the last line of all that is staged.
const everyLine = math.MaxInt64

// A staging table has no statistics, and its rows are few beside those of the table. So the table is searched by its index and
// not read as a whole, and the statement is not compiled, which takes longer than it saves.
const (
	byIndex   = "SET LOCAL jit = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"
	byAnyPlan = "; SET LOCAL enable_hashjoin = DEFAULT; SET LOCAL enable_mergejoin = DEFAULT"
)

// moveRange moves the rows of some lines. A row that the server refuses is found by halving, and rejected.
func (w *worker) moveRange(ctx context.Context, ld *streamLoad, sql string, lo, hi int64) error {
	conn := ld.tx.conn
	if err := conn.Exec(ctx, ld.tx.savepoint()+byIndex); err != nil {
		return database.Fault(err)
	}
	var inserted, updated, deleted int64
	err := conn.QueryRow(ctx, sql, lo, hi).Scan(&inserted, &updated, &deleted)
	if err == nil {
		ld.counts.Inserted += inserted
		ld.counts.Updated += updated
		ld.counts.Deleted += deleted
		return nil
	}
	e, ok := database.RowError(err)
	if !ok {
		return database.Fault(err)
	}
	if err := ld.tx.rollback(ctx); err != nil {
		return err
	}
	if !w.iv.turn {
		// What the intervals ahead write may make it right: the row that a foreign key calls for, a value that is no longer taken.
		if err := w.awaitTurn(ctx); err != nil {
			return err
		}
		return w.moveRange(ctx, ld, sql, lo, hi)
	}
	var rows int64
	var middle *int64
	if err := conn.QueryRow(ctx, ld.layout.shape.Middle(), lo, hi).Scan(&rows, &middle); err != nil {
		return database.Fault(err)
	}
	switch {
	case rows == 0:
		return database.Fault(e) // no row of ours is to blame
	case rows == 1 || *middle == hi:
		var record string
		if err := conn.QueryRow(ctx, ld.layout.shape.StagedRecord(), *middle).Scan(&record); err != nil {
			return database.Fault(err)
		}
		key := ld.layout.keyOfRow([]byte(record))
		if raw := w.record(ld.stream, *middle); raw != nil {
			record = string(raw)
		}
		if ld.layout.Partial {
			// The next statement would meet it again.
			if err := conn.Exec(ctx, ld.layout.shape.Unstage(*middle)); err != nil {
				return database.Fault(err)
			}
		}
		return w.reject(ld, database.Reject{
			Line: *middle, Key: key, Column: e.ColumnName, Reason: database.Reason(e), SQLState: e.Code, Record: record,
		})
	}
	if err := w.moveRange(ctx, ld, sql, lo, *middle); err != nil {
		return err
	}
	return w.moveRange(ctx, ld, sql, *middle+1, hi)
}

// keyOfRow is the key of a row that is given as an object by column.
func (l *layout) keyOfRow(record []byte) string {
	var scan rawjson.Scanner
	fields, err := scan.Fields(record)
	if err != nil || len(l.shape.Key) == 0 {
		return ""
	}
	text := []byte{'{'}
	for _, k := range l.shape.Key {
		for _, f := range fields {
			if string(f.Name) != string(k) {
				continue
			}
			if len(text) > 1 {
				text = append(text, ',')
			}
			text = append(rawjson.AppendString(text, f.Name), ':')
			text = append(text, f.Value...)
		}
	}
	return string(append(text, '}'))
}

// activate ends what is older than a version: a replace shows its new rows, any other stream marks or deletes old ones.
func (w *worker) activate(ctx context.Context, o *op) error {
	ld, err := w.load(ctx, o.stream, o.layout, o.final)
	if err != nil {
		return err
	}
	if err := w.awaitTurn(ctx); err != nil { // what ends may be a row of an interval ahead
		return err
	}
	ld.version = max(ld.version, o.version)
	if ld.layout.mode == protocol.Replace {
		return w.swap(ctx, ld)
	}
	if err := w.settle(ctx, ld); err != nil {
		return err
	}
	sql, err := ld.layout.shape.SQL(database.Activate)
	if err != nil {
		return err
	}
	args := []any{o.version}
	if !w.o.HardDelete {
		args = append(args, now())
	}
	tag, err := ld.tx.conn.Conn.Exec(ctx, sql, args...)
	ld.counts.Deleted += tag.RowsAffected()
	return database.Fault(err)
}
