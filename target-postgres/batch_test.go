package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/target-postgres/load"
	"github.com/signalroom/signalroom/target-postgres/server/servertest"
)

func batchOf(stream, format string, files ...string) string {
	return fmt.Sprintf(`{"type":"BATCH","stream":%q,"encoding":{"format":%q,"compression":"none"},"manifest":["%s"]}`+"\n", stream, format, strings.Join(files, `","`))
}

func fileOf(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "batch.jsonl")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// Records of files and of the pipe are one sequence: the newest of a key counts, wherever it came from, and states cover both.
func TestBatchAmongRecords(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	first := fileOf(t, `{"n":1,"text":"first"}
{"n":2,"text":"a"}
{"n":2,"text":"b"}
{"n":3,"text":5}
{"n":
{"n":4,"text":"kept"}
`)
	second := fileOf(t, `{"n":1,"text":"second"}`)
	r := run(t, dsn, input{limits: load.Limits{Segment: 300, Open: 1200, Sent: 1200}, stdin: keyedSchema +
		`{"type":"RECORD","stream":"keyed","record":{"n":1,"text":"pipe"}}
{"type":"RECORD","stream":"keyed","record":{"n":4,"text":"old"}}
` + batchOf("keyed", "jsonl", first, "file://"+second) + `{"type":"RECORD","stream":"keyed","record":{"n":2,"text":"c"}}
{"type":"STATE","value":1}
` + batchOf("keyed", "jsonl", "/nowhere/at/all") + `{"type":"STATE","value":2}
`})
	require.Equal(t, 3, r.code, r.stderr)
	require.Contains(t, r.stderr, `line 7: /nowhere/at/all: no such file or directory; let the tap and the target see the same files, and run the tap again`)
	require.Equal(t, "1\n", r.stdout)
	require.Equal(t, "1 | second\n2 | c\n4 | kept\n", answers(t, dsn, "SELECT n, text FROM keyed ORDER BY n"))
	require.Equal(t, fmt.Sprintf("{\"n\":3,\"text\":5} | a JSON type that its schema does not declare or text cannot take\n{\"n\": | %s, line 5: invalid JSON: byte 6: a value is missing\n", first),
		answers(t, dsn, "SELECT record, reason FROM _signalroom_rejects ORDER BY line"))
}

// What Parquet holds arrives as it is.
func TestBatchOfParquet(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	type row struct {
		Amount int64             `parquet:"amount,decimal(4:18)"`
		At     time.Time         `parquet:"at,timestamp(microsecond)"`
		Day    int32             `parquet:"day,date"`
		ID     int64             `parquet:"id"`
		Labels map[string]string `parquet:"labels"`
		Ref    [16]byte          `parquet:"ref,uuid"`
		Tags   []string          `parquet:"tags,list"`
		Text   *string           `parquet:"text,optional"`
	}
	text := "é\n"
	var b bytes.Buffer
	require.NoError(t, parquet.Write(&b, []row{
		{ID: 1, Amount: 12_345_678_901_234_567, At: time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC), Day: 20_000, Text: &text, Tags: []string{"a", "b"}, Labels: map[string]string{"k": "v"}},
		{ID: 2, At: time.Unix(0, 0).UTC()},
	}, parquet.Compression(&parquet.Zstd)))
	path := filepath.Join(t.TempDir(), "batch.parquet")
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o600))
	r := run(t, dsn, input{stdin: strings.ReplaceAll(`{"type":"SCHEMA","stream":"rows","key_properties":["id"],"schema":{"properties":{"id":{"type":"integer"},
"amount":{"type":"number","multipleOf":0.0001},"at":{"type":"string","format":"date-time"},"day":{"type":"string","format":"date"},
"ref":{"type":"string","format":"uuid"},"labels":{"type":"object"},"tags":{"type":"array"},"text":{"type":["null","string"]}}}}`, "\n", "") + "\n" +
		batchOf("rows", "parquet", path) + `{"type":"STATE","value":1}` + "\n"})
	require.Zero(t, r.code, r.stderr)
	require.Equal(t, `1 | 1234567890123.4567 | 2026-01-02 03:04:05.678901 | 2024-10-04 | {"k": "v"} | 00000000-0000-0000-0000-000000000000 | ["a", "b"] | "é\n"
2 | 0.0000 | 1970-01-01 00:00:00 | 1970-01-01 | {} | 00000000-0000-0000-0000-000000000000 | [] | ∅
`, answers(t, dsn, "SELECT id, amount, at AT TIME ZONE 'UTC', day, labels, ref, tags, to_json(text) FROM rows ORDER BY id"))
}

