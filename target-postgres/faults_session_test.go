package main

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/target-postgres/database"
	"github.com/signalroom/signalroom/target-postgres/load"
	"github.com/signalroom/signalroom/target-postgres/server/proxy"
	"github.com/signalroom/signalroom/target-postgres/server/servertest"
)

// newDestination is one in a database of its own.
func newDestination(t *testing.T) destination {
	t.Helper()
	dsn := servertest.Database(t)
	return destination{dsn: dsn, admin: newAdmin(t, dsn), schema: "d", grown: true}.prepare(t)
}

// Errors of the server that may not come back are overcome in the run; the others end it with exit code 4, and all is exact in
// the next.
func TestServerErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		state string
		code  int
	}{
		{"40001", 0}, {"40P01", 0}, {"55P03", 0}, {"53300", 0}, {"53100", 4}, {"53200", 4}, {"57014", 4}, {"58030", 4},
	} {
		t.Run(c.state, func(t *testing.T) {
			t.Parallel()
			d := newDestination(t)
			// A sequence remembers what a rollback does not: the third row alone draws the error.
			d.admin.answers(t, strings.ReplaceAll(`CREATE SEQUENCE $.calls;
CREATE FUNCTION $.once() RETURNS trigger LANGUAGE plpgsql AS $f$BEGIN IF nextval('$.calls') = 3 THEN RAISE SQLSTATE '`+c.state+`'; END IF; RETURN NEW; END$f$;
CREATE TRIGGER once BEFORE INSERT ON $.files FOR EACH ROW EXECUTE FUNCTION $.once()`, "$.", "d."))
			hit := d.run(t, d.dsn)
			require.Equal(t, c.code, hit.code, hit.stderr)
			require.Contains(t, hit.stderr, "SQLSTATE "+c.state)
			d.exact(t, hit)
		})
	}
}

// The administrator ends every session of the target, at moments of each interval.
func TestSessionsTerminated(t *testing.T) {
	t.Parallel()
	for moment, is := range moments {
		t.Run(moment, func(t *testing.T) {
			t.Parallel()
			d := newDestination(t)
			var passed atomic.Int64
			hit := d.run(t, proxy.Start(t, d.dsn, func(m proxy.Message) bool {
				if is(m) && passed.Add(1) == 6 {
					d.admin.answers(t, "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name LIKE 'target-postgres%' AND datname = current_database()")
				}
				return true
			}))
			require.GreaterOrEqual(t, passed.Load(), int64(6))
			d.exact(t, hit)
		})
	}
}

// Another session holds a table for longer than the target waits.
func TestLockedTable(t *testing.T) {
	t.Parallel()
	d := newDestination(t)
	other := newAdmin(t, d.dsn)
	other.answers(t, "BEGIN; LOCK TABLE d.files IN ACCESS EXCLUSIVE MODE")
	l := startLimited(t, d.dsn, load.Limits{}, append(d.args, "--lock-timeout=0.05")...)
	l.send(t, fromRow(0))
	l.stdin.Close()
	require.Eventually(t, func() bool { return strings.Contains(l.stderr.String(), "SQLSTATE 55P03") }, time.Minute, time.Millisecond)
	other.answers(t, "COMMIT")
	printed := drain(t, l)
	d.exact(t, result{<-l.done, printed, l.stderr.String()})
}

// drain reads the states of a run to its end.
func drain(t *testing.T, l *live) string {
	t.Helper()
	var b strings.Builder
	_, err := l.stdout.WriteTo(&b)
	require.NoError(t, err)
	return b.String()
}

// A statement that takes longer than it may.
func TestStatementTimeout(t *testing.T) {
	t.Parallel()
	d := newDestination(t)
	d.admin.answers(t, `CREATE FUNCTION d.slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN NEW; END';
CREATE TRIGGER slow BEFORE INSERT ON d.files FOR EACH ROW EXECUTE FUNCTION d.slow()`)
	hit := run(t, d.dsn, input{args: append(d.args, "--statement-timeout=2"), stdin: fromRow(0)})
	require.Equal(t, 4, hit.code)
	require.Contains(t, hit.stderr, "statement_timeout")
	d.admin.answers(t, "DROP TRIGGER slow ON d.files")
	d.exact(t, hit)
}

