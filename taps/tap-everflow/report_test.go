package main

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap-everflow/everflowtest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

func TestReportIsByTheDaysOfAZone(t *testing.T) {
	t.Parallel()
	b := newBench(t, everflowtest.New(t), map[string]any{"select": "daily_report", "timezone": "America/New_York", "currency_id": "USD", "report_columns": []string{"country_code", "offer"}})
	for i, at := range []time.Time{at(8, 4, 59, 59), at(8, 5, 0, 0), at(9, 3, 59, 59), at(9, 4, 0, 0)} { // clocks go forward on the 8th
		b.Clicks = append(b.Clicks, b.Click(i, at, 31, 8, "PT"))
	}
	messages, state := b.sync(nil)
	require.Len(t, b.api.Calls(), 2+3, "the zone is looked up once")
	require.Equal(t, []string{"2026-03-07", "2026-03-08", "2026-03-09"}, column(t, messages, "daily_report", "date"))
	require.Equal(t, []string{"1", "2", "1"}, column(t, messages, "daily_report", "total_click"))
	require.Equal(t, "80", column(t, messages, "daily_report", "timezone_id")[0])
	schema, _ := taptest.LastSchema(messages, "daily_report")
	require.Equal(t, []string{"network_id", "timezone_id", "currency_id", "date", "country_code_id", "offer_id"}, schema.KeyProperties)
	require.Contains(t, string(schema.Schema), `"x-write-disposition":"merge"`)
	require.Equal(t, []string{"2026-03-07 – 2026-03-07", "2026-03-08 – 2026-03-09", "2026-03-10 – 2026-03-10"}, b.windows("/table"))

	b.Clicks = append(b.Clicks, b.Click(9, at(8, 6, 0, 0), 31, 8, "PT"))
	messages, _ = b.sync(state)
	require.Equal(t, []string{"1", "3", "1"}, column(t, messages, "daily_report", "total_click"), "a day of the past is read again as a whole")
}

func TestReportBeyondTheCap(t *testing.T) {
	t.Parallel()
	b := newBench(t, everflowtest.New(t), map[string]any{"select": "daily_report", "report_columns": []string{"offer", "affiliate"}, "start_date": "2026-03-01", "end_date": "2026-03-05"})
	b.ReportCap = 9_000 // what is more is said by incomplete_results, not by a number of rows
	n := 0
	click := func(day, offer, affiliate int) {
		n++
		b.Clicks = append(b.Clicks, b.Click(n, at(day, 12, 0, 0), offer, affiliate, "PT"))
	}
	for i := range 6000 { // more than the cap in two days together, and in one alone
		click(2, i%2, i/2)
		click(3, i%2, i/2)
		click(4, i%2, i/2)
		click(4, i%2, 3000+i/2)
	}
	messages, _ := b.sync(nil)
	require.NoError(t, taptest.Validate(messages, taptest.Checks{UniqueKeys: true}))
	require.Len(t, taptest.Records(messages, "daily_report"), 24_000)
}

func TestReportRowsOfOtherForms(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("America/New_York")
	require.NoError(t, err)
	for id, want := range map[string]string{
		fmt.Sprint(at(8, 5, 0, 0).Unix()): "2026-03-08", // midnight there
		fmt.Sprint(at(8, 0, 0, 0).Unix()): "2026-03-08", // midnight in UTC
		fmt.Sprint(at(9, 4, 0, 0).Unix()): "2026-03-09", // midnight there, in summer
		"2026-03-08":                      "2026-03-08",
	} {
		require.Equal(t, want, dayOf(id, zone), id)
	}
	s := &source{zone: time.UTC}
	figures, about, err := s.figures(&account{Account: Account{CurrencyID: "EUR"}}, 67, json.RawMessage(`{"columns":[{"column_type":"date","id":"1767312000","label":"x"},
		{"column_type":"sub1","id":"","label":""},{"column_type":"offer","id":31,"label":null},{"column_type":"affiliate","id":null,"label":7},{"column_type":"country_code","id":"N/A","label":"N/A"}],
		"reporting":{"cvr":2.1800000000000001,"new_figure":1}}`))
	require.NoError(t, err)
	line := ""
	for _, m := range about {
		line += fmt.Sprintf(`"%s":%s,`, m.Name, m.Value)
	}
	require.Equal(t, `"timezone_id":67,"currency_id":"EUR","date":"2026-01-02","sub1_id":"","sub1":"","offer_id":"31","offer":"","affiliate_id":"","affiliate":"7","country_code_id":"N/A","country_code":"N/A",`,
		line, "a key is never null, and a label no key")
	require.Equal(t, `{"cvr":2.1800000000000001,"new_figure":1}`, string(figures))
	_, _, err = s.figures(&account{}, 67, json.RawMessage(`{"columns":[]}`))
	require.ErrorContains(t, err, "has none")
	_, _, err = s.figures(&account{}, 67, json.RawMessage(`{"columns":"a@example.com"}`))
	require.ErrorContains(t, err, "not of the expected form")
	require.NotContains(t, err.Error(), "example.com")
}

