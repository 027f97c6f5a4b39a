package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap-mautic/mautictest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

func TestConnector(t *testing.T) {
	t.Parallel()
	whole := taptest.Connector(t, program, func(t testing.TB) taptest.Input { return input(mautictest.New("5.1.1").Serve(t), nil) })
	require.NotEmpty(t, whole.Rows("contacts"))
	require.Contains(t, string(whole.Stdout), `"meta":{"changes":[{"field":"birthday","change":"NULLED","reason":"SOURCE_SERIALIZATION_ERROR"}]}`)
}
