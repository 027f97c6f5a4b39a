package database

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/columns"
	"github.com/signalroom/signalroom/target-postgres/server"
	"github.com/signalroom/signalroom/target-postgres/server/servertest"
)

// lookup is an environment.
func lookup(env map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { v, ok := env[name]; return v, ok }
}

// The ways in which libpq is told of a server lead there too.
func TestConnectAsLibpq(t *testing.T) {
	t.Parallel()
	u, err := url.Parse(servertest.Database(t))
	require.NoError(t, err)
	password, _ := u.User.Password()
	socket, port, name := u.Query().Get("host"), u.Query().Get("port"), u.Path[1:]
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "file")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	passfile := file(fmt.Sprintf("elsewhere:*:*:*:wrong\n127.0.0.1:%s:%s:postgres:%s\nlocalhost:%s:*:*:%s\n", port, name, password, port, password))
	services := file(fmt.Sprintf("[other]\nhost=nowhere\n[loads]\nhost=%s\nport=%s\ndbname=%s\nuser=postgres\npassword=%s\n", socket, port, name, password))
	for _, c := range []struct {
		name string
		o    Options
	}{
		{"environment and socket", Options{Env: lookup(map[string]string{
			"PGHOST": socket, "PGPORT": port, "PGUSER": "postgres", "PGPASSWORD": password, "PGDATABASE": name,
		})}},
		{"pgpass", Options{DSN: "postgres://postgres@127.0.0.1:" + port + "/" + name, Env: lookup(map[string]string{"PGPASSFILE": passfile})}},
		{"pgpass and socket", Options{Host: socket, User: "postgres", Database: name, Env: lookup(map[string]string{"PGPORT": port, "PGPASSFILE": passfile})}},
		{"service in the environment", Options{Env: lookup(map[string]string{"PGSERVICEFILE": services, "PGSERVICE": "loads"})}},
		{"service in the DSN", Options{DSN: "service=loads", Env: lookup(map[string]string{"PGSERVICEFILE": services})}},
		{"words without effect", Options{DSN: fmt.Sprintf("host=%s port=%s user=postgres dbname=%s keepalives_idle=30 gssencmode=disable timezone=Asia/Tokyo", socket, port, name),
			Password: password, Env: lookup(map[string]string{"PGSSLMODE": "disable", "PGSSLROOTCERT": "/nowhere"})}},
		{"several hosts", Options{DSN: fmt.Sprintf("postgresql://postgres:%s@127.0.0.1:1,127.0.0.1:%s/%s?target_session_attrs=read-write", password, port, name)}},
		{"several hosts as words", Options{DSN: fmt.Sprintf("host=127.0.0.1,%s port=1,%s user=postgres dbname=%s", socket, port, name), Password: password}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			conn, err := Connect(t.Context(), c.o)
			require.NoError(t, err)
			defer conn.Close(t.Context())
			var zone string
			require.NoError(t, conn.QueryRow(t.Context(), "SHOW TimeZone").Scan(&zone))
			require.Equal(t, "UTC", zone)
		})
	}
}

func TestParseDSN(t *testing.T) {
	t.Parallel()
	type words = map[string]string
	for dsn, want := range map[string]words{
		"":                                 {},
		" host = h  user='a b' password=":  {"host": "h", "user": "a b", "password": ""},
		`password='it\'s' user=a\ b`:       {"password": "it's", "user": "a b"},
		"postgres://":                      {},
		"postgres://h":                     {"host": "h", "port": "5432"},
		"postgres://u:p%40%2F@h:1/d%20e":   {"user": "u", "password": "p@/", "host": "h", "port": "1", "database": "d e"},
		"postgresql://u:a@b@[::1]:2,h/d/":  {"user": "u", "password": "a@b", "host": "::1,h", "port": "2,5432", "database": "d"},
		"postgres://%2Frun%2Fpg/d":         {"host": "/run/pg", "port": "5432", "database": "d"},
		"postgres:///d?host=/run&ssl=true": {"database": "d", "host": "/run", "port": "5432", "sslmode": "require"},
		"postgres://h/?dbname=d&x=1+1":     {"host": "h", "port": "5432", "database": "d", "x": "1+1"},
	} {
		got, err := parseDSN(dsn)
		require.NoError(t, err, dsn)
		require.Equal(t, want, got, dsn)
	}
	for _, dsn := range []string{"host", "host=h user", "a b=c", "=x", "user='a", "postgres://h:x/d", "postgres://::1/d", "postgres://h:99999/d", "postgres://u:%zz@h/d", "http://h/d"} {
		_, err := parseDSN(dsn)
		require.Equal(t, protocol.Config, protocol.KindOf(err), dsn)
	}
}

// A standby is told from the primary: it is passed over where both are named, and refused, before the first row, where it stands alone.
func TestStandby(t *testing.T) {
	t.Parallel()
	primary, err := url.Parse(servertest.Database(t))
	require.NoError(t, err)
	password, _ := primary.User.Password()
	// Not the test's own folder, whose path may be too long for a socket.
	dir, err := os.MkdirTemp("/tmp", "signalroom-test-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	start := func() *server.Server {
		s, err := server.Start(t.Context(), server.Options{Dir: dir, Settings: map[string]string{"fsync": "off"}})
		require.NoError(t, err)
		return s
	}
	first := start()
	_, err = servertest.Connect(t, first.DSN()).Exec(t.Context(), "ALTER ROLE postgres PASSWORD "+columns.Literal(password))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "password"), []byte(password), 0o600)) // by which the server is asked whether it is ready
	require.NoError(t, first.Stop(t.Context()))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "server", "data", "standby.signal"), nil, 0o644))
	second := start()
	defer func() { require.NoError(t, second.Stop(t.Context())) }()

	standby, err := url.Parse(second.DSN())
	require.NoError(t, err)
	alone, err := Connect(t.Context(), Options{DSN: standby.String()})
	require.NoError(t, err)
	defer alone.Close(t.Context())
	err = alone.Check(t.Context(), Pipeline{Schema: "public", Name: "p"}, nil)
	require.Equal(t, protocol.Config, protocol.KindOf(err), "%v", err)
	require.ErrorContains(t, err, "the server is a standby")

	both := Options{
		DSN: fmt.Sprintf("host=%s,%s port=%s,%s target_session_attrs=read-write", standby.Query().Get("host"), primary.Query().Get("host"),
			standby.Query().Get("port"), primary.Query().Get("port")),
		User: "postgres", Password: password, Database: "postgres",
	}
	conn, err := Connect(t.Context(), both)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	var recovering bool
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT pg_is_in_recovery()").Scan(&recovering))
	require.False(t, recovering)
}
