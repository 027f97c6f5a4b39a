package taptest

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Build compiles the package at a path relative to the test, and returns the binary.
func Build(t testing.TB, pkg string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "program")
	build := exec.Command("go", "build", "-o", binary, pkg)
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", build, err, output)
	}
	return binary
}

// Kill compares an undisturbed run of a command with rounds of it that are killed again and again until one comes to its
// end. A killed run leaves its whole lines; those after its last STATE are dropped, as a target drops them, and the next run
// starts from that STATE. command makes a run that starts from a state file, empty for a first run. Each kill comes after a
// random number of bytes, so that the instants are spread over the output and not over a start-up.
func Kill(t testing.TB, command func(state string) *exec.Cmd, rounds int, seed uint64, promise Promise) {
	t.Helper()
	output, killed := runUntil(t, command(""), -1)
	if killed {
		t.Fatal("the undisturbed run was killed")
	}
	want, err := Parse(output)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(seed, 0))
	state := filepath.Join(t.TempDir(), "state.json")
	kills := 0
	for round := range rounds {
		var got []Message
		from := ""
		for {
			part, killed := runUntil(t, command(from), random.IntN(len(output)+1))
			messages, err := Parse(Whole(part))
			if err != nil {
				t.Fatalf("round %d: %v", round, err)
			}
			if !killed {
				got = append(got, messages...)
				break
			}
			kills++
			covered, value := Covered(messages)
			if value == nil {
				continue
			}
			got = append(got, covered...)
			if err := os.WriteFile(state, value, 0o600); err != nil {
				t.Fatal(err)
			}
			from = state
		}
		if err := SameRows(want, got, promise); err != nil {
			t.Errorf("round %d (seed %d): %v", round, seed, err)
		}
	}
	if kills == 0 {
		t.Error("no run was killed")
	}
}

// runUntil runs a command, and kills it once it has written that many bytes, if ever (-1: never). It returns what came out.
func runUntil(t testing.TB, command *exec.Cmd, size int) (output []byte, killed bool) {
	t.Helper()
	var stderr bytes.Buffer
	command.Stderr = &stderr
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if size >= 0 {
		_, err = io.CopyN(&out, stdout, int64(size))
		if err == nil {
			killed = command.Process.Kill() == nil
		} else if !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
	}
	if _, err := out.ReadFrom(stdout); err != nil {
		t.Fatal(err)
	}
	err = command.Wait()
	if killed && command.ProcessState.ExitCode() == -1 {
		return out.Bytes(), true
	}
	if err != nil {
		t.Fatalf("%v: %v\n%s", command, err, stderr.String())
	}
	return out.Bytes(), false
}
