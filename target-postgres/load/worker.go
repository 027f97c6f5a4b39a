package load

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/database"
)

// A worker owns the connections of one interval at a time, and loads it.
type worker struct {
	*workers
	conns []*database.Conn // the second one only once an interval needed it
	wake  *time.Timer

	// Of the interval under way.
	iv           *interval
	transactions [2]*transaction // by whether rows repeat
	loads        map[*stream]*streamLoad
	order        []*streamLoad
	rejects      []database.Reject // that are not in the table yet
	refused      int64             // of those of all workers, this interval's
	refusals     []refusedLine     // the same, where states are echoed
	dropped      map[*stream]int64 // rows that were taken back
	keys         bool              // it wrote rows that keep another interval with the same keys waiting
	copying      *copying          // nil while the connections are free
	passing      []*segment        // that are not retained, until their COPY ends
	staged       []byte            // scratch

	// The segments of the interval, until there is no more room for them: to load it again, and to know the record of a row that
	// is refused on its way from staging.
	retained []*segment
}

// A streamLoad is what an interval did to one stream so far.
type streamLoad struct {
	stream    *stream
	layout    *layout
	tx        *transaction
	stageMade bool
	staged    int64 // rows in staging
	first     int64
	last      int64
	bytes     int64
	counts    database.Counts
	schema    *protocol.Stream // the latest that its rows came under
	version   int64            // the newest of its rows, or the one that was activated

	// Of a replace.
	stagedBytes int
	anew        bool // the old rows are deleted, and new ones go to the table itself
	emptied     bool // by TRUNCATE
	keyTwice    bool // rows go to staging all the same, because a key came twice
}

// repeating is the index of a transaction.
func repeating(repeats bool) int {
	if repeats {
		return 1
	}
	return 0
}

// work loads intervals until there are no more.
func (w *worker) work(ctx context.Context) {
	for {
		w.idle.Add(1)
		iv, ok := <-w.queue
		w.idle.Add(-1)
		if !ok {
			return
		}
		w.iv = iv
		w.interval(ctx)
		w.forget()
		w.finished(iv)
	}
}

// interval loads one. After an error it only gives back what it is sent.
func (w *worker) interval(ctx context.Context) {
	for {
		o, more, err := w.next(ctx)
		if err == nil && !more {
			w.rollback(ctx) // what was not committed by its last operation is not wanted
			return
		}
		if err == nil {
			err = w.step(ctx, o)
		}
		if err != nil {
			w.giveUp(ctx, err)
			if o.prepare != nil && !o.prepare.answered {
				o.prepare.reply <- preparedTable{err: err}
			}
			break
		}
	}
	for o := range w.iv.ops {
		if o.segment != nil {
			w.pool.put(o.segment)
		}
		if o.prepare != nil {
			o.prepare.reply <- preparedTable{err: errFailed}
		}
	}
}

// next waits for an operation. Meanwhile it makes way for an interval ahead that waits for a row of this one.
func (w *worker) next(ctx context.Context) (o op, more bool, err error) {
	for {
		if w.lost(w.iv) {
			return op{}, false, errFailed
		}
		w.wake.Reset(patience)
		select {
		case o, more = <-w.iv.ops:
			return o, more, nil
		case <-w.failed:
			if w.lost(w.iv) {
				return op{}, false, errFailed
			}
			o, more = <-w.iv.ops // an interval behind failed: this one is complete
			return o, more, nil
		case <-w.wake.C:
			err := w.endCopy(ctx)
			if err == nil {
				err = w.makeWay(ctx)
			}
			if err != nil {
				err = w.again(ctx, err)
			}
			w.tidy()
			if err != nil {
				return op{}, false, err
			}
		}
	}
}

// step does an operation, and all before it anew where that may help.
func (w *worker) step(ctx context.Context, o op) error {
	if o.segment != nil {
		if err := w.retain(ctx, o.segment); err != nil {
			w.pool.put(o.segment)
			return err
		}
	}
	w.iv.log = append(w.iv.log, o)
	err := w.do(ctx, &o)
	if s := o.segment; s != nil {
		w.pool.retain(s)
		if !slices.Contains(w.retained, s) {
			w.passing = append(w.passing, s)
		}
	}
	if err != nil && !errors.Is(err, errFailed) {
		err = w.again(ctx, err)
	}
	w.tidy()
	return err
}

