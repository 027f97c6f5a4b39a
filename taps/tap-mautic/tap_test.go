package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/signalroom/signalroom/taps/tap-mautic/mautictest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// asProcess is the variable that makes the test binary the tap.
const asProcess = "TAP_MAUTIC_PROCESS"

func TestMain(m *testing.M) {
	if os.Getenv(asProcess) != "" {
		main()
	}
	goleak.VerifyTestMain(m)
}

// TestStreams is every stream of a Mautic 5, as it comes out.
func TestStreams(t *testing.T) {
	t.Parallel()
	m := mautictest.New("5.1.1")
	api := m.Serve(t)
	out := taptest.Run(t, program, input(api, nil, "--select", "*"))
	require.Equal(t, 0, out.Code, out.Stderr)
	require.NoError(t, taptest.Validate(out.Messages, taptest.Checks{UniqueKeys: true, ExtraMembers: true}))
	taptest.Golden(t, out.Stdout, "streams.singer")
	require.Equal(t, 1, m.Tokens, "a run asks for one token")
	for _, secret := range []string{mautictest.KeySecret, "t0k3n", "shop.test"} {
		require.NotContains(t, out.Stderr, secret)
	}
}
