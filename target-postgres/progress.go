package main

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/signalroom/signalroom/protocol/logs"
	"github.com/signalroom/signalroom/target-postgres/load"
)

// showProgress draws the live line every second until the function that it returns is called.
func showProgress(live *logs.Live, of *load.Progress) (stop func()) {
	if !live.On() {
		return func() {}
	}
	done := make(chan struct{})
	var running sync.WaitGroup
	began := time.Now()
	running.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				live.Draw(progressText(of, time.Since(began)))
			case <-done:
				live.Erase()
				return
			}
		}
	})
	return func() { close(done); running.Wait() }
}

func progressText(of *load.Progress, took time.Duration) string {
	stream, rows, bytes := of.Now()
	return fmt.Sprintf("%d rows  %.1f MB  %.0f rows/s  %s  %s", rows, float64(bytes)/1e6, float64(rows)/took.Seconds(), took.Round(time.Second), stream)
}

// stateShown is how much of the state stands in the summary.
const stateShown = 160

// logSummary writes the last lines of a run: what became of each stream's rows, and where the bookmark stands.
func logSummary(log *slog.Logger, s *load.Summary) {
	for _, st := range s.Streams {
		if r := st.Replaced; r.NUL+r.Malformed+r.NonFinite > 0 {
			log.Warn("characters that PostgreSQL cannot hold were replaced", "stream", st.Name, "nul", r.NUL, "malformed", r.Malformed, "non_finite", r.NonFinite)
		}
		if st.Discarded > 0 {
			log.Warn("the contract forbids a table for the stream: its rows were left out", "stream", st.Name, "rows", st.Discarded)
		}
		if st.Values > 0 {
			log.Warn("the contract forbids columns or types for some values: they were left out", "stream", st.Name, "values", st.Values)
		}
		if st.Dropped > 0 {
			log.Warn("rows without a key follow the last state and were left out: they come again with the next run", "stream", st.Name, "rows", st.Dropped)
		}
	}
	for _, st := range s.Streams {
		log.Info("loaded", "stream", st.Name, "disposition", string(st.Mode), "read", st.Read, "inserted", st.Inserted, "updated", st.Updated,
			"unchanged", st.Unchanged, "deleted", st.Deleted, "rejected", st.Rejected)
	}
	if len(s.Streams) == 0 && s.State == nil {
		return
	}
	state := "none"
	if s.State != nil {
		state = string(s.State[:min(len(s.State), stateShown)])
	}
	log.Info("state", "committed", state, "took", s.Took.Round(time.Millisecond).String())
}
