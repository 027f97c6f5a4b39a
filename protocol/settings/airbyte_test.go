package settings

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
)

func TestConnectionSpecification(t *testing.T) {
	t.Parallel()
	raw, err := ConnectionSpecification(new(config))
	require.NoError(t, err)
	var indented bytes.Buffer
	require.NoError(t, json.Indent(&indented, raw, "", "  "))
	golden(t, "connection.json", indented.String()+"\n")

	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft7)
	require.NoError(t, compiler.AddResource("connection.json", document))
	schema, err := compiler.Compile("connection.json")
	require.NoError(t, err)
	for text, valid := range map[string]bool{
		`{"api_key":"k"}`: true,
		`{"api_key":"k","added_by_the_platform":1,"request_timeout":"1h30m","start_date":"2026-01-31T00:00:00Z","end_date":"2026-02-01"}`: true,
		`{"api_key":"k","headers":"{\"a\":\"b\"}","date_format":"{\"a\":\"%Y\"}","patterns":[{"name":"a"}]}`:                              true,
		`{}`:                                 false,
		`{"api_key":"k","mode":"slow"}`:      false,
		`{"api_key":"k","patterns":[{}]}`:    false,
		`{"api_key":"k","start_date":"now"}`: false,
	} {
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(text)))
		require.NoError(t, err)
		require.Equal(t, valid, schema.Validate(value) == nil, text)
		got := run{args: []string{"check", "--config", "c.json"}, files: map[string]string{"c.json": text}}.do(t)
		require.Equal(t, valid, got.err == nil, "%s: %v", text, got.err)
	}
}

func TestAirbyteNames(t *testing.T) {
	t.Parallel()
	raw, err := ConnectionSpecification(&struct {
		User  string `json:"user" alias:"username" airbyte:"username,required" help:"Who."`
		Cache string `json:"cache" airbyte:"-" help:"A file."`
	}{})
	require.NoError(t, err)
	require.JSONEq(t, `{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","required":["username"],
		"properties":{"username":{"type":"string","title":"Username","description":"Who.","order":0}}}`, string(raw))
	_, err = ConnectionSpecification(&struct {
		User string `json:"user" airbyte:"username" help:"Who."`
	}{})
	require.ErrorContains(t, err, "no alias")
}

// TestAirbyteReadsFilesAlone also holds that what a form writes as text is read as what it stands for.
func TestAirbyteReadsFilesAlone(t *testing.T) {
	t.Parallel()
	text := `{"api_key":"file","headers":"{\"a\":\"b\"}","date_format":"{\"a\":\"%Y\"}","patterns":[{"name":"a","max_age":"2h"}],"added":1}`
	way := run{args: []string{"check", "--config", "c.json"}, files: map[string]string{"c.json": text, ".env": "DEMO_KEY=dotenv"}, env: map[string]string{"TAP_DEMO_API_KEY": "env", "TAP_DEMO_MODE": "fast"}}
	got := way.do(t)
	require.NoError(t, got.err)
	require.Equal(t, "file", got.config.APIKey)
	require.Equal(t, "exact", got.config.Mode)
	require.Equal(t, map[string]string{"a": "b"}, got.config.Headers)
	require.Equal(t, dateFormat{"a": "%Y"}, got.config.DateFormat)
	require.Equal(t, []string{"added"}, got.Unknown())

	way.args = way.args[1:]
	way.do(t).requireFault(t, `config file c.json: unknown key "added"; --help lists every setting`)
	run{args: []string{"check"}}.do(t).requireFault(t, "flag --config is missing; give the configuration with --config FILE")
}
