package main

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// The page has a table of streams, which is that of the program.
func TestDocumentationPage(t *testing.T) {
	t.Parallel()
	taptest.Page(t, program)

	for _, l := range append(entities(&Config{}), statistics(&Config{Lookback: time.Hour})...) {
		row := regexp.MustCompile("(?m)^.*`" + l.stream.Name + "`.* \\| .*$").FindString(notes)
		require.Contains(t, row, "| "+string(l.stream.Disposition), l.stream.Name)
		require.Equal(t, l.stream.Unselected, strings.Contains(row, "`"+l.stream.Name+"`*"), l.stream.Name)
	}
}
