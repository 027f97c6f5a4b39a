package load

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/database"
)

// restingIntervals is how many intervals a stream's rows go through staging after one of its keys was met.
const restingIntervals = 8

// copyRows sends a segment: straight to the table, or to staging. The COPY goes on with the next one.
func (w *worker) copyRows(ctx context.Context, s *segment, final bool) error {
	if c := w.copying; c != nil && !c.joins(s) {
		if err := w.endCopy(ctx); err != nil {
			return err
		}
	}
	ld, err := w.load(ctx, s.plan.stream, s.plan.layout, final)
	if err != nil {
		return err
	}
	ld.counts.Read += int64(len(s.rows) + len(s.rejects))
	ld.bytes += s.bytes
	ld.schema, ld.version = s.schema, max(ld.version, s.version)
	if n := len(s.rows); n > 0 {
		if ld.first == 0 {
			ld.first = s.rows[0].line
		}
		ld.last = s.rows[n-1].line
	}
	for _, r := range s.rejects {
		if err := w.reject(ld, r); err != nil {
			return err
		}
	}
	if err := w.flushRejects(ctx, ld.tx); err != nil {
		return err
	}
	if err := w.replaceAnew(ctx, ld); err != nil {
		return err
	}
	// A key whose old row was deleted is looked up in the table, where the rows often have the order in which they come.
	if ld.straight() && len(ld.layout.arbiters) > 0 && (!ld.anew || ld.emptied) {
		s.sortByField(ld.layout.keyField)
	}
	if len(s.rows) == 0 {
		return nil
	}
	if w.copying == nil {
		if w.copying, err = w.beginCopy(ctx, ld); err != nil {
			return err
		}
	}
	c := w.copying
	c.segments, c.size = append(c.segments, s), c.size+s.size()
	w.sendRows(c, s, 0, len(s.rows))
	if c.failed() || c.size+s.size() > w.o.copied() {
		return w.endCopy(ctx)
	}
	return nil
}

// straight tells whether rows go to the table itself.
func (ld *streamLoad) straight() bool {
	return ld.staged == 0 && (ld.stream.straight.Load() || ld.anew && !ld.keyTwice)
}

// quickFinds is how many rows of a segment are found by the line that the server names; after that the segment is halved,
// which is better where most rows are refused.
const quickFinds = 8

// copyRange sends rows lo to hi in a COPY of their own, and rejects those that the server refuses.
func (w *worker) copyRange(ctx context.Context, ld *streamLoad, s *segment, lo, hi, finds int) error {
	if lo == hi {
		return nil
	}
	c, err := w.beginCopy(ctx, ld)
	if err != nil {
		return err
	}
	w.sendRows(c, s, lo, hi)
	refusal, err := w.finishCopy(c)
	if refusal == nil {
		return err
	}
	return w.refusedRows(ctx, c, s, lo, hi, finds, refusal)
}

// refusedRows takes back a COPY of rows lo to hi, and goes on with those that the server does not refuse.
func (w *worker) refusedRows(ctx context.Context, c *copying, s *segment, lo, hi, finds int, e *pgconn.PgError) error {
	ld := c.load
	if err := ld.tx.rollback(ctx); err != nil {
		return err
	}
	if c.straight && ld.layout.keyMet(e) {
		if ld.anew {
			ld.keyTwice = true
		} else {
			ld.stream.straight.Store(false)
			ld.stream.resting.Store(restingIntervals)
		}
		return w.copyRange(ctx, ld, s, lo, hi, finds)
	}
	if hi-lo == 1 {
		record := s.record(lo)
		if record == nil {
			return protocol.TransientFault("run it again", "a row is refused that was taken before a lost connection: %w", database.Fault(e))
		}
		err := w.reject(ld, database.Reject{
			Line: s.rows[lo].line, Key: keyOf(s.plan, record), Column: cmp.Or(e.ColumnName, refusedColumn(e, ld, c.straight)),
			Reason: database.Reason(e), SQLState: e.Code, Record: string(record),
		})
		if err != nil {
			return err
		}
		return w.flushRejects(ctx, ld.tx)
	}
	mid, after := (lo+hi)/2, (lo+hi)/2
	if at, _, ok := copyContext(e, ld, c.straight); ok && finds > 0 && lo+at < hi {
		mid, after, finds = lo+at, lo+at+1, finds-1
	}
	for _, part := range [][2]int{{lo, mid}, {mid, after}, {after, hi}} {
		if err := w.copyRange(ctx, ld, s, part[0], part[1], finds); err != nil {
			return err
		}
	}
	return nil
}

// keyMet tells whether an error means that a row's key is in the table already. A partition's index has a name of its own; there any
// unique index may be meant, and the statement that moves staged rows will tell.
func (l *layout) keyMet(e *pgconn.PgError) bool {
	return !l.repeats && e.Code == database.UniqueViolation && (l.deferred || l.shape.Parted || slices.Contains(l.arbiters, e.ConstraintName))
}

// copyContext reads from an error which row of a COPY it is about, from 0: the first number behind the table's name in
// `COPY orders, line 7, column id`, in whatever language. It is a guess that the next copies prove or disprove. What follows on the
// line, if anything, ends with the column.
func copyContext(e *pgconn.PgError, ld *streamLoad, straight bool) (row int, rest string, ok bool) {
	table := ld.layout.shape.Table
	if !straight {
		table = ld.layout.shape.Staging
	}
	_, text, ok := strings.Cut(e.Where, "COPY "+string(table.Name)+", ")
	begin := strings.IndexAny(text, "0123456789")
	if !ok || begin < 0 {
		return 0, "", false
	}
	text, _, _ = strings.Cut(text[begin:], "\n")
	digits := len(text) - len(strings.TrimLeft(text, "0123456789"))
	n, err := strconv.Atoi(text[:digits])
	return n - 1, text[digits:], err == nil && n > 0
}

// refusedColumn is the column that an error of a COPY is about; empty where it does not say.
func refusedColumn(e *pgconn.PgError, ld *streamLoad, straight bool) string {
	_, rest, _ := copyContext(e, ld, straight)
	found := ""
	for _, c := range ld.layout.Columns {
		if name := string(c.Name); len(name) > len(found) && strings.HasSuffix(rest, " "+name) {
			found = name
		}
	}
	return found
}

// unchanged makes sure that the table still has the types that rows were encoded for.
func (w *worker) unchanged(ctx context.Context, ld *streamLoad) error {
	t, err := ld.tx.conn.Describe(ctx, ld.stream.table)
	if err != nil {
		return err
	}
	for _, c := range ld.layout.Columns {
		if have, ok := t.Column(c.Name); !ok || have.Type != c.Type {
			return protocol.TransientFault("run it again", "column %s of %s was altered during the run", c.Name, t.Name)
		}
	}
	return nil
}
