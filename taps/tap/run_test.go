package tap_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// settings is a config of the toy: the token it needs, and more.
func settings(more ...any) map[string]any {
	config := map[string]any{"token": "s3cr3t-t0k3n"}
	for i := 0; i < len(more); i += 2 {
		config[more[i].(string)] = more[i+1]
	}
	return config
}

func TestSync(t *testing.T) {
	t.Parallel()
	out := taptest.Run(t, toy(nil), taptest.Input{Config: settings()})
	require.Equal(t, 0, out.Code, out.Stderr)
	require.NoError(t, out.Err)
	require.NoError(t, taptest.Validate(out.Messages, taptest.Checks{UniqueKeys: true}))
	taptest.Golden(t, out.Stdout, "sync.singer")
	for _, line := range []string{"done stream=orders rows=10", `bookmark="row 10"`, `"metric":"record_count","value":10,"tags":{"stream":"orders"`,
		`"metric":"sync_duration"`} {
		require.Contains(t, out.Stderr, line)
	}
	require.NotContains(t, out.Stderr, "s3cr3t-t0k3n")
	lines := strings.Split(strings.TrimSpace(out.Stderr), "\n")
	for i, stream := range []string{"orders", "events", "plans", "rejected"} {
		require.Contains(t, lines[len(lines)-4+i], "done stream="+stream, "the last lines are the summary")
	}
}

func TestSyncWithClientAndColumnRules(t *testing.T) {
	t.Parallel()
	out := taptest.Run(t, toy(nil), taptest.Input{Config: settings("rows", 2, "client_id", `Acme "1"`, "columns", map[string]any{
		"*":      map[string]any{"email": "hash", "zip": "drop"},
		"orders": map[string]any{"card": "mask", "address": "drop", "total": "hash", "extra": "hash"},
		"plans":  map[string]any{"code": "hash"},
	})})
	require.Equal(t, 0, out.Code, out.Stderr)
	require.NoError(t, taptest.Validate(out.Messages, taptest.Checks{UniqueKeys: true}))
	taptest.Golden(t, out.Stdout, "client.singer")
	require.Contains(t, out.Stderr, "no column matches yet")
	require.Contains(t, out.Stderr, "*.zip")
	require.Contains(t, out.Stderr, "column client_id is left out")
}

// TestAsSent hides what does not fit a column as the column itself is hidden.
func TestAsSent(t *testing.T) {
	t.Parallel()
	const members = `{"a":null,"a_as_sent":"x","b":null,"b_as_sent":"x","c":null,"c_as_sent":"x"}`
	program := streams(tap.Stream{Name: "s", Columns: []tap.Column{number("a"), number("b"), number("c")}, Disposition: protocol.Append,
		Read: func(_ context.Context, out *tap.Output) error { return out.Record([]byte(members)) }})
	out := taptest.Run(t, program, taptest.Input{Args: []string{"--columns", `{"s":{"a":"drop","b":"hash"}}`}})
	require.Equal(t, 0, out.Code, out.Stderr)
	require.Equal(t, `{"b":null,"b_as_sent":"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881","c":null,"c_as_sent":"x"}`,
		string(taptest.Records(out.Messages, "s")[0]))
}

