package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/conformance/sample"
	"github.com/signalroom/signalroom/taps/tap-s3-exports/s3test"
	"github.com/signalroom/signalroom/target-postgres/server/servertest"
)

// TestMain builds the programs once, as they are delivered, and puts them first in the PATH.
func TestMain(m *testing.M) { os.Exit(withPrograms(m.Run)) }

func withPrograms(run func() int) int {
	dir, err := os.MkdirTemp("", "signalroom-programs-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	build := exec.Command("go", "build", "-trimpath", "-o", dir, "./target-postgres", "./taps/...", "./examples/shell/demo")
	build.Dir = ".."
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if os.Getenv("RACE") != "" { // with Go's race detector, which needs a C compiler
		build.Args = slices.Insert(build.Args, 2, "-race")
		build.Env = append(os.Environ(), "CGO_ENABLED=1")
	}
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the programs: %v\n%s", err, out)
		return 1
	}
	if err := os.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return run()
}

const bucket = "exports"

// newStore is an S3 server with an empty bucket, until the test ends.
func newStore(t *testing.T) *s3test.Server {
	t.Helper()
	store := s3test.Start(t)
	store.CreateBucket(bucket)
	return store
}

// putDays stores the sample exports of those days.
func putDays(store *s3test.Server, first, last, rows int) {
	for day := first; day <= last; day++ {
		for _, file := range sample.Exports(day, rows) {
			store.Put(bucket, file.Key, file.Body)
		}
	}
}

// A site is a place to run the programs: a bucket, a database, an environment, and a folder for configs and states.
type site struct {
	store *s3test.Server
	dsn   string
	dir   string
	env   []string
}

// newSite is a site with a database of its own.
func newSite(t *testing.T, store *s3test.Server) *site {
	t.Helper()
	return newSiteAt(t, store, servertest.Database(t))
}

// newSiteAt is a site with the database of a URL.
func newSiteAt(t *testing.T, store *s3test.Server, dsn string) *site {
	t.Helper()
	s := &site{store: store, dsn: dsn, dir: t.TempDir()}
	// Of the developer's environment only PATH and TMPDIR remain.
	s.env = []string{
		"PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir(), "HOME=" + s.dir, "DATABASE_URL=" + s.dsn, "AWS_EC2_METADATA_DISABLED=true",
		"AWS_ENDPOINT_URL_S3=" + store.Endpoint, "AWS_REGION=" + store.Region, "AWS_ACCESS_KEY_ID=" + store.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY=" + store.SecretAccessKey, "S3_BUCKET_NAME=" + bucket,
	}
	return s
}

// bare is a site without a bucket or database, for programs that need neither.
func bare(t *testing.T) *site {
	t.Helper()
	dir := t.TempDir()
	return &site{dir: dir, env: []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir(), "HOME=" + dir}}
}

// with copies the site and adds variables to its environment.
func (s *site) with(env ...string) *site {
	other := *s
	other.env = slices.Concat(s.env, env)
	return &other
}

