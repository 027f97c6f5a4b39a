package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite generated files")

// TestMain lets the test's own binary be a rival, as this program is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "child" {
		os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// Every part that needs nothing but the programs runs to its end with a small input, and leaves a page.
func TestParts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	build := exec.Command("go", "build", "-o", dir, "./target-postgres", "./taps/tap-s3-exports")
	build.Dir = filepath.Join("..", "..")
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	folder, err := os.MkdirTemp("/tmp", "signalroom-bench-") // a short path, for the server's socket
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(folder) })
	var log, report bytes.Buffer
	b := &bench{folder: folder, bin: dir, rows: 1000, rounds: 1, log: &log,
		server: map[string]string{"fsync": "off"}}
	names := []string{"csv", "pipe", "load", "merge", "replace", "append", "parallel", "trickle"}
	left := 3 // memory, peers, burden
	if runtime.GOOS == "linux" {
		names, left = append(names, "burden"), 2
	}
	require.NoError(t, b.inFolder(func() error { return b.measure(t.Context(), dir, names, &report) }), log.String())
	r, err := readResults(dir)
	require.NoError(t, err)
	for _, name := range names {
		require.Contains(t, report.String(), "\n"+name+", "+r[name].Input)
		for _, l := range r[name].Lines {
			require.NotEmpty(t, l.Values, l.Name)
		}
	}
	require.NoDirExists(t, folder)
	page, err := os.ReadFile(filepath.Join(dir, "benchmarks.md"))
	require.NoError(t, err)
	require.Equal(t, left, strings.Count(string(page), "Not measured yet."))
}

// The page and the charts in docs are what the results there give.
func TestDocs(t *testing.T) {
	t.Parallel()
	docs := filepath.Join("..", "..", "docs")
	r, err := readResults(docs)
	require.NoError(t, err)
	page, err := r.page()
	require.NoError(t, err)
	scale, err := r.scale()
	require.NoError(t, err)
	files := map[string][]byte{"benchmarks.md": page, "scale.md": scale}
	for _, d := range drawings() {
		files[d.file] = r.chart(d)
	}
	for name, want := range files {
		if *update {
			require.NoError(t, os.WriteFile(filepath.Join(docs, name), want, 0o644))
		}
		held, err := os.ReadFile(filepath.Join(docs, name))
		require.NoError(t, err)
		require.Equal(t, string(want), string(held), "make generate writes docs/%s anew", name)
	}
}

func TestChartIsXML(t *testing.T) {
	t.Parallel()
	r := results{"load": {Lines: []line{{Group: "no <key>", Name: `psql: \copy`, Class: byHand, Values: values{"rows/s": 123_456}}}}}
	chart := r.chart(drawings()[0])
	require.Contains(t, string(chart), "123,456")
	for d := xml.NewDecoder(bytes.NewReader(chart)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else {
			require.NoError(t, err)
		}
	}
}

func TestFigures(t *testing.T) {
	t.Parallel()
	require.InDelta(t, 2.5, median([]float64{4, 1, 3, 2}), 0)
	require.InDelta(t, 2, median([]float64{3, 1, 2}), 0)
	for v, want := range map[float64]string{0.123: "0.12", 12.34: "12.3", 123.4: "123", 1234567: "1,234,567", 0: "0.00"} {
		require.Equal(t, want, figure(v))
	}
}

func TestUnknownPart(t *testing.T) {
	t.Parallel()
	b := &bench{folder: filepath.Join(t.TempDir(), "bench"), rows: 1, rounds: 1, log: io.Discard}
	require.ErrorContains(t, b.measure(t.Context(), t.TempDir(), []string{"laod"}, io.Discard), `there is no part "laod"`)
}
