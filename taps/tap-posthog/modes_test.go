package main

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap-posthog/posthogtest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// requests are how many went to files, to queries and to the old list.
func requests(api *taptest.API) (files, queries, list int) {
	for _, call := range api.Calls() {
		switch {
		case strings.HasPrefix(call.Path, "/files/"):
			files++
		case strings.HasSuffix(call.Path, "/query/"):
			queries++
		case strings.HasSuffix(call.Path, "/events/"):
			list++
		}
	}
	return files, queries, list
}

// TestModes has the same events by every way, and tells which ways were taken.
func TestModes(t *testing.T) {
	t.Parallel()
	const some = 1
	for name, c := range map[string]struct {
		mode                 string
		scopes               []string
		old                  bool
		files, queries, list int
	}{
		"hogql":                          {"hogql", []string{"*"}, false, 0, some, 0},
		"file_download":                  {"file_download", []string{"*"}, false, some, 0, 0},
		"rest":                           {"rest", []string{"*"}, false, 0, 0, some},
		"auto with the scope":            {"auto", []string{"query:read", "batch_export:write"}, false, some, some, 0},
		"auto with the scope of all":     {"auto", []string{"*"}, false, 0, some, 0},
		"auto on an old server":          {"auto", []string{"*"}, true, 0, some, some}, // a query is tried
		"auto without the scope":         {"auto", []string{"query:read"}, false, 0, some, 0},
		"auto with a key without scopes": {"auto", nil, false, 0, some, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				events := sampleEvents(300, time.Date(2026, 5, 20, 23, 0, 0, 0, time.UTC))
				for i := range events[200:] { // the last week too
					events[200+i].Timestamp = events[200+i].Timestamp.Add(8 * 24 * time.Hour)
					events[200+i].CreatedAt = events[200+i].CreatedAt.Add(8 * 24 * time.Hour)
				}
				server, _ := serverWith(t, events)
				server.Scopes, server.Old = c.scopes, c.old
				out := taptest.Run(t, program, input(server, map[string]any{"events_mode": c.mode, "start_date": "2026-05-19"}))
				require.Equal(t, 0, out.Code, out.Stderr)
				require.NoError(t, taptest.Validate(out.Messages, taptest.Checks{ExtraMembers: true}))
				came := uuids(t, out.Messages)
				require.Equal(t, 300, len(came))
				files, queries, list := requests(server.API)
				require.Equal(t, []bool{c.files > 0, c.queries > 0, c.list > 0}, []bool{files > 0, queries > 0, list > 0})
				for _, record := range taptest.Records(out.Messages, "events") {
					require.Contains(t, string(record), `"properties":{`, "not the text of it")
				}
			})
		})
	}
}

func TestFileDownloadGolden(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, _ := serverWith(t, sampleEvents(3, time.Date(2026, 5, 31, 23, 59, 0, 0, time.UTC)))
		out := taptest.Run(t, program, input(server, map[string]any{"events_mode": "file_download", "start_date": "2026-05-31T12:00:00Z", "event_names": "$pageview,order paid"}))
		require.Equal(t, 0, out.Code, out.Stderr)
		taptest.Golden(t, out.Stdout, "download.singer")
	})
}

func TestOldListGolden(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, _ := serverWith(t, sampleEvents(3, time.Date(2026, 5, 31, 23, 59, 0, 0, time.UTC)))
		out := taptest.Run(t, program, input(server, map[string]any{"events_mode": "rest", "event_names": "$pageview,order paid"}))
		require.Equal(t, 0, out.Code, out.Stderr)
		taptest.Golden(t, out.Stdout, "oldlist.singer")
	})
}

// TestOldListTies has more events at one instant than a page of the old list holds, and pages that end inside an instant.
func TestOldListTies(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		events := sampleEvents(2500, time.Date(2026, 5, 20, 23, 0, 0, 0, time.UTC))
		for i := 1100; i < 2400; i++ {
			events[i].Timestamp = events[1100].Timestamp
		}
		server, _ := serverWith(t, events)
		seen := map[string]int{}
		out := taptest.Run(t, program, input(server, map[string]any{"events_mode": "rest"}))
		require.Equal(t, 0, out.Code, out.Stderr)
		for _, id := range uuids(t, out.Messages) {
			seen[id]++
		}
		require.Equal(t, 2500, len(seen))
	})
}

// TestOldListOfYears asks for less than a year at a time, as more is an error.
func TestOldListOfYears(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, project := serverWith(t, sampleEvents(9, today.Add(-1500*24*time.Hour)))
		project.Events = append(project.Events, sampleEvents(18, today.Add(-10*24*time.Hour))[9:]...)
		out := taptest.Run(t, program, input(server, map[string]any{"events_mode": "rest", "start_date": nil}))
		require.Equal(t, 0, out.Code, out.Stderr)
		require.Equal(t, 18, len(uuids(t, out.Messages)))
	})
}

