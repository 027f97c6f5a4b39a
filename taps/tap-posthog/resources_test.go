package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap-posthog/posthogtest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// user is who made something.
const user = `{"id":5,"uuid":"018e0000-0000-7000-8000-000000000005","distinct_id":"d1","first_name":"Ada","last_name":"","email":"ada@example.org","is_email_verified":true,"hedgehog_config":null,"role_at_organization":null}`

// sampleLists are rows of every list, as the API's documentation shows them.
func sampleLists() map[string][]string {
	return map[string][]string{
		"feature_flags": {
			`{"id":71,"key":"new-nav","name":"Navigation v2","filters":{"groups":[{"properties":[],"rollout_percentage":40,"variant":null}],"multivariate":null,"payloads":{"true":"\"seen\""}},"active":true,"deleted":false,"archived":false,"created_at":"2026-03-02T09:11:05.123456Z","updated_at":"2026-05-01T10:00:00.000001Z","created_by":` + user + `,"version":3,"experiment_set":[12],"rollout_percentage":40,"tags":[],"status":"ACTIVE","last_called_at":null,"surveys":{},"something_new":{"a":1.50}}`,
			`{"id":72,"key":"secret","name":"","filters":{"groups":[],"payloads":{"true":"TOPSECRET"}},"active":true,"deleted":false,"archived":true,"created_at":"2026-03-03T09:11:05Z","updated_at":null,"created_by":null,"is_remote_configuration":true,"has_encrypted_payloads":true}`,
		},
		"experiments": {
			`{"id":12,"name":"Nav test","description":null,"start_date":"2026-04-01T00:00:00Z","end_date":null,"feature_flag_key":"new-nav","feature_flag":{"id":71,"team_id":9,"key":"new-nav","filters":{"groups":[]}},"holdout":null,"parameters":{"feature_flag_variants":[{"key":"control","rollout_percentage":50,"split_percent":50}]},"saved_metrics":[],"filters":{},"archived":false,"deleted":false,"created_by":null,"created_at":"2026-03-30T12:00:00Z","updated_at":"2026-04-01T00:00:01Z","type":"product","metrics":[],"conclusion":null,"status":"running"}`,
			`{"id":11,"name":"Old test","archived":true,"created_at":"2026-01-30T12:00:00Z","updated_at":"2026-02-01T00:00:01Z","status":"stopped","conclusion":"won"}`,
		},
		"experiment_saved_metrics": {`{"id":3,"name":"Signups","description":"","query":{"kind":"ExperimentMetric"},"tags":[],"created_by":` + user + `,"created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}`},
		"experiment_holdouts":      {`{"id":4,"name":"5 %","description":null,"filters":[{"properties":[],"rollout_percentage":5}],"created_by":null,"created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}`},
		"persons":                  {`{"type":"person","id":"0196aaaa-0000-7000-8000-000000000001","uuid":"0196aaaa-0000-7000-8000-000000000001","created_at":"2026-02-01T08:00:00Z","properties":{"email":"p@example.org"},"is_identified":true,"name":"p@example.org","distinct_ids":["u-1"],"last_seen_at":"2026-05-01T10:00:00Z","matched_recordings":[],"value_at_data_point":null}`},
		"cohorts":                  {`{"id":6,"name":"Payers","description":"","groups":[],"deleted":false,"filters":{"properties":{"type":"OR","values":[]}},"query":null,"version":2,"pending_version":2,"is_calculating":false,"created_by":` + user + `,"created_at":"2026-01-01T00:00:00Z","last_calculation":null,"errors_calculating":0,"count":17,"is_static":false,"experiment_set":[]}`},
		"annotations":              {`{"id":8,"content":"Launch","date_marker":null,"creation_type":"USR","dashboard_item":null,"created_by":null,"created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z","deleted":false,"scope":"organization","emoji":"🚀"}`},
		"actions":                  {`{"id":3,"name":"Signup click","steps":[{"event":"$autocapture","selector":"button.cta","properties":[]}],"deleted":false,"created_at":"2026-01-01T00:00:00Z"}`},
		"insights":                 {`{"id":21,"short_id":"aB3","name":"Trend","derived_name":null,"query":{"kind":"InsightVizNode"},"deleted":false,"dashboards":[5],"saved":true,"created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-02T00:00:00Z","last_modified_at":"2026-01-02T00:00:00Z","tags":[],"order":null}`},
		"dashboards":               {`{"id":5,"name":"Main","description":"","pinned":true,"created_at":"2026-01-01T00:00:00Z","created_by":null,"tags":["a"],"deleted":false}`},
		"surveys":                  {`{"id":"0196bbbb-0000-7000-8000-000000000001","name":"NPS","description":"","type":"popover","questions":[{"type":"rating"}],"conditions":null,"created_at":"2026-01-01T00:00:00Z","created_by":null,"start_date":null,"end_date":null,"archived":false,"linked_flag_id":71}`},
		"groups_types":             {`{"group_type":"company","group_type_index":0,"name_singular":null,"name_plural":null,"detail_dashboard":null,"default_columns":null,"created_at":"2026-01-01T00:00:00Z"}`, `{"group_type":"shop","group_type_index":1}`},
		"groups":                   {`{"group_type_index":0,"group_key":"acme","group_properties":{"name":"Acme"},"created_at":"2026-01-01T00:00:00Z"}`, `{"group_type_index":1,"group_key":"acme","group_properties":{},"created_at":"2026-01-01T00:00:00Z"}`},
		"session_recordings":       {`{"id":"0196cccc-0000-7000-8000-000000000001","distinct_id":"u-1","viewed":false,"viewers":[],"recording_duration":63,"active_seconds":20.5,"start_time":"2026-05-10T10:00:00Z","end_time":"2026-05-10T10:01:03Z","click_count":3,"start_url":"https://example.com/","person":null,"storage":"object_storage","ongoing":false,"activity_score":11.25}`},
		"event_definitions":        {`{"id":"0196dddd-0000-7000-8000-000000000001","name":"order paid","created_at":"2026-01-01T00:00:00Z","last_seen_at":"2026-05-01T00:00:00Z","last_updated_at":"2026-05-01T00:00:00Z","tags":[],"owner":null}`},
		"property_definitions": {
			`{"id":"0196eeee-0000-7000-8000-000000000001","name":"plan","is_numerical":false,"property_type":"String","tags":[],"type":"event"}`,
			`{"id":"0196eeee-0000-7000-8000-000000000002","name":"email","is_numerical":false,"property_type":null,"tags":[],"type":"person"}`,
			`{"id":"0196eeee-0000-7000-8000-000000000003","name":"name","is_numerical":false,"property_type":"String","group_type_index":0,"type":"group"}`,
		},
	}
}

