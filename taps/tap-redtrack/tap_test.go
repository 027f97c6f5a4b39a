package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/signalroom/signalroom/taps/tap-redtrack/redtracktest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// asProcess is the variable that makes the test binary the tap.
const asProcess = "TAP_REDTRACK_PROCESS"

func TestMain(m *testing.M) {
	if os.Getenv(asProcess) != "" {
		main()
	}
	goleak.VerifyTestMain(m)
}

type object = map[string]any

// input runs against an account on the evening of 2026-01-04.
func input(a *redtracktest.Account, settings object, args ...string) taptest.Input {
	config := object{"base_url": taptest.URL, "api_key": redtracktest.Key, "start_date": "2026-01-01", "timezone": "UTC"}
	maps.Copy(config, settings)
	return taptest.Input{Config: config, Args: args, Dial: a.Dial(), EveryCheckpoint: true,
		Now: func() time.Time { return time.Date(2026, 1, 4, 18, 0, 0, 0, time.UTC) }}
}

// within runs a test on a clock that stands still while something happens.
func within(t *testing.T, test func(t *testing.T, a *redtracktest.Account)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { test(t, redtracktest.New(t)) })
}

// only are the settings that read some streams.
func only(streams string) object { return object{"select": streams} }

func with(settings object, more object) object {
	all := maps.Clone(settings)
	maps.Copy(all, more)
	return all
}

// values are those of one member of a stream's records, as text.
func values(messages []taptest.Message, stream, member string) []string {
	var all []string
	for _, record := range taptest.Records(messages, stream) {
		var row object
		if err := json.Unmarshal(record, &row); err != nil {
			return nil
		}
		all = append(all, fmt.Sprint(row[member]))
	}
	return all
}

// asked are the requests to a path, by their days or else their page.
func asked(a *redtracktest.Account, path string) []string {
	var all []string
	for _, call := range a.Calls() {
		if call.Path != "/"+path {
			continue
		}
		said := call.Query.Get("page")
		if call.Query.Has("date_from") {
			said = call.Query.Get("date_from") + " " + call.Query.Get("date_to") + " " + said
		}
		all = append(all, said)
	}
	return all
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for _, stream := range []string{"conversions", "clicks", "campaigns", "offers", "landings", "networks", "sources", "streams", "domains", "scripts",
		"browsers", "categories", "cities", "countries", "currencies", "devices", "languages", "os",
		"report_daily", "report_daily_offer", "report_daily_source", "report_daily_landing", "report_geo"} {
		t.Run(stream, func(t *testing.T) {
			within(t, func(t *testing.T, a *redtracktest.Account) {
				a.Fill("2026-01-01", "2026-01-02", "2026-01-04")
				out := taptest.Run(t, program, input(a, object{"select": stream, "client_id": "acme", "reports": object{"report_geo": []string{"country", "source"}}}))
				require.Zero(t, out.Code, out.Stderr)
				require.NoError(t, taptest.Validate(out.Messages, taptest.Checks{UniqueKeys: true, ExtraMembers: true}))
				require.NotContains(t, string(out.Stdout)+out.Stderr, redtracktest.Secret)
				require.NotContains(t, string(out.Stdout)+out.Stderr, redtracktest.Key)
				taptest.Golden(t, out.Stdout, stream+".singer")
			})
		})
	}
}

// TestResume stops a run at each of its requests.
func TestResume(t *testing.T) {
	t.Parallel()
	for _, stream := range []string{"conversions", "clicks", "report_daily", "landings"} {
		t.Run(stream, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				fill := func() *redtracktest.Account {
					a := redtracktest.New(t)
					a.Clamp = 2
					a.Fill("2025-08-01", "2025-08-02", "2025-10-20", "2025-12-31", "2026-01-01", "2026-01-04")
					return a
				}
				in := input(fill(), object{"select": stream, "start_date": "2025-08-01"})
				taptest.ResumeRequests(t, program, in, func() *taptest.API { return fill().API }, taptest.AtLeastOnce)
			})
		})
	}
}

