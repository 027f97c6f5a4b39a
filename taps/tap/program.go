package tap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"
	_ "time/tzdata" // so that time zones are known where the system has none, as in a small image

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/logs"
	"github.com/signalroom/signalroom/protocol/pipe"
	"github.com/signalroom/signalroom/protocol/settings"
)

// A Program is what a process is given: main fills it from the operating system, a test from its own values.
type Program struct {
	Args    []string // without the program's name
	Stdout  io.Writer
	Stderr  io.Writer
	Env     func(name string) (string, bool) // nil: an empty environment
	Dir     string                           // where the search for .env begins; empty: the working directory
	Signals <-chan os.Signal                 // the first drains the run, the second cancels it; nil: there will be none
	Now     func() time.Time                 // nil: time.Now
	Dial    Dial                             // how connections are made; nil: over the network
	// EveryCheckpoint prints a STATE line for each checkpoint, however small, so that a test can cut a run at all of them.
	EveryCheckpoint bool
}

// A Dial opens a connection, as [net.Dialer.DialContext] does.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// A Run is one execution of a tap: what [Tap.Open] may know beside its settings.
type Run struct {
	Name    string
	Version string
	Start   time.Time // taken once, UTC, whole milliseconds: the upper bound of every window, and the version of a replace
	Shard   Shard
	Log     *slog.Logger
	Metrics *logs.Metrics
	Sample  bool // --test: of every stream one row goes out
	Dial    Dial // never nil

	state     *protocol.State // nil until the state is read
	settings  *settings.Settings
	mask      func(secrets ...string)
	summarize func() // set by a sync: what the last lines of the log say
}

// Env looks a variable up in the environment, then in .env.
func (r *Run) Env(name string) (string, bool) { return r.settings.Env(name) }

// Mask adds secrets that came to be known in the run, such as a token, to those that no line of the log may hold.
func (r *Run) Mask(secrets ...string) { r.mask(secrets...) }

// Known are the bookmarks that the run was given, by stream, whatever the catalog says: for a source in which a stream may have had
// another name when its bookmark was written. There are none before Streams is called.
func (r *Run) Known() iter.Seq2[string, json.RawMessage] {
	return func(yield func(string, json.RawMessage) bool) {
		if r.state == nil {
			return
		}
		for _, stream := range r.state.Streams() {
			if !yield(stream, r.state.Bookmark(stream)) {
				return
			}
		}
	}
}

// Problems begins a list of what is wrong with the settings, so that the user hears of all of it at once.
func (r *Run) Problems() *settings.Problems { return r.settings.Problems() }

// flags is the command line beside the settings.
type flags struct {
	Discover bool            `short:"d" help:"Print the catalog and end."`
	Catalog  string          `short:"p" aliases:"properties" placeholder:"FILE" help:"Streams and fields to read (--properties is the same)."`
	State    string          `short:"s" placeholder:"FILE" help:"Where the last run left off. A missing file is a first run."`
	Shard    Shard           `placeholder:"I/N" default:"0/1" help:"Read the part of one of n runs, from 0/n."`
	Test     settings.Choice `placeholder:"schema|records" help:"Check the connection and send one record per stream; --test=schema sends the schemas alone."`

	Sync         struct{}  `cmd:"" default:"withargs" hidden:""`
	Spec         verbFlags `cmd:"" help:"For Airbyte: print what can be configured."`
	Check        verbFlags `cmd:"" help:"For Airbyte: say whether the file of --config works."`
	DiscoverVerb verbFlags `cmd:"" name:"discover" help:"For Airbyte: print the catalog."`
	Read         verbFlags `cmd:"" help:"For Airbyte: read the streams of the configured catalog."`
}

// memoryLimit is what the heap and the runtime may hold; with the program's own pages a tap stays under 64 MiB.
const memoryLimit = 40 << 20

