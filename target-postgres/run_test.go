package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/target-postgres/load"
	"github.com/signalroom/signalroom/target-postgres/server/servertest"
)

const (
	logSchema   = `{"type":"SCHEMA","stream":"log","key_properties":[],"schema":{"properties":{"n":{"type":"integer"}}}}` + "\n"
	keyedSchema = `{"type":"SCHEMA","stream":"keyed","key_properties":["n"],"schema":{"properties":{"n":{"type":"integer"},"text":{"type":["null","string"]}}}}` + "\n"
)

// Bad rows at random places, among segments of random size, cost themselves and nothing else.
func TestBadRowsCostThemselves(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	_, err := servertest.Connect(t, dsn).Exec(t.Context(), `
		CREATE TABLE log (n bigint CHECK (n % 1000 <> 7));
		CREATE TABLE keyed (n bigint PRIMARY KEY CHECK (n % 1000 <> 7), text text);
		CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			IF NEW.n % 1000 = 8 THEN RAISE EXCEPTION 'eight'; END IF; RETURN NEW; END $$;
		CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON log FOR EACH ROW EXECUTE FUNCTION refuse();
		CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON keyed FOR EACH ROW EXECUTE FUNCTION refuse();`)
	require.NoError(t, err)
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 6 {
		var in strings.Builder
		in.WriteString(logSchema + keyedSchema)
		want, bad := 0, 0
		for i := range 700 {
			n := (round*700 + i + 10) * 1000
			if random.IntN(40) == 0 || round == 5 && i%3 > 0 {
				n += 7 + random.IntN(2)
				bad += 2
			} else {
				want++
			}
			fmt.Fprintf(&in, `{"type":"RECORD","stream":"log","record":{"n":%d}}`+"\n", n)
			// A key that came before goes through staging.
			fmt.Fprintf(&in, `{"type":"RECORD","stream":"keyed","record":{"n":%d,"text":"x"}}`+"\n", n)
			if random.IntN(4) == 0 {
				fmt.Fprintf(&in, `{"type":"RECORD","stream":"keyed","record":{"n":%d,"text":"y"}}`+"\n", n)
				if n%1000 != 0 {
					bad++
				}
			}
		}
		fmt.Fprintf(&in, `{"type":"STATE","value":%d}`+"\n", round)
		before := "0\n0\n0\n"
		if round > 0 {
			before = answers(t, dsn, "SELECT count(*) FROM log;\nSELECT count(*) FROM keyed;\nSELECT count(*) FROM _signalroom_rejects")
		}
		segment := 100 + random.IntN(4000)
		r := run(t, dsn, input{stdin: in.String(), args: []string{"--max-rejects=100000"}, limits: load.Limits{Segment: segment, Open: 4 * segment, Sent: 4 * segment}})
		require.Zero(t, r.code, r.stderr)
		after := answers(t, dsn, "SELECT count(*) FROM log;\nSELECT count(*) FROM keyed;\nSELECT count(*) FROM _signalroom_rejects")
		require.Equal(t, []int{want, want, bad}, difference(t, before, after), "round %d, segments of %d bytes", round, segment)
	}
	require.Equal(t, "0\n0\n", answers(t, dsn, `SELECT count(*) FROM _signalroom_rejects r WHERE (record::json ->> 'n')::bigint % 1000 = 0;
SELECT count(*) FROM _signalroom_loads WHERE read <> inserted + updated + unchanged + rejected`))
}

func difference(t *testing.T, before, after string) []int {
	t.Helper()
	b, a := lines(before), lines(after)
	var out []int
	for i := range a {
		x, err := strconv.Atoi(b[i])
		require.NoError(t, err)
		y, err := strconv.Atoi(a[i])
		require.NoError(t, err)
		out = append(out, y-x)
	}
	return out
}

// live is a run whose input stays open.
type live struct {
	stdin   *io.PipeWriter
	stdout  *bufio.Reader
	stderr  *buffer
	signals chan os.Signal
	done    chan int
}

type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func start(t *testing.T, dsn string, args ...string) *live {
	t.Helper()
	return startLimited(t, dsn, load.Limits{}, args...)
}

