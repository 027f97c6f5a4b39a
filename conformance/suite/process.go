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

// An ended is what a run left.
type ended struct {
	says     string // the arguments, for messages
	code     int    // 128+n where a signal ended it
	signal   syscall.Signal
	timedOut bool
	stdout   string
	stderr   string
}

// A live is a program that runs. It and its children end with end.
type live struct {
	session *session
	says    string
	cmd     *exec.Cmd
	stdin   io.WriteCloser
	read    *os.File
	lines   *bufio.Reader
	seen    strings.Builder // of stdout
	stderr  bytes.Buffer
	cancel  context.CancelFunc
	ctx     context.Context
}

// start starts the program. What is read of its output slowly fills no more than a small pipe, where the system allows one, so that a
// program can be met in the middle of its work.
func (s *session) start(env []string, args ...string) (*live, error) {
	ctx, cancel := context.WithTimeout(s.ctx, s.Timeout)
	argv := slices.Concat(s.Command, args)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	// A group of its own, so that a wrapper's children are met too.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	cmd.Env = slices.Concat(s.Env, env)
	l := &live{session: s, says: strings.Join(args, " "), cmd: cmd, ctx: ctx, cancel: cancel}
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

// line is the next line of the output without its end. False: there is none, or it has no end.
func (l *live) line() (string, bool) {
	text, err := l.lines.ReadString('\n')
	l.seen.WriteString(text)
	return strings.TrimSuffix(text, "\n"), err == nil
}

func (l *live) signal(s syscall.Signal) {
	_ = syscall.Kill(l.cmd.Process.Pid, s) // it may have ended before
}

// kill ends the program and its children at once.
func (l *live) kill() {
	_ = syscall.Kill(-l.cmd.Process.Pid, syscall.SIGKILL) // it may have ended before
}

// deaf closes the reader's end of the output, as a consumer does that dies.
func (l *live) deaf() { l.read.Close() }

// end reads the rest and waits.
func (l *live) end() ended {
	defer l.cancel()
	rest, _ := io.ReadAll(l.lines) // a closed pipe has none
	l.seen.Write(rest)
	l.read.Close()
	err := l.cmd.Wait()
	l.kill() // children that outlive it
	e := ended{says: l.says, stdout: l.seen.String(), stderr: l.stderr.String(), timedOut: l.ctx.Err() == context.DeadlineExceeded}
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
func (s *session) run(stdin string, env []string, args ...string) (ended, error) {
	l, err := s.start(env, args...)
	if err != nil {
		return ended{}, err
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

// succeeded is an error where the run did not end with 0.
func (e ended) succeeded() error {
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

// refused is an error where the run ended well, or in a way that leaves a person without an answer.
func (e ended) refused() error {
	switch {
	case e.timedOut:
		return fmt.Errorf("%s: it did not end in time", e.title())
	case e.code == 0:
		return fmt.Errorf("%s: exit code 0", e.title())
	}
	return nil
}

func (e ended) title() string {
	text := strings.TrimSpace(temporary.ReplaceAllString(e.says, "$1"))
	if text = strings.TrimSpace(strings.TrimPrefix(text, "--config config.json")); text == "" {
		return "the run"
	}
	return text
}

// temporary are the paths of files that the suite wrote.
var temporary = regexp.MustCompile(`\S*/conformance-[0-9]+/(?:[0-9]+-)?(\S*)`)

// lastWords is the last line on standard error, short.
func (e ended) lastWords() string {
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

// stackTrace is how Python, Go, Java and Node begin one.
var stackTrace = regexp.MustCompile(`(?m)^\s*(Traceback \(most recent call last\)|goroutine \d+ \[|panic: |Exception in thread |\s+at \S+ ?\(.*:\d+\))`)

// readable is an error where standard error holds nothing, or a stack trace.
func (e ended) readable() error {
	switch {
	case strings.TrimSpace(e.stderr) == "":
		return fmt.Errorf("%s: nothing on standard error", e.title())
	case stackTrace.MatchString(e.stderr):
		return fmt.Errorf("%s: a stack trace", e.title())
	}
	return nil
}
