package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap-posthog/posthogtest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// TestBadSettings are found without any request.
func TestBadSettings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		settings map[string]any
		want     string
	}{
		"project token":    {map[string]any{"api_key": "phc_abcdef"}, "this is a project token (phc_…), which can only send events; make a personal API key (phx_…)"},
		"secret key":       {map[string]any{"api_key": "phs_abcdef"}, "this is a project secret key (phs_…)"},
		"negative project": {map[string]any{"project_id": "-4"}, "expected the number that stands in the project's address, /project/12345"},
		"project by name":  {map[string]any{"project_id": "shop"}, "expected the number"},
		"mode":             {map[string]any{"events_mode": "fast"}, "auto, hogql, file_download, rest"},
		"old list":         {map[string]any{"events_mode": "rest", "cursor_field": "created_at"}, "the old list goes by timestamp alone"},
		"page size":        {map[string]any{"page_size": 50001}, "50000"},
		"no key":           {map[string]any{"api_key": nil}, "api_key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := taptest.Run(t, program, taptest.Input{Config: config(c.settings)})
			require.Equal(t, 2, out.Code)
			require.Contains(t, out.Stderr, c.want)
			require.NotContains(t, out.Stderr, "abcdef")
			require.Empty(t, out.Stdout)
		})
	}
}

func TestProjectIDs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]ProjectIDs{`12`: {12}, `"12"`: {12}, `"12, 9,12"`: {12, 9}, "[\n 12,\r\n\t\"9\"\n]": {12, 9}, `[]`: nil, `""`: nil} {
		var got ProjectIDs
		require.NoError(t, json.Unmarshal([]byte(text), &got), text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{`0`, `-1`, `"a"`, `1.5`, `{"id":1}`, `99999999999999999999`} {
		require.Error(t, json.Unmarshal([]byte(text), new(ProjectIDs)), text)
	}
}

func TestBaseURL(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"": "", "eu": "https://eu.posthog.com", "US": "https://us.posthog.com", "https://app.posthog.com": "https://us.posthog.com",
		"https://us.i.posthog.com": "https://us.posthog.com", "https://eu.i.posthog.com/": "https://eu.posthog.com",
		"http://us.posthog.com": "https://us.posthog.com", "https://posthog.example.com/sub": "https://posthog.example.com/sub", "http://localhost:8000": "http://localhost:8000",
	} {
		require.Equal(t, want, baseURL(given), given)
	}
}

// TestFaultsOfTheServer are one line each, with the next step.
func TestFaultsOfTheServer(t *testing.T) {
	t.Parallel()
	answers := func(fault taptest.Fault) func(*posthogtest.Server) {
		return func(s *posthogtest.Server) {
			for number := range 100 {
				s.API.Fail(number+1, fault)
			}
		}
	}
	for name, c := range map[string]struct {
		settings map[string]any
		server   func(*posthogtest.Server)
		code     int
		want     string
	}{
		"wrong key":       {map[string]any{"api_key": "phx_wrong_key"}, nil, 2, "see that base_url is the region of the project: https://us.posthog.com or https://eu.posthog.com"},
		"wrong project":   {map[string]any{"project_id": 77}, nil, 2, "404 Not Found: Project not found.; check project_id, and that the key may see the project"},
		"no scope":        {nil, func(s *posthogtest.Server) { s.Scopes = []string{"person:read"} }, 2, "give the personal API key the scope query:read, or leave the stream out with the setting select"},
		"no listing":      {map[string]any{"project_id": nil}, func(s *posthogtest.Server) { s.Unlisted = true }, 2, "set project_id to the number that stands in the project's address, /project/12345"},
		"not paid for":    {nil, answers(taptest.Status(402, `{"type":"validation_error","code":"payment_required","detail":"Not in your plan."}`)), 2, "Not in your plan.; the organization's plan or quota does not allow it"},
		"web page":        {nil, answers(taptest.WebPage(http.StatusOK)), 2, "the answer is a web page; is base_url the address of PostHog's API?"},
		"login":           {nil, answers(taptest.Status(http.StatusFound, "", "Location: /login?next=/")), 2, "a login perhaps: is base_url the address of PostHog's API?"},
		"http":            {nil, answers(taptest.Status(http.StatusMovedPermanently, "", "Location: https://api.test/api/")), 2, "the host wants https: set base_url to https://api.test"},
		"gone":            {nil, answers(taptest.Cut(0)), 4, "6 tries"},
		"bad gateway":     {nil, answers(taptest.WebPage(http.StatusBadGateway)), 4, "6 tries"},
		"budget":          {nil, answers(taptest.Status(429, `{"type":"throttled_error","code":"api_queries_budget_exceeded","detail":"Over budget."}`, "Retry-After: 3000")), 4, "and a run waits for 10m0s at the most"},
		"invalid query":   {nil, answers(taptest.Status(400, `{"type":"validation_error","code":"hogql_query_error","detail":"Unable to resolve field: created_at","attr":null}`)), 2, "Unable to resolve field: created_at"},
		"several errors":  {nil, answers(taptest.Status(400, `{"type":"multiple","code":"multiple","detail":null,"attr":null,"list":[{"type":"validation_error","code":"invalid_input","detail":"Not a valid instant.","attr":"after"}]}`)), 2, "Not a valid instant."},
		"no rows":         {nil, answers(taptest.Status(200, `{"error":"something"}`)), 3, "the answer does not hold the rows that were asked for"},
		"clock is behind": {map[string]any{"api_key": "phx_wrong_key"}, nil, 2, "clock"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server, _ := serverWith(t, sampleEvents(3, today.Add(-time.Hour)))
				if c.server != nil {
					c.server(server)
				}
				settings := map[string]any{"events_mode": "hogql"}
				for name, value := range c.settings {
					settings[name] = value
				}
				in := input(server, settings)
				if name == "clock is behind" {
					server.API.Fail(1, taptest.Status(401, `{}`, "Date: "+today.Add(time.Hour).Format(http.TimeFormat)))
				}
				out := taptest.Run(t, program, in)
				require.Equal(t, c.code, out.Code, out.Stderr)
				lines := strings.Split(strings.TrimSpace(out.Stderr), "\n")
				require.Contains(t, lines[len(lines)-1], c.want)
				require.NotContains(t, out.Stderr, "phx_wrong")
				require.NotContains(t, out.Stderr, posthogtest.Key)
			})
		})
	}
}