// TestCatalog discovers, edits what was discovered as people and Meltano do, and reads by it.
func TestCatalog(t *testing.T) {
	t.Parallel()
	discovered := taptest.Run(t, toy(nil), taptest.Input{Config: settings(), Args: []string{"--discover"}})
	require.Equal(t, 0, discovered.Code, discovered.Stderr)
	taptest.Golden(t, discovered.Stdout, "catalog.json")

	tests := map[string]struct {
		edit func(catalog map[string]any)
		args []string
		want map[string]string // stream and the first record, without which nothing is sent
	}{
		"as it is": {want: map[string]string{
			"orders": `{"id":1,"email":"user1@example.com","card":"4111-1111-1111-0001","total":"1.10","address":{"city":"Bern","zip":"3001"},"extra":[1,{"a":null}],"updated_at":"2026-01-02T03:04:05Z"}`,
			"events": `{"n":1}`, "plans": `{"code":"p1","client_id":"theirs"}`}},
		"fields": {
			edit: func(c map[string]any) {
				mark(c, "orders", false, "email")
				mark(c, "orders", false, "address", "zip")
				mark(c, "orders", false, "id")
				mark(c, "orders", false, "updated_at")
				mark(c, "orders", true, "note")
				mark(c, "events", false)
				mark(c, "plans", false)
			},
			want: map[string]string{
				"orders": `{"id":1,"card":"4111-1111-1111-0001","total":"1.10","address":{"city":"Bern"},"extra":[1,{"a":null}],"note":"n","updated_at":"2026-01-02T03:04:05Z"}`}},
		"select": {
			args: []string{"--select", "orders.email", "--select", "plans"},
			want: map[string]string{
				"orders": `{"id":1,"email":"user1@example.com","updated_at":"2026-01-02T03:04:05Z"}`, "plans": `{"code":"p1","client_id":"theirs"}`}},
		"a catalog older than a column": {
			edit: func(c map[string]any) {
				for _, s := range c["streams"].([]any) {
					s.(map[string]any)["metadata"] = []any{map[string]any{"breadcrumb": []any{}, "metadata": map[string]any{"selected": true}}}
				}
				c["streams"] = c["streams"].([]any)[:1]
			},
			want: map[string]string{
				"orders": `{"id":1,"email":"user1@example.com","card":"4111-1111-1111-0001","total":"1.10","address":{"city":"Bern","zip":"3001"},"extra":[1,{"a":null}],"updated_at":"2026-01-02T03:04:05Z"}`}},
		"select without": {
			args: []string{"--select", "!orders,!plans"},
			want: map[string]string{"events": `{"n":1}`}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var catalog map[string]any
			require.NoError(t, json.Unmarshal(discovered.Stdout, &catalog))
			if test.edit != nil {
				test.edit(catalog)
			}
			for _, flag := range []string{"--catalog", "--properties", "-p"} {
				path := filepath.Join(t.TempDir(), "catalog.json")
				data, err := json.Marshal(catalog)
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(path, data, 0o600))
				messages := taptest.Sync(t, toy(nil), taptest.Input{Config: settings("rows", 1), Args: append(test.args, flag, path)})
				for _, stream := range []string{"orders", "events", "plans"} {
					records := taptest.Records(messages, stream)
					if want := test.want[stream]; want == "" {
						require.Empty(t, records, stream)
						require.NotContains(t, taptest.Streams(messages), stream)
					} else {
						require.Equal(t, want, string(records[0]))
					}
				}
			}
		})
	}
}

// mark sets selected in the metadata of a catalog.
func mark(catalog map[string]any, stream string, selected bool, path ...string) {
	breadcrumb := []any{}
	for _, name := range path {
		breadcrumb = append(breadcrumb, "properties", name)
	}
	for _, s := range catalog["streams"].([]any) {
		if s := s.(map[string]any); s["tap_stream_id"] == stream {
			for _, m := range s["metadata"].([]any) {
				if m := m.(map[string]any); fmt.Sprint(m["breadcrumb"]) == fmt.Sprint(breadcrumb) {
					m["metadata"].(map[string]any)["selected"] = selected
				}
			}
		}
	}
}

// TestDiscoveryWithoutStart asks for no start_date where there is nothing to start, and everything else does.
func TestDiscoveryWithoutStart(t *testing.T) {
	t.Parallel()
	type config struct {
		tap.Settings `required:"start_date"`
	}
	program := tap.Tap[config]{Name: "tap-bounded", Open: func(*config, *tap.Run) (*tap.Source, error) {
		return &tap.Source{Streams: func(context.Context, func(string) json.RawMessage) ([]tap.Stream, error) {
			return []tap.Stream{tap.Typed[order](tap.Stream{Name: "orders", Disposition: protocol.Merge})}, nil
		}}, nil
	}}
	require.Equal(t, 0, taptest.Run(t, program, taptest.Input{Args: []string{"--discover"}}).Code)
	require.Equal(t, 0, taptest.Airbyte(t, program, "discover", taptest.Input{Config: map[string]any{}}).Code)
	for _, args := range [][]string{nil, {"--test"}, {"--test=schema"}} {
		out := taptest.Run(t, program, taptest.Input{Args: args})
		require.Equal(t, 2, out.Code, args)
		require.Contains(t, out.Stderr, "start_date is required: give --start-date, set TAP_BOUNDED_START_DATE")
	}
	for _, verb := range []string{"check", "read"} {
		out := taptest.Airbyte(t, program, verb, taptest.Input{Config: map[string]any{}})
		require.Contains(t, string(out.Stdout), "start_date is required: put it into the configuration", verb)
	}
}

