package database

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/columns"
)

// Options say where the server is. What is left out is what libpq takes for it: its environment variables, ~/.pgpass,
// the service file, its defaults. What the DSN says counts more than the other fields.
type Options struct {
	DSN         string // a URL, also in SQLAlchemy's spelling, or a libpq string
	Host        string
	Port        int
	User        string
	Password    string
	Database    string
	SSLMode     string
	SSLRootCert string
	SSLCert     string
	SSLKey      string
	SSLPassword string // of the key
	NeedTLS     bool   // no connection in the clear is tried, whatever the mode
	// Login makes a password for each new connection; nil for the password that is given.
	Login func(context.Context, Server) (string, error)
	// Dial reaches the server by another way, such as a tunnel, whose end looks the host up; nil for the straight way.
	Dial        func(ctx context.Context, network, address string) (net.Conn, error)
	Application string // application_name
	// Role is what every transaction runs as; empty for the user.
	Role columns.Ident
	// StatementTimeout and LockTimeout bound each statement, and each wait for a lock; 0 for no bound.
	StatementTimeout, LockTimeout time.Duration
	// Env looks up libpq's environment variables; nil for none beside those of the process.
	Env func(name string) (string, bool)
}

// A Server is where a connection is about to log in, and as whom.
type Server struct {
	Host string
	Port uint16
	User string
}

// A Conn is one connection. It keeps nothing in the session, since a pooler may give each transaction another one:
// what a transaction depends on, [Conn.BeginSQL] sets.
type Conn struct {
	*pgx.Conn
	begin string
}

// patience is how long one server may take to answer, where connect_timeout does not say.
const patience = 30 * time.Second

// Config is the connection's configuration as pgx has it. A bad one is a Config fault that holds no secret.
func (o Options) Config() (*pgx.ConnConfig, error) {
	words, err := o.keywords()
	if err != nil {
		return nil, err
	}
	applyTLS, err := secure(words)
	if err != nil {
		return nil, err
	}
	c, err := pgx.ParseConfig(connString(words))
	if err != nil {
		return nil, protocol.ConfigFault("correct the connection settings", "connection settings: %s", withoutSecrets(err, words))
	}
	applyTLS(c)
	if o.NeedTLS && !dropClear(c) {
		return nil, protocol.ConfigFault("set sslmode to require, verify-ca or verify-full, and name the host, not its socket",
			"this way to log in needs TLS, which the settings rule out")
	}
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = patience
	}
	if o.Dial != nil {
		c.DialFunc = o.Dial
		c.LookupFunc = func(_ context.Context, host string) ([]string, error) { return []string{host}, nil } // the far end looks it up
	}
	// A session's own choices must not change how a value is read.
	maps.DeleteFunc(c.RuntimeParams, func(name, _ string) bool {
		return strings.EqualFold(name, "TimeZone") || strings.EqualFold(name, "client_encoding")
	})
	c.RuntimeParams["client_encoding"] = "UTF8"
	c.RuntimeParams["TimeZone"] = "UTC"
	if o.Application != "" {
		c.RuntimeParams["application_name"] = o.Application
	}
	// Unnamed statements only: what a table looks like changes under a running connection.
	c.DefaultQueryExecMode = pgx.QueryExecModeExec
	c.StatementCacheCapacity, c.DescriptionCacheCapacity = 0, 0
	return c, nil
}

// oldestMajor is the oldest version that has what the statements of this program need.
const oldestMajor = 12

// Connect opens a connection. A refused or unreachable server is a Transient fault; a wrong user, password or database is a Config fault, and
// so is a server that is too old.
func Connect(ctx context.Context, o Options) (*Conn, error) {
	config, err := o.Config()
	if err != nil {
		return nil, err
	}
	conn, err := o.connect(ctx, config)
	if err != nil {
		return nil, err
	}
	version := conn.PgConn().ParameterStatus("server_version")
	major := majorOf(version)
	if major != 0 && major < oldestMajor {
		conn.Close(ctx)
		return nil, protocol.ConfigFault("upgrade the server, or name another one",
			"the server has version %s; version %d is the oldest that is supported", version, oldestMajor)
	}
	c := &Conn{conn, o.begin(major)}
	if o.Role == "" {
		return c, nil
	}
	// Said here once, since every transaction begins with it.
	if err := c.Within(ctx, func() error { return nil }); err != nil {
		c.Close(ctx)
		return nil, roleFault(err, o.Role, config.User)
	}
	return c, nil
}

