package protocol

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// Kind says who can mend a fault, and so what a scheduler does next.
type Kind uint8

const (
	// System is a defect of the program, or the machine it runs on: disk, memory, a broken pipe.
	System Kind = iota
	// Config is what the user set: a key, a credential, a file, a permission.
	Config
	// Data is what was sent: a broken protocol line, too many rejected rows, a stream that ended incomplete.
	Data
	// Transient passes by itself: a lost server, a rate limit, a pipeline that another run holds.
	Transient
)

// kinds is the one table from a kind to what the two protocols call it.
var kinds = [...]struct {
	name     string
	exitCode int
	airbyte  string
}{
	System:    {"system", 1, "system_error"},
	Config:    {"configuration", 2, "config_error"},
	Data:      {"data", 3, "system_error"},
	Transient: {"transient", 4, "transient_error"},
}

// String is the word for the kind in logs.
func (k Kind) String() string { return kinds[k].name }

// ExitCode is what the process ends with: 1 system, 2 configuration, 3 data, 4 transient.
func (k Kind) ExitCode() int { return kinds[k].exitCode }

// FailureType is the failure_type of an Airbyte error trace.
func (k Kind) FailureType() string { return kinds[k].airbyte }

// A Fault is an error that a user reads: its kind, the stream it belongs to if any, what to do next, and the cause.
// Neither the cause nor the hint may hold a secret or a row's values.
type Fault struct {
	Kind   Kind
	Stream string
	Hint   string
	Err    error
}

// Error is one line: stream, cause, hint.
func (f *Fault) Error() string {
	var b strings.Builder
	if f.Stream != "" {
		fmt.Fprintf(&b, "stream %q: ", f.Stream)
	}
	b.WriteString(f.Err.Error())
	if f.Hint != "" {
		b.WriteString("; ")
		b.WriteString(f.Hint)
	}
	return b.String()
}

// Unwrap gives the cause.
func (f *Fault) Unwrap() error { return f.Err }

// ConfigFault is a fault of the configuration. The hint says what to change; format and args are those of fmt.Errorf.
func ConfigFault(hint, format string, args ...any) *Fault {
	return &Fault{Kind: Config, Hint: hint, Err: fmt.Errorf(format, args...)}
}

// DataFault is a fault of what was sent.
func DataFault(hint, format string, args ...any) *Fault {
	return &Fault{Kind: Data, Hint: hint, Err: fmt.Errorf(format, args...)}
}

// TransientFault is a fault that passes by itself.
func TransientFault(hint, format string, args ...any) *Fault {
	return &Fault{Kind: Transient, Hint: hint, Err: fmt.Errorf(format, args...)}
}

// SystemFault is a defect, or a fault of the machine.
func SystemFault(hint, format string, args ...any) *Fault {
	return &Fault{Kind: System, Hint: hint, Err: fmt.Errorf(format, args...)}
}

// InStream names the stream that err belongs to. An err that is no fault becomes a System fault;
// one that already names a stream, and nil, are returned as they are.
func InStream(stream string, err error) error {
	if err == nil {
		return nil
	}
	var f *Fault
	if !errors.As(err, &f) {
		return &Fault{Kind: System, Stream: stream, Err: err}
	}
	if f.Stream != "" {
		return err
	}
	named := *f
	named.Stream = stream
	if error(f) != err {
		named.Err, named.Hint = err, ""
	}
	return &named
}

// KindOf is the kind of the outermost fault in err's chain, System where there is none.
func KindOf(err error) Kind {
	var f *Fault
	if errors.As(err, &f) {
		return f.Kind
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return Transient
	}
	return System
}

// ExitCode is what a process that ended with err returns; 0 for nil.
func ExitCode(err error) int {
	if err == nil {
		return 0
	}
	return KindOf(err).ExitCode()
}

// SignalExitCode is what a process that drained after a signal returns: 128 and the signal's number, as a shell counts.
func SignalExitCode(s os.Signal) int {
	if number, ok := s.(syscall.Signal); ok {
		return 128 + int(number)
	}
	return System.ExitCode()
}
