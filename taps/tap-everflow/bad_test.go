package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap-everflow/everflowtest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

func TestBadInput(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		settings map[string]any
		change   func(b *bench)
		args     []string
		code     int
		says     []string
	}{
		"no key":                {settings: map[string]any{"api_key": nil}, code: 2, says: []string{"api_key is required without networks", "EVERFLOW_API_KEY"}},
		"two ways to give it":   {settings: map[string]any{"networks": []map[string]any{{"api_key": "x"}}}, code: 2, says: []string{"either networks or api_key"}},
		"a network without one": {settings: map[string]any{"api_key": nil, "networks": []map[string]any{{"region": "eu"}}}, code: 2, says: []string{"networks[0]: api_key is missing"}},
		"another region":        {settings: map[string]any{"api_key": nil, "networks": []map[string]any{{"region": "mars"}}}, code: 2, says: []string{"networks[0].region: expected one of us, eu"}},
		"wrong key":             {settings: map[string]any{"api_key": "wrong"}, args: []string{"--test"}, code: 2, says: []string{"401", "see api_key and region"}},
		"key of another":        {settings: map[string]any{"portal": "affiliate"}, code: 2, says: []string{"Out of realm", "set portal to whose key it is"}},
		"wrong base_url":        {settings: map[string]any{"base_url": taptest.URL + "/v1/"}, args: []string{"--test"}, code: 0, says: []string{"the connection works"}},
		"a web page":            {change: fault(taptest.WebPage(200)), code: 2, says: []string{"web page", "base_url"}},
		"not found":             {change: fault(taptest.Status(404, `{"error":"Not Found"}`)), code: 2, says: []string{"It ends with /v1"}},
		"a login page":          {change: fault(taptest.Status(302, "", "Location: https://login.example/")), code: 2, says: []string{"https://login.example", "base_url"}},
		"unknown zone":          {settings: map[string]any{"timezone": "Mars/Base"}, code: 2, says: []string{`"Mars/Base" is not known`}},
		"zone not theirs":       {settings: map[string]any{"timezone": "Europe/Berlin", "select": "daily_report"}, code: 2, says: []string{`Everflow does not know "Europe/Berlin"`}},
		"report columns": {settings: map[string]any{"report_columns": []string{"offer", "date", "Offer", "offer"}}, code: 2,
			says: []string{`"date" is a span of time`, `"Offer" is no column`, `"offer" comes twice`}},
		"ten report columns": {settings: map[string]any{"report_columns": []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}}, code: 2, says: []string{"nine beside the day, not 10"}},
		"an affiliate without offers": {settings: map[string]any{"portal": "affiliate", "api_key": "key-of-affiliate-8"}, code: 2, says: []string{"does not tell its network's id; give network_id"},
			change: func(b *bench) { b.Key, b.Affiliate, b.Lists = "key-of-affiliate-8", true, nil }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, fill(everflowtest.New(t)), c.settings)
			if c.change != nil {
				c.change(b)
			}
			out := b.run(nil, c.args...)
			require.Equal(t, c.code, out.Code, out.Stderr)
			for _, text := range c.says {
				require.Contains(t, out.Stderr, text)
			}
			require.NotContains(t, out.Stderr, b.Key)
		})
	}
}

// fault spoils the first answer.
func fault(f taptest.Fault) func(*bench) {
	return func(b *bench) { b.faults = map[int]taptest.Fault{1: f} }
}

// A permission that is missing costs its stream alone.
func TestPermissionThatIsMissing(t *testing.T) {
	t.Parallel()
	b := newBench(t, fill(everflowtest.New(t)), map[string]any{"select": "conversions,clicks,offers"})
	b.Denied = "clicks/stream"
	out := b.run(nil)
	require.Equal(t, 2, out.Code)
	require.Contains(t, out.Stderr, `stream "clicks": POST networks/reporting/clicks/stream: 403`)
	require.Contains(t, out.Stderr, "leave the stream out with --select")
	require.Len(t, taptest.Records(out.Messages, "conversions"), 3)
	require.Len(t, taptest.Records(out.Messages, "offers"), 2)
}

