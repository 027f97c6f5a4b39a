package tap_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// process is the toy as a process of its own: the test binary, see TestMain.
func process(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	binary, err := os.Executable()
	require.NoError(t, err)
	command := exec.Command(binary, args...)
	command.Env = []string{"TAP_TOY_PROCESS=1", "TAP_TOY_TOKEN=t"}
	command.Dir = t.TempDir()
	return command
}

// started is a process whose first line of output has been read.
func started(t testing.TB, command *exec.Cmd) (stdout io.ReadCloser, first []byte, stderr *bytes.Buffer) {
	t.Helper()
	stderr = new(bytes.Buffer)
	command.Stderr = stderr
	stdout, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	first, err = bufio.NewReaderSize(stdout, 16).ReadBytes('\n')
	require.NoError(t, err)
	return stdout, first, stderr
}

// exit waits for a process, and fails the test if that takes too long.
func exit(t testing.TB, command *exec.Cmd) int {
	t.Helper()
	watchdog := time.AfterFunc(time.Minute, func() { command.Process.Kill() })
	defer watchdog.Stop()
	err := command.Wait()
	if failed := new(exec.ExitError); err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	return command.ProcessState.ExitCode()
}

func TestProcessDrainsOnSignal(t *testing.T) {
	t.Parallel()
	for number, want := range map[syscall.Signal]int{syscall.SIGTERM: 143, syscall.SIGINT: 130} {
		command := process(t, "--rows", "100000000", "--select", "orders")
		stdout, first, stderr := started(t, command)
		require.Contains(t, string(first), `"SCHEMA"`)
		require.NoError(t, command.Process.Signal(number))
		rest, err := io.ReadAll(stdout)
		require.NoError(t, err)
		require.Equal(t, want, exit(t, command), stderr.String())
		lines := bytes.Split(bytes.TrimSuffix(rest, []byte("\n")), []byte("\n"))
		messages, err := taptest.Parse(append(lines[len(lines)-1], '\n'))
		require.NoError(t, err)
		require.Equal(t, "STATE", messages[0].Type, "the last line")
		require.Contains(t, stderr.String(), "ended by a signal")
	}
}

func TestProcessEndsAtSecondSignal(t *testing.T) {
	t.Parallel()
	command := process(t, "--stuck", "--select", "orders")
	stdout, _, stderr := started(t, command)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(io.Discard, stdout)
	}()
	ticker := time.NewTicker(20 * time.Millisecond) // two signals at once may be one
	defer ticker.Stop()
	for running := true; running; {
		select {
		case <-ended:
			running = false
		case <-ticker.C:
			if err := command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
				t.Fatal(err)
			}
		}
	}
	require.Equal(t, 143, exit(t, command), stderr.String())
}

func TestProcessWhoseReaderIsGone(t *testing.T) {
	t.Parallel()
	command := process(t, "--rows", "100000000", "--select", "orders")
	stdout, _, stderr := started(t, command)
	require.NoError(t, stdout.Close())
	require.Equal(t, 1, exit(t, command), stderr.String())
	var said []string
	for line := range strings.Lines(stderr.String()) {
		if !strings.HasPrefix(line, "INFO METRIC") {
			said = append(said, line)
		}
	}
	require.Len(t, said, 1, stderr.String())
	require.Contains(t, said[0], "standard output was closed")
}

// TestProcessReadsStateFromPipe is what a shell's <(target-postgres state) gives: a path that can be read once.
func TestProcessReadsStateFromPipe(t *testing.T) {
	t.Parallel()
	for state, want := range map[string]int{"{}\n": 10, `{"bookmarks":{"orders":{"id":9}}}`: 1} {
		reader, writer, err := os.Pipe()
		require.NoError(t, err)
		command := process(t, "--select", "orders", "--state", "/dev/fd/3")
		command.ExtraFiles = []*os.File{reader}
		go func() {
			fmt.Fprint(writer, state)
			writer.Close()
		}()
		stdout, err := command.Output()
		require.NoError(t, err)
		require.NoError(t, reader.Close())
		messages, err := taptest.Parse(stdout)
		require.NoError(t, err)
		require.Len(t, taptest.Records(messages, "orders"), want)
	}
}

func TestProcessKilledAtAnyInstant(t *testing.T) {
	t.Parallel()
	taptest.Kill(t, func(state string) *exec.Cmd {
		args := []string{"--rows", "12000", "--every", "50", "--client-id", "acme"}
		if state != "" {
			args = append(args, "--state", state)
		}
		return process(t, args...)
	}, 4, 1, taptest.Once)
}

// TestProcessMemory sends many more bytes than the process may hold.
func TestProcessMemory(t *testing.T) {
	t.Parallel()
	peak := taptest.PeakMemory(t, process(t, "--rows", "100000000", "--select", "orders"), 300<<20)
	require.Less(t, peak, int64(64<<20))
	t.Logf("%d MiB at the most", peak>>20)
}

// TestConnectorsProcess: a connector that is told to end, by a signal or by a reader that is gone, says no more and dies of the signal, which
// is what those who run connectors take for an end that was asked for.
func TestConnectorsProcess(t *testing.T) {
	t.Parallel()
	terminate := func(command *exec.Cmd, _ io.ReadCloser) error { return command.Process.Signal(syscall.SIGTERM) }
	for name, test := range map[string]struct {
		end  func(command *exec.Cmd, stdout io.ReadCloser) error
		read bool // what comes afterwards
	}{
		"signal":                    {terminate, true},
		"signal while nobody reads": {terminate, false},
		"reader gone":               {func(_ *exec.Cmd, stdout io.ReadCloser) error { return stdout.Close() }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			command := process(t, "read", "--config=config.json", "--catalog", "catalog.json")
			catalog, err := json.Marshal(toyStreams(t))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(command.Dir, "config.json"), []byte(`{"token":"t","rows":100000000}`), 0o600))
			require.NoError(t, os.WriteFile(filepath.Join(command.Dir, "catalog.json"), catalog, 0o600))
			stdout, first, stderr := started(t, command)
			require.Contains(t, string(first), `"STARTED"`)
			require.NoError(t, test.end(command, stdout))
			var rest []byte
			if test.read {
				rest, err = io.ReadAll(stdout)
				require.NoError(t, err)
			}
			require.Equal(t, -1, exit(t, command))
			require.Equal(t, syscall.SIGTERM, command.ProcessState.Sys().(syscall.WaitStatus).Signal())
			require.Empty(t, stderr.String())
			require.NotContains(t, string(rest), `"ERROR"`)
		})
	}
}
