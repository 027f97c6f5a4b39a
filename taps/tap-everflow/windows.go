package main

import (
	"cmp"
	"context"
	"maps"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/lenient"
	"github.com/signalroom/signalroom/taps/tap/windows"
)

const day = 24 * time.Hour

// How far back Everflow gives rows: conversions for 365 days, clicks for three months. Daily figures have no end, and are read from
// as far back as conversions when no start_date says otherwise.
const (
	conversionsKept = 364 * day
	clicksKept      = 89 * day
)

// settling is how long rows of the newest minutes may take to show.
const settling = 10 * time.Minute

// A reached is the bookmark of a stream that is read by time, of each network by its id.
type reached struct {
	Networks windows.Bookmarks `json:"networks"`
}

// String is what the summary of a run says.
func (r *reached) String() string { return r.Networks.String() }

// A timed stream is read by windows of time.
type timed struct {
	reading  windows.Reading
	zone     *time.Location // of days
	lookback time.Duration
	kept     time.Duration // how far back Everflow gives rows; 0: without end, and read from as far back as conversions
	read     func(ctx context.Context, a *account, w windows.Window) (rows int, err error)
}

// byTime reads windows of every account. A window of today is as long as that of any other day, unless end_date cuts it.
func (s *source) byTime(ctx context.Context, out *tap.Output, t timed) error {
	bookmark := reached{}
	if _, err := out.Bookmark(&bookmark); err != nil {
		return err
	}
	accounts, err := s.identified(ctx)
	if err != nil {
		return err
	}
	start, end := s.config.StartDate, s.config.End(windows.Days(t.zone)(s.run.Start))
	oldest := midnight(s.run.Start.Add(-cmp.Or(t.kept, conversionsKept)), t.zone)
	if !start.IsZero() && start.Before(oldest) && t.kept != 0 {
		out.Log().Warn("Everflow gives no rows from before "+oldest.Format(time.DateOnly), "start_date", start)
		start = oldest
	}
	if start.IsZero() {
		start = oldest
	}
	reading := t.reading
	reading.Shard, reading.Settled = s.run.Shard, s.run.Start.Add(-settling)
	for _, a := range accounts {
		at := bookmark.Networks.Of(a.name())
		reading.Spans = at.Spans(start, end, t.lookback)
		for i, span := range reading.Spans {
			if whole := midnight(span.Start, t.zone); whole.After(start) {
				reading.Spans[i].Start = whole
			}
		}
		err := reading.Read(ctx, at, func() error { return out.State(&bookmark) }, func(ctx context.Context, w windows.Window) (int, error) { return t.read(ctx, a, w) })
		if err != nil {
			return err
		}
	}
	return nil
}

// midnight is the beginning of an instant's day.
func midnight(at time.Time, zone *time.Location) time.Time {
	y, m, d := at.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, zone)
}

// conversions reads base conversions or events, or those that are held back.
func (s *source) conversions(endpoint, id string, body func(*account) map[string]any, columns []tap.Column, lifts ...lift) func(context.Context, *tap.Output) error {
	return lenient.Read(columns, time.UTC, func(ctx context.Context, out *tap.Output, sender *lenient.Sender) error {
		shape := newShape(sender, lifts...)
		return s.byTime(ctx, out, timed{
			reading: windows.Reading{Step: windows.Every(day), Smallest: time.Hour}, zone: time.UTC, lookback: s.config.Lookback, kept: conversionsKept,
			read: func(ctx context.Context, a *account, w windows.Window) (int, error) {
				return 0, s.read(ctx, a, paged{
					path: a.path(endpoint), body: between(body(a), w, time.DateTime, time.UTC), rows: []string{"conversions", "table"}, id: id,
					most: most, open: w.End.After(s.run.Start), send: func(row []byte) error { return shape.send(row, a.NetworkID) },
				})
			},
		})
	})
}

// between is a body that asks for a window: both ends are in the answer.
func between(body map[string]any, w windows.Window, layout string, zone *time.Location) map[string]any {
	asked := map[string]any{"from": w.Start.In(zone).Format(layout), "to": w.End.Add(-time.Second).In(zone).Format(layout)}
	maps.Copy(asked, body)
	return asked
}

// clicks reads them by windows that hold fewer than Everflow gives at once.
func (s *source) clicks(columns []tap.Column, lifts ...lift) func(context.Context, *tap.Output) error {
	return lenient.Read(columns, time.UTC, func(ctx context.Context, out *tap.Output, sender *lenient.Sender) error {
		shape := newShape(sender, lifts...)
		return s.byTime(ctx, out, timed{
			reading: windows.Reading{Step: windows.Every(day), Full: clickCap, Smallest: time.Second, Join: 14}, // Everflow takes 14 days
			zone:    time.UTC, lookback: s.config.ClickLookback, kept: clicksKept,
			read: func(ctx context.Context, a *account, w windows.Window) (int, error) {
				c := capped{
					account: a, client: a.client, path: a.path("reporting/clicks/stream"), rows: []string{"clicks", "table"}, layout: time.DateTime, zone: time.UTC,
					body: map[string]any{"timezone_id": utc}, full: a.clickCap, send: func(row []byte) error { return shape.send(row, a.NetworkID) },
				}
				return c.read(ctx, w, w.End.Sub(w.Start) <= time.Second)
			},
		})
	})
}

// identified are the accounts once it is known which networks they are of.
func (s *source) identified(ctx context.Context) ([]*account, error) {
	seen := map[int64]bool{}
	for _, a := range s.accounts {
		if err := a.ask(ctx); err != nil {
			return nil, err
		}
		if seen[a.NetworkID] {
			return nil, protocol.ConfigFault("run them apart, each with a client_id of its own", "setting networks: two keys are of network %d", a.NetworkID)
		}
		seen[a.NetworkID] = true
	}
	return s.accounts, nil
}
