// Package proxy stands between a client and a PostgreSQL server in tests. It knows where a message of the protocol begins
// and ends, so that a test can break a connection at any of them, and it pools as PgBouncer does in transaction mode.
//
// Whatever it started has ended when the test ends.
package proxy

import (
	"bufio"
	"bytes"
	"net"
	"net/url"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/require"
)

// A Message is about to be passed on.
type Message struct {
	FromServer bool
	Type       byte   // as the protocol has it; 0 for the first of a client
	Body       []byte // until the watcher returns
	Link       *Link
}

// Says tells whether a query or the tag of a completed command begins with a text.
func (m Message) Says(text string) bool {
	return (m.Type == 'Q' && !m.FromServer || m.Type == 'C' && m.FromServer) && bytes.HasPrefix(m.Body, []byte(text))
}

// A Link is a connection of a client with the server's half of it.
type Link struct{ client, server net.Conn }

// CutClient lets the client alone know that the connection is gone. What it sent is passed on.
func (l *Link) CutClient() { l.client.Close() }

// Refuse has the client hear, as the server's last words, an error with this SQLSTATE.
func (l *Link) Refuse(t testing.TB, state string) {
	text, err := (&pgproto3.ErrorResponse{Severity: "FATAL", SeverityUnlocalized: "FATAL", Code: state, Message: "refused"}).Encode(nil)
	require.NoError(t, err)
	l.client.Write(text) // the client may have gone
	l.cut()
}

func (l *Link) cut() {
	l.client.Close()
	l.server.Close()
}

// Start gives the connection URL of a proxy to the server of a URL. The watcher sees each message before it is passed on, of several
// connections at once. If it returns false, the message is lost and both sides find their connection cut; while it does not
// return, the message is on its way.
func Start(t testing.TB, dsn string, watch func(Message) bool) string {
	t.Helper()
	network, address := serverOf(t, dsn)
	return listen(t, dsn, func(client net.Conn) {
		server, err := net.Dial(network, address)
		if err != nil {
			client.Close() // as a server that is not there
			return
		}
		l := &Link{client, server}
		var answers sync.WaitGroup
		answers.Go(func() { l.pass(server, client, true, watch) })
		l.pass(client, server, false, watch)
		answers.Wait()
	})
}

// pass passes messages on until there are no more.
func (l *Link) pass(from, to net.Conn, fromServer bool, watch func(Message) bool) {
	defer l.cut()
	in := bufio.NewReader(from)
	var f frame
	for first := !fromServer; ; first = false {
		var err error
		if f, err = readFrame(in, f, first); err != nil {
			return
		}
		m := Message{FromServer: fromServer, Body: f[4:], Link: l}
		if !first {
			m.Type, m.Body = f[0], f[5:]
		}
		if !watch(m) {
			return
		}
		if _, err := to.Write(f); err != nil {
			return
		}
	}
}

func serverOf(t testing.TB, dsn string) (network, address string) {
	t.Helper()
	c, err := pgx.ParseConfig(dsn)
	require.NoError(t, err)
	return pgconn.NetworkAddress(c.Host, c.Port)
}

// listen serves each client on a loopback port, and gives the URL with that port in the place of the server's.
func listen(t testing.TB, dsn string, serve func(client net.Conn)) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var mu sync.Mutex
	clients := map[net.Conn]bool{}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			clients[client] = true
			mu.Unlock()
			running.Go(func() {
				serve(client)
				client.Close()
				mu.Lock()
				delete(clients, client)
				mu.Unlock()
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for c := range clients {
			c.Close()
		}
		mu.Unlock()
		running.Wait()
	})
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	u.Host, u.RawQuery = l.Addr().String(), "sslmode=disable"
	return u.String()
}
