package main

import (
	"regexp"
	"testing"

	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// The settings page of the target is what the program says of itself.
func TestSettingsPage(t *testing.T) {
	t.Parallel()
	page := regexp.MustCompile(`(?m)^Version .*\n\n`).ReplaceAll(about(t, "target-postgres", "markdown"), nil)
	taptest.Golden(t, page, "../../docs/target-postgres.md")
}
