package suite

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/target-postgres/server/servertest"
)

// TestTargetChecksCanFail spoils our target in each way that the checks must find. The target alone passes them all, as the test of
// the built programs says.
func TestTargetChecksCanFail(t *testing.T) {
	t.Parallel()
	spoil := built(t, "spoil")
	target := filepath.Join(t.TempDir(), "target-postgres")
	goBuild(t, target, "../../target-postgres")
	all, err := Target()
	require.NoError(t, err)
	mustFail(t, spoil, target, all, map[string]string{
		"case/basic":               "loses",
		"case/unicode":             "fails",
		"case/broken-line":         "succeeds",
		"case/state-alone":         "no-states",
		"case/state-none":          "last-state-first",
		"case/state-interleaved":   "last-state-first",
		"case/schema-grows":        "traceback",
		"state/never-ahead":        "states-at-once",
		"state/kill":               "loses",
		"state/sigterm":            "no-states",
		"size/long-record":         "loses",
		"size/many-streams":        "loses",
		"error/config-missing":     "succeeds",
		"error/config-broken":      "succeeds",
		"error/config-unknown-key": "succeeds",
		"error/flag-unknown":       "succeeds",
		"error/readable":           "traceback",
		"cli/version":              "mute",
		"cli/help":                 "mute",
		"cli/about":                "mute",
		"secret/unsaid":            "leaks",
	})
	all, err = Destination()
	require.NoError(t, err)
	mustFail(t, spoil, target, all, map[string]string{
		"spec/modes":          `replace:"append_dedup":="merge"`,
		"case/append":         "loses",
		"case/mode-unknown":   "succeeds",
		"case/no-data":        "no-states",
		"case/other-messages": "add:hello",
		"case/state-global":   `replace:"lsn":7:="lsn":8`,
		"case/state-verbatim": `replace:"id":9007199254740993:="id":9007199254740992`,
		"case/state-each":     `replace:"destinationStats":{"recordCount":1:="destinationStats":{"recordCount":2`,
		"state/never-ahead":   "states-at-once",
		"secret/unsaid":       "leaks",
	})
}

func mustFail(t *testing.T, spoil, target string, all []Check, faults map[string]string) {
	for name, fault := range faults {
		t.Run(name+" "+fault, func(t *testing.T) {
			t.Parallel()
			checks, err := Matching(all, name)
			require.NoError(t, err)
			subject := Subject{Command: []string{spoil, fault, target}, DSN: servertest.Database(t), Env: []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH")}}
			results, err := Run(t.Context(), subject, checks, func(Result) {})
			require.NoError(t, err)
			last := results[len(results)-1]
			require.Equal(t, Failed, last.Status, last.Detail)
		})
	}
}
