package settings

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func TestAbout(t *testing.T) {
	t.Parallel()
	for _, form := range []struct{ format, file string }{
		{"text", "about.txt"}, {"json", "about.json"}, {"markdown", "about.md"}, {"meltano", "meltano.json"},
	} {
		got := run{args: []string{"--about", "--format", form.format}}.do(t)
		require.NoError(t, got.err)
		require.True(t, got.Done())
		golden(t, form.file, got.out)
	}
}

// TestAboutSchema holds the printed schema against configurations: it is valid JSON Schema, and takes and refuses them
// as Parse does.
func TestAboutSchema(t *testing.T) {
	t.Parallel()
	var about struct{ Settings any }
	got := run{args: []string{"--about", "--format=json"}}.do(t)
	require.NoError(t, json.Unmarshal([]byte(got.out), &about))
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("about.json", about.Settings))
	schema, err := compiler.Compile("about.json")
	require.NoError(t, err)
	for text, valid := range map[string]bool{
		`{"api_key":"k"}`: true,
		`{"api_key":"k","page_size":null,"request_timeout":"90s","select":["a"],"ssh_tunnel":{"port":22},"patterns":[{"name":"a"}]}`: true,
		`{}`:                               false,
		`{"api_key":"k","page_size":0}`:    false,
		`{"api_key":"k","mode":"slow"}`:    false,
		`{"api_key":"k","patterns":[{}]}`:  false,
		`{"api_key":"k","select":[["a"]]}`: false,
	} {
		var value any
		require.NoError(t, json.Unmarshal([]byte(text), &value))
		require.Equal(t, valid, schema.Validate(value) == nil, text)
		parsed := run{args: []string{"-c", "a.json"}, files: map[string]string{"a.json": text}}.do(t)
		require.Equal(t, valid, parsed.err == nil, text)
	}
}
