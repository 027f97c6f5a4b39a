// Package main is tap-posthog: events, and what is set up around them, from PostHog's API.
package main

import (
	_ "embed"

	"github.com/signalroom/signalroom/taps/tap"
)

//go:generate go test -run TestDocumentationPage -count 1 . -update

func main() { tap.Main(program) }

//go:embed notes.md
var notes string

// program declares the tap.
var program = tap.Tap[Config]{
	Name:        "tap-posthog",
	Description: "Events, persons, feature flags, experiments and the rest of what PostHog's API tells",
	Notes:       notes,
	Unselected: []string{
		"events.window_id", "events.person_mode", "events.person_properties", "events.group_?", "persons.type", "persons.matched_recordings",
		"persons.value_at_data_point", "projects.api_token", "projects.secret_api_token", "projects.secret_api_token_backup",
	},
	Open: open,
}
