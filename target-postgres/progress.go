package main

import (
	"cmp"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/signalroom/signalroom/protocol/logs"
	"github.com/signalroom/signalroom/target-postgres/load"
)

// How often a run tells how far it has come: on a terminal, and in a log.
const (
	drawEvery = 500 * time.Millisecond
	sayEvery  = 10 * time.Second
)

// showProgress tells how far a run has come until the function that it returns is called: live on a terminal, otherwise by a line
// in the log now and then.
func showProgress(live *logs.Live, log *slog.Logger, of *load.Progress) (stop func()) {
	v := view{began: time.Now()}
	if !live.On() {
		return repeat(sayEvery, func(now time.Time) {
			streams, _ := of.Now()
			log.Info("loading", v.attributes(streams, now)...)
		})
	}
	end := repeat(drawEvery, func(now time.Time) {
		streams, _ := of.Now()
		columns, lines := live.Size()
		live.Draw(v.lines(streams, now, columns, lines)...)
	})
	return func() { end(); live.Erase() }
}

// repeat calls do again and again, until the function that it returns is called.
func repeat(interval time.Duration, do func(now time.Time)) (stop func()) {
	done := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for {
			select {
			case now := <-tick.C:
				do(now)
			case <-done:
				return
			}
		}
	})
	return func() { close(done); running.Wait() }
}

// A view makes text of how far a run has come.
type view struct {
	began  time.Time
	speeds map[string]speed
}

// speed is that of a stream in the last seconds.
type speed struct {
	at   time.Time
	rows int64
	rate float64 // rows per second
}

// shownStreams is how many streams have a line of their own.
const shownStreams = 20

// lines shows the streams in the order in which they came; the busiest where there is no room for all, with the others in one
// line. The last line is the sum.
func (v *view) lines(streams []load.StreamStatus, now time.Time, columns, lines int) []string {
	for i := range streams {
		v.clock(&streams[i], now)
	}
	own := min(shownStreams, max(lines-3, 1))
	shown := streams
	if len(streams) > own {
		busiest := slices.Clone(streams)
		slices.SortStableFunc(busiest, func(a, b load.StreamStatus) int {
			return cmp.Or(cmp.Compare(v.speeds[b.Name].rate, v.speeds[a.Name].rate), cmp.Compare(b.Rows, a.Rows))
		})
		least := busiest[:own]
		shown = slices.DeleteFunc(slices.Clone(streams), func(s load.StreamStatus) bool {
			return !slices.ContainsFunc(least, func(k load.StreamStatus) bool { return k.Name == s.Name })
		})
	}
	rows := [][]string{{"stream", "rows", "rows/s", "MB", "committed", "waiting", "behind"}}
	for i := range shown {
		rows = append(rows, v.cells(&shown[i], now, columns))
	}
	all := sum(streams)
	all.Name = "in " + now.Sub(v.began).Round(time.Second).String()
	if rest := len(streams) - len(shown); rest > 0 {
		all.Name = fmt.Sprintf("and %d more, %s", rest, all.Name)
	}
	return aligned(append(rows, []string{
		all.Name, grouped(all.Rows), grouped(v.average(&all, now)), megabytes(all.Bytes), grouped(all.Committed.Read), grouped(all.Waiting()), "",
	}), 0)
}

func (v *view) cells(s *load.StreamStatus, now time.Time, columns int) []string {
	const numbers = 60 // the columns that they need, about
	return []string{
		shortened(s.Name, max(columns-numbers, 12)), grouped(s.Rows), grouped(int64(v.speeds[s.Name].rate)), megabytes(s.Bytes), grouped(s.Committed.Read), grouped(s.Waiting()), behind(s, now),
	}
}

// clock measures a stream's speed, smoothed over a few seconds.
func (v *view) clock(s *load.StreamStatus, now time.Time) {
	if v.speeds == nil {
		v.speeds = map[string]speed{}
	}
	last, ok := v.speeds[s.Name]
	if !ok {
		last.at = v.began
	}
	took := now.Sub(last.at).Seconds()
	if took <= 0 {
		return
	}
	rate := float64(s.Rows-last.rows) / took
	if ok {
		rate = last.rate + (rate-last.rate)*min(took/3, 1)
	}
	v.speeds[s.Name] = speed{now, s.Rows, rate}
}

// average is the speed of the whole run.
func (v *view) average(s *load.StreamStatus, now time.Time) int64 {
	return int64(float64(s.Rows) / max(now.Sub(v.began).Seconds(), 1e-3))
}

// attributes are those of a line in the log.
func (v *view) attributes(streams []load.StreamStatus, now time.Time) []any {
	all := sum(streams)
	attributes := []any{"streams", len(streams), "rows", all.Rows, "committed", all.Committed.Read, "megabytes", megabytes(all.Bytes),
		"rows_per_second", v.average(&all, now), "elapsed", now.Sub(v.began).Round(time.Second)}
	if lag := behind(&all, now); lag != "" {
		attributes = append(attributes, "behind", lag)
	}
	return attributes
}

// sum adds streams up. Its newest instant is that of the stream that is furthest behind.
func sum(streams []load.StreamStatus) (all load.StreamStatus) {
	for _, s := range streams {
		all.Rows += s.Rows
		all.Bytes += s.Bytes
		all.Committed.Add(s.Committed)
		if !s.Newest.IsZero() && (all.Newest.IsZero() || s.Newest.Before(all.Newest)) {
			all.Newest = s.Newest
		}
	}
	return all
}

// behind is how far what was read lies behind now; empty where that is not known.
func behind(s *load.StreamStatus, now time.Time) string {
	if s.Newest.IsZero() {
		return ""
	}
	switch lag := max(now.Sub(s.Newest), 0); {
	case lag < time.Minute:
		return fmt.Sprintf("%ds", int(lag.Seconds()))
	case lag < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(lag.Minutes()), int(lag.Seconds())%60)
	case lag < 48*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(lag.Hours()), int(lag.Minutes())%60)
	default:
		return fmt.Sprintf("%dd", int(lag.Hours()/24))
	}
}
