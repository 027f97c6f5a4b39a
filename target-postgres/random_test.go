package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/target-postgres/server/servertest"
)

// A script is the messages that a tap sends, each made from one byte: records of streams of every disposition, good and bad
// ones, with and without versions and marks of deletion; schemas that change; versions that end; states.
type script struct {
	lines   []string
	schemas [][]string // those in force at each line
}

const randomStreams = 5

func newScript(choices []byte) script {
	var s script
	current := make([]string, randomStreams)
	schema := func(stream int, text string) string {
		current = slices.Clone(current)
		current[stream] = text
		return text
	}
	keyed := func(types, word string) string {
		return schema(1, `{"type":"SCHEMA","stream":"keyed","key_properties":["k"],"schema":{`+word+`"properties":{"k":{"type":"integer"},"v":`+types+`,"_sdc_deleted_at":{"type":["null","string"],"format":"date-time"}}}}`)
	}
	add := func(format string, args ...any) {
		s.lines = append(s.lines, fmt.Sprintf(format, args...))
		s.schemas = append(s.schemas, current)
	}
	add("%s", schema(0, `{"type":"SCHEMA","stream":"log","key_properties":[],"schema":{"properties":{"n":{"type":"integer"}}}}`))
	add("%s", keyed(`{"type":"integer"}`, ""))
	add("%s", schema(2, `{"type":"SCHEMA","stream":"newest","key_properties":["k"],"bookmark_properties":["at"],"schema":{"properties":{"k":{"type":"integer"},"at":{"type":["null","integer"]},"v":{"type":"integer"}}}}`))
	add("%s", schema(3, `{"type":"SCHEMA","stream":"files","key_properties":["k"],"schema":{"x-write-disposition":"append","properties":{"k":{"type":"integer"},"v":{"type":"integer"}}}}`))
	add("%s", schema(4, `{"type":"SCHEMA","stream":"whole","key_properties":["k"],"schema":{"x-write-disposition":"replace","properties":{"k":{"type":"integer"},"v":{"type":"integer"}}}}`))
	version, open := 1, false
	for i, c := range choices {
		key := int(c) / 20 % 5
		switch c % 20 {
		case 0, 1, 2:
			add(`{"type":"RECORD","stream":"log","record":{"n":%d}}`, i)
		case 3, 4:
			add(`{"type":"RECORD","stream":"keyed","record":{"k":%d,"v":%d}}`, key, i)
		case 5:
			add(`{"type":"RECORD","stream":"keyed","version":%d,"record":{"k":%d,"v":%d}}`, version, key, i)
		case 6:
			add(`{"type":"RECORD","stream":"keyed","record":{"k":%d,"v":%d,"_sdc_deleted_at":"2026-01-02T03:04:05Z"}}`, key, i)
		case 7:
			add(`{"type":"RECORD","stream":"newest","record":{"k":%d,"at":%d,"v":%d}}`, key, i*7%11, i)
		case 8:
			add(`{"type":"RECORD","stream":"newest","record":{"k":%d,"v":%d}}`, key, i)
		case 9:
			add(`{"type":"RECORD","stream":"files","record":{"k":%d,"v":%d}}`, i/3, key)
		case 10, 11, 12:
			add(`{"type":"STATE","value":{"at":%d}}`, i)
		case 13:
			add(`{"type":"RECORD","stream":"whole","version":%d,"record":{"k":%d,"v":%d}}`, version, key, i)
			open = true
		case 14:
			add(`{"type":"ACTIVATE_VERSION","stream":"whole","version":%d}`, version)
			version++
			open = false
		case 15:
			add(`{"type":"ACTIVATE_VERSION","stream":"keyed","version":%d}`, version-1+key%2)
		case 16:
			add(`{"type":"RECORD","stream":"log","record":{"n":"not a number"}}`)
		case 17:
			add(`{"type":"RECORD","stream":"newest","record":{"k":%d,"v":%d,"more":%d}}`, key, i, i)
		case 18:
			add("%s", keyed([]string{`{"type":"integer"}`, `{"type":"number"}`, `{"type":["integer","null"]},"w":{"type":"integer"}`, `{"type":"string"}`, `{"type":"object"}`}[key], ""))
		case 19:
			add(`{"type":"RECORD","stream":"keyed","record":{"v":%d}}`, i)
		}
	}
	if open {
		add(`{"type":"ACTIVATE_VERSION","stream":"whole","version":%d}`, version)
	}
	add(`{"type":"STATE","value":"the end"}`)
	return s
}

