package airbyte_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/airbyte"
	"github.com/signalroom/signalroom/protocol/rawjson"
)

// configured is a catalog of two streams as a destination takes it.
func configured(t testing.TB) []*protocol.Stream {
	t.Helper()
	c, err := airbyte.ParseConfiguredCatalog([]byte(`{"streams":[
		{"stream":{"name":"users","namespace":"shop","json_schema":{"properties":{"id":{"type":"integer"}}}},"sync_mode":"incremental",
			"destination_sync_mode":"append_dedup","primary_key":[["id"]],"cursor_field":["id"],"generation_id":4,"minimum_generation_id":4,"sync_id":9},
		{"stream":{"name":"orders","json_schema":{}},"sync_mode":"full_refresh","destination_sync_mode":"append"}]}`))
	require.NoError(t, err)
	streams, err := c.Destination()
	require.NoError(t, err)
	return streams
}

// transcript is what a reader says of an input, a line for each message.
func transcript(t testing.TB, input io.Reader) string {
	r := airbyte.NewReader(input, configured(t), slog.New(slog.DiscardHandler))
	defer r.Close()
	var b strings.Builder
	for {
		m, err := r.Next()
		var rejected *protocol.RecordError
		if errors.As(err, &rejected) {
			fmt.Fprintf(&b, "rejected %v\n", err)
			continue
		}
		if err != nil {
			fmt.Fprintln(&b, err)
			return b.String()
		}
		fmt.Fprintf(&b, "%d %s ", m.Line, m.Stream)
		switch m.Type {
		case protocol.SchemaMessage:
			fmt.Fprintf(&b, "schema key %q cursor %q %s refresh %d", m.Schema.KeyProperties, m.Schema.BookmarkProperties, m.Schema.Disposition, m.Schema.Sync.Refresh)
		case protocol.RecordMessage:
			fmt.Fprintf(&b, "record %s at %d changes %s", m.Record.Raw, m.Record.EmittedAt, m.Record.Changes)
			for _, f := range m.Record.Fields {
				fmt.Fprintf(&b, " %s=%s", f.Name, f.Value)
			}
		case protocol.StateMessage:
			fmt.Fprintf(&b, "state %s‸%s", m.State[:m.CountsAt], m.State[m.CountsAt:])
		case protocol.StatusMessage:
			fmt.Fprintf(&b, "complete %t", m.Complete)
		}
		b.WriteByte('\n')
	}
}

func TestReader(t *testing.T) {
	t.Parallel()
	input, err := os.ReadFile("testdata/destination.jsonl")
	require.NoError(t, err)
	golden(t, "destination.golden", transcript(t, bytes.NewReader(input)))
	require.Equal(t, transcript(t, bytes.NewReader(input)), transcript(t, iotest.OneByteReader(bytes.NewReader(input))))
}

func TestReaderRefuses(t *testing.T) {
	t.Parallel()
	record := `{"type":"RECORD","record":{"stream":"orders","data":{"a":1},"emitted_at":1}}`
	for _, c := range []struct {
		input, says string
		kind        protocol.Kind
		truncated   bool
	}{
		{input: record + "\n" + record[:40], says: "line 2: the input ends in the middle of a line", kind: protocol.Data, truncated: true},
		{input: record[:40] + "\n", says: "line 1: invalid JSON", kind: protocol.Data},
		{input: "[]\n", says: "line 1: invalid JSON", kind: protocol.Data},
		{input: record + "x\n", says: "text after the message", kind: protocol.Data},
		{input: "{}\n", says: "the message has no type", kind: protocol.Data},
		{input: `{"type":"RECORD","record":null}`, says: "the record names no stream", kind: protocol.Data},
		{input: `{"type":"RECORD","record":{"stream":"users","data":{}}}`, says: `stream "users": line 1: a record of a stream that is not in the configured catalog`, kind: protocol.Data},
		{input: `{"type":"RECORD","record":{"stream":"orders","data":[]}}`, says: "data is no object", kind: protocol.Data},
		{input: `{"type":"STATE","state":null}`, says: "the STATE has no state", kind: protocol.Data},
		{input: "{\"type\":\"STATE\",\"state\":{\"x\":\"\xff\"}}\n", says: "invalid UTF-8 at byte 31", kind: protocol.Data},
	} {
		r := airbyte.NewReader(strings.NewReader(c.input), configured(t), slog.New(slog.DiscardHandler))
		err := error(nil)
		for err == nil {
			_, err = r.Next()
		}
		require.ErrorContains(t, err, c.says)
		require.Equal(t, c.kind, protocol.KindOf(err))
		require.Equal(t, c.truncated, errors.Is(err, protocol.ErrTruncated))
		_, again := r.Next()
		require.Equal(t, err, again)
		r.Close()
	}
}

