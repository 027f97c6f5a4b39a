package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap/taptest"
)

func TestConnector(t *testing.T) {
	t.Parallel()
	whole := taptest.Connector(t, program, func(t testing.TB) taptest.Input {
		server, _ := serverWith(t, sampleEvents(50, time.Date(2026, 5, 20, 0, 0, 0, 0, time.UTC)))
		return input(server, map[string]any{"select": "events,cohorts,feature_flags,experiments", "page_size": 10})
	})
	require.Len(t, whole.Rows("events"), 50)
}

func TestConnectorResumes(t *testing.T) {
	t.Parallel()
	fresh := func(t testing.TB) taptest.Input {
		server, _ := serverWith(t, sampleEvents(30, time.Date(2026, 5, 20, 0, 0, 0, 0, time.UTC)))
		return input(server, map[string]any{"select": "events,cohorts", "page_size": 5, "events_mode": "hogql"})
	}
	catalog := taptest.Configure(taptest.Airbyte(t, program, "discover", fresh(t)).Streams())
	taptest.ResumeAirbyte(t, program, catalog, fresh, taptest.AtLeastOnce) // lookback reads the newest again
}
