package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
)

// A checker reads a tap's output as a stranger would: with the JSON Schema of each stream and nothing else.
type checker struct {
	schemas map[string]*jsonschema.Schema
	keys    map[string][]string
	records map[string]int
	states  int
	last    string
}

func (c *checker) line(t *testing.T, text string) {
	t.Helper()
	message, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	require.NoError(t, err, "not JSON")
	m, ok := message.(map[string]any)
	require.True(t, ok, "no object")
	c.last, _ = m["type"].(string)
	stream, _ := m["stream"].(string)
	switch c.last {
	case "SCHEMA":
		compiler := jsonschema.NewCompiler()
		compiler.DefaultDraft(jsonschema.Draft7)
		compiler.AssertFormat()
		require.NoError(t, compiler.AddResource("schema.json", m["schema"]))
		schema, err := compiler.Compile("schema.json")
		require.NoError(t, err, stream)
		c.schemas[stream] = schema
		var head struct {
			Keys []string `json:"key_properties"`
		}
		require.NoError(t, json.Unmarshal([]byte(text), &head))
		c.keys[stream] = head.Keys
	case "RECORD":
		require.Contains(t, c.schemas, stream, "a record before its schema")
		require.NoError(t, c.schemas[stream].Validate(m["record"]), stream)
		record, _ := m["record"].(map[string]any)
		for _, key := range c.keys[stream] {
			require.NotNil(t, record[key], "key %s of stream %s", key, stream)
		}
		c.records[stream]++
	case "STATE":
		require.IsType(t, map[string]any{}, m["value"])
		c.states++
	default:
		t.Fatalf("a message of type %q", c.last)
	}
}

func TestEveryLineKeepsToItsSchema(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	putDays(store, 1, 4, 60)
	s := newSite(t, store)
	for _, c := range []struct {
		name string
		args []string
		want map[string]int
	}{
		{"presets", []string{"--prefix", "acme/", "--presets", "sticky_orders,sticky_prospects", "--client-id", "acme"},
			map[string]int{"sticky_orders": 240 + 3*8, "sticky_prospects": 240, "_rejected_rows": 1}},
		{"one stream", []string{"--prefix", "globex/", "--pattern", "*order*"}, map[string]int{"daily_exports": 240 + 3*8}},
		{"texts", []string{"--prefix", "globex/", "--pattern", "*order*", "--types", "text"}, map[string]int{"daily_exports": 240 + 3*8}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			tap := s.run(t, "", "tap-s3-exports", c.args...)
			require.Zero(t, tap.code, tap.stderr)
			check := checker{schemas: map[string]*jsonschema.Schema{}, keys: map[string][]string{}, records: map[string]int{}}
			for line := range strings.Lines(tap.stdout) {
				check.line(t, line)
			}
			require.Equal(t, c.want, check.records)
			require.Positive(t, check.states)
			require.Equal(t, "STATE", check.last, "the last word covers everything")
		})
	}
}
