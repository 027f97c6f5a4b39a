package tap_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/airbyte"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

func toyStreams(t testing.TB) *airbyte.ConfiguredCatalog {
	t.Helper()
	out := taptest.Airbyte(t, toy(nil), "discover", taptest.Input{Config: settings()})
	require.Equal(t, 0, out.Code, "%s", out.Stdout)
	catalog := taptest.Configure(out.Streams())
	catalog.Streams[1].Stream.JSONSchema = json.RawMessage(`{"type":"object","properties":{"n":{"type":["integer","string"]}}}`) // it is widened on the way
	return catalog
}

func TestConnector(t *testing.T) {
	t.Parallel()
	taptest.Connector(t, toy(nil), func(testing.TB) taptest.Input { return taptest.Input{Config: settings("rows", 4)} })
	taptest.Connector(t, toy(nil), func(testing.TB) taptest.Input {
		return taptest.Input{Config: settings("rows", 4, "client_id", "acme", "columns", `{"orders":{"email":"hash","extra":"drop"}}`)}
	})
}

func TestAirbyteTranscripts(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"spec", "check", "discover"} {
		in := taptest.Input{Config: settings("client_id", "acme")}
		out := taptest.Airbyte(t, toy(nil), verb, in)
		taptest.Golden(t, out.Stdout, "airbyte_"+verb+".jsonl")
	}
	catalog := toyStreams(t)
	out := taptest.Airbyte(t, toy(nil), "read", taptest.Input{Config: settings("rows", 4), Catalog: catalog, EveryCheckpoint: true})
	taptest.Golden(t, out.Stdout, "airbyte_read.jsonl")
}

func TestAirbyteResume(t *testing.T) {
	t.Parallel()
	catalog := toyStreams(t)
	fresh := func(testing.TB) taptest.Input { return taptest.Input{Config: settings()} }
	taptest.ResumeAirbyte(t, toy(nil), catalog, fresh, taptest.AtLeastOnce)
	// Between the state of the stream that is fed and that of its feeder, its rows are there and will come again.
	catalog.Streams = catalog.Streams[:3]
	taptest.ResumeAirbyte(t, toy(nil), catalog, fresh, taptest.Once)
}

func TestAirbyteModesAndColumns(t *testing.T) {
	t.Parallel()
	catalog := toyStreams(t)
	state := []byte(`[{"type":"STREAM","stream":{"stream_descriptor":{"name":"orders"},"stream_state":{"id":8}}},
		{"type":"STREAM","stream":{"stream_descriptor":{"name":"events"},"stream_state":{"id":8}}},
		{"type":"STREAM","stream":{"stream_descriptor":{"name":"plans"},"stream_state":{"__ab_full_refresh_sync_complete":true}}}]`)
	catalog.Streams = catalog.Streams[:3]
	catalog.Streams[0].SyncMode = airbyte.FullRefresh
	catalog.Streams[0].Stream.JSONSchema = json.RawMessage(`{"type":"object","properties":{"card":{},"note":{}}}`)
	catalog.Streams[2].SyncMode = airbyte.Incremental // as PyAirbyte asks of every stream
	out := taptest.Airbyte(t, toy(nil), "read", taptest.Input{Config: settings(), Catalog: catalog, State: state})
	require.Equal(t, 0, out.Code, "%s", out.Stdout)
	require.Len(t, out.Rows("orders"), 10, "a full refresh begins anew")
	require.Equal(t, `{"id":1,"card":"4111-1111-1111-0001","note":"n","updated_at":"2026-01-02T03:04:05Z"}`, string(out.Rows("orders")[0]),
		"key and cursor always come, and what is listed although it is not selected by default")
	require.Len(t, out.Rows("events"), 2)
	require.Len(t, out.Rows("plans"), 10)
	require.Empty(t, out.Rows("rejected"), "it is not configured")
	require.Contains(t, string(out.StateFile(0)), `"stream_state":{"id":10,"__ab_full_refresh_sync_complete":true}`)
}

// TestAirbyteFullRefreshGoesOnInItsJob: the platform gives the states of an attempt that failed to the next one, which must not send again
// what the destination keeps.
func TestAirbyteFullRefreshGoesOnInItsJob(t *testing.T) {
	t.Parallel()
	catalog := toyStreams(t)
	catalog.Streams = catalog.Streams[:1]
	catalog.Streams[0].SyncMode = airbyte.FullRefresh
	in := taptest.Input{Config: settings("fail", "orders:transient"), Catalog: catalog, EveryCheckpoint: true, Env: map[string]string{"WORKER_JOB_ID": "7"}}
	first := taptest.Airbyte(t, toy(nil), "read", in)
	require.Equal(t, 4, first.Code)
	require.NoError(t, first.ValidateRead(catalog))
	in.State, in.Config = first.StateFile(0), settings()
	second := taptest.Airbyte(t, toy(nil), "read", in)
	require.NoError(t, second.ValidateRead(catalog))
	require.Len(t, append(first.Covered("orders", 0), second.Rows("orders")...), 10)
	for _, job := range []string{"8", ""} {
		in.Env["WORKER_JOB_ID"] = job
		require.Len(t, taptest.Airbyte(t, toy(nil), "read", in).Rows("orders"), 10, "job %q", job)
	}
}

