// Package main is tap-example: orders and plans of Example.
package main

import "github.com/signalroom/signalroom/taps/tap"

//go:generate go test -run TestDocumentationPage -count 1 . -update

func main() { tap.Main(program()) }

// program declares the tap.
func program() tap.Tap[Config] {
	return tap.Tap[Config]{
		Name:        "tap-example",
		Description: "Orders and plans of Example",
		Open:        open,
	}
}
