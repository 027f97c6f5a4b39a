package main

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol/airbyte"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

func TestConnector(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, map[string]any{"streams": `[{"name": "values", "tab": "Bob's \"A1\"", "key_properties": ["Key"]}, {"tab": "Campaigns"}]`}, costs())
		whole := taptest.Connector(t, b.tap, func(testing.TB) taptest.Input { return b.input(nil) })
		require.Len(t, whole.Rows("values"), 2)
	})
}

// TestLeftOut: an overwrite by nothing would empty the table.
func TestLeftOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, map[string]any{"end_date": "1998-01-01"}, costs())
		in := b.input(nil)
		in.Catalog = taptest.Configure(taptest.Airbyte(t, b.tap, "discover", in).Streams())
		out := taptest.Airbyte(t, b.tap, "read", in)
		require.Equal(t, 2, out.Code)
		require.Contains(t, out.Errors()[0], "config_error: stream \"Campaigns\": the stream was not read, and a full refresh would replace its rows with none")
		require.Equal(t, airbyte.Incomplete, out.Phases("Campaigns")[2])
	})
}
