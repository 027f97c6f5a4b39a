package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/signalroom/signalroom/taps/tap-everflow/everflowtest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// at is an instant of March 2026, in UTC.
func at(day, hour, minute, second int) time.Time {
	return time.Date(2026, 3, day, hour, minute, second, 0, time.UTC)
}

// A bench is an account with a tap in front of it.
type bench struct {
	*everflowtest.Server
	t        *testing.T
	api      *taptest.API
	settings map[string]any
	faults   map[int]taptest.Fault // of the next run, by the number of the request
}

func newBench(t *testing.T, server *everflowtest.Server, settings map[string]any) *bench {
	t.Helper()
	b := &bench{Server: server, t: t, settings: map[string]any{"api_key": server.Key, "base_url": taptest.URL + "/v1", "start_date": "2026-03-08"}}
	if server.Affiliate {
		b.settings["portal"] = "affiliate"
	}
	maps.Copy(b.settings, settings)
	return b
}

func (b *bench) input(state json.RawMessage, args ...string) taptest.Input {
	b.api = b.API()
	for number, fault := range b.faults {
		b.api.Fail(number, fault)
	}
	return taptest.Input{Config: b.settings, State: state, Args: args, Dial: b.api.Dial(), Now: func() time.Time { return b.Now }}
}

// run runs the tap, whatever comes of it.
func (b *bench) run(state json.RawMessage, args ...string) *taptest.Output {
	b.t.Helper()
	return taptest.Run(b.t, program, b.input(state, args...))
}

// sync runs the tap and gives its messages and last state. Members that nobody declared are fine.
func (b *bench) sync(state json.RawMessage, args ...string) ([]taptest.Message, json.RawMessage) {
	b.t.Helper()
	out := b.run(state, args...)
	require.Zero(b.t, out.Code, out.Stderr)
	require.NoError(b.t, out.Err)
	require.NoError(b.t, taptest.Validate(out.Messages, taptest.Checks{ExtraMembers: true}))
	_, last := taptest.Covered(out.Messages)
	return out.Messages, last
}

// fails runs the tap and gives what it says at the end.
func (b *bench) fails(code int) string {
	b.t.Helper()
	out := b.run(nil)
	require.Equal(b.t, code, out.Code, out.Stderr)
	require.NotContains(b.t, out.Stderr, b.Key)
	lines := strings.Split(strings.TrimSpace(out.Stderr), "\n")
	for _, line := range lines {
		if strings.Contains(line, "CRITICAL") {
			return line
		}
	}
	return lines[len(lines)-1]
}

// windows are from and to of the requests of the last run to a path.
func (b *bench) windows(path string) []string {
	b.t.Helper()
	var list []string
	for _, call := range b.api.Calls() {
		if strings.HasSuffix(call.Path, path) {
			var body struct{ From, To string }
			require.NoError(b.t, json.Unmarshal(call.Body, &body))
			list = append(list, body.From+" – "+body.To)
		}
	}
	return list
}

// column are the values of one column, in order.
func column(t *testing.T, messages []taptest.Message, stream, name string) []string {
	t.Helper()
	var values []string
	for _, record := range taptest.Records(messages, stream) {
		var row map[string]any
		require.NoError(t, json.Unmarshal(record, &row))
		values = append(values, fmt.Sprint(row[name]))
	}
	return values
}

