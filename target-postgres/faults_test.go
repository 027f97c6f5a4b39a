package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/target-postgres/columns"
	"github.com/signalroom/signalroom/target-postgres/database"
	"github.com/signalroom/signalroom/target-postgres/load"
	"github.com/signalroom/signalroom/target-postgres/server/proxy"
	"github.com/signalroom/signalroom/target-postgres/server/servertest"
)

// The source of the fault tests: eight rows of three streams, one for each disposition, with a state after every fourth; and before them a stream that is replaced as a whole.
const (
	faultRows   = 8
	faultStates = 4
)

// fromRow is what a tap sends whose state says that n rows are loaded.
func fromRow(n int) string {
	var b strings.Builder
	b.WriteString(logSchema + keyedSchema + `{"type":"SCHEMA","stream":"files","key_properties":["n"],"schema":{"x-write-disposition":"append","properties":{"n":{"type":"integer"}}}}
{"type":"SCHEMA","stream":"whole","key_properties":["n"],"schema":{"x-write-disposition":"replace","properties":{"n":{"type":"integer"}}}}
{"type":"RECORD","stream":"whole","version":1,"record":{"n":3}}
{"type":"RECORD","stream":"whole","version":1,"record":{"n":4}}
{"type":"ACTIVATE_VERSION","stream":"whole","version":1}
`)
	for n++; n <= faultRows; n++ {
		fmt.Fprintf(&b, `{"type":"RECORD","stream":"log","record":{"n":%d}}
{"type":"RECORD","stream":"keyed","record":{"n":%d,"text":"new"}}
{"type":"RECORD","stream":"keyed","record":{"n":%d,"text":"after %d"}}
{"type":"RECORD","stream":"files","record":{"n":%d}}
`, n, n, n-1, n, n)
		if n%faultStates == 0 {
			fmt.Fprintf(&b, `{"type":"STATE","value":{"n":%d}}`+"\n", n)
		}
	}
	return b.String()
}

// A destination is a schema of its own, whose replaced stream has old rows; a grown one has them of the streams with a key too.
type destination struct {
	grown  bool
	dsn    string
	admin  *admin
	schema string
	args   []string
	limits load.Limits
}

// An admin is a connection that several tests share.
type admin struct {
	mu sync.Mutex
	*database.Conn
}

func newAdmin(t *testing.T, dsn string) *admin {
	t.Helper()
	c, err := database.Connect(t.Context(), database.Options{DSN: dsn})
	require.NoError(t, err)
	t.Cleanup(func() { c.Close(context.Background()) })
	return &admin{Conn: c}
}

func (a *admin) answers(t *testing.T, queries string) string {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	return answersTo(t, a.Conn.Conn, queries)
}

func (d destination) prepare(t *testing.T) destination {
	t.Helper()
	d.admin.answers(t, fmt.Sprintf(`CREATE SCHEMA %[1]s; CREATE TABLE %[1]s.whole (n bigint PRIMARY KEY); INSERT INTO %[1]s.whole VALUES (1), (2), (3)`, d.schema))
	if d.grown {
		d.admin.answers(t, strings.ReplaceAll(`CREATE TABLE $.keyed (n bigint PRIMARY KEY, text text); INSERT INTO $.keyed VALUES (0, 'old');
CREATE TABLE $.files (n bigint PRIMARY KEY); INSERT INTO $.files VALUES (1)`, "$", d.schema))
	}
	d.args = []string{"--default-target-schema", d.schema, "--add-record-metadata=false", "--batch-wait-seconds=0"}
	return d
}

// run is a run of a tap that begins where the state says, by a way to the server.
func (d destination) run(t *testing.T, dsn string) result {
	t.Helper()
	return run(t, dsn, input{args: d.args, stdin: fromRow(d.state(t)), limits: d.limits})
}

// state is what the state command prints.
func (d destination) state(t *testing.T) int {
	t.Helper()
	d.admin.mu.Lock()
	defer d.admin.mu.Unlock()
	state, err := d.admin.State(t.Context(), database.Pipeline{Schema: columns.Ident(d.schema), Name: "default"}, longestWait)
	require.NoError(t, err)
	if state == nil {
		return 0
	}
	return rowOf(t, string(state))
}

func rowOf(t *testing.T, state string) int {
	t.Helper()
	var s struct{ N int }
	require.NoError(t, json.Unmarshal([]byte(state), &s))
	return s.N
}

