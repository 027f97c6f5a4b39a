package load

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/tuples"
)

// A Source is where messages come from: a reader of either wire. Close makes a waiting Next return [protocol.ErrClosed].
type Source interface {
	Next() (*protocol.Message, error)
	Close() error
}

// loader is the side of a run that reads. Its lock is held while a message is dealt with, so that the clock can end an
// interval between two messages.
type loader struct {
	ctx     context.Context
	o       Options
	source  Source
	workers *workers
	pool    *pool

	mu       sync.Mutex
	interval *interval     // under way; nil when nothing came since the last commit
	last     *interval     // before it
	wake     chan struct{} // an interval has begun

	streams  map[string]*stream
	keyTable *stream // whose keys need a table of their own
	order    []*stream
	columns  int // of all streams
	latest   *stream
	now      tuples.Instant

	// The interval under way.
	began     time.Time // when its first message came
	bytes     int64     // of its records
	rows      int64     // records
	openBytes int       // in open segments
	staged    int       // bytes of its rows that merge by key
	filled    int       // streams that it has rows of
	commits   int64     // before it
	state     []byte    // the newest state, nil when there is none
	echoes    []echo    // Airbyte's states
	stateLine int64
	mark      int64 // counts the states of the run
	sentMark  int64 // the state whose coverRows was sent
	tail      bool  // rows without a key that no state covers are on their way

	sawState  bool
	sawStatus bool // of any stream
	ended     bool
	complete  bool            // the input ended by itself
	rejects   int64           // made here
	unknown   map[string]bool // streams of ACTIVATE_VERSION that were warned of
}

// Run loads everything that source gives and prints the states to out. It returns what became of the rows. A stop is a
// source that returns [protocol.ErrClosed]: what a state covers is committed, and the fault is nil.
//
// Cancelling ctx ends the run at once, with nothing of the open interval kept.
func Run(ctx context.Context, o Options, source Source, out io.Writer) (*Summary, error) {
	o.Limits = o.Limits.orDefault()
	o.Connections = cmp.Or(o.Connections, 3)
	if o.Progress == nil {
		o.Progress = &Progress{}
	}
	l := &loader{
		ctx: ctx, o: o, source: source, wake: make(chan struct{}, 1), streams: map[string]*stream{}, unknown: map[string]bool{},
	}
	started := now()
	l.now = tuples.Instant{Batched: started, Started: started.UnixMilli()}
	l.workers = newWorkers(&l.o, source, &stateWriter{out: out}, started.Format("20060102T150405Z")+"-"+rand.Text()[:8])
	l.pool = l.workers.pool
	err := l.run()
	l.workers.close(context.WithoutCancel(ctx))
	if failure := l.workers.failure(); failure != nil {
		err = failure
	}
	if err == nil && l.complete {
		err = runAfter(ctx, &l.o)
	}
	return l.summary(started), err
}

// run reads to the end, and ends.
func (l *loader) run() error {
	message, err := l.source.Next()
	if err != nil && message == nil {
		return ended(err) // nothing came: no connection, no lock
	}
	if err := l.workers.begin(l.ctx); err != nil {
		return err
	}
	clock := make(chan struct{})
	var background sync.WaitGroup
	background.Go(func() { l.watchClock(clock) })

	for ; ; message, err = l.source.Next() {
		l.mu.Lock()
		var rejected *protocol.RecordError
		if errors.As(err, &rejected) && message != nil {
			err = l.refuse(message, rejected)
		} else if err == nil {
			err = l.handle(message)
		}
		if err != nil {
			break
		}
		l.mu.Unlock()
	}
	l.complete = errors.Is(err, io.EOF)
	end := l.end(err)
	l.ended = true
	l.mu.Unlock()
	close(clock)
	background.Wait()
	if l.interval != nil {
		close(l.interval.ops)
	}
	return end
}

