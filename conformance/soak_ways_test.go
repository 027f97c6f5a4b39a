package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// The ways from a source into tables. Each has its own schema, and continues where it stood when a later round takes it again.
const (
	inPipe    = "pipe"    // one pipe, whose state is in the database
	inShards  = "shards"  // several pipes into the same tables, each with its part of the source
	byAirbyte = "airbyte" // Airbyte's read and write; the test keeps the states, as the platform would
)

// ways are dealt to rounds.
var ways = []string{inPipe, inPipe, inShards, byAirbyte}

// soakShards is how many pipes share a source.
const soakShards = 2

// A share is a pipe, and the file with the state that it starts from.
type share struct {
	pipe
	state string
}

// schema is a name that Airbyte's destination does not change.
func (w *world) schema() string { return strings.ReplaceAll(w.program, "-", "_") + "_" + w.way }

// take switches to a way.
func (w *world) take(way string) {
	w.way = way
	w.site.env = append(w.site.env, "TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA="+w.schema()) // the last one counts
}

// prepare readies what load runs, while nothing is broken.
func (w *world) prepare(t *testing.T, faultless bool) {
	t.Helper()
	settings := w.settings(faultless)
	if w.url != "" {
		settings["base_url"] = w.url + w.path
	}
	config := w.site.file(t, "config.json", settings)
	if w.way == byAirbyte {
		w.shares = []share{w.prepareAirbyte(t, config)}
		return
	}
	count := 1
	if w.way == inShards {
		count = soakShards
	}
	w.shares = nil
	for i := range count {
		p := pipe{program: w.program, pipeline: fmt.Sprint(w.way, i), tap: []string{"--config", config}, target: []string{"--add-record-metadata=false"}}
		if count > 1 {
			p.tap = append(p.tap, "--shard", fmt.Sprintf("%d/%d", i, count))
		}
		state := w.site.state(t, p)
		if w.keyless != "" {
			p.filter = w.withoutKey(t, state)
		}
		w.shares = append(w.shares, share{p, state})
	}
}

// withoutKey is a filter that removes a stream's key from the messages, and adds the state that the tap was given.
func (w *world) withoutKey(t *testing.T, state string) (filter string) {
	given, err := os.ReadFile(state)
	require.NoError(t, err)
	begin := w.site.file(t, filepath.Base(state)+".singer", `{"type":"STATE","value":`+string(bytes.TrimSpace(given))+"}\n")
	return fmt.Sprintf(`1r %s
/^{"type":"SCHEMA","stream":"%s"/s/"key_properties":\[[^]]*\]/"key_properties":[]/`, begin, w.keyless)
}

// prepareAirbyte configures the source's streams as a connection: incremental streams are merged by key. There are no generations, as the
// platform gives none to custom connectors.
func (w *world) prepareAirbyte(t *testing.T, config string) share {
	t.Helper()
	out := w.site.run(t, "", w.program, "discover", "--config", config)
	require.Zero(t, out.code, out.stdout)
	messages, err := taptest.ParseAirbyte([]byte(out.stdout))
	require.NoError(t, err)
	discovered := taptest.AirbyteRun{All: messages}
	catalog := taptest.Configure(discovered.Streams())
	for i := range catalog.Streams {
		s := &catalog.Streams[i]
		switch {
		case slices.ContainsFunc(w.tables, func(one truth) bool { return one.deletes && one.table == s.Stream.Name }):
			s.SyncMode, s.DestinationSyncMode = "full_refresh", "overwrite"
		case s.SyncMode == "incremental":
			s.DestinationSyncMode = "append_dedup"
		}
	}
	configured := w.site.file(t, "configured.json", catalog)
	destination := w.site.file(t, "destination.json", map[string]any{"dsn": w.dsn, "default_target_schema": w.schema()})
	return share{
		pipe{program: w.program, tap: []string{"read", "--config", config, "--catalog", configured}, target: []string{"write", "--config", destination, "--catalog", configured}},
		w.site.file(t, "states.json", slices.AppendSeq([]json.RawMessage{}, maps.Values(w.states))),
	}
}

// keep stores the newest state of each stream that the destination printed, unchanged. A line that was cut by a kill does not count.
func (w *world) keep(t *testing.T, stdout string) {
	for line := range bytes.Lines(taptest.Whole([]byte(stdout))) {
		var message struct{ State json.RawMessage }
		require.NoError(t, json.Unmarshal(line, &message))
		if message.State == nil {
			continue
		}
		var state struct {
			Stream struct {
				Descriptor struct{ Name string } `json:"stream_descriptor"`
			}
		}
		require.NoError(t, json.Unmarshal(message.State, &state))
		w.states[state.Stream.Descriptor.Name] = message.State
	}
}
