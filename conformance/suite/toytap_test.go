package suite

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// tapFaults are what the toy tap can do wrong, and the check that finds it.
var tapFaults = map[string]string{
	"read/ends-well":           "exit-1",
	"read/only-messages":       "prints",
	"read/message-shape":       "no-key-properties",
	"read/schema-first":        "record-first",
	"read/schema-valid":        "no-properties",
	"read/records-match":       "wrong-type",
	"read/formats-match":       "wrong-date",
	"read/fields-declared":     "undeclared",
	"read/keys-present":        "null-key",
	"read/keys-unique":         "double-key",
	"read/bookmarks-declared":  "unknown-bookmark",
	"read/versions-agree":      "other-version",
	"state/shape":              "state-of-another-shape",
	"state/last":               "rows-after-state",
	"state/final":              "markers",
	"state/resumes":            "loses",
	"state/from-end":           "no-last-state",
	"state/empty":              "no-empty-state",
	"state/damaged":            "any-state",
	"state/repeatable":         "unsteady",
	"discover/catalog":         "double-id",
	"discover/keys":            "key-no-field",
	"discover/stable":          "unsteady-catalog",
	"discover/with-state":      "discovers-without-state",
	"select/catalog-accepted":  "no-catalog",
	"select/stream":            "all-streams",
	"select/field":             "all-fields",
	"select/field-declared":    "declares-all-fields",
	"select/key":               "drops-key",
	"log/verbose":              "debug-on-stdout",
	"end/sigterm":              "deaf",
	"end/sigint":               "deaf",
	"end/closed-pipe":          "trace-on-closed-pipe",
	"error/config-missing":     "no-config",
	"error/config-broken":      "no-config",
	"error/config-unknown-key": "any-key",
	"error/flag-unknown":       "any-flag",
	"error/readable":           "traceback",
	"cli/version":              "mute",
	"cli/help":                 "mute",
	"cli/about":                "mute",
	"secret/unsaid":            "leaks",
}

// built is a program of testdata.
func built(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	goBuild(t, path, "./testdata/"+name)
	return path
}

func goBuild(t *testing.T, path, pkg string) {
	t.Helper()
	out, err := exec.Command("go", "build", "-trimpath", "-o", path, pkg).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// TestEachTapCheckCanFail runs each check over a tap that does everything right, and over one that does one thing wrong.
func TestEachTapCheckCanFail(t *testing.T) {
	t.Parallel()
	toy := built(t, "toytap")
	config := filepath.Join(t.TempDir(), "config.json")
	require.NoError(t, os.WriteFile(config, []byte(`{"api_token":"token-of-the-toy"}`), 0o600))
	subject := func(fault string) Subject {
		return Subject{Command: []string{toy, fault}, Configs: []string{config}, Env: []string{"HOME=" + t.TempDir()}}
	}
	results, err := Run(t.Context(), subject("none"), Tap(), func(Result) {})
	require.NoError(t, err)
	for _, r := range results {
		require.Equal(t, Passed, r.Status, "%s: %s", r.Name, r.Detail)
	}
	checks, err := Matching(Tap(), "select/*")
	require.NoError(t, err)
	results, err = Run(t.Context(), subject("older"), checks, func(Result) {})
	require.NoError(t, err)
	for _, r := range results {
		require.Equal(t, Passed, r.Status, "older: %s: %s", r.Name, r.Detail)
	}
	var names []string
	for _, c := range Tap() {
		names = append(names, c.Name)
	}
	require.ElementsMatch(t, names, slices.Collect(maps.Keys(tapFaults)))
	for name, fault := range tapFaults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checks, err := Matching(Tap(), name)
			require.NoError(t, err)
			results, err := Run(t.Context(), subject(fault), checks, func(Result) {})
			require.NoError(t, err)
			last := results[len(results)-1]
			require.Equal(t, Failed, last.Status, "%s: %s", fault, last.Detail)
			require.NotEmpty(t, last.Detail)
		})
	}
}
