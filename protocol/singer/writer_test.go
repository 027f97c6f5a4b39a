package singer_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/singer"
)

// output counts the writes it gets, and fails from one of them on.
type output struct {
	bytes.Buffer
	writes, failFrom int
	err              error
}

func (o *output) Write(p []byte) (int, error) {
	if o.writes++; o.err != nil && o.writes >= o.failFrom {
		return 0, o.err
	}
	return o.Buffer.Write(p)
}

func schemaMessage(t *testing.T, name, schema string, keys, bookmarks []string) *protocol.Message {
	t.Helper()
	s, err := protocol.NewStream(name, []byte(schema), keys, bookmarks)
	require.NoError(t, err)
	return &protocol.Message{Type: protocol.SchemaMessage, Stream: name, Schema: s}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	const orders = `{ "type": "object",
		"properties": {"id": {"type": "integer"}} }`
	messages := []*protocol.Message{
		schemaMessage(t, "orders", orders, []string{"id"}, []string{"id"}),
		schemaMessage(t, `q"uote`, `{"properties":{}}`, nil, nil),
		{Type: protocol.RecordMessage, Stream: "orders", Record: protocol.Record{Raw: []byte(`{"id":1}`)}},
		{Type: protocol.RecordMessage, Stream: "orders", Record: protocol.Record{
			Raw: []byte(`{"id":NaN}`), TimeExtracted: []byte("2026-01-02T03:04:05Z"), Version: -1, HasVersion: true}},
		{Type: protocol.StateMessage, State: []byte(`{"a": 1.0}`)},
		{Type: protocol.ActivateVersionMessage, Stream: "orders", Version: 1767323100000},
		{Type: protocol.BatchMessage, Stream: "orders", Batch: &protocol.Batch{Format: "jsonl", Compression: "none", Manifest: []string{"file:///a", "file:///b"}}},
		{Type: protocol.BatchMessage, Stream: "orders", Batch: &protocol.Batch{Format: "parquet", Compression: "gzip", Version: 2, HasVersion: true}},
	}
	const want = `{"type":"SCHEMA","stream":"orders","schema":{"type":"object","properties":{"id":{"type":"integer"}}},"key_properties":["id"],"bookmark_properties":["id"]}
{"type":"SCHEMA","stream":"q\"uote","schema":{"properties":{}},"key_properties":[]}
{"type":"RECORD","stream":"orders","record":{"id":1}}
{"type":"RECORD","stream":"orders","record":{"id":NaN},"time_extracted":"2026-01-02T03:04:05Z","version":-1}
{"type":"STATE","value":{"a": 1.0}}
{"type":"ACTIVATE_VERSION","stream":"orders","version":1767323100000}
{"type":"BATCH","stream":"orders","encoding":{"format":"jsonl","compression":"none"},"manifest":["file:///a","file:///b"]}
{"type":"BATCH","stream":"orders","encoding":{"format":"parquet","compression":"gzip"},"manifest":[],"version":2}
`
	var out output
	w := singer.NewWriter(&out)
	for _, m := range messages {
		require.NoError(t, w.Write(m))
	}
	require.True(t, strings.HasSuffix(out.String(), "{\"type\":\"STATE\",\"value\":{\"a\": 1.0}}\n"), "a state leaves at once, with all before it")
	require.Equal(t, 1, out.writes)
	require.NoError(t, w.Flush())
	require.Equal(t, want, out.String())
	require.NoError(t, w.Flush())
	require.Equal(t, 2, out.writes, "nothing is not written")
	require.Error(t, w.Write(&protocol.Message{}), "a message of no type")
}