// everyStream selects all, those that are read only when they are asked for too.
var everyStream = map[string]any{"select": "*"}

// TestListsGolden has the rows of every list as they come out.
func TestListsGolden(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, project := serverWith(t, nil)
		project.Lists = sampleLists()
		out := taptest.Run(t, program, input(server, everyStream))
		require.Equal(t, 0, out.Code, out.Stderr)
		require.NoError(t, taptest.Validate(out.Messages, taptest.Checks{UniqueKeys: true, ExtraMembers: true}))
		require.NotContains(t, string(out.Stdout), "TOPSECRET")
		require.NotContains(t, string(out.Stdout), "phc_secret")
		taptest.Golden(t, out.Stdout, "lists.singer")
		for _, name := range []string{"feature_flags", "experiments", "property_definitions"} {
			require.Len(t, taptest.Records(out.Messages, name), len(project.Lists[name]), name)
		}
	})
}

func TestEncryptedPayloadsByWish(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, project := serverWith(t, nil)
		project.Lists = sampleLists()
		out := taptest.Run(t, program, input(server, map[string]any{"select": "feature_flags", "encrypted_payloads": true}))
		require.Equal(t, 0, out.Code, out.Stderr)
		require.Contains(t, string(out.Stdout), "TOPSECRET")
	})
}

// TestLongLists walks over many pages of each shape: links to another host, cursors, a last page that is empty.
func TestLongLists(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, project := serverWith(t, nil)
		rows := map[string]string{
			"persons":            `{"id":"p%[1]d","uuid":"p%[1]d","created_at":"2026-01-01T00:00:00Z"}`,
			"cohorts":            `{"id":%d,"name":"x"}`,
			"groups":             `{"group_type_index":0,"group_key":"g%d"}`,
			"session_recordings": `{"id":"r%d","start_time":"2026-05-10T10:00:00Z"}`,
			"feature_flags":      `{"id":%d,"archived":false}`,
		}
		project.Lists["groups_types"] = []string{`{"group_type":"company","group_type_index":0}`}
		for name, row := range rows {
			for i := range 2000 {
				project.Lists[name] = append(project.Lists[name], fmt.Sprintf(row, i))
			}
		}
		messages := sync(t, server, map[string]any{"select": "persons,cohorts,groups,session_recordings,feature_flags"})
		for name := range rows {
			require.Equal(t, 2000, len(taptest.Records(messages, name)), name)
		}
		require.NoError(t, taptest.Validate(messages, taptest.Checks{UniqueKeys: true}))
	})
}

