package main

import (
	"context"
	"io"
	"os"
	"sync"
)

// signals ends a run: the first closes the reader, so that what is covered is committed, the second cancels everything.
type signals struct {
	cancel context.CancelFunc
	mu     sync.Mutex
	got    os.Signal
	reader io.Closer
}

// watch begins to wait, until the function that it returns is called.
func (s *signals) watch(from <-chan os.Signal) (end func()) {
	done := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		for {
			select {
			case got := <-from:
				s.arrive(got)
			case <-done:
				return
			}
		}
	})
	return func() { close(done); running.Wait() }
}

func (s *signals) arrive(got os.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.got == nil && s.reader != nil {
		s.got = got
		s.reader.Close()
		return
	}
	s.got = got
	s.cancel()
}

// drain names the reader that a signal closes.
func (s *signals) drain(reader io.Closer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reader = reader
	if s.got != nil {
		reader.Close()
	}
}

func (s *signals) received() os.Signal {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got
}
