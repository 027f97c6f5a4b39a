package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// TestDocumentationPage holds the page against the program; make generate writes it anew.
func TestDocumentationPage(t *testing.T) {
	t.Parallel()
	out := taptest.Run(t, program, taptest.Input{Args: []string{"--about", "--format", "markdown"}})
	require.Equal(t, 0, out.Code, out.Stderr)
	taptest.Golden(t, out.Stdout, "../../../docs/tap-google-sheets.md")
}
