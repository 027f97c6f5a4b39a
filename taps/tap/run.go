package tap

import (
	"context"
	"io"
	"log/slog"
	"os"
	"time"
)

// A Program is what a process is given: main fills it from the operating system, a test from its own values.
type Program struct {
	Args    []string // without the program's name
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer
	Env     []string         // NAME=value
	Signals <-chan os.Signal // the first one drains the run, the second ends it; nil for none
}

// A Run is one execution of a tap: what [Tap.Open] may know beside its settings.
type Run struct {
	Name    string
	Version string
	Start   time.Time // taken once, UTC, whole milliseconds: the upper bound of every window, and the version of a replace
	Shard   Shard
	Log     *slog.Logger
	env     []string
}

// Env looks a variable up in the program's environment.
func (r *Run) Env(name string) (string, bool) { return "", false }

// A Shard is one of Count runs that together read everything, from 0. Without --shard it is {0, 1}.
type Shard struct{ Index, Count int }

// Owns tells whether this run is the one that reads the unit (a file, a window) of that name. The answer depends on
// the name and the count alone.
func (s Shard) Owns(unit string) bool { return true }

// Main runs the tap as a process and exits.
func Main[C any](t Tap[C]) { os.Exit(t.Run(context.Background(), Program{})) }

// Run executes the command line in p and returns the exit code.
func (t Tap[C]) Run(ctx context.Context, p Program) int { return 0 }
