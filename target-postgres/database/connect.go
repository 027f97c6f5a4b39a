package database

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
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
	Application string // application_name
	// Role is what every transaction runs as; empty for the user.
	Role columns.Ident
	// StatementTimeout and LockTimeout bound each statement, and each wait for a lock; 0 for no bound.
	StatementTimeout, LockTimeout time.Duration
	// Env looks up libpq's environment variables; nil for none beside those of the process.
	Env func(name string) (string, bool)
}

// A Conn is one connection. It keeps nothing in the session, since a pooler may give each transaction another one:
// what a transaction depends on, [Conn.BeginSQL] sets.
type Conn struct {
	*pgx.Conn
	begin string
}

// libpqEnv are the environment variables of libpq and the keywords that they stand for.
var libpqEnv = [...][2]string{
	{"PGHOST", "host"}, {"PGPORT", "port"}, {"PGDATABASE", "database"}, {"PGUSER", "user"}, {"PGPASSWORD", "password"},
	{"PGPASSFILE", "passfile"}, {"PGSERVICE", "service"}, {"PGSERVICEFILE", "servicefile"}, {"PGSSLMODE", "sslmode"},
	{"PGSSLKEY", "sslkey"}, {"PGSSLCERT", "sslcert"}, {"PGSSLROOTCERT", "sslrootcert"}, {"PGSSLPASSWORD", "sslpassword"},
	{"PGSSLSNI", "sslsni"}, {"PGCONNECT_TIMEOUT", "connect_timeout"}, {"PGTARGETSESSIONATTRS", "target_session_attrs"},
	{"PGOPTIONS", "options"}, {"PGCHANNELBINDING", "channel_binding"},
}

// Config is the connection's configuration as pgx has it. A bad one is a Config fault that holds no secret.
func (o Options) Config() (*pgx.ConnConfig, error) {
	text, err := o.connString()
	if err != nil {
		return nil, err
	}
	c, err := pgx.ParseConfig(text)
	if err != nil {
		return nil, protocol.ConfigFault("correct the connection settings", "connection settings: %s", withoutSecrets(err, o))
	}
	// A session's own choices must not change how a value is read, nor end a transaction that waits for the tap.
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

// Connect opens a connection. A refused or unreachable server is a Transient fault, a wrong user, password or database a Config fault.
func Connect(ctx context.Context, o Options) (*Conn, error) {
	c, err := o.Config()
	if err != nil {
		return nil, err
	}
	conn, err := pgx.ConnectConfig(ctx, c)
	if err != nil {
		return nil, connectFault(err)
	}
	return &Conn{conn, o.begin(conn.PgConn().ParameterStatus("server_version"))}, nil
}

// begin is the text of BeginSQL for a server of this version.
func (o Options) begin(version string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = %d; SET LOCAL lock_timeout = %d; "+
		"SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL standard_conforming_strings = on",
		o.StatementTimeout.Milliseconds(), o.LockTimeout.Milliseconds())
	major := 0
	if fmt.Sscanf(version, "%d", &major); major >= 17 { // 0 for what is no version
		b.WriteString("; SET LOCAL transaction_timeout = 0")
	}
	if o.Role != "" {
		fmt.Fprintf(&b, "; SET LOCAL ROLE %s", o.Role)
	}
	return b.String()
}

// BeginSQL is the text that begins every transaction of the target, without a semicolon at its end. Whatever the server,
// the role or the database have set, the transaction is read committed, waits for a slow tap, reads a backslash
// in a string as itself, and has the role and the timeouts of the settings.
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

func (o Options) connString() (string, error) {
	given := map[string]string{}
	for _, e := range libpqEnv {
		if o.Env == nil {
			break
		}
		if v, ok := o.Env(e[0]); ok && v != "" {
			given[e[1]] = v
		}
	}
	parts := map[string]string{
		"host": o.Host, "user": o.User, "password": o.Password, "database": o.Database,
		"sslmode": o.SSLMode, "sslrootcert": o.SSLRootCert, "sslcert": o.SSLCert, "sslkey": o.SSLKey,
	}
	if o.Port != 0 {
		parts["port"] = strconv.Itoa(o.Port)
	}
	for k, v := range parts {
		if v != "" {
			given[k] = v
		}
	}
	scheme, rest, isURL := strings.Cut(o.DSN, "://")
	if !isURL {
		return keywords(given) + " " + o.DSN, nil // of two words for one thing the last counts
	}
	if name, _, _ := strings.Cut(scheme, "+"); name != "postgres" && name != "postgresql" {
		return "", protocol.ConfigFault("begin it with postgres://", "dsn: not the URL of a PostgreSQL server")
	}
	u, err := url.Parse("postgres://" + rest)
	if err != nil {
		return "", protocol.ConfigFault("write special characters in the user name and password as %XX", "dsn: not a valid URL")
	}
	query := u.Query()
	for k, v := range given {
		if !inURL(u, query, k) {
			query.Set(k, v)
		}
	}
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// inURL tells whether a URL says something for a keyword.
func inURL(u *url.URL, query url.Values, keyword string) bool {
	switch keyword {
	case "host", "port":
		// A URL that names a host means that host's own port.
		return u.Host != "" || query.Has("host") || query.Has(keyword)
	case "user":
		return u.User.Username() != "" || query.Has(keyword)
	case "password":
		_, has := u.User.Password()
		return has || query.Has(keyword)
	case "database":
		return strings.Trim(u.Path, "/") != "" || query.Has("dbname") || query.Has(keyword)
	}
	return query.Has(keyword)
}

func keywords(given map[string]string) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(given)) {
		fmt.Fprintf(&b, "%s='%s' ", k, strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(given[k]))
	}
	return b.String()
}

// withoutSecrets is the text of a parse error without what it quotes.
func withoutSecrets(err error, o Options) string {
	text := err.Error()
	if o.DSN != "" {
		text = strings.ReplaceAll(text, o.DSN, "***")
	}
	if o.Password != "" {
		text = strings.ReplaceAll(text, o.Password, "***")
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
