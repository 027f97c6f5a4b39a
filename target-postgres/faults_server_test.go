package main

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/target-postgres/server/proxy"
	"github.com/signalroom/signalroom/target-postgres/server/servertest"
)

// The moments of a load at which a server breaks. They come in every interval; the first COMMITs are those of tables.
var moments = map[string]func(proxy.Message) bool{
	"rows are copied":     func(m proxy.Message) bool { return !m.FromServer && m.Type == 'c' },
	"COMMIT is asked for": func(m proxy.Message) bool { return !m.FromServer && m.Says("COMMIT") },
	"COMMIT is over":      func(m proxy.Message) bool { return m.FromServer && m.Says("COMMIT") },
}

// A server of its own crashes, or is shut down, and starts again; has no room left; and turns out to be a standby.
func TestServerBreaks(t *testing.T) {
	t.Parallel()
	server := servertest.Alone(t, map[string]string{"max_connections": "20", "superuser_reserved_connections": "0"})
	var number int
	next := func(t *testing.T) destination {
		number++
		return destination{grown: true, dsn: server.DSN(), admin: newAdmin(t, server.DSN()), schema: fmt.Sprintf("d%d", number)}.prepare(t)
	}
	for name, down := range map[string]func(testing.TB){"crash": server.Kill, "shutdown": server.Stop} {
		for moment, is := range moments {
			t.Run(name+" when "+moment, func(t *testing.T) {
				d := next(t)
				var passed atomic.Int64
				again := make(chan struct{})
				hit := d.run(t, proxy.Start(t, server.DSN(), func(m proxy.Message) bool {
					// The first few belong to the start of the run.
					if !is(m) || passed.Add(1) != 6 {
						return true
					}
					down(t)
					server.Start(t)
					close(again)
					return false
				}))
				<-again
				require.Zero(t, hit.code, hit.stderr)
				require.Contains(t, hit.stderr, "an interval is loaded again")
				d.admin = newAdmin(t, server.DSN())
				d.exact(t, hit)
			})
		}
	}
	t.Run("falls back to older data", func(t *testing.T) {
		d := next(t)
		var states atomic.Int64
		hit := d.run(t, proxy.Start(t, server.DSN(), func(m proxy.Message) bool {
			if m.FromServer || m.Type != 'P' || !strings.Contains(string(m.Body), `INSERT INTO "`+d.schema+`"."_signalroom_state"`) || states.Add(1) != 2 {
				return true
			}
			server.Stop(t)
			server.Start(t)
			// As a standby that took over without the first interval.
			d.admin = newAdmin(t, server.DSN())
			d.admin.answers(t, strings.ReplaceAll("TRUNCATE $.log, $.keyed, $.files, $._signalroom_state", "$", d.schema))
			return false
		}))
		require.Equal(t, 4, hit.code, hit.stderr)
		require.Contains(t, hit.stderr, "the server fell back to older data")
		require.Zero(t, d.state(t))
		hit = d.run(t, server.DSN())
		require.Zero(t, hit.code, hit.stderr)
		d.complete(t)
	})
	t.Run("out of connections", func(t *testing.T) {
		d := next(t)
		var held []*pgx.Conn
		for {
			c, err := pgx.Connect(t.Context(), server.DSN())
			if err != nil {
				break
			}
			held = append(held, c)
		}
		hit := run(t, server.DSN(), input{args: d.args, stdin: fromRow(0)})
		for _, c := range held {
			require.NoError(t, c.Close(t.Context()))
		}
		require.Equal(t, 4, hit.code)
		require.Contains(t, hit.stderr, "the server is short of disk, memory or connections")
		d.exact(t, hit)
	})
	t.Run("disk full", func(t *testing.T) {
		d := next(t)
		space := fillDisk(t, server, d)
		hit := d.run(t, server.DSN())
		space()
		require.Equal(t, 4, hit.code, hit.stderr)
		require.Contains(t, hit.stderr, "SQLSTATE 53100")
		d.exact(t, hit)
	})
	t.Run("disk full at COMMIT", func(t *testing.T) {
		d := next(t)
		d.admin.answers(t, strings.ReplaceAll(`CREATE FUNCTION $.late() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO $.log VALUES (0); DELETE FROM $.log WHERE n = 0; RETURN NULL; END';
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON $.files DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION $.late()`, "$", d.schema))
		space := fillDisk(t, server, d)
		args := d.args
		d.args = append(d.args, `--dispositions={"log":"merge"}`)
		hit := run(t, server.DSN(), input{args: d.args, stdin: strings.ReplaceAll(fromRow(0), `"stream":"log"`, `"stream":"elsewhere"`)})
		d.args = args
		space()
		require.Equal(t, 4, hit.code, hit.stderr)
		require.Contains(t, hit.stderr, "SQLSTATE 53100")
		d.exact(t, hit)
	})
	t.Run("standby", func(t *testing.T) {
		d := next(t)
		server.Stop(t)
		require.NoError(t, os.WriteFile(server.Data("standby.signal"), nil, 0o644))
		server.Start(t)
		d.admin = newAdmin(t, server.DSN())
		hit := d.run(t, server.DSN())
		require.Equal(t, 2, hit.code, hit.stderr)
		require.Contains(t, hit.stderr, "connect to the primary")
		require.Equal(t, "t\n", d.admin.answers(t, "SELECT pg_promote()"))
		hit = d.run(t, server.DSN())
		require.Zero(t, hit.code, hit.stderr)
		d.complete(t)
	})
}

// fillDisk makes the table of the stream log one that has no room for rows, until the function that it returns is called: its
// file is the device that refuses every byte with ENOSPC. Where there is no such device, a trigger raises the server's error, which
// proves less: what the target makes of it, but not that the server leaves nothing behind.
func fillDisk(t *testing.T, server *servertest.Own, d destination) (space func()) {
	t.Helper()
	d.admin.answers(t, "CREATE TABLE IF NOT EXISTS "+d.schema+".log (n bigint)")
	const full = "/dev/full"
	if _, err := os.Stat(full); err != nil {
		d.admin.answers(t, strings.ReplaceAll(`CREATE FUNCTION $.full() RETURNS trigger LANGUAGE plpgsql AS $f$BEGIN RAISE SQLSTATE '53100'; END$f$;
CREATE TRIGGER full BEFORE INSERT ON $.log FOR EACH ROW EXECUTE FUNCTION $.full()`, "$.", d.schema+"."))
		return func() { d.admin.answers(t, fmt.Sprintf(`DROP TRIGGER "full" ON %s.log`, d.schema)) }
	}
	file := server.Data(strings.TrimSpace(d.admin.answers(t, "SELECT pg_relation_filepath('"+d.schema+".log')")))
	require.NoError(t, os.Rename(file, file+".kept"))
	require.NoError(t, os.Symlink(full, file))
	return func() { require.NoError(t, os.Rename(file+".kept", file)) }
}
