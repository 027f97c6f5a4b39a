package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap"
)

// TestReasonsAreDocumented holds the description of the column reason against the words that the CSV reader has for it.
func TestReasonsAreDocumented(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "csv/record.go", nil, parser.ParseComments)
	require.NoError(t, err)
	var words []string
	for _, declaration := range file.Decls {
		block, ok := declaration.(*ast.GenDecl)
		if !ok || !strings.HasPrefix(block.Doc.Text(), "The reasons of a RowError") {
			continue
		}
		for _, spec := range block.Specs {
			word, err := strconv.Unquote(spec.(*ast.ValueSpec).Values[0].(*ast.BasicLit).Value)
			require.NoError(t, err)
			words = append(words, word)
		}
	}
	require.NotEmpty(t, words)
	column := slices.IndexFunc(rejectColumns, func(c tap.Column) bool { return c.Name == "reason" })
	require.Contains(t, string(rejectColumns[column].Schema), `"`+strings.Join(words, ", ")+", or the keyword of the schema")
}