func TestRows(t *testing.T) {
	t.Parallel()
	var out output
	w := singer.NewWriter(&out)
	rows := w.Records("ord\"ers", []byte(`"client_id":"acme"`))
	require.NoError(t, rows.Row([]byte(`"id":1`)))
	rows.ExtractedAt(time.Date(2026, 1, 2, 4, 4, 5, 678999999, time.FixedZone("", 3600)))
	require.NoError(t, rows.Row(nil))
	rows.Version(17)
	require.NoError(t, rows.Row([]byte(`"id":2,"s":"x"`)))
	rows.ExtractedAt(time.Time{})
	require.NoError(t, rows.Row([]byte(`"id":3`)))
	bare := w.Records("bare", nil)
	require.NoError(t, bare.Row([]byte(`"id":4`)))
	require.NoError(t, bare.Row(nil))
	require.NoError(t, w.Flush())
	require.Equal(t, `{"type":"RECORD","stream":"ord\"ers","record":{"client_id":"acme","id":1}}
{"type":"RECORD","stream":"ord\"ers","record":{"client_id":"acme"},"time_extracted":"2026-01-02T03:04:05.678Z"}
{"type":"RECORD","stream":"ord\"ers","record":{"client_id":"acme","id":2,"s":"x"},"time_extracted":"2026-01-02T03:04:05.678Z","version":17}
{"type":"RECORD","stream":"ord\"ers","record":{"client_id":"acme","id":3},"version":17}
{"type":"RECORD","stream":"bare","record":{"id":4}}
{"type":"RECORD","stream":"bare","record":{}}
`, out.String())
}

func TestRowsAllocateNothing(t *testing.T) {
	w := singer.NewWriter(io.Discard)
	rows := w.Records("a", []byte(`"client_id":"acme"`))
	members := []byte(`"id":1,"name":"` + strings.Repeat("x", 500) + `"`)
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		now = now.Add(time.Millisecond)
		rows.ExtractedAt(now)
		_ = rows.Row(members)
	}))
}

// Records gather until 64 KiB have come together, and every write ends with a whole line.
func TestBuffering(t *testing.T) {
	t.Parallel()
	var out output
	w := singer.NewWriter(&out)
	rows := w.Records("a", nil)
	for out.writes == 0 {
		require.NoError(t, rows.Row([]byte(`"id":1`)))
	}
	require.GreaterOrEqual(t, out.Len(), 64<<10)
	require.Less(t, out.Len(), 65<<10)
	require.True(t, strings.HasSuffix(out.String(), "}\n"))
	large := []byte(`"s":"` + strings.Repeat("x", 3<<20) + `"`)
	require.NoError(t, rows.Row(large))
	require.Equal(t, 2, out.writes)
}

func TestFirstErrorSticks(t *testing.T) {
	t.Parallel()
	full := errors.New("no space left")
	out := output{failFrom: 2, err: full}
	w := singer.NewWriter(&out)
	state := &protocol.Message{Type: protocol.StateMessage, State: []byte("1")}
	require.NoError(t, w.Write(state))
	require.ErrorIs(t, w.Write(state), full)
	out.err = nil
	require.ErrorIs(t, w.Write(state), full)
	require.ErrorIs(t, w.Records("a", nil).Row(nil), full)
	require.ErrorIs(t, w.Flush(), full)
	require.Equal(t, 2, out.writes, "nothing follows a failed write: the output may end inside a line")
	require.Equal(t, protocol.System, protocol.KindOf(w.Flush()))
}

func TestReaderOfTheOutputHasGone(t *testing.T) {
	t.Parallel()
	reader, writer, err := os.Pipe()
	require.NoError(t, err)
	require.NoError(t, reader.Close())
	defer writer.Close()
	w := singer.NewWriter(writer)
	require.NoError(t, w.Records("a", nil).Row(nil))
	require.ErrorIs(t, w.Flush(), syscall.EPIPE)
}

// A ticker may flush while a stream writes: lines stay whole.
func TestFlushFromAnotherGoroutine(t *testing.T) {
	t.Parallel()
	var out output
	w := singer.NewWriter(&out)
	stop := make(chan struct{})
	var flusher sync.WaitGroup
	flusher.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				_ = w.Flush()
			}
		}
	})
	rows := w.Records("a", nil)
	for range 10_000 {
		require.NoError(t, rows.Row([]byte(`"id":1`)))
	}
	close(stop)
	flusher.Wait()
	require.NoError(t, w.Flush())
	require.Equal(t, strings.Repeat(recordA, 10_000), out.String())
}