func TestListsOfOtherForms(t *testing.T) {
	t.Parallel()
	b := newBench(t, fill(everflowtest.New(t)), map[string]any{"select": "offers", "page_size": 1})
	b.BareLists = true
	messages, _ := b.sync(nil)
	require.Equal(t, []string{"31", "32"}, column(t, messages, "offers", "network_offer_id"))

	b.BareLists = false
	b.Lists["offers"][0]["redirect_mode"] = "null_value"
	b.Lists["offers"][0]["payout_percentage"] = 12.5
	messages, _ = b.sync(nil)
	require.Equal(t, []string{"31", "32"}, column(t, messages, "offers", "network_offer_id"))
	require.Equal(t, "null_value", column(t, messages, "offers", "redirect_mode")[0])
	require.Equal(t, "", column(t, messages, "offers", "date_live_until")[0])
}

// Lists whose documentation names no pages are all there, whether they come in pages or not.
func TestListsThatMayComeWhole(t *testing.T) {
	t.Parallel()
	s := fill(everflowtest.New(t))
	s.Lists["categories"] = append(s.Lists["categories"], everflowtest.Row{"network_category_id": 2, "name": "Travel"})
	s.Lists["employees"] = append(s.Lists["employees"], everflowtest.Row{"employee_id": 7, "first_name": "Ben"}) // as some pages of the documentation have it
	b := newBench(t, s, map[string]any{"select": "categories,employees", "page_size": 1})
	for _, s.WholeLists = range []bool{false, true} {
		messages, _ := b.sync(nil)
		require.NoError(t, taptest.Validate(messages, taptest.Checks{UniqueKeys: true, ExtraMembers: true}))
		require.Equal(t, []string{"1", "2"}, column(t, messages, "categories", "network_category_id"))
		require.Equal(t, []string{"2", "7"}, column(t, messages, "employees", "network_employee_id"))
	}
	s.WholeLists = true
	b.settings["select"] = "offers" // of which pages are documented: the first one for ever is no list
	require.Contains(t, b.fails(3), "two answers hold the same rows")
}

func TestSeveralNetworks(t *testing.T) {
	t.Parallel()
	first, second := fill(everflowtest.New(t)), everflowtest.New(t)
	second.Key, second.NetworkID, second.Currency = "key-of-network-901", 901, "USD"
	fill(second)
	second.Conversions[0]["conversion_id"] = everflowtest.ID('f', 1)
	third := everflowtest.NewAffiliate(t)
	third.NetworkID = 902
	fill(third)
	first.Others = []*everflowtest.Server{second, third}
	b := newBench(t, first, map[string]any{"api_key": nil, "select": "conversions,daily_report,offers,affiliates",
		"networks": []map[string]any{{"api_key": first.Key}, {"api_key": second.Key, "region": "eu"}, {"api_key": third.Key, "portal": "affiliate", "currency_id": "GBP"}}})
	messages, state := b.sync(nil)
	require.Equal(t, []string{"900", "900", "901", "901", "902", "902"}, column(t, messages, "offers", "network_id"))
	require.Equal(t, []string{"900", "901"}, column(t, messages, "affiliates", "network_id"))
	require.Contains(t, column(t, messages, "daily_report", "currency_id"), "GBP")
	for _, network := range []string{"900", "901", "902"} {
		require.Contains(t, string(state), `"`+network+`":{"until":`)
	}

	second.NetworkID = 900
	require.Contains(t, b.fails(2), "two keys are of network 900")
}
