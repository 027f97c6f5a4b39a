package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// An apiTap is a tap over an API that a test serves, run three times into one database while the rows behind the API change.
type apiTap struct {
	program string
	path    string // of the API below its host
	// serve makes an API without rows, and the way in which they change before each run, from 1.
	serve func(t *testing.T) (api *taptest.API, change func(run int))
	// settings are those of a run, beside base_url.
	settings func(run int) map[string]any
	tables   []string
	settle   func(dump string) string // gives days that go by the clock names that do not; nil: there are none
}

func apiTaps() []apiTap {
	return []apiTap{
		posthog(),
		redtrack(),
		mautic(),
		sheets(),
		everflow(),
	}
}

const apiRuns = 3

// load makes one run of a tap.
func (a apiTap) load(t *testing.T, s *site, url string, run int, p pipe) (tap, target ended) {
	t.Helper()
	settings := a.settings(run)
	settings["base_url"] = url + a.path
	p.program, p.pipeline = a.program, "api"
	p.tap = []string{"--config", s.file(t, fmt.Sprintf("run%d.json", run), settings)}
	p.target = []string{"--add-record-metadata=false"}
	return s.load(t, p)
}

// dump is what the tables hold, without nulls. Of the target's own columns it says only that a row is marked as deleted.
func (a apiTap) dump(t *testing.T, s *site, run int) string {
	t.Helper()
	var text strings.Builder
	for _, table := range a.tables {
		rows := s.texts(t, `SELECT jsonb_strip_nulls(j - '_sdc_table_version' - '_sdc_deleted_at' ||
			jsonb_build_object('deleted', nullif(j ->> '_sdc_deleted_at' IS NOT NULL, false)))::text FROM "`+table+`" t, to_jsonb(t) j ORDER BY 1`)
		fmt.Fprintf(&text, "run %d, table %s\n%s\n", run, table, strings.Join(rows, "\n"))
	}
	if a.settle != nil {
		return a.settle(text.String())
	}
	return text.String()
}

// TestAPITaps compares the tables after each of three runs with a golden file.
func TestAPITaps(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	for _, a := range apiTaps() {
		t.Run(a.program, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, store)
			api, change := a.serve(t)
			url := api.Listen()
			got := ""
			for run := 1; run <= apiRuns; run++ {
				change(run)
				tap, target := a.load(t, s, url, run, pipe{})
				require.Zero(t, tap.code, tap.stderr)
				require.Zero(t, target.code, target.stderr)
				got += a.dump(t, s, run)
			}
			taptest.Golden(t, []byte(got), "apis/"+a.program+".txt")
		})
	}
}

// TestAPITapsKilled kills tap, target or both while a request is under way, in each of the three runs, and makes the run again. In the end
// the tables are those of the golden file.
func TestAPITapsKilled(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	for _, a := range apiTaps() {
		t.Run(a.program, func(t *testing.T) {
			t.Parallel()
			golden, err := os.ReadFile(filepath.Join("testdata", "apis", a.program+".txt"))
			require.NoError(t, err)
			for request := 1; request <= 7; request += 2 {
				s := newSite(t, store)
				api, change := a.serve(t)
				url := api.Listen()
				for run := 1; run <= apiRuns; run++ {
					change(run)
					killOn := make(chan struct{})
					api.Fail(len(api.Calls())+request, func(http.ResponseWriter, *http.Request, http.Handler) {
						close(killOn)
						panic(http.ErrAbortHandler)
					})
					victim := (request/2 + run) % 3
					a.load(t, s, url, run, pipe{killOn: killOn, killTap: victim != 1, killTarget: victim != 0})
					select {
					case <-killOn:
					default:
						t.Errorf("run %d has no request %d", run, request)
					}
					tap, target := a.load(t, s, url, run, pipe{})
					require.Zero(t, tap.code, tap.stderr)
					require.Zero(t, target.code, target.stderr)
				}
				require.Contains(t, string(golden), a.dump(t, s, apiRuns), "killed at request %d", request)
			}
		})
	}
}
