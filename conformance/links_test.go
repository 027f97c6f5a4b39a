package main

import (
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

// files are those of the tree with these names, but for what was built and what tests read.
func files(t *testing.T, match func(name string) bool) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(root(t), func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && slices.Contains([]string{".git", "build", "bin", "dist", "testdata"}, entry.Name()) {
			return fs.SkipDir
		}
		if !entry.IsDir() && match(entry.Name()) {
			found = append(found, path)
		}
		return nil
	})
	require.NoError(t, err)
	return found
}

// A page is a Markdown file without what stands in it as code.
func page(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return withoutCode(string(text))
}

func withoutCode(text string) string {
	text = regexp.MustCompile("(?ms)^ *```.*?^ *```").ReplaceAllString(text, "")
	return regexp.MustCompile("(?m)^    .*$").ReplaceAllString(text, "")
}

// anchors are the fragments of a page, as GitHub makes them of its headings.
func anchors(text string) []string {
	var found []string
	for _, m := range regexp.MustCompile(`(?m)^#+ +(.*)$`).FindAllStringSubmatch(text, -1) {
		heading := regexp.MustCompile(`\[([^]]*)\]\([^)]*\)`).ReplaceAllString(m[1], "$1")
		anchor := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, strings.TrimSpace(heading))
		name := anchor
		for n := 1; slices.Contains(found, name); n++ {
			name = fmt.Sprintf("%s-%d", anchor, n)
		}
		found = append(found, name)
	}
	return found
}

// dead are the links of a page to files and headings of this tree that are not there.
func dead(t *testing.T, path, text string) []string {
	t.Helper()
	var wrong []string
	for _, m := range regexp.MustCompile(`\]\(([^)\s]+)\)`).FindAllStringSubmatch(regexp.MustCompile("`[^`\n]*`").ReplaceAllString(text, ""), -1) {
		link, err := url.Parse(m[1])
		if err == nil && link.Scheme != "" {
			continue
		}
		target, there := path, err == nil
		if there && link.Path != "" {
			target = filepath.Join(filepath.Dir(path), filepath.FromSlash(link.Path))
			_, err := os.Stat(target)
			there = err == nil
		}
		if there && link.Fragment != "" && filepath.Ext(target) == ".md" {
			there = slices.Contains(anchors(page(t, target)), link.Fragment)
		}
		if !there {
			wrong = append(wrong, m[1])
		}
	}
	return wrong
}

// What a reader may follow in a text leads somewhere.
func TestLinks(t *testing.T) {
	t.Parallel()
	pages := files(t, func(name string) bool { return filepath.Ext(name) == ".md" })
	require.Greater(t, len(pages), 40)
	for _, path := range pages {
		if filepath.Base(path) == "notes.md" || filepath.Base(filepath.Dir(path)) == "bench" {
			continue // pages in docs are made of these, and their links are from there
		}
		require.Empty(t, dead(t, path, page(t, path)), path)
	}
}

// Each page of docs stands in their index.
func TestIndex(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(root(t), "docs")
	index := page(t, filepath.Join(folder, "README.md"))
	pages, err := filepath.Glob(filepath.Join(folder, "*.md"))
	require.NoError(t, err)
	for _, path := range pages {
		if name := filepath.Base(path); name != "README.md" {
			require.Contains(t, index, "]("+name+")")
		}
	}
}

func TestDeadLinksAreFound(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "page.md")
	text := "# A `tap-x` page: two, words!\n\n## Same\n\n## Same\n\n```\n# no heading [x](gone.md)\n```\n\n    [x](gone.md)\n\n" +
		"[a](page.md) [a](#same) [a](page.md#same-1) [a](#a-tap-x-page-two-words) [a](https://example.com/#x) `[a](gone.md)`\n" +
		"[b](gone.md) [b](#same-2) [b](page.md#no-heading)\n"
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	require.Equal(t, []string{"gone.md", "#same-2", "page.md#no-heading"}, dead(t, path, withoutCode(text)))
}

// Each file that `make generate` writes is held against the program by the same test that writes it, so that `make test` fails
// where one is stale: a directive runs tests of its package with -update, and nothing else.
func TestGeneratedFilesAreTested(t *testing.T) {
	t.Parallel()
	directive := regexp.MustCompile(`(?m)^//go:generate (.*)$`)
	update := regexp.MustCompile(`^go test -run (\S+) -count 1 \. -update$`)
	seen := 0
	for _, path := range files(t, func(name string) bool { return filepath.Ext(name) == ".go" }) {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, m := range directive.FindAllStringSubmatch(string(text), -1) {
			run := update.FindStringSubmatch(m[1])
			require.NotNil(t, run, "%s: go:generate %s", path, m[1])
			for _, name := range strings.Split(run[1], "|") {
				require.True(t, hasTest(t, filepath.Dir(path), name), "%s: there is no %s", path, name)
				seen++
			}
		}
	}
	require.GreaterOrEqual(t, seen, 12)
}

// hasTest tells whether a folder's tests have one of that name.
func hasTest(t *testing.T, folder, name string) bool {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	require.NoError(t, err)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		if strings.Contains(string(text), "\nfunc "+name+"(t *testing.T) {") {
			return true
		}
	}
	return false
}
