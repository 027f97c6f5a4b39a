package taptest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol/airbyte"
	"github.com/signalroom/signalroom/taps/tap"
)

// Connector runs a tap as a connector of Airbyte's, verb by verb, with settings that work: what it says must hold against the rules of the
// protocol, and the records must be those of a Singer run. fresh gives the input of a run, with a source that answers as it did for the one
// before. It returns what a read of everything has said.
func Connector[C any](t *testing.T, program tap.Tap[C], fresh func(t testing.TB) Input) *AirbyteRun {
	t.Helper()
	specification := checkSpec(t, program)
	var printed []byte
	run := func(verb string, change func(in *Input)) *AirbyteRun {
		in := fresh(t)
		if change != nil {
			change(&in)
		}
		out := Airbyte(t, program, verb, in)
		printed = append(printed, out.Stdout...)
		return out
	}

	checked := run("check", nil)
	require.Equal(t, 0, checked.Code, "%s", checked.Stdout)
	requireStatus(t, checked, airbyte.Succeeded)
	bad := run("check", func(in *Input) { in.Config = map[string]any{"start_date": "next week"} })
	require.Equal(t, 0, bad.Code)
	require.Contains(t, requireStatus(t, bad, airbyte.Failed), "start_date: expected a date")

	requireAsked(t, specification, fresh(t).Config, func(config any) string {
		return requireAnswer(t, run("check", func(in *Input) { in.Config = config })).Message
	})

	discovered := run("discover", nil)
	require.Equal(t, 0, discovered.Code, "%s", discovered.Stdout)
	streams := discovered.Streams()
	require.NoError(t, checkStreams(streams))
	unbounded := run("discover", func(in *Input) { in.Config = without(t, in.Config, "start_date") })
	require.Equal(t, 0, unbounded.Code, "%s", unbounded.Stdout)
	catalog := Configure(streams)

	whole := run("read", func(in *Input) { in.Catalog = catalog })
	require.Equal(t, 0, whole.Code, "%s", whole.Stdout)
	require.NoError(t, whole.ValidateRead(catalog))
	requireSingerRows(t, program, fresh(t), whole, streams)

	// PyAirbyte asks for every stream incrementally, and an overwrite wants all rows.
	second := &airbyte.ConfiguredCatalog{Streams: slices.Clone(catalog.Streams)}
	for i := range second.Streams {
		second.Streams[i].SyncMode = airbyte.Incremental
	}
	again := run("read", func(in *Input) { in.Catalog, in.State = second, whole.StateFile(0) })
	require.Equal(t, 0, again.Code, "%s", again.Stdout)
	require.NoError(t, again.ValidateRead(catalog))
	for _, s := range streams {
		if !slices.Contains(s.SupportedSyncModes, airbyte.Incremental) {
			require.Len(t, again.Rows(s.Name), len(whole.Rows(s.Name)), s.Name)
		}
	}
	legacy := run("read", func(in *Input) { in.Catalog, in.State = catalog, legacyState(t, whole) })
	require.Equal(t, 0, legacy.Code, "%s", legacy.Stdout)
	for _, s := range streams {
		require.Len(t, legacy.Rows(s.Name), len(again.Rows(s.Name)), "%s with a legacy state", s.Name)
	}

	invalid := run("read", func(in *Input) {
		in.Catalog = []byte(fmt.Sprintf(`{"streams":[{"stream":{"name":%q,"json_schema":{}},"sync_mode":"INVALID","destination_sync_mode":"append"}]}`, streams[0].Name))
	})
	require.Equal(t, 2, invalid.Code)
	require.Equal(t, []string{fmt.Sprintf(`config_error: stream %q: unknown sync_mode "INVALID"; it is full_refresh or incremental`, streams[0].Name)}, invalid.Errors())

	gone := *catalog
	gone.Streams = append(slices.Clone(catalog.Streams[:1]), airbyte.ConfiguredStream{SyncMode: airbyte.FullRefresh, DestinationSyncMode: airbyte.Overwrite,
		Stream: airbyte.Stream{Name: "no such stream", JSONSchema: json.RawMessage(`{"properties":{}}`)}})
	missing := run("read", func(in *Input) { in.Catalog = &gone })
	require.Equal(t, 2, missing.Code)
	require.NoError(t, missing.ValidateRead(&gone))
	require.Equal(t, []airbyte.StreamPhase{airbyte.Incomplete}, missing.Phases("no such stream"))
	require.Equal(t, airbyte.Complete, missing.Phases(streams[0].Name)[2])

	for secret := range secrets(specification, fresh(t).Config) {
		require.NotContains(t, string(printed), secret)
	}
	return whole
}

