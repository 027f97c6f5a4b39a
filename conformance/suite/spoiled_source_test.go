package suite

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap-redtrack/redtracktest"
)

// sourceFaults are what is done to the output of a good source, and the check that finds it.
var sourceFaults = map[string]string{
	"spec/printed":           `drop:"SPEC"`,
	"spec/protocol-version":  `replace:"0.2.0":="0.18.0"`,
	"spec/schema":            `replace:"properties":="no_properties"`,
	"spec/open":              `replace:"order":0:="order":0,"additionalProperties":false`,
	"spec/keywords":          `replace:"order":0:="order":0,"not":{}`,
	"spec/one-type":          `replace:"type":"string":="type":["string","null"]`,
	"spec/one-of":            `replace:"order":0:="order":0,"oneOf":[{"properties":{}}]`,
	"spec/secrets":           `replace:"airbyte_secret":true:="x":1`,
	"spec/enums":             `replace:"order":0:="order":0,"enum":["a","a"]`,
	"spec/order":             `replace:"order":1,:="order":0,`,
	"spec/documentation":     `replace:documentationUrl:=documentation`,
	"spec/config-valid":      `replace:"type":"string":="type":"integer"`,
	"check/succeeds":         `replace:SUCCEEDED:=FAILED`,
	"check/fails":            `twice:"CONNECTION_STATUS"`,
	"discover/catalog":       `replace:"name":"clicks":="name":"conversions"`,
	"discover/schemas":       `replace:"properties":="no_properties"`,
	"discover/sync-modes":    `replace:"full_refresh":="full"`,
	"discover/cursors":       `replace:"json_schema":{:="default_cursor_field":["no"],"json_schema":{`,
	"discover/keys":          `replace:"source_defined_primary_key":[[":="source_defined_primary_key":[["no_`,
	"discover/stable":        `replace:"json_schema":{:="json_schema":{"title":"$PID",`,
	"read/ends-well":         "fails",
	"read/only-messages":     `add:hello@ read `,
	"read/known-streams":     `replace:"stream":"clicks":="stream":"other"@ read `,
	"read/not-empty":         `replace:"data":{:="data":{},"was":{@ read `,
	"read/records-match":     `replace:"clickid":":="clickid":{"a":1},"was":"@ read `,
	"read/formats-match":     `replace:"conv_time":"20:="conv_time":"x20@ read `,
	"read/keys-present":      `replace:"id":":="was":"@ read `,
	"read/statuses":          `drop:"RUNNING"`,
	"state/form":             `replace:"type":"STREAM":="type":"LEGACY"`,
	"state/counts":           `replace:"recordCount"::="recordCount":1`,
	"state/each-stream":      `drop:"type":"STATE"`,
	"state/not-twice":        `twice:"type":"STATE"`,
	"state/resumes":          `drop:"RECORD"@--state`,
	"state/from-end":         `add:hello@--state`,
	"state/empty":            `drop:"RECORD"@--state`,
	"state/foreign":          "succeeds",
	"catalog/nulls":          "fails",
	"catalog/one-stream":     `add:{"type":"RECORD","record":{"stream":"campaigns","emitted_at":1,"data":{"id":"x"}}}@ read `,
	"catalog/unknown-stream": "succeeds",
	"catalog/bad-mode":       "succeeds",
	"log/debug":              `add:DEBUG@--debug`,
	"end/sigterm":            "traceback",
	"end/closed-pipe":        "traceback",
	"error/config-missing":   `drop:"FAILED"`,
	"error/config-broken":    `drop:"FAILED"`,
	"error/trace":            "traceback",
	"secret/unsaid":          "leaks",
}

// TestEachSourceCheckCanFail runs each check over a source that is spoilt so that it must fail.
func TestEachSourceCheckCanFail(t *testing.T) {
	t.Parallel()
	var names []string
	for _, c := range Source() {
		names = append(names, c.Name)
	}
	require.ElementsMatch(t, names, slices.Collect(maps.Keys(sourceFaults)))
	spoil, tap := built(t, "spoil"), filepath.Join(t.TempDir(), "tap-redtrack")
	goBuild(t, tap, "../../taps/tap-redtrack")
	account := redtracktest.New(t)
	account.Fill("2026-01-01", "2026-01-03")
	config, err := json.Marshal(map[string]any{"api_key": redtracktest.Key, "base_url": account.API.Listen(), "timezone": "UTC", "start_date": "2026-01-01T00:00:00Z",
		"end_date": "2026-01-04T00:00:00Z", "select": []string{"conversions", "clicks", "campaigns"}})
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "config.json")
	require.NoError(t, os.WriteFile(path, config, 0o600))
	for name, fault := range sourceFaults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checks, err := Matching(Source(), name)
			require.NoError(t, err)
			subject := Subject{Command: []string{spoil, fault, tap}, Configs: []string{path}, Env: []string{"HOME=" + t.TempDir()}}
			results, err := Run(t.Context(), subject, checks, func(Result) {})
			require.NoError(t, err)
			last := results[len(results)-1]
			require.Equal(t, Failed, last.Status, "%s: %s", fault, last.Detail)
		})
	}
}
