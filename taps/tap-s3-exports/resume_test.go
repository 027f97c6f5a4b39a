package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap-s3-exports/s3test"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// manyRows is a file of about size bytes with quoted line ends in it. Its rows are long, so that there are few to compare.
func manyRows(size int) string {
	long := strings.Repeat("word ", 800)
	var b strings.Builder
	b.WriteString("id,note,amount\n")
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "%d,\"line one of %d\nline two, with a comma %s\",%d.%02d\n", i, i, long, i%1000, i%100)
	}
	return b.String()
}

func TestResumeInsideAFile(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	small := program
	small.Open = opener(512 << 10)
	body := manyRows(4 << 20)
	b.put("big_2026-11-01.csv", body)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	fmt.Fprint(w, body[:2<<20])
	require.NoError(t, w.Close())
	b.put("big_2026-11-02.csv.gz", packed.String())
	b.put("small_2026-11-03.csv", "id,note,amount\n1,a,2\n")
	taptest.Resume(t, small, b.input(nil), taptest.Once)
}

func TestConnectionsBreak(t *testing.T) {
	t.Parallel()
	b := newBench(t, map[string]any{"max_retries": 3})
	b.put("big.csv", manyRows(6<<20))
	whole, _ := b.sync(nil)
	var reads atomic.Int64
	proxy := s3test.NewProxy(t, b.Server, func(_ int, r *http.Request) s3test.Fault {
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, ".csv") && reads.Add(1) <= 4 {
			return s3test.Fault{CutAfter: 1 << 20}
		}
		return s3test.Fault{}
	})
	b.settings["endpoint_url"] = proxy.Endpoint
	cut, _ := b.sync(nil)
	require.NoError(t, taptest.SameRows(whole, cut, taptest.Once))
	require.Greater(t, reads.Load(), int64(4))
}

func TestWrongBytesWithdrawCheckpoints(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.put("big.csv", manyRows(6<<20))
	whole, _ := b.sync(nil)
	var reads atomic.Int64
	proxy := s3test.NewProxy(t, b.Server, func(_ int, r *http.Request) s3test.Fault {
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, ".csv") && reads.Add(1) == 2 { // the first one samples
			return s3test.Fault{FlipAt: 5<<20 + 7}
		}
		return s3test.Fault{}
	})
	b.settings["endpoint_url"] = proxy.Endpoint
	out := taptest.Run(t, program, b.input(nil))
	require.Equal(t, 0, out.Code, out.Stderr)
	require.Contains(t, out.Stderr, "withdrawn")
	_, state := taptest.Covered(out.Messages)
	require.NotContains(t, string(state), "partial")
	require.InDelta(t, 2*len(taptest.Records(whole, defaultStream)), len(taptest.Records(out.Messages, defaultStream)), 3, "the file was sent twice")
}
