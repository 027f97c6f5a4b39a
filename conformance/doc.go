// Package conformance holds the tests that see the project from outside: its rules of layout, and what the built programs do with a
// real S3 server and a real PostgreSQL between them.
package conformance

//go:generate go test -run TestSettingsPage|TestMeltanoDefinitions|TestAirbyteMetadata -count 1 . -update