func startLimited(t *testing.T, dsn string, limits load.Limits, args ...string) *live {
	t.Helper()
	in, stdin := io.Pipe()
	out, stdout := io.Pipe()
	l := &live{stdin: stdin, stdout: bufio.NewReader(out), stderr: &buffer{}, signals: make(chan os.Signal, 2), done: make(chan int, 1)}
	p := Program{Args: args, Stdin: in, Stdout: stdout, Stderr: l.stderr, Limits: limits, Env: env("TARGET_POSTGRES_DSN", dsn), Dir: t.TempDir(), Signals: l.signals}
	go func() {
		code := p.Run(t.Context())
		stdout.Close()
		l.done <- code
	}()
	t.Cleanup(func() { stdin.Close(); out.Close() })
	return l
}

func (l *live) send(t *testing.T, text string) {
	t.Helper()
	_, err := io.WriteString(l.stdin, text)
	require.NoError(t, err)
}

func (l *live) state(t *testing.T) string {
	t.Helper()
	line, err := l.stdout.ReadString('\n')
	require.NoError(t, err, "standard error:\n%s", l.stderr)
	return strings.TrimSuffix(line, "\n")
}

// A trickle is committed when a state has waited long enough, though nothing more comes.
func TestTrickle(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	l := start(t, dsn, "--batch-wait-seconds=0.05")
	l.send(t, logSchema+`{"type":"RECORD","stream":"log","record":{"n":1}}
{"type":"STATE","value":1}
{"type":"RECORD","stream":"log","record":{"n":2}}
`)
	require.Equal(t, "1", l.state(t))
	require.Equal(t, "1\n", answers(t, dsn, "SELECT n FROM log"))
	l.send(t, `{"type":"STATE","value":2}`+"\n")
	require.Equal(t, "2", l.state(t))
	require.Equal(t, "1\n2\n", answers(t, dsn, "SELECT n FROM log ORDER BY n"))
	l.stdin.Close()
	require.Zero(t, <-l.done)
}

// A signal commits what a state covers, drops what comes again, and says so by the exit code.
func TestSignalDrains(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	l := start(t, dsn, "--batch-wait-seconds=3600")
	l.send(t, logSchema+keyedSchema+`{"type":"RECORD","stream":"log","record":{"n":1}}
{"type":"STATE","value":"covered"}
{"type":"RECORD","stream":"log","record":{"n":2}}
{"type":"RECORD","stream":"keyed","record":{"n":2}}
`)
	require.Eventually(t, func() bool { return tableExists(t, dsn, "keyed") }, 20*time.Second, time.Millisecond)
	l.signals <- syscall.SIGTERM
	require.Equal(t, `"covered"`, l.state(t))
	require.Equal(t, 143, <-l.done, "standard error:\n%s", l.stderr)
	require.Equal(t, "1\n", answers(t, dsn, "SELECT n FROM log"))
}

func tableExists(t *testing.T, dsn, table string) bool {
	t.Helper()
	return answers(t, dsn, "SELECT to_regclass('"+table+"') IS NOT NULL") == "t\n"
}

// The second run of a pipeline ends at once and names the first. Another pipeline is not in its way, and neither is state.
func TestOneRunAtATime(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	l := start(t, dsn, "--batch-wait-seconds=0")
	l.send(t, logSchema+`{"type":"RECORD","stream":"log","record":{"n":1}}
{"type":"STATE","value":1}
`)
	require.Equal(t, "1", l.state(t))
	second := run(t, dsn, input{stdin: logSchema})
	require.Equal(t, 4, second.code)
	require.Contains(t, second.stderr, fmt.Sprintf(`pipeline "default" is in use by "target-postgres default (process %d on `, os.Getpid()))
	require.Zero(t, run(t, dsn, input{stdin: logSchema, args: []string{"--pipeline=other"}}).code)
	require.Equal(t, "1\n", run(t, dsn, input{args: []string{"state"}}).stdout)
	l.stdin.Close()
	require.Zero(t, <-l.done)
	require.Zero(t, run(t, dsn, input{stdin: logSchema}).code)
}

