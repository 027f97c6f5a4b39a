package main

import (
	"testing"

	"github.com/signalroom/signalroom/taps/tap/taptest"
)

func TestDocumentationPage(t *testing.T) {
	t.Parallel()
	taptest.Page(t, program)
}