// requireAsked holds that the form asks for every setting whose absence alone fails a check.
func requireAsked(t testing.TB, specification *airbyte.Specification, config any, check func(config any) string) {
	t.Helper()
	var form struct{ Required []string }
	require.NoError(t, json.Unmarshal(specification.ConnectionSpecification, &form))
	for name := range without(t, config, "") {
		if strings.Contains(check(without(t, config, name)), name+" is required:") {
			require.Contains(t, form.Required, name)
		}
	}
}

// without is a configuration with one setting less.
func without(t testing.TB, config any, name string) map[string]any {
	t.Helper()
	text, err := json.Marshal(config)
	require.NoError(t, err)
	var given map[string]any
	require.NoError(t, json.Unmarshal(text, &given))
	delete(given, name)
	return given
}

// requireStatus holds that a check has given one answer of this kind and no failure, and returns what it says.
func requireStatus(t testing.TB, r *AirbyteRun, status airbyte.Status) string {
	t.Helper()
	answer := requireAnswer(t, r)
	require.Equal(t, status, answer.Status, answer.Message)
	return answer.Message
}

func requireAnswer(t testing.TB, r *AirbyteRun) *airbyte.ConnectionStatus {
	t.Helper()
	var answers []*airbyte.ConnectionStatus
	for _, m := range r.All {
		if m.ConnectionStatus != nil {
			answers = append(answers, m.ConnectionStatus)
		}
	}
	require.Len(t, answers, 1)
	require.Empty(t, r.Errors())
	return answers[0]
}

// legacyState is the last state of each stream in the oldest form: an object of streams.
func legacyState(t testing.TB, r *AirbyteRun) []byte {
	t.Helper()
	states := map[string]json.RawMessage{}
	for _, m := range r.All {
		if m.State != nil {
			states[m.State.Stream.Descriptor.Name] = m.State.Stream.State
		}
	}
	file, err := json.Marshal(states)
	require.NoError(t, err)
	return file
}

// requireSingerRows compares with the records of a Singer run, as far as the catalog lists their columns.
func requireSingerRows[C any](t testing.TB, program tap.Tap[C], in Input, got *AirbyteRun, streams []airbyte.Stream) {
	t.Helper()
	for _, s := range streams { // those that are not selected by default are named
		in.Args = append(in.Args, "--select", s.Name)
	}
	singer := Run(t, program, in)
	require.Equal(t, 0, singer.Code, singer.Stderr)
	messages := singer.Messages
	for _, s := range streams {
		listed := (&airbyte.ConfiguredStream{Stream: s}).Properties()
		want, have := sortedRows(t, Records(messages, s.Name), listed), sortedRows(t, got.Rows(s.Name), nil)
		require.Equal(t, want, have, "records of %s", s.Name)
	}
}

func sortedRows(t testing.TB, rows []json.RawMessage, listed []string) []string {
	t.Helper()
	var all []string
	for _, raw := range rows {
		decoder := json.NewDecoder(bytes.NewReader(raw))
		decoder.UseNumber()
		var row map[string]any
		require.NoError(t, decoder.Decode(&row))
		for name := range row {
			if listed != nil && !slices.Contains(listed, name) {
				delete(row, name)
			}
		}
		text, err := json.Marshal(row)
		require.NoError(t, err)
		all = append(all, string(text))
	}
	slices.Sort(all)
	return all
}

