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
