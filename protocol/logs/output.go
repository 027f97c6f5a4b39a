package logs

import (
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/signalroom/signalroom/protocol"
)

// LevelCritical is the level of the last line of a run that failed.
const LevelCritical = slog.Level(12)

// An Output is where a program's log lines go. A line is written by one Write, whole, whoever writes beside it.
type Output struct {
	program string
	pid     int
	now     func() time.Time
	form    form
	level   slog.Level
	secrets secrets

	mu       sync.Mutex
	w        io.Writer
	buffer   []byte
	reported []error
	streams  map[string][2]string // Airbyte's names of streams that have another label
}

// New makes the log of a program: its name is tap-x. A writer with an Fd method that is a terminal gets short times and
// colour. The environment decides on form and level: SINGER_SDK_LOG_CONFIG,
// TAP_X_LOGLEVEL or LOGLEVEL, NO_COLOR. What is wrong with them is said in a warning line and is no error.
func New(program string, w io.Writer, env func(name string) (string, bool)) *Output {
	noColor := ""
	if env != nil {
		noColor, _ = env("NO_COLOR")
	}
	f := form{kind: plain}
	if isTerminal(w) {
		f = form{kind: plain, clock: true, color: noColor == ""}
	}
	return newOutput(program, w, env, f)
}

func newOutput(program string, w io.Writer, env func(name string) (string, bool), f form) *Output {
	if env == nil {
		env = func(string) (string, bool) { return "", false }
	}
	o := &Output{program: program, pid: os.Getpid(), now: time.Now, w: w, level: slog.LevelInfo, form: f}
	o.configure(env)
	return o
}

// Logger is the program's logger. An attribute named "stream" names the stream.
func (o *Output) Logger() *slog.Logger { return slog.New(&handler{output: o}) }

// Mask adds texts that must never appear in a line.
func (o *Output) Mask(secrets ...string) { o.secrets.add(secrets) }

// line is one line before it is written.
type line struct {
	at      time.Time
	level   slog.Level
	logger  string
	message string
	stream  string
	attrs   []attr
	metric  []byte        // a metric's JSON object, nil otherwise
	kind    protocol.Kind // of a failure
}

// attr is a named value as text; bare values are numbers, booleans and null, which JSON has without quotes.
type attr struct {
	name, value string
	bare        bool
}

// write masks and writes a line. That standard error is gone is nobody's news.
func (o *Output) write(l line) {
	l.message = o.secrets.mask(l.message)
	l.stream = o.secrets.mask(l.stream)
	for i := range l.attrs {
		if value := o.secrets.mask(l.attrs[i].value); value != l.attrs[i].value {
			l.attrs[i].value, l.attrs[i].bare = value, false
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.buffer = o.append(o.buffer[:0], l); len(o.buffer) > 0 {
		_, _ = o.w.Write(o.buffer)
	}
}

// append spells a line in the form that the output has.
func (o *Output) append(dst []byte, l line) []byte {
	switch o.form.kind {
	case structured:
		return o.appendStructured(dst, l)
	case airbyte:
		return o.appendAirbyte(dst, l)
	}
	return o.appendPlain(dst, l)
}
