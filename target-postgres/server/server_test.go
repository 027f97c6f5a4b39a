package server

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
)

// begin starts a server in the folder and stops it when the test ends.
func begin(t *testing.T, o Options) *Server {
	t.Helper()
	s, err := Start(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop(context.Background())) })
	return s
}

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func query[T any](t *testing.T, dsn, sql string) T {
	t.Helper()
	conn := connect(t, dsn)
	defer conn.Close(t.Context())
	var value T
	require.NoError(t, conn.QueryRow(t.Context(), sql).Scan(&value))
	return value
}

func execute(t *testing.T, dsn, sql string) {
	t.Helper()
	conn := connect(t, dsn)
	defer conn.Close(t.Context())
	_, err := conn.Exec(t.Context(), sql)
	require.NoError(t, err)
}

func alive(t *testing.T, dir string) bool {
	t.Helper()
	c, err := openCluster(Options{Dir: dir})
	require.NoError(t, err)
	run, left := c.running()
	return left && run.alive
}

// The test's own folder is not open to other users, so that root's server reaches its data by the inherited descriptor alone.
func TestDataOutlivesTheServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := Start(t.Context(), Options{Dir: dir})
	require.NoError(t, err)
	require.Equal(t, "UTF8|C|on|on", query[string](t, first.DSN(), `SELECT concat_ws('|', current_setting('server_encoding'), datcollate,
		current_setting('fsync'), current_setting('synchronous_commit')) FROM pg_database WHERE datname = current_database()`))
	execute(t, first.DSN(), "CREATE TABLE kept AS SELECT 42 AS n")
	require.NoError(t, first.Stop(t.Context()))
	require.False(t, alive(t, dir))

	second := begin(t, Options{Dir: dir})
	require.Equal(t, 42, query[int](t, second.DSN(), "SELECT n FROM kept"))
	require.Equal(t, first.DSN(), second.DSN(), "the port stays the same")
}

func TestTheLastUserStopsTheServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := Start(t.Context(), Options{Dir: dir})
	require.NoError(t, err)
	second, err := Start(t.Context(), Options{Dir: dir})
	require.NoError(t, err)
	require.Equal(t, first.DSN(), second.DSN())
	require.NoError(t, first.Stop(t.Context()))
	require.Equal(t, 1, query[int](t, second.DSN(), "SELECT 1"))
	require.NoError(t, second.Stop(t.Context()))
	require.False(t, alive(t, dir))
}

func TestStartsAtOnceShareOneServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	servers := make(chan *Server)
	for range 4 {
		go func() {
			s, _ := Start(t.Context(), Options{Dir: dir})
			servers <- s
		}()
	}
	var all []*Server
	for range 4 {
		s := <-servers
		require.NotNil(t, s)
		all = append(all, s)
	}
	for _, s := range all {
		require.Equal(t, 1, query[int](t, s.DSN(), "SELECT 1"))
		require.NoError(t, s.Stop(t.Context()))
	}
	require.False(t, alive(t, dir))
}

func TestRecoversFromKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := Start(t.Context(), Options{Dir: dir})
	require.NoError(t, err)
	execute(t, first.DSN(), "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
	run, _ := first.cluster.running()
	require.NoError(t, syscall.Kill(run.pid, syscall.SIGKILL))
	first.users.Close() // as the end of the killed process does

	second := begin(t, Options{Dir: dir})
	require.Equal(t, 1000, query[int](t, second.DSN(), "SELECT count(*) FROM kept"))
}

// The process id in a stale postmaster.pid may be anyone's after a reboot or in a container.
func TestStaleProcessIDOfAnotherProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := Start(t.Context(), Options{Dir: dir})
	require.NoError(t, err)
	pidFile := s.cluster.inner("data", "postmaster.pid")
	text, err := os.ReadFile(pidFile)
	require.NoError(t, err)
	require.NoError(t, s.Stop(t.Context()))

	other := exec.Command("sleep", "600")
	s.cluster.account.become(other) // one of the same user, which PostgreSQL itself takes for a running server
	other.Env = os.Environ()
	require.NoError(t, other.Start())
	t.Cleanup(func() { other.Process.Kill(); other.Wait() })
	_, rest, _ := strings.Cut(string(text), "\n")
	require.NoError(t, os.WriteFile(pidFile, []byte(strconv.Itoa(other.Process.Pid)+"\n"+rest), 0o600))
	require.NoError(t, s.cluster.account.give(pidFile))

	again := begin(t, Options{Dir: dir})
	require.Equal(t, 1, query[int](t, again.DSN(), "SELECT 1"))
}

func TestAnInterruptedInitdbIsDoneAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"server/making/base", "server/run"} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, filepath.FromSlash(name)), 0o700))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "server", "making", "PG_VERSION"), []byte("15\n"), 0o600))
	require.Equal(t, 1, query[int](t, begin(t, Options{Dir: dir}).DSN(), "SELECT 1"))
}

func TestPasswordIsAskedForEverywhere(t *testing.T) {
	t.Parallel()
	s := begin(t, Options{Dir: t.TempDir()})
	u, err := url.Parse(s.DSN())
	require.NoError(t, err)
	port := u.Query().Get("port")
	for _, dsn := range []string{
		fmt.Sprintf("postgres://postgres:wrong@/postgres?host=%s&port=%s", u.Query().Get("host"), port),
		fmt.Sprintf("postgres://postgres:wrong@127.0.0.1:%s/postgres", port),
	} {
		_, err := pgx.Connect(t.Context(), dsn)
		require.ErrorContains(t, err, "28P01")
	}
	password, _ := u.User.Password()
	require.Equal(t, 1, query[int](t, fmt.Sprintf("postgres://postgres:%s@127.0.0.1:%s/postgres", password, port), "SELECT 1"))
	info, err := os.Stat(s.cluster.path("password"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestLongAndOddPaths(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"it's a $HOME \"quoted\" folder", strings.Repeat("long/", 40) + "end"} {
		dir, err := os.MkdirTemp("/tmp", "signalroom-path-")
		require.NoError(t, err)
		t.Cleanup(func() { os.RemoveAll(dir) })
		require.NoError(t, os.Chmod(dir, 0o755))
		s, err := Start(t.Context(), Options{Dir: filepath.Join(dir, name)})
		require.NoError(t, err)
		require.Equal(t, 1, query[int](t, s.DSN(), "SELECT 1"))
		require.NoError(t, s.Stop(t.Context()))
		require.NoDirExists(t, filepath.Join("/tmp", fmt.Sprintf("signalroom-%016x", pathHash(s.cluster.Dir))))
	}
}

// Whoever may enter the folder's parents gets a server that needs no inherited descriptor.
func TestOpenFolder(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("/tmp", "signalroom-open-")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o755))
	s := begin(t, Options{Dir: dir})
	require.True(t, s.cluster.account.reaches(s.cluster.inner()))
	require.Equal(t, 1, query[int](t, s.DSN(), "SELECT 1"))
}

func TestSettings(t *testing.T) {
	t.Parallel()
	s := begin(t, Options{Dir: t.TempDir(), Settings: map[string]string{"max_connections": "7", "application_name": "it's"}})
	require.Equal(t, "7|it's", query[string](t, s.DSN(), "SELECT current_setting('max_connections') || '|' || reset_val FROM pg_settings WHERE name = 'application_name'"))
}

func TestFaults(t *testing.T) {
	t.Parallel()
	foreign := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(foreign, "server", "precious"), 0o755))
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for _, c := range []struct {
		name string
		o    Options
		want string
		kind protocol.Kind
	}{
		{"no folder", Options{}, "has no folder", protocol.Config},
		{"a file", Options{Dir: file}, "not a directory", protocol.Config},
		{"somebody's files", Options{Dir: foreign}, "not a private server's", protocol.Config},
		{"a setting that is none", Options{Dir: t.TempDir(), Settings: map[string]string{"max_connections": "many"}}, "does not start", protocol.System},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Start(t.Context(), c.o)
			require.ErrorContains(t, err, c.want)
			require.Equal(t, c.kind, protocol.KindOf(err))
		})
	}
	c, err := openCluster(Options{Dir: t.TempDir()})
	require.NoError(t, err)
	_, err = c.binaries(t.Context(), "9")
	require.ErrorContains(t, err, "PostgreSQL 9")
	require.Equal(t, protocol.Config, protocol.KindOf(err))
	require.DirExists(t, filepath.Join(foreign, "server", "precious"))
}

func TestWaitingForTheLockEndsWithTheContext(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	held, err := lock(t.Context(), path)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = lock(ctx, path)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NoError(t, held.Close())
	again, err := lock(t.Context(), path)
	require.NoError(t, err)
	require.NoError(t, again.Close())
}
