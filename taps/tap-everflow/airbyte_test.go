package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap-everflow/everflowtest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

func TestConnector(t *testing.T) {
	t.Parallel()
	b := newBench(t, fill(everflowtest.New(t)), nil)
	whole := taptest.Connector(t, program, func(testing.TB) taptest.Input { return b.input(nil) })
	require.NotEmpty(t, whole.Rows("conversions"))
}
