package main

import (
	"context"
	"fmt"
	"os"
	"testing"
)

// built are the programs for this machine, as they are delivered.
var built *build

// TestMain builds them once.
func TestMain(m *testing.M) { os.Exit(withBuild(m.Run)) }

func withBuild(run func() int) int {
	dir, err := os.MkdirTemp("", "signalroom-release-test-")
	if err == nil {
		defer os.RemoveAll(dir)
		built, err = compile(context.Background(), "..", host(), dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return run()
}
