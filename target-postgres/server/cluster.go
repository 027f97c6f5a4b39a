package server

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/signalroom/signalroom/protocol"
)

// durable are the settings of a server that someone's data live in. What differs from PostgreSQL's own defaults is for bulk
// loading: fewer checkpoints. Nothing here trades safety for speed.
var durable = map[string]string{
	"listen_addresses":    "127.0.0.1",
	"max_wal_size":        "4GB",
	"log_min_messages":    "warning",
	"password_encryption": "scram-sha-256",
	"timezone":            "UTC",
	"log_timezone":        "UTC",
}

// create makes a new cluster where the folder holds none. It is made beside its place and moved there when it is whole, so data/
// is never half made, and never removed.
func (c *cluster) create(ctx context.Context) error {
	held, _ := os.ReadDir(c.inner())
	for _, entry := range held {
		switch entry.Name() {
		case "data":
			return nil
		case "making", "run", "postgres.log":
		default:
			return protocol.ConfigFault("name another folder", "%s holds files that are not a private server's", c.inner())
		}
	}
	for _, dir := range []string{c.inner(), c.inner("making"), c.inner("run")} {
		if err := c.makeEmpty(dir); err != nil {
			return err
		}
	}
	bin, err := c.binaries(ctx, c.Version)
	if err != nil {
		return err
	}
	password := rand.Text()
	if err := os.WriteFile(c.path("password"), []byte(password), 0o600); err != nil {
		return protocol.SystemFault("", "private server: %w", err)
	}
	// initdb reads the password as the server's account, so from a file of that account.
	handed := c.inner("run", "password")
	if err := cmp.Or(os.WriteFile(handed, []byte(password), 0o600), c.account.give(handed)); err != nil {
		return protocol.SystemFault("", "private server: %w", err)
	}
	defer os.Remove(handed)
	initdb, done, err := c.command(filepath.Join(bin, "initdb"), func(dir string) []string {
		return []string{
			"-D", dir + "/making", "--pwfile", dir + "/run/password", "--username", "postgres", "--auth", "scram-sha-256",
			"--encoding", "UTF8", "--locale", "C",
		}
	})
	if err != nil {
		return err
	}
	defer done()
	if out, err := initdb.CombinedOutput(); err != nil {
		return protocol.SystemFault("", "private server: initdb: %w: %s", err, lastLine(out))
	}
	conf, err := os.OpenFile(c.inner("making", "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = conf.WriteString("\ninclude 'private.conf'\n")
		err = cmp.Or(err, conf.Close())
	}
	if err = cmp.Or(err, os.Rename(c.inner("making"), c.inner("data"))); err != nil {
		return protocol.SystemFault("", "private server: %w", err)
	}
	return nil
}

// makeEmpty makes an empty folder of the server's account. One that somebody else makes at the same moment is not taken.
func (c *cluster) makeEmpty(path string) error {
	err := os.RemoveAll(path)
	if err == nil {
		err = os.Mkdir(path, 0o700)
	}
	if err == nil {
		err = c.account.give(path)
	}
	if err != nil {
		return protocol.SystemFault("", "private server: %w", err)
	}
	return nil
}

// launch starts the server and waits until it is ready. After a crash (recovering) processes of the old server may need a
// moment to notice that theirs is gone, so it tries for a while.
func (c *cluster) launch(ctx context.Context, recovering bool) error {
	major := majorOfData(c.inner("data"))
	bin, err := c.binaries(ctx, major)
	if err != nil {
		return err
	}
	if err := c.makeEmpty(c.socketDir()); err != nil {
		return err
	}
	if err := c.openLog(); err != nil {
		return err
	}
	attempts := 3 // the free port may be taken by somebody else between the look and the start
	if recovering {
		attempts = 40
	}
	for {
		if err := c.configure(); err != nil {
			return err
		}
		cmd, done, err := c.command(filepath.Join(bin, "pg_ctl"), func(dir string) []string {
			return []string{"start", "--silent", "--wait", "--timeout", "600", "-D", dir + "/data", "--log", dir + "/postgres.log"}
		})
		if err != nil {
			return err
		}
		// No pipe to the server: it lives longer than this process.
		err = cmd.Run()
		done()
		if err == nil {
			return nil
		}
		if attempts--; attempts == 0 {
			text, _ := os.ReadFile(c.inner("postgres.log"))
			return protocol.SystemFault("see its log in "+c.inner("postgres.log"), "the private server does not start: %s", lastLine(text))
		}
		select {
		case <-ctx.Done():
			return protocol.TransientFault("", "starting the private server: %w", ctx.Err())
		case <-time.After(250 * time.Millisecond):
		}
	}
}

// stop shuts the server down. Open connections are ended, and nothing that was committed is lost.
func (c *cluster) stop(ctx context.Context) error {
	run, left := c.running()
	if !left || !run.alive {
		return nil
	}
	bin, err := c.binaries(ctx, majorOfData(c.inner("data")))
	if err != nil {
		return err
	}
	cmd, done, err := c.command(filepath.Join(bin, "pg_ctl"), func(dir string) []string {
		return []string{"stop", "--silent", "--wait", "--timeout", "600", "--mode", "fast", "-D", dir + "/data"}
	})
	if err != nil {
		return err
	}
	defer done()
	if out, err := cmd.CombinedOutput(); err != nil {
		return protocol.SystemFault("", "stopping the private server: %w: %s", err, lastLine(out))
	}
	if dir := c.socketDir(); dir != c.inner("run") {
		os.RemoveAll(dir)
	}
	return nil
}

// configure writes the settings of the next start. The loopback port stays the same as long as it is free.
func (c *cluster) configure() error {
	settings := maps.Clone(durable)
	maps.Copy(settings, c.Settings)
	port, err := freePort(c.lastPort())
	if err != nil {
		return protocol.SystemFault("", "private server: %w", err)
	}
	settings["port"] = strconv.Itoa(port)
	settings["unix_socket_directories"] = "../run"
	if c.socketDir() != c.inner("run") {
		settings["unix_socket_directories"] = c.socketDir()
	}
	var text bytes.Buffer
	text.WriteString("# Written at every start of the private server. Settings of your own belong into postgresql.auto.conf (ALTER SYSTEM).\n")
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&text, "%s = '%s'\n", name, strings.ReplaceAll(settings[name], "'", "''"))
	}
	path := c.inner("data", "private.conf")
	if err := cmp.Or(os.WriteFile(path, text.Bytes(), 0o600), c.account.give(path)); err != nil {
		return protocol.SystemFault("", "private server: %w", err)
	}
	return nil
}