func TestFullTableIgnoresTheBookmark(t *testing.T) {
	t.Parallel()
	state := []byte(`{"bookmarks":{"orders":{"id":8},"events":{"id":8},"gone":{"x":1}}}`)
	discovered := taptest.Run(t, toy(nil), taptest.Input{Config: settings(), State: state, Args: []string{"--discover"}})
	var catalog map[string]any
	require.NoError(t, json.Unmarshal(discovered.Stdout, &catalog))
	for _, s := range catalog["streams"].([]any) {
		if s := s.(map[string]any); s["tap_stream_id"] == "orders" {
			s["metadata"].([]any)[0].(map[string]any)["metadata"].(map[string]any)["replication-method"] = "FULL_TABLE"
		}
	}
	messages := taptest.Sync(t, toy(nil), taptest.Input{Config: settings(), State: state, Catalog: catalog})
	require.Len(t, taptest.Records(messages, "orders"), 10)
	require.Len(t, taptest.Records(messages, "events"), 2)
	states := taptest.States(messages)
	require.JSONEq(t, `{"bookmarks":{"orders":{"id":10},"events":{"id":10},"gone":{"x":1}}}`, string(states[len(states)-1]))
}

func TestStates(t *testing.T) {
	t.Parallel()
	t.Run("no new rows", func(t *testing.T) {
		t.Parallel()
		state := `{"bookmarks":{"orders":{"id":10},"events":{"id":10}}}`
		messages := taptest.Sync(t, toy(nil), taptest.Input{Config: settings("select", "orders"), State: []byte(state)})
		require.Len(t, messages, 2, "a SCHEMA and the state")
		require.Equal(t, state, string(taptest.States(messages)[0]))
	})
	t.Run("nothing to say", func(t *testing.T) {
		t.Parallel()
		messages := taptest.Sync(t, toy(nil), taptest.Input{Config: settings("select", "plans"), State: []byte("{}")})
		require.Empty(t, taptest.States(messages), "a target would print {} over a good state")
	})
	t.Run("missing file", func(t *testing.T) {
		t.Parallel()
		out := taptest.Run(t, toy(nil), taptest.Input{Config: settings(), Args: []string{"--state", filepath.Join(t.TempDir(), "none.json")}})
		require.Equal(t, 0, out.Code)
		require.Equal(t, 1, strings.Count(out.Stderr, "first run"))
	})
	t.Run("each comes after its records", func(t *testing.T) {
		t.Parallel()
		messages := taptest.Sync(t, toy(nil), taptest.Input{Config: settings("rows", 9000, "every", 100)})
		rows, states := map[string]int{}, 0
		for _, m := range messages {
			switch m.Type {
			case "RECORD":
				rows[m.Stream]++
			case "STATE":
				states++
				var value struct {
					Bookmarks map[string]position `json:"bookmarks"`
				}
				require.NoError(t, json.Unmarshal(m.Value, &value))
				for stream, reached := range value.Bookmarks {
					require.LessOrEqual(t, reached.ID, rows[stream], stream)
				}
			}
		}
		require.Greater(t, states, 2, "one inside a stream too")
		require.Less(t, states, 90)
	})
}

func TestResume(t *testing.T) {
	t.Parallel()
	taptest.Resume(t, toy(nil), taptest.Input{Config: settings("rows", 60, "every", 7, "client_id", "acme")}, taptest.Once)
}

