package main

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap-posthog/posthogtest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// sync runs the tap and gives the messages.
func sync(t *testing.T, server *posthogtest.Server, settings map[string]any, args ...string) []taptest.Message {
	t.Helper()
	return taptest.Sync(t, program, input(server, settings, args...))
}

func TestEventsGolden(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		at := time.Date(2026, 5, 2, 3, 4, 5, 0, time.UTC)
		server, _ := serverWith(t, []posthogtest.Event{
			{UUID: uuid(1), Name: "$pageview", Timestamp: at, CreatedAt: at.Add(time.Second), DistinctID: "a", Properties: `{"price":12.340,"big":123456789012345678901,"say":"\"hi\"","é":"\ud83d\ude00"}`, PersonProperties: `{"email":"a"}`},
			{UUID: uuid(2), Name: "line\nend", Timestamp: at.Add(456789 * time.Microsecond), CreatedAt: at, DistinctID: "", Properties: "{\n \"a\": [1,\n2]}"},
			{UUID: uuid(3), Name: "no JSON", Timestamp: at.Add(time.Minute), CreatedAt: at, Properties: `{"a":1},"uuid":"x"`},
			{UUID: uuid(4), Name: "empty", Timestamp: at.Add(2 * time.Minute), CreatedAt: at, Properties: ``},
		})
		out := taptest.Run(t, program, input(server, map[string]any{"client_id": "acme"}))
		require.Equal(t, 0, out.Code, out.Stderr)
		require.NoError(t, taptest.Validate(out.Messages, taptest.Checks{UniqueKeys: true}))
		taptest.Golden(t, out.Stdout, "events.singer")
	})
}

func TestEveryEventComesOnce(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string]map[string]any{
		"one page":         {},
		"pages of two":     {"page_size": 2}, // ends inside an instant
		"pages of seven":   {"page_size": 7},
		"by created_at":    {"page_size": 7, "cursor_field": "created_at"},
		"by shard":         {"page_size": 50},
		"clamped":          {"page_size": 50},
		"too heavy":        {"page_size": 500},
		"counts too heavy": {"page_size": 50},
		"twice":            {"page_size": 4},
		"one is lost once": {"page_size": 50},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const total = 400
				events := sampleEvents(total, time.Date(2026, 5, 3, 22, 0, 0, 0, time.UTC))
				for i := range events { // some days apart
					events[i].Timestamp = events[i].Timestamp.Add(time.Duration(i/90) * 50 * time.Hour)
					events[i].CreatedAt = events[i].CreatedAt.Add(time.Duration(i/90) * 50 * time.Hour)
				}
				server, project := serverWith(t, events)
				shards := []string{"0/1"}
				switch name {
				case "by shard":
					shards = []string{"0/3", "1/3", "2/3"}
				case "clamped":
					server.Clamp = 10
				case "too heavy":
					server.Heaviest = 150
				case "counts too heavy":
					server.LongestCount = 100 * time.Hour
				case "twice": // not merged yet
					project.Events = append(project.Events, project.Events[3:30]...)
				case "one is lost once":
					server.Lost, server.Times = uuid(77), 1
				}
				seen := map[string]int{}
				for _, shard := range shards {
					for _, id := range uuids(t, sync(t, server, settings, "--shard", shard)) {
						seen[id]++
					}
				}
				require.Len(t, seen, total)
				for id, n := range seen {
					if n != 1 && name != "one is lost once" {
						t.Errorf("event %s came %d times", id, n)
					}
				}
			})
		})
	}
}

func TestEventsResume(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string]map[string]any{
		"pages":         {"page_size": 4},
		"heavy":         {"page_size": 300},
		"by created_at": {"page_size": 4, "cursor_field": "created_at"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				serve := func() *taptest.API {
					events := 40
					if name == "heavy" {
						events = 170
					}
					server, _ := serverWith(t, sampleEvents(events, time.Date(2026, 5, 3, 23, 40, 0, 0, time.UTC)))
					server.Heaviest = 150
					return server.API
				}
				settings["lookback"] = "0s"
				taptest.ResumeRequests(t, program, taptest.Input{Config: config(settings), Now: func() time.Time { return today }}, serve, taptest.Once)
			})
		})
	}
}