// TestRestated has rows that change after they were read, also on days that were over.
func TestRestated(t *testing.T) {
	within(t, func(t *testing.T, a *redtracktest.Account) {
		a.Fill("2025-11-20", "2025-12-20", "2026-01-04")
		settings := object{"select": "conversions,report_daily,clicks", "start_date": "2025-11-01"}
		_, state := taptest.Covered(taptest.Sync(t, program, input(a, settings)))
		a.Day("2026-01-03")
		a.Put("conversions", redtracktest.Row{"id": "65b10354", "conv_time": "2025-12-20T11:00:00Z", "status": "approved", "payout": 40})
		a.Delete("report", func(r redtracktest.Row) bool { return r["date"] == "2025-11-20" })
		before := len(a.Calls())
		in := input(a, settings)
		in.State = state
		messages := taptest.Sync(t, program, in)
		require.Equal(t, []string{"approved", "pending", "pending"}, values(messages, "conversions", "status"), "30 days behind 2026-01-04, so not 2025-11-20")
		require.Equal(t, []string{"2025-12-20", "2025-12-20", "2026-01-04", "2026-01-04", "2026-01-03", "2026-01-03"}, values(messages, "report_daily", "date"))
		require.Equal(t, []string{"2026-01-03", "2026-01-03", "2026-01-04", "2026-01-04"}, days(values(messages, "clicks", "track_time")), "3 days")
		require.Less(t, len(a.Calls())-before, 12, "days are asked for together")

		in = input(a, with(settings, object{"lookback": "0s"}))
		in.State = state
		require.Equal(t, []string{"2026-01-04"}, days(values(taptest.Sync(t, program, in), "conversions", "conv_time")), "what was not over is read again")
	})
}

// days cuts instants to their days.
func days(instants []string) []string {
	for i := range instants {
		instants[i] = instants[i][:len(time.DateOnly)]
	}
	return instants
}

// TestGoneRows shows which rows of a day that was read again are not there any more.
func TestGoneRows(t *testing.T) {
	within(t, func(t *testing.T, a *redtracktest.Account) {
		a.Fill("2026-01-01", "2026-01-02")
		in := input(a, only("conversions"))
		require.NotContains(t, string(taptest.Records(taptest.Sync(t, program, in), "conversions")[0]), "read_at", "not by default")
		in.Catalog = selectColumn(t, taptest.Run(t, program, input(a, nil, "--discover")).Stdout, "conversions", "read_at")
		require.Equal(t, []string{"2026-01-04T18:00:00Z", "2026-01-04T18:00:00Z"}, values(taptest.Sync(t, program, in), "conversions", "read_at"))
	})
}

// selectColumn is a catalog with one more column selected.
func selectColumn(t *testing.T, catalog json.RawMessage, stream, column string) json.RawMessage {
	t.Helper()
	var all struct {
		Streams []object `json:"streams"`
	}
	require.NoError(t, json.Unmarshal(catalog, &all))
	for _, entry := range all.Streams {
		if entry["stream"] != stream {
			continue
		}
		for _, metadata := range entry["metadata"].([]any) {
			metadata := metadata.(object)
			if breadcrumb := metadata["breadcrumb"].([]any); len(breadcrumb) == 2 && breadcrumb[1] == column {
				metadata["metadata"].(object)["selected"] = true
			}
		}
	}
	changed, err := json.Marshal(all)
	require.NoError(t, err)
	return changed
}

// many stores so many conversions of a day.
func many(a *redtracktest.Account, day string, count int) {
	rows := make([]redtracktest.Row, count)
	for i := range rows {
		rows[i] = redtracktest.Row{"id": fmt.Sprintf("%s-%05d", day, i), "conv_time": day + "T10:00:00Z"}
	}
	a.Add("conversions", false, rows...)
}

