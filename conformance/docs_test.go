package conformance

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// The settings page of the target is what the program says of itself.
func TestSettingsPage(t *testing.T) {
	t.Parallel()
	s := &site{dir: t.TempDir(), env: []string{"PATH=" + os.Getenv("PATH")}}
	about := s.run(t, "", "target-postgres", "--about", "--format", "markdown")
	require.Zero(t, about.code, about.stderr)
	page := regexp.MustCompile(`(?m)^Version .*\n\n`).ReplaceAllString(about.stdout, "")
	taptest.Golden(t, []byte(page), "../../docs/target-postgres.md")
}

// What a reader may follow in the texts at the root and in docs leads somewhere.
func TestLinks(t *testing.T) {
	t.Parallel()
	var pages []string
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/decisions/*.md"} {
		found, err := filepath.Glob(filepath.Join(root(t), filepath.FromSlash(pattern)))
		require.NoError(t, err)
		pages = append(pages, found...)
	}
	require.Greater(t, len(pages), 5)
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	for _, page := range pages {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			_, err := os.Stat(filepath.Join(filepath.Dir(page), filepath.FromSlash(m[1])))
			require.NoError(t, err, "%s links to %s", page, m[1])
		}
	}
}