// TestLateEvents has events come in behind the end of the last run.
func TestLateEvents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, project := serverWith(t, sampleEvents(9, today.Add(-3*time.Hour)))
		first := sync(t, server, nil)
		require.Len(t, uuids(t, first), 9)

		late := posthogtest.Event{UUID: uuid(100), Timestamp: today.Add(-30 * time.Minute), CreatedAt: today.Add(time.Minute), Properties: "{}"}
		tooLate := posthogtest.Event{UUID: uuid(101), Timestamp: today.Add(-200 * time.Minute), CreatedAt: today.Add(time.Minute), Properties: "{}"}
		server.Change(func() { project.Events = append(project.Events, late, tooLate) })
		in := input(server, nil)
		in.State, in.Now = lastState(t, first), func() time.Time { return today.Add(2 * time.Hour) }
		server.Now = in.Now
		require.Equal(t, []string{tooLate.UUID, late.UUID}, uuids(t, taptest.Sync(t, program, in)), "lookback is an hour, and what arrived later is asked for by its arrival")

		in = input(server, map[string]any{"lookback": "0s", "start_date": "2026-06-01T10:00:00Z"})
		in.State, in.Now = lastState(t, first), server.Now
		require.Equal(t, []string{late.UUID}, uuids(t, taptest.Sync(t, program, in)), "nothing from before start_date")

		in = input(server, map[string]any{"lookback": "4h"})
		in.State, in.Now = lastState(t, first), server.Now
		require.Len(t, uuids(t, taptest.Sync(t, program, in)), 11)
	})
}

// TestNoLateEventIsLost runs every few hours with the settings as they are, while events arrive up to a week after their time and become
// visible some minutes after that. Some runs are cut.
func TestNoLateEventIsLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, project := serverWith(t, nil)
		lateness := []time.Duration{0, 2 * time.Minute, 50 * time.Minute, 3 * time.Hour, 2 * 24 * time.Hour, 7*24*time.Hour - time.Minute}
		all := sampleEvents(300, today)
		for i := range all {
			all[i].CreatedAt = today.Add(time.Duration(i) * 10 * time.Minute)
			all[i].Timestamp = all[i].CreatedAt.Add(-lateness[i%len(lateness)])
		}
		var state []byte
		seen, cut := map[string]bool{}, 0
		for run, now := 0, today; now.Before(today.Add(60 * time.Hour)); run, now = run+1, now.Add(3*time.Hour+7*time.Minute) {
			server.Change(func() {
				project.Events = nil
				for i, e := range all {
					if visible := e.CreatedAt.Add(time.Duration(i%9) * time.Minute); visible.Before(now) {
						project.Events = append(project.Events, e)
					}
				}
			})
			server.Now = func() time.Time { return now }
			if run%3 == 1 {
				server.API.Fail(len(server.API.Calls())+3+run%4, taptest.Status(http.StatusBadRequest, "{}"))
			}
			in := input(server, map[string]any{"page_size": 3})
			in.State, in.Now = state, server.Now
			out := taptest.Run(t, program, in)
			if out.Code != 0 {
				require.Equal(t, 1, run%3, out.Stderr)
				cut++
			}
			rows, covered := taptest.Covered(out.Messages)
			for _, id := range uuids(t, rows) {
				seen[id] = true
			}
			if covered != nil {
				state = covered
			}
		}
		require.Equal(t, len(all), len(seen))
		require.GreaterOrEqual(t, cut, 4)
	})
}

