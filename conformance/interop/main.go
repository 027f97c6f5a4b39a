// Package main is interop: it runs the built programs together with other people's, installed as their users install them:
//
//	meltano          the example project under Meltano: runs with state, select rules, logs, a kill in the middle
//	airflow          the example DAG under Airflow: mapped tasks by client and shard, new files, a client with a wrong configuration
//	airbyte          Airbyte's models of the protocol, PyAirbyte, and the standard tests of its CDK, on the six sources and the destination
//	foreign-targets  MeltanoLabs' and PipelineWise's target-postgres take what our taps send, and hold the rows that ours holds
//	foreign-taps     our target takes what other people's taps send, over three runs with state
//	conformance      the conformance suite on all of them, and the table in docs/conformance.md; some ten minutes a target
//
// Without names all run. Python packages are installed below build/interop at pinned versions, once; servers, projects and configs lie
// there too and are removed at the end. A part whose packages cannot be installed is left out, which is a failure, but for -optional.
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
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

// A part is a group of checks with the same programs.
type part struct {
	name string
	from []*environment
	// steps are the checks in order; each goes on from what the one before it left.
	steps func(context.Context, *lab) ([]step, error)
}

// A step is one check. A long one is left out of short runs.
type step struct {
	name string
	long bool
	run  func(context.Context) error
}

func parts() []part {
	return []part{
		{"meltano", []*environment{meltanoEnvironment}, meltanoSteps},
		{"airflow", []*environment{airflowEnvironment}, airflowSteps},
		{"airbyte", []*environment{airbyteEnvironment}, airbyteSteps},
		{"foreign-targets", []*environment{meltanoLabsTarget, pipelineWiseTarget}, targetSteps},
		{"foreign-taps", []*environment{meltanoLabsTap, pipelineWiseTap}, tapSteps},
		{"conformance", []*environment{meltanoLabsTarget, pipelineWiseTarget, meltanoLabsTap, pipelineWiseTap}, conformanceSteps},
	}
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	flags := flag.NewFlagSet("interop", flag.ContinueOnError)
	flags.SetOutput(stderr)
	short := flags.Bool("short", false, "leave the long checks out")
	only := flags.String("only", "", "make the checks whose name contains this")
	optional := flags.Bool("optional", false, "a part whose packages cannot be installed is no failure")
	if flags.Parse(args) != nil {
		return 2
	}
	chosen := parts()
	if names := flags.Args(); len(names) > 0 {
		chosen = slices.DeleteFunc(chosen, func(p part) bool { return !slices.Contains(names, p.name) })
		if len(chosen) != len(names) {
			fmt.Fprintln(stderr, "interop: the parts are", partNames())
			return 2
		}
	}
	l, err := newLab(stdout)
	if err != nil {
		fmt.Fprintln(stderr, "interop:", err)
		return 1
	}
	code, rows := 0, [][]string{{"PART", "RESULT", "CHECKS", "SECONDS"}}
	for _, p := range chosen {
		start := time.Now()
		done, err := l.run(ctx, p, func(s step) bool { return !(*short && s.long) && strings.Contains(s.name, *only) })
		result := "ok"
		var missing *notInstalled
		switch {
		case errors.As(err, &missing):
			result = "left out: " + err.Error()
			if !*optional {
				code = 1
			}
		case err != nil:
			result, code = "failed", 1
		}
		rows = append(rows, []string{p.name, result, fmt.Sprint(done), fmt.Sprintf("%.0f", time.Since(start).Seconds())})
	}
	fmt.Fprintln(stdout)
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(table, strings.Join(row, "\t"))
	}
	if err := table.Flush(); err != nil {
		return 1
	}
	return code
}

func partNames() string {
	var names []string
	for _, p := range parts() {
		names = append(names, p.name)
	}
	return strings.Join(names, ", ")
}

// run makes the steps of a part, up to the first that fails. It returns how many passed.
func (l *lab) run(ctx context.Context, p part, wanted func(step) bool) (done int, err error) {
	for _, e := range p.from {
		if err := l.install(ctx, e); err != nil {
			return 0, err
		}
	}
	if l.folder, err = os.MkdirTemp(l.root, p.name+"-"); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, l.close(context.WithoutCancel(ctx))) }()
	steps, err := p.steps(ctx, l)
	if err != nil {
		fmt.Fprintf(l.out, "failed  %s: %v\n", p.name, err)
		return 0, err
	}
	for _, s := range steps {
		if !wanted(s) {
			continue
		}
		start := time.Now()
		if err := s.run(ctx); err != nil {
			fmt.Fprintf(l.out, "failed  %s: %s\n%s\n", p.name, s.name, indented(err.Error()))
			return done, err
		}
		done++
		fmt.Fprintf(l.out, "ok      %s: %s (%.1fs)\n", p.name, s.name, time.Since(start).Seconds())
	}
	return done, nil
}

func indented(text string) string { return "        " + strings.ReplaceAll(text, "\n", "\n        ") }

// newLab finds the folders. The working directory is the module's root.
func newLab(out io.Writer) (*lab, error) {
	root, err := filepath.Abs(filepath.Join("build", "interop"))
	if err != nil {
		return nil, err
	}
	bin, err := filepath.Abs("bin")
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(root, "home"), 0o755); err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(bin, "target-postgres")); err != nil {
		return nil, fmt.Errorf("%w; make build comes first", err)
	}
	return &lab{root: root, bin: bin, out: out}, nil
}
