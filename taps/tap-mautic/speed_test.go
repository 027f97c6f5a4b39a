package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap-mautic/mautictest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// large is a Mautic with so many contacts, and as many rows of mail statistics, that it does nothing but write: rows differ by id.
func large(t testing.TB, rows int) *httptest.Server {
	t.Helper()
	// split is a row in the parts that the id stands between.
	split := func(row mautictest.Row) [2]string {
		text, err := json.Marshal(row)
		require.NoError(t, err)
		const mark = `"id":0`
		for at := range text {
			if string(text[at:min(at+len(mark), len(text))]) == mark {
				return [2]string{string(text[:at+len(mark)-1]), string(text[at+len(mark):])}
			}
		}
		t.Fatalf("no id in %s", text)
		return [2]string{}
	}
	contact := split(mautictest.Contact(0, "2026-04-01T09:00:00+00:00", "2026-04-02T09:00:00+00:00", mautictest.Row{"firstname": "Kim", "email": "kim@shop.test",
		"points": 5, "vip": "1", "birthday": "1990-02-03", "revenue": "12.50", "colours": "red|blue"}))
	stat := split(mautictest.Stat(0, 8, 41, 3).With(mautictest.Row{"tokens": nil, "open_details": `a:1:{i:0;a:2:{s:8:"datetime";s:19:"2026-05-03 09:00:00";}}`}))
	fields := mautictest.New("5.1.1").Entities["fields/contact"]
	rest := http.NewServeMux()
	rest.HandleFunc("GET /api/stats", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"availableTables":["email_stats"],"tableColumns":{}}`)
	})
	rest.HandleFunc("GET /api/fields/{object}", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("object") == "company" || r.URL.Query().Get("where[0][val]") != "0" {
			fmt.Fprint(w, `{"total":0,"fields":[]}`)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"total": len(fields), "fields": fields})
	})
	page := func(name, open, end string, keyed bool, row [2]string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			query := r.URL.Query()
			after, _ := strconv.Atoi(query.Get("where[0][val]"))
			limit, _ := strconv.Atoi(query.Get("limit"))
			text := fmt.Appendf(nil, `{"total":"%d","%s":%s`, rows, name, open)
			for id := after + 1; id <= min(after+limit, rows); id++ {
				if id > after+1 {
					text = append(text, ',')
				}
				if keyed {
					text = append(strconv.AppendInt(append(text, '"'), int64(id), 10), `":`...)
				}
				text = append(strconv.AppendInt(append(text, row[0]...), int64(id), 10), row[1]...)
			}
			_, _ = w.Write(append(append(text, end...), '}')) // the tap may have been ended
		}
	}
	rest.HandleFunc("GET /api/contacts", page("contacts", "{", "}", true, contact))
	rest.HandleFunc("GET /api/stats/email_stats", page("stats", "[", "]", false, stat))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Mautic-Version", "5.1.1")
		rest.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server
}

// command is the tap as a process, against a server.
func command(t testing.TB, server *httptest.Server, stream string) *exec.Cmd {
	t.Helper()
	binary, err := os.Executable()
	require.NoError(t, err)
	tap := exec.Command(binary, "--select", stream, "--base-url", server.URL, "--username", "ann", "--password", mautictest.Password)
	tap.Env, tap.Dir = []string{asProcess + "=1"}, t.TempDir()
	return tap
}

// TestMemory has a tap that holds no more after many pages than after a few.
func TestMemory(t *testing.T) {
	t.Parallel()
	server := large(t, 200_000)
	for stream, written := range map[string]int64{"contacts": 60 << 20, "email_stats": 30 << 20} {
		peak := taptest.PeakMemory(t, command(t, server, stream), written)
		t.Logf("%s: %.1f MiB", stream, float64(peak)/(1<<20))
		require.Less(t, peak, int64(64<<20), stream)
	}
}

// BenchmarkRows reads a million rows from a server on this machine, in the tap's own process.
func BenchmarkRows(b *testing.B) {
	const rows = 1_000_000
	server := large(b, rows)
	for _, stream := range []string{"contacts", "email_stats"} {
		b.Run(stream, func(b *testing.B) {
			taptest.Speed(b, rows, func() *exec.Cmd { return command(b, server, stream) })
		})
	}
}
