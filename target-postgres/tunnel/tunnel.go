// Package tunnel reaches a server through an SSH server, a bastion. One SSH connection carries all that are dialed; it is made
// by the first, kept alive, and made anew when it was lost. The host's key must be known, unless the options
// say that any will do.
package tunnel

import (
	"context"
	"errors"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/pemfile"
)

// Options say which SSH server, as whom, and by which keys.
type Options struct {
	Host        string
	Port        int
	User        string
	Key         string // path or text of a private key; empty for those of the agent
	KeyPassword string
	KnownHosts  string // a file; empty for OpenSSH's own
	Password    string // in place of a key
	AnyHost     bool   // whatever key the server shows is accepted
	Agent       string // the agent's socket, SSH_AUTH_SOCK
}

// patience is how long the SSH server may take to let us in.
const patience = 30 * time.Second

// A Tunnel is used by any number of goroutines, and ended with Close.
type Tunnel struct {
	address  string
	options  Options
	key      ssh.Signer // nil for the agent's
	hosts    *knownHosts
	interval time.Duration // between two signs of life

	mu      sync.Mutex
	client  *ssh.Client
	running sync.WaitGroup
}

// New checks what can be checked without the network. Its errors are Config faults.
func New(o Options) (*Tunnel, error) {
	t := &Tunnel{address: net.JoinHostPort(o.Host, strconv.Itoa(o.Port)), options: o, interval: 15 * time.Second}
	switch {
	case o.Key != "":
		const hint = "give the path or the text of a private key, and ssh_tunnel.private_key_password when it is encrypted"
		key, err := pemfile.Key(o.Key, o.KeyPassword)
		if err != nil {
			return nil, protocol.ConfigFault(hint, "ssh_tunnel.private_key: %w", err)
		}
		if t.key, err = ssh.NewSignerFromKey(key); err != nil {
			return nil, protocol.ConfigFault(hint, "ssh_tunnel.private_key: %w", err)
		}
	case o.Password != "":
	case o.Agent == "":
		return nil, protocol.ConfigFault("give ssh_tunnel.private_key, or start an agent with SSH_AUTH_SOCK in the environment", "the SSH tunnel has no key")
	}
	if o.AnyHost {
		t.hosts = &knownHosts{known: ssh.InsecureIgnoreHostKey(), address: t.address}
		return t, nil
	}
	var err error
	t.hosts, err = readKnownHosts(o.KnownHosts, o.Host, o.Port)
	return t, err
}

// Dial connects from the SSH server to an address, which that server looks up. Its errors are faults.
func (t *Tunnel) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := t.dial(ctx, network, address)
	var own *protocol.Fault
	var refused *ssh.OpenChannelError
	switch {
	case err == nil:
		return &conn{Conn: c}, nil
	case errors.As(err, &own):
		return nil, err
	case errors.As(err, &refused) && refused.Reason == ssh.Prohibited:
		return nil, protocol.ConfigFault("allow this user AllowTcpForwarding and PermitOpen in its sshd_config",
			"the SSH server %s forbids a tunnel to %s", t.address, address)
	case errors.As(err, &refused):
		return nil, protocol.TransientFault("see that host and port are right from there", "the SSH server %s does not reach %s: %s", t.address, address, refused.Message)
	}
	return nil, protocol.TransientFault("run it again when the SSH server is reachable", "the SSH tunnel by %s is lost: %w", t.address, err)
}

// dial tries again with a new SSH connection where the one that there is turns out to be lost.
func (t *Tunnel) dial(ctx context.Context, network, address string) (net.Conn, error) {
	for first := true; ; first = false {
		client, err := t.connected(ctx)
		if err != nil {
			return nil, err
		}
		c, err := client.DialContext(ctx, network, address)
		var refused *ssh.OpenChannelError
		if err == nil || errors.As(err, &refused) || ctx.Err() != nil || !first {
			return c, err
		}
		client.Close()
		t.forget(client)
	}
}

// Close ends the tunnel and all that goes through it.
func (t *Tunnel) Close() {
	t.mu.Lock()
	if t.client != nil {
		t.client.Close()
	}
	t.mu.Unlock()
	t.running.Wait()
}

// connected gives the SSH connection, a new one where there is none that lives.
func (t *Tunnel) connected(ctx context.Context) (*ssh.Client, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.client != nil {
		return t.client, nil
	}
	client, err := t.connect(ctx)
	if err != nil {
		return nil, err
	}
	t.client = client
	ended := make(chan struct{})
	t.running.Go(func() {
		client.Wait() // until it is closed by either side
		close(ended)
		t.forget(client)
	})
	t.running.Go(func() { keepAlive(client, t.interval, ended) })
	return client, nil
}