// TestFaults holds what goes wrong, the exit code, what is said of it, and what came out all the same.
func TestFaults(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		in     taptest.Input
		code   int
		says   []string
		orders int // rows of orders
		plans  int
		last   string // the last STATE
	}{
		"a stream fails, the others go on": {
			in: taptest.Input{Config: settings("fail", "orders:transient")}, code: 4, orders: 5, plans: 10,
			says: []string{`ERROR stream "orders": the API is gone; try again later`, "not finished stream=orders"}, last: `{"bookmarks":{"orders":{"id":5},"events":{"id":10}}}`},
		"a stream's data": {
			in: taptest.Input{Config: settings("fail", "orders:data")}, code: 3, orders: 5, plans: 10, last: `{"bookmarks":{"orders":{"id":5},"events":{"id":10}}}`},
		"settings of one stream": {
			in: taptest.Input{Config: settings("fail", "orders:stream-config")}, code: 2, orders: 5, plans: 10, last: `{"bookmarks":{"orders":{"id":5},"events":{"id":10}}}`},
		"settings of the tap": {
			in: taptest.Input{Config: settings("fail", "orders:config")}, code: 2, orders: 5, last: `{"bookmarks":{"orders":{"id":5}}}`,
			says: []string{"give the token more rights"}},
		"a defect": {
			in: taptest.Input{Config: settings("fail", "orders:defect")}, code: 1, orders: 5, last: `{"bookmarks":{"orders":{"id":5}}}`},
		"a panic": {
			in: taptest.Input{Config: settings("fail", "orders:panic")}, code: 1, says: []string{"CRITICAL a defect in the program", "toy_test.go"}, last: `{"bookmarks":{}}`},
		"unknown setting": {
			in: taptest.Input{Config: settings("rowz", 1)}, code: 2, says: []string{`rowz`, `rows`}},
		"missing setting": {
			in: taptest.Input{Config: map[string]any{}}, code: 2, says: []string{"token"}},
		"unknown word for a column": {
			in:   taptest.Input{Config: settings("columns", map[string]any{"orders": map[string]any{"email": "md5"}})},
			code: 2, says: []string{"columns", "drop, hash or mask"}},
		"rule for no stream": {
			in:   taptest.Input{Config: settings("columns", map[string]any{"ordres": map[string]any{"email": "hash"}})},
			code: 2, says: []string{`columns: "ordres" matches no stream`, "orders, events"}},
		"key dropped": {
			in:   taptest.Input{Config: settings("columns", map[string]any{"orders": map[string]any{"id": "drop"}})},
			code: 2, says: []string{`stream "orders"`, `"id" belongs to the key`}},
		"cursor hashed": {
			in:   taptest.Input{Config: settings("columns", map[string]any{"*": map[string]any{"updated_at": "hash"}})},
			code: 2, says: []string{`stream "orders"`, `"updated_at" is the cursor`}},
		"dates the wrong way round": {
			in: taptest.Input{Config: settings("start_date", "2026-02-01", "end_date", "2026-01-01")}, code: 2, says: []string{"end_date", "later than start_date"}},
		"select matches nothing": {
			in: taptest.Input{Config: settings(), Args: []string{"--select", "order"}}, code: 2, says: []string{`"order" matches no stream`, "orders, events, plans"}},
		"catalog of another tap": {
			in: taptest.Input{Config: settings(), Catalog: json.RawMessage(`{"streams":[{"tap_stream_id":"users","stream":"users","schema":{},"metadata":[]}]}`)}, code: 2, says: []string{"users", "orders"}},
		"no catalog": {
			in: taptest.Input{Config: settings(), Args: []string{"--catalog", "/nonexistent/catalog.json"}}, code: 2, says: []string{"/nonexistent/catalog.json", "--discover"}},
		"damaged catalog": {
			in: taptest.Input{Config: settings(), Catalog: []byte(`{"streams":`)}, code: 2, says: []string{"catalog"}},
		"key that is no column": {
			in: taptest.Input{Config: settings(), Catalog: json.RawMessage(`{"streams":[{"tap_stream_id":"orders","stream":"orders","schema":{},
				"metadata":[{"breadcrumb":[],"metadata":{"selected":true,"key-properties":["nr"]}}]}]}`)}, code: 2, says: []string{`key "nr" is no column`}},
		"empty state": {
			in: taptest.Input{Config: settings(), State: []byte{}}, code: 2, says: []string{"state", "empty"}},
		"damaged state": {
			in: taptest.Input{Config: settings(), State: []byte(`{"bookmarks":{"or`)}, code: 2, says: []string{"state", "damaged"}},
		"bookmark of another program": {
			in: taptest.Input{Config: settings(), State: []byte(`{"bookmarks":{"orders":{"replication_key_value":"2026-01-01"}}}`)}, code: 2,
			says: []string{`stream "orders"`, "of another program"}, last: `{"bookmarks":{"orders":{"replication_key_value":"2026-01-01"},"events":{"id":10}}}`, plans: 10},
		"wrong token": {
			in: taptest.Input{Config: settings("token", "wrong"), Args: []string{"--test"}}, code: 2, says: []string{"set another token"}},
		"unknown test": {
			in: taptest.Input{Config: settings(), Args: []string{"--test=all"}}, code: 2, says: []string{"--test=schema"}},
		"shard out of range": {
			in: taptest.Input{Config: settings(), Args: []string{"--shard", "4/4"}}, code: 2, says: []string{"shard", "0/4"}},
		"stray argument": {
			in: taptest.Input{Config: settings(), Args: []string{"orders"}}, code: 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := taptest.Run(t, toy(nil), test.in)
			require.Equal(t, test.code, out.Code, out.Stderr)
			for _, text := range test.says {
				require.Contains(t, out.Stderr, text)
			}
			require.NotContains(t, out.Stderr, "goroutine")
			require.Equal(t, 1, strings.Count(out.Stderr, "CRITICAL"), out.Stderr)
			require.NoError(t, out.Err)
			require.NoError(t, taptest.Validate(out.Messages, taptest.Checks{}))
			require.Len(t, taptest.Records(out.Messages, "orders"), test.orders)
			require.Len(t, taptest.Records(out.Messages, "plans"), test.plans)
			if states := taptest.States(out.Messages); test.last != "" {
				require.NotEmpty(t, states)
				require.JSONEq(t, test.last, string(states[len(states)-1]))
			} else {
				require.Empty(t, states)
			}
		})
	}
}