// TestIngestionTime sees late events without reading anything twice.
func TestIngestionTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, project := serverWith(t, sampleEvents(9, today.Add(-3*time.Hour)))
		byIngestion := map[string]any{"cursor_field": "created_at"}
		first := sync(t, server, byIngestion)
		require.Len(t, uuids(t, first), 9)
		late := posthogtest.Event{UUID: uuid(100), Timestamp: today.Add(-6 * 24 * time.Hour), CreatedAt: today.Add(time.Minute), Properties: "{}"}
		older := posthogtest.Event{UUID: uuid(101), Timestamp: today.Add(-9 * 24 * time.Hour), CreatedAt: today.Add(time.Minute), Properties: "{}"}
		server.Change(func() { project.Events = append(project.Events, late, older) })
		later := func() time.Time { return today.Add(time.Hour) }
		for wait, want := range map[string][]string{"7d": {late.UUID}, "0s": {uuid(101), uuid(100)}} {
			in := input(server, map[string]any{"cursor_field": "created_at", "max_lateness": wait})
			in.State, in.Now = lastState(t, first), later
			require.ElementsMatch(t, want, uuids(t, taptest.Sync(t, program, in)), wait)
		}
		in := input(server, nil)
		in.State = lastState(t, first)
		out := taptest.Run(t, program, in)
		require.Equal(t, 2, out.Code)
		require.Contains(t, out.Stderr, "setting cursor_field: the state's bookmark is of \"created_at\"; set it back")
	})
}

// TestStaleAnswers reads the same span twice with a change in between: PostHog would answer from its cache.
func TestStaleAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, project := serverWith(t, sampleEvents(3, today.Add(-3*time.Hour)))
		require.Len(t, uuids(t, sync(t, server, nil)), 3)
		server.Change(func() { project.Events = append(project.Events, sampleEvents(6, today.Add(-2*time.Hour))[3:]...) })
		require.Len(t, uuids(t, sync(t, server, nil)), 6)
	})
}

func TestWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, _ := serverWith(t, sampleEvents(30, today.Add(-48*time.Hour)))
		messages := sync(t, server, map[string]any{"event_names": []string{"it's", `back\slash`}, "select": "events,!events.properties,!events.elements_chain", "start_date": "2026-05-30T12:10:00Z", "end_date": "2026-05-30T12:20:00Z"})
		require.Equal(t, []string{uuid(14), uuid(17), uuid(20)}, uuids(t, messages), "from start_date on, and before end_date")
		for _, query := range queries(t, server.API) {
			require.NotContains(t, query, "properties")
			require.NotContains(t, query, "OFFSET")
			require.Contains(t, query, `event IN ('it\'s', 'back\\slash')`)
		}
		again := input(server, map[string]any{"end_date": "2026-05-30T12:20:00Z"})
		again.State = lastState(t, messages)
		require.Empty(t, taptest.Records(taptest.Sync(t, program, again), "events"), "nothing is behind end_date")
	})
}

// TestHiddenColumns are hashed, or not even asked for.
func TestHiddenColumns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, _ := serverWith(t, sampleEvents(1, today.Add(-time.Hour)))
		records := taptest.Records(sync(t, server, map[string]any{"columns": map[string]any{"events": map[string]any{"distinct_id": "hash", "properties": "drop"}}}), "events")
		sum := sha256.Sum256([]byte(`user "0"`))
		require.Contains(t, string(records[0]), `"distinct_id":"`+hex.EncodeToString(sum[:])+`"`)
		require.NotContains(t, string(records[0]), "properties")
		require.NotContains(t, strings.Join(queries(t, server.API), ""), "properties")
	})
}

// TestPersonFields come when a catalog, or a pattern, asks for them.
func TestPersonFields(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, _ := serverWith(t, sampleEvents(1, today.Add(-time.Hour)))
		discovered := taptest.Run(t, program, input(server, nil, "--discover"))
		require.Equal(t, 0, discovered.Code, discovered.Stderr)
		require.Empty(t, server.API.Calls(), "nothing needs to be asked for the catalog")
		in := input(server, nil)
		in.Catalog = selected(t, discovered.Stdout, "events", "person_properties")
		records := taptest.Records(taptest.Sync(t, program, in), "events")
		require.Contains(t, string(records[0]), `"person_properties":{"email":"ada@example.com"}`)
	})
}

// TestFromTheBeginning has no start_date.
func TestFromTheBeginning(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, project := serverWith(t, sampleEvents(9, today.Add(-3000*24*time.Hour)))
		project.Events = append(project.Events, sampleEvents(18, today.Add(-30*24*time.Hour))[9:]...)
		require.Len(t, uuids(t, sync(t, server, map[string]any{"start_date": nil})), 18)
		require.Len(t, queries(t, server.API), 2, "one for the counts of all days, one for the events")
	})
}