// TestDeletedMeanwhile has a row deleted between two pages: the last row of the second page is missed, which the count tells.
func TestDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	for _, deletions := range []int{1, 100} {
		t.Run(fmt.Sprint(deletions), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server, project := serverWith(t, nil)
				for i := range 1300 {
					project.Lists["cohorts"] = append(project.Lists["cohorts"], fmt.Sprintf(`{"id":%d,"name":"x"}`, i))
				}
				left := deletions
				for number := 2; number < 60; number += 3 {
					server.API.Fail(number, func(w http.ResponseWriter, r *http.Request, answer http.Handler) {
						if left--; left >= 0 {
							server.Change(func() { project.Lists["cohorts"] = project.Lists["cohorts"][1:] })
						}
						answer.ServeHTTP(w, r)
					})
				}
				out := taptest.Run(t, program, input(server, map[string]any{"select": "cohorts"}))
				if deletions == 1 {
					require.Equal(t, 0, out.Code, out.Stderr)
					seen := map[string]bool{}
					for _, record := range taptest.Records(out.Messages, "cohorts") {
						seen[string(record)] = true
					}
					require.Equal(t, 1300, len(seen), "the deleted one came before it was deleted")
					return
				}
				require.Equal(t, 4, out.Code)
				require.Contains(t, out.Stderr, "as the list changes while it is read")
				require.NotContains(t, string(out.Stdout), "ACTIVATE_VERSION", "the old rows stay")
			})
		})
	}
}

// TestRecordings go on from the last run, a day earlier, as some were not over.
func TestRecordings(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, project := serverWith(t, nil)
		for i := range 300 {
			at := today.Add(time.Duration(i-300) * 3 * time.Hour)
			project.Lists["session_recordings"] = append(project.Lists["session_recordings"], fmt.Sprintf(`{"id":"r%d","start_time":%q,"ongoing":%t}`, i, at.Format(time.RFC3339), i == 299))
		}
		settings := map[string]any{"select": "session_recordings"}
		first := sync(t, server, settings)
		require.Equal(t, 252+5, len(taptest.Records(first, "session_recordings")), "from start_date on, and those at the edges of weeks twice")
		in := input(server, settings)
		in.State, in.Now = lastState(t, first), func() time.Time { return today.Add(time.Hour) }
		require.Equal(t, 9, len(taptest.Records(taptest.Sync(t, program, in), "session_recordings")), "a day, and one at the edge of a week twice")

		taptest.Shards(t, first, func(shard string) []taptest.Message { return sync(t, server, settings, "--shard", shard) }, 2, 3, 7)
	})
}

// TestOtherShapesOfRecordings has the envelopes that other versions of PostHog give.
func TestOtherShapesOfRecordings(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, project := serverWith(t, nil)
		project.Lists["session_recordings"] = nil
		server.API.Fail(1, taptest.Status(http.StatusOK, `{"next":"`+posthogtest.Elsewhere+`/x?date_from=2026-05-31T00:00:00Z&date_to=2026-06-01T00:00:00Z&limit=100&after=1","results":[{"id":"a","start_time":"2026-05-31T10:00:00Z"}],"count":2}`))
		server.API.Fail(2, taptest.Status(http.StatusOK, `{"results":[{"id":"b","start_time":"2026-05-31T10:00:00Z"}],"has_next":false}`))
		messages := sync(t, server, map[string]any{"select": "session_recordings", "start_date": "2026-05-31"})
		require.Len(t, taptest.Records(messages, "session_recordings"), 2)
	})
}

// TestOldServersShowAllFlagsTwice has one that does not know the parameter archived: its rows come twice, with one key.
func TestOldServersShowAllFlagsTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, _ := serverWith(t, nil)
		answer := taptest.Status(http.StatusOK, `{"count":1,"next":null,"previous":null,"results":[{"id":1,"key":"a"}]}`)
		server.API.Fail(1, answer)
		server.API.Fail(2, answer)
		var ids []int
		for _, record := range taptest.Records(sync(t, server, map[string]any{"select": "feature_flags"}), "feature_flags") {
			var flag struct {
				ID int `json:"id"`
			}
			require.NoError(t, json.Unmarshal(record, &flag))
			ids = append(ids, flag.ID)
		}
		require.Equal(t, []int{1}, ids)
	})
}

