package main

import (
	"bytes"
	_ "embed"
	"strings"
	"text/template"
)

//go:generate go test -run TestDocs -count 1 . -update

//go:embed page.md
var pageText string

// page is docs/benchmarks.md: the text of page.md with the tables of the results.
func (r results) page() ([]byte, error) {
	t, err := template.New("page.md").Funcs(template.FuncMap{"table": r.markdown}).Parse(pageText)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = t.Execute(&out, r)
	return out.Bytes(), err
}

// markdown is the table of a part with its provenance and notes.
func (r results) markdown(part string) string {
	t, ok := r[part]
	if !ok {
		return "Not measured yet."
	}
	var b strings.Builder
	b.WriteString("| |" + strings.Join(t.Columns, "|") + "|\n|---|" + strings.Repeat("---:|", len(t.Columns)) + "\n")
	for i, l := range t.Lines {
		b.WriteString("| " + t.label(i) + " | " + strings.Join(t.cells(l), " | ") + " |\n")
	}
	for _, note := range t.Notes {
		b.WriteString("\n" + note + "\n")
	}
	return b.String() + "\n<sub>" + t.provenance() + ".</sub>"
}
