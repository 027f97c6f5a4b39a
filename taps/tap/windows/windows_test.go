package windows_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/windows"
)

var begin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func at(hours float64) time.Time {
	return begin.Add(time.Duration(hours * float64(time.Hour)))
}

// source has one row at each of some seconds, and gives no more than most of them at once.
type source struct {
	rows []time.Time
	most int
}

func newSource(hours int, perHour func(hour int) int) *source {
	s := &source{}
	for hour := range hours {
		n := perHour(hour)
		for i := range n {
			s.rows = append(s.rows, at(float64(hour)).Add(time.Duration(i)*time.Hour/time.Duration(n)).Truncate(time.Second))
		}
	}
	return s
}

func (s *source) in(w windows.Window) (rows []time.Time) {
	for _, row := range s.rows {
		if !row.Before(w.Start) && row.Before(w.End) && (s.most == 0 || len(rows) < s.most) {
			rows = append(rows, row)
		}
	}
	return rows
}

// errKilled ends a run in the middle.
var errKilled = errors.New("killed")

// read makes one run that is killed at its kill-th step, a read or a save (0: never), and gives its rows and its last bookmark.
func read(t *testing.T, r windows.Reading, s *source, state []byte, lookback time.Duration, end time.Time, kill int) (rows []time.Time, after []byte, steps int, err error) {
	t.Helper()
	var b windows.Bookmark
	if state != nil {
		require.NoError(t, json.Unmarshal(state, &b))
	}
	after = state
	r.Spans = b.Spans(begin, end, lookback)
	step := func() error {
		if steps++; steps == kill {
			return errKilled
		}
		return nil
	}
	spans := r.Spans
	last := spans[0].Start
	var pending []time.Time
	err = r.Read(t.Context(), &b, func() error {
		if err := step(); err != nil {
			return err
		}
		rows = append(rows, pending...)
		pending = nil
		var err error
		after, err = json.Marshal(&b)
		return err
	}, func(_ context.Context, w windows.Window) (int, error) {
		if err := step(); err != nil {
			return 0, err
		}
		require.True(t, w.Start.Before(w.End), w)
		require.False(t, w.End.After(end), w)
		if r.Shard.Count <= 1 && r.Full == 0 {
			if last.Equal(spans[0].End) && len(spans) > 1 {
				spans = spans[1:]
				last = spans[0].Start
			}
			require.Equal(t, last, w.Start, "no gap, no overlap")
			last = w.End
		}
		found := s.in(w)
		pending = append(pending, found...)
		return len(found), nil
	})
	return rows, after, steps, err
}

// unique are rows without those that came again.
func unique(rows []time.Time) map[time.Time]bool {
	seen := map[time.Time]bool{}
	for _, row := range rows {
		seen[row] = true
	}
	return seen
}

// TestKilledAtEveryStep goes on after each possible end of a run, twice, and finds every row.
func TestKilledAtEveryStep(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]windows.Reading{
		"steps":  {Step: windows.Every(5 * time.Hour)},
		"splits": {Step: windows.Every(6 * time.Hour), Full: 9, Smallest: time.Second, Join: 4},
		"days":   {Step: windows.Days(time.FixedZone("", 3*60*60)), Full: 100, Smallest: time.Second},
	} {
		for _, lookback := range []time.Duration{0, 7 * time.Hour} {
			s := newSource(30, func(hour int) int { return hour % 7 })
			s.most = r.Full
			end := at(29.5)
			_, _, steps, err := read(t, r, s, nil, lookback, end, 0)
			require.NoError(t, err)
			want := unique(newSource(0, nil).rows)
			for _, row := range s.rows {
				if row.Before(end) {
					want[row] = true
				}
			}
			for first := 1; first <= steps; first++ {
				for second := 1; second <= steps; second += 3 {
					rows, state, _, err := read(t, r, s, nil, lookback, at(20), first)
					require.True(t, err == nil || errors.Is(err, errKilled))
					again, state, _, err := read(t, r, s, state, lookback, at(25), second)
					require.True(t, err == nil || errors.Is(err, errKilled))
					rest, state, _, err := read(t, r, s, state, lookback, end, 0)
					require.NoError(t, err)
					require.Equal(t, want, unique(append(append(rows, again...), rest...)), "%s, lookback %s, killed at %d and %d", name, lookback, first, second)
					var b windows.Bookmark
					require.NoError(t, json.Unmarshal(state, &b))
					require.Equal(t, end, b.Until)
					require.Nil(t, b.Next)
				}
			}
		}
	}
}

