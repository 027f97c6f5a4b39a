// Package main is tap-s3-exports: CSV files that other systems push to S3, as streams of rows.
package main

import "github.com/signalroom/signalroom/taps/tap"

//go:generate go test -run TestExampleCatalog|TestDocumentationPage -count 1 . -update

func main() { tap.Main(program) }

// program declares the tap.
var program = tap.Tap[Config]{
	Name:        "tap-s3-exports",
	Description: "CSV files that other systems push to S3, read once each and exactly as they are written",
	Unselected:  []string{"*." + lineColumn, "*." + etagColumn, "*." + modifiedColumn, "*." + sizeColumn},
	Open:        opener(checkpointBytes),
}