// Main runs the tap as a process, and ends the process. It is the whole of a tap's main.
//
// SIGTERM and SIGINT drain the run: rows and a last STATE line go out, and the exit code is 128 plus the signal. A second
// signal ends the process at once. A closed stdout is an error of the run, not the death of the process; for a command of Airbyte's protocol it
// counts as SIGTERM.
func Main[C any](t Tap[C]) {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400) // the limit above is what counts; a small heap need not be collected often
	}
	pipe.Widen(os.Stdout)
	signal.Ignore(syscall.SIGPIPE)
	received := make(chan os.Signal, 2)
	signal.Notify(received, syscall.SIGTERM, syscall.SIGINT)
	first := make(chan os.Signal, 1)
	go func() {
		got := <-received
		first <- got
		var late <-chan time.Time
		if isAirbyte(os.Args[1:]) {
			late = time.After(connectorGrace)
		}
		select {
		case got = <-received:
			os.Exit(protocol.SignalExitCode(got))
		case <-late:
			dieOf(got)
			os.Exit(protocol.SignalExitCode(got))
		}
	}()
	code := t.Run(context.Background(), Program{Args: os.Args[1:], Stdout: os.Stdout, Stderr: os.Stderr, Env: os.LookupEnv, Signals: first})
	if isAirbyte(os.Args[1:]) && code == protocol.SignalExitCode(syscall.SIGTERM) {
		dieOf(syscall.SIGTERM)
	}
	os.Exit(code)
}

// connectorGrace is how long a connector goes on after a signal. PyAirbyte sends one when it has seen enough, and reads no more: what is still
// to be said would be waited for in vain.
const connectorGrace = 2 * time.Second

// dieOf ends the process by the signal itself, which is how those who run connectors know that an end was asked for; a shell sees the
// same exit code. It returns where the signal has no effect, as in the first process of a container.
func dieOf(s os.Signal) {
	signal.Reset(s)
	self, err := os.FindProcess(os.Getpid())
	if err == nil && self.Signal(s) == nil {
		time.Sleep(100 * time.Millisecond)
	}
}

// Run executes a command line and returns the exit code. It leaves no goroutine behind.
func (t Tap[C]) Run(ctx context.Context, p Program) int {
	if p.Env == nil {
		p.Env = func(string) (string, bool) { return "", false }
	}
	if p.Now == nil {
		p.Now = time.Now
	}
	if p.Dial == nil {
		p.Dial = new(net.Dialer).DialContext
	}
	j := &job{program: p, progress: newProgress(p.Stdout, p.Stderr)}
	if isAirbyte(p.Args) {
		j.progress = newProgress(nil, p.Stderr)
		j.connector = newConnector(t.Name, p)
		j.output = j.connector.output
	} else {
		j.output = logs.New(t.Name, j.progress.live, p.Env)
	}
	j.stop, ctx = watch(ctx, p.Signals)
	defer j.stop.end()
	code := j.output.Run(func() error {
		err := t.execute(ctx, j)
		if j.connector != nil && j.connector.verb == "check" && j.stop.signal() == nil {
			err = j.connector.failed(err)
		}
		if j.stop.signal() != nil && (protocol.KindOf(err) != protocol.System || errors.Is(err, context.Canceled)) {
			return nil // what a cancelled source says of itself
		}
		return err
	})
	if s := j.stop.signal(); code == 0 && s != nil {
		j.output.Logger().Info("ended by a signal; the last state covers what was sent", "signal", s.String())
		code = protocol.SignalExitCode(s)
	}
	if j.connector != nil {
		return j.connector.result(code)
	}
	return code
}

// execute does what the command line says.
func (t Tap[C]) execute(ctx context.Context, j *job) error {
	config := new(C)
	about := t.about(j.program)
	about.Optional = j.optional
	given, err := settings.Parse(about, &j.flags, config)
	if err != nil || given.Done() {
		return err
	}
	if given.Command() == "spec" {
		return j.connector.spec(config, t.Name)
	}
	j.output.Mask(given.Secrets()...)
	given.WarnOfExposed(j.output.Logger())
	shared, ok := any(config).(interface{ common() *Settings })
	if !ok {
		return protocol.SystemFault("", "%T does not embed tap.Settings", config)
	}
	j.settings = shared.common()
	problems := given.Problems()
	j.settings.check(problems)
	switch j.flags.Test {
	case "", "true", "records", "schema":
	default:
		problems.Add("test", "expected --test, --test=schema or --test=records")
	}
	if err := problems.Err(); err != nil {
		return err
	}
	metrics := j.output.StartMetrics()
	j.run = &Run{Name: t.Name, Version: about.Version, Start: j.program.Now().UTC().Truncate(time.Millisecond), Shard: j.flags.Shard,
		Log: j.output.Logger(), Metrics: metrics, Dial: j.program.Dial, settings: given, mask: j.output.Mask, summarize: func() {}}
	defer func() {
		metrics.Close()
		j.run.summarize()
	}()
	if j.source, err = t.Open(config, j.run); err != nil {
		return err
	}
	defer j.close()
	switch {
	case j.connector != nil:
		return j.connector.run(ctx, j)
	case j.flags.Discover:
		return j.discover(ctx)
	}
	return j.sync(ctx)
}

