package main

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/signalroom/signalroom/taps/tap-mautic/mautictest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// input is a run with API credentials against an API in memory.
func input(api *taptest.API, settings map[string]any, args ...string) taptest.Input {
	config := map[string]any{"base_url": taptest.URL, "oauth_client_id": mautictest.KeyID, "oauth_client_secret": mautictest.KeySecret}
	maps.Copy(config, settings)
	return taptest.Input{Config: config, Dial: api.Dial(), Args: args, Now: func() time.Time { return mautictest.Today }}
}

// sync reads a Mautic and gives messages and the last state.
func sync(t *testing.T, m *mautictest.Mautic, settings map[string]any, state []byte, args ...string) ([]taptest.Message, []byte) {
	t.Helper()
	in := input(m.Serve(t), settings, args...)
	in.State = state
	out := taptest.Run(t, program, in)
	if out.Code != 0 || out.Err != nil {
		t.Fatalf("exit code %d, %v, stderr:\n%s", out.Code, out.Err, out.Stderr)
	}
	if err := taptest.Validate(out.Messages, taptest.Checks{ExtraMembers: true}); err != nil {
		t.Fatal(err)
	}
	_, last := taptest.Covered(out.Messages)
	return out.Messages, last
}

// records are those of a stream as text.
func records(messages []taptest.Message, stream string) []string {
	var all []string
	for _, record := range taptest.Records(messages, stream) {
		all = append(all, string(record))
	}
	return all
}

// fails runs a tap that must end with a code, and gives what it says.
func fails(t *testing.T, m *mautictest.Mautic, code int, settings map[string]any, args ...string) *taptest.Output {
	t.Helper()
	out := taptest.Run(t, program, input(m.Serve(t), settings, args...))
	if out.Code != code {
		t.Fatalf("exit code %d, want %d, stderr:\n%s", out.Code, code, out.Stderr)
	}
	return out
}

// withoutLine is a text without the lines that hold some words.
func withoutLine(text, words string) string {
	lines := strings.Split(text, "\n")
	return strings.Join(slices.DeleteFunc(lines, func(line string) bool { return strings.Contains(line, words) }), "\n")
}
