// Package main is tap-redtrack: conversions, clicks, daily reports and reference lists of RedTrack.
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
	Name:        "tap-redtrack",
	Description: "Conversions, clicks, daily reports and reference lists of RedTrack",
	Notes:       notes,
	Unselected: []string{
		"*.read_at", "*.ip", "*.user_agent", "*.fingerprint", "conversions.postback_ip", "clicks.user_id", "scripts.script_code",
		"browsers.*", "categories.*", "cities.*", "countries.*", "currencies.*", "devices.*", "languages.*", "os.*",
	},
	Open: open,
}