// TestTest is --test, which names what is wrong before anything is read.
func TestTest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, project := serverWith(t, sampleEvents(30, today.Add(-time.Hour)))
		project.Lists = sampleLists()
		out := taptest.Run(t, program, input(server, everyStream, "--test"))
		require.Equal(t, 0, out.Code, out.Stderr)
		require.Contains(t, out.Stderr, "the connection works")
		require.Len(t, taptest.Records(out.Messages, "events"), 1)
		require.Len(t, taptest.Records(out.Messages, "projects"), 1)

		for settings, want := range map[string]string{"api_key": "make a personal API key", "project_id": "check project_id"} {
			value := map[string]any{"api_key": "phx_other", "project_id": "999"}[settings]
			out := taptest.Run(t, program, input(server, map[string]any{settings: value}, "--test"))
			require.Equal(t, 2, out.Code)
			require.Contains(t, out.Stderr, want)
		}
	})
}

// TestOneStreamFails and the others are read.
func TestOneStreamFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, project := serverWith(t, sampleEvents(3, today.Add(-time.Hour)))
		project.Lists = sampleLists()
		server.Scopes = []string{"query:read", "experiment:write"}
		out := taptest.Run(t, program, input(server, map[string]any{"select": "events,feature_flags,experiments"}))
		require.Equal(t, 2, out.Code)
		require.Len(t, taptest.Records(out.Messages, "events"), 3)
		require.Len(t, taptest.Records(out.Messages, "experiments"), 2, "the right to write is one to read")
		require.Contains(t, out.Stderr, `stream "feature_flags"`)
		require.Contains(t, out.Stderr, "give the personal API key the scope feature_flag:read")
	})
}

// TestThrottled waits as long as PostHog says in words, and then goes on.
func TestThrottled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, _ := serverWith(t, sampleEvents(30, today.Add(-time.Hour)))
		server.API.Fail(2, func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			posthogtest.Throttled(41*time.Second)(w, r)
		})
		server.API.Fail(3, taptest.Status(429, `{"type":"throttled_error","code":"throttled","detail":"Exceeded maximum concurrency limit"}`))
		server.API.Fail(4, taptest.Status(429, `{"type":"throttled_error","code":"api_queries_budget_exceeded","detail":"Over budget."}`, "Retry-After: 100"))
		server.API.Fail(5, taptest.Status(503, `{"type":"server_error","code":"error","detail":"Queries are a little too busy right now."}`))
		server.API.Fail(6, taptest.Cut(100))
		began := time.Now()
		require.Len(t, uuids(t, sync(t, server, nil)), 30)
		took := time.Since(began)
		require.Greater(t, took, 141*time.Second)
		require.Less(t, took, 160*time.Second)
	})
}

