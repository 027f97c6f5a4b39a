package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap-everflow/everflowtest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

func TestConversionsAreReadByWholeDays(t *testing.T) {
	t.Parallel()
	b := newBench(t, fill(everflowtest.New(t)), map[string]any{"select": "conversions"})
	_, state := b.sync(nil)
	require.Equal(t, []string{"2026-03-08 00:00:00 – 2026-03-08 23:59:59", "2026-03-09 00:00:00 – 2026-03-09 23:59:59", "2026-03-10 00:00:00 – 2026-03-10 23:59:59"},
		b.windows("/conversions"))
	call := b.api.Calls()[1]
	require.Equal(t, "page=1&page_size=2000", call.Query.Encode(), "paging stands in the query: in the body it is ignored")
	require.JSONEq(t, `{"from":"2026-03-08 00:00:00","to":"2026-03-08 23:59:59","timezone_id":67,"show_conversions":true,"show_events":false}`, string(call.Body))

	b.settings["lookback"] = 0
	_, _ = b.sync(state)
	require.Equal(t, []string{"2026-03-10 00:00:00 – 2026-03-10 23:59:59"}, b.windows("/conversions"), "the day under way comes again")

	b.settings["lookback"] = "24h"
	_, _ = b.sync(state)
	require.Len(t, b.windows("/conversions"), 2)

	b.settings["start_date"], b.settings["end_date"] = "2026-03-08T06:00:00Z", "2026-03-08T18:00:00Z"
	messages, _ := b.sync(nil)
	require.Equal(t, []string{"2026-03-08 06:00:00 – 2026-03-08 17:59:59"}, b.windows("/conversions"))
	require.Empty(t, taptest.Records(messages, "conversions"))
}

// What Everflow changes later, or puts in with an old time, comes with the next run.
func TestConversionsChangeLater(t *testing.T) {
	t.Parallel()
	b := newBench(t, fill(everflowtest.New(t)), map[string]any{"select": "conversions", "conversions_disposition": "merge"})
	messages, state := b.sync(nil)
	schema, _ := taptest.LastSchema(messages, "conversions")
	require.Contains(t, string(schema.Schema), `"x-write-disposition":"merge"`)
	require.Equal(t, []string{"conversion_id"}, schema.KeyProperties)
	require.Equal(t, []string{"pending", "approved", "pending"}, column(t, messages, "conversions", "status"))

	b.Conversions[1]["status"], b.Conversions[1]["payout"] = "approved", 8.125
	b.Conversions = append(b.Conversions, b.Conversion(9, at(8, 1, 0, 0), 31, 8, "approved", 1)) // released from hold
	messages, _ = b.sync(state)
	require.Equal(t, []string{"approved", "approved", "approved", "pending"}, column(t, messages, "conversions", "status"))
	require.Equal(t, []string{"8.125", "1", "12.5", "3"}, column(t, messages, "conversions", "payout"))
}

func TestValuesThatComeInOtherForms(t *testing.T) {
	t.Parallel()
	s := fill(everflowtest.New(t))
	c, k := s.Conversions[0], s.Clicks[0]
	s.Conversions, s.Clicks = []everflowtest.Row{c}, []everflowtest.Row{k}
	c["conversion_id"] = 123                  // as some pages of the documentation have it
	c["click_unix_timestamp"] = 0             // without a click
	c["payout"] = json.Number("0.1000000001") // every digit
	c["revenue"] = "20.50"
	c["sub6"], c["adv10"] = "six", "ten" // in no documentation
	k["is_unique"] = true
	k["external_platform"] = map[string]any{"click_id": "gclid"} // newer than this tap
	b := newBench(t, s, map[string]any{"select": "conversions,clicks"})
	messages, _ := b.sync(nil)
	row := string(taptest.Records(messages, "conversions")[0])
	for _, part := range []string{`"conversion_id":"123"`, `"click_time":null`, `"payout":0.1000000001`, `"revenue":20.50`, `"sub6":"six"`, `"adv10":"ten"`,
		`"network_offer_id":31`, `"network_affiliate_id":8`, `"network_advertiser_id":4`, `"sub2":""`, `"conversion_time":"2026-03-08T00:00:00Z"`, `"conversion_unix_timestamp":1772928000`} {
		require.Contains(t, row, part)
	}
	click := string(taptest.Records(messages, "clicks")[0])
	require.Contains(t, click, `"is_unique":1`)
	require.Contains(t, click, `"external_platform":{"click_id":"gclid"}`)
	require.Contains(t, click, `"carrier_code":20`)
}