var portSetting = regexp.MustCompile(`(?m)^port = '(\d+)'$`)

// lastPort is the port of the last start, 0 where there was none.
func (c *cluster) lastPort() int {
	text, _ := os.ReadFile(c.inner("data", "private.conf"))
	port := 0
	if m := portSetting.FindSubmatch(text); m != nil {
		port, _ = strconv.Atoi(string(m[1]))
	}
	return port
}

// freePort is the wanted loopback port if nobody has it, otherwise any that is free.
func freePort(want int) (int, error) {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(want)))
	if err != nil && want != 0 {
		return freePort(0)
	}
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// openLog makes the server's log where it is missing; the server's account writes it. A long one is begun again.
func (c *cluster) openLog() error {
	path := c.inner("postgres.log")
	flags := os.O_CREATE | os.O_WRONLY
	if info, err := os.Stat(path); err == nil && info.Size() > 1<<20 {
		flags |= os.O_TRUNC
	}
	f, err := os.OpenFile(path, flags, 0o600)
	if err == nil {
		err = cmp.Or(f.Close(), c.account.give(path))
	}
	if err != nil {
		return protocol.SystemFault("", "private server: %w", err)
	}
	return nil
}

// lastLine is the last line of a program's output that is not blank.
func lastLine(out []byte) string {
	out = bytes.TrimSpace(out)
	return string(out[bytes.LastIndexByte(out, '\n')+1:])
}