// fill makes a small network with something in every stream.
func fill(s *everflowtest.Server) *everflowtest.Server {
	s.Conversions = []everflowtest.Row{
		s.Conversion(1, at(8, 0, 0, 0), 31, 8, "approved", 12.5),
		s.Conversion(2, at(8, 23, 59, 59), 32, 8, "pending", 7.25),
		s.Event(3, at(9, 12, 0, 0), 31, 9, "Upsell"),
		s.Conversion(4, at(10, 9, 0, 0), 31, 9, "pending", 3),
	}
	s.OnHold = []everflowtest.Row{s.Held(5, at(9, 1, 0, 0), "on_hold")}
	s.Clicks = []everflowtest.Row{
		s.Click(1, at(8, 0, 0, 0), 31, 8, "PT"),
		s.Click(2, at(8, 23, 59, 59), 32, 8, "PT"),
		s.Click(3, at(9, 0, 0, 0), 31, 9, "ES"),
		s.Click(4, at(10, 15, 0, 0), 31, 9, "ES"),
	}
	common := func(row everflowtest.Row) everflowtest.Row {
		row["network_id"], row["time_created"], row["time_saved"] = s.NetworkID, 1700000000, 1766000000
		return row
	}
	s.Lists = map[string][]everflowtest.Row{
		"offers":     {s.Offer(31), s.Offer(32)},
		"affiliates": {common(everflowtest.Row{"network_affiliate_id": 8, "name": "Demo partner", "account_status": "active", "labels": []string{"blog"}})},
		"advertisers": {common(everflowtest.Row{"network_advertiser_id": 4, "name": "Demo brand", "is_expose_publisher_reporting_data": nil, "verification_token": "secret-of-4",
			"relationship": everflowtest.Row{"labels": everflowtest.Row{"total": 0, "entries": []string{}}, "integrations": everflowtest.Row{"key": "secret-of-integration"}}})},
		"offer_groups": {common(everflowtest.Row{"network_offer_group_id": 2, "network_advertiser_id": 4, "name": "Group", "daily_payout_cap": 100.5,
			"relationship": everflowtest.Row{"advertiser": everflowtest.Row{"network_advertiser_id": 4, "verification_token": "secret-of-4"}}})},
		"campaigns": {common(everflowtest.Row{"network_campaign_id": 1, "campaign_name": "Smart link", "campaign_status": "active", "optimization_goal": 0,
			"relationship": everflowtest.Row{"redirects": everflowtest.Row{"total": 1, "entries": []everflowtest.Row{{"api": "secret-of-redirect", "routing_value": 1}}}}})},
		"coupon_codes": {common(everflowtest.Row{"network_coupon_code_id": 3, "network_offer_id": 31, "network_affiliate_id": 8, "coupon_code": "SUMMER15", "coupon_status": "active",
			"start_date": "2026-06-01", "end_date": "", "is_description_plain_text": false, "time_deleted": 0, "relationship": everflowtest.Row{}})},
		"categories":       {common(everflowtest.Row{"network_category_id": 1, "name": "Finance", "status": "active"})},
		"labels":           {{"label": "summer", "offer_ids": []int{31, 32}, "affiliate_ids": []int{}, "relationship": everflowtest.Row{"offers": []everflowtest.Row{{"network_offer_id": 31}}}}},
		"traffic_sources":  {common(everflowtest.Row{"network_traffic_source_id": 2, "name": "Mail", "postback_url": "", "is_public": true})},
		"traffic_controls": {common(everflowtest.Row{"network_traffic_control_id": 5, "status": "active", "control_type": "blacklist", "variables": []everflowtest.Row{{"variable": "sub1", "values": []string{"bad"}}}})},
		"employees":        {common(everflowtest.Row{"network_employee_id": 2, "first_name": "Ann", "full_name": "Ann Person", "is_admin": true, "relationship": everflowtest.Row{}})},
		"creatives":        {common(everflowtest.Row{"network_offer_creative_id": 7, "network_offer_id": 31, "name": "Banner", "creative_type": "html", "width": 300, "height": 250, "additional_offer_ids": []int{32}})},
	}
	return s
}

func TestGolden(t *testing.T) {
	t.Parallel()
	b := newBench(t, fill(everflowtest.New(t)), map[string]any{"select": "*"})
	messages, state := b.sync(nil)
	out := b.run(nil)
	taptest.Golden(t, out.Stdout, "network.singer")
	require.NoError(t, taptest.Validate(messages, taptest.Checks{UniqueKeys: true}), "every member is declared")
	require.NotContains(t, string(out.Stdout), "secret-of")
	require.Contains(t, string(state), `"900":{"until":"2026-03-10T15:20:00Z"}`, "the newest minutes are not settled")

	a := newBench(t, fill(everflowtest.NewAffiliate(t)), map[string]any{"select": "*"})
	taptest.Golden(t, a.run(nil).Stdout, "affiliate.singer")
}

func TestResume(t *testing.T) {
	t.Parallel()
	for name, server := range map[string]func(testing.TB) *everflowtest.Server{"network": everflowtest.New, "affiliate": everflowtest.NewAffiliate} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, fill(server(t)), map[string]any{"select": "*", "page_size": 1, "lookback": 0, "click_lookback": 0})
			taptest.ResumeRequests(t, program, b.input(nil), b.API, taptest.AtLeastOnce)
		})
	}
}
