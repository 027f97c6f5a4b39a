package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/conformance/accounts"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// eachAccount runs a test for each tap of an API, side by side.
func eachAccount(t *testing.T, test func(t *testing.T, a accounts.Account)) {
	t.Helper()
	for _, a := range accounts.All() {
		t.Run(a.Program, func(t *testing.T) {
			t.Parallel()
			test(t, a)
		})
	}
}

// loadAccount runs an account's tap once, into the target.
func loadAccount(t *testing.T, s *site, a accounts.Account, url string, run int, p pipe) (tap, target ended) {
	t.Helper()
	settings := a.Settings(run)
	settings["base_url"] = url + a.Path
	p.program, p.pipeline = a.Program, "api"
	p.tap = []string{"--config", s.file(t, fmt.Sprintf("run%d.json", run), settings)}
	p.target = []string{"--add-record-metadata=false"}
	return s.load(t, p)
}

// loadWhole is loadAccount for a run that nothing stops.
func loadWhole(t *testing.T, s *site, a accounts.Account, url string, run int) {
	t.Helper()
	tap, target := loadAccount(t, s, a, url, run, pipe{})
	require.Zero(t, tap.code, tap.stderr)
	require.Zero(t, target.code, target.stderr)
}

// goldenAccount is the path, below testdata, of what the tables hold after each run.
func goldenAccount(a accounts.Account) string { return filepath.Join("apis", a.Program+".txt") }

// requireGolden compares the tables with those that three undisturbed runs leave.
func requireGolden(t *testing.T, s *site, a accounts.Account, format string, request int) {
	t.Helper()
	golden, err := os.ReadFile(filepath.Join("testdata", goldenAccount(a)))
	require.NoError(t, err)
	require.Contains(t, string(golden), dumpAccount(t, s, a, accounts.Runs), format, request)
}

// dumpAccount is what the tables hold, without nulls. Of the target's own columns it has only the mark of a deleted row.
func dumpAccount(t *testing.T, s *site, a accounts.Account, run int) string {
	t.Helper()
	var text strings.Builder
	for _, table := range a.Tables {
		rows := s.texts(t, `SELECT jsonb_strip_nulls(j - '_sdc_table_version' - '_sdc_deleted_at' ||
			jsonb_build_object('deleted', nullif(j ->> '_sdc_deleted_at' IS NOT NULL, false)))::text FROM "`+table+`" t, to_jsonb(t) j ORDER BY 1`)
		fmt.Fprintf(&text, "run %d, table %s\n%s\n", run, table, strings.Join(rows, "\n"))
	}
	if a.Settle != nil {
		return a.Settle(text.String())
	}
	return text.String()
}

// TestAPITaps compares the tables after each of three runs with a golden file.
func TestAPITaps(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	eachAccount(t, func(t *testing.T, a accounts.Account) {
		s := newSite(t, store)
		api, change := a.Serve(t)
		url := api.Listen()
		got := ""
		for run := 1; run <= accounts.Runs; run++ {
			change(run)
			loadWhole(t, s, a, url, run)
			got += dumpAccount(t, s, a, run)
		}
		taptest.Golden(t, []byte(got), goldenAccount(a))
	})
}

// TestAPITapsKilled kills tap, target or both during a request, in each of the three runs, and repeats the run. In the end the tables are
// those of the golden file.
func TestAPITapsKilled(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	eachAccount(t, func(t *testing.T, a accounts.Account) {
		for request := 1; request <= 7; request += 2 {
			s := newSite(t, store)
			api, change := a.Serve(t)
			url := api.Listen()
			for run := 1; run <= accounts.Runs; run++ {
				change(run)
				killOn := make(chan struct{})
				api.Fail(len(api.Calls())+request, func(http.ResponseWriter, *http.Request, http.Handler) {
					close(killOn)
					panic(http.ErrAbortHandler)
				})
				victim := (request/2 + run) % 3
				loadAccount(t, s, a, url, run, pipe{killOn: killOn, killTap: victim != 1, killTarget: victim != 0})
				select {
				case <-killOn:
				default:
					t.Errorf("run %d has no request %d", run, request)
				}
				loadWhole(t, s, a, url, run)
			}
			requireGolden(t, s, a, "killed at request %d", request)
		}
	})
}

// TestAPITapsStopped stops the tap in its second run, at one request after another. The source changes, and the third run continues. In the end
// the tables are those of the golden file: the third run also reads what changed before the point where the second was stopped.
func TestAPITapsStopped(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	eachAccount(t, func(t *testing.T, a accounts.Account) {
		for request := 1; ; request++ {
			s := newSite(t, store)
			api, change := a.Serve(t)
			url := api.Listen()
			change(1)
			loadWhole(t, s, a, url, 1)

			change(2)
			killOn, killed := make(chan struct{}), make(chan struct{})
			api.Fail(len(api.Calls())+request, func(w http.ResponseWriter, r *http.Request, answer http.Handler) {
				close(killOn)
				<-killed
				answer.ServeHTTP(w, r)
			})
			loadAccount(t, s, a, url, 2, pipe{killOn: killOn, killed: killed, killTap: true, signal: syscall.SIGTERM})
			select {
			case <-killOn:
			default:
				return // it has fewer requests
			}

			change(3)
			loadWhole(t, s, a, url, 3)
			requireGolden(t, s, a, "stopped at request %d", request)
		}
	})
}
