package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/database"
	"github.com/signalroom/signalroom/target-postgres/load"
	"github.com/signalroom/signalroom/target-postgres/textfile"
)

var began = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func status(name string, rows, committed int64, newest time.Time) load.StreamStatus {
	return load.StreamStatus{Name: name, Rows: rows, Bytes: rows * 500, Committed: database.Counts{Read: committed}, Newest: newest}
}

func TestLiveLines(t *testing.T) {
	t.Parallel()
	v := view{began: began}
	first := []load.StreamStatus{
		status("orders", 12_000, 10_000, began.Add(-90*time.Second)),
		status("a stream with a very long name indeed", 5, 5, time.Time{}),
	}
	require.Equal(t, []string{
		"stream               rows  rows/s   MB  committed  waiting  behind",
		"orders             12,000   6,000  6.0     10,000    2,000   1m32s",
		"a stream with a …       5       2  0.0          5        0",
		"in 2s              12,005   6,002  6.0     10,005    2,000",
	}, v.lines(first, began.Add(2*time.Second), 77, 24))
	first[0].Rows += 12_000
	got := v.lines(first, began.Add(3*time.Second), 77, 24)
	require.Contains(t, got[1], " 8,000 ", "the speed follows the last seconds, smoothly")
	require.Contains(t, got[2], " 1 ", "and so does a stream that stands still")
}

func TestLiveLinesShowTheBusiest(t *testing.T) {
	t.Parallel()
	var streams []load.StreamStatus
	for i := range 30 {
		streams = append(streams, status(fmt.Sprintf("s%02d", i), int64(i*10), 0, time.Time{}))
	}
	v := view{began: began}
	got := v.lines(streams, began.Add(time.Second), 80, 40)
	require.Len(t, got, 22)
	require.Contains(t, got[1], "s10", "in the order in which they came")
	require.Contains(t, got[20], "s29")
	require.Contains(t, got[21], "and 10 more, in 1s")
	require.Contains(t, got[21], "4,350", "the sum is that of all")
	got = v.lines(streams, began.Add(time.Second), 80, 6)
	require.Len(t, got, 5, "a low terminal shows fewer")
	require.Contains(t, got[4], "and 27 more")
}

func TestLogLine(t *testing.T) {
	t.Parallel()
	v := view{began: began}
	got := v.attributes([]load.StreamStatus{status("a", 1000, 10, began.Add(-72*time.Hour)), status("b", 1000, 10, began)}, began.Add(10*time.Second))
	require.Equal(t, []any{"streams", 2, "rows", int64(2000), "committed", int64(20), "megabytes", "1.0", "rows_per_second", int64(200),
		"elapsed", 10 * time.Second, "behind", "3d"}, got, "it is as far behind as its last stream")
}

func TestBehind(t *testing.T) {
	t.Parallel()
	for lag, want := range map[time.Duration]string{
		-time.Hour: "0s", 59 * time.Second: "59s", time.Minute: "1m00s", time.Hour: "1h00m", 47*time.Hour + 30*time.Minute: "47h30m", 48 * time.Hour: "2d",
	} {
		s := status("a", 0, 0, began.Add(-lag))
		require.Equal(t, want, behind(&s, began))
	}
}

func TestSummaryTable(t *testing.T) {
	t.Parallel()
	s := &load.Summary{
		State: []byte(`{"bookmarks":{"orders":{"replication_key_value":"2026-01-01T00:00:00Z"}}}`),
		Streams: []load.StreamSummary{
			{Name: "orders", Counts: database.Counts{Read: 1_234_567, Inserted: 1_234_000, Unchanged: 567}},
			{Name: "e\x1b[2Jvil", Counts: database.Counts{Read: 1, Rejected: 1}},
		},
	}
	require.Equal(t, `stream         read   inserted  updated  unchanged  deleted  rejected  bookmark
orders    1,234,567  1,234,000        0        567        0         0  {"replication_key_value":"20…
e [2Jvil          1          0        0          0        0         1
`, summaryTable(s, 100))
}

