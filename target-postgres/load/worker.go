package load

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/target-postgres/database"
)

// A worker owns the connections and loads intervals, one after the other.
type worker struct {
	o       *Options
	pool    *pool
	states  *stateWriter
	run     string
	layouts int64

	lock    *database.RunLock
	conns   []*database.Conn // the second one only once an interval needed it
	lanes   [2]*lane         // of the interval under way, by whether rows repeat
	loads   map[*stream]*streamLoad
	order   []*streamLoad
	rejects []database.Reject // of the interval, that are not in the table yet
	refused int64             // records rejected in the whole run
	staged  []byte            // scratch

	// Segments that went to staging, as many as there is room for, until the end of the interval: a row that is refused on
	// its way from there is rejected with its record as it came.
	retained []*segment
	holding  int // bytes

	source Source        // closed at the first error, so that nobody waits for the tap
	failed chan struct{} // closed at the first error
	mu     sync.Mutex
	err    error
}

// A streamLoad is what an interval did to one stream so far.
type streamLoad struct {
	stream    *stream
	layout    *layout
	lane      *lane
	stageMade bool
	staged    int64 // rows in staging
	first     int64
	last      int64
	bytes     int64
	counts    database.Counts
}

// repeating is the index of a lane.
func repeating(repeats bool) int {
	if repeats {
		return 1
	}
	return 0
}

// work loads intervals until there are no more. After an error it only gives back what it is sent.
func (w *worker) work(ctx context.Context, intervals <-chan *interval) {
	for iv := range intervals {
		for o := range iv.ops {
			err := w.failure()
			if err == nil {
				if err = w.do(ctx, &o); err != nil {
					w.fail(ctx, err)
				}
			}
			if o.prepare != nil && err != nil {
				o.prepare.reply <- preparedTable{err: err}
			}
			if o.segment != nil && (err != nil || !w.retain(o.segment)) {
				w.pool.put(o.segment)
			}
		}
	}
}

// retain keeps a segment whose rows are in staging, if there is room.
func (w *worker) retain(s *segment) bool {
	ld := w.loads[s.plan.stream]
	if ld == nil || ld.staged == 0 || len(s.rows) == 0 || w.holding+s.size() > w.o.Limits.Sent/3 {
		return false
	}
	w.retained = append(w.retained, s)
	w.holding += s.size()
	w.pool.retain(s)
	return true
}

