package main

import (
	"fmt"
	"time"
)

// A bookmark is what the last run found in a part of a spreadsheet. Only what was sent as a whole has one.
type bookmark struct {
	Part    string    `json:"part"`    // see part.id
	Title   string    `json:"title"`   // of the tab
	Version string    `json:"version"` // that Drive gave the file before it was read; empty where Drive was not asked
	ReadAt  time.Time `json:"read_at"`
	Hash    string    `json:"hash"`  // of the rows
	Shape   string    `json:"shape"` // of what settings and catalog make of them
	Rows    int64     `json:"rows"`
	Columns []column  `json:"columns"` // all that were ever there, as a column never becomes narrower
}

// String is what the summary says of it.
func (b *bookmark) String() string { return fmt.Sprintf("%d rows of %s", b.Rows, b.Title) }

// kindOf is what a column was before, blank for a new one.
func (b *bookmark) kindOf(name string) kind {
	for _, c := range b.Columns {
		if c.name == name {
			return c.kind
		}
	}
	return blank
}

// remember adds columns that hold something, or widens those that are there.
func (b *bookmark) remember(columns []column) {
	known := map[string]int{}
	for i, c := range b.Columns {
		known[c.name] = i
	}
	for _, c := range columns {
		if i, ok := known[c.name]; ok {
			b.Columns[i].kind = widest(b.Columns[i].kind, c.kind)
			continue
		}
		if c.kind != blank {
			b.Columns = append(b.Columns, c)
		}
	}
}
