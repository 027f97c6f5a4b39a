package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// A table is what a part found, and where.
type table struct {
	Measured string   `json:"measured"` // the day
	Machine  string   `json:"machine"`
	Server   string   `json:"server,omitempty"`
	Input    string   `json:"input"`
	Rounds   int      `json:"rounds"`
	Seconds  float64  `json:"seconds"` // how long the part took
	Columns  []string `json:"columns"`
	Lines    []line   `json:"lines"`
	Notes    []string `json:"notes,omitempty"`
}

// A line is what one program did.
type line struct {
	Group  string `json:"group,omitempty"` // what it has in common with the lines beside it
	Name   string `json:"name"`
	Class  class  `json:"class,omitempty"`
	Values values `json:"values"`
}

// A class is whose program it is, for the chart.
type class string

const (
	ours   class = "ours"
	byHand class = "hand"
	peer   class = "peer"
)

// classOf is the class of the program at index i, where the first is of another class than the rest.
func classOf(i int, first, rest class) class {
	if i == 0 {
		return first
	}
	return rest
}

// values are figures by column; a column that means nothing for a program has none.
type values map[string]float64

func newTable(columns ...string) *table { return &table{Columns: columns} }

func (t *table) add(group, name string, v values) {
	t.Lines = append(t.Lines, line{Group: group, Name: name, Values: v})
}

// leaveOut notes why a program is missing.
func (t *table) leaveOut(name string, err error) {
	t.Notes = append(t.Notes, fmt.Sprintf("%s is left out here: %v.", name, err))
}

// label is the name with the group where one begins, and with a dot below it.
func (t *table) label(i int) string {
	l := t.Lines[i]
	switch {
	case l.Group == "":
		return l.Name
	case i > 0 && t.Lines[i-1].Group == l.Group:
		return "· " + l.Name
	}
	return l.Group + ": " + l.Name
}

// results are the tables by part.
type results map[string]*table

func readResults(folder string) (results, error) {
	text, err := os.ReadFile(filepath.Join(folder, "benchmarks.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return results{}, nil
	}
	if err != nil {
		return nil, err
	}
	r := results{}
	return r, json.Unmarshal(text, &r)
}

// record puts a part's table into the results of the folder, and writes the page and the chart that they give.
func record(folder, part string, t *table) error {
	r, err := readResults(folder)
	if err != nil {
		return err
	}
	r[part] = t
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	page, err := r.page()
	if err != nil {
		return err
	}
	files := map[string][]byte{"benchmarks.json": append(text, '\n'), "benchmarks.md": page}
	for _, d := range drawings() {
		files[d.file] = r.chart(d)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// provenance is where and how the figures were taken.
func (t *table) provenance() string {
	parts := []string{t.Input}
	if t.Rounds > 1 {
		parts = append(parts, fmt.Sprintf("medians of %d", t.Rounds))
	} else {
		parts = append(parts, "one run each")
	}
	if t.Server != "" {
		parts = append(parts, t.Server)
	}
	took := time.Duration(t.Seconds * float64(time.Second)).Round(time.Second)
	return strings.Join(append(parts, t.Machine, "measured on "+t.Measured+" in "+took.String()), "; ")
}

// text is the table for a terminal.
func (t *table) text() string {
	var out bytes.Buffer
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\t"+strings.Join(t.Columns, "\t"))
	for i, l := range t.Lines {
		fmt.Fprintln(w, t.label(i)+"\t"+strings.Join(t.cells(l), "\t"))
	}
	w.Flush()
	for _, note := range t.Notes {
		fmt.Fprintln(&out, note)
	}
	return out.String()
}

func (t *table) cells(l line) (cells []string) {
	for _, column := range t.Columns {
		cell := ""
		if v, ok := l.Values[column]; ok {
			cell = figure(v)
		}
		cells = append(cells, cell)
	}
	return cells
}

// figure writes a value with as many digits as mean something.
func figure(v float64) string {
	switch {
	case v >= 100:
		return grouped(v)
	case v >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

// grouped writes a whole number with commas.
func grouped(v float64) string {
	text := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
