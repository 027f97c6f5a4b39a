package main

import (
	"context"
	"fmt"
	"testing"
)

// A stage is what a strict API server of the tests takes for its test: a part of this program. What the server finds wrong with a
// request, the tap is told by its answer, and the user by a line.
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
