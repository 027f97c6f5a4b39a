package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap-everflow/everflowtest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// spread are n clicks over a day, or as many as a second holds.
func spread(s *everflowtest.Server, n int, apart time.Duration) {
	for i := range n {
		s.Clicks = append(s.Clicks, s.Click(i, at(9, 0, 0, 0).Add(time.Duration(i)*apart), 31+i%3, 8+i%2, []string{"PT", "ES"}[i/6%2]))
	}
}

// Everflow leaves out what is beyond 10,000 clicks, and an affiliate's 5,000, without a word.
func TestClicksBeyondTheCap(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		server func(testing.TB) *everflowtest.Server
		change func(b *bench)
		clicks int
	}{
		"newest first":           {everflowtest.New, func(*bench) {}, 21_000},
		"oldest first":           {everflowtest.New, func(b *bench) { b.OldestFirst = true }, 21_000},
		"exactly as many":        {everflowtest.New, func(*bench) {}, 10_000},
		"rows in a table":        {everflowtest.New, func(b *bench) { b.TableKey = "table" }, 100},
		"an affiliate's account": {everflowtest.NewAffiliate, func(*bench) {}, 6_000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, c.server(t), map[string]any{"select": "clicks", "start_date": "2026-03-09", "end_date": "2026-03-10"})
			b.Lists["offers"] = []everflowtest.Row{b.Offer(31)}
			spread(b.Server, c.clicks, day/time.Duration(c.clicks))
			c.change(b)
			messages, _ := b.sync(nil)
			require.NoError(t, taptest.Validate(messages, taptest.Checks{UniqueKeys: true}))
			require.Len(t, taptest.Records(messages, "clicks"), c.clicks)
		})
	}
}

func TestSecondBeyondTheCap(t *testing.T) {
	t.Parallel()
	for name, server := range map[string]func(testing.TB) *everflowtest.Server{"network": everflowtest.New, "affiliate": everflowtest.NewAffiliate} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, server(t), map[string]any{"select": "clicks", "start_date": "2026-03-09T00:00:00Z", "end_date": "2026-03-09T00:00:02Z"})
			b.Lists["offers"] = []everflowtest.Row{b.Offer(31)}
			spread(b.Server, 20_000, 0) // too many for one offer too, where the cap is 5,000
			messages, _ := b.sync(nil)
			require.NoError(t, taptest.Validate(messages, taptest.Checks{UniqueKeys: true}))
			require.Len(t, taptest.Records(messages, "clicks"), 20_000)
		})
	}
	b := newBench(t, everflowtest.New(t), map[string]any{"select": "clicks", "start_date": "2026-03-09T00:00:00Z", "end_date": "2026-03-09T00:00:01Z"})
	for i := range 10_001 {
		b.Clicks = append(b.Clicks, b.Click(i, at(9, 0, 0, 0), 31, 8, "PT"))
	}
	said := b.fails(3)
	require.Contains(t, said, "from 2026-03-09 00:00:00 there are more rows than Everflow gives")
	require.Contains(t, said, "end_date")

	// Clicks of an offer that the daily figures do not know of would be left out.
	b.Clicks = nil
	spread(b.Server, 20_000, 0)
	b.faults = map[int]taptest.Fault{3: taptest.Status(http.StatusOK, `{"table":[{"columns":[{"column_type":"offer","id":"31","label":""}],"reporting":{}}],"incomplete_results":false}`)}
	require.Contains(t, b.fails(3), "there are more rows than Everflow gives")
}

// Quiet days are read together, but no more than 14, which is what Everflow takes.
func TestQuietDays(t *testing.T) {
	t.Parallel()
	b := newBench(t, fill(everflowtest.New(t)), map[string]any{"select": "clicks", "start_date": "2026-01-01"})
	messages, state := b.sync(nil)
	require.Len(t, taptest.Records(messages, "clicks"), 4)
	require.Len(t, b.windows("/stream"), 8, "days: 1, 2, 4, 8, 14, 14, 14 and 12")

	messages, _ = b.sync(state)
	require.Equal(t, []string{"2026-03-09 00:00:00 – 2026-03-09 23:59:59", "2026-03-10 00:00:00 – 2026-03-10 23:59:59"}, b.windows("/stream"), "a day back")
	require.Len(t, taptest.Records(messages, "clicks"), 2)
}

// An answer that is JSON of another form is no answer without rows.
func TestAnswerOfAnotherForm(t *testing.T) {
	t.Parallel()
	b := newBench(t, everflowtest.New(t), map[string]any{"select": "clicks"})
	b.faults = map[int]taptest.Fault{2: taptest.Status(http.StatusOK, `{"result":[]}`)}
	said := b.fails(3)
	require.Contains(t, said, "does not hold the rows that were asked for")
	require.Len(t, b.api.Calls(), 2, "asking again is of no use")
}
