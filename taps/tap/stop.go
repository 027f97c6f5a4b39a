package tap

import (
	"context"
	"os"
	"sync"
	"time"
)

// grace is how long a signal waits for the stream under way to come to a checkpoint, before its context is cancelled.
const grace = 5 * time.Second

// A stop ends a run on a signal: at the next checkpoint, when grace is over, or at once when nothing is being read.
type stop struct {
	cancel  context.CancelFunc
	done    chan struct{}
	ended   chan struct{}
	mu      sync.Mutex
	got     os.Signal
	reading bool
}

// watch begins to wait for signals, until end is called.
func watch(ctx context.Context, signals <-chan os.Signal) (*stop, context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	s := &stop{cancel: cancel, done: make(chan struct{}), ended: make(chan struct{})}
	go func() {
		defer close(s.ended)
		select {
		case got := <-signals:
			s.first(got)
		case <-s.done:
			return
		}
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-signals:
		case <-timer.C:
		case <-s.done:
		}
		cancel()
	}()
	return s, ctx
}

func (s *stop) first(got os.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = got
	if !s.reading {
		s.cancel()
	}
}

// signal is the one that came, nil for none.
func (s *stop) signal() os.Signal {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got
}

// during runs read, which looks at signal itself: only then is a signal not at once the end.
func (s *stop) during(read func() error) error {
	s.set(true)
	defer s.set(false)
	return read()
}

func (s *stop) set(reading bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reading = reading
	if !reading && s.got != nil {
		s.cancel()
	}
}

// end releases what watch took.
func (s *stop) end() {
	close(s.done)
	<-s.ended
	s.cancel()
}
