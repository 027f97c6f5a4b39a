package main

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/signalroom/signalroom/taps/tap"
)

const (
	recordingSpan     = 7 * 24 * time.Hour   // of one walk
	recordingLookback = 24 * time.Hour       // the longest that one goes on
	recordingsKept    = 400 * 24 * time.Hour // without start_date: nothing older is looked for
)

// recordings reads what was recorded, by the time at which it began. Those of the last day come again, as they may still go on.
func (s *source) recordings(ctx context.Context, out *tap.Output) error {
	var reached bookmark
	if _, err := out.Bookmark(&reached); err != nil {
		return err
	}
	rows, err := newSender[Recording](out)
	if err != nil {
		return err
	}
	defer rows.End()
	start, upper := s.config.StartDate.UTC(), s.run.Start
	if s.config.StartDate.IsZero() {
		start = upper.Add(-recordingsKept)
	}
	upper = s.config.End(upper).UTC()
	r := resource{path: "session_recordings", limit: 100, client: clickhouse, key: []string{"id"}}
	err = s.api.each(ctx, out, func(project int64) error {
		at := reached.of(project)
		at.Until = time.Time{}
		if !at.begin(start, upper, max(s.config.Lookback, recordingLookback)) {
			return nil
		}
		for at.At.Before(at.Until) {
			week := at.At.Truncate(recordingSpan) // the same one in all runs with --shard
			to := week.Add(recordingSpan)
			if to.After(at.Until) {
				to = at.Until
			}
			if !s.run.Shard.Owns(fmt.Sprintf("%d %s", project, week.Format(time.DateOnly))) {
				at.reach(to)
				continue
			}
			// Without both bounds the last three days alone would come.
			span := part{query: url.Values{"date_from": {at.At.Format(time.RFC3339Nano)}, "date_to": {to.Format(time.RFC3339Nano)}}}
			_, _, err := s.walk(ctx, r, project, span, func(row []byte) error { return rows.Send(row, ofProject(project)) })
			if err != nil {
				return err
			}
			at.reach(to)
			if err := out.State(&reached); err != nil {
				return err
			}
		}
		at.end()
		return nil
	})
	if err != nil {
		return err
	}
	return out.State(&reached)
}
