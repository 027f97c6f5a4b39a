package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap-redtrack/redtracktest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// TestMemory reads a day of three answers, 10,000 rows and 30 MB each, within 64 MiB.
func TestMemory(t *testing.T) {
	t.Parallel()
	const answers, perAnswer = 3, 10000
	binary, err := os.Executable()
	require.NoError(t, err)
	a := redtracktest.New(t)
	text := strings.Repeat("x", 3000)
	for number := 1; number <= answers; number++ {
		a.Fail(number, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			fmt.Fprintf(w, `{"total":%d,"items":[{"id":"first %d"}`, answers*perAnswer, number)
			for n := 1; n < perAnswer; n++ {
				fmt.Fprintf(w, `,{"id":"%024d","track_time":"2026-01-01T10:00:00+01:00","cost":0.25,"referer":"%s"}`, number*perAnswer+n, text)
			}
			fmt.Fprint(w, "]}")
		})
	}
	tap := exec.Command(binary, "--base-url", a.Listen(), "--api-key", redtracktest.Key, "--start-date", "2026-01-01", "--end-date", "2026-01-02", "--select", "clicks")
	tap.Env = []string{asProcess + "=1"}
	tap.Dir = t.TempDir()
	peak := taptest.PeakMemory(t, tap, answers*perAnswer*3000)
	t.Logf("%.1f MiB at the peak", float64(peak)/(1<<20))
	require.Less(t, peak, int64(64<<20))
}
