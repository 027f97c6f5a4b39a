package accounts

import (
	"strings"
	"testing"
	"time"

	"github.com/signalroom/signalroom/taps/tap-everflow/everflowtest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// everflow has a day more in each run, a conversion that is approved, one that is released with an old time, clicks that come late, an offer
// that is renamed and one that is deleted. Everflow gives the newest months alone, and so the days are the last ones.
func everflow() Account {
	first := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -4)
	at := func(day, hour int) time.Time { return first.AddDate(0, 0, day-1).Add(time.Duration(hour) * time.Hour) }
	var days []string
	for day, name := range []string{"day 1", "day 2", "day 3", "day 4"} {
		days = append(days, at(day+1, 0).Format(time.DateOnly), name)
	}
	return Account{
		Program: "tap-everflow",
		Path:    "/v1",
		Settle:  strings.NewReplacer(days...).Replace,
		Serve: func(t testing.TB) (*taptest.API, func(int)) {
			s := everflowtest.New(t)
			s.Now = time.Now()
			number := 0
			day := func(day int) {
				for hour := 8; hour <= 20; hour += 6 {
					number++
					s.Clicks = append(s.Clicks, s.Click(number, at(day, hour-1), 31+number%2, 8, "PT"))
					s.Conversions = append(s.Conversions, s.Conversion(number, at(day, hour), 31+number%2, 8, "pending", 10.25))
				}
				s.Conversions = append(s.Conversions, s.Event(number, at(day, 23), 31, 8, "Upsell"))
			}
			return s.API(), func(run int) {
				s.Do(func() {
					switch run {
					case 1:
						day(1)
						day(2)
						s.Lists["offers"] = []everflowtest.Row{s.Offer(31), s.Offer(32)}
					case 2:
						day(3)
						s.Conversions[0]["status"], s.Conversions[0]["payout"] = "approved", 12.5
						s.Conversions = append(s.Conversions, s.Conversion(90, at(1, 3), 32, 8, "approved", 1))
						s.Lists["offers"][0] = s.Offer(31)
						s.Lists["offers"][0]["name"], s.Lists["offers"][0]["brand_new"] = "Renamed", 1.5
					case 3:
						day(4)
						s.Clicks = append(s.Clicks, s.Click(91, at(3, 23), 31, 8, "ES"))
						s.Lists["offers"] = s.Lists["offers"][:1]
					}
				})
			}
		},
		Settings: func(run int) map[string]any {
			return map[string]any{"api_key": "key-of-network-900", "client_id": "acme", "start_date": at(1, 0), "end_date": at(run+2, 0), "conversions_disposition": "merge", "page_size": 2,
				"select": "conversions,events,clicks,daily_report,offers,!conversions.*unix*,!events.*unix*,!clicks.*unix*"}
		},
		Tables: []string{"conversions", "events", "clicks", "daily_report", "offers"},
	}
}
