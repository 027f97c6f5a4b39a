package main

import (
	"context"
	"fmt"
	"testing"
)

// A stage takes the place of the test that a strict API server wants. When the server finds a request wrong, the tap gets an error as answer, and
// the user a line.
type stage struct {
	testing.TB // nil: of its methods only those below are called
	*lab
}

func (s *stage) Cleanup(f func()) {
	s.cleanup = append(s.cleanup, func(context.Context) error { f(); return nil })
}

func (s *stage) Errorf(format string, args ...any) {
	fmt.Fprintf(s.out, "        "+format+"\n", args...)
}

func (s *stage) Helper() {}
