package database

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/columns"
)

// rule is one row of the table from SQLSTATE to fault. The longest prefix that matches counts.
type rule struct {
	state string
	kind  protocol.Kind
	hint  string
}

// Whatever has no rule is a defect of ours or of the server: kind System.
var rules = [...]rule{
	{"08", protocol.Transient, "run it again when the server is reachable"},
	{"0A", protocol.Config, "the server cannot do this; see which versions are supported"},
	{"22", protocol.Data, ""},
	{"23", protocol.Data, ""},
	{"25006", protocol.Config, "connect to the primary server; this one takes no writes"},
	{"25P03", protocol.Transient, "raise idle_in_transaction_session_timeout of the role, and run it again"},
	{"28", protocol.Config, "correct user and password, give sslcert and sslkey where the server asks for them, or change what pg_hba.conf allows"},
	{"3D", protocol.Config, "name a database that exists"},
	{"3F", protocol.Config, "name a schema that exists, or let the role create it"},
	{"40", protocol.Transient, "run it again"},
	{"42501", protocol.Config, "grant the role what it lacks"},
	{"42P01", protocol.Transient, "a table was dropped during the run; run it again"},
	{"42704", protocol.Config, "name in the settings what exists on the server"},
	{"42703", protocol.Transient, "a column was dropped or renamed during the run; run it again"},
	{"44", protocol.Data, ""},
	{"53", protocol.Transient, "the server is short of disk, memory or connections; run it again when it is not"},
	{"53200", protocol.Transient, "the server is short of memory; where it says shared memory, raise its max_locks_per_transaction; then run it again"},
	{"54", protocol.Data, ""},
	{"55P03", protocol.Transient, "another session holds a lock on the table; run it again"},
	{"57", protocol.Transient, "run it again when the server is back"},
	{"57014", protocol.Transient, "raise statement_timeout, or see in pg_stat_activity what the statement waited for; run it again"},
	{"58", protocol.Transient, "see the server's log, and run it again"},
	{"P0001", protocol.Data, ""},
}

// Fault makes an error of the server or of the connection a fault. One that is a fault already stays as it is.
func Fault(err error) error {
	if err == nil {
		return nil
	}
	var f *protocol.Fault
	if errors.As(err, &f) {
		return err
	}
	var e *pgconn.PgError
	if errors.As(err, &e) {
		r := ruleOf(e.Code)
		if e.Code == "0A000" && e.Routine == "DoCopy" {
			r.hint = "COPY does not pass row-level security: load as the owner of the table, or let a superuser give the role BYPASSRLS"
		}
		return &protocol.Fault{Kind: r.kind, Hint: r.hint, Err: &serverError{e}}
	}
	if Lost(err) {
		return protocol.TransientFault("run it again when the server is reachable", "the connection to the server is lost: %w", err)
	}
	return protocol.SystemFault("", "%w", err)
}

func ruleOf(state string) rule {
	found := rule{kind: protocol.System}
	for _, r := range rules {
		if strings.HasPrefix(state, r.state) && len(r.state) > len(found.state) {
			found = r
		}
	}
	return found
}

// RowError tells whether an error is the fault of one row: a value that its column does not take, a constraint, a
// trigger that raised an exception, a row that is too large for a page or an index.
func RowError(err error) (*pgconn.PgError, bool) {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return nil, false
	}
	switch {
	case e.Code == Raised, strings.HasPrefix(e.Code, "22"), strings.HasPrefix(e.Code, "23"), strings.HasPrefix(e.Code, "44"), e.Code == "54000":
		return e, true
	}
	return nil, false
}

// ChangeRefused tells whether something that depends on a table or a column forbids to change it.
func ChangeRefused(err error) bool {
	for _, state := range [...]string{"0A000", "2BP01", "42704", "42804", "42883"} { // not supported, depends, no such class, type, operator
		if Is(err, state) {
			return true
		}
	}
	return false
}

// Is tells whether err comes from the server with this SQLSTATE.
func Is(err error, state string) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == state
}

// The SQLSTATEs that the loader acts on.
const (
	UniqueViolation    = "23505"
	LockNotAvailable   = "55P03"
	Deadlock           = "40P01"
	TooManyConnections = "53300"
	StartingUp         = "57P03"
)

// Raised is the SQLSTATE of an exception that a trigger or function raised on purpose.
const Raised = "P0001"

// Reason is what a server error says about a row, for the table of rejects: its message without the value that some end in,
// `invalid input syntax for type integer: "abc"`, and without its detail, which quotes keys. What a trigger says is kept whole.
func Reason(e *pgconn.PgError) string {
	if e.Code == Raised {
		return e.Message
	}
	message, _, _ := strings.Cut(e.Message, `: "`)
	return message
}

