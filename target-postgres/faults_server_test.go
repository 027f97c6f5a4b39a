package main

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/target-postgres/load"
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
	// As a standby that took over without the latest commits: those of the tables that are emptied. fallBack gives a way to the server on
	// which that happens when a statement comes for the second time, before anybody else gets through to it.
	fallBack := func(t *testing.T, d *destination, statement, emptied string) (dsn string) {
		var came atomic.Int64
		var fell, older atomic.Bool
		return proxy.Start(t, server.DSN(), func(m proxy.Message) bool {
			if m.Type == 0 && fell.Load() && !older.Load() {
				return false
			}
			if m.FromServer || m.Type != 'P' || !strings.Contains(string(m.Body), strings.ReplaceAll(statement, "$", d.schema)) || came.Add(1) != 2 {
				return true
			}
			fell.Store(true)
			server.Stop(t)
			server.Start(t)
			d.admin = newAdmin(t, server.DSN())
			d.admin.answers(t, strings.ReplaceAll("TRUNCATE "+emptied, "$", d.schema))
			older.Store(true)
			return false
		})
	}
	t.Run("falls back to an older state", func(t *testing.T) {
		d := next(t)
		hit := d.run(t, fallBack(t, &d, `INSERT INTO "$"."_signalroom_state"`, "$.log, $.keyed, $.files, $._signalroom_state, $._signalroom_loads"))
		require.Equal(t, 4, hit.code, hit.stderr)
		require.Contains(t, hit.stderr, "the server fell back to older data")
		require.Zero(t, d.state(t))
		hit = d.run(t, server.DSN())
		require.Zero(t, hit.code, hit.stderr)
		d.complete(t)
	})
	t.Run("falls back behind a commit without a state", func(t *testing.T) {
		d := next(t)
		var in strings.Builder
		in.WriteString(keyedSchema)
		const rows = 20
		for n := range rows {
			fmt.Fprintf(&in, `{"type":"RECORD","stream":"keyed","record":{"n":%d,"text":"new"}}`+"\n", n)
		}
		in.WriteString(`{"type":"STATE","value":{"n":20}}` + "\n")
		from := input{args: d.args, stdin: in.String(), limits: load.Limits{Segment: 100, Small: 100}}
		hit := run(t, fallBack(t, &d, `INSERT INTO "$"."_signalroom_loads"`, "$.keyed, $._signalroom_loads"), from)
		require.Equal(t, 4, hit.code, hit.stderr)
		require.Contains(t, hit.stderr, "the server fell back to older data")
		require.Zero(t, d.state(t), "a state would cover rows that are gone")
		hit = run(t, server.DSN(), from)
		require.Zero(t, hit.code, hit.stderr)
		require.Equal(t, fmt.Sprintln(rows), d.admin.answers(t, "SELECT count(*) FROM "+d.schema+".keyed"))
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