// forget has the next to come connect anew.
func (t *Tunnel) forget(client *ssh.Client) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.client == client {
		t.client = nil
	}
}

func (t *Tunnel) connect(ctx context.Context) (*ssh.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	unreachable := func(err error) error {
		return protocol.TransientFault("see that ssh_tunnel.host and ssh_tunnel.port are right", "no connection to the SSH server %s: %w", t.address, err)
	}
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", t.address)
	if err != nil {
		return nil, unreachable(err)
	}
	defer context.AfterFunc(ctx, func() { c.Close() })()
	var checked error // what the host's key came to
	var met bool
	config := &ssh.ClientConfig{
		User:              t.options.User,
		Auth:              []ssh.AuthMethod{t.login(ctx)},
		HostKeyAlgorithms: t.hosts.algorithms(c.RemoteAddr()),
		HostKeyCallback: func(_ string, remote net.Addr, key ssh.PublicKey) error {
			met, checked = true, t.hosts.check(remote, key)
			return checked
		},
	}
	shaken, channels, requests, err := ssh.NewClientConn(c, t.address, config)
	if err == nil {
		return ssh.NewClient(shaken, channels, requests), nil
	}
	c.Close()
	var own *protocol.Fault
	var lost net.Error
	switch {
	case checked != nil:
		return nil, checked
	case errors.As(err, &own):
		return nil, own
	case ctx.Err() != nil:
		return nil, unreachable(ctx.Err())
	case met && !errors.As(err, &lost):
		if t.key == nil && t.options.Password != "" {
			return nil, protocol.ConfigFault("correct the tunnel's user and password", "the SSH server %s does not let %q in by this password", t.address, t.options.User)
		}
		return nil, protocol.ConfigFault("add the public key to ~/.ssh/authorized_keys there, or correct ssh_tunnel.username and ssh_tunnel.private_key",
			"the SSH server %s does not let %q in by this key", t.address, t.options.User)
	}
	return nil, unreachable(err)
}

// login is by the password where there is no key.
func (t *Tunnel) login(ctx context.Context) ssh.AuthMethod {
	if t.key == nil && t.options.Password != "" {
		return ssh.Password(t.options.Password)
	}
	return ssh.PublicKeysCallback(t.signers(ctx))
}

// signers are the key that is given, or those of the agent.
func (t *Tunnel) signers(ctx context.Context) func() ([]ssh.Signer, error) {
	return func() ([]ssh.Signer, error) {
		if t.key != nil {
			return []ssh.Signer{t.key}, nil
		}
		c, err := (&net.Dialer{}).DialContext(ctx, "unix", t.options.Agent)
		if err == nil {
			context.AfterFunc(ctx, func() { c.Close() }) // it signs until the handshake is over
			var signers []ssh.Signer
			if signers, err = agent.NewClient(c).Signers(); err == nil && len(signers) > 0 {
				return signers, nil
			}
		}
		if err == nil {
			err = os.ErrNotExist
		}
		return nil, protocol.ConfigFault("ssh-add one, or give ssh_tunnel.private_key", "the SSH agent has no key: %w", err)
	}
}

// keepAlive asks for a sign of life now and then, and gives the connection up when none comes.
func keepAlive(client *ssh.Client, interval time.Duration, ended <-chan struct{}) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			return
		case <-tick.C:
		}
		silent := time.AfterFunc(interval, func() { client.Close() })
		_, _, err := client.SendRequest("keepalive@openssh.com", true, nil)
		silent.Stop()
		if err != nil {
			client.Close()
			return
		}
	}
}

// A conn ends at its deadline, since a channel of SSH has none.
type conn struct {
	net.Conn
	mu      sync.Mutex
	timer   *time.Timer
	expired bool
}

func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	return n, c.outcome(err)
}

func (c *conn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	return n, c.outcome(err)
}

func (c *conn) outcome(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil && c.expired {
		return os.ErrDeadlineExceeded
	}
	return err
}

func (c *conn) SetDeadline(at time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
	if !at.IsZero() {
		c.timer = time.AfterFunc(time.Until(at), c.expire)
	}
	return nil
}

func (c *conn) expire() {
	c.mu.Lock()
	c.expired = true
	c.mu.Unlock()
	c.Conn.Close()
}

func (c *conn) SetReadDeadline(at time.Time) error  { return c.SetDeadline(at) }
func (c *conn) SetWriteDeadline(at time.Time) error { return c.SetDeadline(at) }

func (c *conn) Close() error {
	c.SetDeadline(time.Time{})
	return c.Conn.Close()
}
