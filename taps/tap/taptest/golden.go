package taptest

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/signalroom/signalroom/taps/tap"
)

var update = flag.Bool("update", false, "rewrite golden files")

// Golden compares an output with a file under testdata. What differs from run to run is replaced first: time_extracted,
// emitted_at, version and elapsed. With -update the file is written anew.
func Golden(t testing.TB, output []byte, file string) {
	t.Helper()
	got := settle(string(output))
	path := filepath.Join("testdata", file)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (run the test with -update to write it)", err)
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(gotLines), len(wantLines)) {
		if line(gotLines, i) != line(wantLines, i) {
			t.Fatalf("%s, line %d\n got %s\nwant %s", path, i+1, line(gotLines, i), line(wantLines, i))
		}
	}
}

// Page holds the documentation page of a tap, docs/NAME.md, against its program. With -update it is written anew, as make generate does.
func Page[C any](t testing.TB, program tap.Tap[C]) {
	t.Helper()
	out := Run(t, program, Input{Args: []string{"--about", "--format", "markdown"}})
	if out.Code != 0 {
		t.Fatal(out.Stderr)
	}
	Golden(t, out.Stdout, "../../../docs/"+program.Name+".md")
}

func line(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(end)"
}

// settle replaces what is of the run alone.
func settle(output string) string {
	output = regexp.MustCompile(`"time_extracted":"[^"]*"`).ReplaceAllString(output, `"time_extracted":"…"`)
	output = regexp.MustCompile(`"emitted_at":[0-9]{13}`).ReplaceAllString(output, `"emitted_at":0`)
	output = regexp.MustCompile(`elapsed=[0-9.]+m?s`).ReplaceAllString(output, "elapsed=0s")
	return regexp.MustCompile(`"version":[0-9]{13}`).ReplaceAllString(output, `"version":0`)
}