func TestUnfinishedReplaceIsNotActivated(t *testing.T) {
	t.Parallel()
	out := taptest.Run(t, toy(nil), taptest.Input{Config: settings("fail", "plans:data", "select", "plans")})
	require.Equal(t, 3, out.Code)
	require.Len(t, taptest.Records(out.Messages, "plans"), 5)
	require.NotContains(t, string(out.Stdout), "ACTIVATE_VERSION")
}

func TestTest(t *testing.T) {
	t.Parallel()
	records := taptest.Run(t, toy(nil), taptest.Input{Config: settings(), Args: []string{"--test"}, State: []byte(`{"bookmarks":{"orders":{"id":3}}}`)})
	require.Equal(t, 0, records.Code, records.Stderr)
	require.NoError(t, taptest.Validate(records.Messages, taptest.Checks{}))
	for _, stream := range []string{"orders", "events", "plans"} {
		require.Len(t, taptest.Records(records.Messages, stream), 1, stream)
		require.Contains(t, records.Stderr, "tested stream="+stream+" records=1")
	}
	require.Empty(t, taptest.States(records.Messages), "a test must not move a bookmark")
	require.NotContains(t, string(records.Stdout), "ACTIVATE_VERSION")

	schemas := taptest.Run(t, toy(nil), taptest.Input{Config: settings(), Args: []string{"--test=schema"}})
	require.Equal(t, 0, schemas.Code, schemas.Stderr)
	require.Len(t, schemas.Messages, 4)
	require.Equal(t, []string{"orders", "events", "plans", "rejected"}, taptest.Streams(schemas.Messages))
}