// TestModesResume stops at every request and goes on. What was sent of a day, or of an instant, may come again.
func TestModesResume(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"file_download", "rest"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				serve := func() *taptest.API {
					events := sampleEvents(30, time.Date(2026, 5, 29, 23, 50, 0, 0, time.UTC))
					if mode == "rest" {
						events = sampleEvents(1500, time.Date(2026, 5, 29, 23, 50, 0, 0, time.UTC))
					}
					server, _ := serverWith(t, events)
					return server.API
				}
				settings := config(map[string]any{"events_mode": mode, "start_date": "2026-05-29", "lookback": "0s", "select": "events,!events.elements,!events.person,!events._inserted_at,!events.team_id"})
				taptest.ResumeRequests(t, program, taptest.Input{Config: settings, Now: func() time.Time { return today }}, serve, taptest.AtLeastOnce)
			})
		})
	}
}

// TestShardsOfDownloads read each day once.
func TestShardsOfDownloads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var events []posthogtest.Event
		for day := range 20 {
			events = append(events, posthogtest.Event{UUID: uuid(day), Timestamp: today.Add(-time.Duration(day+1) * 24 * time.Hour), CreatedAt: today.Add(-time.Duration(day+1) * 24 * time.Hour), Properties: "{}"})
		}
		server, _ := serverWith(t, events)
		seen := map[string]int{}
		for i := range 3 {
			out := taptest.Run(t, program, input(server, map[string]any{"events_mode": "file_download"}, "--shard", fmt.Sprintf("%d/3", i)))
			require.Equal(t, 0, out.Code, out.Stderr)
			for _, id := range uuids(t, out.Messages) {
				seen[id]++
			}
		}
		require.Equal(t, 20, len(seen))
		for id, n := range seen {
			require.Equal(t, 1, n, id)
		}
	})
}

// TestFilesThenQueries takes files for the backfill alone, goes on with queries, and does not take files again after a pause.
func TestFilesThenQueries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, project := serverWith(t, sampleEvents(60, today.Add(-20*24*time.Hour)))
		server.Scopes = []string{"query:read", "batch_export:write"}
		in := input(server, map[string]any{"lookback": "2h"})
		in.EveryCheckpoint = true
		first := taptest.Run(t, program, in)
		require.Equal(t, 0, first.Code, first.Stderr)
		require.Equal(t, 60, len(uuids(t, first.Messages)))
		require.Contains(t, string(first.Stdout), `"at":"2026-05-25T00:00:00Z","files":true`)
		require.NotContains(t, string(lastState(t, first.Messages)), "files")

		project.Events = append(project.Events, sampleEvents(90, today.Add(time.Hour))[60:]...)
		before, _, _ := requests(server.API)
		in = input(server, nil)
		in.State, in.Now = lastState(t, first.Messages), func() time.Time { return today.Add(40 * 24 * time.Hour) }
		require.Equal(t, 30, len(uuids(t, taptest.Sync(t, program, in))))
		files, _, _ := requests(server.API)
		require.Equal(t, before, files)
	})
}

// TestDownloadsThatFail end the stream, and say why.
func TestDownloadsThatFail(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]struct {
		code int
		text string
	}{"Failed": {4, "ended as Failed"}, "Paused": {4, "has not ended in 2h"}, "FailedBilling": {2, "see the project's billing"}} {
		t.Run(status, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server, _ := serverWith(t, nil)
				for number := range 400 {
					server.API.Fail(number+2, taptest.Status(200, `{"status":"`+status+`","error":"x"}`))
				}
				out := taptest.Run(t, program, input(server, map[string]any{"events_mode": "file_download"}))
				require.Equal(t, want.code, out.Code)
				require.Contains(t, out.Stderr, want.text)
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		server, _ := serverWith(t, sampleEvents(3, today.Add(-48*time.Hour)))
		server.API.Fail(1, taptest.Status(429, `{"type":"throttled_error","code":"too_many_concurrent_file_downloads","detail":"Too many exports at once."}`))
		out := taptest.Run(t, program, input(server, map[string]any{"events_mode": "file_download", "start_date": "2026-05-29"}))
		require.Equal(t, 0, out.Code, out.Stderr)
		require.Len(t, uuids(t, out.Messages), 3, "one that may not begin yet is asked for again")
	})
	synctest.Test(t, func(t *testing.T) {
		server, _ := serverWith(t, nil)
		out := taptest.Run(t, program, input(server, map[string]any{"events_mode": "file_download", "start_date": nil}))
		require.Equal(t, 2, out.Code)
		require.Contains(t, out.Stderr, "set start_date to the day of the first event")
	})
}