// release gives the retained segments back.
func (w *worker) release() {
	for _, s := range w.retained {
		w.pool.drop(s)
	}
	clear(w.retained)
	w.retained, w.holding = w.retained[:0], 0
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

// fail ends the run with the first error. Transactions are rolled back; what was rejected stays to be seen.
func (w *worker) fail(ctx context.Context, err error) {
	w.mu.Lock()
	w.err = err
	w.mu.Unlock()
	close(w.failed)
	w.pool.fail()
	w.source.Close() // nothing more is wanted of it
	for _, l := range w.lanes {
		if l != nil && !l.conn.IsClosed() {
			l.conn.Exec(ctx, "ROLLBACK") // the error that counts is err
		}
	}
	w.lanes = [2]*lane{}
	if len(w.rejects) > 0 && len(w.conns) > 0 && !w.conns[0].IsClosed() {
		conn := w.conns[0]
		if e := conn.Within(ctx, func() error { return conn.AddRejects(ctx, w.o.Pipeline, w.rejects) }); e != nil {
			w.o.Log.Warn("rejects could not be stored", "error", e)
		}
	}
}

func (w *worker) failure() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

func (w *worker) do(ctx context.Context, o *op) error {
	switch o.kind {
	case copyRows:
		return protocol.InStream(o.segment.plan.stream.name, w.copyRows(ctx, o.segment, o.final))
	case prepareTable:
		plans, err := w.prepareTable(ctx, o.prepare)
		if err != nil {
			return protocol.InStream(o.prepare.stream.name, err)
		}
		o.prepare.reply <- preparedTable{plans: plans}
		return nil
	case coverRows:
		return w.coverRows(ctx)
	case uncoverRows:
		return w.uncoverRows(ctx, o.all)
	case activateVersion, swapRows:
		return protocol.InStream(o.stream.name, w.activate(ctx, o))
	case commitInterval:
		return w.commit(ctx, o.commit)
	}
	return nil
}

// connection gives one that has no transaction open.
func (w *worker) connection(ctx context.Context) (*database.Conn, error) {
	for _, c := range w.conns {
		if (w.lanes[0] == nil || w.lanes[0].conn != c) && (w.lanes[1] == nil || w.lanes[1].conn != c) {
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
	ld := w.loads[s]
	if ld == nil {
		lane, err := w.lane(ctx, l.repeats, final)
		if err != nil {
			return nil, err
		}
		ld = &streamLoad{stream: s, layout: l, lane: lane}
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
	if err := w.settle(ctx, ld); err != nil {
		return nil, err
	}
	ld.layout, ld.stageMade = l, false
	return ld, nil
}

// hold takes the lock that a COPY takes, so that no other run alters the table until the commit, and makes sure that none has done
// so since the rows were encoded: a binary field of another type is refused at best, and another value at worst.
func (w *worker) hold(ctx context.Context, ld *streamLoad) error {
	if err := ld.lane.conn.Exec(ctx, "LOCK TABLE "+ld.layout.shape.Table.String()+" IN ROW EXCLUSIVE MODE"); err != nil {
		return database.Fault(err)
	}
	return w.unchanged(ctx, ld)
}

// prepareTable runs a preparation where the stream's rows go: in the transaction of its kind if there is one, in a
// short transaction of its own otherwise.
func (w *worker) prepareTable(ctx context.Context, p *preparation) ([]*plan, error) {
	latest := p.schemas[len(p.schemas)-1]
	repeats := w.o.disposition(latest) == protocol.Append && len(latest.KeyProperties) == 0
	l := w.lanes[repeating(repeats)]
	if ld := w.loads[p.stream]; ld != nil {
		l = ld.lane
	}
	if l != nil {
		return w.prepare(ctx, l.conn, p)
	}
	conn, err := w.connection(ctx)
	if err != nil {
		return nil, err
	}
	begin := conn.BeginSQL()
	if w.lanes[0] != nil || w.lanes[1] != nil {
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

// commit ends the interval: what is staged is settled, rows with a key commit first when they have a transaction of
// their own, and the state goes with the rows that repeat. Then, and only then, the STATE line leaves.
func (w *worker) commit(ctx context.Context, c *commit) error {
	for _, ld := range w.order {
		if err := w.settle(ctx, ld); err != nil {
			return protocol.InStream(ld.stream.name, err)
		}
	}
	keyed, last := w.lanes[0], w.lanes[1]
	if last == nil {
		keyed, last = nil, keyed
	}
	if keyed != nil && keyed != last {
		if err := w.account(ctx, keyed, c); err != nil {
			return err
		}
		if err := w.end(ctx, keyed); err != nil {
			return err
		}
	}
	if last == nil && (c.state != nil || len(w.rejects) > 0) {
		var err error
		if last, err = w.lane(ctx, false, true); err != nil {
			return err
		}
	}
	if last != nil {
		if err := last.conn.AddRejects(ctx, w.o.Pipeline, w.rejects); err != nil {
			return err
		}
		if err := w.account(ctx, last, c); err != nil {
			return err
		}
		if c.state != nil {
			if err := last.conn.SetState(ctx, w.o.Pipeline, w.run, c.state); err != nil {
				return err
			}
		}
		if err := w.end(ctx, last); err != nil {
			return err
		}
	}
	for _, ld := range w.order {
		ld.stream.total.Add(ld.counts)
		if w.o.Metrics != nil {
			w.o.Metrics.Records(ld.stream.name).Add(ld.counts.Read)
			w.o.Metrics.BatchDuration(ld.stream.name, time.Since(c.start), nil)
		}
		if s := ld.stream; s.staging > 0 {
			if s.staging--; s.staging == 0 && ld.layout.mode == protocol.Append {
				s.straight = true
			}
		}
	}
	w.lanes, w.order, w.rejects = [2]*lane{}, w.order[:0], w.rejects[:0]
	clear(w.loads)
	w.release()
	if c.state == nil {
		return nil
	}
	return w.states.write(c.state)
}

// end commits a transaction, unless the run has lost its lock and another one may have begun.
func (w *worker) end(ctx context.Context, l *lane) error {
	if err := w.lock.Held(ctx, l.conn); err != nil {
		return err
	}
	return commitFault(l.conn.Exec(ctx, "COMMIT"))
}

// account stores what a transaction did to its streams.
func (w *worker) account(ctx context.Context, l *lane, c *commit) error {
	var loads []database.Load
	for _, ld := range w.order {
		if ld.lane != l {
			continue
		}
		loads = append(loads, database.Load{
			Pipeline: w.o.Pipeline.Name, Run: w.run, Stream: ld.stream.name, Table: string(ld.stream.table.Name), Mode: string(ld.layout.mode),
			Started: c.start, FirstLine: ld.first, LastLine: ld.last, Bytes: ld.bytes, Counts: ld.counts,
		})
	}
	return l.conn.AddLoads(ctx, w.o.Pipeline, loads)
}

// commitFault is for constraints that are checked at the end of a transaction: there is no telling which row it was.
func commitFault(err error) error {
	if _, ok := database.RowError(err); ok {
		return protocol.DataFault("make the constraint immediate, so that the row can be found and rejected",
			"a deferred constraint refused the transaction: %w", database.Fault(err))
	}
	return database.Fault(err)
}

// reject takes one row out. Too many of them end the run.
func (w *worker) reject(ld *streamLoad, r database.Reject) error {
	r.Pipeline, r.Run, r.Stream = w.o.Pipeline.Name, w.run, ld.stream.name
	r.Reason = strings.ReplaceAll(r.Reason, string(ld.layout.shape.Staging.Name), string(ld.layout.shape.Table.Name))
	w.rejects = append(w.rejects, r)
	w.refused++
	ld.counts.Rejected++
	if w.refused > w.o.MaxRejects {
		return protocol.DataFault("see them with: target-postgres rejects list; their interval was rolled back. Raise max_rejects to go on past them",
			"%d rejected, more than max_rejects (%d); the latest, on line %d: %s", w.refused, w.o.MaxRejects, r.Line, reasonOf(r))
	}
	return nil
}

// reasonOf is the reason without what a trigger says, which may hold the row's values.
func reasonOf(r database.Reject) string {
	if r.SQLState == database.Raised {
		return "an exception that a trigger or function raised"
	}
	if r.Column == "" {
		return r.Reason
	}
	return fmt.Sprintf("column %q: %s", r.Column, r.Reason)
}

// maxHeldRejects is how many rejects wait for the end of their interval; more of them go into its transaction.
const maxHeldRejects = 1000

func (w *worker) flushRejects(ctx context.Context, l *lane) error {
	if len(w.rejects) < maxHeldRejects {
		return nil
	}
	if err := l.conn.AddRejects(ctx, w.o.Pipeline, w.rejects); err != nil {
		return err
	}
	w.rejects = w.rejects[:0]
	if r := w.lanes[repeating(true)]; r != nil {
		r.rejects = 0
	}
	return nil
}

// everyLine is the range of lines of all that is staged.
const everyLine = math.MaxInt64

// keyOf is a record's key as a JSON object, for a reject that the server made.
func keyOf(p *plan, record []byte) string {
	var scan rawjson.Scanner
	fields, err := scan.Fields(record)
	if err != nil {
		return ""
	}
	return p.key(fields)
}

func now() time.Time { return time.Now().UTC() }
