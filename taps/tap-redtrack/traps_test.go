package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap-redtrack/redtracktest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// TestFaults has each failure end with its code, and a line that says what to do next.
func TestFaults(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		settings object
		faults   map[int]taptest.Fault
		code     int
		says     string
	}{
		"wrong key":       {object{"api_key": "another-key"}, nil, 2, "make a new key in RedTrack, Tools, Integrations"},
		"plan":            {nil, map[int]taptest.Fault{1: taptest.Status(403, `{"error":"premium API only"}`)}, 2, "see that the plan includes the API"},
		"wrong address":   {object{"base_url": taptest.URL + "/v1/"}, nil, 2, "is base_url the address of RedTrack's API?"},
		"web page":        {nil, map[int]taptest.Fault{1: taptest.WebPage(200)}, 2, "the answer is a web page"},
		"redirect":        {nil, map[int]taptest.Fault{1: taptest.Status(302, "", "Location: https://elsewhere.example/login?api_key=x")}, 2, "redirected to https://elsewhere.example"},
		"bad request":     {nil, map[int]taptest.Fault{1: taptest.Status(400, `{"error":"bad date"}`)}, 2, "bad date"},
		"no items":        {nil, map[int]taptest.Fault{1: taptest.Status(200, `{"total":3}`)}, 3, "does not hold the rows"},
		"items are null":  {nil, map[int]taptest.Fault{1: taptest.Status(200, `{"items":null,"total":3}`)}, 0, "2 rows"},
		"no total":        {nil, map[int]taptest.Fault{1: taptest.Status(200, `{"items":[{"id":"x","conv_time":"2026-01-01T10:00:00Z"}]}`)}, 0, ""},
		"server's fault":  {nil, map[int]taptest.Fault{1: taptest.Status(500, `{"error":"oops"}`), 2: taptest.Status(502, "")}, 0, "request is sent again"},
		"too many":        {nil, map[int]taptest.Fault{1: taptest.Status(429, `{"error":"API rate limit exceeded"}`, "Retry-After: 40"), 2: taptest.Status(429, "")}, 0, "request is sent again"},
		"cut off":         {nil, map[int]taptest.Fault{1: taptest.Cut(100), 2: taptest.Cut(0)}, 0, "request is sent again"},
		"unknown members": {nil, map[int]taptest.Fault{1: taptest.Status(200, `{"items":[{"id":"x","brand_new":[1.10]}],"total":1}`)}, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(t *testing.T, a *redtracktest.Account) {
				a.Fill("2026-01-01", "2026-01-02")
				for number, fault := range test.faults {
					a.Fail(number, fault)
				}
				out := taptest.Run(t, program, input(a, with(only("conversions"), test.settings)))
				require.Equal(t, test.code, out.Code, out.Stderr)
				if name != "items are null" {
					require.Contains(t, out.Stderr, test.says)
				}
				require.NotContains(t, out.Stderr+string(out.Stdout), redtracktest.Key)
				require.NotContains(t, out.Stderr, "another-key")
				if test.code == 0 {
					require.NotEmpty(t, taptest.Records(out.Messages, "conversions"))
				}
			})
		})
	}
}

// TestUnknownGroup has the API answer a permanent mistake as if it were a fault of its own.
func TestUnknownGroup(t *testing.T) {
	within(t, func(t *testing.T, a *redtracktest.Account) {
		a.Fill("2026-01-01")
		out := taptest.Run(t, program, input(a, with(only("report_x,domains"), object{"reports": object{"report_x": []string{"sub3"}}})))
		require.Equal(t, 4, out.Code, out.Stderr)
		require.Contains(t, out.Stderr, "Problem with loading report")
		require.Contains(t, out.Stderr, "4 tries")
		require.Contains(t, out.Stderr, "the account may lack a group of this report: sub3")
		require.Len(t, taptest.Records(out.Messages, "domains"), 1, "the others are read")
	})
}