// A conversion and its events share a transaction, and are rows of their own.
func TestEventsAreAStreamOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := fill(everflowtest.New(t))
	s.Conversions = append(s.Conversions, s.Event(1, at(8, 2, 0, 0), 31, 8, "Upsell"))
	b := newBench(t, s, map[string]any{"select": "conversions,events"})
	messages, _ := b.sync(nil)
	require.NotContains(t, column(t, messages, "conversions", "is_event"), "true")
	require.Equal(t, []string{"Upsell", "Upsell"}, column(t, messages, "events", "event"))
	require.Contains(t, column(t, messages, "conversions", "transaction_id"), everflowtest.ID('a', 1))
	require.Contains(t, column(t, messages, "events", "transaction_id"), everflowtest.ID('a', 1))
}

// many are conversions of one day, the last ones of the same second.
func many(s *everflowtest.Server, n int) {
	for i := range n {
		s.Conversions = append(s.Conversions, s.Conversion(100+i, at(9, 0, min(i, 50), 0), 31, 8, "approved", 1))
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(b *bench)
		size   int
		pages  int // of the day that has rows
	}{
		"whole":                      {func(*bench) {}, 2000, 1},
		"several":                    {func(*bench) {}, 25, 4},
		"several, the last one full": {func(*bench) {}, 50, 2},
		"smaller than asked for":     {func(b *bench) { b.PageMax = 30 }, 2000, 4},
		"oldest first":               {func(b *bench) { b.OldestFirst = true }, 25, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, everflowtest.New(t), map[string]any{"select": "conversions", "page_size": c.size, "start_date": "2026-03-09", "end_date": "2026-03-10"})
			many(b.Server, 100)
			c.change(b)
			messages, _ := b.sync(nil)
			require.NoError(t, taptest.Validate(messages, taptest.Checks{UniqueKeys: true}))
			require.Len(t, taptest.Records(messages, "conversions"), 100)
			require.Len(t, b.windows("/conversions"), c.pages)
		})
	}
}

// A row that comes in while pages are turned shifts all others by one: one is seen twice, and another not at all if one goes away.
func TestRowsThatShiftBetweenPages(t *testing.T) {
	t.Parallel()
	b := newBench(t, everflowtest.New(t), map[string]any{"select": "conversions", "page_size": 1000, "start_date": "2026-03-09", "end_date": "2026-03-10"})
	many(b.Server, 2500)
	all := b.Conversions
	b.faults = map[int]taptest.Fault{
		3: func(w http.ResponseWriter, r *http.Request, answer http.Handler) { // page 2: the newest row is away, so that page 2 begins one row late
			b.Do(func() { b.Conversions = slices.Delete(slices.Clone(all), 50, 51) })
			answer.ServeHTTP(w, r)
			b.Do(func() { b.Conversions = all })
		},
	}
	messages, _ := b.sync(nil)
	require.NoError(t, taptest.Validate(messages, taptest.Checks{UniqueKeys: true}))
	require.Len(t, taptest.Records(messages, "conversions"), 2500)
	require.Len(t, b.windows("/conversions"), 3+3, "it walked again, by another page size")
}

// counts changes what answers say of the number of all rows.
func counts(change func(total float64) float64) taptest.Fault {
	return func(w http.ResponseWriter, r *http.Request, answer http.Handler) {
		whole := httptest.NewRecorder()
		answer.ServeHTTP(whole, r)
		var body map[string]any
		if json.Unmarshal(whole.Body.Bytes(), &body) == nil {
			paging := body["paging"].(map[string]any)
			paging["total_count"] = change(paging["total_count"].(float64))
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(body)
	}
}

func TestCountsThatDoNotFit(t *testing.T) {
	t.Parallel()
	b := newBench(t, everflowtest.New(t), map[string]any{"select": "conversions", "start_date": "2026-03-09", "end_date": "2026-03-10"})
	many(b.Server, 10)
	always := func(fault taptest.Fault) {
		b.faults = map[int]taptest.Fault{}
		for number := 2; number < 40; number++ {
			b.faults[number] = fault
		}
	}
	always(counts(func(total float64) float64 { return total + 1 }))
	out := b.run(nil)
	require.Equal(t, 3, out.Code, "a day that is over must be whole")
	require.Contains(t, out.Stderr, "10 rows came of 11")
	require.Len(t, taptest.Records(out.Messages, "conversions"), 10, "what there is was sent, once")
	_, state := taptest.Covered(out.Messages)
	require.NotContains(t, string(state), "2026-03-10")

	b.settings["start_date"], b.settings["end_date"] = "2026-03-10", "2026-03-11"
	out = b.run(nil)
	require.Equal(t, 0, out.Code, out.Stderr)
	require.Contains(t, out.Stderr, "the next run reads them again")

	b.settings["start_date"], b.settings["end_date"], b.settings["page_size"] = "2026-03-09", "2026-03-10", 4
	always(counts(func(float64) float64 { return 0 }))
	messages, _ := b.sync(nil)
	require.Len(t, taptest.Records(messages, "conversions"), 10, "without a count it goes on until a page is short")
}

// The same page for ever is no end of rows.
func TestPageThatComesAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t, everflowtest.New(t), map[string]any{"select": "conversions", "page_size": 4, "start_date": "2026-03-09", "end_date": "2026-03-10"})
	many(b.Server, 10)
	b.faults = map[int]taptest.Fault{}
	for number := 2; number < 40; number++ {
		b.faults[number] = func(w http.ResponseWriter, r *http.Request, answer http.Handler) {
			query := r.URL.Query()
			query.Set("page", "1")
			r.URL.RawQuery = query.Encode()
			answer.ServeHTTP(w, r)
		}
	}
	require.Contains(t, b.fails(3), "paging")
}

