package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/target-postgres/load"
	"github.com/signalroom/signalroom/target-postgres/server"
	"github.com/signalroom/signalroom/target-postgres/server/servertest"
)

// A record of 60 MiB, beside small ones: with a key and without, in text and in jsonb, and a line that is longer than any.
func TestLongRecord(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	const size = 60 << 20
	long := func(size int64) io.Reader { return io.LimitReader(endless('x'), size) }
	in := io.MultiReader(
		strings.NewReader(logSchema+`{"type":"SCHEMA","stream":"docs","key_properties":["id"],"schema":{"properties":{"id":{"type":"integer"},"text":{"type":"string"},"doc":{"type":"object"}}}}
{"type":"RECORD","stream":"docs","record":{"id":1,"text":"short"}}
{"type":"RECORD","stream":"log","record":{"n":1}}
{"type":"RECORD","stream":"docs","record":{"id":2,"text":"`), long(size), strings.NewReader(`"}}
{"type":"RECORD","stream":"docs","record":{"id":3,"doc":{"in":"`), long(size), strings.NewReader(`"}}}
{"type":"RECORD","stream":"log","record":{"n":2}}
{"type":"STATE","value":1}
{"type":"RECORD","stream":"docs","record":{"id":4,"text":"`), long(256<<20), strings.NewReader(`"}}
`))
	r := run(t, dsn, input{from: in})
	require.Equal(t, 3, r.code, r.stderr)
	require.Contains(t, r.stderr, "CRITICAL line 9 is longer than 268435456 bytes; send smaller records")
	require.Less(t, len(r.stderr), 10_000)
	require.Equal(t, "1\n", r.stdout)
	require.Equal(t, fmt.Sprintf("1 | 5 | ∅\n2 | %[1]d | ∅\n3 | ∅ | %[1]d\n1\n2\n", size),
		answers(t, dsn, "SELECT id, length(text), length(doc ->> 'in') FROM docs ORDER BY id;\nSELECT n FROM log ORDER BY n"))
}

// More columns than a table can have: the last ones are in _extra. A row that fits no page is rejected alone.
func TestManyColumns(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	const most = 1600
	var in, all strings.Builder
	in.WriteString(`{"type":"SCHEMA","stream":"wide","key_properties":["c0"],"schema":{"properties":{`)
	for i := range most {
		comma := ","
		if i == 0 {
			comma = ""
		}
		fmt.Fprintf(&in, `%s"c%d":{"type":["null","integer"]}`, comma, i)
		fmt.Fprintf(&all, `%s"c%d":%d`, comma, i, i)
	}
	in.WriteString(`}}}
{"type":"RECORD","stream":"wide","record":{"c0":1,"c800":2,"c1599":3}}
{"type":"RECORD","stream":"wide","record":{` + all.String() + `}}
{"type":"RECORD","stream":"wide","record":{"c0":2,"c1":5}}
{"type":"RECORD","stream":"wide","record":{"c0":2,"c1":6,"c1500":7}}
{"type":"STATE","value":1}
`)
	r := run(t, dsn, input{stdin: in.String(), args: []string{"--add-record-metadata=false"}})
	require.Zero(t, r.code, r.stderr)
	require.Equal(t, "1 | ∅ | 2 | ∅ | 3\n2 | 6 | ∅ | 7 | ∅\n3 | row is too big | 54000\n", answers(t, dsn, `SELECT c0, c1, c800, c1500, _extra ->> 'c1599' FROM wide ORDER BY c0;
SELECT line, split_part(reason, ':', 1), sqlstate FROM _signalroom_rejects`))
}

// A state for every record is one line, and one commit, while none has waited long enough.
func TestManyStates(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	const states = 100_000
	var in strings.Builder
	in.WriteString(logSchema + keyedSchema)
	for i := range states {
		if i%10 == 0 {
			fmt.Fprintf(&in, `{"type":"RECORD","stream":"log","record":{"n":%d}}`+"\n", i)
			fmt.Fprintf(&in, `{"type":"RECORD","stream":"keyed","record":{"n":%d}}`+"\n", i%100)
		}
		fmt.Fprintf(&in, `{"type":"STATE","value":{"n":%d}}`+"\n", i)
	}
	r := run(t, dsn, input{stdin: in.String(), args: []string{"--batch-wait-seconds=3600"}})
	require.Zero(t, r.code, r.stderr)
	require.Equal(t, `{"n":99999}`+"\n", lastLine(r.stdout))
	require.Less(t, strings.Count(r.stdout, "\n"), 4, "what is made of the table may end an interval, no state does")
	require.Equal(t, "10000\n10\nt\n", answers(t, dsn, "SELECT count(*) FROM log;\nSELECT count(*) FROM keyed;\nSELECT count(*) < 8 FROM _signalroom_loads"))
}

