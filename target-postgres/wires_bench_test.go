package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/target-postgres/server/servertest"
)

// BenchmarkWires loads the same events from either wire, with a key and without. The Airbyte wire is to stay within a fifth of Singer's.
func BenchmarkWires(b *testing.B) {
	const events = 200_000
	for _, keyed := range []bool{false, true} {
		for _, wire := range []string{"singer", "airbyte"} {
			name := map[bool]string{false: "append", true: "merge"}[keyed]
			b.Run(name+"/"+wire, func(b *testing.B) {
				cpu := time.Duration(0)
				for b.Loop() {
					b.StopTimer()
					dsn := servertest.Database(b)
					input, args := wireEvents(b, wire, keyed, events, dsn)
					var stdout, stderr bytes.Buffer
					b.SetBytes(int64(len(input)))
					before := processTime(b)
					b.StartTimer()
					code := Program{Args: args, Stdin: bytes.NewReader(input), Stdout: &stdout, Stderr: &stderr, Env: env(), Dir: b.TempDir()}.Run(b.Context())
					require.Zero(b, code, stderr.String()+stdout.String())
					cpu += processTime(b) - before
				}
				b.ReportMetric(events/(b.Elapsed().Seconds()/float64(b.N)), "rows/s")
				b.ReportMetric(float64(cpu.Nanoseconds())/float64(b.N*events), "cpu-ns/row")
			})
		}
	}
}

// processTime is the processor time that this process took so far, the server's not counted.
func processTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

const benchProperties = `{"uuid":{"type":"string"},"event":{"type":"string"},"distinct_id":{"type":"string"},"timestamp":{"type":"string","format":"date-time"},` +
	`"team_id":{"type":"integer"},"value":{"type":"number"},"is_identified":{"type":"boolean"},"properties":{"type":"object"}}`

// wireEvents are events of about 530 bytes with a state after each ten thousand, and the arguments to load them.
func wireEvents(b *testing.B, wire string, keyed bool, events int, dsn string) (input []byte, args []string) {
	var w bytes.Buffer
	key, mode, path := `[]`, "append", `[]`
	if keyed {
		key, mode, path = `["uuid"]`, "append_dedup", `[["uuid"]]`
	}
	args = []string{"--dsn", dsn}
	if wire == "airbyte" {
		dir := b.TempDir()
		config, err := json.Marshal(map[string]string{"dsn": dsn})
		require.NoError(b, err)
		require.NoError(b, os.WriteFile(filepath.Join(dir, "config.json"), config, 0o600))
		require.NoError(b, os.WriteFile(filepath.Join(dir, "catalog.json"), []byte(`{"streams":[{"stream":{"name":"events","json_schema":{"properties":`+benchProperties+
			`}},"sync_mode":"incremental","destination_sync_mode":"`+mode+`","primary_key":`+path+`}]}`), 0o600))
		args = []string{"write", "--config", filepath.Join(dir, "config.json"), "--catalog", filepath.Join(dir, "catalog.json")}
	} else {
		fmt.Fprintf(&w, `{"type":"SCHEMA","stream":"events","key_properties":%s,"schema":{"properties":%s}}`+"\n", key, benchProperties)
	}
	for i := range events {
		event := fmt.Sprintf(`{"uuid":"0190f3c2-7a1b-7c44-9d0e-%012x","event":"$pageview","distinct_id":"user_%d","timestamp":"2026-03-04T05:06:%02d.891234Z",`+
			`"team_id":4711,"value":%d.75,"is_identified":true,"properties":{"$browser":"Chrome","$os":"Mac OS X",`+
			`"$current_url":"https://shop.example.com/cart?step=%d","$screen_width":1920,"utm_source":"newsletter","filler":"%s"}}`, i, i%977, i%60, i%13, i%5, strings.Repeat("f", 100))
		if wire == "airbyte" {
			io.WriteString(&w, `{"type":"RECORD","record":{"stream":"events","data":`+event+`,"emitted_at":1772600999000}}`+"\n")
		} else {
			io.WriteString(&w, `{"type":"RECORD","stream":"events","record":`+event+`,"time_extracted":"2026-03-04T05:10:00Z"}`+"\n")
		}
		switch {
		case i%10_000 != 9_999:
		case wire == "airbyte":
			fmt.Fprintf(&w, `{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"events"},"stream_state":{"n":%d}}}}`+"\n", i)
		default:
			fmt.Fprintf(&w, `{"type":"STATE","value":{"n":%d}}`+"\n", i)
		}
	}
	return w.Bytes(), args
}