// state does not answer while a transaction of the pipeline may still commit.
func TestStateWaitsForCommits(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	require.Zero(t, run(t, dsn, input{stdin: `{"type":"STATE","value":1}` + "\n"}).code)
	conn := servertest.Connect(t, dsn)
	lock := (&Config{Schema: "public", Pipeline: "default"}).pipeline().CommitLock()
	_, err := conn.PgConn().Exec(t.Context(), "BEGIN;"+lock+";UPDATE _signalroom_state SET state = '2'").ReadAll()
	require.NoError(t, err)
	answer := make(chan string, 1)
	go func() { answer <- run(t, dsn, input{args: []string{"state"}}).stdout }()
	require.Eventually(t, func() bool {
		return answers(t, dsn, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") == "1\n"
	}, 20*time.Second, 5*time.Millisecond)
	require.Empty(t, answer)
	_, err = conn.Exec(t.Context(), "COMMIT")
	require.NoError(t, err)
	require.Equal(t, "2\n", <-answer)
}

// Connections that are cut are made anew, and what they carried is sent again.
func TestServerLost(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	l := start(t, dsn, "--batch-wait-seconds=0")
	l.send(t, logSchema+`{"type":"RECORD","stream":"log","record":{"n":1}}
{"type":"STATE","value":1}
`)
	require.Equal(t, "1", l.state(t))
	answers(t, dsn, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'target-postgres%' AND datname = current_database()")
	l.send(t, `{"type":"RECORD","stream":"log","record":{"n":2}}
{"type":"STATE","value":2}
`)
	require.Equal(t, "2", l.state(t))
	l.stdin.Close()
	require.Equal(t, 0, <-l.done)
	require.Contains(t, l.stderr.String(), "an interval is loaded again")
	require.Equal(t, "1\n2\n2\n", answers(t, dsn, "SELECT n FROM log;\nSELECT state FROM _signalroom_state"))
}

// More streams than there is memory for their segments.
func TestManyStreams(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	var in strings.Builder
	const streams, rows = 60, 20
	for s := range streams {
		key := `[]`
		if s%2 == 0 {
			key = `["n"]`
		}
		fmt.Fprintf(&in, `{"type":"SCHEMA","stream":"s%d","key_properties":%s,"schema":{"properties":{"n":{"type":"integer"}}}}`+"\n", s, key)
	}
	for i := range rows {
		for s := range streams {
			fmt.Fprintf(&in, `{"type":"RECORD","stream":"s%d","record":{"n":%d}}`+"\n", s, i)
		}
		if i%4 == 3 {
			fmt.Fprintf(&in, `{"type":"STATE","value":%d}`+"\n", i)
		}
	}
	in.WriteString(`{"type":"RECORD","stream":"s1","record":{"n":100}}` + "\n")
	in.WriteString(`{"type":"RECORD","stream":"s0","record":{"n":100}}` + "\n")
	r := run(t, dsn, input{stdin: in.String(), args: []string{"--batch-wait-seconds=3600"}, limits: load.Limits{Segment: 2000, Open: 9000, Sent: 4000}})
	require.Zero(t, r.code, r.stderr)
	require.Equal(t, "19", strings.TrimSpace(lastLine(r.stdout)))
	var counts []string
	for s := range streams {
		counts = append(counts, fmt.Sprintf("SELECT count(*) FROM s%d", s))
	}
	got := lines(answers(t, dsn, strings.Join(counts, ";\n")))
	require.Equal(t, "21", got[0])
	require.Equal(t, slices.Repeat([]string{"20"}, streams-1), got[1:])
}

// The metadata columns say when and in which run.
func TestMetadata(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	before := time.Now().Add(-time.Millisecond)
	r := run(t, dsn, input{stdin: keyedSchema + `{"type":"RECORD","stream":"keyed","record":{"n":1},"time_extracted":"2026-01-02T03:04:05.5+01:00","version":3}
{"type":"RECORD","stream":"keyed","record":{"n":2},"time_extracted":"no time"}
{"type":"RECORD","stream":"keyed","record":{"n":3}}
{"type":"STATE","value":1}
`})
	require.Zero(t, r.code, r.stderr)
	require.Equal(t, "1 | 2026-01-02 02:04:05.5 | 3\n2 | ∅ | ∅\n3 | ∅ | ∅\n",
		answers(t, dsn, "SELECT n, _sdc_extracted_at AT TIME ZONE 'UTC', _sdc_table_version FROM keyed ORDER BY n"))
	require.Equal(t, "t | t | t | t\n", answers(t, dsn, fmt.Sprintf(`SELECT bool_and(_sdc_received_at BETWEEN '%[1]s' AND clock_timestamp()),
		bool_and(_sdc_batched_at BETWEEN '%[1]s' AND _sdc_received_at), bool_and(_sdc_sequence = floor(extract(epoch FROM _sdc_received_at) * 1000)),
		bool_and(to_timestamp(_sdc_sync_started_at / 1000.0) BETWEEN '%[1]s' AND _sdc_received_at) FROM keyed`, before.Format(time.RFC3339Nano))))
}

// An output that nobody reads any more ends the run; the state is stored all the same.
func TestStatesReaderGone(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	var stderr bytes.Buffer
	code := Program{Stdin: strings.NewReader(`{"type":"STATE","value":1}` + "\n"), Stdout: brokenPipe{}, Stderr: &stderr,
		Env: env("TARGET_POSTGRES_DSN", dsn), Dir: t.TempDir()}.Run(t.Context())
	require.Equal(t, 1, code)
	require.Contains(t, stderr.String(), "CRITICAL whoever read the states is gone")
	require.Equal(t, "1\n", run(t, dsn, input{args: []string{"state"}}).stdout)
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) {
	return 0, &os.PathError{Op: "write", Path: "|1", Err: syscall.EPIPE}
}

// Tables that others made are taken as they are.
func TestTablesOfOthers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, setup, rows string
		code              int
		says              string
	}{
		{"partitioned", `CREATE TABLE keyed (n bigint, text text, PRIMARY KEY (n)) PARTITION BY RANGE (n);
			CREATE TABLE low PARTITION OF keyed FOR VALUES FROM (MINVALUE) TO (2); CREATE TABLE high (text text, n bigint NOT NULL, PRIMARY KEY (n));
			ALTER TABLE keyed ATTACH PARTITION high FOR VALUES FROM (2) TO (MAXVALUE); INSERT INTO keyed VALUES (1, 'old'), (2, 'b')`,
			"1 | a\n2 | b\n3 | c\ninserted 1, updated 1, unchanged 2\n", 0, ""},
		{"unique index", `CREATE TABLE keyed (n bigint NOT NULL, text text); CREATE UNIQUE INDEX ON keyed (n); INSERT INTO keyed VALUES (1, 'old'), (2, 'b')`,
			"1 | a\n2 | b\n3 | c\ninserted 1, updated 1, unchanged 2\n", 0, ""},
		{"no key", `CREATE TABLE keyed (n bigint, text text); INSERT INTO keyed VALUES (1, 'old'), (2, 'b')`,
			"1 | a\n2 | b\n3 | c\ninserted 1, updated 1, unchanged 2\n", 0, ""},
		{"json", `CREATE TABLE keyed (n bigint PRIMARY KEY, text text, j json DEFAULT '1', g bigint GENERATED ALWAYS AS (n + 1) STORED, i int GENERATED ALWAYS AS IDENTITY)`,
			"1 | a\n2 | b\n3 | c\ninserted 3, updated 0, unchanged 1\n", 0, ""},
		{"doubled key", `CREATE TABLE keyed (n bigint, text text); INSERT INTO keyed VALUES (1, 'x'), (1, 'y')`, "", 2, `"public"."keyed" cannot be changed`},
		{"other key", `CREATE TABLE keyed (n bigint, text text PRIMARY KEY)`, "", 2, "has another primary key"},
		{"view", `CREATE VIEW keyed AS SELECT 1::bigint AS n, ''::text AS text`, "", 2, "exists and is not a table"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dsn := servertest.Database(t)
			_, err := servertest.Connect(t, dsn).Exec(t.Context(), c.setup)
			require.NoError(t, err)
			r := run(t, dsn, input{stdin: keyedSchema + `{"type":"RECORD","stream":"keyed","record":{"n":1,"text":"a"}}
{"type":"RECORD","stream":"keyed","record":{"n":2,"text":"b"}}
{"type":"RECORD","stream":"keyed","record":{"n":3,"text":"x"}}
{"type":"RECORD","stream":"keyed","record":{"n":3,"text":"c"}}
{"type":"STATE","value":1}
`})
			require.Equal(t, c.code, r.code, r.stderr)
			if c.code != 0 {
				require.Contains(t, r.stderr, `CRITICAL stream "keyed": `)
				require.Contains(t, r.stderr, c.says)
				require.Empty(t, r.stdout)
				return
			}
			require.Equal(t, c.rows, answers(t, dsn, `SELECT n, text FROM keyed ORDER BY n;
SELECT format('inserted %s, updated %s, unchanged %s', inserted, updated, unchanged) FROM _signalroom_loads`))
		})
	}
}