func (l *loader) handle(m *protocol.Message) error {
	select {
	case <-l.workers.failed:
		return errFailed
	default:
	}
	switch m.Type {
	case protocol.RecordMessage:
		return l.record(m)
	case protocol.StateMessage:
		return l.stateMessage(m)
	case protocol.SchemaMessage:
		return l.schema(m)
	case protocol.ActivateVersionMessage:
		return l.activate(m)
	case protocol.StatusMessage:
		l.sawStatus = true
		if s := l.streams[m.Stream]; s != nil {
			s.complete = m.Complete
		}
	case protocol.BatchMessage:
		return protocol.InStream(m.Stream, protocol.DataFault("let the tap send RECORD messages", "line %d: BATCH messages are not read", m.Line))
	}
	return nil
}

// streamOf finds a stream by name.
func (l *loader) streamOf(name string) *stream {
	if l.latest != nil && l.latest.name == name {
		return l.latest
	}
	if s := l.streams[name]; s != nil {
		l.latest = s
		return s
	}
	return nil
}

// touch notes that the interval has begun.
func (l *loader) touch() {
	if l.began.IsZero() {
		l.began = time.Now()
		l.now.Batched = l.began
		select {
		case l.wake <- struct{}{}:
		default:
		}
	}
}

// send hands an operation to the worker.
func (l *loader) send(o op) {
	if l.interval == nil {
		l.open()
	}
	if g := o.segment; g != nil {
		if s := g.plan.stream; g.plan.layout.Exact && !s.straight.Load() {
			l.staged += g.size() - len(g.raw)
		}
		l.pool.send(g)
	}
	l.interval.note(&o)
	l.interval.ops <- o
}

// open begins an interval.
func (l *loader) open() {
	iv := &interval{ops: make(chan op, 64), done: make(chan struct{}), touched: map[*stream]*touched{}}
	if l.last != nil {
		iv.number, iv.before = l.last.number+1, l.last.done
	} else {
		before := make(chan struct{})
		close(before)
		iv.before = before
	}
	l.interval, l.last = iv, iv
	l.workers.start(l.ctx, iv)
}

func (l *loader) activate(m *protocol.Message) error {
	s := l.streams[m.Stream]
	if s != nil && s.discards {
		return nil
	}
	if s == nil || s.plan == nil {
		if !l.unknown[m.Stream] {
			l.unknown[m.Stream] = true
			l.o.Log.Warn("ACTIVATE_VERSION of a stream without a SCHEMA is ignored", "stream", m.Stream, "line", m.Line)
		}
		return nil
	}
	if l.o.IgnoreVersions && s.mode != protocol.Replace {
		return nil
	}
	if s.activeSet && m.Version <= s.activated && !s.unswapped {
		return nil // said before
	}
	kind := activateVersion
	if s.mode == protocol.Replace {
		if s.unswapped && s.versioned && m.Version < s.version {
			return nil // of a set that was given up
		}
		kind = swapRows
	} else if err := l.versioned(s); err != nil {
		return err
	}
	l.touch()
	if err := l.flush(s); err != nil {
		return err
	}
	if s.plan.layout.repeats {
		if err := l.separate(); err != nil {
			return err
		}
		l.tail = true
	}
	s.activated, s.activeSet = m.Version, true
	s.unswapped, s.versioned = false, false
	l.send(op{kind: kind, stream: s, layout: s.plan.layout, version: m.Version})
	// A state that waited for this may have waited long enough.
	return l.commitIfCovered(l.o.BatchWait)
}

// watchClock ends intervals that have waited long enough, while no message comes.
func (l *loader) watchClock(done <-chan struct{}) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case <-done:
			return
		case <-l.wake:
			timer.Reset(l.o.BatchWait)
		case <-timer.C:
			l.mu.Lock()
			if !l.ended {
				l.commitIfCovered(l.o.BatchWait) // the worker's errors are met by the next message
				if !l.began.IsZero() {
					timer.Reset(max(l.o.BatchWait-time.Since(l.began), l.o.BatchWait/8, 100*time.Millisecond))
				}
			}
			l.mu.Unlock()
		}
	}
}
