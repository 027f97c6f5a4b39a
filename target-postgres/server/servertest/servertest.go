// Package servertest gives each test a PostgreSQL database of its own, on a private server that all tests of a binary share.
//
// The server keeps nothing safe from a crash (fsync is off). It and its folder go away when the test binary ends in whatever
// way: a shell that waits for that sees to it.
//
// The server has the newest version on the machine, or the major version that the environment variable TEST_POSTGRES names.
package servertest

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/target-postgres/server"
)

// Database is the connection URL, as a superuser, of a new empty database that is dropped when the test ends.
func Database(t testing.TB) string {
	t.Helper()
	running, err := shared()
	require.NoError(t, err)
	dsn := running.DSN()
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	name := fmt.Sprintf("test_%d", databases.Add(1))
	require.NoError(t, execute(dsn, "CREATE DATABASE "+name+" TEMPLATE template0"))
	t.Cleanup(func() { require.NoError(t, execute(dsn, "DROP DATABASE "+name+" WITH (FORCE)")) })
	u.Path = "/" + name
	return u.String()
}

// Connect is a connection to the database that is closed when the test ends.
func Connect(t testing.TB, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.WithoutCancel(t.Context()), dsn) // a cleanup may connect too
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// The tests of a binary share one server, which is why this package, alone, has state: initdb takes a second.
var (
	databases atomic.Int64
	shared    = sync.OnceValues(start)
)

// A running server lives as long as this process holds its end of the pipe open.
type running struct {
	*server.Server
	options server.Options
	held    *os.File
}

// sweep waits for the end of its input, then stops the server in folder $1 and removes the folder.
const sweep = `
read line
read pid < "$1/server/data/postmaster.pid" && kill -QUIT "$pid" && while kill -0 "$pid" && [ -e "$1/server/data/postmaster.pid" ]; do sleep 0.1; done
rm -rf "$1"`

func start() (*running, error) { return startWith(nil) }

// startWith starts a server with more settings, or others.
func startWith(settings map[string]string) (*running, error) {
	// Not the tests' own temporary folder, whose path may be too long for a socket.
	dir, err := os.MkdirTemp("/tmp", "signalroom-test-")
	if err != nil {
		return nil, err
	}
	ended, mine, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer ended.Close()
	sweeper := exec.Command("sh", "-c", sweep, "sweep", dir)
	sweeper.Stdin = ended
	sweeper.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := sweeper.Start(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	o := server.Options{Dir: dir, Version: os.Getenv("TEST_POSTGRES"), Settings: map[string]string{
		"fsync":              "off",
		"full_page_writes":   "off",
		"synchronous_commit": "off",
		"max_connections":    "300",
		"max_wal_size":       "512MB",
	}}
	maps.Copy(o.Settings, settings)
	s, err := server.Start(ctx, o)
	if err != nil {
		return nil, err
	}
	return &running{Server: s, options: o, held: mine}, nil
}

func execute(dsn, sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	return err
}