func TestAirbyteFailures(t *testing.T) {
	t.Parallel()
	catalog := toyStreams(t)
	for fail, want := range map[string]struct {
		code   int
		err    string
		others bool // they go on
	}{
		"orders:transient":     {4, `transient_error: stream "orders": the API is gone; try again later`, true},
		"events:data":          {3, `system_error: stream "events": half of a page is missing`, true},
		"orders:stream-config": {2, `config_error: stream "orders": the token is refused here; give the token more rights`, true},
		"orders:config":        {2, `config_error: stream "orders": the token is refused; give the token more rights`, false},
		"plans:defect":         {1, `system_error: stream "plans": index out of range`, true},
		"orders:panic":         {1, `system_error: a defect in the program: string at tap_test.failure`, false},
	} {
		t.Run(fail, func(t *testing.T) {
			t.Parallel()
			out := taptest.Airbyte(t, toy(nil), "read", taptest.Input{Config: settings("fail", fail), Catalog: catalog})
			require.Equal(t, want.code, out.Code)
			require.Len(t, out.Errors(), 1, "%s", out.Stdout)
			require.Contains(t, out.Errors()[0], want.err)
			if !strings.HasSuffix(fail, ":panic") {
				require.NoError(t, out.ValidateRead(catalog))
				failed, _, _ := strings.Cut(fail, ":")
				require.Equal(t, airbyte.Incomplete, out.Phases(failed)[2])
				require.Equal(t, airbyte.Incomplete, out.Phases("rejected")[2], "it cannot be known whether it is whole")
			}
			require.Equal(t, want.others, len(out.Rows("plans")) > 0)
		})
	}
}

func TestAirbyteBadInput(t *testing.T) {
	t.Parallel()
	catalog := toyStreams(t)
	for name, test := range map[string]struct {
		in   taptest.Input
		want string
	}{
		"no catalog":          {taptest.Input{Config: settings()}, "config_error: flag --catalog is missing; give the configured catalog with --catalog FILE"},
		"a catalog of Singer": {taptest.Input{Config: settings(), Catalog: []byte(`{"streams":[{"tap_stream_id":"a","stream":"a"}]}`)}, "config_error: this is a catalog of Singer's"},
		"a damaged state":     {taptest.Input{Config: settings(), Catalog: catalog, State: []byte(`[`)}, "the state file is damaged"},
		"an empty state":      {taptest.Input{Config: settings(), Catalog: catalog, State: []byte{}}, "the state file is empty"},
		"the state of another connector": {taptest.Input{Config: settings(), Catalog: catalog, State: []byte(`{"orders":{"cursor":"s"}}`)},
			`config_error: stream "orders": the state's bookmark is damaged, or of another program`},
		"sockets":                   {taptest.Input{Config: settings(), Catalog: catalog, Env: map[string]string{"DATA_CHANNEL_MEDIUM": "SOCKET"}}, "config_error: DATA_CHANNEL_MEDIUM is SOCKET"},
		"a setting of a wrong type": {taptest.Input{Config: settings("rows", "many"), Catalog: catalog}, "rows: expected a whole number"},
		"no token":                  {taptest.Input{Config: map[string]any{}, Catalog: catalog}, "config_error: token is required: put it into the configuration"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := taptest.Airbyte(t, toy(nil), "read", test.in)
			require.Equal(t, 2, out.Code, "%s", out.Stdout)
			require.Len(t, out.Errors(), 1)
			require.Contains(t, out.Errors()[0], test.want)
		})
	}
	other := taptest.Airbyte(t, toy(nil), "read", taptest.Input{Config: settings("added_by_the_platform", 1), Catalog: catalog,
		State: []byte(`[{"type":"STREAM","stream":{"stream_descriptor":{"name":"of another"},"stream_state":{"x":1}}}]`)})
	require.Equal(t, 0, other.Code)
	require.NotContains(t, string(other.Stdout), "of another")
	require.Contains(t, string(other.Stdout), "added_by_the_platform")
}