// TestSample asks for one row of every stream, and for no more than one answer that holds some.
func TestSample(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"auto", "hogql", "rest"} {
		synctest.Test(t, func(t *testing.T) {
			server, project := serverWith(t, sampleEvents(100, today.Add(-48*time.Hour)))
			project.Lists = sampleLists()
			out := taptest.Run(t, program, input(server, map[string]any{"select": "*", "events_mode": mode}, "--test"))
			require.Equal(t, 0, out.Code, out.Stderr)
			asked := map[string]int{}
			for _, call := range server.API.Calls() {
				asked[call.Path]++
				if limit := call.Query.Get("limit"); limit != "" && !strings.HasSuffix(call.Path, "/projects/") {
					require.Equal(t, "1", limit, call.Path)
				}
			}
			for name := range project.Lists {
				if records := taptest.Records(out.Messages, name); name != "groups_types" {
					require.Len(t, records, 1, name)
				}
				require.LessOrEqual(t, asked["/api/projects/9/"+name+"/"], 3, name)
			}
			require.Len(t, uuids(t, out.Messages), 1)
			for _, query := range queries(t, server.API) {
				require.True(t, strings.Contains(query, " LIMIT 1") || strings.Contains(query, "count()"), query)
			}
			require.LessOrEqual(t, len(queries(t, server.API)), 2)
			require.Zero(t, asked["/api/projects/9/file_download_batch_exports/"])
		})
	}
}

// TestPersonsThatGoMeanwhile has persons merged into others while the list is read: the ones behind move to places that were read already, and
// come all the same.
func TestPersonsThatGoMeanwhile(t *testing.T) {
	t.Parallel()
	for _, gone := range []int{1, 50, 300, 990} {
		t.Run(fmt.Sprint(gone), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server, project := serverWith(t, nil)
				for n := range 3000 {
					project.Lists["persons"] = append(project.Lists["persons"], fmt.Sprintf(`{"uuid":%q,"created_at":"2026-02-01T08:00:00Z"}`, uuid(n)))
				}
				for _, number := range []int{2, 3} {
					server.API.Fail(number, func(w http.ResponseWriter, r *http.Request, answer http.Handler) {
						server.Change(func() { project.Lists["persons"] = project.Lists["persons"][gone:] })
						answer.ServeHTTP(w, r)
					})
				}
				seen := map[string]bool{}
				for _, record := range taptest.Records(sync(t, server, map[string]any{"select": "persons"}), "persons") {
					var person struct{ UUID string }
					require.NoError(t, json.Unmarshal(record, &person))
					seen[person.UUID] = true
				}
				for n := 2 * gone; n < 3000; n++ {
					require.True(t, seen[uuid(n)], n)
				}
			})
		})
	}
}

// TestPersonsWithoutPlaces has a server that gives the same persons whatever place is asked for, and one that loses them as they are asked for.
func TestPersonsWithoutPlaces(t *testing.T) {
	t.Parallel()
	for name, uuids := range map[string]func(call int) int{"the same": func(int) int { return 0 }, "others": func(call int) int { return call }} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server, _ := serverWith(t, nil)
				for call := range 200 {
					answer := fmt.Sprintf(`{"next":"%s/?offset=1","results":[{"uuid":%q}]}`, posthogtest.Elsewhere, uuid(uuids(call)))
					if call > 60 {
						answer = `{"next":null,"results":[]}`
					}
					server.API.Fail(call+1, taptest.Status(http.StatusOK, answer))
				}
				out := taptest.Run(t, program, input(server, map[string]any{"select": "persons"}))
				require.Equal(t, 4, out.Code, out.Stderr)
				require.Contains(t, out.Stderr, "persons come and go faster than they are read")
				require.NotContains(t, string(out.Stdout), "ACTIVATE_VERSION", "the old rows stay")
			})
		})
	}
}

// TestPersonsThatComeMeanwhile has others move on by one while the list is read: they are read all the same, in one walk.
func TestPersonsThatComeMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, project := serverWith(t, nil)
		person := func(n int) string { return fmt.Sprintf(`{"uuid":%q,"created_at":"2026-02-01T08:00:00Z"}`, uuid(n)) }
		for n := range 3000 {
			project.Lists["persons"] = append(project.Lists["persons"], person(n))
		}
		server.API.Fail(2, func(w http.ResponseWriter, r *http.Request, answer http.Handler) {
			server.Change(func() { project.Lists["persons"] = append([]string{person(9000)}, project.Lists["persons"]...) })
			answer.ServeHTTP(w, r)
		})
		out := taptest.Run(t, program, input(server, map[string]any{"select": "persons"}))
		require.Equal(t, 0, out.Code, out.Stderr)
		require.NoError(t, taptest.Validate(out.Messages, taptest.Checks{UniqueKeys: true, ExtraMembers: true}))
		require.Len(t, taptest.Records(out.Messages, "persons"), 3000)
		require.LessOrEqual(t, len(server.API.Calls()), 5)
	})
}
