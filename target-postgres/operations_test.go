package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/target-postgres/database"
	"github.com/signalroom/signalroom/target-postgres/load"
	"github.com/signalroom/signalroom/target-postgres/server/servertest"
)

// The history shows each run and stream once, its transactions on demand, with the bookmark that each committed.
func TestLoads(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	long := strings.Repeat("é", 200)
	in := keyedSchema + logSchema + `{"type":"RECORD","stream":"keyed","record":{"n":1,"text":"a"},"version":7}
{"type":"STATE","value":{"bookmarks":{"keyed":{"at":1}}}}
{"type":"RECORD","stream":"keyed","record":{"n":2,"text":"b"},"version":7}
{"type":"RECORD","stream":"log","record":{"n":2}}
{"type":"STATE","value":{"bookmarks":{"keyed":{"at":2},"log":"` + long + `"}}}
`
	require.Zero(t, run(t, dsn, input{stdin: in, args: []string{"--batch-wait-seconds=0", "--connections=1"}}).code)
	require.Zero(t, run(t, dsn, input{stdin: in, args: []string{"--pipeline=other"}}).code)

	loads := loadsOf(t, dsn, "--pipeline=default")
	require.Len(t, loads, 2)
	log, keyed := loads[0], loads[1] // the newest first
	require.Equal(t, []string{"log", "keyed"}, []string{log.Stream, keyed.Stream})
	require.Equal(t, database.Counts{Read: 2, Inserted: 2}, keyed.Counts)
	require.Equal(t, []any{int64(2), int64(7), `{"at":2}`, "0.0.0-dev", "merge"}, []any{keyed.Intervals, keyed.Version, keyed.Bookmark, keyed.Program, keyed.Mode})
	require.True(t, keyed.Seconds > 0 && keyed.Seconds < 60)
	require.LessOrEqual(t, len(log.Bookmark), database.BookmarkShown)
	require.True(t, strings.HasSuffix(log.Bookmark, "é…"), "a long bookmark is cut between characters")

	intervals := loadsOf(t, dsn, "--pipeline=default", "--intervals", "--stream=k*")
	require.Len(t, intervals, 2)
	require.Equal(t, `{"at":2}`, intervals[0].Bookmark, "the newest first")
	require.Equal(t, `{"at":1}`, intervals[1].Bookmark)
	require.Len(t, loadsOf(t, dsn, "--intervals"), 5, "of all pipelines")
	require.Len(t, loadsOf(t, dsn, "--intervals", "--limit=3"), 3)

	// Where rows with a key commit ahead of those without, only the latter commit the state.
	var large strings.Builder
	large.WriteString(keyedSchema + logSchema)
	for n := range 100 {
		fmt.Fprintf(&large, `{"type":"RECORD","stream":"log","record":{"n":%d}}`+"\n"+`{"type":"RECORD","stream":"keyed","record":{"n":%[1]d}}`+"\n", n)
	}
	large.WriteString(`{"type":"STATE","value":{"bookmarks":{"keyed":1,"log":2}}}` + "\n")
	r := run(t, dsn, input{stdin: large.String(), args: []string{"--pipeline=large"}, limits: load.Limits{Segment: 200, Open: 800, Sent: 800}})
	require.Zero(t, r.code, r.stderr)
	ahead := loadsOf(t, dsn, "--pipeline=large")
	require.Equal(t, []string{"log", "2", "keyed", ""}, []string{ahead[0].Stream, ahead[0].Bookmark, ahead[1].Stream, ahead[1].Bookmark})

	table := run(t, dsn, input{args: []string{"loads", "--pipeline=other", "--stream=keyed", "--limit=1"}})
	require.Regexp(t, `^COMMITTED +PIPELINE +STREAM +DISPOSITION +READ +INSERTED +UPDATED +UNCHANGED +DELETED +REJECTED +MB +SECONDS +VERSION +PROGRAM +BOOKMARK
20\d\d-\d\d-\d\d \d\d:\d\d:\d\d  other     keyed   merge +2 +0 +0 +2 +0 +0 +0\.0 +\d+\.\d +7  0\.0\.0-dev  {"at":2}
$`, table.stdout)
}

func loadsOf(t *testing.T, dsn string, args ...string) []database.Load {
	t.Helper()
	r := run(t, dsn, input{args: append([]string{"loads", "--json"}, args...)})
	require.Zero(t, r.code, r.stderr)
	var loads []database.Load
	for _, line := range lines(r.stdout) {
		var l database.Load
		require.NoError(t, json.Unmarshal([]byte(line), &l))
		loads = append(loads, l)
	}
	return loads
}

