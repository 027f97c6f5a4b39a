package main

import (
	"encoding/json"
	"maps"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap-google-sheets/sheetstest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A bench is a Google with a tap in front of it.
type bench struct {
	*sheetstest.Server
	t      *testing.T
	config map[string]any
	tap    tap.Tap[Config]
	dial   tap.Dial
}

func newBench(t *testing.T, config map[string]any, docs ...*doc) *bench {
	t.Helper()
	g := sheetstest.New(t, docs...)
	b := &bench{Server: g, t: t, tap: program, dial: g.Dial(), config: map[string]any{"base_url": taptest.URL, "credentials_json": sheetstest.ServiceKey(t, taptest.URL+"/token")}}
	var ids []string
	for _, d := range docs {
		ids = append(ids, d.ID)
	}
	b.config["spreadsheets"] = ids
	maps.Copy(b.config, config)
	return b
}

func (b *bench) input(state json.RawMessage, args ...string) taptest.Input {
	return taptest.Input{Config: b.config, State: state, Args: args, Dial: b.dial, Now: time.Now}
}

// run runs the tap, whatever comes of it.
func (b *bench) run(state json.RawMessage, args ...string) *taptest.Output {
	b.t.Helper()
	return taptest.Run(b.t, b.tap, b.input(state, args...))
}

// sync runs the tap and gives its messages and last state.
func (b *bench) sync(state json.RawMessage, args ...string) ([]taptest.Message, json.RawMessage) {
	b.t.Helper()
	messages := taptest.Sync(b.t, b.tap, b.input(state, args...))
	_, last := taptest.Covered(messages)
	return messages, last
}

// rows are the records of a stream as compact JSON.
func rows(messages []taptest.Message, stream string) []string {
	var all []string
	for _, record := range taptest.Records(messages, stream) {
		all = append(all, string(record))
	}
	return all
}

// The words of the server, in short.
type (
	doc    = sheetstest.Doc
	sheet  = sheetstest.Sheet
	named  = sheetstest.Named
	area   = sheetstest.Rect
	failed = sheetstest.Failed
)

var whole = area{0, sheetstest.Unbounded, 0, sheetstest.Unbounded}

// formatted is a number with the format that makes it a date or the like.
func formatted(serial any, kind, pattern, shown string) sheetstest.Formatted {
	return sheetstest.Formatted{Serial: serial, Kind: kind, Pattern: pattern, Shown: shown}
}
