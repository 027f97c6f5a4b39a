// Package main is tap-everflow: conversions, clicks, daily figures and lists of Everflow networks and affiliate accounts.
package main

import (
	_ "embed"

	"github.com/signalroom/signalroom/taps/tap"
)

//go:generate go test -run TestDocumentationPage -count 1 . -update

// notes end the documentation page.
//
//go:embed notes.md
var notes string

func main() { tap.Main(program) }

// program declares the tap.
var program = tap.Tap[Config]{
	Name:        "tap-everflow",
	Description: "Conversions, clicks, daily figures and lists of Everflow networks and affiliate accounts",
	Notes:       notes,
	Unselected: []string{
		"on_hold_conversions.*", "conversions.email", "events.email", "*.session_user_ip", "*.conversion_user_ip", "clicks.user_ip", "employees.*",
	},
	Open: open,
}