// Own tables that an older version made are read as they are, and altered in place by the next run.
func TestOwnTablesOfAnOlderVersion(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	bad := keyedSchema + `{"type":"RECORD","stream":"keyed","record":{"n":"x"}}` + "\n" + `{"type":"STATE","value":1}` + "\n"
	require.Zero(t, run(t, dsn, input{stdin: bad}).code)
	_, err := servertest.Connect(t, dsn).Exec(t.Context(), `ALTER TABLE _signalroom_loads DROP COLUMN bookmark, DROP COLUMN version, DROP COLUMN program;
		ALTER TABLE _signalroom_rejects DROP COLUMN schema; DROP TABLE _signalroom_schemas`)
	require.NoError(t, err)
	require.Len(t, loadsOf(t, dsn), 1)
	require.Len(t, loadsOf(t, dsn, "--intervals"), 1)
	require.Equal(t, 2, strings.Count(run(t, dsn, input{args: []string{"rejects"}}).stdout, "\n"))

	replay := run(t, dsn, input{args: []string{"rejects", "replay"}})
	require.Equal(t, 3, replay.code, replay.stderr)
	require.Contains(t, replay.stdout, "no SCHEMA is stored with it; give one with --input")
	require.Zero(t, run(t, dsn, input{stdin: bad}).code)
	require.Equal(t, "1\n1\n", answers(t, dsn, "SELECT count(*) FROM _signalroom_rejects WHERE schema IS NOT NULL;\nSELECT count(program) FROM _signalroom_loads"))

	// A SCHEMA that mends the cause may come from a file, for those that have none of their own too.
	mended := filepath.Join(t.TempDir(), "schemas.jsonl")
	require.NoError(t, os.WriteFile(mended, []byte(strings.Replace(keyedSchema, `"integer"`, `"string"`, 1)), 0o600))
	_, err = servertest.Connect(t, dsn).Exec(t.Context(), "DROP TABLE keyed")
	require.NoError(t, err)
	replay = run(t, dsn, input{args: []string{"rejects", "replay", "--input", mended}})
	require.Zero(t, replay.code, replay.stderr)
	require.Equal(t, "x\n", answers(t, dsn, "SELECT n FROM keyed"))
	require.Equal(t, 2, strings.Count(run(t, dsn, input{args: []string{"rejects", "--json"}}).stdout, `"replayed_at":"`))
}

// Rejects are listed by number, stream and reason, the replayed ones too.
func TestRejectsList(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	in := keyedSchema + logSchema + `{"type":"RECORD","stream":"keyed","record":{"n":null}}
{"type":"RECORD","stream":"log","record":{"n":"x"}}
{"type":"STATE","value":1}
`
	require.Zero(t, run(t, dsn, input{stdin: in}).code)
	for args, want := range map[string]int{
		"": 2, "--stream=l*": 1, "--reason=KEY PROPERTY": 1, "--reason=%": 0, "--id=1": 1, "--id=1 --id=2": 2, "--id=3": 0, "--limit=1": 1, "--id=1 --id=2 --stream=log": 1,
	} {
		var list []string
		for _, arg := range regexp.MustCompile(` (?:--)`).Split(" "+args, -1)[1:] {
			list = append(list, "--"+arg)
		}
		r := run(t, dsn, input{args: append([]string{"rejects", "list"}, list...)})
		require.Zero(t, r.code, r.stderr)
		require.Equal(t, want, len(lines(r.stdout))-1, args)
	}
	answers(t, dsn, "UPDATE _signalroom_rejects SET replayed_at = '2026-01-02 03:04:05Z' WHERE stream = 'log'")
	require.Regexp(t, `\n +\d  20[0-9: -]{17}  2026-01-02 03:04:05  default   log  `, run(t, dsn, input{args: []string{"rejects"}}).stdout)
}

// A reject goes in once, though two replays take it at once, and though one of them is cut.
func TestReplayOnce(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	conn := servertest.Connect(t, dsn)
	_, err := conn.Exec(t.Context(), "CREATE TABLE log (n bigint CHECK (n < 0))")
	require.NoError(t, err)
	var in strings.Builder
	in.WriteString(logSchema)
	const rejects = 1200 // more than go into one transaction
	for i := range rejects {
		fmt.Fprintf(&in, `{"type":"RECORD","stream":"log","record":{"n":%d}}`+"\n", i)
	}
	in.WriteString(`{"type":"STATE","value":1}` + "\n")
	require.Zero(t, run(t, dsn, input{stdin: in.String(), args: []string{"--max-rejects=5000"}}).code)

	// The second transaction refuses a row, and fails at its commit; the first stays.
	_, err = conn.Exec(t.Context(), `ALTER TABLE log DROP CONSTRAINT log_n_check, ADD CONSTRAINT one CHECK (n <> 901);
		CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '23000'; END $$;
		CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON log DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.n = 900) EXECUTE FUNCTION refuse()`)
	require.NoError(t, err)
	cut := run(t, dsn, input{args: []string{"rejects", "replay"}})
	require.Equal(t, 3, cut.code, cut.stderr)
	require.Regexp(t, `default +log +500 +0`, cut.stdout, "what is in is told with the fault")
	const both = "SELECT count(*) FROM log;\nSELECT count(replayed_at), count(*) FROM _signalroom_rejects"
	require.Equal(t, "500\n500 | 1200\n", answers(t, dsn, both), "what is refused again gets no second row")
	_, err = conn.Exec(t.Context(), "DROP TRIGGER refuse ON log; ALTER TABLE log DROP CONSTRAINT one")
	require.NoError(t, err)

	codes := make(chan int, 2)
	for range cap(codes) {
		go func() { codes <- run(t, dsn, input{args: []string{"rejects", "replay"}}).code }()
	}
	first, second := <-codes, <-codes
	require.Subset(t, []int{0, 4}, []int{first, second}, "one that comes too late gives way")
	require.Zero(t, run(t, dsn, input{args: []string{"rejects", "replay"}}).code)
	require.Equal(t, "1200\n1200 | 1200\n", answers(t, dsn, both))
	require.Equal(t, "1200 | 0 | 1199\n", answers(t, dsn, "SELECT count(DISTINCT n), min(n), max(n) FROM log"))
}