// TestPace uses at least 95 % of what the API permits, and is refused nothing, whatever a request costs.
func TestPace(t *testing.T) {
	t.Parallel()
	for cost, permitted := range map[int]float64{1: redtracktest.PointsPerMinute, 2: redtracktest.PointsPerMinute / 2} {
		t.Run(fmt.Sprint(cost), func(t *testing.T) {
			within(t, func(t *testing.T, a *redtracktest.Account) {
				a.Cost = cost
				taptest.Sync(t, program, input(a, with(only("conversions"), object{"start_date": "2000-01-01"})))
				calls := a.Calls()
				minutes := calls[len(calls)-1].At.Sub(calls[0].At).Truncate(time.Minute)
				used := 0
				for _, call := range calls {
					if call.At.Sub(calls[0].At) < minutes {
						used++
					}
				}
				require.Zero(t, a.Refused())
				require.Greater(t, minutes, 10*time.Minute)
				require.GreaterOrEqual(t, float64(used), 0.95*permitted*minutes.Minutes(), "%d requests in %v", used, minutes)
				t.Logf("%d requests in %v, %.1f %% of what is permitted", used, minutes, 100*float64(used)/permitted/minutes.Minutes())
			})
		})
	}
}

// TestOthersUseTheKey waits for the minute's end when an answer says that nothing is left, and for as long as a 429 says.
func TestOthersUseTheKey(t *testing.T) {
	within(t, func(t *testing.T, a *redtracktest.Account) {
		a.Fail(1, func(w http.ResponseWriter, r *http.Request, answer http.Handler) {
			w.Header().Set("X-Ratelimit-Remaining-Minute", "1")
			w.Header().Set("Ratelimit-Reset", "47")
			answer.ServeHTTP(w, r)
		})
		taptest.Sync(t, program, input(a, with(only("conversions"), object{"start_date": "2025-11-01"})))
		calls := a.Calls()
		require.GreaterOrEqual(t, calls[1].At.Sub(calls[0].At), 47*time.Second)
		require.Less(t, calls[2].At.Sub(calls[1].At), 2*time.Second)
	})
}

// TestZones has accounts in other zones than the setting says.
func TestZones(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 4, 18, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		zone      string
		over, end string
	}{
		"UTC":         {"UTC", "2026-01-04", "2026-01-05"},
		"not known":   {"", "2026-01-04", "2026-01-06"},
		"Los Angeles": {"America/Los_Angeles", "2026-01-04", "2026-01-05"},
		"Auckland":    {"Pacific/Auckland", "2026-01-05", "2026-01-06"},
	} {
		zone, err := time.LoadLocation(test.zone)
		require.NoError(t, err)
		over, end := bounds(now, zone, test.zone != "")
		require.Equal(t, [2]string{test.over, test.end}, [2]string{over.Format(time.DateOnly), end.Format(time.DateOnly)}, name)
	}
	over, end := bounds(time.Date(2026, 1, 4, 11, 59, 0, 0, time.UTC), time.UTC, false)
	require.Equal(t, "2026-01-03 2026-01-06", over.Format(time.DateOnly)+" "+end.Format(time.DateOnly), "2026-01-03 is not over at UTC-12, 2026-01-05 has begun at UTC+14")
}

