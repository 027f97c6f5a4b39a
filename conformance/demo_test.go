package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// What `make demo` shows, run as it is.
func TestDemo(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("demo")
	require.NoError(t, err)
	folder := filepath.Join(t.TempDir(), "demo")
	demo := exec.Command(program, "run", folder)
	demo.Dir = root(t)
	demo.Env = append(os.Environ(), "DEMO_BIN="+filepath.Dir(program))
	out, err := demo.CombinedOutput()
	require.NoError(t, err, string(out))
	text := string(out)

	for pattern, times := range map[string]int{
		`acme +sticky_orders +2189 +4 `:                                 1,
		`globex +sticky_prospects +2000 +4 `:                            1,
		`acme +sticky_orders +2752 +5 `:                                 1,
		`globex +sticky_orders +2752 +5 `:                               1,
		`globex +sticky_prospects +2500 +5 `:                            1,
		`acme/orders_2026-11-05.csv +516 +created_by +text_after_quote`: 1,
		`loaded .*sticky_orders.* read=563 `:                            2, // the day that was added, of each shop
		`loaded .*sticky_orders.* read=0 `:                              2, // nothing new
		`sticky_orders +append +2189 +2189 `:                            2, // in the list of loads
		regexp.QuoteMeta(folder + "/postgres"):                          -1,
	} {
		found := len(regexp.MustCompile(pattern).FindAllString(text, -1))
		if times < 0 {
			require.Positive(t, found, "%s in\n%s", pattern, text)
			continue
		}
		require.Equal(t, times, found, "%s in\n%s", pattern, text)
	}
	require.FileExists(t, filepath.Join(folder, "postgres", "password"))
	require.NoFileExists(t, filepath.Join(folder, "postgres", "server", "data", "postmaster.pid"), "no server is left running")
}
