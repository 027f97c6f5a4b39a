// Package main is target-postgres: it reads Singer messages on standard input, loads them into PostgreSQL, and prints
// each state on standard output once everything that it covers is committed.
package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/logs"
	"github.com/signalroom/signalroom/protocol/pipe"
	"github.com/signalroom/signalroom/protocol/settings"
	"github.com/signalroom/signalroom/protocol/singer"
	"github.com/signalroom/signalroom/target-postgres/batch"
	"github.com/signalroom/signalroom/target-postgres/load"
	"github.com/signalroom/signalroom/target-postgres/server"
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
	progress := logs.NewLive(p.Stderr, true)
	output := logs.New("target-postgres", progress, p.Env)
	return output.Run(func() error { return p.execute(ctx, output, progress, s) })
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

func (p Program) execute(ctx context.Context, output *logs.Output, progress *logs.Live, s *signals) error {
	var command grammar
	var config Config
	given, err := p.parse(&command, &config)
	if err != nil || given.Done() {
		return err
	}
	if slices.Contains(airbyteVerbs, given.Command()) {
		return protocol.ConfigFault("write it first: target-postgres "+given.Command()+" --config FILE", "a command of Airbyte's protocol stands behind a flag")
	}
	output.Mask(given.Secrets()...)
	given.WarnOfExposed(output.Logger())
	problems := given.Problems()
	config.check(problems)
	if err := problems.Err(); err != nil {
		return err
	}
	if list := given.WithoutEffect(); len(list) > 0 {
		output.Logger().Info("settings of other targets that have no effect here", "settings", strings.Join(list, ", "))
	}
	connection, end, err := config.connection(ctx, given.Env)
	if err != nil {
		return err
	}
	defer end()
	if config.Embedded != "" {
		private, err := server.Start(ctx, server.Options{Dir: config.Embedded, Log: output.Logger()})
		if err != nil {
			return err
		}
		defer stopServer(context.WithoutCancel(ctx), private, output.Logger())
		connection.DSN = private.DSN()
		connection.Env = nil
	}
	shown := config.pipeline()
	if !given.Given("pipeline") {
		shown.Name = "" // all of them
	}
	switch given.Command() {
	case "state":
		return p.state(ctx, connection, &config)
	case "loads":
		return p.loads(ctx, connection, shown, command.Loads)
	case "rejects", "rejects list":
		return p.rejects(ctx, connection, shown, command.Rejects.List)
	}
	o := config.options(connection)
	o.Limits, o.Grew, o.Log = p.Limits, p.Grew, output.Logger()
	if given.Command() == "rejects replay" {
		return p.replay(ctx, o, shown, command.Rejects.Replay, command.Input)
	}
	return p.load(ctx, output, progress, s, &config, o, given.Env, command.Input, command.Plan)
}

func stopServer(ctx context.Context, private *server.Server, log *slog.Logger) {
	if err := private.Stop(ctx); err != nil {
		log.Warn("the private server did not stop", "error", err)
	}
}

// load reads messages to the end.
func (p Program) load(ctx context.Context, output *logs.Output, live *logs.Live, s *signals, config *Config,
	o load.Options, env func(string) (string, bool), path string, plan bool) error {
	input := p.Stdin
	if path != "" {
		file, err := openInput(path)
		if err != nil {
			return err
		}
		defer file.Close()
		input = file
	}
	reader := batch.New(ctx, singer.NewReader(input, singer.Options{Log: o.Log}), batch.Options{Env: env, Log: o.Log})
	defer reader.Close()
	s.drain(reader)
	if plan {
		return load.Plan(ctx, o, reader, p.Stdout)
	}
	o.Metrics, o.Progress = output.StartMetrics(), &load.Progress{}
	stop := showProgress(live, o.Log, o.Progress)
	file := startMetricsFile(config.MetricsFile, o.Pipeline.Name, o.Progress, o.Log)
	summary, err := load.Run(ctx, o, reader, p.Stdout)
	stop()
	file.end(err, s.received())
	o.Metrics.Close()
	logSummary(live, o.Log, summary)
	return err
}

func openInput(path string) (*os.File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, protocol.ConfigFault("name a file that can be read", "input: %w", err)
	}
	if info, err := file.Stat(); err == nil && info.IsDir() {
		file.Close()
		return nil, protocol.ConfigFault("name a file that can be read", "input: %s is a folder", path)
	}
	return file, nil
}

// signals ends a run: the first closes the reader, so that what is covered is committed, the second cancels everything.
type signals struct {
	cancel context.CancelFunc
	mu     sync.Mutex
	got    os.Signal
	reader io.Closer
}

// watch begins to wait, until the function that it returns is called.
func (s *signals) watch(from <-chan os.Signal) (end func()) {
	done := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		for {
			select {
			case got := <-from:
				s.arrive(got)
			case <-done:
				return
			}
		}
	})
	return func() { close(done); running.Wait() }
}

func (s *signals) arrive(got os.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.got == nil && s.reader != nil {
		s.got = got
		s.reader.Close()
		return
	}
	s.got = got
	s.cancel()
}

// drain names the reader that a signal closes.
func (s *signals) drain(reader io.Closer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reader = reader
	if s.got != nil {
		reader.Close()
	}
}

func (s *signals) received() os.Signal {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got
}
