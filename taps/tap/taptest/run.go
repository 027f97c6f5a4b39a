package taptest

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/signalroom/signalroom/taps/tap"
)

// An Input is what a run is started with. Config, Catalog and State become files of the test.
type Input struct {
	Args    []string // beside --config, --catalog and --state
	Config  any      // marshalled to JSON; nil: no file
	Catalog any      // likewise; a []byte or a json.RawMessage is taken as it is
	State   []byte   // nil: no file
	Env     map[string]string
	Signals <-chan os.Signal
	Now     func() time.Time
	Dial    tap.Dial
	Context context.Context // nil: the test's
	Dir     string          // for .env; empty: an empty directory of the test

	EveryCheckpoint bool // a STATE line for each of them
}

// An Output is what a run has said.
type Output struct {
	Code     int
	Stdout   []byte
	Stderr   string
	Messages []Message // what stdout holds, as far as it is messages
	Err      error     // what is wrong with stdout as messages; expected after --discover and the like
}

// Run runs a tap in process, with nothing of the machine's environment. Tests that use it check for goroutines left behind with
// goleak in their TestMain.
func Run[C any](t testing.TB, program tap.Tap[C], in Input) *Output {
	t.Helper()
	var stdout, stderr buffer
	dir := in.Dir
	if dir == "" {
		dir = t.TempDir()
	}
	ctx := in.Context
	if ctx == nil {
		ctx = t.Context()
	}
	code := program.Run(ctx, tap.Program{
		Args: arguments(t, in), Stdout: &stdout, Stderr: &stderr, Dir: dir, Signals: in.Signals, Now: in.Now, Dial: in.Dial, EveryCheckpoint: in.EveryCheckpoint,
		Env: func(name string) (string, bool) {
			value, ok := in.Env[name]
			return value, ok
		},
	})
	out := &Output{Code: code, Stdout: stdout.Bytes(), Stderr: stderr.String()}
	out.Messages, out.Err = Parse(out.Stdout)
	return out
}

// Sync is Run for a sync that must succeed and be valid. It returns its messages.
func Sync[C any](t testing.TB, program tap.Tap[C], in Input) []Message {
	t.Helper()
	out := Run(t, program, in)
	if out.Code != 0 {
		t.Fatalf("exit code %d, stderr:\n%s", out.Code, out.Stderr)
	}
	if out.Err != nil {
		t.Fatalf("standard output: %v", out.Err)
	}
	if err := Validate(out.Messages, Checks{}); err != nil {
		t.Fatal(err)
	}
	return out.Messages
}

// arguments writes the files and names them.
func arguments(t testing.TB, in Input) []string {
	t.Helper()
	args := append([]string(nil), in.Args...)
	for _, file := range []struct {
		flag  string
		value any
	}{{"--config", in.Config}, {"--catalog", in.Catalog}} {
		if file.value == nil {
			continue
		}
		args = append(args, file.flag, write(t, file.value))
	}
	if in.State != nil {
		args = append(args, "--state", write(t, in.State))
	}
	return args
}

func write(t testing.TB, value any) string {
	t.Helper()
	data, ok := value.([]byte)
	if !ok {
		var err error
		if data, err = json.Marshal(value); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "file.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A buffer is a bytes.Buffer that several goroutines may write.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) Bytes() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Clone(b.b.Bytes())
}

func (b *buffer) String() string { return string(b.Bytes()) }
