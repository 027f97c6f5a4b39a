package accounts

import (
	"fmt"
	"testing"

	"github.com/signalroom/signalroom/taps/tap-redtrack/redtracktest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// redTrack has a day more in each run, a conversion that is approved, a click whose cost is synchronised, a campaign that is renamed and one
// that is deleted.
func redTrack() Account {
	return Account{
		Program: "tap-redtrack",
		Serve: func(t testing.TB) (*taptest.API, func(int)) {
			a := redtracktest.New(t)
			return a.API, func(run int) {
				switch run {
				case 1:
					a.Fill("2026-01-01", "2026-01-02")
				case 2:
					a.Day("2026-01-03")
					a.Put("conversions", redtracktest.Row{"id": "65b10002", "clickid": "65a100020", "conv_time": "2026-01-02T11:00:00Z", "status": "approved", "payout": 40.25})
					a.Put("campaigns", redtracktest.Row{"id": "64f0aa11bb22cc33dd44ee55", "title": "Demo Europe", "status": 1, "tags": []string{"eu"}, "brand_new": redtracktest.Row{"a": 1.50}})
				case 3:
					a.Day("2026-01-04")
					a.Delete("campaigns", func(r redtracktest.Row) bool { return r["title"] == "Demo US" })
					a.Put("tracks", redtracktest.Row{"id": "65a100030", "track_time": "2026-01-03T10:00:00Z", "cost": "0.55"})
				}
			}
		},
		Settings: func(run int) map[string]any {
			return map[string]any{"api_key": redtracktest.Key, "client_id": "acme", "timezone": "UTC", "start_date": "2026-01-01", "end_date": fmt.Sprintf("2026-01-%02d", run+2),
				"select": "conversions,clicks,campaigns,networks,report_daily"}
		},
		Tables: []string{"conversions", "clicks", "campaigns", "networks", "report_daily"},
	}
}
