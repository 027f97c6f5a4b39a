package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What docs/troubleshooting.md quotes, the programs say: each quotation is made of texts of the source, with … for what varies.
func TestQuotedMessages(t *testing.T) {
	t.Parallel()
	said := texts(t)
	page, err := os.ReadFile(filepath.Join(root(t), "docs", "troubleshooting.md"))
	require.NoError(t, err)
	quotations := regexp.MustCompile("(?m)^\\| `([^`]*)` \\|").FindAllStringSubmatch(string(page), -1)
	require.Greater(t, len(quotations), 30)
	for _, m := range quotations {
		require.True(t, quotes(said, m[1]), "no program says: %s", m[1])
	}
	require.False(t, quotes(said, "the state file is rotten: …"))
	require.False(t, quotes(said, "pipeline … is in use by …; wait for it to begin, or give this run its own --pipeline"))
}

// quotes tells whether a quotation is made of these texts: whole between two …, or joined by a semicolon as cause and hint are.
func quotes(said []string, quotation string) bool {
	is := func(piece string) bool {
		return slices.ContainsFunc(said, func(text string) bool { return strings.Contains(text, piece) })
	}
	for _, piece := range strings.Split(quotation, "…") {
		piece = strings.TrimPrefix(piece, "; ")
		if !is(piece) && slices.ContainsFunc(strings.Split(piece, "; "), func(part string) bool { return !is(part) }) {
			return false
		}
	}
	return true
}

// texts are the string literals of the programs, joined where the source adds them up, with … for what varies.
func texts(t *testing.T) []string {
	t.Helper()
	verb := regexp.MustCompile(`%[-+#0-9.\[\]]*[a-zA-Z]`)
	var said []string
	var join func(ast.Expr) string
	join = func(e ast.Expr) string {
		switch e := e.(type) {
		case *ast.BasicLit:
			if text, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
				return verb.ReplaceAllString(text, "…")
			}
		case *ast.BinaryExpr:
			return join(e.X) + join(e.Y)
		}
		return "…"
	}
	for _, path := range files(t, func(name string) bool { return filepath.Ext(name) == ".go" && !strings.HasSuffix(name, "_test.go") }) {
		program, err := filepath.Rel(root(t), path)
		require.NoError(t, err)
		if folder, _, _ := strings.Cut(filepath.ToSlash(program), "/"); folder == "conformance" || folder == "examples" {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BinaryExpr:
				said = append(said, join(n))
			case *ast.BasicLit:
				said = append(said, join(n))
			}
			return true
		})
	}
	return said
}
