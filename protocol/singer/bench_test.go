package singer_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/singer"
)

const eventSchema = `{"type":"SCHEMA","stream":"events","key_properties":["uuid"],"schema":{"type":"object","properties":{"uuid":{"type":"string"}}}}` + "\n"

// event is a RECORD of 530 bytes: 11 columns, one of them an object.
const event = `{"type":"RECORD","stream":"events","record":{"uuid":"0190f3c2-7a1b-7c44-9d0e-3f5b6a7c8d9e","event":"$pageview",` +
	`"distinct_id":"user_184467","timestamp":"2026-03-04T05:06:07.891234Z","created_at":"2026-03-04T05:06:09.101112Z","team_id":4711,` +
	`"session_id":"0190f3c2-6f10-7b3a-8c2d-1e2f3a4b5c6d","value":12.75,"is_identified":true,"elements":null,"properties":{"$browser":"Chrome",` +
	`"$os":"Mac OS X","$current_url":"https://shop.example.com/cart?step=2","$screen_width":1920,"utm_source":"newsletter"}},` +
	`"time_extracted":"2026-03-04T05:10:00Z"}` + "\n"

const eventLines = 20_000

func BenchmarkReader(b *testing.B) {
	input := append([]byte(eventSchema), bytes.Repeat([]byte(event), eventLines)...)
	b.SetBytes(int64(len(input)))
	b.ReportAllocs()
	for b.Loop() {
		r := singer.NewReader(bytes.NewReader(input), singer.Options{})
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
		if messages != eventLines+1 {
			b.Fatal(messages)
		}
		r.Close()
	}
}

// The rival: what a plain Go target does with the same lines.
func BenchmarkRivalDecodeV1(b *testing.B) {
	input := bytes.Repeat([]byte(event), 1000)
	b.SetBytes(int64(len(input)))
	b.ReportAllocs()
	for b.Loop() {
		d := json.NewDecoder(bytes.NewReader(input))
		for {
			var line struct {
				Type, Stream string
				Record       map[string]json.RawMessage
			}
			if err := d.Decode(&line); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
}

func eventMembers() []byte {
	start := bytes.Index([]byte(event), []byte(`"uuid"`))
	end := bytes.Index([]byte(event), []byte(`},"time_extracted"`))
	return []byte(event)[start:end]
}

func BenchmarkWriterRow(b *testing.B) {
	w := singer.NewWriter(io.Discard)
	rows := w.Records("events", []byte(`"client_id":"acme"`))
	rows.ExtractedAt(time.Date(2026, 3, 4, 5, 10, 0, 0, time.UTC))
	members := eventMembers()
	b.SetBytes(int64(len(event)))
	b.ReportAllocs()
	for b.Loop() {
		if err := rows.Row(members); err != nil {
			b.Fatal(err)
		}
	}
}

// The same through a message: the tap has to put the record together first, and the writer copies it again.
func BenchmarkWriterMessage(b *testing.B) {
	w := singer.NewWriter(io.Discard)
	members := eventMembers()
	var record []byte
	m := &protocol.Message{Type: protocol.RecordMessage, Stream: "events"}
	m.Record.TimeExtracted = []byte("2026-03-04T05:10:00.000Z")
	b.SetBytes(int64(len(event)))
	b.ReportAllocs()
	for b.Loop() {
		record = append(record[:0], `{"client_id":"acme",`...)
		record = append(append(record, members...), '}')
		m.Record.Raw = record
		if err := w.Write(m); err != nil {
			b.Fatal(err)
		}
	}
}