// serverError is an error of the server without the rows that its detail and context quote.
type serverError struct{ *pgconn.PgError }

// Error names what the server names, but no values.
func (e *serverError) Error() string {
	var b strings.Builder
	message := Reason(e.PgError)
	if e.Code == Raised {
		message = "an exception that a trigger or function raised"
	}
	fmt.Fprintf(&b, "server: %s (SQLSTATE %s", message, e.Code)
	for _, part := range [][2]string{{"table", e.TableName}, {"column", e.ColumnName}, {"constraint", e.ConstraintName}} {
		if part[1] != "" {
			fmt.Fprintf(&b, ", %s %q", part[0], part[1])
		}
	}
	b.WriteByte(')')
	return b.String()
}

// Unwrap gives the server's error.
func (e *serverError) Unwrap() error { return e.PgError }

// lost tells whether the connection broke in a way that is no net.Error.
func lost(err error) bool {
	for _, end := range []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, syscall.EPIPE, syscall.ECONNRESET} {
		if errors.Is(err, end) {
			return true
		}
	}
	return false
}

// roleFault is for a transaction that cannot begin as a role.
func roleFault(err error, role columns.Ident, user string) error {
	switch {
	case Is(err, "42501"):
		return protocol.ConfigFault(fmt.Sprintf("let a superuser run: GRANT %s TO %s", role, columns.Ident(user)), "the user %s may not act as the role %s", columns.Ident(user), role)
	case Is(err, "22023"):
		return protocol.ConfigFault("create it, or name another one", "role: there is no role %s", role)
	}
	return err
}

// connectFault is Fault for an attempt to connect.
func connectFault(err error, c *pgx.ConnConfig) error {
	if err == nil {
		return nil
	}
	var own *protocol.Fault // of a tunnel
	if errors.As(err, &own) {
		return own
	}
	if f := tlsFault(err); f != nil {
		return f
	}
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return Fault(err)
	}
	var where []string
	for _, s := range servers(c) {
		if at := fmt.Sprintf("%s, port %d", s.Host, s.Port); !slices.Contains(where, at) {
			where = append(where, at)
		}
	}
	at := strings.Join(where, "; ")
	var n net.Error
	if errors.As(err, &n) || lost(err) || errors.Is(err, context.Canceled) {
		return protocol.TransientFault("see that the server runs and that host and port are right", "no connection to the server at %s: %w", at, cause(err))
	}
	if c.ValidateConnect != nil {
		return protocol.TransientFault("run it again when one of them is such a server, or change target_session_attrs",
			"no server that target_session_attrs asks for at %s: %w", at, innermost(err))
	}
	if !slices.Contains(tlsConfigs(c), nil) {
		return protocol.ConfigFault("turn ssl on at the server, or lower sslmode to prefer", "no secure connection to the server at %s: %w", at, innermost(err))
	}
	return protocol.TransientFault("see that the server runs and that host and port are right", "no connection to the server at %s: %w", at, innermost(err))
}

// cause is the innermost part of a connect error: its own text names user and database over and over.
func cause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	var d *net.DNSError
	if errors.As(err, &d) {
		return d
	}
	return innermost(err)
}

// innermost is the first cause of an error, since what wraps it names user and database over and over.
func innermost(err error) error {
	for {
		switch e := err.(type) {
		case interface{ Unwrap() error }:
			if e.Unwrap() == nil {
				return err
			}
			err = e.Unwrap()
		case interface{ Unwrap() []error }:
			err = e.Unwrap()[len(e.Unwrap())-1] // of attempts, the last: the first may be one with TLS that was worth a try
		default:
			return err
		}
	}
}

// Retryable tells whether the same transaction may succeed when it is tried again soon: after a deadlock, a conflict, a lock that
// was held too long, a server that restarts, a connection that is lost.
func Retryable(err error) bool {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return Lost(err) || errors.Is(err, errLockLost)
	}
	switch e.Code {
	case LockNotAvailable, TooManyConnections:
		return true
	}
	return strings.HasPrefix(e.Code, "40") || strings.HasPrefix(e.Code, "08") || strings.HasPrefix(e.Code, "57P")
}

// Lost tells whether the connection broke, or none could be made.
func Lost(err error) bool {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return strings.HasPrefix(e.Code, "08") || strings.HasPrefix(e.Code, "57P")
	}
	var n net.Error
	var c *pgconn.ConnectError
	return errors.As(err, &n) || errors.As(err, &c) || pgconn.SafeToRetry(err) || pgconn.Timeout(err) || lost(err)
}