// open connects. A server that refuses what it is sent may be gone before its answer is read, so a connection that breaks off
// is tried again: the answer says more.
func open(ctx context.Context, c *pgx.ConnConfig) (conn *pgx.Conn, err error) {
	for range 3 {
		conn, err = pgx.ConnectConfig(ctx, c)
		if !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
			break
		}
	}
	return conn, err
}

// connect tries the servers in order. With a Login each of them gets a password of its own.
func (o Options) connect(ctx context.Context, c *pgx.ConnConfig) (*pgx.Conn, error) {
	if o.Login == nil {
		conn, err := open(ctx, c)
		return conn, connectFault(err, c)
	}
	var failed error
	for _, one := range servers(c) {
		password, err := o.Login(ctx, Server{Host: one.Host, Port: one.Port, User: one.User})
		if err != nil {
			return nil, err
		}
		one.Password = password
		conn, err := open(ctx, one)
		if err == nil {
			return conn, nil
		}
		failed = cmp.Or(failed, connectFault(err, one))
	}
	return nil, failed
}

// servers splits a configuration into one for each attempt to connect.
func servers(c *pgx.ConnConfig) []*pgx.ConnConfig {
	list := []*pgx.ConnConfig{c.Copy()}
	for _, f := range c.Fallbacks {
		one := c.Copy()
		one.Host, one.Port, one.TLSConfig = f.Host, f.Port, f.TLSConfig
		list = append(list, one)
	}
	for _, one := range list {
		one.Fallbacks = nil
	}
	return list
}

// majorOf is 17 for "17.5 (Debian)", and 0 for what is no version.
func majorOf(version string) (major int) {
	_, _ = fmt.Sscanf(version, "%d", &major)
	return major
}

// begin is the text of BeginSQL for a server of this version.
func (o Options) begin(major int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = %d; SET LOCAL lock_timeout = %d; "+
		"SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL standard_conforming_strings = on",
		o.StatementTimeout.Milliseconds(), o.LockTimeout.Milliseconds())
	if major >= 17 {
		b.WriteString("; SET LOCAL transaction_timeout = 0")
	}
	b.WriteString("; SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'")
	if o.Role != "" {
		fmt.Fprintf(&b, "; SET LOCAL ROLE %s", o.Role)
	}
	return b.String()
}

// BeginSQL is the text that begins every transaction of the target, without a semicolon at its end. Whatever the server,
// the role or the database have set, the transaction is read committed, outlives a crash of the server once it is committed,
// waits for a slow tap, reads a backslash in a string as itself, and has the role and the timeouts of the settings.
func (c *Conn) BeginSQL() string { return c.begin }

// Within runs do in a transaction of its own, which is committed when do returns nil.
func (c *Conn) Within(ctx context.Context, do func() error) error {
	if err := c.Exec(ctx, c.begin); err != nil {
		return Fault(err)
	}
	if err := do(); err != nil {
		c.Exec(context.WithoutCancel(ctx), "ROLLBACK") // the error that counts is err
		return err
	}
	return Fault(c.Exec(ctx, "COMMIT"))
}

// Exec runs statements that take no arguments, several separated by semicolons, in one round trip.
func (c *Conn) Exec(ctx context.Context, sql string) error {
	_, err := c.PgConn().Exec(ctx, sql).ReadAll()
	return err
}

// withoutSecrets is the text of a parse error without what it quotes.
func withoutSecrets(err error, words map[string]string) string {
	text := err.Error()
	if p := words["password"]; p != "" {
		text = strings.ReplaceAll(text, p, "***")
	}
	// pgx begins with the connection string, masked, in backquotes.
	if i := strings.LastIndex(text, "`"); i >= 0 {
		text = strings.TrimLeft(text[i+1:], ": ")
	}
	return text
}

// ApplicationName tells other sessions who this one is: the program, its pipeline, the process and its host.
func ApplicationName(pipeline string) string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	name := fmt.Sprintf("target-postgres %s (process %d on %s)", pipeline, os.Getpid(), host)
	return name[:min(len(name), 63)]
}