// TestAccountZone reads the times of an account as they are meant, whatever zone their days are of.
func TestAccountZone(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	require.NoError(t, err)
	within(t, func(t *testing.T, a *redtracktest.Account) {
		a.Zone = zone
		a.Put("conversions", redtracktest.Row{"id": "a", "conv_time": "2026-01-03T23:30:00-05:00", "created_at": "2026-01-03 23:30:05", "track_time": "0001-01-01T00:00:00Z"})
		a.Put("report", redtracktest.Row{"date": "2026-01-03", "campaign_id": "c", "clicks": 1.0})
		messages := taptest.Sync(t, program, input(a, object{"select": "conversions,report_daily", "timezone": "America/New_York"}))
		require.Equal(t, []string{"2026-01-04T04:30:00Z"}, values(messages, "conversions", "conv_time"))
		require.Equal(t, []string{"2026-01-04T04:30:05Z"}, values(messages, "conversions", "created_at"))
		require.Equal(t, []string{"<nil>"}, values(messages, "conversions", "track_time"))
		require.Equal(t, []string{"America/New_York"}, values(messages, "report_daily", "timezone"))
		for _, call := range a.Calls() {
			require.Equal(t, call.Path == "/report", call.Query.Get("timezone") == "America/New_York", "%s", call.Path)
		}

		_, state := taptest.Covered(messages)
		in := input(a, with(only("report_daily"), object{"lookback": "0s"}))
		in.State = state
		out := taptest.Run(t, program, in)
		require.Zero(t, out.Code, out.Stderr)
		require.Contains(t, out.Stderr, "the setting timezone has changed")
		require.Equal(t, []string{"UTC"}, values(out.Messages, "report_daily", "timezone"), "all days are read again")
	})
}

// TestRowsWithoutID keeps rows that have nothing to be told apart by but their values.
func TestRowsWithoutID(t *testing.T) {
	within(t, func(t *testing.T, a *redtracktest.Account) {
		a.Add("conversions", false,
			redtracktest.Row{"id": "", "clickid": "c", "type": "a", "conv_time": "2026-01-02T10:00:00Z"},
			redtracktest.Row{"clickid": "c", "type": "b", "conv_time": "2026-01-02T10:00:00Z"})
		a.Add("offers", false, redtracktest.Row{"title": "one"}, redtracktest.Row{"id": nil, "title": "two"}, redtracktest.Row{"id": 7, "title": "three"})
		read := func() (conversions, offers []string) {
			out := taptest.Run(t, program, input(a, only("conversions,offers")))
			require.Zero(t, out.Code, out.Stderr)
			require.NoError(t, taptest.Validate(out.Messages, taptest.Checks{UniqueKeys: true}))
			require.Contains(t, out.Stderr, "rows come without an id")
			return values(out.Messages, "conversions", "id"), values(out.Messages, "offers", "id")
		}
		conversions, offers := read()
		require.Len(t, conversions, 2)
		require.Len(t, offers, 3)
		require.Equal(t, "7", offers[2])
		again, _ := read()
		require.Equal(t, conversions, again, "the same in every run")
	})
}

// TestReportKeys has rows whose group has a name alone, or nothing.
func TestReportKeys(t *testing.T) {
	t.Parallel()
	for row, want := range map[string]string{
		`{"date":"2026-01-02","offer":"A","offer_id":"1","country":"PT"}`:  `date="2026-01-02" offer_id="1" country="PT"`,
		`{"date":"2026-01-02","offer":"A","offer_id":"","country":"PT"}`:   `date="2026-01-02" offer_id="A" country="PT"`,
		`{"date":"2026-01-02","offer":"A","country":null}`:                 `date="2026-01-02" offer_id="A" country=""`,
		`{"date":"2026-01-02","offer":null,"offer_id":7,"country":"\"q "}`: `date="2026-01-02" offer_id="7" country="\"q "`,
		`{}`: `date="" offer_id="" country=""`,
	} {
		got := ""
		for _, m := range keys([]byte(row), []string{"offer", "country"}) {
			got += fmt.Sprintf(" %s=%s", m.Name, m.Value)
		}
		require.Equal(t, " "+want, got, row)
	}
	for name, want := range map[string]bool{"country": true, "rt_ad": true, "sub1": true, "sub20": true, "sub0": false, "sub21": false, "sub01": false, "sub": false, "date": false, "hour": false} {
		require.Equal(t, want, isGroup(name), name)
	}
}