// TestIncompleteAnswers end the stream rather than leave a gap.
func TestIncompleteAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, _ := serverWith(t, sampleEvents(20, today.Add(-3*time.Hour)))
		server.Lost, server.Times = uuid(7), 100
		in := input(server, nil)
		in.EveryCheckpoint = true
		out := taptest.Run(t, program, in)
		require.Equal(t, 3, out.Code)
		require.Contains(t, out.Stderr, "of 20 events up to")
		require.Contains(t, out.Stderr, "only 19 came, twice; run again")

		server.Times = 0
		in = input(server, nil)
		in.State = lastState(t, out.Messages)
		require.Contains(t, uuids(t, taptest.Sync(t, program, in)), uuid(7), "the next run begins before it")
	})
}

// TestDisorder has rows that are not in the order that was asked for, or that come again: some event might be missed for them.
func TestDisorder(t *testing.T) {
	t.Parallel()
	for name, rows := range map[string]string{
		"back in time":         `["b","2026-05-30T13:00:01Z"],["a","2026-05-30T13:00:00Z"]`,
		"back within a moment": `["b","2026-05-30T13:00:01Z"],["a","2026-05-30T13:00:01Z"]`,
		"before the slice":     `["a","2026-04-30T23:59:59Z"]`,
		"no uuid":              `[null,"2026-05-30T13:00:00Z"]`,
		"too few values":       `["a"]`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server, _ := serverWith(t, sampleEvents(3, today.Add(-48*time.Hour)))
				server.API.Fail(5, taptest.Status(200, `{"results":[`+rows+`]}`)) // behind three counts and a page
				in := input(server, map[string]any{"events_mode": "hogql", "page_size": 1, "select": "events.uuid,events.timestamp"})
				in.EveryCheckpoint = true
				out := taptest.Run(t, program, in)
				require.Equal(t, 3, out.Code, out.Stderr)
				for _, state := range taptest.States(out.Messages) {
					require.NotContains(t, string(state), "2026-05-30T13:00", "what may have been missed is read again")
				}
				require.NotContains(t, out.Stderr, "2026-05-30T13", "no values in messages")
			})
		})
	}
}

// TestSeveralProjects keeps a bookmark for each, and reads on in the one that was cut.
func TestSeveralProjects(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, _ := serverWith(t, sampleEvents(5, today.Add(-3*time.Hour)))
		server.Project(12).Events = sampleEvents(4, today.Add(-3*time.Hour)) // the same uuids
		in := input(server, map[string]any{"project_id": "9,12"})
		messages := taptest.Sync(t, program, in)
		require.NoError(t, taptest.Validate(messages, taptest.Checks{UniqueKeys: true}))
		require.Len(t, uuids(t, messages), 9)
		require.Equal(t, []string{"project_id", "uuid"}, messages[0].KeyProperties)
		require.JSONEq(t, `{"bookmarks":{"events":{"cursor_field":"timestamp","projects":{"9":{"at":"2026-06-01T11:55:00Z"},"12":{"at":"2026-06-01T11:55:00Z"}},"arrived":{"9":{"at":"2026-06-01T11:50:00Z"},"12":{"at":"2026-06-01T11:50:00Z"}}}}}`, string(lastState(t, messages)))

		out := taptest.Run(t, program, input(server, map[string]any{"project_id": "9,77,12", "select": "events,cohorts"}))
		require.Equal(t, 2, out.Code)
		require.Equal(t, 9, len(uuids(t, out.Messages)), "one that is not there does not keep the others from being read")
		require.Contains(t, out.Stderr, `project 77: stream "events": POST projects/{project}/query/: 404 Not Found: Project not found.; check project_id`)
		require.NotContains(t, string(out.Stdout), "ACTIVATE_VERSION", "cohorts keep their old rows")

		messages = sync(t, server, map[string]any{"project_id": nil})
		require.Len(t, uuids(t, messages), 9, "all that the key may see")
	})
}