func TestSaysWhatItIs(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args []string
		says []string
	}{
		{[]string{"--version"}, []string{"tap-toy "}},
		{[]string{"--about"}, []string{"Rows made up for tests", "start_date"}},
		{[]string{"--about", "--format", "markdown"}, []string{"| `token`"}},
		{[]string{"--help"}, []string{"--discover", "--catalog", "--shard", "--client-id"}},
	} {
		out := taptest.Run(t, toy(nil), taptest.Input{Args: test.args})
		require.Equal(t, 0, out.Code, out.Stderr)
		for _, text := range test.says {
			require.Contains(t, string(out.Stdout), text, test.args)
		}
	}
	out := taptest.Run(t, toy(nil), taptest.Input{Args: []string{"--about", "--format=json"}})
	var about struct {
		Name         string         `json:"name"`
		Capabilities []string       `json:"capabilities"`
		Settings     map[string]any `json:"settings"`
	}
	require.NoError(t, json.Unmarshal(out.Stdout, &about))
	require.Equal(t, "tap-toy", about.Name)
	require.Contains(t, about.Capabilities, "structured-logging")
	for _, setting := range []string{"client_id", "start_date", "end_date", "select", "columns", "token"} {
		require.Contains(t, about.Settings["properties"], setting)
	}
}

// TestShards reads the streams in three runs, whose union is that of one.
func TestShards(t *testing.T) {
	t.Parallel()
	in := taptest.Input{Config: settings("rows", 200, "select", "!events")}
	whole := taptest.Sync(t, toy(nil), in)
	var union []taptest.Message
	for _, shard := range []string{"0/3", "1/3", "2/3"} {
		in.Args = []string{"--shard", shard}
		part := taptest.Sync(t, toy(nil), in)
		require.Less(t, len(taptest.Records(part, "orders")), 120)
		union = append(union, part...)
	}
	require.NoError(t, taptest.SameRows(whole, union, taptest.Once))
}

// TestSignal stops a run in the middle of a stream, and goes on from its state.
func TestSignal(t *testing.T) {
	t.Parallel()
	in := taptest.Input{Config: settings("rows", 300, "select", "orders,plans")}
	whole := taptest.Sync(t, toy(nil), in)

	for number, want := range map[syscall.Signal]int{syscall.SIGTERM: 143, syscall.SIGINT: 130} {
		synctest.Test(t, func(t *testing.T) {
			signals := make(chan os.Signal)
			stopped := in
			stopped.Signals = signals
			out := taptest.Run(t, toy(func(_ string, row int) {
				if row == 100 {
					signals <- number
					synctest.Wait()
				}
			}), stopped)
			require.Equal(t, want, out.Code, out.Stderr)
			require.NoError(t, out.Err)
			require.Len(t, taptest.Records(out.Messages, "orders"), 102, "it ends at the next checkpoint")
			covered, state := taptest.Covered(out.Messages)
			require.Len(t, covered, len(out.Messages), "the state is the last line")

			again := in
			again.State = state
			require.NoError(t, taptest.SameRows(whole, append(covered, taptest.Sync(t, toy(nil), again)...), taptest.Once))
		})
	}
}

// TestSignalDoesNotWaitForEver has a stream that comes to no checkpoint: its context is cancelled after the grace, or at a
// second signal.
func TestSignalDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	for name, second := range map[string]bool{"grace": false, "second signal": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				signals := make(chan os.Signal, 2)
				began := time.Now()
				var waited time.Duration
				out := taptest.Run(t, toy(func(_ string, row int) {
					if row == 100 {
						signals <- syscall.SIGTERM
						if second {
							signals <- syscall.SIGTERM
						}
						began = time.Now()
					}
				}), taptest.Input{Config: settings("rows", 100_000, "every", 100_000, "wait", true, "select", "orders"), Signals: signals})
				waited = time.Since(began)
				require.Equal(t, 143, out.Code, out.Stderr)
				require.NoError(t, out.Err)
				require.Empty(t, taptest.States(out.Messages), "no checkpoint, no state")
				if second {
					require.Less(t, waited, time.Second)
				} else {
					require.InDelta(t, 5, waited.Seconds(), 0.1)
				}
			})
		})
	}
}
