package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/signalroom/signalroom/target-postgres/load"
	"github.com/signalroom/signalroom/target-postgres/server/servertest"
)

var update = flag.Bool("update", false, "write what came out into the cases")

func TestMain(m *testing.M) {
	flag.Parse()
	goleak.VerifyTestMain(m, goleak.Cleanup(os.Exit))
}

// A case is a txtar file: steps, numbered from 1, over one database that setup.sql has prepared.
//
//	1.args    arguments, one a line
//	1.in      standard input; 1.cut is one whose last line has no end
//	1.limits  bytes of a segment, so that an interval outgrows memory
//	1.exit    exit code, 0 when absent
//	1.out     standard output
//	1.err     texts that must be on standard error, one a line
//	1.unsaid  texts that must not be there: values of rows
//	1.query   statements after the step; what they answer is in 1.rows
//
// A step that fails says so in one CRITICAL line. How a run is cut into segments and transactions changes nothing of this.
func TestCases(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/cases/*.txtar")
	require.NoError(t, err)
	peers, err := filepath.Glob("testdata/cases/peers/*.txtar")
	require.NoError(t, err)
	for _, file := range append(files, peers...) {
		archive, err := txtar.ParseFile(file)
		require.NoError(t, err)
		name := strings.TrimPrefix(strings.TrimSuffix(file, ".txtar"), "testdata/cases/")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn := servertest.Database(t)
			if got := runCase(t, dsn, archive, cut{}); *update {
				rewrite(t, file, archive, got)
				return
			}
			t.Run("in small segments", func(t *testing.T) { runCase(t, dsn, archive, cut{segment: 64}) })
			t.Run("state by state", func(t *testing.T) { runCase(t, dsn, archive, cut{eager: true}) })
		})
	}
}

// A cut is how a run is cut into pieces where the case does not say.
type cut struct {
	segment int  // bytes of one, 0 for the usual size
	eager   bool // every state is committed at once, and of those printed only the last is compared
}

// emptied is what a database needs before the next run of a case.
const emptied = `DO $$ DECLARE name text; BEGIN
	FOR name IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LOOP
		EXECUTE format('DROP SCHEMA %I CASCADE', name);
	END LOOP;
	CREATE SCHEMA public;
END $$;`

func runCase(t *testing.T, dsn string, archive *txtar.Archive, how cut) (got map[string]string) {
	parts := map[string]string{}
	for _, f := range archive.Files {
		parts[f.Name] = string(f.Data)
	}
	_, err := servertest.Connect(t, dsn).Exec(t.Context(), emptied+parts["setup.sql"])
	require.NoError(t, err)
	got = map[string]string{}
	used := map[string]bool{"setup.sql": true}
	for step := 1; ; step++ {
		name := func(part string) string { return fmt.Sprintf("%d.%s", step, part) }
		in := input{args: lines(parts[name("args")]), stdin: parts[name("in")], limits: limits(t, parts[name("limits")], how.segment)}
		if cut := parts[name("cut")]; cut != "" {
			in.stdin = strings.TrimSuffix(cut, "\n")
		}
		if how.eager {
			in.env = []string{"TARGET_POSTGRES_BATCH_WAIT_SECONDS", "0"}
		}
		for _, part := range []string{"args", "in", "cut", "limits", "exit", "out", "err", "unsaid", "query", "rows"} {
			if _, ok := parts[name(part)]; ok {
				used[name(part)] = true
			}
		}
		if !used[name("args")] && !used[name("in")] && !used[name("cut")] {
			break
		}
		r := run(t, dsn, in)
		got[name("out")] = r.stdout
		if r.code != 0 {
			got[name("exit")] = strconv.Itoa(r.code) + "\n"
			require.Equal(t, 1, strings.Count("\n"+r.stderr, "\nCRITICAL "), "step %d: one line says it:\n%s", step, r.stderr)
		}
		for _, text := range lines(parts[name("err")]) {
			require.Contains(t, r.stderr, text, "step %d", step)
		}
		for _, text := range lines(parts[name("unsaid")]) {
			require.NotContains(t, r.stderr, text, "step %d", step)
		}
		if query := parts[name("query")]; query != "" {
			got[name("rows")] = answers(t, dsn, query)
		}
		if *update {
			continue
		}
		for _, part := range []string{"exit", "out", "rows"} {
			want, have := parts[name(part)], got[name(part)]
			if part == "out" && how.eager {
				want, have = lastLine(want), lastLine(have)
			}
			require.Equal(t, want, have, "%s; standard error:\n%s", name(part), r.stderr)
		}
	}
	for part := range parts {
		require.True(t, used[part], "%s belongs to no step", part)
	}
	return got
}

func lastLine(text string) string {
	return text[strings.LastIndexByte(strings.TrimSuffix(text, "\n"), '\n')+1:]
}

type input struct {
	args    []string
	stdin   string
	from    io.Reader // instead of stdin, where that would be large
	limits  load.Limits
	env     []string // names and values, beside the connection
	signals chan os.Signal
}

type result struct {
	code           int
	stdout, stderr string
}

// run is the program in this process.
func run(t *testing.T, dsn string, in input) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if in.from == nil {
		in.from = strings.NewReader(in.stdin)
	}
	code := Program{
		Args: in.args, Stdin: in.from, Stdout: &stdout, Stderr: &stderr, Dir: t.TempDir(), Limits: in.limits, Signals: in.signals,
		Env: env(append([]string{"TARGET_POSTGRES_DSN", dsn}, in.env...)...),
	}.Run(t.Context())
	return result{code, stdout.String(), stderr.String()}
}

func env(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1], true
			}
		}
		return "", false
	}
}

func lines(text string) []string {
	text = strings.TrimSuffix(text, "\n")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// limits are those that a case gives, or else of segments of n bytes.
func limits(t *testing.T, text string, n int) load.Limits {
	if text != "" {
		var err error
		n, err = strconv.Atoi(strings.TrimSpace(text))
		require.NoError(t, err)
	}
	return load.Limits{Segment: n, Open: 4 * n, Sent: 4 * n}
}

// answers runs queries, separated by semicolons at line ends, and gives their rows as text.
func answers(t *testing.T, dsn, queries string) string {
	return answersTo(t, servertest.Connect(t, dsn), queries)
}

func answersTo(t *testing.T, conn *pgx.Conn, queries string) string {
	t.Helper()
	var b strings.Builder
	for _, query := range strings.Split(strings.TrimSpace(queries), ";\n") {
		results, err := conn.PgConn().Exec(context.Background(), query).ReadAll()
		require.NoError(t, err, query)
		for _, result := range results {
			for _, row := range result.Rows {
				for i, value := range row {
					if i > 0 {
						b.WriteString(" | ")
					}
					if value == nil {
						b.WriteString("∅")
					}
					b.Write(value)
				}
				b.WriteByte('\n')
			}
		}
	}
	return b.String()
}

func rewrite(t *testing.T, file string, archive *txtar.Archive, got map[string]string) {
	for i := range archive.Files {
		f := &archive.Files[i]
		if text, ok := got[f.Name]; ok {
			f.Data = []byte(text)
			delete(got, f.Name)
		}
	}
	for step := 1; step < 20; step++ {
		for _, part := range []string{"exit", "out", "rows"} {
			name := fmt.Sprintf("%d.%s", step, part)
			if text := got[name]; text != "" {
				archive.Files = append(archive.Files, txtar.File{Name: name, Data: []byte(text)})
			}
		}
	}
	require.NoError(t, os.WriteFile(file, txtar.Format(archive), 0o644))
}

// The documentation page is what --about says.
//
//go:generate go test -run TestDocumentation -count 1 . -update
func TestDocumentation(t *testing.T) {
	t.Parallel()
	r := run(t, "", input{args: []string{"--about", "--format=markdown"}})
	require.Zero(t, r.code, r.stderr)
	const page = "../docs/target-postgres.md"
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(r.stdout), 0o644))
	}
	want, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Equal(t, string(want), r.stdout)
}
