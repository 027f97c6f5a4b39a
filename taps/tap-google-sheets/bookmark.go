package main

import (
	"fmt"
	"time"

	"github.com/signalroom/signalroom/taps/tap/kinds"
)

// A bookmark is what the last run found in a part of a spreadsheet. Only what was sent as a whole has one.
type bookmark struct {
	Part    string         `json:"part"`    // see part.id
	Title   string         `json:"title"`   // of the tab
	Version string         `json:"version"` // that Drive gave the file before it was read; empty where Drive was not asked
	ReadAt  time.Time      `json:"read_at"`
	Hash    string         `json:"hash"`  // of the rows
	Shape   string         `json:"shape"` // of what settings and catalog make of them
	Rows    int64          `json:"rows"`
	Columns []kinds.Column `json:"columns"` // all that were ever there, as a column never becomes narrower
}

// String is what the summary says of it.
func (b *bookmark) String() string { return fmt.Sprintf("%d rows of %s", b.Rows, b.Title) }

// kindOf is what a column was before, blank for a new one.
func (b *bookmark) kindOf(name string) kinds.Kind {
	for _, c := range b.Columns {
		if c.Name == name {
			return c.Kind
		}
	}
	return kinds.Blank
}

// remember adds columns that hold something, or widens those that are there.
func (b *bookmark) remember(columns []kinds.Column) {
	known := map[string]int{}
	for i, c := range b.Columns {
		known[c.Name] = i
	}
	for _, c := range columns {
		if i, ok := known[c.Name]; ok {
			b.Columns[i].Kind = kinds.Widest(b.Columns[i].Kind, c.Kind)
			continue
		}
		if c.Kind != kinds.Blank {
			b.Columns = append(b.Columns, c)
		}
	}
}
