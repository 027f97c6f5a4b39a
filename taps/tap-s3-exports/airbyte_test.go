package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol/airbyte"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

func TestConnector(t *testing.T) {
	t.Parallel()
	b := newBench(t, map[string]any{"client_id": "acme"})
	b.put("in/orders_2026-11-01.csv", "id,total,zip,at\n1,12.50,02134,2026-11-01T10:00:00Z\n2,3,10001,\nx\"y,\"4\n")
	b.put("in/orders_2026-11-02.csv", "id,total,zip,at\n3,,02135,2026-11-02T10:00:00Z\n")
	whole := taptest.Connector(t, program, func(testing.TB) taptest.Input { return b.input(nil) })
	require.NotEmpty(t, whole.Rows(defaultStream))
	require.Equal(t, []airbyte.StreamPhase{airbyte.Started, airbyte.Running, airbyte.Complete}, whole.Phases(rejectedRows))
}