// optional are the settings that a command can do without: what there is to read does not depend on where reading begins.
func (j *job) optional(command string) []string {
	if j.flags.Discover || command == "discover" {
		return []string{"start_date"}
	}
	return nil
}

// about is what --help, --about and the documentation say of the tap.
func (t Tap[C]) about(p Program) *settings.Program {
	return &settings.Program{Name: t.Name, Version: settings.BuildVersion(), Description: t.Description, Notes: strings.TrimSpace(t.Notes) + airbyteNotes(t.Name),
		// Meltano's words.
		Capabilities: []string{"about", "activate-version", "catalog", "discover", "properties", "state", "structured-logging", "test"},
		Unselected:   t.Unselected,
		Examples: []settings.Example{
			{Says: "See what can be read, and choose from it", Command: t.Name + " --config config.json --discover > catalog.json"},
			{Says: "Send what is new since the last run", Command: t.Name + " --config config.json --state <(target-postgres state) | target-postgres"},
			{Says: "Check the settings with one record of each stream", Command: t.Name + " --config config.json --test > /dev/null"},
		},
		WithoutSettings: []string{"spec"}, Airbyte: []string{"check", "discover", "read"},
		Args: p.Args, Stdout: p.Stdout, Env: p.Env, Dir: p.Dir}
}

// A job is one run of the program while it goes on: what it was started with, and the source once it is open.
type job struct {
	program   Program
	connector *connector // nil: the run is Singer's
	output    *logs.Output
	progress  *progress
	stop      *stop
	flags     flags
	settings  *Settings
	run       *Run
	source    *Source
}

func (j *job) close() {
	if j.source.Close == nil {
		return
	}
	if err := j.source.Close(); err != nil {
		j.run.Log.Warn("closing the source", "error", err)
	}
}

// plan asks the source for its streams.
func (j *job) plan(ctx context.Context, bookmark func(stream string) json.RawMessage) ([]*plan, error) {
	streams, err := j.source.Streams(ctx, bookmark)
	if err != nil {
		return nil, err
	}
	return newPlans(streams, j.settings)
}

// discover prints the catalog. A state keeps the types that earlier runs settled; without a usable one they are found anew.
func (j *job) discover(ctx context.Context) error {
	state, err := loadState(j.flags.State, j.run.Log)
	if err != nil {
		j.run.Log.Warn("the state is left aside", "reason", err)
		state = new(protocol.State)
	}
	j.run.state = state
	plans, err := j.plan(ctx, state.Bookmark)
	if err != nil {
		return err
	}
	catalog, err := catalogOf(plans)
	if err != nil {
		return err
	}
	if _, err := j.program.Stdout.Write(catalog.AppendJSON(nil)); err != nil {
		return brokenOutput(err)
	}
	return nil
}

// loadState reads the file of --state once, as it may be a pipe. No file is a first run, and so is `{}`.
func loadState(path string, log *slog.Logger) (*protocol.State, error) {
	if path == "" {
		return new(protocol.State), nil
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		log.Info("first run: there is no state file yet", "state", path)
		return new(protocol.State), nil
	}
	if err != nil {
		return nil, protocol.ConfigFault("check --state", "reading the state: %w", err)
	}
	state, err := protocol.ParseState(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return state, nil
}

func loadCatalog(path string) (*protocol.Catalog, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, protocol.ConfigFault("make one with --discover", "reading the catalog: %w", err)
	}
	catalog, err := protocol.ParseCatalog(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return catalog, nil
}

// brokenOutput is the fault of a stdout that cannot be written.
func brokenOutput(err error) error {
	if errors.Is(err, syscall.EPIPE) {
		return protocol.SystemFault("see why the program that was reading has ended", "standard output was closed")
	}
	return protocol.SystemFault("", "standard output: %w", err)
}
