package proxy

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/require"
)

// tracked are the settings of a client that PgBouncer gives each server connection; any other in the start of a client it refuses.
var tracked = []string{"client_encoding", "DateStyle", "TimeZone", "standard_conforming_strings", "application_name"}

// A pooler has a few server connections, which wait in a queue: the next transaction gets another one than that before.
type pooler struct {
	t     testing.TB
	dsn   string
	queue chan *session
}

// A session is a connection to the server.
type session struct {
	net.Conn
	in       *bufio.Reader
	statuses map[string]string
}

// Pool gives the connection URL of a pooler with as many connections to the server of a URL, in transaction mode. What a
// transaction leaves in its session is discarded.
func Pool(t testing.TB, dsn string, connections int) string {
	t.Helper()
	p := &pooler{t: t, dsn: dsn, queue: make(chan *session, connections)}
	for range connections {
		s, err := p.connect()
		require.NoError(t, err)
		p.queue <- s
	}
	t.Cleanup(func() {
		for range connections {
			s := <-p.queue
			s.Close()
		}
	})
	return listen(t, dsn, p.serve)
}

func (p *pooler) connect() (*session, error) {
	c, err := pgconn.Connect(context.WithoutCancel(p.t.Context()), p.dsn)
	if err != nil {
		return nil, err
	}
	h, err := c.Hijack()
	if err != nil {
		return nil, err
	}
	return &session{Conn: h.Conn, in: bufio.NewReader(h.Conn), statuses: h.ParameterStatuses}, nil
}

// query runs a statement whose answer does not matter.
func (s *session) query(sql string) error {
	text, err := (&pgproto3.Query{String: sql}).Encode(nil)
	if err == nil {
		_, err = s.Write(text)
	}
	var f frame
	for err == nil {
		if f, err = readFrame(s.in, f, false); err == nil && f[0] == 'Z' {
			return nil
		}
	}
	return err
}

// A pooled client has a session while a transaction is open.
type pooled struct {
	*pooler
	net.Conn
	settings map[string]string
	mu       sync.Mutex
	session  *session
	asked    int // Query and Sync messages that are not answered yet
	answers  sync.WaitGroup
}

func (p *pooler) serve(client net.Conn) {
	c := &pooled{pooler: p, Conn: client, settings: map[string]string{}}
	in := bufio.NewReader(client)
	f, err := readFrame(in, nil, true)
	if err != nil || binary.BigEndian.Uint32(f[4:]) != pgproto3.ProtocolVersion30 || c.welcome(f[8:]) != nil {
		return
	}
	for {
		if f, err = readFrame(in, f, false); err != nil || f[0] == 'X' || c.pass(f) != nil {
			break
		}
	}
	c.mu.Lock()
	left := c.session
	c.mu.Unlock()
	if left != nil { // in the middle of a transaction: PgBouncer closes the connection too
		left.Close()
	}
	c.answers.Wait()
}

// welcome reads the settings of a client's start and answers it.
func (c *pooled) welcome(start []byte) error {
	words := strings.Split(string(bytes.TrimRight(start, "\x00")), "\x00")
	for i := 0; i+1 < len(words); i += 2 {
		known := words[i] == "user" || words[i] == "database"
		for _, name := range tracked {
			if strings.EqualFold(name, words[i]) {
				known, c.settings[name] = true, words[i+1]
			}
		}
		if !known {
			return c.send(&pgproto3.ErrorResponse{Severity: "FATAL", SeverityUnlocalized: "FATAL", Code: "08P01", Message: "unsupported startup parameter: " + words[i]})
		}
	}
	s := <-c.queue
	c.queue <- s
	messages := []pgproto3.BackendMessage{&pgproto3.AuthenticationOk{}}
	for name, value := range s.statuses {
		messages = append(messages, &pgproto3.ParameterStatus{Name: name, Value: value})
	}
	return c.send(append(messages, &pgproto3.BackendKeyData{SecretKey: make([]byte, 4)}, &pgproto3.ReadyForQuery{TxStatus: 'I'})...)
}

func (c *pooled) send(messages ...pgproto3.BackendMessage) error {
	var text []byte
	var err error
	for _, m := range messages {
		if text, err = m.Encode(text); err != nil {
			return err
		}
	}
	_, err = c.Write(text)
	return err
}

// pass passes a message on, on the session of the open transaction or on the next one in the queue.
func (c *pooled) pass(f frame) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session == nil {
		s := <-c.queue
		err := s.query("DISCARD ALL")
		for name, value := range c.settings {
			if err == nil {
				err = s.query(fmt.Sprintf("SET %s = '%s'", name, strings.ReplaceAll(value, "'", "''")))
			}
		}
		c.session, c.asked = s, 0
		c.answers.Go(func() { c.answer(s) })
		if err != nil {
			return err
		}
	}
	if f[0] == 'Q' || f[0] == 'S' {
		c.asked++
	}
	_, err := c.session.Write(f)
	return err
}

// answer passes on what the server says, until the transaction is over. A session that broke is replaced.
func (c *pooled) answer(s *session) {
	var f frame
	for {
		var err error
		if f, err = readFrame(s.in, f, false); err != nil {
			break
		}
		over := false
		c.mu.Lock()
		if f[0] == 'Z' {
			c.asked--
			if over = c.asked == 0 && f[5] == 'I'; over {
				c.session = nil
				c.queue <- s
			}
		}
		c.mu.Unlock()
		if _, err := c.Write(f); err != nil && !over {
			break
		}
		if over {
			return
		}
	}
	s.Close()
	c.Close()
	if fresh, err := c.connect(); err == nil {
		c.queue <- fresh
	} else {
		c.queue <- s // its next user finds it broken
	}
}
