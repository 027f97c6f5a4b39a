package main

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/rest"
	"github.com/signalroom/signalroom/taps/tap/windows"
)

// Days are midnights in UTC, whatever zone they are meant in.
const day = 24 * time.Hour

// stepDays is how many days are asked for at once.
const stepDays = 32

// A daily stream is rows that are asked for by day.
type daily struct {
	api      *rest.Client
	path     string
	query    url.Values // beside the days
	per      int        // rows of an answer at most, as documented
	lookback int        // days behind the bookmark that are read again, without the setting
	total    string     // path of the count of rows in an answer; days are split until one answer holds them. Empty: there is none
	// key is what tells a row apart, and is sent with it.
	key func(rows *rows, row []byte) []protocol.Member
	// judge refines what becomes of a request that fails; it may be nil.
	judge func(f *rest.Failure, v *rest.Verdict)
}

// reached is the bookmark of a daily stream.
type reached struct {
	windows.Bookmark
	Timezone string `json:"timezone,omitempty"` // the setting, when the days were read
}

// bounds are the first day that is not over yet, and the day before which reading ends. Where the account's zone is not known, a day is
// over when it is over everywhere, and begins when it begins anywhere.
func bounds(now time.Time, zone *time.Location, known bool) (over, end time.Time) {
	if !known {
		return now.Add(-12 * time.Hour).Truncate(day), now.Add(14 * time.Hour).Truncate(day).Add(day)
	}
	year, month, date := now.In(zone).Date()
	today := time.Date(year, month, date, 0, 0, 0, 0, time.UTC)
	return today, today.Add(day)
}

// daily completes a stream with the reading of its days, from the bookmark or from so far behind it. Days that are not over are read, and
// read again in the next run.
func (s *source) daily(stream tap.Stream, d daily) tap.Stream {
	stream.Disposition = protocol.Merge
	stream.Columns = append(stream.Columns, readAtColumn)
	stream.Read = s.reading(stream.Columns, func(ctx context.Context, rows *rows) error {
		var mark reached
		out := rows.out
		found, err := out.Bookmark(&mark)
		if err != nil {
			return err
		}
		if found && mark.Timezone != s.config.Timezone {
			out.Log().Warn("the setting timezone has changed, so that all days are others: they are read again")
			mark.Bookmark = windows.Bookmark{}
		}
		mark.Timezone = s.config.Timezone
		over, end := bounds(s.run.Start, s.zone, s.config.Timezone != "")
		if limit := s.config.EndDate; !limit.IsZero() && limit.Before(end) {
			end = limit.Add(day - 1).Truncate(day)
		}
		start := s.config.StartDate.Truncate(day)
		if newest := end.Add(-stepDays * day); s.run.Sample && start.Before(newest) {
			start = newest
		}
		reading := windows.Reading{Spans: mark.Spans(start, end, s.config.lookback(d.lookback)), Step: windows.Every(stepDays * day), Smallest: day, Settled: over, Shard: s.run.Shard}
		return reading.Read(ctx, &mark.Bookmark, func() error { return out.State(&mark) }, func(ctx context.Context, w windows.Window) (int, error) {
			if d.total != "" && w.Start.Before(over) && w.End.After(over) {
				if err := d.read(ctx, rows, windows.Window{Start: w.Start, End: over}, false); err != nil {
					return 0, err
				}
				w.Start = over
			}
			return 0, d.read(ctx, rows, w, !w.Start.Before(over))
		})
	})
	return stream
}

// read sends the rows of a window. open tells that its days are not over.
func (d daily) read(ctx context.Context, rows *rows, w windows.Window, open bool) error {
	first, last := w.Start.Format(time.DateOnly), w.End.Add(-day).Format(time.DateOnly)
	query := url.Values{"date_from": {first}, "date_to": {last}}
	maps.Copy(query, d.query)
	numbered := rest.Numbered{Param: "page", SizeParam: "per", Size: d.per, First: 1, Ends: rest.Ends{Total: d.total}}
	if w.End.Sub(w.Start) > day {
		numbered.Most = d.per // several days that are more than one answer are read one by one
	}
	came, total, err := d.api.Moving(ctx, rest.Moving{
		List:  rest.List{Request: rest.Request{Path: d.path, Query: query, Judge: d.judge}, Rows: []string{"items"}},
		Walks: []rest.Pager{numbered, numbered, numbered}, Total: d.total,
		Key: func(row []byte) string { return fmt.Sprint(d.key(rows, row)) },
	}, func(row []byte) error { return rows.Send(row, d.key(rows, row)...) })
	if err != nil || came >= total {
		return err
	}
	fault := protocol.DataFault("run again; if it stays so, ask RedTrack's support why the rows of these days are fewer than their total",
		"/%s from %s to %s: %d different rows came of %d, several times", d.path, first, last, came, total)
	if d.total != "" && !open {
		return fault
	}
	rows.out.Log().Warn("days change while they are read", "reason", fault.Err)
	return nil
}