// Everflow does not say when to come back: it counts in windows of 30 seconds.
func TestRateLimitThatOthersUsedUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, fill(everflowtest.New(t)), map[string]any{"select": "conversions", "max_retries": 6})
		refuse := taptest.Status(http.StatusTooManyRequests, `{"error":"Rate limit exceeded"}`, "X-RateLimit-Limit: 600", "X-RateLimit-Remaining: 0")
		b.faults = map[int]taptest.Fault{2: refuse, 3: taptest.Status(http.StatusTooManyRequests, "", "Retry-After: 7"), 4: taptest.Cut(0), 5: taptest.Cut(40),
			6: taptest.Status(502, "<html>Bad gateway</html>", "Content-Type: text/html"), 7: taptest.Status(400, `{"error":"rpc error: code=8 desc = message larger than max"}`)}
		messages, _ := b.sync(nil)
		require.Len(t, taptest.Records(messages, "conversions"), 3)
		calls := b.api.Calls()
		require.GreaterOrEqual(t, calls[2].At.Sub(calls[1].At), limitSpan)
		require.GreaterOrEqual(t, calls[3].At.Sub(calls[2].At), 7*time.Second)
	})
}

// A range that Everflow does not take is no use to ask for again.
func TestBadRequestIsNotSentAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t, everflowtest.New(t), map[string]any{"select": "conversions"})
	b.faults = map[int]taptest.Fault{2: taptest.Status(400, `{"error":"date range is invalid"}`)}
	require.Contains(t, b.fails(2), "date range is invalid")
	require.Len(t, b.api.Calls(), 2)
}

// No request is refused, and at least 95 % of the permitted ones are sent: those that Everflow permits, and the half of a network's that
// the tap keeps to by itself.
func TestPace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		server    func(testing.TB) *everflowtest.Server
		perMinute any
		requests  int // in any span of that length
		span      time.Duration
	}{
		"network":             {everflowtest.New, 1200, 600, 30 * time.Second},
		"network by itself":   {everflowtest.New, nil, 600, time.Minute},
		"affiliate":           {everflowtest.NewAffiliate, 300, 150, 30 * time.Second},
		"affiliate by itself": {everflowtest.NewAffiliate, nil, 150, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, fill(c.server(t)), map[string]any{"select": "conversions,events,on_hold_conversions", "requests_per_minute": c.perMinute, "start_date": "2025-03-12"})
				b.sync(nil)
				require.Zero(t, b.api.Over())
				calls := b.api.Calls()
				took := calls[len(calls)-1].At.Sub(calls[0].At)
				least := time.Duration((len(calls)-1)/c.requests) * c.span
				t.Logf("%d requests in %s, in %s at the best", len(calls), took, least)
				require.GreaterOrEqual(t, least.Seconds()/took.Seconds(), 0.95)
			})
		})
	}
}

// Reports by more than day, offer, affiliate and advertiser are counted by the hour as well: 1,000 for a network.
func TestPaceOfGranularReports(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, everflowtest.New(t), map[string]any{"select": "daily_report", "report_columns": []string{"country_code"}, "start_date": "2023-03-01", "requests_per_minute": 1200})
		b.ReportCap = 1 // days cannot be asked for together
		for n := range 1100 {
			b.Clicks = append(b.Clicks, b.Click(n, at(10, 12, 0, 0).AddDate(0, 0, -n), 31, 8, "PT"))
		}
		messages, _ := b.sync(nil)
		require.Len(t, taptest.Records(messages, "daily_report"), 1100)
		calls := b.api.Calls()[1:] // behind what the account is
		require.Greater(t, len(calls), 1000)
		for i := range len(calls) - 1000 {
			require.GreaterOrEqual(t, calls[i+1000].At.Sub(calls[i].At), time.Hour)
		}
	})
}

func TestRegions(t *testing.T) {
	t.Parallel()
	require.Equal(t, "https://api.eflow.team/v1", hosts["us"])
	require.Equal(t, "https://api-eu.eflow.team/v1", hosts["eu"])
	b := newBench(t, everflowtest.New(t), map[string]any{"base_url": nil, "region": "eu"})
	in := b.input(nil, "--test")
	asked := ""
	in.Dial = func(_ context.Context, _, address string) (net.Conn, error) {
		asked = address
		return nil, errors.New("no network here")
	}
	b.settings["max_retries"] = 0
	out := taptest.Run(t, program, in)
	require.Equal(t, 4, out.Code, out.Stderr)
	require.Equal(t, "api-eu.eflow.team:443", asked)
}
