package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// The documentation page is written by this test with -update, which make generate gives, and held against the program without.
func TestDocumentationPage(t *testing.T) {
	t.Parallel()
	out := taptest.Run(t, program, taptest.Input{Args: []string{"--about", "--format", "markdown"}})
	require.Equal(t, 0, out.Code, out.Stderr)
	taptest.Golden(t, out.Stdout, "../../../docs/tap-mautic.md")
}
