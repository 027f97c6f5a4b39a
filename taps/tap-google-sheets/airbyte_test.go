package main

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

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
