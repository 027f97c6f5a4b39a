package main

import (
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap-posthog/posthogtest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// manyEvents are n events within a day, of some 600 bytes each.
func manyEvents(n int) []posthogtest.Event {
	events := sampleEvents(n, today)
	for i := range events {
		at := today.Add(-24 * time.Hour).Add(time.Duration(i) * (20 * time.Hour) / time.Duration(n)).Truncate(time.Microsecond)
		events[i].Timestamp, events[i].CreatedAt, events[i].Name = at, at, "$pageview"
		events[i].Properties = `{"$browser":"Chrome","$os":"Mac OS X","$current_url":"https://shop.example.com/cart?step=2","$screen_width":1920,"utm_source":"newsletter","n":` + strconv.Itoa(i) + `}`
	}
	return events
}

// command is the tap as a process, against a server.
func command(t testing.TB, server *posthogtest.Server, args ...string) *exec.Cmd {
	t.Helper()
	args = append(args, "--select", "events", "--base-url", server.API.Listen(), "--project-id", "9", "--start-date", today.Add(-24*time.Hour).Format(time.DateOnly),
		"--end-date", today.Format(time.DateOnly), "--page-size", "50000", "--api-key", posthogtest.Key)
	return exec.Command(taptest.Build(t, "."), args...)
}

// TestMemory has a tap that holds no more for large pages than for small ones.
func TestMemory(t *testing.T) {
	t.Parallel()
	server, _ := serverWith(t, manyEvents(200_000))
	peak := taptest.PeakMemory(t, command(t, server), 60<<20)
	t.Logf("%.1f MiB", float64(peak)/(1<<20))
	require.Less(t, peak, int64(64<<20))
}

// BenchmarkEvents reads a million events from a server on this machine, in the tap's own process.
func BenchmarkEvents(b *testing.B) {
	const rows = 1_000_000
	server, _ := serverWith(b, manyEvents(rows))
	taptest.Speed(b, rows, func() *exec.Cmd { return command(b, server) })
}
