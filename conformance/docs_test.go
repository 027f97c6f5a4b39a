package main

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// The settings page of the target is what the program says of itself.
func TestSettingsPage(t *testing.T) {
	t.Parallel()
	s := &site{dir: t.TempDir(), env: []string{"PATH=" + os.Getenv("PATH")}}
	about := s.run(t, "", "target-postgres", "--about", "--format", "markdown")
	require.Zero(t, about.code, about.stderr)
	page := regexp.MustCompile(`(?m)^Version .*\n\n`).ReplaceAllString(about.stdout, "")
	taptest.Golden(t, []byte(page), "../../docs/target-postgres.md")
}