// TestLists have every form that a list comes in.
func TestLists(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answers []string
		want    []string
	}{
		"null":              {[]string{`null`}, nil},
		"array":             {[]string{`[{"id":"a"}]`, `[]`}, []string{"a"}},
		"items":             {[]string{`{"items":[{"id":"a"}],"total":1}`, `{"items":null,"total":1}`}, []string{"a"}},
		"object of nothing": {[]string{`{"items":null,"total":{}}`}, nil},
		"one is added": {[]string{`[{"id":"a"},{"id":"b"}]`, `[{"id":"b"},{"id":"c"}]`, `null`, `[{"id":"new"},{"id":"a"}]`, `[{"id":"b"},{"id":"c"}]`, `null`},
			[]string{"a", "b", "c", "new"}},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(t *testing.T, a *redtracktest.Account) {
				for i, answer := range test.answers {
					a.Fail(i+1, taptest.Status(200, answer))
				}
				messages := taptest.Sync(t, program, input(a, only("networks")))
				require.Equal(t, test.want, values(messages, "networks", "id"))
				require.Len(t, a.Calls(), len(test.answers))
			})
		})
	}
}

// TestShards reads each window in one of the runs.
func TestShards(t *testing.T) {
	within(t, func(t *testing.T, a *redtracktest.Account) {
		a.Fill("2025-07-01", "2025-08-15", "2025-09-20", "2025-11-01", "2025-12-20", "2026-01-04")
		settings := with(only("conversions,report_daily,sources"), object{"start_date": "2025-07-01"})
		whole := taptest.Sync(t, program, input(a, settings))
		taptest.Shards(t, whole, func(shard string) []taptest.Message {
			part := taptest.Sync(t, program, input(a, settings, "--shard", shard))
			require.Less(t, len(taptest.Records(part, "conversions")), len(taptest.Records(whole, "conversions")))
			return part
		}, 3, 7)
	})
}

// TestEndDate reads up to the day that it is in.
func TestEndDate(t *testing.T) {
	within(t, func(t *testing.T, a *redtracktest.Account) {
		a.Fill("2026-01-01", "2026-01-02", "2026-01-03")
		messages := taptest.Sync(t, program, input(a, with(only("conversions"), object{"end_date": "2026-01-03"})))
		require.Equal(t, []string{"2026-01-01", "2026-01-02"}, days(values(messages, "conversions", "conv_time")))
		_, state := taptest.Covered(messages)
		require.JSONEq(t, `{"bookmarks":{"conversions":{"until":"2026-01-03T00:00:00Z","timezone":"UTC"}}}`, string(state))
	})
}

// TestSample asks for the key, one row of each stream, and no more of the past than one window.
func TestSample(t *testing.T) {
	within(t, func(t *testing.T, a *redtracktest.Account) {
		a.Fill("2026-01-01")
		out := taptest.Run(t, program, input(a, object{"start_date": "2012-01-01"}, "--test"))
		require.Zero(t, out.Code, out.Stderr)
		require.Equal(t, "/campaigns", a.Calls()[0].Path)
		require.Less(t, len(a.Calls()), 40)
		for _, stream := range []string{"conversions", "clicks", "campaigns", "report_daily"} {
			require.Len(t, taptest.Records(out.Messages, stream), 1, stream)
		}
		out = taptest.Run(t, program, input(a, object{"api_key": "wrong"}, "--test"))
		require.Equal(t, 2, out.Code)
		require.Contains(t, out.Stderr, "make a new key")
	})
}

// TestPersonalData is not selected until somebody asks for it.
func TestPersonalData(t *testing.T) {
	within(t, func(t *testing.T, a *redtracktest.Account) {
		a.Fill("2026-01-01")
		messages := taptest.Sync(t, program, input(a, only("clicks,conversions")))
		require.NotContains(t, fmt.Sprint(values(messages, "clicks", "ip"), values(messages, "conversions", "ip")), "192.0.2.7")
		messages = taptest.Sync(t, program, input(a, with(only("clicks"), object{"include_pii": true, "columns": object{"clicks": object{"ip": "mask"}}})))
		require.Equal(t, []string{"****.2.7", "****.2.7"}, values(messages, "clicks", "ip"))
	})
}

