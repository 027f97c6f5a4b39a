package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/load"
	"github.com/signalroom/signalroom/target-postgres/textfile"
)

// A metricsFile keeps the metrics of a run in a file.
type metricsFile struct {
	path     string // empty when nobody wants them
	pipeline string
	of       *load.Progress
	log      *slog.Logger
	began    time.Time
	stop     func()
	commits  int64 // in the file
	failed   bool
}

// startMetricsFile begins to write the file, until [metricsFile.end].
func startMetricsFile(path, pipeline string, of *load.Progress, log *slog.Logger) *metricsFile {
	f := &metricsFile{path: path, pipeline: pipeline, of: of, log: log, began: time.Now(), commits: -1}
	if path != "" {
		f.stop = repeat(time.Second, func(now time.Time) { f.write(now, nil) })
	}
	return f
}

// end writes the file for the last time, with how the run ended.
func (f *metricsFile) end(err error, signal os.Signal) {
	if f.path == "" {
		return
	}
	f.stop()
	exit := ending{kind: "done", code: protocol.ExitCode(err)}
	switch {
	case signal != nil && (err == nil || errors.Is(err, context.Canceled)):
		exit = ending{kind: "signal", code: protocol.SignalExitCode(signal)}
	case err != nil:
		exit.kind = protocol.KindOf(err).String()
	}
	f.write(time.Now(), &exit)
}

// ending is how a run ended.
type ending struct {
	kind string
	code int
}

// write writes the file when there is news. That it cannot be written is said once, and ends nothing.
func (f *metricsFile) write(now time.Time, exit *ending) {
	streams, totals := f.of.Now()
	if exit == nil && totals.Commits == f.commits {
		return
	}
	f.commits = totals.Commits
	if err := textfile.Write(f.path, metricFamilies(f.pipeline, streams, totals, f.began, now, exit)); err != nil && !f.failed {
		f.failed = true
		f.log.Warn("metrics_file cannot be written", "error", err)
	}
}

// metricFamilies are the metrics of a run: what is committed, and how far what was read lies behind.
func metricFamilies(pipeline string, streams []load.StreamStatus, totals load.Totals, began, now time.Time, exit *ending) []textfile.Family {
	run := []textfile.Label{{Name: "pipeline", Value: pipeline}}
	of := func(s *load.StreamStatus, more ...textfile.Label) []textfile.Label {
		return append([]textfile.Label{run[0], {Name: "stream", Value: s.Name}}, more...)
	}
	read := textfile.Family{Name: "target_postgres_rows_read_total", Type: textfile.Counter, Help: "Records of the run that are committed, in whatever way."}
	rows := textfile.Family{Name: "target_postgres_rows_total", Type: textfile.Counter, Help: "Rows of the run by what became of them, as far as they are committed."}
	bytes := textfile.Family{Name: "target_postgres_bytes_total", Type: textfile.Counter, Help: "Bytes of the messages whose rows are committed."}
	waiting := textfile.Family{Name: "target_postgres_rows_waiting", Type: textfile.Gauge, Help: "Rows that were read and are not committed."}
	newest := textfile.Family{Name: "target_postgres_newest_timestamp_seconds", Type: textfile.Gauge, Help: "What the cursor, or else time_extracted, has reached."}
	lag := textfile.Family{Name: "target_postgres_lag_seconds", Type: textfile.Gauge, Help: "How far that lay behind when this file was written."}
	for i := range streams {
		s := &streams[i]
		read.Samples = append(read.Samples, textfile.Sample{Labels: of(s), Value: float64(s.Committed.Read)})
		for _, outcome := range []struct {
			name string
			rows int64
		}{
			{"inserted", s.Committed.Inserted}, {"updated", s.Committed.Updated}, {"unchanged", s.Committed.Unchanged},
			{"deleted", s.Committed.Deleted}, {"rejected", s.Committed.Rejected},
		} {
			rows.Samples = append(rows.Samples, textfile.Sample{Labels: of(s, textfile.Label{Name: "outcome", Value: outcome.name}), Value: float64(outcome.rows)})
		}
		bytes.Samples = append(bytes.Samples, textfile.Sample{Labels: of(s), Value: float64(s.CommittedBytes)})
		waiting.Samples = append(waiting.Samples, textfile.Sample{Labels: of(s), Value: float64(s.Waiting())})
		if !s.Newest.IsZero() {
			newest.Samples = append(newest.Samples, textfile.Sample{Labels: of(s), Value: seconds(s.Newest)})
			lag.Samples = append(lag.Samples, textfile.Sample{Labels: of(s), Value: max(now.Sub(s.Newest).Seconds(), 0)})
		}
	}
	whole := func(name string, kind textfile.Type, help string, value float64) textfile.Family {
		return textfile.Family{Name: "target_postgres_" + name, Type: kind, Help: help, Samples: []textfile.Sample{{Labels: run, Value: value}}}
	}
	families := []textfile.Family{
		read, rows, bytes, waiting, newest, lag,
		whole("commits_total", textfile.Counter, "Transactions of the run that are committed.", float64(totals.Commits)),
		whole("retries_total", textfile.Counter, "Transactions of the run that were tried again.", float64(totals.Retries)),
		whole("start_timestamp_seconds", textfile.Gauge, "When the run began.", seconds(began)),
		whole("duration_seconds", textfile.Gauge, "How long it had taken when this file was written.", now.Sub(began).Seconds()),
	}
	if !totals.LastCommit.IsZero() {
		families = append(families, whole("last_commit_timestamp_seconds", textfile.Gauge, "When the last transaction was committed.", seconds(totals.LastCommit)))
	}
	if exit != nil {
		families = append(families, textfile.Family{
			Name: "target_postgres_exit_code", Type: textfile.Gauge, Help: "How the run ended; absent while it goes on.",
			Samples: []textfile.Sample{{Labels: []textfile.Label{run[0], {Name: "kind", Value: exit.kind}}, Value: float64(exit.code)}},
		})
	}
	return families
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