// The target is the victim of a deadlock: it waits for a table of a session that waits for one of its own.
func TestDeadlock(t *testing.T) {
	t.Parallel()
	d := newDestination(t)
	// The other session waits for ever, so the server ends the target's transaction.
	d.admin.answers(t, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET deadlock_timeout = ''10ms''', current_database()); END $$")
	other := newAdmin(t, d.dsn)
	other.answers(t, "SET deadlock_timeout = '1h'; BEGIN")
	l := startLimited(t, d.dsn, load.Limits{Segment: 100, Open: 400, Sent: 400}, d.args...)
	text := fromRow(0)
	half := strings.Index(text, `{"type":"RECORD","stream":"files"`)
	head := text[:half]
	l.send(t, head+strings.Repeat(`{"type":"RECORD","stream":"keyed","record":{"n":0,"text":"after 1"}}`+"\n", 40))
	holds := "SELECT count(*) > 0 FROM pg_locks WHERE relation = 'd.%s'::regclass AND mode = '%s' AND %s"
	require.Eventually(t, func() bool {
		return d.admin.answers(t, fmt.Sprintf(holds, "keyed", "RowExclusiveLock", "granted")) == "t\n"
	}, time.Minute, time.Millisecond)
	other.answers(t, "LOCK TABLE d.files IN ACCESS EXCLUSIVE MODE")
	var waiting sync.WaitGroup
	waiting.Go(func() { other.answers(t, "LOCK TABLE d.keyed IN ACCESS EXCLUSIVE MODE;\nCOMMIT") })
	require.Eventually(t, func() bool {
		return d.admin.answers(t, fmt.Sprintf(holds, "keyed", "AccessExclusiveLock", "NOT granted")) == "t\n"
	}, time.Minute, time.Millisecond)
	go func() {
		fmt.Fprint(l.stdin, text[half:]) // the run may end before it has read all
		l.stdin.Close()
	}()
	printed := drain(t, l)
	waiting.Wait()
	hit := result{<-l.done, printed, l.stderr.String()}
	require.Contains(t, hit.stderr, "SQLSTATE 40P01")
	d.exact(t, hit)
}

// A server that takes no writes, and a role with as many connections as it may have.
func TestRefusedSessions(t *testing.T) {
	t.Parallel()
	d := newDestination(t)
	own := "ALTER DATABASE " + strings.TrimSpace(d.admin.answers(t, "SELECT current_database()"))
	d.admin.answers(t, own+" SET default_transaction_read_only = on")
	hit := run(t, d.dsn, input{args: d.args, stdin: fromRow(0)})
	require.Equal(t, 2, hit.code, hit.stderr)
	require.Contains(t, hit.stderr, "read-only")
	d.admin.answers(t, own+" RESET default_transaction_read_only")

	role := "few_" + strings.TrimSpace(d.admin.answers(t, "SELECT current_database()"))
	d.admin.answers(t, "CREATE ROLE "+role+" SUPERUSER LOGIN PASSWORD 'x'; ALTER ROLE "+role+" NOSUPERUSER CONNECTION LIMIT 1; GRANT ALL ON SCHEMA d TO "+role+"; GRANT ALL ON ALL TABLES IN SCHEMA d TO "+role)
	t.Cleanup(func() { answers(t, d.dsn, "DROP OWNED BY "+role+" CASCADE; DROP ROLE "+role) })
	hit = run(t, with(t, d.dsn, func(u *url.URL) { u.User = url.UserPassword(role, "x") }), input{args: d.args, stdin: fromRow(0)})
	require.Equal(t, 4, hit.code, hit.stderr)
	require.Contains(t, hit.stderr, "SQLSTATE 53300")
	d.exact(t, hit)
}

// few is a destination, and as a role with two connections sees it: one keeps other runs away, the other loads.
func few(t *testing.T) (d destination, as string) {
	t.Helper()
	d = newDestination(t)
	names, as := roles(t, d.dsn, "LOGIN PASSWORD 'p' CONNECTION LIMIT 2")
	d.admin.answers(t, "GRANT ALL ON SCHEMA d TO "+names[0]+"; GRANT ALL ON ALL TABLES IN SCHEMA d TO "+names[0])
	return d, as
}

// Batches that would be loaded side by side are loaded one after the other where there is no connection for it.
func TestFewConnections(t *testing.T) {
	t.Parallel()
	d, as := few(t)
	other := newAdmin(t, d.dsn)
	other.answers(t, "BEGIN; LOCK TABLE d.files IN ACCESS EXCLUSIVE MODE")
	l := start(t, as, d.args...)
	l.send(t, fromRow(0))
	require.Eventually(t, func() bool { return strings.Contains(l.stderr.String(), "gives no more connections") }, time.Minute, time.Millisecond)
	other.answers(t, "COMMIT")
	l.stdin.Close()
	hit := result{0, drain(t, l), l.stderr.String()}
	require.Zero(t, <-l.done, hit.stderr)
	d.exact(t, hit)
}

// Rows with and without a key share the one transaction, when they outgrow memory; what no state covers is taken back with it.
func TestFewConnectionsBeyondMemory(t *testing.T) {
	t.Parallel()
	d, as := few(t)
	d.limits = load.Limits{Segment: 100, Open: 400, Sent: 400}
	all := fromRow(0)
	early := keyedSchema + strings.Repeat(`{"type":"RECORD","stream":"keyed","record":{"n":0,"text":"early"}}`+"\n", 40)
	uncovered := early + all[:strings.LastIndex(all, `{"type":"STATE"`)] + strings.Repeat(`{"type":"RECORD","stream":"log","record":{"n":9}}`+"\n", 20) +
		`{"type":"RECORD","stream":"log","record":{"n":"bad"}}` + "\n"
	r := run(t, as, input{args: d.args, stdin: uncovered, limits: d.limits})
	require.Zero(t, r.code, r.stderr)
	require.Equal(t, "{\"n\":4}\n", r.stdout)
	require.Equal(t, "4 | 0\n", d.admin.answers(t, "SELECT (SELECT count(*) FROM d.log), (SELECT count(*) FROM d._signalroom_rejects)"))
	r = d.run(t, as)
	require.Zero(t, r.code, r.stderr)
	d.complete(t)
}

// A connection that is lost before the first row is made again, unless the user's own statements may have run. A server that is
// starting is waited for.
func TestLostAtTheStart(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"pg_try_advisory_xact_lock", "pg_is_in_recovery", "pg_attribute", "max(updated_at)"} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			d := newDestination(t)
			var once sync.Once
			hit := d.run(t, proxy.Start(t, d.dsn, func(m proxy.Message) (pass bool) {
				pass = true
				if !m.FromServer && strings.Contains(string(m.Body), at) {
					once.Do(func() { pass = false })
				}
				return pass
			}))
			require.Zero(t, hit.code, hit.stderr)
			require.Contains(t, hit.stderr, "the run begins again")
			d.exact(t, hit)
		})
	}
	d := newDestination(t)
	var starting sync.Once
	hit := d.run(t, proxy.Start(t, d.dsn, func(m proxy.Message) bool {
		starting.Do(func() { m.Link.Refuse(t, database.StartingUp) })
		return true
	}))
	require.Zero(t, hit.code, hit.stderr)
	require.Contains(t, hit.stderr, "the run begins again")
	d.exact(t, hit)

	d = newDestination(t)
	d.admin.answers(t, "CREATE TABLE d.runs (n int)")
	args := d.args
	d.args = append(d.args, "--before-run-sql=INSERT INTO d.runs VALUES (1)")
	var inserted atomic.Bool
	hit = d.run(t, proxy.Start(t, d.dsn, func(m proxy.Message) bool {
		if m.Says("INSERT INTO d.runs") {
			inserted.Store(true)
		}
		return !(m.FromServer && m.Says("COMMIT") && inserted.Load())
	}))
	require.Equal(t, 4, hit.code, hit.stderr)
	require.Equal(t, "1\n", d.admin.answers(t, "SELECT count(*) FROM d.runs"))
	d.args = args
	d.exact(t, hit)
}

// The connection is lost while a COMMIT is under way. The run finds out what became of it.
func TestCommitUnderWay(t *testing.T) {
	t.Parallel()
	for name, arrives := range map[string]bool{"arrives": true, "is lost": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDestination(t)
			var saves atomic.Pointer[proxy.Link]
			var once sync.Once
			asked := make(chan struct{})
			hit := d.run(t, proxy.Start(t, d.dsn, func(m proxy.Message) bool {
				switch {
				case m.FromServer:
				case m.Type == 'P' && strings.Contains(string(m.Body), `INSERT INTO "d"."_signalroom_state"`):
					saves.CompareAndSwap(nil, m.Link)
				case m.Type == 'P' && strings.Contains(string(m.Body), "txid_status"):
					once.Do(func() { close(asked) })
				case m.Says("COMMIT") && m.Link == saves.Load():
					m.Link.CutClient()
					<-asked
					return arrives
				}
				return true
			}))
			require.Zero(t, hit.code, hit.stderr)
			require.Equal(t, !arrives, strings.Contains(hit.stderr, "an interval is loaded again"))
			require.Equal(t, "{\"n\":4}\n{\"n\":8}\n", hit.stdout)
			d.exact(t, hit)
		})
	}
}
