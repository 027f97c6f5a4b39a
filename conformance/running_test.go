package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRunningPages runs the commands that pages on ways to run show, each in a folder and a schema of its own: what they load is the same.
func TestRunningPages(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	putDays(store, 1, 2, 5)
	s := newSite(t, store)
	var commands []string
	for _, found := range []struct {
		page    string
		pattern string // whose group is the command
		times   int
	}{
		{"docs/running-pipe.md", `((?:^    .*\n)*^    .*tap-s3-exports(?:.*\n)(?:^    .*\n)*)`, 4},
		{"docs/running-cron.md", `^    15 \* \* \* \*  (.*)$`, 1},
		{"docs/running-cron.md", `^    ExecStart=/bin/bash -o pipefail -c '(.*)'$`, 1},
		{"docs/scale.md", `((?:^    .*\n)*^    .*tap-s3-exports(?:.*\n)(?:^    .*\n)*)`, 1},
		{"README.md", `^        15 \* \* \* \*  (.*)$`, 1},
	} {
		text, err := os.ReadFile(filepath.Join(root(t), filepath.FromSlash(found.page)))
		require.NoError(t, err)
		matches := regexp.MustCompile(`(?m)`+found.pattern).FindAllStringSubmatch(string(text), -1)
		require.Len(t, matches, found.times, "%s: %s", found.page, found.pattern)
		for _, m := range matches {
			commands = append(commands, m[1])
		}
	}
	for i, command := range commands {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			one := s.with(fmt.Sprint("TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA=run", i))
			one.dir = t.TempDir()
			one.file(t, "acme.json", map[string]any{"prefix": "acme/", "pattern": "orders_*", "types": "text"})
			one.file(t, "state.json", "{}")
			shell := "sh"
			if strings.Contains(command, "<(") || strings.Contains(command, "pipefail") {
				shell = "bash"
			}
			command := strings.NewReplacer("/srv/acme", one.dir, "/run/acme", one.dir).Replace(command)
			ended := one.run(t, "", shell, "-c", command)
			require.Zero(t, ended.code, "%s\n%s", command, ended.stderr)
			require.Equal(t, "11", one.value(t, fmt.Sprintf("SELECT count(*) FROM run%d.daily_exports", i)), command)
		})
	}
}