// TestLookback reads again what may have changed, no further back than the start, and once when it is stopped on the way.
func TestLookback(t *testing.T) {
	t.Parallel()
	b := windows.Bookmark{}
	require.Equal(t, []windows.Window{{Start: at(0), End: at(10)}}, b.Spans(at(0), at(10), time.Hour))
	b.Until = at(10)
	require.Equal(t, []windows.Window{{Start: at(8), End: at(12)}}, b.Spans(at(0), at(12), 2*time.Hour))
	require.Equal(t, []windows.Window{{Start: at(9), End: at(12)}}, b.Spans(at(9), at(12), 2*time.Hour))
	next := at(9.5)
	b.Next = &next
	require.Equal(t, []windows.Window{{Start: at(9.5), End: at(12)}, {Start: at(8), End: at(9.5)}}, b.Spans(at(0), at(12), 2*time.Hour), "the rest of the run that was stopped comes first")
	require.Equal(t, []windows.Window{{Start: at(9.5), End: at(12)}}, b.Spans(at(0), at(12), 0))
	require.Equal(t, "until 2026-01-01T10:00:00Z, reading again from 2026-01-01T09:30:00Z", b.String())
	b = windows.Bookmark{Until: at(10)}
	past := b.Spans(at(0), at(5), 0)[0]
	require.False(t, past.Start.Before(past.End), "an end that has been passed")
	rows, state, _, err := read(t, windows.Reading{Step: windows.Every(time.Hour)}, newSource(1, func(int) int { return 3 }), []byte(`{"until":"2026-01-01T10:00:00Z"}`), 0, at(5), 0)
	require.NoError(t, err)
	require.Empty(t, rows)
	require.JSONEq(t, `{"until":"2026-01-01T10:00:00Z"}`, string(state), "the bookmark does not go back")
}

// TestLateBehindStop has a row that comes late, to a window which a run had read before it was stopped. The run that goes on sees it, however
// much later that is and wherever it is stopped in its turn.
func TestLateBehindStop(t *testing.T) {
	t.Parallel()
	r := windows.Reading{Step: windows.Every(time.Hour)}
	s := newSource(10, func(int) int { return 1 })
	_, stopped, _, err := read(t, r, s, nil, 3*time.Hour, at(10), 18)
	require.ErrorIs(t, err, errKilled)
	require.JSONEq(t, `{"until":"2026-01-01T08:00:00Z","next":"2026-01-01T08:00:00Z","since":"2026-01-01T10:00:00Z"}`, string(stopped))
	late := at(7.25)
	s.rows = append(newSource(40, func(int) int { return 1 }).rows, late)
	rows, state, steps, err := read(t, r, s, stopped, 3*time.Hour, at(40), 0)
	require.NoError(t, err)
	require.Contains(t, rows, late)
	require.JSONEq(t, `{"until":"2026-01-02T16:00:00Z"}`, string(state))
	for kill := 1; kill <= steps; kill++ {
		rows, state, _, err := read(t, r, s, stopped, 3*time.Hour, at(40), kill)
		require.ErrorIs(t, err, errKilled)
		rest, state, _, err := read(t, r, s, state, 3*time.Hour, at(41), 0)
		require.NoError(t, err)
		require.Contains(t, append(rows, rest...), late, "killed at %d", kill)
		require.JSONEq(t, `{"until":"2026-01-02T17:00:00Z"}`, string(state))
	}
}

// TestSettled has rows that may still come in the last hours: the next run reads them again.
func TestSettled(t *testing.T) {
	t.Parallel()
	r := windows.Reading{Step: windows.Every(time.Hour), Settled: at(7.5)}
	rows, state, _, err := read(t, r, newSource(10, func(int) int { return 1 }), nil, 0, at(10), 0)
	require.NoError(t, err)
	require.Len(t, rows, 10)
	require.JSONEq(t, `{"until":"2026-01-01T07:30:00Z"}`, string(state))
}