// endless gives one letter for ever.
type endless byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

// A server that has few locks: the streams of an interval hold several each until its commit, so it ends after some of them.
func TestManyStreamsFewLocks(t *testing.T) {
	t.Parallel()
	ctx := context.WithoutCancel(t.Context())
	dir, err := os.MkdirTemp("/tmp", "signalroom-locks-") // the path of a socket is short
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	few, err := server.Start(ctx, server.Options{Dir: dir, Settings: map[string]string{
		"fsync": "off", "max_connections": "16", "max_locks_per_transaction": "10", "autovacuum_max_workers": "1", "max_wal_senders": "0"}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, few.Stop(ctx)) })
	const streams = 300
	var in strings.Builder
	for s := range streams {
		fmt.Fprintf(&in, `{"type":"SCHEMA","stream":"s%d","key_properties":["n"],"schema":{"properties":{"n":{"type":"integer"}}}}`+"\n", s)
	}
	for s := range streams {
		fmt.Fprintf(&in, `{"type":"RECORD","stream":"s%d","record":{"n":1}}`+"\n"+`{"type":"STATE","value":%d}`+"\n", s, s)
	}
	for range 2 { // the second time through staging
		r := run(t, few.DSN(), input{stdin: in.String(), limits: load.Limits{Streams: 20}})
		require.Zero(t, r.code, r.stderr)
		require.Equal(t, fmt.Sprintf("%d\n", streams-1), lastLine(r.stdout))
	}
	require.Equal(t, "300 | 600\n", answers(t, few.DSN(), "SELECT count(DISTINCT stream), sum(read) FROM _signalroom_loads"))
}

// What is large enough is committed at its state, though nothing has waited long.
func TestBytesCommit(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	l := start(t, dsn, "--batch-wait-seconds=3600", "--batch-size-mb=1")
	var in strings.Builder
	in.WriteString(keyedSchema)
	for n := range 12 {
		fmt.Fprintf(&in, `{"type":"RECORD","stream":"keyed","record":{"n":%d,"text":"%s"}}`+"\n", n, strings.Repeat("x", 100_000))
	}
	in.WriteString(`{"type":"STATE","value":"large"}` + "\n")
	l.send(t, in.String())
	require.Equal(t, `"large"`, l.state(t))
	require.Equal(t, "12\n", answers(t, dsn, "SELECT count(*) FROM keyed"))
	l.stdin.Close()
	require.Zero(t, <-l.done)
}

// A stream that goes back and forth between two SCHEMAs: one layout serves both, so that thousands of turns cost nothing. In a
// merge a row of one leaves alone what a row of the other wrote, but for what both declare.
func TestAlternatingSchemas(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	var in strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&in, `{"type":"SCHEMA","stream":"alike","key_properties":["id"],"schema":{"properties":{"id":{"type":"integer"},"a":{"type":["integer","%s"]}}}}`+"\n", []string{"null", "number"}[i%2])
		fmt.Fprintf(&in, `{"type":"RECORD","stream":"alike","record":{"id":%d,"a":%d}}`+"\n", i/2, i)
	}
	for i := range 5000 {
		name, c := []string{"a", "b"}[i%2], []string{`,"c":1`, ""}[i%2]
		fmt.Fprintf(&in, `{"type":"SCHEMA","stream":"s","key_properties":["id"],"schema":{"properties":{"id":{"type":"integer"},"%s":{"type":"integer"},"c":{"type":["null","integer"]}}}}`+"\n", name)
		fmt.Fprintf(&in, `{"type":"RECORD","stream":"s","record":{"id":%d,"%s":%d%s}}`+"\n", i/2, name, i, c)
	}
	in.WriteString(`{"type":"STATE","value":1}` + "\n")
	r := run(t, dsn, input{stdin: in.String()})
	require.Zero(t, r.code, r.stderr)
	require.Equal(t, "2500 | 2500 | 0\n2500 | 2500 | 2500 | 0 | 0\n5000 | t\n5000 | t\n", answers(t, dsn, `SELECT count(*), count(a), count(*) FILTER (WHERE a <> 2 * id + 1) FROM alike;
SELECT count(*), count(a), count(b), count(c), count(*) FILTER (WHERE b <> a + 1) FROM s;
SELECT sum(read), count(*) < 5 FROM _signalroom_loads GROUP BY stream`))
}
