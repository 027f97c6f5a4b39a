package tap_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// lateConfig are the settings of a tap that finds its columns while it reads.
type lateConfig struct {
	tap.Settings
	Rows      int  `json:"rows" help:"Rows of the stream."`
	Unchanged bool `json:"unchanged" help:"Nothing is new."`
	Fail      bool `json:"fail" help:"Fail behind the last row."`
}

// late is a tap of one stream, whose column is settled by Read. Its bookmark holds the name that the stream has had so far.
var late = tap.Tap[lateConfig]{
	Name: "tap-late", Description: "A column that is settled late",
	Open: func(config *lateConfig, run *tap.Run) (*tap.Source, error) {
		read := func(_ context.Context, out *tap.Output) error {
			if config.Unchanged {
				out.Unchanged()
				return out.State(map[string]bool{"read": true})
			}
			if err := out.SetColumns([]tap.Column{{Name: "n", Schema: json.RawMessage(`{"type":"integer"}`)}}); err != nil {
				return err
			}
			for range config.Rows {
				if err := out.Row([]byte(`"n":1`)); err != nil {
					return err
				}
			}
			run.Log.Info("read", "sample", run.Sample)
			if err := out.State(map[string]bool{"read": true}); err != nil {
				return err
			}
			return failure(map[bool]string{true: "new:data"}[config.Fail], "new")
		}
		return &tap.Source{Streams: func(context.Context, func(string) json.RawMessage) ([]tap.Stream, error) {
			name := "new"
			for stream := range run.Known() {
				name = stream
			}
			return []tap.Stream{{Name: name, Columns: []tap.Column{{Name: "n", Schema: json.RawMessage(`{}`)}}, Late: true,
				Disposition: protocol.Replace, Read: read}}, nil
		}}, nil
	},
}

func TestLateColumns(t *testing.T) {
	t.Parallel()
	types := func(messages []taptest.Message) (types []string) {
		for _, m := range messages {
			types = append(types, m.Type+" "+m.Stream)
		}
		return types
	}
	for name, test := range map[string]struct {
		config map[string]any
		state  string
		want   []string
	}{
		"a row":            {map[string]any{"rows": 1}, "", []string{"SCHEMA new", "RECORD new", "ACTIVATE_VERSION new", "STATE "}},
		"no row":           {map[string]any{"rows": 0}, "", []string{"SCHEMA new", "ACTIVATE_VERSION new", "STATE "}},
		"nothing new":      {map[string]any{"unchanged": true}, "", []string{"STATE "}},
		"a name of before": {map[string]any{"rows": 0}, `{"bookmarks":{"old":{}}}`, []string{"SCHEMA old", "ACTIVATE_VERSION old", "STATE "}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := taptest.Input{Config: test.config, EveryCheckpoint: true}
			if test.state != "" {
				in.State = []byte(test.state)
			}
			messages := taptest.Sync(t, late, in)
			require.Equal(t, test.want, types(messages))
			if schema, ok := taptest.LastSchema(messages, "new"); ok {
				require.Contains(t, string(schema.Schema), `"n":{"type":"integer"}`)
			}
		})
	}
	out := taptest.Run(t, late, taptest.Input{Config: map[string]any{"rows": 1, "fail": true}, EveryCheckpoint: true})
	require.Equal(t, 3, out.Code)
	require.Empty(t, taptest.States(out.Messages), "the set was not activated, so no bookmark may cover it")
	out = taptest.Run(t, late, taptest.Input{Config: map[string]any{"unchanged": true}})
	require.Contains(t, out.Stderr, "unchanged stream=new")
	out = taptest.Run(t, late, taptest.Input{Config: map[string]any{"rows": 1}, Args: []string{"--test"}})
	require.Equal(t, 0, out.Code, out.Stderr)
	require.Contains(t, out.Stderr, "sample=true")
}
