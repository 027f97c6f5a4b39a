package main

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// The documentation page is written by this test with -update, which make generate gives, and held against the program without. Its table
// of streams is that of the program.
func TestDocumentationPage(t *testing.T) {
	t.Parallel()
	out := taptest.Run(t, program, taptest.Input{Args: []string{"--about", "--format", "markdown"}})
	require.Equal(t, 0, out.Code, out.Stderr)
	taptest.Golden(t, out.Stdout, "../../../docs/tap-mautic.md")

	for _, l := range append(entities(&Config{}), statistics(&Config{Lookback: time.Hour})...) {
		row := regexp.MustCompile("(?m)^.*`" + l.stream.Name + "`.* \\| .*$").FindString(notes)
		require.Contains(t, row, "| "+string(l.stream.Disposition), l.stream.Name)
		require.Equal(t, l.stream.Unselected, strings.Contains(row, "`"+l.stream.Name+"`*"), l.stream.Name)
	}
}
