// Package main is conformance: it tests any Singer tap or target, and any Airbyte source or destination, as a black box, and says of
// each check why it matters. The tests beside it see this project from outside: its rules of layout, and what the built programs do
// with a real S3 server and a real PostgreSQL between them.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/signalroom/signalroom/conformance/suite"
	"github.com/signalroom/signalroom/protocol/settings"
	"github.com/signalroom/signalroom/target-postgres/server"
)

//go:generate go test -run TestSettingsPage|TestMeltanoDefinitions|TestAirbyteMetadata -count 1 . -update

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// A commandLine is what can be asked for.
type commandLine struct {
	Tap         subject `cmd:"" help:"Test a Singer tap."`
	Target      subject `cmd:"" help:"Test a Singer target that loads into PostgreSQL."`
	Source      subject `cmd:"" help:"Test an Airbyte source."`
	Destination subject `cmd:"" help:"Test an Airbyte destination that loads into PostgreSQL."`

	Nothing struct{} `cmd:"" default:"withargs" hidden:""`
}

// A subject is the program under test, and how it is reported on.
type subject struct {
	Config  []string      `short:"c" placeholder:"FILE" sep:"none" help:"JSON file of settings; may be given again, and a later file overrides an earlier one. For targets and destinations {{host}}, {{port}}, {{user}}, {{password}}, {{database}}, {{schema}} and {{dsn}} stand for what each case loads into."`
	State   string        `short:"s" placeholder:"FILE" help:"State that a tap or source begins from."`
	Catalog string        `placeholder:"FILE" help:"Catalog of a tap or source, instead of all that it discovers."`
	DSN     string        `placeholder:"URL" help:"PostgreSQL for targets and destinations, as a role that may create schemas. Without it a private server runs meanwhile."`
	Timeout time.Duration `default:"2m" placeholder:"TIME" help:"Longest time that one run may take (${default})."`
	Only    string        `placeholder:"GLOB" help:"Make only the checks with such a name."`
	List    bool          `help:"Print each check, MUST or SHOULD, and why it matters."`
	Format  string        `enum:"table,tap,junit" default:"table" placeholder:"FORM" help:"table for a person, tap or junit for machines."`
	Name    string        `placeholder:"NAME" help:"What the report calls the program; otherwise the command's first word."`
	Command []string      `arg:"" optional:"" passthrough:""`
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var line commandLine
	asked, err := settings.Parse(&settings.Program{
		Name: "conformance", Version: settings.BuildVersion(),
		Description: "Tests any Singer tap or target, and any Airbyte source or destination, as a black box.",
		Docs:        "https://github.com/signalroom/signalroom/blob/main/docs/conformance.md",
		Examples: []settings.Example{
			{Says: "test a tap: its command, with the arguments that each run begins with, stands after --", Command: "conformance tap --config tap.json -- tap-acme"},
			{Says: "test a target; a private PostgreSQL runs meanwhile", Command: "conformance target --config target.json -- target-postgres"},
			{Says: "test a source in a container", Command: "conformance source --config source.json -- docker run -i --rm -v /tmp:/tmp acme/source"},
			{Says: "see what is tested, and why", Command: "conformance destination --list"},
		},
		ExitCodes: []settings.ExitCode{
			{Code: "0", Means: "Every MUST holds."},
			{Code: "1", Means: "One does not."},
			{Code: "2", Means: "The command line or a file is wrong, or the program cannot be started."},
		},
		Args: args, Stdout: stdout,
	}, &line, nil)
	var failed int
	if err == nil && !asked.Done() {
		kind, _, _ := strings.Cut(asked.Command(), " ")
		failed, err = line.test(ctx, kind, stdout, stderr)
	}
	switch {
	case errors.Is(err, context.Canceled):
		return 130
	case err != nil:
		fmt.Fprintln(stderr, "conformance:", err)
		return 2
	}
	return min(failed, 1)
}

// test makes the checks of a kind of program, and returns how many that must hold do not.
func (line *commandLine) test(ctx context.Context, kind string, stdout, stderr io.Writer) (failed int, err error) {
	o, checks, err := line.subject(kind)
	if err != nil {
		return 0, err
	}
	if checks, err = suite.Matching(checks, o.Only); err != nil {
		return 0, err
	}
	if o.List {
		return 0, suite.List(stdout, checks)
	}
	if len(o.Command) > 0 && o.Command[0] == "--" {
		o.Command = o.Command[1:]
	}
	if len(o.Command) == 0 {
		return 0, errors.New("name the program to test after --")
	}
	if loads := kind == "target" || kind == "destination"; loads && o.DSN == "" {
		stop, err := o.ownServer(ctx)
		if err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, stop()) }()
	}
	return o.report(ctx, checks, stdout, stderr)
}

// subject is the program under test, and the checks of its kind.
func (line *commandLine) subject(kind string) (o subject, checks []suite.Check, err error) {
	switch kind {
	case "tap":
		o, checks = line.Tap, suite.Tap()
	case "source":
		o, checks = line.Source, suite.Source()
	case "destination":
		o = line.Destination
		checks, err = suite.Destination()
	case "target":
		o = line.Target
		checks, err = suite.Target()
	default:
		err = errors.New("name what to test: tap, target, source or destination")
	}
	return o, checks, err
}

// report makes the checks and writes their results.
func (o *subject) report(ctx context.Context, checks []suite.Check, stdout, stderr io.Writer) (failed int, err error) {
	table := &suite.Table{W: stdout, Colour: terminal(stdout)}
	if o.Format != "table" {
		table.W, table.Colour = stderr, terminal(stderr)
	}
	table.Begin(checks)
	results, err := suite.Run(ctx, suite.Subject{
		Command: o.Command, Configs: o.Config, State: o.State, Catalog: o.Catalog, DSN: o.DSN, Timeout: o.Timeout,
	}, checks, table.Add)
	if err != nil {
		return 0, err
	}
	table.End(results)
	switch o.Format {
	case "tap":
		err = suite.TAP(stdout, results)
	case "junit":
		err = suite.JUnit(stdout, cmp.Or(o.Name, filepath.Base(o.Command[0])), results)
	}
	return suite.Failures(results, suite.Must), err
}

// ownServer runs a private PostgreSQL until stop, and leaves nothing of it.
func (o *subject) ownServer(ctx context.Context) (stop func() error, err error) {
	// Not any temporary folder: the path of a socket must be short.
	dir, err := os.MkdirTemp("/tmp", "conformance-server-")
	if err != nil {
		return nil, err
	}
	s, err := server.Start(ctx, server.Options{Dir: dir, Settings: map[string]string{"fsync": "off", "synchronous_commit": "off"}})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	o.DSN, err = overTCP(s.DSN())
	if err != nil {
		return nil, errors.Join(err, s.Stop(ctx), os.RemoveAll(dir))
	}
	return func() error { return errors.Join(s.Stop(context.WithoutCancel(ctx)), os.RemoveAll(dir)) }, nil
}

// overTCP is the URL of the private server by its loopback port: not every driver knows how to name a socket.
func overTCP(dsn string) (string, error) {
	u, err := url.Parse(dsn)
	if err != nil {
		return "", err
	}
	u.Host, u.RawQuery = "127.0.0.1:"+u.Query().Get("port"), ""
	return u.String(), nil
}

func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("NO_COLOR") == ""
}