// The metrics of a run as node_exporter's textfile collector takes them.
func TestMetricsFile(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/target.prom"
	progress := &load.Progress{}
	var log bytes.Buffer
	f := &metricsFile{path: path, pipeline: `a "b"`, of: progress, began: began, commits: -1, log: logTo(&log)}
	f.write(began.Add(time.Second), nil)
	require.Equal(t, `# HELP target_postgres_commits_total Transactions of the run that are committed.
# TYPE target_postgres_commits_total counter
target_postgres_commits_total{pipeline="a \"b\""} 0
# HELP target_postgres_retries_total Transactions of the run that were tried again.
# TYPE target_postgres_retries_total counter
target_postgres_retries_total{pipeline="a \"b\""} 0
# HELP target_postgres_start_timestamp_seconds When the run began.
# TYPE target_postgres_start_timestamp_seconds gauge
target_postgres_start_timestamp_seconds{pipeline="a \"b\""} 1.7723664e+09
# HELP target_postgres_duration_seconds How long it had taken when this file was written.
# TYPE target_postgres_duration_seconds gauge
target_postgres_duration_seconds{pipeline="a \"b\""} 1
`, read(t, path))
	f.write(began.Add(2*time.Second), nil)
	require.Contains(t, read(t, path), "duration_seconds{pipeline=\"a \\\"b\\\"\"} 1\n", "nothing new was committed")
	f.stop = func() {}
	for _, end := range []struct {
		err    error
		signal os.Signal
		want   string
	}{
		{nil, nil, `kind="done"} 0`},
		{protocol.TransientFault("", "the server is gone"), nil, `kind="transient"} 4`},
		{nil, syscall.SIGTERM, `kind="signal"} 143`},
		{fmt.Errorf("ended: %w", context.Canceled), syscall.SIGINT, `kind="signal"} 130`},
		{protocol.DataFault("", "broken"), syscall.SIGTERM, `kind="data"} 3`},
	} {
		f.end(end.err, end.signal)
		require.Contains(t, read(t, path), `target_postgres_exit_code{pipeline="a \"b\"",`+end.want+"\n")
	}

	f.path = t.TempDir() + "/no/such/folder.prom"
	f.write(began, &ending{})
	f.write(began, &ending{})
	require.Equal(t, 1, strings.Count(log.String(), "metrics_file cannot be written"), "it is said once")
}

func TestMetricFamilies(t *testing.T) {
	t.Parallel()
	s := status("orders", 12, 10, began.Add(-time.Minute))
	s.Committed = database.Counts{Read: 10, Inserted: 4, Updated: 3, Unchanged: 2, Rejected: 1}
	s.CommittedBytes = 5000
	text := string(textfile.Append(nil, metricFamilies("p", []load.StreamStatus{s}, load.Totals{Commits: 2, Retries: 1, LastCommit: began},
		began, began.Add(time.Minute), nil)))
	var samples []string
	for _, line := range lines(text) {
		if !strings.HasPrefix(line, "#") {
			samples = append(samples, strings.TrimPrefix(line, "target_postgres_"))
		}
	}
	require.Equal(t, []string{
		`rows_read_total{pipeline="p",stream="orders"} 10`,
		`rows_total{pipeline="p",stream="orders",outcome="inserted"} 4`,
		`rows_total{pipeline="p",stream="orders",outcome="updated"} 3`,
		`rows_total{pipeline="p",stream="orders",outcome="unchanged"} 2`,
		`rows_total{pipeline="p",stream="orders",outcome="deleted"} 0`,
		`rows_total{pipeline="p",stream="orders",outcome="rejected"} 1`,
		`bytes_total{pipeline="p",stream="orders"} 5000`,
		`rows_waiting{pipeline="p",stream="orders"} 2`,
		`newest_timestamp_seconds{pipeline="p",stream="orders"} 1.77236634e+09`,
		`lag_seconds{pipeline="p",stream="orders"} 120`,
		`commits_total{pipeline="p"} 2`,
		`retries_total{pipeline="p"} 1`,
		`start_timestamp_seconds{pipeline="p"} 1.7723664e+09`,
		`duration_seconds{pipeline="p"} 60`,
		`last_commit_timestamp_seconds{pipeline="p"} 1.7723664e+09`,
	}, samples)
}

func logTo(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}
