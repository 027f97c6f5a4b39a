package tap_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// streams is a tap that has these streams and nothing else.
func streams(list ...tap.Stream) tap.Tap[tap.Settings] {
	return tap.Tap[tap.Settings]{Name: "tap-small", Open: func(*tap.Settings, *tap.Run) (*tap.Source, error) {
		return &tap.Source{
			Streams: func(context.Context, func(string) json.RawMessage) ([]tap.Stream, error) { return list, nil },
			Close:   func() error { return errors.New("the connection hangs") },
		}, nil
	}}
}

func number(name string) tap.Column {
	return tap.Column{Name: name, Schema: json.RawMessage(`{"type":"integer"}`)}
}

func row(members string) func(context.Context, *tap.Output) error {
	return func(_ context.Context, out *tap.Output) error { return out.Row([]byte(members)) }
}

func TestMistakesInDeclarationsAreDefects(t *testing.T) {
	t.Parallel()
	tests := map[string]tap.Stream{
		"declared twice":                {Name: "b", Columns: []tap.Column{number("a"), number("a")}, Disposition: protocol.Append},
		`key "b" is no column`:          {Name: "b", Columns: []tap.Column{number("a")}, Key: []string{"b"}, Disposition: protocol.Append},
		`cursor "b" is no column`:       {Name: "b", Columns: []tap.Column{number("a")}, Cursor: "b", Disposition: protocol.Append},
		"unknown disposition":           {Name: "b", Columns: []tap.Column{number("a")}},
		"merge needs a key":             {Name: "b", Columns: []tap.Column{number("a")}, Disposition: protocol.Merge},
		`schema of column "a": byte 1`:  {Name: "b", Columns: []tap.Column{{Name: "a", Schema: json.RawMessage(`x`)}}, Disposition: protocol.Append},
		"versions are of merge streams": {Name: "b", Columns: []tap.Column{number("a")}, Disposition: protocol.Replace, Versions: true},
		"not a struct":                  tap.Typed[int](tap.Stream{Name: "b", Disposition: protocol.Append}),
		"it is declared twice":          {Name: "a", Columns: []tap.Column{number("a")}, Disposition: protocol.Append},
	}
	for want, stream := range tests {
		first := tap.Stream{Name: "a", Columns: []tap.Column{number("a")}, Disposition: protocol.Append}
		out := taptest.Run(t, streams(first, stream), taptest.Input{})
		require.Equal(t, 1, out.Code)
		require.Contains(t, out.Stderr, want)
		require.Contains(t, out.Stderr, `stream "`+stream.Name+`"`)
		require.Empty(t, out.Stdout)
	}
}

// TestUnselectedStreams are read when somebody names them, and not otherwise.
func TestUnselectedStreams(t *testing.T) {
	t.Parallel()
	usual := tap.Stream{Name: "usual", Columns: []tap.Column{number("a")}, Disposition: protocol.Append, Read: row(`"a":1`)}
	rare := tap.Stream{Name: "rare", Columns: []tap.Column{number("a")}, Disposition: protocol.Append, Read: row(`"a":2`), Unselected: true}
	program := streams(usual, rare)
	catalog := func(selected string) json.RawMessage {
		out := taptest.Run(t, program, taptest.Input{Args: []string{"--discover"}})
		require.Equal(t, 0, out.Code, out.Stderr)
		return json.RawMessage(strings.ReplaceAll(string(out.Stdout), `"selected-by-default": false`, selected))
	}
	require.Contains(t, string(catalog(`"selected-by-default": false`)), `"selected-by-default": false`)
	for name, test := range map[string]struct {
		in   taptest.Input
		want []string
	}{
		"nothing said":       {taptest.Input{}, []string{"usual"}},
		"a name":             {taptest.Input{Args: []string{"--select", "rare"}}, []string{"rare"}},
		"a glob":             {taptest.Input{Args: []string{"--select", "*.a"}}, []string{"usual", "rare"}},
		"another left out":   {taptest.Input{Args: []string{"--select", "!usual"}}, nil},
		"as discovered":      {taptest.Input{Catalog: catalog(`"selected-by-default": false`)}, []string{"usual"}},
		"catalog":            {taptest.Input{Catalog: catalog(`"selected": true`)}, []string{"usual", "rare"}},
		"catalog before all": {taptest.Input{Catalog: catalog(`"selected": false`), Args: []string{"--select", "*"}}, []string{"usual"}},
	} {
		messages := taptest.Sync(t, program, test.in)
		require.Equal(t, test.want, taptest.Streams(messages), name)
		for _, stream := range test.want {
			require.Contains(t, string(taptest.Records(messages, stream)[0]), `"a"`, name)
		}
	}
}

