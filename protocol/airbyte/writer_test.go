package airbyte_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol/airbyte"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

var emitted = time.Date(2026, 1, 2, 3, 4, 5, 678_900_000, time.UTC)

func TestEveryMessage(t *testing.T) {
	t.Parallel()
	orders := airbyte.StreamDescriptor{Name: "orders"}
	at := emitted.UnixMilli()
	var out bytes.Buffer
	w := airbyte.NewWriter(&out)
	for _, p := range []airbyte.Payload{
		&airbyte.Specification{DocumentationURL: "https://example.com/tap", ConnectionSpecification: json.RawMessage(`{"type":"object"}`), ProtocolVersion: airbyte.Version},
		&airbyte.Specification{ConnectionSpecification: json.RawMessage(`{}`), SupportsIncremental: true, ProtocolVersion: airbyte.Version,
			DestinationSyncModes: []airbyte.DestinationSyncMode{airbyte.Append, airbyte.Overwrite, airbyte.AppendDedup}},
		&airbyte.ConnectionStatus{Status: airbyte.Succeeded},
		&airbyte.ConnectionStatus{Status: airbyte.Failed, Message: "the key is wrong; make <another> & try again"},
		&airbyte.Catalog{Streams: []airbyte.Stream{
			{Name: "orders", JSONSchema: json.RawMessage(`{"properties":{}}`), SupportedSyncModes: []airbyte.SyncMode{airbyte.FullRefresh, airbyte.Incremental},
				SourceDefinedCursor: true, DefaultCursorField: []string{"at"}, SourceDefinedPrimaryKey: [][]string{{"client_id"}, {"id"}}, IsResumable: true},
			{Name: "tags", Namespace: "shop", JSONSchema: json.RawMessage(`{"properties":{}}`), SupportedSyncModes: []airbyte.SyncMode{airbyte.FullRefresh}},
		}},
		&airbyte.State{Type: airbyte.StreamStateType, Stream: &airbyte.StreamState{Descriptor: orders, State: json.RawMessage(`{"until":1.0}`)}, SourceStats: &airbyte.Stats{RecordCount: 0}},
		&airbyte.Trace{Type: airbyte.StreamStatusTrace, EmittedAt: at, StreamStatus: &airbyte.StreamStatus{Stream: orders, Status: airbyte.Running,
			Reasons: []airbyte.StatusReason{{Type: "RATE_LIMITED", RateLimited: &airbyte.RateLimited{QuotaReset: at}}}}},
		&airbyte.Log{Level: "INFO", Message: "two\nlines"},
	} {
		require.NoError(t, w.Send(p))
	}
	golden(t, "messages.jsonl", out.String())
}

func TestRecords(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := airbyte.NewWriter(&out)
	orders := w.Records(airbyte.StreamDescriptor{Name: "orders"}, []byte(`"client_id":"acme"`))
	tags := w.Records(airbyte.StreamDescriptor{Name: `t"ags`, Namespace: "shop"}, nil)
	orders.EmittedAt(emitted)
	tags.EmittedAt(emitted)
	require.NoError(t, orders.Row([]byte(`"id":1,"name":"x"`)))
	require.NoError(t, orders.Row(nil))
	require.NoError(t, tags.Row(nil), "an empty record is left out")
	_, fits, err := tags.Append(func(dst []byte) ([]byte, bool) { return append(dst, "half"...), false })
	require.NoError(t, err)
	require.False(t, fits)
	size, fits, err := tags.Append(func(dst []byte) ([]byte, bool) { return append(dst, `"a":"NaN \"Infinity"`...), true })
	require.NoError(t, err)
	require.True(t, fits)
	require.Equal(t, 20, size)
	tags.EmittedAt(emitted.Add(time.Second))
	foreign := func(r *airbyte.Records, members string) error {
		r.Foreign([]byte(members))
		return r.Row([]byte(members))
	}
	require.NoError(t, foreign(tags, `"n":NaN,"s":"-Infinity","o":{"x":[1,-Infinity,{"y\"N":Infinity}],"z":-1.5e3},"b":true`))
	require.NoError(t, foreign(orders, `"id":NaN`))
	tags.Nulled([]byte("a"))
	tags.Nulled([]byte("b"))
	require.NoError(t, foreign(tags, `"a":null,"b":null,"c":NaN`))
	require.NoError(t, tags.Row([]byte(`"a":2`)), "the record after one with changes has none")
	require.EqualValues(t, 3, orders.Count())
	require.EqualValues(t, 4, tags.Count())
	require.Empty(t, out.String(), "records are buffered")
	require.NoError(t, w.Flush())
	golden(t, "records.jsonl", out.String())
	for line := range strings.Lines(out.String()) {
		require.True(t, json.Valid([]byte(line)), line)
	}
}

func TestRowsAllocateNothing(t *testing.T) { // not parallel: it counts allocations
	records := airbyte.NewWriter(io.Discard).Records(airbyte.StreamDescriptor{Name: "orders"}, nil)
	at, members := emitted, []byte(`"id":1,"name":"some text"`)
	allocations := testing.AllocsPerRun(1000, func() {
		at = at.Add(time.Second)
		records.EmittedAt(at)
		if records.Row(members) != nil {
			t.Error("the row is not written")
		}
	})
	require.Zero(t, allocations)
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, syscall.EPIPE }

func TestTheFirstErrorSticks(t *testing.T) {
	t.Parallel()
	w := airbyte.NewWriter(broken{})
	require.ErrorIs(t, w.Send(&airbyte.Log{Level: "INFO", Message: "x"}), syscall.EPIPE)
	_, err := w.Write([]byte("{}\n"))
	require.ErrorIs(t, err, syscall.EPIPE)
	require.ErrorIs(t, w.Flush(), syscall.EPIPE)
	require.False(t, errors.Is(w.Send(&airbyte.Catalog{Streams: []airbyte.Stream{{JSONSchema: json.RawMessage(`{`)}}}), syscall.EPIPE))
}
