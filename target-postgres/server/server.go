// Package server is a private PostgreSQL in a folder of the user's: the server of `target-postgres --embedded DIR`,
// of the demo and of every test.
//
// What it promises:
//
//   - Nothing to install. The server binaries on the machine are used; where there are none, they are fetched once and kept.
//   - No root needed, none refused. PostgreSQL does not run as root, so a program that does starts it as another user.
//   - Private. It answers on a unix socket in the folder and on a loopback port, to a random password that the
//     owner of the folder alone can read.
//   - Shared. Several processes may use one folder at once; the last one to stop shuts the server down.
//   - Durable. Data outlives kill -9 of everything: the next start recovers, and takes over a server that was left running.
package server

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/signalroom/signalroom/protocol"
)

// Options says what server is wanted.
type Options struct {
	Dir      string            // holds the data, the socket, the password and the server's log; made where it is missing
	Settings map[string]string // server settings beside or instead of the durable defaults
	Version  string            // major version of a new server, "16"; empty: the newest on the machine
	Log      *slog.Logger      // told about a download and about a recovery; nil for silence
}

// A Server is this process's use of a running server. It is made by [Start] and ended by [Server.Stop].
type Server struct {
	cluster *cluster
	users   *os.File
	dsn     string
}

// Start gives a server that is ready for connections: the one that runs in the folder already, or a new one.
// An error is a [protocol.Fault].
func Start(ctx context.Context, o Options) (*Server, error) {
	c, err := openCluster(o)
	if err != nil {
		return nil, err
	}
	alone, err := lock(ctx, c.path("lock"))
	if err != nil {
		return nil, err
	}
	defer alone.Close()
	users, err := lockShared(c.path("users"))
	if err != nil {
		return nil, err
	}
	dsn, err := c.start(ctx)
	if err != nil {
		users.Close()
		return nil, err
	}
	return &Server{cluster: c, users: users, dsn: dsn}, nil
}

// DSN is the connection URL of a superuser in the database postgres, by the unix socket. It holds the password.
func (s *Server) DSN() string { return s.dsn }

// Stop ends this process's use, and the server itself when no other process uses it. Data is left on disk.
func (s *Server) Stop(ctx context.Context) error {
	alone, err := lock(ctx, s.cluster.path("lock"))
	if err != nil {
		return err
	}
	defer alone.Close()
	defer s.users.Close()
	if !lockedByUsAlone(s.users) {
		return nil
	}
	return s.cluster.stop(ctx)
}

// start leaves the server of the cluster running and gives its DSN. The caller holds the folder's lock.
func (c *cluster) start(ctx context.Context) (string, error) {
	if err := c.create(ctx); err != nil {
		return "", err
	}
	password, err := os.ReadFile(c.path("password"))
	if err != nil {
		return "", protocol.ConfigFault("run as the user who made the folder, or name another folder",
			"the private server's password cannot be read: %w", err)
	}
	run, left := c.running()
	if left && run.alive {
		if dsn := run.dsn(string(password)); ready(ctx, dsn) == nil {
			return dsn, nil
		}
	}
	if left {
		c.Log.Info("the private server was not shut down last time and recovers", "dir", c.Dir)
		if !run.alive && exists(run.pid) {
			// The id is another process's by now, which PostgreSQL would take for a running server.
			os.Remove(c.inner("data", "postmaster.pid"))
		}
	}
	if err := c.launch(ctx, left); err != nil {
		return "", err
	}
	run, _ = c.running()
	dsn := run.dsn(string(password))
	if err := ready(ctx, dsn); err != nil {
		return "", protocol.SystemFault("see its log in "+c.inner("postgres.log"), "the private server does not answer: %w", err)
	}
	return dsn, nil
}

// running is what a server said about itself in its postmaster.pid.
type running struct {
	pid    int
	port   int
	socket string // folder of the unix socket
	alive  bool   // a process of that id exists, and it works in our data folder as far as the system tells
}

// running reads postmaster.pid. The file is there while a server runs, and after one was killed.
func (c *cluster) running() (running, bool) {
	text, err := os.ReadFile(c.inner("data", "postmaster.pid"))
	if err != nil {
		return running{}, false
	}
	lines := strings.Split(string(text), "\n")
	if len(lines) < 5 {
		return running{}, true
	}
	var r running
	r.pid, _ = strconv.Atoi(strings.TrimSpace(lines[0]))
	r.port, _ = strconv.Atoi(strings.TrimSpace(lines[3]))
	r.socket = c.socketDir()
	r.alive = worksIn(r.pid, c.inner("data"))
	return r, true
}

func (r running) dsn(password string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword("postgres", password), Path: "/postgres"}
	// libpq does not read + as a blank.
	u.RawQuery = strings.ReplaceAll(url.Values{"host": {r.socket}, "port": {strconv.Itoa(r.port)}}.Encode(), "+", "%20")
	return u.String()
}

// ready connects once, and waits for a server that is still busy with its recovery.
func ready(ctx context.Context, dsn string) error {
	for {
		conn, err := pgx.Connect(ctx, dsn)
		if err == nil {
			return conn.Close(ctx)
		}
		var refused *pgconn.PgError
		if !errors.As(err, &refused) || refused.Code != "57P03" { // cannot_connect_now
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// A cluster is the folder with everything in it:
//
//	server/       all that the server's account owns:
//	  data/         the database cluster
//	  run/          the unix socket
//	  postgres.log
//	password      of the superuser, for whoever made the folder
//	lock          held while a process starts or stops the server
//	users         held shared by every process that uses the server
type cluster struct {
	Options // Dir is absolute, Log is set
	account account
}

func (c *cluster) path(name string) string { return filepath.Join(c.Dir, name) }

func (c *cluster) inner(elem ...string) string {
	return filepath.Join(append([]string{c.Dir, "server"}, elem...)...)
}

// openCluster makes the folder where it is missing and settles whom the server runs as.
func openCluster(o Options) (*cluster, error) {
	if o.Dir == "" {
		return nil, protocol.ConfigFault("name a folder for it", "the private server has no folder")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	dir, err := filepath.Abs(o.Dir)
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		return nil, protocol.ConfigFault("name a folder that you may write to", "private server: %w", err)
	}
	o.Dir = dir
	a, err := serverAccount(dir)
	if err != nil {
		return nil, err
	}
	return &cluster{Options: o, account: a}, nil
}

// longestSocketDir leaves room for "/.s.PGSQL.65535" in the 104 bytes that the strictest system gives a socket's path.
const longestSocketDir = 104 - len("/.s.PGSQL.65535") - 1

// socketDir is run/ in the folder, or a folder below the temporary one where that path is too long for a socket.
func (c *cluster) socketDir() string {
	if dir := c.inner("run"); len(dir) <= longestSocketDir {
		return dir
	}
	return filepath.Join("/tmp", fmt.Sprintf("signalroom-%016x", pathHash(c.Dir)))
}

func pathHash(path string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(path))
	return h.Sum64()
}