// TestShards reads every row in one shard alone, also when spans begin and end in the middle of a step.
func TestShards(t *testing.T) {
	t.Parallel()
	for count := 1; count <= 64; count++ {
		s := newSource(100, func(int) int { return 2 })
		times := map[time.Time]int{}
		shares := 0
		for index := range count {
			r := windows.Reading{Step: windows.Every(3 * time.Hour), Shard: tap.Shard{Index: index, Count: count}, Join: 8, Full: 1000}
			rows, state, _, err := read(t, r, s, nil, 0, at(40.7), 0)
			require.NoError(t, err)
			again, _, _, err := read(t, r, s, state, 0, at(100), 0)
			require.NoError(t, err)
			for _, row := range append(rows, again...) {
				times[row]++
			}
			if len(rows) > 0 {
				shares++
			}
		}
		require.Len(t, times, len(s.rows))
		for row, n := range times {
			require.Equal(t, 1, n, row)
		}
		require.True(t, count == 1 || shares > 1)
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	s := newSource(24, func(int) int { return 60 })
	s.most = 100
	r := windows.Reading{Step: windows.Every(24 * time.Hour), Full: 100, Smallest: time.Second}
	rows, _, _, err := read(t, r, s, nil, 0, at(24), 0)
	require.NoError(t, err)
	require.Equal(t, unique(s.rows), unique(rows))

	s = newSource(1, func(int) int { return 3600 })
	s.rows = append(s.rows, make([]time.Time, 100)...)
	for i := range 100 {
		s.rows[3600+i] = at(0.5)
	}
	s.most = 100
	_, state, _, err := read(t, r, s, nil, 0, at(1), 0)
	require.Equal(t, protocol.Data, protocol.KindOf(err))
	require.ErrorIs(t, err, windows.ErrFull)
	require.ErrorContains(t, err, "2026-01-01T00:30:00Z/2026-01-01T00:30:01Z, which cannot be made smaller")
	require.JSONEq(t, `{"until":"2026-01-01T00:30:00Z","next":"2026-01-01T00:30:00Z","since":"2026-01-01T01:00:00Z"}`, string(state), "what came before it is covered")

	r.Smallest = 0
	_, _, _, err = read(t, r, s, nil, 0, at(1), 0)
	require.ErrorIs(t, err, windows.ErrFull, "steps that cannot be split")
}

// TestJoin reads quiet times by few requests, and splits what was too much at the steps' own bounds.
func TestJoin(t *testing.T) {
	t.Parallel()
	s := newSource(24*60, func(hour int) int { return hour / (24 * 30) }) // nothing for 30 days, then 24 a day
	s.most = 100
	var seen []string
	var b windows.Bookmark
	r := windows.Reading{Step: windows.Days(time.UTC), Full: 100, Join: 8, Spans: b.Spans(begin, at(24*60), 0)}
	err := r.Read(t.Context(), &b, func() error { return nil }, func(_ context.Context, w windows.Window) (int, error) {
		days := w.End.Sub(w.Start).Hours() / 24
		require.InDelta(t, days, float64(int(days)), 0, "whole days")
		n := len(s.in(w))
		seen = append(seen, fmt.Sprintf("%.0f:%d", days, n))
		return n, nil
	})
	require.NoError(t, err)
	require.Equal(t, []string{"1:0", "2:0", "4:0", "8:0", "8:0", "8:24", "8:100", "4:96", "4:96", "1:24"}, seen[:10])
	require.Less(t, len(seen), 45)
}

func TestSteps(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	day := windows.Days(berlin)
	for start := time.Date(2026, 3, 27, 0, 0, 0, 0, berlin); start.Month() < 5; {
		end := day(start)
		require.Equal(t, 0, end.Hour(), end)
		require.Equal(t, start.AddDate(0, 0, 1), end)
		require.Equal(t, end, day(end.Add(-time.Nanosecond)))
		start = end
	}
	require.Equal(t, at(24), windows.Every(24*time.Hour)(at(3)))
}

func TestBookmarks(t *testing.T) {
	t.Parallel()
	var all windows.Bookmarks
	require.Empty(t, all.String())
	all.Of("a").Until = at(10)
	all.Of("b").Until = at(9)
	require.Equal(t, at(10), all.Of("a").Until)
	require.Equal(t, "until 2026-01-01T09:00:00Z", all.String())
}