// exact makes sure that a run that a fault hit told the truth, and that the next one completes it.
func (d destination) exact(t *testing.T, hit result) {
	t.Helper()
	require.Contains(t, []int{0, 4}, hit.code, hit.stderr)
	stored := d.state(t)
	if printed := lines(hit.stdout); len(printed) > 0 {
		require.GreaterOrEqual(t, stored, rowOf(t, printed[len(printed)-1]), "what was printed is committed")
	}
	require.Contains(t, []string{"1 2 3\n", "3 4\n"}, d.admin.answers(t, "SELECT string_agg(n::text, ' ' ORDER BY n) FROM "+d.schema+".whole"),
		"a reader sees the old rows or the new ones")
	if hit.code == 0 {
		require.Equal(t, faultRows, stored)
	} else {
		r := d.run(t, d.dsn)
		require.Zero(t, r.code, r.stderr)
	}
	d.complete(t)
}

// complete makes sure that every row is there once, as it was sent last.
func (d destination) complete(t *testing.T) {
	t.Helper()
	var n, keyed []string
	for i := range faultRows {
		n, keyed = append(n, fmt.Sprint(i+1)), append(keyed, fmt.Sprintf("%d after %d", i, i+1))
	}
	all := strings.Join(n, " ")
	require.Equal(t, fmt.Sprintf("%s\n%s\n3 4\n%s, %d new\n", all, all, strings.Join(keyed, ", "), faultRows),
		d.admin.answers(t, strings.ReplaceAll(`SELECT string_agg(n::text, ' ' ORDER BY n) FROM $.log;
SELECT string_agg(n::text, ' ' ORDER BY n) FROM $.files;
SELECT string_agg(n::text, ' ' ORDER BY n) FROM $.whole;
SELECT string_agg(n || ' ' || text, ', ' ORDER BY n) FROM $.keyed`, "$", d.schema)))
}

// turning tells whether something depends on a message: one that says, does or ends something, but not the parts of an answer
// and the settings of a transaction, of which there are many.
func turning(m proxy.Message) bool {
	if m.FromServer {
		return strings.IndexByte("RGZE", m.Type) >= 0 || m.Says("COMMIT") || m.Says("COPY")
	}
	return m.Type == 0 || strings.IndexByte("pQEdc", m.Type) >= 0
}

// saving tells whether a message is about what is kept and what is not.
func saving(m proxy.Message) bool {
	return m.Says("COMMIT") || m.Says("ROLLBACK") || m.Says("SAVEPOINT") || m.Says("RELEASE") || m.Says("COPY") || !m.FromServer && m.Type == 'c'
}

func every(proxy.Message) bool { return true }

// The connection is cut at message after message of a load, of either direction: at the start, around each COPY and each COMMIT. By
// far most of the runs go on by another connection; the others end with exit code 4. With CUTS=all it is cut at every single one, without at about seventy of each kind.
func TestCutAtEveryMessage(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	admin := newAdmin(t, dsn)
	cut := func(t *testing.T, d destination, schema string, lost func(proxy.Message) bool) (code int) {
		d.dsn, d.admin, d.schema = dsn, admin, schema
		d = d.prepare(t)
		hit := d.run(t, proxy.Start(t, dsn, func(m proxy.Message) bool { return !lost(m) }))
		d.exact(t, hit)
		return hit.code
	}
	for _, c := range []struct {
		name string
		into destination
		at   func(proxy.Message) bool
	}{
		{"new_tables", destination{}, turning},
		{"old_tables", destination{grown: true}, turning},
		{"old_tables_saved", destination{grown: true}, saving},
		{"beyond_memory", destination{limits: load.Limits{Segment: 100, Open: 400, Sent: 400}}, saving},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			all := os.Getenv("CUTS") == "all"
			if all {
				c.at = every
			}
			var messages atomic.Int64
			require.Zero(t, cut(t, c.into, c.name, func(m proxy.Message) bool {
				if c.at(m) {
					messages.Add(1)
				}
				return false
			}))
			step := messages.Load()/75 + 1
			if all {
				step = 1
			}
			var cuts, overcome atomic.Int64
			t.Run("at", func(t *testing.T) {
				for n := int64(0); n < messages.Load(); n += step {
					t.Run(fmt.Sprint(n), func(t *testing.T) {
						t.Parallel()
						var passed atomic.Int64
						code := cut(t, c.into, fmt.Sprintf("%s_%d", c.name, n), func(m proxy.Message) bool { return c.at(m) && passed.Add(1) == n+1 })
						cuts.Add(1)
						if code == 0 {
							overcome.Add(1)
						}
					})
				}
			})
			t.Logf("%d of %d runs went on", overcome.Load(), cuts.Load())
			require.Greater(t, overcome.Load(), cuts.Load()/2)
		})
	}
}
