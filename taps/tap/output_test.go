package tap

import (
	"encoding/json"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/airbyte"
	"github.com/signalroom/signalroom/protocol/logs"
	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/protocol/singer"
)

// benchOutput is the output of one stream of a Singer run whose stdout is thrown away.
func benchOutput(t testing.TB, settings *Settings) *Output {
	return benchOutputOn(t, settings, func(l *loop) wire { return &singerWire{l, singer.NewWriter(io.Discard)} })
}

// onAirbyte is the other wire.
func onAirbyte(l *loop) wire {
	return &airbyteWire{loop: l, writer: airbyte.NewWriter(io.Discard), streams: map[string]*airbyteRecords{}}
}

func benchOutputOn(t testing.TB, settings *Settings, speak func(l *loop) wire) *Output {
	output := logs.New("tap-bench", io.Discard, nil)
	metrics := output.StartMetrics()
	t.Cleanup(metrics.Close)
	stop, ctx := watch(t.Context(), nil)
	t.Cleanup(stop.end)
	j := &job{program: Program{Now: time.Now}, stop: stop, progress: newProgress(nil, nil), settings: settings,
		run: &Run{Log: output.Logger(), Metrics: metrics, Start: time.Now(), Shard: Shard{0, 1}}}
	l := j.newLoop(ctx, new(protocol.State))
	var columns []Column
	for i := range 11 {
		columns = append(columns, Column{Name: fmt.Sprintf("column_%d", i), Schema: json.RawMessage(`{"type":["null","string"]}`)})
	}
	l.wire = speak(l)
	plans, err := newPlans([]Stream{{Name: "orders", Disposition: protocol.Append, Columns: columns}}, settings)
	require.NoError(t, err)
	require.NoError(t, l.arrange(plans))
	return l.outputs["orders"]
}

func benchMembers() []byte {
	var members []byte
	for i := range 11 {
		if i > 0 {
			members = append(members, ',')
		}
		members = fmt.Appendf(members, `"column_%d":"some text of a usual length %d"`, i, i)
	}
	return members
}

func TestRowDoesNotAllocate(t *testing.T) {
	rowDoesNotAllocate(t, benchOutput(t, &Settings{ClientID: "acme"}))
	rowDoesNotAllocate(t, benchOutputOn(t, &Settings{ClientID: "acme"}, onAirbyte))
}

func rowDoesNotAllocate(t *testing.T, o *Output) {
	t.Helper()
	members := benchMembers()
	object := append(append([]byte{'{'}, members...), '}')
	require.NoError(t, o.Row(members))
	require.NoError(t, o.Record(object))
	require.Zero(t, testing.AllocsPerRun(10_000, func() {
		if err := o.Row(members); err != nil {
			t.Fatal(err)
		}
	}))
	require.Zero(t, testing.AllocsPerRun(10_000, func() {
		if err := o.Record(object); err != nil {
			t.Fatal(err)
		}
	}))
}

func TestOutputOfOtherStreams(t *testing.T) {
	t.Parallel()
	o := benchOutput(t, &Settings{Select: []string{"orders"}})
	require.ErrorContains(t, o.To("typo").Row([]byte(`"a":1`)), `stream "typo" is sent rows but is not declared`)
	require.Error(t, o.To("typo").Record([]byte(`{"a":1}`)))

	require.Error(t, o.Record([]byte(`[1]`)))
	require.Error(t, o.Record([]byte(`{"column_1":`)))
	require.NoError(t, o.Record([]byte("{\n\"column_1\": \"x\",\r\n\"undeclared\": [1,\n2]}")))
	require.Equal(t, `"column_1":"x","undeclared":[1,2]`, string(o.members), "on one line, and with what nobody declared")
}

// FuzzRecord sends anything: what is taken goes out as one line of valid JSON, without the dropped member and with a string or
// null for the hashed and masked ones.
func FuzzRecord(f *testing.F) {
	for _, object := range []string{`{}`, `{"a":1,"b":"x","c":null,"d":[1, {"a":"\u00e9\ud800"}]}`, "{\n\"a\" :\t\"12345678\"\r\n}", `{"":"","b":NaN,"\u0062":1}`} {
		f.Add([]byte(object))
	}
	o := benchOutput(f, &Settings{ClientID: "acme", Columns: Rules{"*": {"a": "mask", "b": "drop", "d": "hash"}}})
	f.Fuzz(func(t *testing.T, object []byte) {
		if o.Record(object) != nil {
			return
		}
		line := append(append([]byte{'{'}, o.members...), '}')
		require.NotContains(t, string(line), "\n")
		var scanner rawjson.Scanner
		fields, err := scanner.Fields(line)
		require.NoError(t, err, "%q became %q", object, line)
		for _, field := range fields {
			switch string(field.Name) {
			case "b", clientColumn:
				t.Fatalf("%q became %q", object, line)
			case "a", "d":
				require.Contains(t, []rawjson.Kind{rawjson.String, rawjson.Null}, rawjson.KindOf(field.Value))
			}
		}
	})
}

// BenchmarkRow is the way of a row out, beside the copying that it cannot do without.
func BenchmarkRow(b *testing.B) {
	members := benchMembers()
	b.Run("row", func(b *testing.B) {
		o := benchOutput(b, &Settings{})
		b.SetBytes(int64(len(members)))
		b.ReportAllocs()
		for b.Loop() {
			if err := o.Row(members); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("row on Airbyte's wire", func(b *testing.B) {
		o := benchOutputOn(b, &Settings{}, onAirbyte)
		b.SetBytes(int64(len(members)))
		b.ReportAllocs()
		for b.Loop() {
			if err := o.Row(members); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("copy", func(b *testing.B) {
		b.SetBytes(int64(len(members)))
		prefix, suffix := []byte(`{"type":"RECORD","stream":"orders","record":{`), []byte(`},"time_extracted":"2026-01-02T03:04:05.678Z"}`)
		buffer := make([]byte, 0, 128<<10)
		for b.Loop() {
			buffer = append(append(append(buffer, prefix...), members...), suffix...)
			if len(buffer) > 64<<10 {
				buffer = buffer[:0]
			}
		}
	})
	b.Run("record", func(b *testing.B) {
		o := benchOutput(b, &Settings{})
		object := append(append([]byte{'{'}, members...), '}')
		b.SetBytes(int64(len(members)))
		b.ReportAllocs()
		for b.Loop() {
			if err := o.Record(object); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("record hashed", func(b *testing.B) {
		o := benchOutput(b, &Settings{Columns: Rules{"*": {"column_3": "hash", "column_5": "drop"}}})
		object := append(append([]byte{'{'}, members...), '}')
		b.SetBytes(int64(len(members)))
		b.ReportAllocs()
		for b.Loop() {
			if err := o.Record(object); err != nil {
				b.Fatal(err)
			}
		}
	})
}
