package database

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
)

func TestOptions(t *testing.T) {
	t.Parallel()
	libpq := func(name string) (string, bool) {
		v, ok := map[string]string{"PGHOST": "envhost", "PGUSER": "envuser", "PGPASSWORD": "envpassword", "PGDATABASE": "envdb", "PGPORT": "1111"}[name]
		return v, ok
	}
	for _, c := range []struct {
		name    string
		options Options
		want    string // user password host port database
	}{
		{"parts", Options{Host: "h", Port: 2222, User: "u", Password: `p'\ w`, Database: "d"}, `u p'\ w h 2222 d`},
		{"libpq", Options{Env: libpq}, "envuser envpassword envhost 1111 envdb"},
		{"parts before libpq", Options{Host: "h", Port: 2222, Env: libpq}, "envuser envpassword h 2222 envdb"},
		{"URL before parts", Options{DSN: "postgres://u:p@h:3/d", Host: "other", Port: 2222, User: "x", Password: "x", Database: "x", Env: libpq}, "u p h 3 d"},
		{"URL with gaps", Options{DSN: "postgres://u@h/d", Password: "p", Env: libpq}, "u p h 5432 d"},
		{"SQLAlchemy's URL", Options{DSN: "postgresql+psycopg2://u:p%40@h/d"}, "u p@ h 5432 d"},
		{"libpq string", Options{DSN: "host=h user=u password='p w' dbname=d port=4", User: "x"}, "u p w h 4 d"},
		{"socket", Options{DSN: "postgres://u:p@/d?host=/run/pg&port=6"}, "u p /run/pg 6 d"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			config, err := c.options.Config()
			require.NoError(t, err)
			require.Equal(t, c.want, fmt.Sprintf("%s %s %s %d %s", config.User, config.Password, config.Host, config.Port, config.Database))
		})
	}
}

func TestOptionsAreRefusedWithoutSecrets(t *testing.T) {
	t.Parallel()
	for _, dsn := range []string{"mysql://u:hunter2@h/d", "postgres://u:hunter2@h:port/d", "host=h password=hunter2 port=abc", "postgres://u:hunter2@h/d?sslmode=maybe", "password=hunter2 x", "postgres://u:hunter2@h/d?sslcrl=x"} {
		_, err := Options{DSN: dsn, Password: "hunter2"}.Config()
		require.Error(t, err, dsn)
		require.Equal(t, protocol.Config, protocol.KindOf(err))
		require.NotContains(t, err.Error(), "hunter2")
	}
}

func TestFault(t *testing.T) {
	t.Parallel()
	server := func(code string) error {
		return fmt.Errorf("while loading: %w", &pgconn.PgError{Code: code, Message: `invalid input syntax: "a secret"`, Detail: "a secret"})
	}
	for _, c := range []struct {
		err  error
		kind protocol.Kind
		row  bool
	}{
		{server("22P02"), protocol.Data, true},
		{server("23505"), protocol.Data, true},
		{server("P0001"), protocol.Data, true},
		{server("54000"), protocol.Data, true},
		{server("44000"), protocol.Data, true},
		{server("28P01"), protocol.Config, false},
		{server("3D000"), protocol.Config, false},
		{server("42501"), protocol.Config, false},
		{server("42601"), protocol.System, false},
		{server("25006"), protocol.Config, false},
		{server("40P01"), protocol.Transient, false},
		{server("53100"), protocol.Transient, false},
		{server("55P03"), protocol.Transient, false},
		{server("57P01"), protocol.Transient, false},
		{server("08006"), protocol.Transient, false},
		{server("XX000"), protocol.System, false},
		{io.ErrUnexpectedEOF, protocol.Transient, false},
		{errors.New("something else"), protocol.System, false},
		{protocol.ConfigFault("", "as it was"), protocol.Config, false},
	} {
		f := Fault(c.err)
		require.Equal(t, c.kind, protocol.KindOf(f), "%v", c.err)
		require.NotContains(t, f.Error(), "secret")
		_, row := RowError(c.err)
		require.Equal(t, c.row, row, "%v", c.err)
	}
	require.NoError(t, Fault(nil))
}