// retain keeps a segment for as long as the interval lasts, if there is room;
// records make room for rows. An interval that outgrows it cannot be loaded
// again. Since its keys may be in the way of one ahead, it waits for its turn first.
func (w *worker) retain(ctx context.Context, s *segment) error {
	size := s.size() - len(s.raw)
	for _, g := range w.retained {
		if size += g.size(); w.copies(g) {
			size -= len(g.raw)
		}
	}
	for _, g := range w.retained {
		if size <= w.o.held() {
			break
		}
		if !w.copies(g) {
			size -= len(g.raw)
			w.pool.strip(g)
		}
	}
	if !w.iv.fixed && size <= w.o.held() {
		w.retained = append(w.retained, s)
		return nil
	}
	if w.keys || s.plan.layout.guarded {
		if err := w.awaitTurn(ctx); errors.Is(err, errInTheWay) {
			if err := w.again(ctx, err); err != nil {
				return err
			}
			return w.retain(ctx, s)
		} else if err != nil {
			return err
		}
	}
	w.iv.fixed = true
	return nil
}

// record finds the record of a staged row, nil when it is no longer in memory.
func (w *worker) record(s *stream, line int64) []byte {
	for _, g := range w.retained {
		if g.plan.stream != s {
			continue
		}
		if i := slices.IndexFunc(g.rows, func(r row) bool { return r.line == line }); i >= 0 {
			return g.record(i)
		}
	}
	return nil
}

// forget ends the account of an interval.
func (w *worker) forget() {
	for _, s := range w.retained {
		w.pool.drop(s)
	}
	clear(w.retained)
	w.retained = w.retained[:0]
	w.tidy()
	w.blank()
}

// blank begins the account of an interval.
func (w *worker) blank() {
	w.transactions, w.order, w.rejects, w.refused, w.keys = [2]*transaction{}, w.order[:0], w.rejects[:0], 0, false
	w.refusals = w.refusals[:0]
	clear(w.loads)
	clear(w.dropped)
}

// giveUp ends the run with an error of this interval. Its transactions are rolled back, but its rejects are stored, so that they can be seen.
func (w *worker) giveUp(ctx context.Context, err error) {
	w.rollback(ctx)
	if errors.Is(err, errFailed) {
		return // another interval's error is the run's
	}
	w.fail(w.iv, err)
	w.keepRejects(ctx)
}

// keepRejects stores the rejects of an interval that is taken back.
func (w *worker) keepRejects(ctx context.Context) {
	if w.o.Replay != nil || len(w.rejects) == 0 || len(w.conns) == 0 {
		return
	}
	conn := w.conns[0]
	if e := conn.Within(ctx, func() error { return conn.AddRejects(ctx, w.o.Pipeline, w.rejects) }); e != nil {
		w.o.Log.Warn("rejects could not be stored", "error", e)
	}
}

// rollback takes back what the interval did so far. Connections that are lost are let go.
func (w *worker) rollback(ctx context.Context) {
	if w.copying != nil {
		w.copying.end() // its rows are taken back, whatever the server says of them
		w.copying = nil
	}
	for _, tx := range w.transactions {
		if tx != nil && tx.conn.Exec(ctx, "ROLLBACK") != nil {
			tx.conn.Close(ctx)
		}
	}
	w.conns = slices.DeleteFunc(w.conns, func(c *database.Conn) bool { return c.IsClosed() })
	w.transactions = [2]*transaction{}
}

func (w *worker) do(ctx context.Context, o *op) error {
	if o.kind != copyRows {
		if err := w.endCopy(ctx); err != nil {
			return err
		}
	}
	switch o.kind {
	case copyRows:
		return protocol.InStream(o.segment.plan.stream.name, w.copyRows(ctx, o.segment, o.final))
	case prepareTable:
		plans, err := w.prepareTable(ctx, o.prepare)
		if err != nil {
			return protocol.InStream(o.prepare.stream.name, err)
		}
		if !o.prepare.answered {
			o.prepare.answered = true
			o.prepare.reply <- preparedTable{plans: plans}
		}
		return nil
	case coverRows:
		return w.coverRows(ctx)
	case uncoverRows:
		return w.uncoverRows(ctx, o.all)
	case activateVersion, swapRows:
		return protocol.InStream(o.stream.name, w.activate(ctx, o))
	case refreshTable:
		return protocol.InStream(o.stream.name, w.refresh(ctx, o))
	case commitInterval:
		return w.commit(ctx, o.commit)
	}
	return nil
}