// TestVersions has a merge stream that says what is still there. The scope keeps the rows of other clients.
func TestVersions(t *testing.T) {
	t.Parallel()
	keyed := tap.Stream{Name: "keyed", Columns: []tap.Column{number("a")}, Key: []string{"a"}, Disposition: protocol.Merge, Versions: true,
		Read: func(_ context.Context, out *tap.Output) error {
			out.Version(7)
			if err := out.Row([]byte(`"a":1`)); err != nil {
				return err
			}
			if err := out.Activate(7); err != nil {
				return err
			}
			return out.State(map[string]int{"a": 1})
		}}
	messages := taptest.Sync(t, streams(keyed), taptest.Input{Args: []string{"--client-id", "acme"}})
	var types []string
	for _, m := range messages {
		types = append(types, m.Type)
	}
	require.Equal(t, []string{"SCHEMA", "RECORD", "ACTIVATE_VERSION", "STATE"}, types)
	require.Contains(t, string(messages[0].Schema), `"x-replace-scope":{"client_id":"acme"}`)
	require.EqualValues(t, 7, *messages[1].Version)
	require.EqualValues(t, 7, *messages[2].Version)
	for _, m := range taptest.Sync(t, streams(keyed), taptest.Input{Args: []string{"--test"}}) {
		require.NotEqual(t, "ACTIVATE_VERSION", m.Type, "a sample is not all")
	}
}

// TestColumnsFoundWhileReading has a stream whose columns nobody knows before its Read.
func TestColumnsFoundWhileReading(t *testing.T) {
	t.Parallel()
	late := tap.Stream{Name: "late", Key: []string{"a"}, Disposition: protocol.Append, Read: func(ctx context.Context, out *tap.Output) error {
		if err := out.SetColumns([]tap.Column{number("a"), number("b")}); err != nil {
			return err
		}
		if err := out.SetColumns([]tap.Column{number("a"), number("b")}); err != nil {
			return err
		}
		return out.Row([]byte(`"a":1,"b":2`))
	}}
	out := taptest.Run(t, streams(late), taptest.Input{})
	require.Equal(t, 0, out.Code, out.Stderr)
	require.NoError(t, taptest.Validate(out.Messages, taptest.Checks{}))
	require.Len(t, out.Messages, 2, "one SCHEMA and a record")
	require.Contains(t, out.Stderr, "the connection hangs", "closing is no reason to fail, and no secret")

	out = taptest.Run(t, streams(late), taptest.Input{Args: []string{"--discover"}})
	require.Equal(t, 0, out.Code, out.Stderr)
	require.Contains(t, string(out.Stdout), `"tap_stream_id": "late"`)
}

// TestWholeStreamsAreReadByOneShard has a stream that cannot be split, and a replace stream that another one feeds.
func TestWholeStreamsAreReadByOneShard(t *testing.T) {
	t.Parallel()
	whole := tap.Stream{Name: "whole", Whole: true, Columns: []tap.Column{number("a")}, Disposition: protocol.Append,
		Read: func(_ context.Context, out *tap.Output) error {
			if err := out.To("fed").Row([]byte(`"a":2`)); err != nil {
				return err
			}
			return out.Row([]byte(`"a":1`))
		}}
	fed := tap.Stream{Name: "fed", Columns: []tap.Column{number("a")}, Disposition: protocol.Replace}
	plans := tap.Stream{Name: "plans", Columns: []tap.Column{number("a")}, Disposition: protocol.Replace, Read: row(`"a":3`)}
	counts := map[string]int{}
	for _, shard := range []string{"0/4", "1/4", "2/4", "3/4"} {
		for _, m := range taptest.Sync(t, streams(whole, fed, plans), taptest.Input{Args: []string{"--shard", shard}}) {
			counts[m.Type+" "+m.Stream]++
		}
	}
	require.Equal(t, 1, counts["RECORD whole"])
	require.Equal(t, 1, counts["RECORD fed"])
	require.Equal(t, 1, counts["RECORD plans"])
	require.Equal(t, 1, counts["ACTIVATE_VERSION fed"], "three shards have nothing to say of it")
	require.Equal(t, 1, counts["ACTIVATE_VERSION plans"])
}

func TestIncompleteStreamGoesOn(t *testing.T) {
	t.Parallel()
	read := func(_ context.Context, out *tap.Output) error {
		out.Incomplete(protocol.TransientFault("run again", "a page is missing"))
		out.Incomplete(protocol.DataFault("upload it anew", "a file is broken"))
		return out.Row([]byte(`"a":1`))
	}
	out := taptest.Run(t, streams(
		tap.Stream{Name: "plans", Columns: []tap.Column{number("a")}, Disposition: protocol.Replace, Read: read},
		tap.Stream{Name: "other", Columns: []tap.Column{number("a")}, Disposition: protocol.Append, Read: row(`"a":2`)},
	), taptest.Input{})
	require.Equal(t, 3, out.Code, "the data fault is the worse one")
	require.Len(t, taptest.Records(out.Messages, "plans"), 1)
	require.Len(t, taptest.Records(out.Messages, "other"), 1)
	require.NotContains(t, string(out.Stdout), "ACTIVATE_VERSION", "old rows stay")
	require.Contains(t, out.Stderr, `ERROR stream "plans": a page is missing; run again`)
	require.Contains(t, out.Stderr, `CRITICAL stream "plans": a file is broken; upload it anew`)
}

func TestSettingsMustBeEmbedded(t *testing.T) {
	t.Parallel()
	type bare struct {
		Rows int `json:"rows" help:"Rows."`
	}
	out := taptest.Run(t, tap.Tap[bare]{Name: "tap-bare"}, taptest.Input{})
	require.Equal(t, 1, out.Code)
	require.Contains(t, out.Stderr, "does not embed tap.Settings")
}
