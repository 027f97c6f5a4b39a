// Package main measures the built programs beside rivals that do the same work on the same server in the same run, in turns. The
// medians count.
//
//	csv       CSV to RECORD lines, beside encoding/csv over the local file
//	pipe      a million rows of an S3 object through tap and target, beside aws s3 cp and psql's \copy in a pipe, and beside what the server can do
//	load      a million rows into a new table, beside psql's \copy of the same rows
//	merge     a million rows by key into a million, changed and unchanged, beside COPY and INSERT … ON CONFLICT DO UPDATE by hand
//	replace   a million rows in the place of a million, beside TRUNCATE and COPY in one transaction
//	append    a million rows into ten million with a key, beside the same into an empty table
//	parallel  a million rows over one, two and four connections, beside one \copy and two at once
//	trickle   a row a second: from the writing of its STATE to its visibility on another connection
//	memory    peak resident memory for short and long inputs and for a thousand streams in turns
//	burden    what loading costs the server: CPU, connections, WAL, and two programs on one table at once; Linux
//	peers     other loaders on the same rows; only when it is named, since it installs them below build/peers
//
// Without names all run but peers. Each writes its figures into docs/benchmarks.json when it ends, and the page and the chart
// are made of that file; so one can be run again alone. Figures of smaller inputs (-rows) go to build/, not into the docs.
// The word check alone compares the CPU that tap and target need with that of a plain loop, and fails when it is too much.
// Inputs and the server lie below build/bench and are removed at the end. Without psql the same statements run through pgx; the part pipe needs it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// A bench is one run of this program.
type bench struct {
	folder string // for inputs and servers; removed at the end
	bin    string // of the programs under test
	peers  string // where programs that others made are installed; empty to measure without them
	rows   int    // of most inputs; the others are a share of it
	rounds int
	server map[string]string // settings
	log    io.Writer
}

// fullRows is the size that the figures in the docs are of.
const fullRows = 1_000_000

type part struct {
	name string
	run  func(*bench, context.Context) (*table, error)
}

func parts() []part {
	return []part{
		{"csv", (*bench).csv}, {"pipe", onServer((*bench).pipe)}, {"load", onServer((*bench).load)}, {"merge", onServer((*bench).merge)}, {"replace", onServer((*bench).replace)},
		{"append", onServer((*bench).append)}, {"parallel", onServer((*bench).parallel)}, {"trickle", onServer((*bench).trickle)},
		{"memory", onServer((*bench).memory)}, {"burden", onServer((*bench).burden)}, {"peers", onServer((*bench).others)},
	}
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(args) > 0 && args[0] == "child" {
		return exitCode(child(ctx, args[1:]), stderr)
	}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	b := &bench{folder: filepath.Join("build", "bench"), bin: "bin", peers: filepath.Join("build", "peers"), server: defaults(), log: stderr}
	flags.IntVar(&b.rows, "rows", fullRows, "rows of an input")
	flags.IntVar(&b.rounds, "rounds", 5, "how often each program runs; the median counts")
	docs := flags.String("docs", "", "folder of benchmarks.json, .md and .svg; docs at full size, otherwise build")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if *docs == "" {
		*docs = map[bool]string{true: "docs", false: "build"}[b.rows == fullRows]
	}
	return exitCode(b.inFolder(func() error {
		if slices.Equal(flags.Args(), []string{"check"}) {
			return b.check(ctx, stdout)
		}
		return b.measure(ctx, *docs, flags.Args(), stdout)
	}), stderr)
}

func exitCode(err error, stderr io.Writer) int {
	if err != nil {
		fmt.Fprintln(stderr, "bench:", err)
		return 1
	}
	return 0
}

// measure runs the named parts, or all but peers, and writes what each found as soon as it ends.
func (b *bench) measure(ctx context.Context, docs string, names []string, stdout io.Writer) error {
	for _, name := range names {
		if !slices.ContainsFunc(parts(), func(p part) bool { return p.name == name }) {
			return fmt.Errorf("there is no part %q", name)
		}
	}
	for _, p := range parts() {
		if len(names) > 0 && !slices.Contains(names, p.name) || len(names) == 0 && p.name == "peers" {
			continue
		}
		start := time.Now()
		t, err := p.run(b, ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		b.describe(t, time.Since(start))
		fmt.Fprintf(stdout, "\n%s, %s\n%s", p.name, t.provenance(), t.text())
		if err := record(docs, p.name, t); err != nil {
			return err
		}
	}
	return nil
}

// inFolder calls f while the run's folder is there.
func (b *bench) inFolder(f func() error) (err error) {
	if err := b.prepare(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.folder)) }()
	return f()
}

// prepare makes all folders absolute, since programs run in others, and the run's own one new.
func (b *bench) prepare() error {
	for _, dir := range []*string{&b.folder, &b.bin, &b.peers} {
		if *dir == "" {
			continue
		}
		abs, err := filepath.Abs(*dir)
		if err != nil {
			return err
		}
		*dir = abs
	}
	if err := os.RemoveAll(b.folder); err != nil {
		return err
	}
	return os.MkdirAll(b.folder, 0o755)
}

func (b *bench) say(format string, args ...any) { fmt.Fprintf(b.log, format+"\n", args...) }

func (b *bench) program(name string) string { return filepath.Join(b.bin, name) }