// file writes a file into the site's folder, and returns its path. Content that is no string is written as JSON.
func (s *site) file(t *testing.T, name string, content any) string {
	t.Helper()
	text, ok := content.(string)
	if !ok {
		encoded, err := json.MarshalIndent(content, "", "  ")
		require.NoError(t, err)
		text = string(encoded)
	}
	path := filepath.Join(s.dir, name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// An ended is how a process ended, and what it printed.
type ended struct {
	code           int // minus the signal that ended it
	stdout, stderr string
}

// run runs a program to its end.
func (s *site) run(t *testing.T, stdin string, name string, args ...string) ended {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = s.dir, s.env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &stdout, &stderr
	err := cmd.Run()
	return ended{exitCode(t, err), stdout.String(), stderr.String()}
}

func exitCode(t *testing.T, err error) int {
	t.Helper()
	if err == nil {
		return 0
	}
	var exit *exec.ExitError
	require.True(t, errors.As(err, &exit), "%v", err)
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return -int(status.Signal())
	}
	return exit.ExitCode()
}

// A pipe is `tap --state <(target-postgres state) | target-postgres`, as a shell runs it.
type pipe struct {
	program     string        // the tap's; empty: tap-s3-exports
	tap, target []string      // arguments of each
	pipeline    string        // empty: the target is told of none
	kill        time.Duration // after this long the victims are killed; 0: never
	killOn      chan struct{} // they are killed when it is closed; nil: never
	killed      chan struct{} // closed after that kill; nil: nobody waits for it
	killTap     bool
	killTarget  bool
	signal      syscall.Signal // sent instead of SIGKILL; 0: SIGKILL
	filter      string         // a script for sed that changes the messages on their way
}

// load runs the pipe to its end.
func (s *site) load(t *testing.T, p pipe) (tap, target ended) {
	t.Helper()
	return s.loadFrom(t, p, s.state(t, p))
}

// state returns the path of a file with the committed state.
func (s *site) state(t *testing.T, p pipe) (path string) {
	t.Helper()
	state := s.run(t, "", "target-postgres", "state", "--pipeline", p.pipeline)
	require.Zero(t, state.code, state.stderr)
	return s.file(t, p.pipeline+".state.json", state.stdout)
}

// longestLoad is when a run counts as hung. Its programs are then made to print their goroutines.
const longestLoad = 5 * time.Minute

// loadFrom is load from the state in a file.
func (s *site) loadFrom(t *testing.T, p pipe, statePath string) (tap, target ended) {
	t.Helper()
	var tapErr, targetErr, states bytes.Buffer
	source := exec.Command(cmp.Or(p.program, "tap-s3-exports"), append(p.tap, "--state", statePath)...)
	source.Stderr = &tapErr
	sink := exec.Command("target-postgres", p.target...)
	if p.pipeline != "" {
		sink.Args = append(sink.Args, "--pipeline", p.pipeline)
	}
	sink.Stdout, sink.Stderr = &states, &targetErr
	if p.filter == "" {
		s.connect(t, source, sink)
	} else {
		filter := exec.Command("sed", "-u", p.filter)
		s.connect(t, source, filter, sink)
		defer filter.Wait()
	}
	defer time.AfterFunc(longestLoad, func() {
		_ = source.Process.Signal(syscall.SIGQUIT) // one of them may have ended
		_ = sink.Process.Signal(syscall.SIGQUIT)
	}).Stop()
	signal := cmp.Or(p.signal, syscall.SIGKILL)
	kill := func() {
		if p.killTap {
			_ = source.Process.Signal(signal) // it may have ended before
		}
		if p.killTarget {
			_ = sink.Process.Signal(signal)
		}
	}
	if p.kill > 0 {
		defer time.AfterFunc(p.kill, kill).Stop()
	}
	if p.killOn != nil {
		over := make(chan struct{})
		defer close(over)
		go func() {
			select {
			case <-p.killOn:
				kill()
				if p.killed != nil {
					close(p.killed)
				}
			case <-over:
			}
		}()
	}
	tap = ended{exitCode(t, source.Wait()), "", tapErr.String()}
	target = ended{exitCode(t, sink.Wait()), states.String(), targetErr.String()}
	return tap, target
}

// connect starts programs with a pipe from each to the next. No other process keeps an end of it open, so each program notices when its
// neighbour ends.
func (s *site) connect(t *testing.T, programs ...*exec.Cmd) {
	t.Helper()
	for i, program := range programs {
		program.Dir, program.Env = s.dir, s.env
		if i+1 < len(programs) {
			read, write, err := os.Pipe()
			require.NoError(t, err)
			defer read.Close()
			defer write.Close()
			program.Stdout, programs[i+1].Stdin = write, read
		}
	}
	for _, program := range programs {
		require.NoError(t, program.Start())
	}
}

// mustLoad is load, and fails the test unless both programs exit with 0.
func (s *site) mustLoad(t *testing.T, p pipe) (tap, target ended) {
	t.Helper()
	tap, target = s.load(t, p)
	require.Zero(t, tap.code, tap.stderr)
	require.Zero(t, target.code, target.stderr)
	return tap, target
}

// value is the result of an expression in SQL, as text.
func (s *site) value(t *testing.T, sql string) string {
	t.Helper()
	conn := servertest.Connect(t, s.dsn)
	defer conn.Close(t.Context())
	var value string
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT ("+sql+")::text").Scan(&value), sql)
	return value
}

// rows are all rows of a table, sorted, each as a JSON object whatever the order of its columns.
func (s *site) rows(t *testing.T, table string) []string {
	t.Helper()
	return s.texts(t, `SELECT to_jsonb(t)::text FROM `+table+` t ORDER BY 1`)
}

// texts are the rows of a query that returns one text each.
func (s *site) texts(t *testing.T, sql string) []string {
	t.Helper()
	conn := servertest.Connect(t, s.dsn)
	defer conn.Close(t.Context())
	found, err := conn.Query(t.Context(), sql)
	require.NoError(t, err)
	rows, err := pgx.CollectRows(found, pgx.RowTo[string])
	require.NoError(t, err)
	return rows
}