// What is replayed together is one transaction, however small intervals are otherwise: a row that is not in is not marked.
func TestReplayIsOneTransaction(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	conn := servertest.Connect(t, dsn)
	_, err := conn.Exec(t.Context(), "CREATE TABLE keyed (n bigint PRIMARY KEY CHECK (n < 0), text text)")
	require.NoError(t, err)
	var in strings.Builder
	in.WriteString(keyedSchema)
	for i := range 300 {
		fmt.Fprintf(&in, `{"type":"RECORD","stream":"keyed","record":{"n":%d}}`+"\n", i)
	}
	small := load.Limits{Segment: 500, Open: 2000, Sent: 2000, Small: 1}
	require.Zero(t, run(t, dsn, input{stdin: in.String(), args: []string{"--max-rejects=5000"}, limits: small}).code)
	_, err = conn.Exec(t.Context(), "DROP TABLE keyed")
	require.NoError(t, err)
	r := run(t, dsn, input{args: []string{"rejects", "replay", "--batch-size-rows=10"}, limits: small})
	require.Zero(t, r.code, r.stderr)
	require.Equal(t, "300\n300 | 1\n", answers(t, dsn, "SELECT count(*) FROM keyed;\nSELECT count(replayed_at), count(DISTINCT replayed_at) FROM _signalroom_rejects"))
}

// Each commit is announced, in the transaction that it tells of.
func TestNotify(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	conn := servertest.Connect(t, dsn)
	_, err := conn.Exec(t.Context(), `LISTEN "Loads"`)
	require.NoError(t, err)
	r := run(t, dsn, input{stdin: logSchema + keyedSchema + `{"type":"RECORD","stream":"log","record":{"n":1}}
{"type":"RECORD","stream":"keyed","record":{"n":1}}
{"type":"STATE","value":1}
`, args: []string{"--notify-channel=Loads"}})
	require.Zero(t, r.code, r.stderr)
	n, err := conn.WaitForNotification(t.Context())
	require.NoError(t, err)
	require.Equal(t, "Loads", n.Channel)
	require.Regexp(t, `^{"pipeline":"default","run":"\d{8}T\d{6}Z-[A-Z0-9]{8}","streams":\["log","keyed"\]}$`, n.Payload)
}

// The metrics of a run are in the file when it ends, whatever its end.
func TestMetricsOfARun(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	path := filepath.Join(t.TempDir(), "target.prom")
	at := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	schema := `{"type":"SCHEMA","stream":"s","key_properties":["n"],"bookmark_properties":["at"],"schema":{"properties":{"n":{"type":"integer"},"at":{"type":"string","format":"date-time"}}}}` + "\n"
	r := run(t, dsn, input{stdin: schema + `{"type":"RECORD","stream":"s","record":{"n":1,"at":"2020-01-01T00:00:00Z"}}
{"type":"RECORD","stream":"s","record":{"n":"x"}}
{"type":"RECORD","stream":"s","record":{"at":"` + at + `","n":2}}
{"type":"STATE","value":1}
`, args: []string{"--metrics-file", path}})
	require.Zero(t, r.code, r.stderr)
	text := read(t, path)
	for _, want := range []string{
		`target_postgres_rows_total{pipeline="default",stream="s",outcome="inserted"} 2`,
		`target_postgres_rows_total{pipeline="default",stream="s",outcome="rejected"} 1`,
		`target_postgres_rows_waiting{pipeline="default",stream="s"} 0`,
		`target_postgres_commits_total{pipeline="default"} 1`,
		`target_postgres_exit_code{pipeline="default",kind="done"} 0`,
	} {
		require.Contains(t, text, want+"\n")
	}
	require.Regexp(t, `target_postgres_lag_seconds{pipeline="default",stream="s"} 36\d\d`, text, "the newest record counts")
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o644), info.Mode().Perm())

	gone := with(t, dsn, func(u *url.URL) { u.Path = "/nowhere" })
	require.Equal(t, 2, run(t, gone, input{stdin: schema, args: []string{"--metrics-file", path}}).code)
	require.Contains(t, read(t, path), `target_postgres_exit_code{pipeline="default",kind="configuration"} 2`)
}