// TestQueriesThatTimeOut are made smaller, as they are when PostHog expects them to take too long.
func TestQueriesThatTimeOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, _ := serverWith(t, sampleEvents(30, today.Add(-time.Hour)))
		server.API.Fail(2, taptest.Status(http.StatusGatewayTimeout, `{"type":"server_error","code":"error","detail":"Query has hit the max execution time before completing."}`))
		require.Len(t, uuids(t, sync(t, server, map[string]any{"page_size": 400, "events_mode": "hogql"})), 30)
		var limits []string
		for _, query := range queries(t, server.API) {
			if _, limit, ok := strings.Cut(query, "toString(uuid) LIMIT "); ok {
				limits = append(limits, limit)
			}
		}
		require.Equal(t, []string{"400", "200"}, limits)
	})
}

// TestQueriesThatCannotBeSmaller are sent again as they are, a count of one day among them, and end with what to do.
func TestQueriesThatCannotBeSmaller(t *testing.T) {
	t.Parallel()
	timeout := taptest.Status(http.StatusGatewayTimeout, `{"type":"server_error","code":"error","detail":"Query has hit the max execution time before completing."}`)
	for _, first := range []int{1, 2} { // the count, and a page
		for tries, code := range map[int]int{5: 0, 6: 4} {
			synctest.Test(t, func(t *testing.T) {
				server, _ := serverWith(t, sampleEvents(30, today.Add(-time.Hour)))
				for i := range tries {
					server.API.Fail(first+i, timeout)
				}
				out := taptest.Run(t, program, input(server, map[string]any{"page_size": leastPage, "events_mode": "hogql", "start_date": "2026-05-31"}))
				require.Equal(t, code, out.Code, out.Stderr)
				if code == 0 {
					require.Len(t, uuids(t, out.Messages), 30)
					return
				}
				require.Len(t, server.API.Calls(), first-1+tries)
				require.Contains(t, out.Stderr, "6 tries")
				require.Contains(t, out.Stderr, "run again later: the next run goes on from here; if it stays so, narrow event_names")
			})
		}
	}
}

// TestBrokenAnswers are asked for again from where they broke off, at every byte of a page.
func TestBrokenAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		events := sampleEvents(12, today.Add(-time.Hour))
		for size := 1; size < 4200; size += 97 {
			server, _ := serverWith(t, events)
			server.API.Fail(3, taptest.Cut(size))
			require.Equal(t, 12, len(uuids(t, sync(t, server, nil))), "cut after %d bytes", size)
		}
	})
}

// TestQueriesAtOnce has a server that takes its time: one query is under way while the answer to another is read, and never a third.
func TestQueriesAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, _ := serverWith(t, sampleEvents(200, today.Add(-10*time.Hour)))
		var now, most atomic.Int32
		for number := range 200 {
			server.API.Fail(number+1, func(w http.ResponseWriter, r *http.Request, answer http.Handler) {
				most.Store(max(most.Load(), now.Add(1)))
				taptest.Slow(10*time.Second)(w, r, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					now.Add(-1)
					answer.ServeHTTP(w, r)
				}))
			})
		}
		began := time.Now()
		require.Equal(t, 200, len(uuids(t, sync(t, server, map[string]any{"page_size": 10}))))
		require.Equal(t, int32(2), most.Load())
		requests := len(server.API.Calls())
		require.Less(t, time.Since(began), time.Duration(requests)*7*time.Second, "%d requests", requests)
	})
}

// TestPace reads as fast as PostHog allows: at least 95 % of the requests permitted in an hour are sent, and none is refused.
func TestPace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, _ := serverWith(t, sampleEvents(2600, today.Add(-50*time.Hour)))
		began := time.Now()
		sync(t, server, map[string]any{"page_size": 1})
		require.Zero(t, server.Refused())
		first := 0
		for _, call := range server.API.Calls() {
			if call.At.Sub(began) < time.Hour {
				first++
			}
		}
		t.Logf("%d requests in the first hour, of 2,400 permitted", first)
		require.GreaterOrEqual(t, first, 2400*95/100)
	})
}

// TestBudget goes slower when what a key may read is nearly used up.
func TestBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, _ := serverWith(t, sampleEvents(10, today.Add(-3*time.Hour)))
		server.Budget = 2000
		began := time.Now()
		out := taptest.Run(t, program, input(server, map[string]any{"page_size": 3}))
		require.Equal(t, 0, out.Code, out.Stderr)
		require.Contains(t, out.Stderr, "no request is left for now")
		require.GreaterOrEqual(t, time.Since(began), 3*time.Minute)
		require.Less(t, time.Since(began), time.Duration(len(queries(t, server.API)))*time.Minute)
	})
}