// connection gives one that has no transaction open.
func (w *worker) connection(ctx context.Context) (*database.Conn, error) {
	for _, c := range w.conns {
		if (w.transactions[0] == nil || w.transactions[0].conn != c) && (w.transactions[1] == nil || w.transactions[1].conn != c) {
			return c, nil
		}
	}
	c, err := database.Connect(ctx, w.o.Connection)
	if err != nil {
		return nil, err
	}
	w.conns = append(w.conns, c)
	return c, nil
}

// load gives the account of a stream in this interval, for rows of this layout. Rows of an earlier layout are settled first.
func (w *worker) load(ctx context.Context, s *stream, l *layout, final bool) (*streamLoad, error) {
	if l.made != nil && l.made != w.iv {
		if err := w.await(ctx, l.made.done); err != nil { // before that the table is not there, or has another form
			return nil, err
		}
	}
	ld := w.loads[s]
	if ld == nil {
		tx, err := w.transaction(ctx, l.repeats, final)
		if err != nil {
			return nil, err
		}
		ld = &streamLoad{stream: s, layout: l, tx: tx}
		if err := w.hold(ctx, ld); err != nil {
			return nil, err
		}
		w.loads[s] = ld
		w.order = append(w.order, ld)
	}
	if ld.layout == l {
		return ld, nil
	}
	if ld.layout.mode == protocol.Replace && l.mode == protocol.Replace && ld.stageMade {
		return ld, w.restage(ctx, ld, l)
	}
	if err := w.awaitTurn(ctx); err != nil {
		return nil, err
	}
	if err := w.settle(ctx, ld); err != nil {
		return nil, err
	}
	ld.layout, ld.stageMade = l, false
	return ld, nil
}

// hold takes the lock that a COPY takes, so that no other run alters the table until the commit, and makes sure that none has done
// so since the rows were encoded: a binary field of another type is refused at best, and another value at worst.
func (w *worker) hold(ctx context.Context, ld *streamLoad) error {
	form, err := ld.tx.conn.HoldForm(ctx, ld.stream.table)
	if err != nil {
		return err
	}
	if form == ld.layout.tableForm {
		return nil
	}
	return w.unchanged(ctx, ld)
}

// prepareTable runs a preparation where the stream's rows go: in the transaction of its kind if there is one, in a
// short transaction of its own otherwise.
func (w *worker) prepareTable(ctx context.Context, p *preparation) ([]*plan, error) {
	if p.made != nil && p.made != w.iv {
		if err := w.await(ctx, p.made.done); err != nil { // what is seen of the table is its form of before
			return nil, err
		}
	}
	latest := p.schemas[len(p.schemas)-1]
	repeats := w.o.Disposition(latest) == protocol.Append && len(latest.KeyProperties) == 0
	tx := w.transactions[repeating(repeats)]
	if ld := w.loads[p.stream]; ld != nil {
		tx = ld.tx
	}
	var conn *database.Conn
	if tx == nil {
		var err error
		conn, err = w.connection(ctx)
		if other := w.transactions[repeating(!repeats)]; other != nil && database.Is(err, database.TooManyConnections) {
			tx, err = other, nil
		}
		if err != nil {
			return nil, err
		}
	}
	if tx != nil {
		if err := w.awaitTurn(ctx); err != nil { // from here on others wait for the table
			return nil, err
		}
		p.inside = true
		plans, err := w.prepare(ctx, tx.conn, p)
		if err == nil && len(plans) > 0 {
			plans[0].layout.made = w.iv
		}
		return plans, err
	}
	begin := conn.BeginSQL()
	if w.transactions[0] != nil || w.transactions[1] != nil {
		// A transaction of ours may hold a lock that the server cannot know to be our own.
		begin += "; SET LOCAL lock_timeout = '5s'"
	}
	if err := conn.Exec(ctx, begin); err != nil {
		return nil, database.Fault(err)
	}
	plans, err := w.prepare(ctx, conn, p)
	if err != nil {
		conn.Exec(ctx, "ROLLBACK") // the error that counts is err
		return nil, err
	}
	return plans, database.Fault(conn.Exec(ctx, "COMMIT"))
}
