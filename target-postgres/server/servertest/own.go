package servertest

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/target-postgres/server"
)

// An Own is a server that a test has for itself, to stop it and to break it. It is not safe from a crash of the machine, but
// from its own, as any other.
type Own struct{ running *running }

// Alone starts a server with these settings beside those of all tests. It and its folder go away with the test binary.
func Alone(t testing.TB, settings map[string]string) *Own {
	t.Helper()
	r, err := startWith(settings)
	require.NoError(t, err)
	o := &Own{r}
	t.Cleanup(func() { o.Stop(t) })
	return o
}

// DSN is the connection URL of a superuser in the database postgres. It stays the same when the server starts again.
func (o *Own) DSN() string { return o.running.DSN() }

// Data is the path of a file below the data folder.
func (o *Own) Data(name string) string {
	return filepath.Join(o.running.options.Dir, "server", "data", name)
}

// Stop shuts the server down, if it runs: open sessions are told so and ended.
func (o *Own) Stop(t testing.TB) {
	t.Helper()
	require.NoError(t, o.running.Stop(context.WithoutCancel(t.Context())))
}

// Kill ends all processes of the server at once, as a crash does.
func (o *Own) Kill(t testing.TB) {
	t.Helper()
	text, err := os.ReadFile(o.Data("postmaster.pid"))
	require.NoError(t, err)
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(pid, syscall.SIGQUIT))
	require.Eventually(t, func() bool {
		_, err := os.Stat(o.Data("postmaster.pid"))
		return os.IsNotExist(err)
	}, time.Minute, 5*time.Millisecond)
	o.Stop(t) // of its use by this process nothing is left either
}

// Start starts the server again.
func (o *Own) Start(t testing.TB) {
	t.Helper()
	s, err := server.Start(t.Context(), o.running.options)
	require.NoError(t, err)
	o.running.Server = s
}
