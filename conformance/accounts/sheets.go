package accounts

import (
	"testing"

	"github.com/signalroom/signalroom/taps/tap-google-sheets/sheetstest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// sheets has a spreadsheet of targets, of which a column is widened, a row is deleted and a tab is renamed, and one of rates that are merged by
// key. The time zone of the first has summer time.
func sheets() Account {
	var key map[string]any
	shown := func(serial any, kind, pattern string) sheetstest.Formatted {
		return sheetstest.Formatted{Serial: serial, Kind: kind, Pattern: pattern}
	}
	return Account{
		Program: "tap-google-sheets",
		Serve: func(t testing.TB) (*taptest.API, func(int)) {
			targets := &sheetstest.Doc{ID: "1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789_-ABCDE", Title: "Targets", Zone: "America/New_York", Tabs: []*sheetstest.Sheet{
				{ID: 0, Title: "Plan", Cells: [][]any{
					{"Campaign", "Budget", "From", "Changed", "Daily at", "Length", "Note"},
					{"Spring", 100, shown(46204, "DATE", ""), shown("46204.395833333336", "DATE_TIME", ""), shown(0.5, "TIME", "h:mm"), shown(1.5, "TIME", "[h]:mm"), sheetstest.Failed("N_A")},
					{"Autumn", 1e3, shown(46300, "DATE", ""), nil, nil, shown(-0.25, "TIME", "[h]:mm"), "n"},
				}},
				{ID: 77, Title: "Map's \"names\"", Cells: [][]any{{"From", "To"}, {"a", 1}, {"b", true}}},
			}}
			rates := &sheetstest.Doc{ID: "2AbCdEfGhIjKlMnOpQrStUvWxYz0123456789_-ABCDE", Title: "Rates", Zone: "Europe/Zurich", Tabs: []*sheetstest.Sheet{
				{ID: 0, Title: "Rates", Cells: [][]any{{"Code", "Rate"}, {"CHF", 1}, {"EUR", 0.9375}}},
			}}
			server := sheetstest.New(t, targets, rates)
			server.Endless = true
			key = sheetstest.ServiceKey(t, server.Listen()+"/token")
			return server.API, func(run int) {
				plan := targets.Tabs[0]
				server.Change(func() {
					switch run {
					case 2:
						plan.Cells[1][1], plan.Cells[2][2] = 99.5, shown("46300.75", "DATE_TIME", "")
						plan.Cells = append(plan.Cells, []any{"Winter", nil, nil, nil, nil, nil, "new"})
						targets.Tabs[1].Cells = targets.Tabs[1].Cells[:2]
						rates.Tabs[0].Cells = [][]any{{"Rate", "Code", "Since"}, {0.95, "EUR", shown(46204, "DATE", "")}, {1.25, "GBP", nil}}
					case 3:
						plan.Title = "Plan (final)"
						plan.Cells = plan.Cells[:3]
						plan.Cells[1][1] = "unknown"
						targets.Tabs[1].Cells = targets.Tabs[1].Cells[:1]
						rates.Tabs[0].Cells[1][0] = 0.96
					}
				}, targets, rates)
			}
		},
		Settings: func(int) map[string]any {
			return map[string]any{"credentials_json": key, "client_id": "acme", "stream_names": "snake_case", "column_names": "snake_case", "streams": []any{
				map[string]any{"spreadsheet": "1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789_-ABCDE", "tab": "*"},
				map[string]any{"spreadsheet": "2AbCdEfGhIjKlMnOpQrStUvWxYz0123456789_-ABCDE", "tab": "Rates", "key_properties": []string{"code"}},
			}}
		},
		Tables: []string{"plan", "map_s_names", "rates"},
	}
}
