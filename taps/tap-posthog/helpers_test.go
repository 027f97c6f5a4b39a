package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/signalroom/signalroom/taps/tap-posthog/posthogtest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// today is when the runs of tests begin.
var today = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// uuid is one of a kind, in no order that n has.
func uuid(n int) string { return fmt.Sprintf("%08x-0000-4000-8000-%012x", uint32(n)*2654435761, n) }

// sampleEvents are n events from start on, a minute apart. Every third begins an instant that it shares with the two behind it.
func sampleEvents(n int, start time.Time) []posthogtest.Event {
	var events []posthogtest.Event
	for i := range n {
		at := start.Add(time.Duration(i-i%3)*time.Minute + time.Duration(i-i%3)*time.Microsecond)
		events = append(events, posthogtest.Event{UUID: uuid(i), Name: []string{"$pageview", "order paid", "it's"}[i%3], Timestamp: at, CreatedAt: at.Add(2 * time.Second),
			DistinctID: fmt.Sprintf("user \"%d\"", i), Properties: fmt.Sprintf(`{"n":%d,"price":12.340,"path":"/a\"b\"","big":12345678901234567890}`, i), PersonProperties: `{"email":"ada@example.com"}`})
	}
	return events
}

// serverWith is a server with one project, 9, that has those events.
func serverWith(t testing.TB, events []posthogtest.Event) (*posthogtest.Server, *posthogtest.Project) {
	server := posthogtest.New(t)
	server.Now = func() time.Time { return today }
	project := server.Project(9)
	project.Events = events
	return server, project
}

// input is a run against a server. Settings come on top of the ones that every run needs.
func input(server *posthogtest.Server, settings map[string]any, args ...string) taptest.Input {
	return taptest.Input{Args: args, Config: config(settings), Dial: server.API.Dial(), Now: func() time.Time { return today }}
}

func config(settings map[string]any) map[string]any {
	config := map[string]any{"api_key": posthogtest.Key, "project_id": []int{9}, "base_url": taptest.URL, "start_date": "2026-05-01", "select": "events"}
	for name, value := range settings {
		if config[name] = value; value == nil {
			delete(config, name)
		}
	}
	return config
}

// uuids are those of the events that came, in order.
func uuids(t testing.TB, messages []taptest.Message) []string {
	t.Helper()
	var all []string
	for _, record := range taptest.Records(messages, "events") {
		var event struct {
			UUID string `json:"uuid"`
		}
		if err := json.Unmarshal(record, &event); err != nil {
			t.Fatal(err)
		}
		all = append(all, event.UUID)
	}
	return all
}

// lastState is what a run ended with.
func lastState(t testing.TB, messages []taptest.Message) []byte {
	t.Helper()
	states := taptest.States(messages)
	if len(states) == 0 {
		t.Fatal("no state")
	}
	return states[len(states)-1]
}

// queries are the texts of the HogQL queries so far.
func queries(t testing.TB, api *taptest.API) []string {
	t.Helper()
	var all []string
	for _, call := range api.Calls() {
		if !strings.HasSuffix(call.Path, "/query/") {
			continue
		}
		var body struct {
			Query struct {
				Query string `json:"query"`
			} `json:"query"`
		}
		if err := json.Unmarshal(call.Body, &body); err != nil {
			t.Fatal(err)
		}
		all = append(all, body.Query.Query)
	}
	return all
}

// selected is a catalog in which fields of a stream are selected that are not by themselves.
func selected(t testing.TB, catalog []byte, stream string, fields ...string) json.RawMessage {
	t.Helper()
	var all map[string][]map[string]any
	if err := json.Unmarshal(catalog, &all); err != nil {
		t.Fatal(err)
	}
	for _, s := range all["streams"] {
		for _, entry := range s["metadata"].([]any) {
			entry := entry.(map[string]any)
			breadcrumb := entry["breadcrumb"].([]any)
			for _, field := range fields {
				if s["stream"] == stream && len(breadcrumb) == 2 && breadcrumb[1] == field {
					entry["metadata"].(map[string]any)["selected"] = true
				}
			}
		}
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
