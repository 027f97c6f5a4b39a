package accounts

import (
	"fmt"
	"testing"
	"time"

	"github.com/signalroom/signalroom/taps/tap-posthog/posthogtest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// PostHog has a day of events more in each run and some that come late, a flag that is archived and one that is deleted, and a recording that
// goes on.
func PostHog() Account {
	event := func(day, n int) posthogtest.Event {
		at := time.Date(2026, 1, day, 22, n/3, 0, 0, time.UTC) // three at a time
		return posthogtest.Event{UUID: fmt.Sprintf("%08x-0000-4000-8000-%012x", uint32(n)*2654435761, day), Name: "$pageview", Timestamp: at, CreatedAt: at.Add(time.Second),
			DistinctID: fmt.Sprintf("user%d", n), Properties: fmt.Sprintf(`{"n":%d,"price":12.340,"big":12345678901234567890}`, n)}
	}
	return Account{
		Program: "tap-posthog",
		Serve: func(t testing.TB) (*taptest.API, func(int)) {
			server := posthogtest.New(t)
			server.Limits = nil
			projects := []*posthogtest.Project{server.Project(9), server.Project(12)}
			return server.API, func(run int) {
				server.Change(func() {
					for _, p := range projects {
						for n := range 9 {
							p.Events = append(p.Events, event(run, n))
						}
					}
					flag := `{"id":%d,"key":"f%d","active":true,"archived":%t,"has_encrypted_payloads":true,"filters":{"groups":[],"payloads":{"true":"secret"}}}`
					recording := `{"id":"r%d","start_time":"2026-01-0%dT20:00:00Z","recording_duration":%d,"ongoing":%t}`
					first := projects[0]
					switch run {
					case 1:
						first.Lists["feature_flags"] = []string{fmt.Sprintf(flag, 1, 1, false), fmt.Sprintf(flag, 2, 2, false)}
						first.Lists["experiments"] = []string{`{"id":5,"name":"Old","archived":true}`, `{"id":6,"name":"New","status":"draft"}`}
						first.Lists["session_recordings"] = []string{fmt.Sprintf(recording, 1, 1, 60, true)}
					case 2: // the day before has a late event within the hour that is read again
						late := event(1, 100)
						late.Timestamp = time.Date(2026, 1, 1, 23, 30, 0, 0, time.UTC)
						first.Events = append(first.Events, late)
						first.Lists["feature_flags"] = []string{fmt.Sprintf(flag, 1, 1, true), fmt.Sprintf(flag, 3, 3, false)}
						first.Lists["experiments"] = []string{`{"id":5,"name":"Old","archived":true}`, `{"id":6,"name":"New","status":"running"}`}
						first.Lists["session_recordings"] = []string{fmt.Sprintf(recording, 1, 1, 95, false), fmt.Sprintf(recording, 2, 2, 7, false)}
					case 3:
						first.Lists["feature_flags"] = nil
					}
				})
			}
		},
		Settings: func(run int) map[string]any {
			return map[string]any{"api_key": posthogtest.Key, "project_id": []int{9, 12}, "client_id": "acme", "start_date": "2026-01-01", "end_date": fmt.Sprintf("2026-01-%02d", run+1),
				"page_size": 4, "select": "events,feature_flags,experiments,session_recordings"}
		},
		Tables: []string{"events", "feature_flags", "experiments", "session_recordings"},
	}
}