// TestHeavyDays asks for days together until they hold more than one answer, and then for fewer; a day alone comes in pages.
func TestHeavyDays(t *testing.T) {
	within(t, func(t *testing.T, a *redtracktest.Account) {
		many(a, "2025-12-24", 6000)
		many(a, "2025-12-26", 6000)
		many(a, "2026-01-01", 12000)
		messages := taptest.Sync(t, program, input(a, with(only("conversions"), object{"start_date": "2025-12-24"})))
		seen := map[string]bool{}
		for _, id := range values(messages, "conversions", "id") {
			seen[id] = true
		}
		require.Len(t, seen, 24000)
		require.Equal(t, []string{"2025-12-24 2025-12-31 1", "2025-12-24 2025-12-27 1", "2025-12-24 2025-12-25 1", "2025-12-26 2025-12-27 1", "2025-12-28 2025-12-31 1",
			"2026-01-01 2026-01-03 1", "2026-01-01 2026-01-02 1", "2026-01-01 2026-01-01 1", "2026-01-01 2026-01-01 2", "2026-01-02 2026-01-02 1",
			"2026-01-03 2026-01-03 1", "2026-01-04 2026-01-04 1"}, asked(a, "conversions"))
	})
}

// TestTotal holds the rows that came against the total that the API told.
func TestTotal(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		day   string
		total func(rows int, walk int) int
		code  int
		says  string
	}{
		"right":             {"2026-01-02", func(rows, _ int) int { return rows }, 0, ""},
		"rows were added":   {"2026-01-02", func(rows, walk int) int { return rows + max(0, 2-walk) }, 0, ""},
		"too few for good":  {"2026-01-02", func(rows, _ int) int { return rows + 1 }, 3, "3 different rows came of 4, several times"},
		"a day not over":    {"2026-01-04", func(rows, _ int) int { return rows + 1 }, 0, "days change while they are read"},
		"more than it says": {"2026-01-02", func(int, int) int { return 1 }, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(t *testing.T, a *redtracktest.Account) {
				many(a, test.day, 3)
				walk := 0
				a.Total = func(rows int) int {
					if rows == 0 {
						return 0
					}
					walk++
					return test.total(rows, walk)
				}
				out := taptest.Run(t, program, input(a, only("conversions")))
				require.Equal(t, test.code, out.Code, out.Stderr)
				require.Contains(t, out.Stderr, test.says)
				if test.code == 0 {
					require.Subset(t, values(out.Messages, "conversions", "id"), []string{test.day + "-00000", test.day + "-00001", test.day + "-00002"})
				}
				_, state := taptest.Covered(out.Messages)
				require.Equal(t, test.code != 0, state == nil, "what is short is not covered")
			})
		})
	}
}

// TestRowsMove has rows added in front while pages are read: a row comes twice and another would be missing.
func TestRowsMove(t *testing.T) {
	within(t, func(t *testing.T, a *redtracktest.Account) {
		a.Clamp = 2
		for _, path := range []string{"tracks", "report"} {
			for n := range 4 {
				a.Put(path, redtracktest.Row{"id": fmt.Sprint("c", n), "track_time": "2026-01-02T10:00:00Z", "date": "2026-01-02", "campaign_id": fmt.Sprint("c", n)})
			}
			answers := 0
			a.Before = func(string) {
				if answers++; answers == 2 {
					a.Add(path, true, redtracktest.Row{"id": "new", "track_time": "2026-01-02T10:00:00Z", "date": "2026-01-02", "campaign_id": "new"})
				}
			}
			stream := map[string]string{"tracks": "clicks", "report": "report_daily"}[path]
			key := map[string]string{"tracks": "id", "report": "campaign_id"}[path]
			out := taptest.Run(t, program, input(a, only(stream)))
			require.Zero(t, out.Code, out.Stderr)
			require.Subset(t, values(out.Messages, stream, key), []string{"c0", "c1", "c2", "c3", "new"}, path)
		}
	})
}
