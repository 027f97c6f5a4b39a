package load

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/singer"
	"github.com/signalroom/signalroom/target-postgres/columns"
	"github.com/signalroom/signalroom/target-postgres/database"
	"github.com/signalroom/signalroom/target-postgres/tuples"
)

// events are Singer lines of eleven columns, one of them an object, of about 530 bytes.
func events(n int) (schema *protocol.Stream, lines []byte, err error) {
	const properties = `{"properties":{"uuid":{"type":"string"},"event":{"type":"string"},"distinct_id":{"type":"string"},"timestamp":{"type":"string","format":"date-time"},
		"created_at":{"type":["null","string"],"format":"date-time"},"person_id":{"type":["null","string"]},"session_id":{"type":["null","string"]},
		"amount":{"type":["null","number"]},"count":{"type":["null","integer"]},"active":{"type":["null","boolean"]},"properties":{"type":["null","object"]}}}`
	var b bytes.Buffer
	b.WriteString(`{"type":"SCHEMA","stream":"events","key_properties":[],"schema":` + string(bytes.ReplaceAll([]byte(properties), []byte("\n"), nil)) + "}\n")
	for i := range n {
		fmt.Fprintf(&b, `{"type": "RECORD", "stream": "events", "record": {"uuid": "cd613e30-d8f1-4adf-91b7-%012d", "event": "$pageview", "distinct_id": "user-%d", `+
			`"timestamp": "2026-03-04T05:06:07.%06dZ", "created_at": "2026-03-04T05:06:07.123456Z", "person_id": "0123456789abcdef0123456789abcdef", `+
			`"session_id": "0123456789abcdef01234567", "amount": %d.25, "count": %d, "active": true, "properties": {"$browser": "Firefox", "$os": "Mac OS X", `+
			`"$current_url": "https://example.com/p/%d", "$lib_version": "1.96.1", "$screen_width": 1920, "n": %d, "flag": true}}, "time_extracted": "2026-03-04T05:06:08Z"}`+"\n",
			i, i*7, i%1000000, i%1000, i, i*31, i)
	}
	schema, err = protocol.NewStream("events", []byte(properties), nil, nil)
	return schema, b.Bytes(), err
}

// BenchmarkEncode is everything that the client does to a row before it is sent: read the line, find the members, encode the tuple,
// keep the record.
func BenchmarkEncode(b *testing.B) {
	const rows = 2000
	schema, lines, err := events(rows)
	require.NoError(b, err)
	want := columns.FromStream(schema, columns.Options{Metadata: columns.AllMetadata})
	l := &layout{}
	var places []columns.Place
	for _, c := range want {
		l.Columns = append(l.Columns, tuples.Column{Name: c.Name, Type: c.Type, Source: c.Source})
		l.shape.Columns = append(l.shape.Columns, database.ShapeColumn{Name: c.Name})
		places = append(places, columns.Place{Want: c, Column: c})
	}
	p, err := newPlan(&stream{name: "events"}, schema, l, places)
	require.NoError(b, err)
	s := &segment{plan: p}
	b.SetBytes(int64(len(lines)))
	b.ReportAllocs()
	encoded := 0
	for b.Loop() {
		reader := singer.NewReader(bytes.NewReader(lines), singer.Options{})
		s.reset()
		for {
			m, err := reader.Next()
			if err == io.EOF {
				break
			}
			if m.Type != protocol.RecordMessage {
				continue
			}
			var bad *tuples.Problem
			if s.tuples, bad = p.Append(s.tuples, &m.Record, &tuples.Instant{}, tuples.KeepExtra); bad != nil {
				b.Fatal(bad)
			}
			s.add(m.Line, m.Record.Raw, m.Bytes)
			encoded++
		}
		reader.Close()
	}
	b.ReportMetric(float64(encoded)/b.Elapsed().Seconds(), "rows/s")
}