func with(t *testing.T, dsn string, change func(*url.URL)) string {
	t.Helper()
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	change(u)
	return u.String()
}

// What the server's administrator has to settle is a fault of the configuration, with a hint.
func TestPermissions(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	role := "loader_" + strings.Trim(answers(t, dsn, "SELECT current_database()"), "\n")
	conn := servertest.Connect(t, dsn)
	_, err := conn.Exec(t.Context(), `CREATE ROLE `+role+` LOGIN PASSWORD 'right'; CREATE TABLE log (n bigint); REVOKE CREATE ON SCHEMA public FROM PUBLIC`)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := conn.Exec(context.Background(), "DROP OWNED BY "+role+"; DROP ROLE "+role)
		require.NoError(t, err)
	})
	in := logSchema + `{"type":"RECORD","stream":"log","record":{"n":1}}` + "\n"
	for _, c := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"no right to create", []string{"--dsn", with(t, dsn, func(u *url.URL) { u.User = url.UserPassword(role, "right") })}, 2, `lacks CREATE on SCHEMA "public"`},
		{"wrong password", []string{"--dsn", with(t, dsn, func(u *url.URL) { u.User = url.UserPassword(role, "wrong") })}, 2, "password authentication failed"},
		{"no such database", []string{"--dsn", with(t, dsn, func(u *url.URL) { u.Path = "/nowhere" })}, 2, "does not exist"},
	} {
		r := run(t, dsn, input{stdin: in, args: c.args})
		require.Equal(t, c.code, r.code, r.stderr)
		require.Contains(t, r.stderr, c.says, c.name)
		require.NotContains(t, r.stderr, "wrong", c.name)
	}
}

// Several runs make and change one table together; what they load is its union.
func TestRunsSideBySide(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	const runs, rows = 5, 300
	var all sync.WaitGroup
	results := make([]result, runs)
	for i := range runs {
		all.Go(func() {
			var in strings.Builder
			fmt.Fprintf(&in, `{"type":"SCHEMA","stream":"shared","key_properties":["n"],"schema":{"properties":{"n":{"type":"integer"},"c%d":{"type":"integer"}}}}`+"\n", i)
			for n := range rows {
				fmt.Fprintf(&in, `{"type":"RECORD","stream":"shared","record":{"n":%d,"c%d":%d}}`+"\n", n*runs+i, i, n)
			}
			in.WriteString(`{"type":"STATE","value":1}` + "\n")
			results[i] = run(t, dsn, input{stdin: in.String(), args: []string{fmt.Sprintf("--pipeline=shard %d", i)}})
		})
	}
	all.Wait()
	for _, r := range results {
		require.Zero(t, r.code, r.stderr)
	}
	require.Equal(t, fmt.Sprintf("%d | %d | %d\n", runs*rows, rows, rows), answers(t, dsn, "SELECT count(*), count(c0), count(c4) FROM shared"))
}
