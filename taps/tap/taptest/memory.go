package taptest

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"testing"
)

// PeakMemory is the most memory, in bytes, that a command has held by the time it has written so many bytes to standard output.
// The command is killed then. (What the kernel reports of a process that has ended includes its parent's memory at the fork.)
func PeakMemory(t testing.TB, command *exec.Cmd, written int64) int64 {
	t.Helper()
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if command.Process.Kill() == nil {
			_ = command.Wait()
		}
	}()
	if n, err := io.CopyN(io.Discard, stdout, written); err != nil {
		t.Fatalf("%v has written %d bytes of %d: %v", command, n, written, err)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", command.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(status) {
		if fields := bytes.Fields(line); len(fields) == 3 && string(fields[0]) == "VmHWM:" {
			kib, err := strconv.ParseInt(string(fields[1]), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kib << 10
		}
	}
	t.Fatal("the kernel does not tell the peak")
	return 0
}
