// Package main is tap-google-sheets: tabs, named ranges and tables of Google Sheets as streams of typed rows.
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
	Name:        "tap-google-sheets",
	Description: "Tabs, named ranges and tables of Google Sheets, with the types that their cells have",
	Notes:       notes,
	Unselected:  []string{"*." + spreadsheetIDColumn, "*." + sheetIDColumn, "*." + sheetNameColumn},
	Open:        opener(blockCells),
}

// blockCells is how many cells are asked for at a time: about 4 MB of JSON, which the API sends in a few seconds.
const blockCells = 50_000
