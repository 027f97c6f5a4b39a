package tunnel

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/database"
	"github.com/signalroom/signalroom/target-postgres/server/servertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A bastion is an SSH server that forwards to the tests' PostgreSQL, whatever the address, and forbids port 1.
type bastion struct {
	t        *testing.T
	listener net.Listener
	config   *ssh.ServerConfig
	postgres string // its socket
	mute     bool   // it gives no sign of life

	mu      sync.Mutex
	clients []net.Conn
	running sync.WaitGroup
}

func newKey(t *testing.T) (text string, signer ssh.Signer, private ed25519.PrivateKey) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	block, err := ssh.MarshalPrivateKey(private, "")
	require.NoError(t, err)
	signer, err = ssh.NewSignerFromKey(private)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(block)), signer, private
}

// newBastion lets the user loader in by one key.
func newBastion(t *testing.T, host ssh.Signer, user ssh.PublicKey, postgres string) *bastion {
	t.Helper()
	b := &bastion{t: t, postgres: postgres}
	b.config = &ssh.ServerConfig{PublicKeyCallback: func(meta ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if meta.User() == "loader" && string(key.Marshal()) == string(user.Marshal()) {
			return nil, nil
		}
		return nil, os.ErrPermission
	}}
	b.config.PasswordCallback = func(meta ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
		if meta.User() == "loader" && string(password) == "by word of mouth" {
			return nil, nil
		}
		return nil, os.ErrPermission
	}
	b.config.AddHostKey(host)
	var err error
	b.listener, err = net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	b.running.Go(func() {
		for {
			c, err := b.listener.Accept()
			if err != nil {
				return
			}
			b.mu.Lock()
			b.clients = append(b.clients, c)
			b.mu.Unlock()
			b.running.Go(func() { b.serve(c) })
		}
	})
	t.Cleanup(func() {
		b.listener.Close()
		b.cut()
		b.running.Wait()
	})
	return b
}

// cut ends all connections, and tells how many there were.
func (b *bastion) cut() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := len(b.clients)
	for _, c := range b.clients {
		c.Close()
	}
	b.clients = nil
	return n
}

func (b *bastion) serve(c net.Conn) {
	defer c.Close()
	shaken, channels, requests, err := ssh.NewServerConn(c, b.config)
	if err != nil {
		return
	}
	defer shaken.Close()
	b.running.Go(func() {
		for r := range requests {
			if !b.mute {
				r.Reply(false, nil)
			}
		}
	})
	for asked := range channels {
		var to struct {
			Host string
			Port uint32
			From string
			At   uint32
		}
		if err := ssh.Unmarshal(asked.ExtraData(), &to); err != nil || to.Port == 1 {
			asked.Reject(ssh.Prohibited, "forbidden")
			continue
		}
		there, err := net.Dial("unix", b.postgres)
		if err != nil || to.Port == 2 {
			asked.Reject(ssh.ConnectionFailed, "refused")
			continue
		}
		here, more, err := asked.Accept()
		if err != nil {
			there.Close()
			continue
		}
		b.running.Go(func() { ssh.DiscardRequests(more) })
		b.running.Go(func() { io.Copy(there, here); there.Close() })
		b.running.Go(func() { io.Copy(here, there); here.Close() })
	}
}

// options lead through the bastion, whose key is the known one.
func (b *bastion) options(known ssh.PublicKey) Options {
	b.t.Helper()
	address := b.listener.Addr().(*net.TCPAddr)
	o := Options{Host: "127.0.0.1", Port: address.Port, User: "loader", KnownHosts: filepath.Join(b.t.TempDir(), "known_hosts")}
	line := ""
	if known != nil {
		line = knownhosts.Line([]string{address.String()}, known) + "\n"
	}
	require.NoError(b.t, os.WriteFile(o.KnownHosts, []byte(line), 0o600))
	return o
}

// target gives the socket of the tests' server, and how to connect to a database there under a name that only the bastion knows.
func target(t *testing.T) (socket string, o database.Options) {
	t.Helper()
	u, err := url.Parse(servertest.Database(t))
	require.NoError(t, err)
	port, err := strconv.Atoi(u.Query().Get("port"))
	require.NoError(t, err)
	password, _ := u.User.Password()
	socket = filepath.Join(u.Query().Get("host"), ".s.PGSQL."+u.Query().Get("port"))
	return socket, database.Options{Host: "db.internal", Port: port, User: "postgres", Password: password, Database: u.Path[1:], SSLMode: "disable"}
}

