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

// A crew is what the workers of a run share: the order of their commits, and the first failure.
type crew struct {
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
	workers []*worker    // the loader's alone
	most    int          // workers there may be; likewise
	running sync.WaitGroup

	failed chan struct{} // closed at the first error
	mu     sync.Mutex
	err    error
	doomed int64               // the first interval that failed: none behind it is committed
	open   map[int64]*interval // that are not committed
}

func newCrew(o *Options, source Source, states *stateWriter, run string) *crew {
	return &crew{
		o: o, pool: newPool(o.Limits), states: states, run: run, seed: maphash.MakeSeed(), source: source, queue: make(chan *interval), most: o.Connections,
		failed: make(chan struct{}), doomed: math.MaxInt64, open: map[int64]*interval{},
	}
}

// room tells whether another interval would be taken up at once.
func (c *crew) room() bool {
	return c.idle.Load() > 0 || len(c.workers) < c.most
}

// start hands an interval to a worker that is free, or to a new one, or waits until one is free.
func (c *crew) start(ctx context.Context, iv *interval) {
	c.mu.Lock()
	c.open[iv.number] = iv
	c.mu.Unlock()
	if c.idle.Load() == 0 && len(c.workers) < c.most {
		c.enlist(ctx)
	}
	c.queue <- iv
}

// enlist hires one more worker. Where the server has no connection for it, those that are there do the work: an interval that
// waited for a connection could wait for one that the next interval holds.
func (c *crew) enlist(ctx context.Context) {
	conn, err := database.Connect(ctx, c.o.Connection)
	switch {
	case err == nil:
		c.hire(ctx, conn)
	case database.Is(err, database.TooManyConnections):
		c.most = len(c.workers)
		c.o.Log.Warn("the server gives no more connections: the load goes on with fewer", "batches_side_by_side", c.most, "because", err)
	default:
		c.hire(ctx) // it tries again
	}
}

func (c *crew) hire(ctx context.Context, conns ...*database.Conn) {
	w := &worker{crew: c, conns: conns, loads: map[*stream]*streamLoad{}, dropped: map[*stream]int64{}, wake: time.NewTimer(time.Hour)}
	c.workers = append(c.workers, w)
	c.running.Go(func() { w.work(ctx) })
}

// close waits until every interval has ended, and lets go of the connections.
func (c *crew) close(ctx context.Context) {
	close(c.queue)
	c.running.Wait()
	for _, w := range c.workers {
		for _, conn := range w.conns {
			conn.Close(ctx) // the run's outcome is known by now
		}
	}
	if c.lock != nil {
		c.lock.Close(ctx)
	}
}

// fail notes why an interval failed. Those ahead of it go on, those behind it do not.
func (c *crew) fail(iv *interval, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if iv.number < c.doomed {
		c.doomed, c.err = iv.number, err
	}
	select {
	case <-c.failed:
	default:
		close(c.failed)
		c.pool.fail()
		c.source.Close() // nothing more is wanted of it
	}
}

// lost tells whether an interval can no longer be committed.
func (c *crew) lost(iv *interval) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return iv.number >= c.doomed
}

func (c *crew) failure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// finished gives the turn to the next interval.
func (c *crew) finished(iv *interval) {
	c.mu.Lock()
	delete(c.open, iv.number)
	c.mu.Unlock()
	close(iv.done)
}

// behind gives the server processes of the intervals that come after one.
func (c *crew) behind(iv *interval) []int32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	processes := []int32{}
	for _, other := range c.open {
		if other.number > iv.number {
			processes = append(processes, other.processes...)
		}
	}
	return processes
}

// ahead gives the open intervals that come before one.
func (c *crew) ahead(iv *interval) []*interval {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []*interval
	for _, other := range c.open {
		if other.number < iv.number {
			list = append(list, other)
		}
	}
	return list
}

// processes gives the server processes of all open transactions.
func (c *crew) processes() []int32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []int32
	for _, iv := range c.open {
		all = append(all, iv.processes...)
	}
	return all
}

// errFailed stands for the error of the interval that failed first.
var errFailed = errors.New("the load failed")