// A day with more rows than are good to remember at once is read by parts.
func TestDayThatIsTooLarge(t *testing.T) {
	t.Parallel()
	b := newBench(t, everflowtest.New(t), map[string]any{"select": "conversions", "start_date": "2026-03-09", "end_date": "2026-03-10"})
	many(b.Server, 10)
	b.faults = map[int]taptest.Fault{2: counts(func(float64) float64 { return most + 1 })}
	messages, _ := b.sync(nil)
	require.Equal(t, []string{"2026-03-09 00:00:00 – 2026-03-09 23:59:59", "2026-03-09 00:00:00 – 2026-03-09 11:59:59", "2026-03-09 12:00:00 – 2026-03-09 23:59:59"}, b.windows("/conversions"))
	require.Subset(t, column(t, messages, "conversions", "conversion_id"), []string{everflowtest.ID('c', 100), everflowtest.ID('c', 109)})
}

func TestOldestDay(t *testing.T) {
	t.Parallel()
	for stream, want := range map[string]string{"conversions": "2025-03-11 00:00:00", "clicks": "2025-12-11 00:00:00", "daily_report": "2024-12-30"} {
		b := newBench(t, everflowtest.New(t), map[string]any{"select": stream, "start_date": "2024-12-30", "end_date": "2026-01-01"})
		out := b.run(nil)
		require.Zero(t, out.Code, out.Stderr)
		path := map[string]string{"conversions": "/conversions", "clicks": "/stream", "daily_report": "/table"}[stream]
		require.True(t, strings.HasPrefix(b.windows(path)[0], want), b.windows(path)[0])
		require.Equal(t, stream != "daily_report", strings.Contains(out.Stderr, "Everflow gives no rows from before"), out.Stderr)
	}
	for _, stream := range []string{"conversions", "daily_report"} {
		b := newBench(t, everflowtest.New(t), map[string]any{"select": stream, "start_date": nil})
		b.sync(nil)
		require.Contains(t, string(b.api.Calls()[1].Body), `"from":"2025-03-11`, "without start_date: as far back as there are rows")
	}
}

// Control characters that are not escaped, of which one client of the API tells.
func TestControlCharacters(t *testing.T) {
	t.Parallel()
	b := newBench(t, fill(everflowtest.New(t)), map[string]any{"select": "conversions", "end_date": "2026-03-09"})
	b.faults = map[int]taptest.Fault{2: func(w http.ResponseWriter, r *http.Request, answer http.Handler) {
		whole := httptest.NewRecorder()
		answer.ServeHTTP(whole, r)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, strings.ReplaceAll(whole.Body.String(), "newsletter", "news\tletter\x01"))
	}}
	messages, _ := b.sync(nil)
	require.Equal(t, []string{"news\tletter\x01", "news\tletter\x01"}, column(t, messages, "conversions", "sub1"))
}

func TestShards(t *testing.T) {
	t.Parallel()
	b := newBench(t, fill(everflowtest.New(t)), map[string]any{"select": "*", "start_date": "2026-02-01"})
	for i := range 30 {
		b.Conversions = append(b.Conversions, b.Conversion(50+i, b.Now.Add(-time.Duration(i)*day), 31, 8, "approved", 1))
		b.Clicks = append(b.Clicks, b.Click(50+i, b.Now.Add(-time.Duration(i)*day), 31, 8, "PT"))
	}
	whole, _ := b.sync(nil)
	taptest.Shards(t, whole, func(shard string) []taptest.Message {
		part, _ := b.sync(nil, "--shard", shard)
		require.Less(t, len(taptest.Records(part, "conversions")), 25)
		return part
	}, 3, 7)
}