// One record that is no UTF-8 costs itself alone.
func TestReaderRejects(t *testing.T) {
	t.Parallel()
	got := transcript(t, strings.NewReader("{\"type\":\"RECORD\",\"record\":{\"stream\":\"orders\",\"data\":{\"a\":\"\xff\"}}}\n"+
		`{"type":"RECORD","record":{"stream":"orders","data":{"a":2}}}`))
	require.Contains(t, got, "rejected stream \"orders\": line 1: invalid UTF-8 at byte 59 of the line\n2 orders record {\"a\":2} at 0 changes  a=2\nEOF\n")
}

const event = `{"type":"RECORD","record":{"stream":"orders","data":{"uuid":"0190f3c2-7a1b-7c44-9d0e-3f5b6a7c8d9e","event":"$pageview",` +
	`"distinct_id":"user_184467","timestamp":"2026-03-04T05:06:07.891234Z","created_at":"2026-03-04T05:06:09.101112Z","team_id":4711,` +
	`"session_id":"0190f3c2-6f10-7b3a-8c2d-1e2f3a4b5c6d","value":12.75,"is_identified":true,"elements":null,"properties":{"$browser":"Chrome",` +
	`"$os":"Mac OS X","$current_url":"https://shop.example.com/cart?step=2","$screen_width":1920,"utm_source":"newsletter"}},` +
	`"emitted_at":1772600999000}}` + "\n"

func TestReaderAllocatesNothing(t *testing.T) {
	r := airbyte.NewReader(bytes.NewReader(bytes.Repeat([]byte(event), 2000)), configured(t), slog.New(slog.DiscardHandler))
	defer r.Close()
	for range 100 {
		_, err := r.Next()
		require.NoError(t, err)
	}
	require.Less(t, testing.AllocsPerRun(1000, func() { r.Next() }), 0.1)
}

// BenchmarkReader reads what the benchmark of the Singer reader does.
func BenchmarkReader(b *testing.B) {
	const events = 20_000
	input := bytes.Repeat([]byte(event), events)
	streams := configured(b)
	b.SetBytes(int64(len(input)))
	b.ReportAllocs()
	for b.Loop() {
		r := airbyte.NewReader(bytes.NewReader(input), streams, slog.New(slog.DiscardHandler))
		messages := 0
		for {
			_, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			messages++
		}
		if messages != events+len(streams) {
			b.Fatal(messages)
		}
		r.Close()
	}
}

// A state comes back as valid JSON with the counts put in, however it is written; cutting the input elsewhere changes nothing.
func FuzzReader(f *testing.F) {
	input, err := os.ReadFile("testdata/destination.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(input)
	for line := range bytes.Lines(input) {
		f.Add(line)
	}
	f.Add([]byte(event + event[:100]))
	streams := configured(f)
	f.Fuzz(func(t *testing.T, input []byte) {
		if got, again := transcript(t, bytes.NewReader(input)), transcript(t, iotest.HalfReader(bytes.NewReader(input))); got != again {
			t.Fatalf("%q, then %q", got, again)
		}
		r := airbyte.NewReader(bytes.NewReader(input), streams, slog.New(slog.DiscardHandler))
		defer r.Close()
		for {
			m, err := r.Next()
			if err != nil && m == nil {
				return
			}
			if m.Type != protocol.StateMessage {
				continue
			}
			line := string(m.State[:m.CountsAt]) + "{}" + string(m.State[m.CountsAt:])
			if err := rawjson.Valid([]byte(line)); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
		}
	})
}
