package main

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/lenient"
	"github.com/signalroom/signalroom/taps/tap/windows"
)

const (
	recordingSpan     = 7 * 24 * time.Hour   // of one walk
	recordingLookback = 24 * time.Hour       // the longest that one goes on
	recordingsKept    = 400 * 24 * time.Hour // without start_date: nothing older is looked for
)

// A recorded is the bookmark of recordings, of each project by its number.
type recorded struct {
	Projects windows.Bookmarks `json:"projects"`
}

// String is what the summary of a run says.
func (r *recorded) String() string { return r.Projects.String() }

// recordings reads what was recorded, by the time at which it began. Those of the last day come again, as they may still go on.
func (s *source) recordings(ctx context.Context, out *tap.Output, rows *lenient.Sender) error {
	var reached recorded
	if _, err := out.Bookmark(&reached); err != nil {
		return err
	}
	start := s.config.StartDate
	if start.IsZero() {
		start = s.run.Start.Add(-recordingsKept)
	}
	r := resource{path: "session_recordings", limit: 100, client: s.api.clickhouse, key: []string{"id"}, uncounted: true}
	return s.api.each(ctx, out, func(project int64) error {
		at := reached.Projects.Of(strconv.FormatInt(project, 10))
		reading := windows.Reading{Spans: at.Spans(start, s.config.End(s.run.Start), max(s.config.Lookback, recordingLookback)), Step: windows.Every(recordingSpan), Shard: s.run.Shard}
		return reading.Read(ctx, at, func() error { return out.State(&reached) }, func(ctx context.Context, w windows.Window) (int, error) {
			// Without both bounds the last three days alone would come.
			span := part{query: url.Values{"date_from": {w.Start.Format(time.RFC3339Nano)}, "date_to": {w.End.Format(time.RFC3339Nano)}}}
			_, _, err := s.walk(ctx, r, project, span, func(row []byte) error { return rows.Send(row, ofProject(project)) })
			return 0, err
		})
	})
}
