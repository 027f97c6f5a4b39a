package load

import (
	"context"
	"errors"
	"hash/maphash"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/signalroom/signalroom/target-postgres/database"
)

// workers is what the workers of a run share: the order of their commits, and the first failure.
type workers struct {
	o      *Options
	pool   *pool
	states *stateWriter
	run    string
	seed   maphash.Seed // of the hashes of keys
	source Source       // closed at the first error, so that nobody waits for the tap

	locking sync.Mutex
	lock    *database.RunLock
	mark    database.Mark // of what the run found, or committed last
	coming  database.Mark // of what is being committed

	layouts  atomic.Int64
	refused  atomic.Int64  // records rejected in the whole run
	refusals []refusedLine // of records that no echo covers yet; of the worker whose turn it is

	queue   chan *interval
	idle    atomic.Int64 // workers that wait for an interval
	all     []*worker    // the loader's alone
	most    int          // workers there may be; likewise
	running sync.WaitGroup

	failed chan struct{} // closed at the first error
	mu     sync.Mutex
	err    error
	doomed int64               // the first interval that failed: none behind it is committed
	open   map[int64]*interval // that are not committed
}

func newWorkers(o *Options, source Source, states *stateWriter, run string) *workers {
	return &workers{
		o: o, pool: newPool(o.Limits), states: states, run: run, seed: maphash.MakeSeed(), source: source, queue: make(chan *interval), most: o.Connections,
		failed: make(chan struct{}), doomed: math.MaxInt64, open: map[int64]*interval{},
	}
}

// room tells whether another interval would find a free worker.
func (ws *workers) room() bool {
	return ws.idle.Load() > 0 || len(ws.all) < ws.most
}

// start hands an interval to a worker that is free, or to a new one, or waits until one is free.
func (ws *workers) start(ctx context.Context, iv *interval) {
	ws.mu.Lock()
	ws.open[iv.number] = iv
	ws.mu.Unlock()
	if ws.idle.Load() == 0 && len(ws.all) < ws.most {
		ws.grow(ctx)
	}
	ws.queue <- iv
}

// grow adds a worker. Where the server has no connection for it, those that are there do the work: an interval that
// waited for a connection could wait for one that the next interval holds.
func (ws *workers) grow(ctx context.Context) {
	conn, err := database.Connect(ctx, ws.o.Connection)
	switch {
	case err == nil:
		ws.add(ctx, conn)
	case database.Is(err, database.TooManyConnections):
		ws.most = len(ws.all)
		ws.o.Log.Warn("the server gives no more connections: the load goes on with fewer", "batches_side_by_side", ws.most, "because", err)
	default:
		ws.add(ctx) // it tries again
	}
}

func (ws *workers) add(ctx context.Context, conns ...*database.Conn) {
	w := &worker{workers: ws, conns: conns, loads: map[*stream]*streamLoad{}, dropped: map[*stream]int64{}, wake: time.NewTimer(time.Hour)}
	ws.all = append(ws.all, w)
	ws.running.Go(func() { w.work(ctx) })
}

// close waits until every interval has ended, and lets go of the connections.
func (ws *workers) close(ctx context.Context) {
	close(ws.queue)
	ws.running.Wait()
	for _, w := range ws.all {
		for _, conn := range w.conns {
			conn.Close(ctx) // the run's outcome is known by now
		}
	}
	if ws.lock != nil {
		ws.lock.Close(ctx)
	}
}

// fail notes why an interval failed. Those ahead of it go on, those behind it do not.
func (ws *workers) fail(iv *interval, err error) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if iv.number < ws.doomed {
		ws.doomed, ws.err = iv.number, err
	}
	select {
	case <-ws.failed:
	default:
		close(ws.failed)
		ws.pool.fail()
		ws.source.Close() // nothing more is wanted of it
	}
}

// lost tells whether an interval can no longer be committed.
func (ws *workers) lost(iv *interval) bool {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return iv.number >= ws.doomed
}

func (ws *workers) failure() error {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return ws.err
}

// finished gives the turn to the next interval.
func (ws *workers) finished(iv *interval) {
	ws.mu.Lock()
	delete(ws.open, iv.number)
	ws.mu.Unlock()
	close(iv.done)
}

// behind gives the server processes of the intervals that come after one.
func (ws *workers) behind(iv *interval) []int32 {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	processes := []int32{}
	for _, other := range ws.open {
		if other.number > iv.number {
			processes = append(processes, other.processes...)
		}
	}
	return processes
}

// ahead gives the open intervals that come before one.
func (ws *workers) ahead(iv *interval) []*interval {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	var list []*interval
	for _, other := range ws.open {
		if other.number < iv.number {
			list = append(list, other)
		}
	}
	return list
}

// processes gives the server processes of all open transactions.
func (ws *workers) processes() []int32 {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	var all []int32
	for _, iv := range ws.open {
		all = append(all, iv.processes...)
	}
	return all
}

// errFailed stands for the error of the interval that failed first.
var errFailed = errors.New("the load failed")