// until gives the messages up to a line, which is cut off.
func (s script) until(line int) string {
	return strings.Join(s.lines[:line], "\n") + "\n" + s.lines[line][:len(s.lines[line])/2]
}

// since gives the messages after a state, all of them where there is none.
func (s script) since(state string) string {
	at := slices.IndexFunc(s.lines, func(line string) bool { return line == `{"type":"STATE","value":`+state+`}` })
	if at < 0 {
		return strings.Join(s.lines, "\n") + "\n"
	}
	return strings.Join(append(slices.Clone(s.schemas[at]), s.lines[at+1:]...), "\n") + "\n"
}

// outcome is what a run leaves in a schema: the rows of every table, and what was rejected.
func outcome(t *testing.T, dsn, schema string) string {
	var queries []string
	for _, table := range []string{"log", "keyed", "newest", "files", "whole"} {
		queries = append(queries, fmt.Sprintf(`SELECT '%[2]s', to_jsonb(t) - '{_sdc_extracted_at,_sdc_received_at,_sdc_batched_at,_sdc_deleted_at,_sdc_sequence,_sdc_sync_started_at}'::text[],
			_sdc_deleted_at IS NOT NULL FROM %[1]s.%[2]s t ORDER BY 2`, schema, table))
	}
	queries = append(queries, fmt.Sprintf(`SELECT DISTINCT stream, "column", reason, record FROM %s._signalroom_rejects ORDER BY 1, 2, 3, 4`, schema))
	return answers(t, dsn, strings.Join(queries, ";\n"))
}

// requireOneOutcome runs the script in several ways, which all end the same: in one piece; in small segments; with a commit at
// every state; and cut off in the middle, with what follows the last state in a second run.
func requireOneOutcome(t *testing.T, dsn string, choices []byte) {
	s := newScript(choices)
	name := "r" + fmt.Sprint(rand.Uint64())
	runIn := func(way, text string, in input) result {
		in.stdin, in.args = text, append(in.args, "--max-rejects=1000000", "--default-target-schema="+name+way)
		return run(t, dsn, in)
	}
	defer func() {
		_, err := servertest.Connect(t, dsn).Exec(t.Context(), fmt.Sprintf("DROP SCHEMA IF EXISTS %[1]sa, %[1]sb, %[1]sc, %[1]sd CASCADE", name))
		require.NoError(t, err)
	}()
	all := s.since("")
	r := runIn("a", all, input{})
	require.Zero(t, r.code, "%s\n%s", all, r.stderr)
	want := outcome(t, dsn, name+"a")
	small := limits(t, "", 64)
	for way, in := range map[string]input{"b": {limits: small}, "c": {env: []string{"TARGET_POSTGRES_BATCH_WAIT_SECONDS", "0"}, limits: small}} {
		r := runIn(way, all, in)
		require.Zero(t, r.code, "%s\n%s", all, r.stderr)
		require.Equal(t, "\"the end\"\n", lastLine(r.stdout))
		require.Equal(t, want, outcome(t, dsn, name+way), all)
	}
	cutAt := len(s.lines) * (1 + len(choices)%7) / 8
	first := runIn("d", s.until(cutAt), input{env: []string{"TARGET_POSTGRES_BATCH_WAIT_SECONDS", "0"}, limits: small})
	require.Equal(t, 3, first.code, "%s\n%s", all, first.stderr)
	state := strings.TrimSpace(lastLine(first.stdout))
	second := runIn("d", s.since(state), input{})
	require.Zero(t, second.code, "%s\n%s", all, second.stderr)
	require.Equal(t, want, outcome(t, dsn, name+"d"), "cut at line %d of\n%s", cutAt+1, all)
}

// How a run is cut into segments, transactions and runs changes nothing of what it leaves.
func TestRandomRuns(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	random := rand.New(rand.NewPCG(5, 6))
	for range 12 {
		choices := make([]byte, 10+random.IntN(60))
		for i := range choices {
			choices[i] = byte(random.Uint32())
		}
		requireOneOutcome(t, dsn, choices)
	}
}

// FuzzRun is TestRandomRuns for as long as one likes.
func FuzzRun(f *testing.F) {
	f.Add([]byte{3, 10, 18, 3, 10})
	dsn := servertest.Database(f)
	f.Fuzz(func(t *testing.T, choices []byte) {
		requireOneOutcome(t, dsn, choices[:min(len(choices), 100)])
	})
}