// feed writes lines to a named pipe until the reader is gone. The reader has taken all but the last of what wrote counts.
func feed(t *testing.T, path string, rows int) (wrote chan int) {
	t.Helper()
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	wrote = make(chan int, 1)
	go func() {
		w, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = w.WriteString(lineRows(2, rows))
		wrote <- rows
		_, _ = w.WriteString(lineRows(rows+1, 4*rows)) // the reader is ended in the middle of these
		w.Close()
	}()
	return wrote
}

func lineRows(first, rows int) string {
	var b strings.Builder
	for n := first; n <= rows; n++ {
		fmt.Fprintf(&b, "{\"n\":%d}%64s\n", n, "")
	}
	return b.String()
}

// A signal in the middle of a file commits what a state covers; rows without a key behind it are taken back.
func TestSignalWithinBatch(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	path := filepath.Join(t.TempDir(), "pipe")
	wrote := feed(t, path, 20_000)
	l := start(t, dsn, "--batch-wait-seconds=3600")
	l.send(t, logSchema+keyedSchema+`{"type":"RECORD","stream":"log","record":{"n":1}}
{"type":"RECORD","stream":"keyed","record":{"n":1}}
{"type":"STATE","value":"covered"}
`+batchOf("log", "jsonl", path))
	<-wrote
	l.signals <- syscall.SIGTERM
	require.Equal(t, `"covered"`, l.state(t))
	require.Equal(t, 143, <-l.done, "standard error:\n%s", l.stderr)
	require.Equal(t, "1\n1\n", answers(t, dsn, "SELECT n FROM log;\nSELECT n FROM keyed"))
}

// Killed in the middle of a file and run again, every row is there once, with a key and without.
func TestKilledWithinBatch(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	binary := filepath.Join(t.TempDir(), "target-postgres")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput()
	require.NoError(t, err, string(out))
	const rows = 20_000
	before := logSchema + keyedSchema + `{"type":"RECORD","stream":"log","record":{"n":1}}
{"type":"RECORD","stream":"keyed","record":{"n":1}}
{"type":"STATE","value":1}
`
	for _, stream := range []string{"log", "keyed"} {
		path := filepath.Join(t.TempDir(), "pipe")
		wrote := feed(t, path, rows)
		killed := target(t, binary, dsn, "--batch-wait-seconds=0")
		killed.Stdin = strings.NewReader(before + batchOf(stream, "jsonl", path))
		states, err := killed.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, killed.Start())
		if stream == "log" {
			line, err := bufio.NewReader(states).ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, "1\n", line)
		}
		<-wrote
		require.NoError(t, killed.Process.Kill())
		require.EqualError(t, killed.Wait(), "signal: killed")
		printed, err := target(t, binary, dsn, "state").Output()
		require.NoError(t, err)
		require.Equal(t, "1\n", string(printed))
		before = logSchema + keyedSchema // the state covers the rest
	}
	whole := fileOf(t, lineRows(2, rows))
	again := target(t, binary, dsn)
	again.Stdin = strings.NewReader(before + batchOf("log", "jsonl", whole) + batchOf("keyed", "jsonl", whole) + `{"type":"STATE","value":2}` + "\n")
	printed, err := again.Output()
	require.NoError(t, err)
	require.Equal(t, "2\n", string(printed))
	require.Equal(t, fmt.Sprintf("%[1]d | %[1]d\n%[1]d | %[1]d\n", rows),
		answers(t, dsn, "SELECT count(*), count(DISTINCT n) FROM log;\nSELECT count(*), count(DISTINCT n) FROM keyed"))
}
