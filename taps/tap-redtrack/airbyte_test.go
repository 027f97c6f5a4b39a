package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap-redtrack/redtracktest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

func TestConnector(t *testing.T) {
	within(t, func(t *testing.T, a *redtracktest.Account) {
		a.Fill("2026-01-01", "2026-01-02", "2026-01-04")
		whole := taptest.Connector(t, program, func(testing.TB) taptest.Input { return input(a, object{"client_id": "acme"}) })
		require.NotEmpty(t, whole.Rows("conversions"))
	})
}

// TestRateLimit: the platform is told until when the source wants to be left alone.
func TestRateLimit(t *testing.T) {
	within(t, func(t *testing.T, a *redtracktest.Account) {
		a.Fill("2026-01-01")
		in := input(a, only("conversions"))
		catalog := taptest.Configure(taptest.Airbyte(t, program, "discover", in).Streams())
		in.Catalog = catalog
		began := time.Now()
		a.Fail(len(a.Calls())+1, taptest.Status(429, "", "Retry-After: 30"))
		out := taptest.Airbyte(t, program, "read", in)
		require.Equal(t, 0, out.Code, "%s", out.Stdout)
		require.NoError(t, out.ValidateRead(catalog))
		for _, m := range out.All {
			if m.Trace != nil && m.Trace.StreamStatus != nil && len(m.Trace.StreamStatus.Reasons) == 1 {
				require.InDelta(t, 30, time.UnixMilli(m.Trace.StreamStatus.Reasons[0].RateLimited.QuotaReset).Sub(began).Seconds(), 2)
				return
			}
		}
		t.Error("no status says so")
	})
}
