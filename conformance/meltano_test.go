package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/signalroom/signalroom/conformance/accounts"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// TestMeltanoDefinitions holds the plugin definitions of the example project and those for Meltano's hub against the programs.
// make generate writes them. The example's variables are those of settings.
func TestMeltanoDefinitions(t *testing.T) {
	t.Parallel()
	variables := map[string]bool{}
	for program, domain := range map[string]string{
		"tap-s3-exports": "https://aws.amazon.com/s3/", "tap-posthog": "https://posthog.com/", "tap-mautic": "https://www.mautic.org/",
		"tap-everflow": "https://www.everflow.io/", "tap-redtrack": "https://www.redtrack.io/",
		"tap-google-sheets": "https://www.google.com/sheets/about/", "target-postgres": "https://www.postgresql.org/",
	} {
		kind := "extractors"
		if strings.HasPrefix(program, "target-") {
			kind = "loaders"
		}
		printed := about(t, program, "meltano")

		lock := bytes.Replace(printed, []byte("{\n"), []byte("{\n  \"plugin_type\": \""+kind+"\",\n"), 1)
		taptest.Golden(t, lock, fmt.Sprintf("../../examples/meltano/plugins/%s/%s--signalroom.lock", kind, program))

		var plugin map[string]any
		require.NoError(t, json.Unmarshal(printed, &plugin))
		for _, setting := range plugin["settings"].([]any) {
			name := program + "_" + setting.(map[string]any)["name"].(string)
			variables[strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(name))] = true
		}
		plugin["domain_url"], plugin["keywords"] = domain, []string{"go"}
		plugin["maintenance_status"], plugin["quality"] = "active", "unknown"
		taptest.Golden(t, asYAML(t, plugin), "../../examples/meltano/hub/"+program+".yml")
	}
	example, err := os.ReadFile(filepath.Join(root(t), "examples", "meltano", ".env.example"))
	require.NoError(t, err)
	for _, m := range regexp.MustCompile(`(?m)^#? ?(TA[A-Z0-9_]+)=`).FindAllStringSubmatch(string(example), -1) {
		require.True(t, variables[m[1]], "%s is no setting", m[1])
	}
}

// about is what a program says of itself.
func about(t *testing.T, program, format string) []byte {
	t.Helper()
	said := bare(t).run(t, "", program, "--about", "--format", format)
	require.Zero(t, said.code, said.stderr)
	return []byte(said.stdout)
}

// asYAML is a value as the files of the examples have it.
func asYAML(t *testing.T, value any) []byte {
	t.Helper()
	var file bytes.Buffer
	encoder := yaml.NewEncoder(&file)
	encoder.SetIndent(2)
	encoder.CompactSeqIndent()
	require.NoError(t, encoder.Encode(value))
	return file.Bytes()
}

// TestMeltanoSelection holds what the rules of the definitions leave out against what the catalogs do not select by default.
func TestMeltanoSelection(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	putDays(store, 1, 1, 8)
	for _, a := range append(accounts.All(), accounts.Account{Program: "tap-s3-exports", Settings: func(int) map[string]any {
		return map[string]any{"presets": []string{"sticky_orders", "sticky_prospects"}}
	}}) {
		t.Run(a.Program, func(t *testing.T) {
			t.Parallel()
			url := ""
			if a.Serve != nil {
				api, change := a.Serve(t)
				change(1)
				url = api.Listen() + a.Path
			}
			settings := a.Settings(1)
			delete(settings, "select")
			if url != "" {
				settings["base_url"] = url
			}
			s := newSite(t, store)
			discovered := s.run(t, "", a.Program, "--config", s.file(t, "config.json", settings), "--discover")
			require.Zero(t, discovered.code, discovered.stderr)
			var catalog struct{ Streams []catalogStream }
			require.NoError(t, json.Unmarshal([]byte(discovered.stdout), &catalog))
			var plugin struct{ Select []string }
			require.NoError(t, json.Unmarshal(about(t, a.Program, "meltano"), &plugin))
			var want, got []string
			used := map[string]bool{"*.*": true}
			for _, stream := range catalog.Streams {
				used["!"+stream.Stream+".*"] = true
				for _, entry := range stream.Metadata {
					name := strings.Replace(strings.Join(append([]string{stream.Stream}, entry.Breadcrumb...), "."), ".properties.", ".", 1)
					if entry.Metadata.Default != nil && !*entry.Metadata.Default {
						want = append(want, name)
					}
					for _, rule := range leavingOut(t, plugin.Select, name) {
						got = append(got, name)
						used[rule] = true
					}
				}
			}
			require.Equal(t, want, got)
			for _, rule := range plugin.Select {
				require.True(t, used[rule], "the rule %s matches nothing", rule)
			}
		})
	}
}

// A catalogStream says which of its fields are selected by default.
type catalogStream struct {
	Stream   string
	Metadata []struct {
		Breadcrumb []string
		Metadata   struct {
			Default *bool `json:"selected-by-default"`
		}
	}
}

// leavingOut are the rules that leave a stream or a field out. A rule for a stream ends with .*, and is not meant for its fields here.
func leavingOut(t *testing.T, rules []string, name string) (matching []string) {
	t.Helper()
	for _, rule := range rules {
		pattern, out := strings.CutPrefix(rule, "!")
		if whole, ofStream := strings.CutSuffix(pattern, ".*"); ofStream {
			pattern = whole
		}
		matched, err := path.Match(pattern, name)
		require.NoError(t, err)
		if out && matched {
			matching = append(matching, rule)
		}
	}
	return matching
}