func TestAirbyteCheck(t *testing.T) {
	t.Parallel()
	out := taptest.Airbyte(t, toy(nil), "check", taptest.Input{Config: map[string]any{"token": "wrong"}})
	require.Equal(t, 0, out.Code)
	require.Equal(t, `{"type":"CONNECTION_STATUS","connectionStatus":{"status":"FAILED","message":"the API refuses the token; set another token"}}`+"\n", string(out.Stdout))
	secret := "s3cr3t-t0k3n"
	broken := tap.Tap[toyConfig]{Name: "tap-toy", Open: func(*toyConfig, *tap.Run) (*tap.Source, error) {
		return &tap.Source{Check: func(context.Context) error { return protocol.TransientFault("", "no host %s", secret) }}, nil
	}}
	out = taptest.Airbyte(t, broken, "check", taptest.Input{Config: settings(), Args: []string{"--debug"}})
	require.Equal(t, 0, out.Code)
	require.Contains(t, string(out.Stdout), `"message":"no host ***"`)
	broken.Open = func(*toyConfig, *tap.Run) (*tap.Source, error) { return nil, fmt.Errorf("a nil map") }
	out = taptest.Airbyte(t, broken, "check", taptest.Input{Config: settings()})
	require.Equal(t, 1, out.Code)
	require.Equal(t, []string{"system_error: a nil map"}, out.Errors())
}

// TestAirbyteSignal ends a read at a checkpoint, with a state and without a failure.
func TestAirbyteSignal(t *testing.T) {
	t.Parallel()
	catalog := toyStreams(t)
	signals := make(chan os.Signal, 1)
	program := toy(func(stream string, row int) {
		if stream == "orders" && row == 5 {
			signals <- syscall.SIGTERM
		}
	})
	out := taptest.Airbyte(t, program, "read", taptest.Input{Config: settings("rows", 100000, "wait", true), Catalog: catalog, Signals: signals})
	require.Equal(t, 143, out.Code)
	require.Empty(t, out.Errors())
	require.Equal(t, airbyte.Incomplete, out.Phases("orders")[2])
	require.NotEmpty(t, out.Covered("orders", 0))
}

// TestAirbyteWaits: the platform shows a rate limit, and what was reached is safe before a long one.
func TestAirbyteWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		program := streams(tap.Stream{Name: "s", Columns: []tap.Column{number("a")}, Disposition: protocol.Append, Read: func(ctx context.Context, out *tap.Output) error {
			if err := out.Row([]byte(`"a":1`)); err != nil {
				return err
			}
			if err := out.State(&position{ID: 1}); err != nil {
				return err
			}
			tap.Waits(ctx, time.Now().Add(time.Minute))
			tap.Waits(tap.Aside(ctx), time.Now().Add(time.Hour))
			return nil
		}})
		catalog := &airbyte.ConfiguredCatalog{Streams: []airbyte.ConfiguredStream{{SyncMode: airbyte.Incremental,
			Stream: airbyte.Stream{Name: "s", JSONSchema: json.RawMessage(`{"type":"object","properties":{"a":{}}}`)}}}}
		out := taptest.Airbyte(t, program, "read", taptest.Input{Config: map[string]any{}, Catalog: catalog})
		require.NoError(t, out.ValidateRead(catalog))
		var said []string
		for _, m := range out.All {
			switch {
			case m.State != nil:
				said = append(said, "state")
			case m.Trace != nil && m.Trace.StreamStatus != nil && len(m.Trace.StreamStatus.Reasons) > 0:
				said = append(said, time.Until(time.UnixMilli(m.Trace.StreamStatus.Reasons[0].RateLimited.QuotaReset)).String())
			}
		}
		require.Equal(t, []string{"state", "1m0s", "1h0m0s"}, said)
	})
}

func nullable(name string) tap.Column {
	return tap.Column{Name: name, Schema: json.RawMessage(`{"type":["null","integer"]}`)}
}

// TestAirbyteValues: what JSON or the catalog has no place for is null, and the record says so.
func TestAirbyteValues(t *testing.T) {
	t.Parallel()
	program := streams(tap.Stream{Name: "s", Columns: []tap.Column{nullable("a"), nullable("b")}, Disposition: protocol.Append, Read: func(_ context.Context, out *tap.Output) error {
		for _, row := range []string{`{"a":NaN,"b":1}`, `{"a":1,"b":null,"b_as_sent":"x"}`, `{"undeclared":1}`, `{"a":2,"b":2}`} {
			if err := out.Record([]byte(row)); err != nil {
				return err
			}
		}
		return nil
	}})
	out := taptest.Airbyte(t, program, "discover", taptest.Input{Config: map[string]any{}})
	catalog := taptest.Configure(out.Streams())
	out = taptest.Airbyte(t, program, "read", taptest.Input{Config: map[string]any{}, Catalog: catalog})
	require.NoError(t, out.ValidateRead(catalog))
	var said []string
	for _, m := range out.All {
		if m.Record != nil {
			said = append(said, string(m.Record.Data)+string(m.Record.Meta))
		}
	}
	const nulled = `{"changes":[{"field":"%s","change":"NULLED","reason":"SOURCE_SERIALIZATION_ERROR"}]}`
	require.Equal(t, []string{`{"a":null,"b":1}` + fmt.Sprintf(nulled, "a"), `{"a":1,"b":null}` + fmt.Sprintf(nulled, "b"), `{"a":2,"b":2}`}, said,
		"a record of which nothing is left is not sent")
}
