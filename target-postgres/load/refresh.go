package load

import (
	"context"
	"fmt"
	"slices"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/columns"
	"github.com/signalroom/signalroom/target-postgres/database"
)

// A refresh is loaded like any other stream, but into another table beside the stream's own. So its states can be confirmed while it goes
// on, and a run that fails can be continued by the next one. At the end the new rows replace the old ones in one transaction. The
// stream's table stays the same one: its grants, views and foreign keys hold. Where there are no old rows, no second table is needed.

// beside is the name of the table that a refresh of the stream is loaded into.
func (s *stream) beside() columns.Table {
	return columns.Table{Schema: s.final.Schema, Name: columns.RefreshName(s.final.Name)}
}

// aside tells whether rows go to a table beside the stream's own.
func (s *stream) aside() bool { return s.table != s.final }

// aside tells whether t is the table beside the stream's own.
func (p *preparation) aside(t *database.Table) bool {
	return p.stream != nil && t.Name != p.stream.final
}

// shown is what a history calls the way in which the stream's rows are loaded.
func (s *stream) shown() protocol.Disposition {
	if s.sync != nil && s.sync.Refresh != protocol.NoRefresh {
		return protocol.Replace
	}
	return s.mode
}

// chooseTable decides at the beginning of a run where the stream's rows go, and makes the table that is needed for it. There is a leftover where a
// refresh was given up whose rows are wanted all the same.
func (w *worker) chooseTable(ctx context.Context, conn *database.Conn, p *preparation) (leftover bool, err error) {
	s := p.stream
	if s.sync == nil || !p.first {
		return false, nil
	}
	if err := conn.Exec(ctx, w.o.Pipeline.TableLock(s.final)); err != nil {
		return false, database.Fault(err)
	}
	s.table = s.final
	beside, err := conn.Describe(ctx, s.beside())
	if err != nil {
		return false, err
	}
	final, err := conn.Describe(ctx, s.final)
	if err != nil {
		return false, err
	}
	var drop, create bool
	switch s.sync.Refresh {
	case protocol.NoRefresh:
		if beside.Exists && s.sync.Generation != nil {
			leftover, err = conn.Exists(ctx, beside, columns.GenerationName.String()+" IS NOT NULL")
			p.mayDefer = p.mayDefer && !leftover
		}
		drop = beside.Exists && !leftover
	case protocol.RefreshAtEnd:
		drop, create = beside.Exists, final.Exists
	case protocol.RefreshWhenComplete:
		drop, create, err = resume(ctx, conn, beside, final, *s.sync.Generation)
		if beside.Exists && !drop {
			s.table = beside.Name
		}
	}
	if err != nil {
		return false, err
	}
	if drop {
		if err := conn.Exec(ctx, "DROP TABLE "+beside.Name.String()); err != nil {
			return false, database.Fault(err)
		}
	}
	if create {
		s.table = beside.Name
		err = conn.Exec(ctx, fmt.Sprintf("CREATE TABLE %s (LIKE %s INCLUDING CONSTRAINTS INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING GENERATED)", beside.Name, final.Name))
	}
	return leftover, database.Fault(err)
}

// resume decides how a refresh goes on that an earlier run may have begun: with the rows of its generation, which are beside the table or,
// where that held no older ones, in it.
func resume(ctx context.Context, conn *database.Conn, beside, final *database.Table, generation int64) (drop, create bool, err error) {
	older := fmt.Sprintf("(%s < %d) IS NOT FALSE", columns.GenerationName, generation)
	old, err := conn.Exists(ctx, final, older)
	if err != nil {
		return false, false, err
	}
	drop, err = conn.Exists(ctx, beside, older)
	return drop, old && (drop || !beside.Exists), err
}

// adopt adds the rows of a table beside another one to it, and drops it.
func (w *worker) adopt(ctx context.Context, conn *database.Conn, shape database.Shape, beside columns.Table) error {
	t, err := conn.Describe(ctx, beside)
	if err != nil {
		return err
	}
	shape.Staging = beside
	shape.Columns = slices.DeleteFunc(slices.Clone(shape.Columns), func(c database.ShapeColumn) bool {
		_, ok := t.Column(c.Name)
		return !ok
	})
	sql, err := shape.SQL(database.Adopt)
	if err != nil {
		return err
	}
	return newRowsFault(conn.Exec(ctx, sql+"; DROP TABLE "+beside.String()))
}

// newRowsFault says what it means that the table refuses rows of a refresh as a whole.
func newRowsFault(err error) error {
	if _, ok := database.RowError(err); ok {
		return protocol.DataFault("correct the constraint, or the rows at the source", "the table refuses the new rows: %w", database.Fault(err))
	}
	return database.Fault(err)
}

// whole tells whether the rows of a refresh may take the place of the old ones. A platform that knows nothing of generations sends no
// statuses; then the end of the input has to do.
func (l *loader) whole(s *stream) bool {
	return s.complete || s.sync.Refresh == protocol.RefreshAtEnd && !l.sawStatus
}

// incompleteRefreshes is the fault of refreshes that the source did not complete; nil when there are none.
func (l *loader) incompleteRefreshes() error {
	var names []string
	for _, s := range l.order {
		if s.sync != nil && s.sync.Refresh != protocol.NoRefresh && !l.whole(s) {
			names = append(names, s.name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return protocol.TransientFault("see the source's log, and run it again", "the source did not complete %q: the old rows stay", names)
}

// sendRefresh has the worker put the new rows of a stream into their place.
func (l *loader) sendRefresh(s *stream) {
	p := &preparation{stream: s, metadata: l.o.Metadata, extra: s.extra}
	for _, plan := range s.plans {
		p.schemas = append(p.schemas, plan.schema)
	}
	l.send(op{kind: refreshTable, stream: s, layout: s.plan.layout, refresh: p, final: true})
}

// refresh puts the rows beside a table into the place of its own. With a key, rows that stay are written over, so that whatever refers to
// them holds.
func (w *worker) refresh(ctx context.Context, o *op) error {
	s := o.stream
	ld, err := w.load(ctx, s, o.layout, o.final)
	if err != nil {
		return err
	}
	if err := w.awaitTurn(ctx); err != nil {
		return err
	}
	if err := w.settle(ctx, ld); err != nil {
		return err
	}
	conn := ld.tx.conn
	if err := conn.Exec(ctx, w.o.Pipeline.TableLock(s.final)); err != nil {
		return database.Fault(err)
	}
	t, err := conn.Describe(ctx, s.final)
	if err != nil {
		return err
	}
	key := ld.layout.shape.Key
	keyed := len(key) > 0 && len(t.Arbiters(key)) > 0
	if t.Exists && !keyed {
		old := *ld
		old.layout = &layout{shape: database.Shape{Table: s.final, Scope: everyRow}}
		if err := w.clear(ctx, &old); err != nil {
			return err
		}
		ld.counts = old.counts
	}
	c, err := o.refresh.changes(w.o, t)
	if err != nil {
		return err
	}
	if t, err = execute(ctx, conn, t, c.statements); err != nil {
		return err
	}
	plans, err := w.plans(ctx, conn, o.refresh, t)
	if err != nil {
		return err
	}
	shape := plans[0].layout.shape
	shape.Staging, shape.Newest = s.table, false
	if keyed {
		old := *ld
		old.layout = &layout{shape: shape}
		if err := w.sweep(ctx, &old, database.Sweep); err != nil {
			return err
		}
		ld.counts = old.counts
	}
	return w.adopt(ctx, conn, shape, s.table)
}
