package load

import (
	"bytes"
	"errors"
	"io"
	"syscall"

	"github.com/signalroom/signalroom/protocol"
)

// stateWriter prints the states that are committed, one line each, one Write each.
type stateWriter struct {
	out  io.Writer
	last []byte
	line []byte
}

// write prints a state. One that repeats the line before is not printed again.
func (s *stateWriter) write(state []byte) error {
	if s.last != nil && bytes.Equal(s.last, state) {
		return nil
	}
	return s.print(state, "the state is stored all the same; see it with: target-postgres state")
}

// echo prints a state that goes back to the platform, however often it is the same.
func (s *stateWriter) echo(line []byte) error {
	return s.print(line, "what it covers is stored all the same")
}

func (s *stateWriter) print(state []byte, hint string) error {
	s.last = append(s.last[:0], state...)
	s.line = append(append(s.line[:0], state...), '\n')
	if _, err := s.out.Write(s.line); err != nil {
		if errors.Is(err, syscall.EPIPE) {
			return protocol.SystemFault(hint, "whoever read the states is gone: %w", err)
		}
		return protocol.SystemFault(hint, "writing a state: %w", err)
	}
	return nil
}
