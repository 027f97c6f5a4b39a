package load

import (
	"context"
	"strings"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/columns"
	"github.com/signalroom/signalroom/target-postgres/database"
)

// A preparation brings a stream's table to the form that its SCHEMAs want, and answers with plans for them.
type preparation struct {
	stream   *stream
	schemas  []*protocol.Stream // one, or several that share a layout
	metadata columns.Metadata
	extra    bool
	first    bool      // of the stream in this run
	mayDefer bool      // a new table may get its key later
	deferred bool      // the table gets its key later
	made     *interval // whose transaction the table's present form belongs to; nil when that is committed
	reply    chan preparedTable
	answered bool // the worker's alone
	inside   bool // likewise: the interval's own transaction has made the changes
}

type preparedTable struct {
	plans []*plan
	err   error
}

// wanted are the columns of one of its SCHEMAs.
func (p *preparation) wanted(o *Options, schema *protocol.Stream) []columns.Column {
	shape := columns.Options{Metadata: p.metadata, Extra: p.extra, Types: o.Types, Case: o.Case}
	want := columns.FromStream(schema, shape)
	if len(want) == 0 {
		// A table has at least one column that rows can be copied to.
		shape.Extra = true
		want = columns.FromStream(schema, shape)
	}
	return want
}

// prepare makes the changes on a connection with an open transaction, and the plans.
func (w *worker) prepare(ctx context.Context, conn *database.Conn, p *preparation) ([]*plan, error) {
	leftover, err := w.chooseTable(ctx, conn, p)
	if err != nil {
		return nil, err
	}
	t, err := conn.Describe(ctx, p.stream.table)
	if err != nil {
		return nil, err
	}
	c, err := p.changes(w.o, t)
	if err != nil || c.discarded {
		return nil, err
	}
	if err := conn.CheckTable(ctx, t.Name, c.statements, w.o.privileges(p.schemas[len(p.schemas)-1])...); err != nil {
		return nil, err
	}
	if physical, _ := protocol.ByGlob(w.o.Tables, p.stream.name); t.Exists && !t.Parted && physical.Partition != nil && !p.aside(t) {
		w.o.Log.Warn("the table was there and stays without partitions", "stream", p.stream.name)
	}
	if err := w.unmixed(ctx, conn, p, t); err != nil {
		return nil, err
	}
	if len(c.statements) > 0 {
		if t, err = w.change(ctx, conn, p, t); err != nil {
			return nil, err
		}
	}
	plans, err := w.plans(ctx, conn, p, t)
	if err == nil && leftover {
		err = w.adopt(ctx, conn, plans[0].layout.shape, p.stream.beside())
	}
	return plans, err
}

// change brings a table to the form that is wanted, and gives it as it is then.
func (w *worker) change(ctx context.Context, conn *database.Conn, p *preparation, t *database.Table) (*database.Table, error) {
	if t.Exists {
		// Rows on their way are encoded for the table as it is.
		if err := w.awaitTurn(ctx); err != nil {
			return nil, err
		}
	}
	// Another run may be at the same table: look again when it is ours alone.
	if err := conn.Exec(ctx, w.o.Pipeline.TableLock(t.Name)); err != nil {
		return nil, database.Fault(err)
	}
	t, err := conn.Describe(ctx, t.Name)
	if err != nil {
		return nil, err
	}
	c, err := p.changes(w.o, t)
	if err != nil {
		return nil, err
	}
	if len(c.altered) > 0 {
		w.o.Log.Info("table altered", "stream", p.stream.name, "changes", strings.Join(c.altered, "; "))
	}
	return execute(ctx, conn, t, c.statements)
}

// execute runs the statements that change a table, and gives it as it is then.
func execute(ctx context.Context, conn *database.Conn, t *database.Table, statements []string) (*database.Table, error) {
	if len(statements) == 0 {
		return t, nil
	}
	if err := conn.Exec(ctx, strings.Join(statements, "; ")); err != nil {
		return nil, changeFault(t, err)
	}
	return conn.Describe(ctx, t.Name)
}

// changeFault says what a failed change means. Rows in the table may forbid a key, a foreign key may need the old one, and an
// operator of something that the catalogs were not asked about may be missing for the new type.
func changeFault(t *database.Table, err error) error {
	if _, row := database.RowError(err); row || database.ChangeRefused(err) {
		return protocol.ConfigFault("mend the rows that are there and what depends on the table, or load into another one", "%s cannot be changed: %w", t.Name, database.Fault(err))
	}
	return database.Fault(err)
}
