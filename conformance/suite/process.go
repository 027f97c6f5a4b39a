package suite

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// An outcome is how a run ended, and what it printed.
type outcome struct {
	arguments string // for messages
	code      int    // 128+n when signal n ended it
	signal    syscall.Signal
	timedOut  bool
	stdout    string
	stderr    string
}

// A running program. end waits for it, and ends its children.
type running struct {
	session   *session
	arguments string
	cmd       *exec.Cmd
	stdin     io.WriteCloser
	read      *os.File
	lines     *bufio.Reader
	seen      strings.Builder // what was read of stdout
	stderr    bytes.Buffer
	cancel    context.CancelFunc
	ctx       context.Context
}

// start starts the program. Its output goes through a small pipe where the system allows one: a program whose output is not read stops in
// the middle of its work, and can be killed there.
func (s *session) start(env []string, args ...string) (*running, error) {
	ctx, cancel := context.WithTimeout(s.ctx, s.Timeout)
	argv := slices.Concat(s.Command, args)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	// In a process group of its own, so that a wrapper's children are killed too.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	cmd.Env = slices.Concat(s.Env, env)
	l := &running{session: s, arguments: strings.Join(args, " "), cmd: cmd, ctx: ctx, cancel: cancel}
	cmd.Stderr = &l.stderr
	read, write, err := os.Pipe()
	if err != nil {
		cancel()
		return nil, machineError{err}
	}
	defer write.Close()
	shrink(read)
	cmd.Stdout, l.read, l.lines = write, read, bufio.NewReader(read)
	if l.stdin, err = cmd.StdinPipe(); err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		read.Close()
		return nil, machineError{fmt.Errorf("the program does not start: %w", err)}
	}
	return l, nil
}

// line is the next line of the output without its end; false when there is none, or when the last one has no end.
func (l *running) line() (string, bool) {
	text, err := l.lines.ReadString('\n')
	l.seen.WriteString(text)
	return strings.TrimSuffix(text, "\n"), err == nil
}

func (l *running) signal(s syscall.Signal) {
	_ = syscall.Kill(l.cmd.Process.Pid, s) // it may have ended before
}

// kill ends the program and its children at once.
func (l *running) kill() {
	_ = syscall.Kill(-l.cmd.Process.Pid, syscall.SIGKILL) // it may have ended before
}

// closeOutput closes the reading end of the output, as when a target dies.
func (l *running) closeOutput() { l.read.Close() }

// end reads the rest and waits.
func (l *running) end() outcome {
	defer l.cancel()
	rest, _ := io.ReadAll(l.lines) // after closeOutput there is none
	l.seen.Write(rest)
	l.read.Close()
	err := l.cmd.Wait()
	l.kill() // its children may be there still
	e := outcome{arguments: l.arguments, stdout: l.seen.String(), stderr: l.stderr.String(), timedOut: l.ctx.Err() == context.DeadlineExceeded}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		e.code = exit.ExitCode()
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			e.signal = status.Signal()
			e.code = 128 + int(e.signal)
		}
	}
	l.session.watch(e)
	return e
}

// run runs the program to its end.
func (s *session) run(stdin string, env []string, args ...string) (outcome, error) {
	l, err := s.start(env, args...)
	if err != nil {
		return outcome{}, err
	}
	var feeding sync.WaitGroup
	feeding.Go(func() {
		_, _ = io.WriteString(l.stdin, stdin) // it may end without reading all
		l.stdin.Close()
	})
	e := l.end()
	feeding.Wait()
	return e, nil
}

// succeeded is an error unless the exit code is 0.
func (e outcome) succeeded() error {
	switch {
	case e.timedOut:
		return fmt.Errorf("%s: it did not end in time", e.title())
	case e.signal != 0:
		return fmt.Errorf("%s: signal %v ended it%s", e.title(), e.signal, e.lastWords())
	case e.code != 0:
		return fmt.Errorf("%s: exit code %d%s", e.title(), e.code, e.lastWords())
	}
	return nil
}

// refused is an error unless the run ended by itself with another exit code than 0.
func (e outcome) refused() error {
	switch {
	case e.timedOut:
		return fmt.Errorf("%s: it did not end in time", e.title())
	case e.code == 0:
		return fmt.Errorf("%s: exit code 0", e.title())
	}
	return nil
}

func (e outcome) title() string {
	text := strings.TrimSpace(temporary.ReplaceAllString(e.arguments, "$1"))
	if text = strings.TrimSpace(strings.TrimPrefix(text, "--config config.json")); text == "" {
		return "the run"
	}
	return text
}

// temporary matches the paths of files that the suite wrote. Messages name such a file without its folder.
var temporary = regexp.MustCompile(`\S*/conformance-[0-9]+/(?:[0-9]+-)?(\S*)`)

// lastWords is the last line on standard error, shortened.
func (e outcome) lastWords() string {
	lines := strings.Split(strings.TrimSpace(e.stderr), "\n")
	last := strings.TrimSpace(lines[len(lines)-1])
	if last == "" {
		return ", and nothing on standard error"
	}
	if runes := []rune(last); len(runes) > 200 {
		last = string(runes[:200]) + "…"
	}
	return ": " + temporary.ReplaceAllString(last, "$1")
}

// An output is an outcome whose standard output was read as messages, one a line.
type output struct {
	outcome
	strays []int // numbers of the lines that are no message
	cut    bool  // the last line has no end
}

// eachLine gives each whole line of standard output to parse, numbered from 1. parse returns false for one that is no message.
func (e outcome) eachLine(parse func(line string, number int) bool) output {
	o := output{outcome: e}
	number := 0
	for line := range strings.Lines(e.stdout) {
		number++
		if !strings.HasSuffix(line, "\n") {
			o.cut = true
		} else if !parse(line, number) {
			o.strays = append(o.strays, number)
		}
	}
	return o
}

// pure is an error when standard output holds anything but messages.
func (o *output) pure() error {
	var p problems
	for _, line := range o.strays {
		p.add("line %d is no message", line)
	}
	if o.cut {
		p.add("the last line has no end")
	}
	return p.err()
}

// stackTrace matches the first lines of stack traces of Python, Go, Java and Node.
var stackTrace = regexp.MustCompile(`(?m)^\s*(Traceback \(most recent call last\)|goroutine \d+ \[|panic: |Exception in thread |\s+at \S+ ?\(.*:\d+\))`)

// readable is an error when standard error is empty, or holds a stack trace.
func (e outcome) readable() error {
	switch {
	case strings.TrimSpace(e.stderr) == "":
		return fmt.Errorf("%s: nothing on standard error", e.title())
	case stackTrace.MatchString(e.stderr):
		return fmt.Errorf("%s: a stack trace", e.title())
	}
	return nil
}