// checkStreams are the rules for what discover lists.
func checkStreams(streams []airbyte.Stream) error {
	if len(streams) == 0 {
		return fmt.Errorf("no streams")
	}
	for _, s := range streams {
		var schema struct {
			Type       string
			Properties map[string]json.RawMessage
		}
		if err := json.Unmarshal(s.JSONSchema, &schema); err != nil {
			return err
		}
		switch {
		case schema.Type != "object" || schema.Properties == nil:
			return fmt.Errorf("stream %q: its schema is no object with properties", s.Name)
		case len(s.SupportedSyncModes) == 0:
			return fmt.Errorf("stream %q: no sync mode", s.Name)
		case slices.Contains(s.SupportedSyncModes, airbyte.Incremental) && !s.SourceDefinedCursor:
			return fmt.Errorf("stream %q: the user would have to pick a cursor", s.Name)
		}
		for _, word := range []string{`"$ref"`, `"allOf"`, `"anyOf"`, `"not"`, `"x-write-disposition"`, `"x-replace-scope"`} {
			if bytes.Contains(s.JSONSchema, []byte(word+":")) {
				return fmt.Errorf("stream %q: its schema has the word %s", s.Name, word)
			}
		}
		paths := slices.Clone(s.SourceDefinedPrimaryKey)
		if len(s.DefaultCursorField) > 0 {
			paths = append(paths, s.DefaultCursorField)
		}
		for _, path := range paths {
			if _, ok := schema.Properties[path[0]]; !ok || len(path) != 1 {
				return fmt.Errorf("stream %q: %q is no property", s.Name, path)
			}
		}
		for name, property := range schema.Properties {
			if bytes.Count(property, []byte(`"date-time"`)) != bytes.Count(property, []byte(`"timestamp_with_timezone"`)) {
				return fmt.Errorf("stream %q: %q has an instant without its airbyte_type", s.Name, name)
			}
		}
	}
	return nil
}

// checkSpec runs spec without anything, and holds what it says against the rules for forms.
func checkSpec[C any](t testing.TB, program tap.Tap[C]) *airbyte.Specification {
	t.Helper()
	out := Airbyte(t, program, "spec", Input{})
	require.Equal(t, 0, out.Code)
	require.Len(t, out.All, 1)
	specification := out.All[0].Spec
	require.NotNil(t, specification)
	require.Equal(t, "0.2.0", specification.ProtocolVersion)
	require.True(t, strings.HasSuffix(specification.DocumentationURL, "/docs/"+program.Name+".md"))
	var form map[string]any
	require.NoError(t, json.Unmarshal(specification.ConnectionSpecification, &form))
	require.Equal(t, "http://json-schema.org/draft-07/schema#", form["$schema"])
	require.NoError(t, checkForm("", form))
	return specification
}

// secretNames are those of settings that the platform's tests want to be secret.
var secretNames = []string{"token", "access_token", "api_token", "refresh_token", "client_token", "secret", "client_secret", "app_id", "appid", "password", "key",
	"jwt", "certificate", "credentials", "service_account", "service_account_info", "tenant_id"}

// checkForm holds a schema against what the platform's form can draw.
func checkForm(path string, schema map[string]any) error {
	kind, ok := schema["type"].(string)
	if !ok {
		return fmt.Errorf("%s: type is no single word", path)
	}
	for _, word := range []string{"$ref", "allOf", "anyOf", "not", "if", "patternProperties", "additionalProperties", "prefixItems", "secret"} {
		if _, ok := schema[word]; ok {
			return fmt.Errorf("%s: it has the word %s", path, word)
		}
	}
	if secret, _ := schema["airbyte_secret"].(bool); secret {
		if kind != "string" || schema["default"] != nil {
			return fmt.Errorf("%s: a secret is a text without a default", path)
		}
	}
	switch kind {
	case "array":
		items, ok := schema["items"].(map[string]any)
		if !ok {
			return fmt.Errorf("%s: an array without items", path)
		}
		return checkForm(path+"[]", items)
	case "object":
		properties, _ := schema["properties"].(map[string]any)
		if len(properties) == 0 {
			return fmt.Errorf("%s: an object without properties", path)
		}
		orders := map[any]bool{}
		for name, property := range properties {
			p := property.(map[string]any)
			switch secret, _ := p["airbyte_secret"].(bool); {
			case p["title"] == nil, p["order"] == nil, orders[p["order"]]:
				return fmt.Errorf("%s.%s: it lacks a title or an order of its own", path, name)
			case !secret && p["type"] == "string" && slices.Contains(secretNames, name):
				return fmt.Errorf("%s.%s: the name is a secret's", path, name)
			}
			orders[p["order"]] = true
			if err := checkForm(path+"."+name, p); err != nil {
				return err
			}
		}
	}
	return nil
}

// secrets are the values of a configuration that the form says are secret.
func secrets(specification *airbyte.Specification, config any) map[string]bool {
	found := map[string]bool{}
	var form struct {
		Properties map[string]struct {
			Secret bool `json:"airbyte_secret"`
		}
	}
	text, err := json.Marshal(config)
	var given map[string]any
	if err != nil || json.Unmarshal(text, &given) != nil || json.Unmarshal(specification.ConnectionSpecification, &form) != nil {
		return found
	}
	for name, property := range form.Properties {
		if value, ok := given[name].(string); ok && property.Secret && value != "" {
			found[value] = true
		}
	}
	return found
}
