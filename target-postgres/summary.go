package main

import (
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/signalroom/signalroom/protocol/logs"
	"github.com/signalroom/signalroom/target-postgres/load"
)

// stateShown is how much of the state stands in the summary.
const stateShown = 160

// logSummary writes the last lines of a run: what became of each stream's rows, and where the bookmark stands.
func logSummary(live *logs.Live, log *slog.Logger, s *load.Summary) {
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
	if live.On() && len(s.Streams) > 0 {
		columns, _ := live.Size()
		io.WriteString(live, summaryTable(s, columns)) // a terminal that is gone is nobody's news
	} else {
		for _, st := range s.Streams {
			log.Info("loaded", "stream", st.Name, "disposition", string(st.Mode), "read", st.Read, "inserted", st.Inserted, "updated", st.Updated,
				"unchanged", st.Unchanged, "deleted", st.Deleted, "rejected", st.Rejected)
		}
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

// summaryTable is the summary for a person: a row for each stream, with as much of its bookmark as there is room for.
func summaryTable(s *load.Summary, columns int) string {
	rows := [][]string{{"stream", "read", "inserted", "updated", "unchanged", "deleted", "rejected", "bookmark"}}
	bookmarks := load.Bookmarks(s.State)
	for _, st := range s.Streams {
		rows = append(rows, []string{
			visible(st.Name), grouped(st.Read), grouped(st.Inserted), grouped(st.Updated), grouped(st.Unchanged), grouped(st.Deleted), grouped(st.Rejected),
			visible(bookmarks[st.Name]),
		})
	}
	var b strings.Builder
	for _, line := range aligned(rows, 0, len(rows[0])-1) {
		b.WriteString(shortened(line, columns) + "\n")
	}
	return b.String()
}
