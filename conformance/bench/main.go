// Package main measures the built programs beside rivals that do the same work in the same run, in turns, and prints medians:
//
//	csv     CSV to RECORD lines: megabytes of CSV per CPU second of tap-s3-exports, reading from an S3 server over HTTP, beside a
//	        plain reader with encoding/csv over the local file, and beside reading the object's bytes alone
//	load    a million events into a new table, without and with a key: rows per second of target-postgres beside psql's \copy of the
//	        same rows from CSV (the same COPY through pgx where there is no psql)
//	memory  peak resident memory of both programs for 100 MB and for 1 GB of input
//
// Inputs are generated below build/bench and removed at the end.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"text/tabwriter"
)

// A bench is one run of this program.
type bench struct {
	folder string // for inputs and servers
	bin    string // of the programs under test
	rows   int    // of the load
	rounds int
	report *tabwriter.Writer
	log    io.Writer
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(args) > 0 && args[0] == "child" {
		return exitCode(child(ctx, args[1:]), stderr)
	}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	rows := flags.Int("rows", 1_000_000, "rows of the load")
	rounds := flags.Int("rounds", 3, "how often each program runs; the median counts")
	out := flags.String("out", filepath.Join("build", "bench.txt"), "where the table is written too")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	return exitCode(measure(ctx, *rows, *rounds, *out, flags.Args(), stdout, stderr), stderr)
}

func exitCode(err error, stderr io.Writer) int {
	if err != nil {
		fmt.Fprintln(stderr, "bench:", err)
		return 1
	}
	return 0
}

func measure(ctx context.Context, rows, rounds int, out string, which []string, stdout, stderr io.Writer) error {
	folder, err := filepath.Abs(filepath.Join("build", "bench"))
	if err != nil {
		return err
	}
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	bin, err := filepath.Abs("bin")
	if err != nil {
		return err
	}
	file, err := os.Create(out)
	if err != nil {
		return err
	}
	defer file.Close()
	report := tabwriter.NewWriter(io.MultiWriter(stdout, file), 0, 0, 2, ' ', 0)
	b := &bench{folder: folder, bin: bin, rows: rows, rounds: rounds, report: report, log: stderr}
	fmt.Fprintf(report, "%s, %d cores, medians of %d\n", runtime.GOOS+"/"+runtime.GOARCH, runtime.NumCPU(), rounds)
	for _, part := range []struct {
		name string
		run  func(context.Context) error
	}{{"csv", b.csv}, {"load", b.load}, {"memory", b.memory}} {
		if len(which) > 0 && !slices.Contains(which, part.name) {
			continue
		}
		if err := part.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
		if err := report.Flush(); err != nil {
			return err
		}
	}
	return file.Sync()
}

// row prints a line of the report; cells are separated by tabs.
func (b *bench) row(format string, args ...any) { fmt.Fprintf(b.report, format+"\n", args...) }

func (b *bench) say(format string, args ...any) { fmt.Fprintf(b.log, format+"\n", args...) }

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
