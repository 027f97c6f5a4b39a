package rawjson_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/signalroom/signalroom/protocol/rawjson"
)

// event is a Singer RECORD line of 530 bytes: 11 columns, one of them an object.
var event = []byte(`{"type":"RECORD","stream":"events","record":{"uuid":"0190f3c2-7a1b-7c44-9d0e-3f5b6a7c8d9e","event":"$pageview",` +
	`"distinct_id":"user_184467","timestamp":"2026-03-04T05:06:07.891234Z","created_at":"2026-03-04T05:06:09.101112Z","team_id":4711,` +
	`"session_id":"0190f3c2-6f10-7b3a-8c2d-1e2f3a4b5c6d","value":12.75,"is_identified":true,"elements":null,"properties":{"$browser":"Chrome",` +
	`"$os":"Mac OS X","$current_url":"https://shop.example.com/cart?step=2","$screen_width":1920,"utm_source":"newsletter"}},` +
	`"time_extracted":"2026-03-04T05:10:00Z"}`)

func record() []byte {
	start := bytes.Index(event, []byte(`"record":`)) + len(`"record":`)
	end, _ := rawjson.SkipValue(event, start)
	return event[start:end]
}

func BenchmarkFields(b *testing.B) {
	data := record()
	var s rawjson.Scanner
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if fields, err := s.Fields(data); err != nil || len(fields) != 11 {
			b.Fatal(err, len(fields))
		}
	}
}

func BenchmarkFieldsPythonSpaces(b *testing.B) {
	var indented bytes.Buffer
	if err := json.Indent(&indented, record(), "", ""); err != nil {
		b.Fatal(err)
	}
	data := bytes.ReplaceAll(indented.Bytes(), []byte(",\n"), []byte(", "))
	data = bytes.ReplaceAll(data, []byte("\n"), nil)
	var s rawjson.Scanner
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Fields(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkValid(b *testing.B) {
	b.SetBytes(int64(len(event)))
	for b.Loop() {
		if err := rawjson.Valid(event); err != nil {
			b.Fatal(err)
		}
	}
}

// The rivals, over the same record.

func BenchmarkRivalValidV1(b *testing.B) {
	b.SetBytes(int64(len(event)))
	for b.Loop() {
		if !json.Valid(event) {
			b.Fatal()
		}
	}
}

func BenchmarkRivalRawMessageMapV1(b *testing.B) {
	data := record()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		var m map[string]json.RawMessage
		if err := json.Unmarshal(data, &m); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendString(b *testing.B) {
	text := []byte(strings.Repeat("plain text of a column, nothing odd ", 8))
	dst := make([]byte, 0, 1024)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		dst = rawjson.AppendString(dst[:0], text)
	}
}

func BenchmarkAppendStringShort(b *testing.B) {
	text := []byte("2026-03-04T05:06:07Z")
	dst := make([]byte, 0, 1024)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		dst = rawjson.AppendString(dst[:0], text)
	}
}

func BenchmarkAppendUnquoted(b *testing.B) {
	value := []byte(`"` + strings.Repeat(`some text with an \"escape\" here and there; `, 6) + `"`)
	dst := make([]byte, 0, 1024)
	b.SetBytes(int64(len(value)))
	for b.Loop() {
		dst, _ = rawjson.AppendUnquoted(dst[:0], value)
	}
}
