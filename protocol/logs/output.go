package logs

import (
	"io"
	"log/slog"
)

// LevelCritical is the level of the last line of a run that failed.
const LevelCritical = slog.Level(12)

// An Output is where a program's log lines go.
type Output struct {
	program string
}

// New makes the log of a program: its name is tap-x. The environment decides on form and level: SINGER_SDK_LOG_CONFIG,
// TAP_X_LOGLEVEL or LOGLEVEL, NO_COLOR. What is wrong with them is said in a warning line and is no error.
func New(program string, w io.Writer, env func(name string) (string, bool)) *Output {
	return &Output{program: program}
}

// Logger is the program's logger. An attribute named "stream" names the stream.
func (o *Output) Logger() *slog.Logger { return slog.New(slog.DiscardHandler) }

// Mask adds texts that must never appear in a line.
func (o *Output) Mask(secrets ...string) {}

// Fatal writes why the run failed; its last line has level CRITICAL. There is no stack trace.
func (o *Output) Fatal(err error) {}

// Run runs a program to its exit code: an error is written by [Output.Fatal], a panic becomes one CRITICAL line
// without values, and exit code 1.
func (o *Output) Run(program func() error) (exitCode int) { return 0 }