// TestEveryColumn fills each documented member, and finds it again as it was.
func TestEveryColumn(t *testing.T) {
	t.Parallel()
	counts, sent := map[string]int{}, map[string]string{}
	filled := program
	filled.Open = func(config *Config, run *tap.Run) (*tap.Source, error) {
		s := &source{config: config, run: run, zone: time.UTC}
		return &tap.Source{Streams: func(ctx context.Context, bookmark func(string) json.RawMessage) ([]tap.Stream, error) {
			streams, err := s.streams(ctx, bookmark)
			for i, stream := range streams {
				counts[stream.Name], streams[i].Unselected = len(stream.Columns)-1, false
				row := object{}
				for j, column := range stream.Columns {
					streams[i].Columns[j].Unselected = false
					row[column.Name] = example(t, column)
				}
				text, _ := json.Marshal(row)
				sent[stream.Name] = string(text)
				streams[i].Read = s.reading(stream.Columns, func(_ context.Context, rows *rows) error { return rows.Send(text) })
			}
			return streams, err
		}}, nil
	}
	out := taptest.Run(t, filled, taptest.Input{Config: object{"api_key": "k", "start_date": "2026-01-01"}})
	require.Zero(t, out.Code, out.Stderr)
	require.NotContains(t, out.Stderr, "do not fit")
	for stream, want := range sent {
		records := taptest.Records(out.Messages, stream)
		require.Len(t, records, 1, stream)
		require.JSONEq(t, want, string(records[0]), stream)
	}
	require.Equal(t, 152, counts["conversions"], "members of models.ConversionView")
	require.Equal(t, 80, counts["clicks"], "members of models.TrackView")
}

// example is a value that a column takes.
func example(t *testing.T, column tap.Column) any {
	t.Helper()
	var schema struct {
		Type   any    `json:"type"`
		Format string `json:"format"`
	}
	require.NoError(t, json.Unmarshal(column.Schema, &schema))
	kinds := fmt.Sprint(schema.Type)
	switch {
	case schema.Format == "date-time":
		return "2026-01-02T03:04:05Z"
	case schema.Format == "date":
		return "2026-01-02"
	case slices.Contains([]string{"[null integer]", "[null number]"}, kinds):
		return 7
	case kinds == "[null boolean]":
		return true
	case kinds == "<nil>":
		return []any{object{"a": 1}}
	}
	return "text"
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		settings object
		says     string
	}{
		"no key":          {object{"api_key": ""}, "api_key"},
		"no start":        {object{"start_date": nil}, "start_date is required: give --start-date, set TAP_REDTRACK_START_DATE"},
		"zone":            {object{"timezone": "Mars/Olympus"}, "expected the name of a zone"},
		"local zone":      {object{"timezone": "Local"}, "expected the name of a zone"},
		"unknown group":   {object{"reports": object{"r": []string{"hour"}}}, `there is no group "hour"; there are campaign, source`},
		"no groups":       {object{"reports": object{"r": []string{}}}, "r has no groups"},
		"date is a group": {object{"reports": object{"r": []string{"date"}}}, `there is no group "date"`},
		"name is taken":   {object{"reports": object{"clicks": []string{"country"}}}, `there is a stream "clicks" already`},
		"address":         {object{"base_url": "api.redtrack.io"}, "expected an address"},
		"unknown":         {object{"api_kye": "x"}, "api_key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				out := taptest.Run(t, program, input(redtracktest.New(t), test.settings))
				require.Equal(t, 2, out.Code, out.Stderr)
				require.Contains(t, out.Stderr, test.says)
			})
		})
	}
}

func TestDocumentationPage(t *testing.T) {
	t.Parallel()
	taptest.Page(t, program)
}
