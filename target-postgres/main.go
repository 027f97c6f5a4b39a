// Package main is target-postgres: it reads Singer messages on standard input, loads them into PostgreSQL, and prints
// each state on standard output once everything that it covers is committed.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/logs"
	"github.com/signalroom/signalroom/protocol/pipe"
	"github.com/signalroom/signalroom/protocol/settings"
	"github.com/signalroom/signalroom/target-postgres/load"
)

func main() { os.Exit(process()) }

// A Program is what a process is given: main fills it from the operating system, a test from its own values.
type Program struct {
	Args    []string // without the program's name
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer
	Env     func(name string) (string, bool)
	Dir     string            // where the search for .env begins; empty: the working directory
	Signals <-chan os.Signal  // the first drains the run, the second ends it at once; nil: there will be none
	Limits  load.Limits       // of memory; tests make them small
	Grew    func(columns int) // is told how many columns the streams have together; nil when nobody asks
}

// memoryLimit is what the heap and the runtime may hold; with the program's own pages it stays under 64 MiB. Thousands of streams
// need more: what is known of each column takes about a kilobyte, and without room for it the collector would hardly rest.
const (
	memoryLimit  = 44 << 20
	columnMemory = 1280
)

// process runs the program as the operating system started it.
func process() int {
	grew := func(int) {}
	if os.Getenv("GOMEMLIMIT") == "" {
		grew = func(columns int) { debug.SetMemoryLimit(memoryLimit + max(0, int64(columns)-2000)*columnMemory) }
	}
	grew(0)
	pipe.Widen(os.Stdin)
	signal.Ignore(syscall.SIGPIPE)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	return Program{
		Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Env: os.LookupEnv, Signals: signals, Grew: grew,
	}.Run(context.Background())
}

// grammar is the command line beside the settings.
type grammar struct {
	Input string `placeholder:"FILE" help:"Read messages from this file instead of standard input."`
	Plan  bool   `help:"Print the statements that the schemas call for, and change nothing."`

	Load    struct{}     `cmd:"" default:"withargs" hidden:""`
	State   struct{}     `cmd:"" help:"Print the pipeline's committed state, {} when there is none."`
	Loads   loadsCommand `cmd:"" help:"Show what was loaded, by one pipeline or all."`
	Rejects struct {
		List   rejectsList   `cmd:"" default:"withargs" help:"Show records that were not loaded."`
		Replay rejectsReplay `cmd:"" help:"Load them again, once their cause is mended: each once, marked in the transaction of its row. --input names a file with SCHEMA messages to use in place of those that the records came under."`
	} `cmd:"" help:"Records that were not loaded."`
	airbyteCommands
}

// Run executes the command line and returns the exit code. It leaves no goroutine behind, but for one that waits for an
// input that nobody can end.
func (p Program) Run(ctx context.Context) int {
	if p.Env == nil {
		p.Env = func(string) (string, bool) { return "", false }
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &signals{cancel: cancel}
	defer s.watch(p.Signals)()
	code := p.run(ctx, s)
	if got := s.received(); got != nil && (code == 0 || ctx.Err() != nil) {
		return protocol.SignalExitCode(got)
	}
	return code
}

func (p Program) run(ctx context.Context, s *signals) int {
	if p.speaksAirbyte() {
		return p.runAirbyte(ctx, s)
	}
	j := &job{Program: p, signals: s, live: logs.NewLive(p.Stderr, true)}
	j.output = logs.New("target-postgres", j.live, p.Env)
	return j.output.Run(func() error { return j.execute(ctx) })
}

// parse reads the command line and the settings.
func (p Program) parse(command *grammar, config *Config) (*settings.Settings, error) {
	return settings.Parse(&settings.Program{
		Name: "target-postgres", Version: settings.BuildVersion(), Description: "Loads Singer messages into PostgreSQL.",
		Capabilities: []string{"about", "activate-version", "batch", "hard-delete", "soft-delete", "structured-logging", "target-schema"},
		Examples: []settings.Example{
			{Says: "load what a tap sends into a private server", Command: "tap-x --state state.json | target-postgres --embedded ./db > next.json"},
			{Says: "load exactly once, with the state in the database", Command: "tap-x --state <(target-postgres state) | target-postgres"},
			{Says: "show what would be done to the tables", Command: "tap-x --test=schema | target-postgres --plan"},
			{Says: "see what was loaded, run by run and stream by stream, or interval by interval", Command: "target-postgres loads --stream 'order*' --intervals"},
			{Says: "load rejects when their cause is mended, each of them once", Command: "target-postgres rejects list; target-postgres rejects replay"},
			{Says: "keep metrics for Prometheus, beside the live lines and the summary on a terminal", Command: "tap-x | target-postgres --metrics-file /var/lib/node_exporter/loads.prom"},
		},
		WithoutSettings: []string{"spec", "discover"}, Airbyte: []string{"check", "write"},
		Foreign: foreign(), Args: p.Args, Stdout: p.Stdout, Env: p.Env, Dir: p.Dir,
	}, command, config)
}