func TestTunnel(t *testing.T) {
	t.Parallel()
	socket, connection := target(t)
	text, user, private := newKey(t)
	_, host, _ := newKey(t)
	b := newBastion(t, host, user.PublicKey(), socket)
	o := b.options(host.PublicKey())
	o.Key = text
	tunnel, err := New(o)
	require.NoError(t, err)
	defer tunnel.Close()
	connection.Dial = tunnel.Dial
	conns := make([]*database.Conn, 3)
	for i := range conns {
		conns[i], err = database.Connect(t.Context(), connection)
		require.NoError(t, err)
		defer conns[i].Close(t.Context())
	}
	for _, c := range conns {
		require.NoError(t, c.Exec(t.Context(), "SELECT 1"))
	}

	// A statement ends with its context, though a channel of SSH knows no deadline.
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, conns[0].Exec(short, "SELECT pg_sleep(60)"), context.DeadlineExceeded)

	require.Equal(t, 1, b.cut(), "one SSH connection carries all")
	require.Error(t, conns[1].Exec(t.Context(), "SELECT 1"))
	again, err := database.Connect(t.Context(), connection)
	require.NoError(t, err, "a tunnel that was lost is made anew")
	require.NoError(t, again.Close(t.Context()))

	for port, kind := range map[int]protocol.Kind{1: protocol.Config, 2: protocol.Transient} {
		elsewhere := connection
		elsewhere.Port = port
		_, err = database.Connect(t.Context(), elsewhere)
		require.Equal(t, kind, protocol.KindOf(err), "%v", err)
	}

	// The same by an agent.
	keys := agent.NewKeyring()
	require.NoError(t, keys.Add(agent.AddedKey{PrivateKey: private}))
	o.Key, o.Agent = "", filepath.Join(t.TempDir(), "agent")
	listener, err := net.Listen("unix", o.Agent)
	require.NoError(t, err)
	var serving sync.WaitGroup
	defer serving.Wait()
	defer listener.Close()
	serving.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { agent.ServeAgent(keys, c); c.Close() })
		}
	})
	byAgent, err := New(o)
	require.NoError(t, err)
	defer byAgent.Close()
	connection.Dial = byAgent.Dial
	c, err := database.Connect(t.Context(), connection)
	require.NoError(t, err)
	require.NoError(t, c.Close(t.Context()))
}

// Airbyte's form asks for a password in place of a key, and has no place for the key of the server.
func TestTunnelByPassword(t *testing.T) {
	t.Parallel()
	socket, connection := target(t)
	_, user, _ := newKey(t)
	_, host, _ := newKey(t)
	b := newBastion(t, host, user.PublicKey(), socket)
	o := b.options(nil)
	o.KnownHosts, o.AnyHost, o.Password = "", true, "by word of mouth"
	tunnel, err := New(o)
	require.NoError(t, err)
	defer tunnel.Close()
	connection.Dial = tunnel.Dial
	c, err := database.Connect(t.Context(), connection)
	require.NoError(t, err)
	require.NoError(t, c.Close(t.Context()))
}

func TestTunnelRefused(t *testing.T) {
	t.Parallel()
	text, user, _ := newKey(t)
	otherText, other, _ := newKey(t)
	_, host, _ := newKey(t)
	b := newBastion(t, host, user.PublicKey(), "")
	for _, c := range []struct {
		name  string
		known ssh.PublicKey
		with  func(*Options)
		kind  protocol.Kind
		err   []string
	}{
		{"wrong key", host.PublicKey(), func(o *Options) { o.Key = otherText }, protocol.Config, []string{`does not let "loader" in`, "authorized_keys"}},
		{"wrong password", host.PublicKey(), func(o *Options) { o.Key, o.Password = "", "guessed" }, protocol.Config, []string{`does not let "loader" in by this password`}},
		{"wrong user", host.PublicKey(), func(o *Options) { o.User = "root" }, protocol.Config, []string{`does not let "root" in`}},
		{"unknown host", nil, nil, protocol.Config, []string{"is not known", ssh.FingerprintSHA256(host.PublicKey()), "ssh-keyscan -p "}},
		{"changed host", other.PublicKey(), nil, protocol.Config, []string{"has changed", ssh.FingerprintSHA256(host.PublicKey()), "remove line 1 of ", "ssh-keyscan -p "}},
		{"no known hosts", host.PublicKey(), func(o *Options) { o.KnownHosts += "x" }, protocol.Config, []string{"no SSH server is known", "ssh-keyscan -p "}},
		{"no key", host.PublicKey(), func(o *Options) { o.Key = "" }, protocol.Config, []string{"no key", "SSH_AUTH_SOCK"}},
		{"no such key", host.PublicKey(), func(o *Options) { o.Key = "/nowhere/id" }, protocol.Config, []string{"ssh_tunnel.private_key", "no such file"}},
		{"no agent", host.PublicKey(), func(o *Options) { o.Key, o.Agent = "", "/nowhere/agent" }, protocol.Config, []string{"the SSH agent has no key"}},
		{"no server", host.PublicKey(), func(o *Options) { o.Port = 1 }, protocol.Transient, []string{"no connection to the SSH server 127.0.0.1:1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := b.options(c.known)
			o.Key = text
			if c.with != nil {
				c.with(&o)
			}
			tunnel, err := New(o)
			if err == nil {
				defer tunnel.Close()
				_, err = database.Connect(t.Context(), database.Options{Host: "db.internal", User: "u", Database: "d", Dial: tunnel.Dial})
			}
			require.Equal(t, c.kind, protocol.KindOf(err), "%v", err)
			for _, text := range c.err {
				require.ErrorContains(t, err, text)
			}
		})
	}
}

// A server that is silent is given up.
func TestKeepAlive(t *testing.T) {
	t.Parallel()
	socket, connection := target(t)
	text, user, _ := newKey(t)
	_, host, _ := newKey(t)
	b := newBastion(t, host, user.PublicKey(), socket)
	b.mute = true
	o := b.options(host.PublicKey())
	o.Key = text
	tunnel, err := New(o)
	require.NoError(t, err)
	defer tunnel.Close()
	tunnel.interval = 50 * time.Millisecond
	connection.Dial = tunnel.Dial
	c, err := database.Connect(t.Context(), connection)
	require.NoError(t, err)
	defer c.Close(t.Context())
	require.Equal(t, protocol.Transient, protocol.KindOf(database.Fault(c.Exec(t.Context(), "SELECT pg_sleep(60)"))))
}
