// Package main is tap-redtrack: conversions, clicks, daily reports and reference lists of RedTrack.
package main

import "github.com/signalroom/signalroom/taps/tap"

//go:generate go test -run TestDocumentationPage -count 1 . -update

func main() { tap.Main(program()) }

// program declares the tap.
func program() tap.Tap[Config] {
	return tap.Tap[Config]{
		Name:        "tap-redtrack",
		Description: "Conversions, clicks, daily reports and reference lists of RedTrack",
		Open:        open,
	}
}
