package main

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func day(n int) time.Time { return time.Date(2026, 5, n, 0, 0, 0, 0, time.UTC) }

func TestPasses(t *testing.T) {
	t.Parallel()
	const hour = time.Hour
	var none time.Time
	for name, c := range map[string]struct {
		position     position
		start, upper time.Time
		lookback     time.Duration
		want         position
		begins       bool
	}{
		"first":                         {position{}, day(1), day(3), hour, position{At: day(1), Until: day(3)}, true},
		"first of all time":             {position{}, none, day(3), hour, position{At: none, Until: day(3)}, true},
		"first, but in the future":      {position{}, day(4), day(3), hour, position{}, false},
		"next":                          {position{At: day(2)}, day(1), day(3), hour, position{At: day(2).Add(-hour), Until: day(3)}, true},
		"next, no further than start":   {position{At: day(2)}, day(2), day(3), hour, position{At: day(2), Until: day(3)}, true},
		"next, start moved ahead":       {position{At: day(2)}, day(5), day(7), hour, position{At: day(5), Until: day(7)}, true},
		"nothing new":                   {position{At: day(3)}, day(1), day(3), hour, position{At: day(3)}, false},
		"end_date was moved back":       {position{At: day(3)}, day(1), day(2), hour, position{At: day(3)}, false},
		"cut":                           {position{At: day(2), UUID: "u", Until: day(3)}, day(1), day(9), hour, position{At: day(2), UUID: "u", Until: day(3)}, true},
		"nanoseconds that nobody has":   {position{}, day(1).Add(1), day(3).Add(1999), hour, position{At: day(1), Until: day(3).Add(1000)}, true},
		"lookback longer than all time": {position{At: day(2)}, day(1), day(3), 1000 * hour, position{At: day(1), Until: day(3)}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := c.position
			require.Equal(t, c.begins, p.begin(c.start, c.upper, c.lookback))
			require.Equal(t, c.want, p)
		})
	}
	p := position{At: day(2), UUID: "u", Until: day(3)}
	p.reach(day(2).Add(time.Hour))
	require.Equal(t, position{At: day(2).Add(time.Hour), Until: day(3)}, p)
	p.end()
	require.Equal(t, position{At: day(3)}, p)
}

func TestBookmarkKeepsMicroseconds(t *testing.T) {
	t.Parallel()
	b := bookmark{CursorField: "timestamp"}
	*b.of(9) = position{At: day(1).Add(456789 * time.Microsecond), UUID: "u", Until: day(2)}
	text, err := json.Marshal(&b)
	require.NoError(t, err)
	require.Equal(t, `{"cursor_field":"timestamp","projects":{"9":{"at":"2026-05-01T00:00:00.456789Z","uuid":"u","until":"2026-05-02T00:00:00Z"}}}`, string(text))
	var again bookmark
	require.NoError(t, json.Unmarshal(text, &again))
	require.Equal(t, b, again)
	require.Equal(t, "project 9 to 2026-05-01T00:00:00Z", b.String())
}

// TestSlices cuts random days, and holds what every cut promises: the slices follow one another up to the end, count every event once,
// and none but a single unit holds more than it may.
func TestSlices(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		var buckets []bucket
		total, most := 0, 1+random.IntN(100)
		for hour := range 200 {
			if count := random.IntN(80) - 30; count > 0 {
				buckets = append(buckets, bucket{day(1).Add(time.Duration(hour) * time.Hour), count})
				total += count
			}
		}
		until := day(1).Add(200 * time.Hour)
		at, counted := day(1), 0
		for i, s := range cut(day(1), until, buckets, most) {
			require.True(t, s.to.After(at), "slice %d", i)
			require.Equal(t, position{At: at}, s.from)
			single := 0
			for _, b := range buckets {
				if !b.start.Before(at) && b.start.Before(s.to) {
					single++
				}
			}
			require.True(t, s.count <= most || single == 1)
			at, counted = s.to, counted+s.count
		}
		require.Equal(t, until, at)
		require.Equal(t, total, counted)
	}
	require.Equal(t, []slice{{from: position{At: day(1)}, to: day(3)}}, cut(day(1), day(3), nil, 10), "nothing was counted")
}

func TestSlicesOfShards(t *testing.T) {
	t.Parallel()
	at := func(n int) position { return position{At: day(n)} }
	noon := day(1).Add(12 * time.Hour)
	buckets := []bucket{{day(1), 4}, {day(2), 5}, {day(3), 6}, {day(7), 1}}
	require.Equal(t, []slice{
		{position{At: noon}, day(2), 4, "2026-05-01"}, {at(2), day(3), 5, "2026-05-02"}, {at(3), day(4), 6, "2026-05-03"}, {at(4), day(7), 0, ""},
		{at(7), day(7).Add(time.Hour), 1, "2026-05-07"},
	}, cutDays(noon, day(7).Add(time.Hour), buckets))
	require.Equal(t, []slice{{at(1), day(9), 0, ""}}, cutDays(day(1), day(9), nil))
}
