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
	"log/slog"
)

// Options says what server is wanted.
type Options struct {
	Dir      string            // holds the data, the socket, the password and the server's log; made where it is missing
	Version  string            // major version to use, such as "16"; the newest on the machine by default
	Settings map[string]string // server settings beside or instead of the durable defaults
	Log      *slog.Logger      // told about a download and about a recovery; nil for silence
}

// A Server is this process's use of a running server. It is made by [Start] and ended by [Server.Stop].
type Server struct {
	dsn string
}

// Start gives a server that is ready for connections: the one that runs in the folder already, or a new one.
func Start(ctx context.Context, o Options) (*Server, error) { return &Server{}, nil }

// DSN is the connection URL of a superuser in the database postgres, by the unix socket. It holds the password.
func (s *Server) DSN() string { return s.dsn }

// Stop ends this process's use, and the server itself when no other process uses it. Data is left on disk.
func (s *Server) Stop(ctx context.Context) error { return nil }
