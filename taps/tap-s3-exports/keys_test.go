package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// TestLitter has what consoles, Hadoop and uploads leave beside the exports: it is no file, and no report mentions it.
func TestLitter(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]bool{
		"exports/": true, "_SUCCESS": true, "exports/_SUCCESS": true, "_temporary/0/a.csv": true, "exports/_temporary/a.csv": true, "a.csv.crc": true, "a.TMP": true,
		"a.csv.part": true, "a.csv.filepart": true, "a.csv": false, "exports/_SUCCESS.csv": false, "my_temporary/a.csv": false, "part.csv": false,
	} {
		require.Equal(t, want, isLitter(key), key)
	}
	b := newBench(t, map[string]any{"pattern": "*"})
	b.put("_SUCCESS", "")
	b.put("_temporary/0/a.csv", "id\n1\n")
	b.put("a_2026-11-01.csv.filepart", "id\n2")
	b.put("a_2026-11-01.csv", "id\n3\n")
	out := taptest.Run(t, program, b.input(nil))
	require.Zero(t, out.Code, out.Stderr)
	require.Equal(t, []string{"3"}, pick(t, out.Messages, defaultStream, "id"))
	require.NotContains(t, out.Stderr, "match no stream")
}

// TestNothingBelowThePrefix is an answer without keys, and a run without rows.
func TestNothingBelowThePrefix(t *testing.T) {
	t.Parallel()
	b := newBench(t, map[string]any{"prefix": "nowhere/"})
	b.put("a_2026-11-01.csv", "id\n1\n")
	messages, _ := b.sync(nil)
	require.Empty(t, taptest.Records(messages, defaultStream))
}

// TestOrderOfFiles is by the date of the file, whatever the order of keys and of uploads: of an order that comes in several, the newest
// counts last.
func TestOrderOfFiles(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.put("z_2026-11-01.csv", "id,status\n1,first\n")
	b.put("a_2026-11-03.csv", "id,status\n1,third\n")
	b.put("m_2026-11-02.csv", "id,status\n1,second\n")
	messages, _ := b.sync(nil)
	require.Equal(t, []string{`"first"`, `"second"`, `"third"`}, pick(t, messages, defaultStream, "status"))
}
