package main

import (
	"errors"
	"slices"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap/kinds"
)

// A table is what is known of a part while it is read: its header, and what its columns hold so far.
type table struct {
	part   *part
	rect   rect
	cells  cellReader
	merges *merges
	hidden map[int]bool // rows to leave out

	named   bool     // the header was found
	texts   []string // of the header
	names   []string
	data    int // the row that the data begin with
	kinds   []kinds.Kind
	failed  int // cells with an error
	loading int // cells whose error passes by itself
}

func newTable(p *part, r rect) *table {
	t := &table{part: p, rect: r, kinds: make([]kinds.Kind, max(0, r.width())), cells: cellReader{format: p.book.format, pattern: p.book.pattern}}
	if p.reading.MergedCells == "fill" {
		t.merges = newMerges(p.merges(), r)
	}
	return t
}

// begin finds the header among the first rows.
func (t *table) begin(b *block) (err error) {
	p := t.part
	frozen := int(p.tab.Properties.GridProperties.FrozenRowCount)
	if p.rect.row > 0 {
		frozen = 0
	}
	if t.texts, t.data, err = headerOf(b.head, frozen, p.merges(), t.rect, p.header()); err != nil {
		return err
	}
	t.names = columnNames(t.texts, t.rect.column, p.reading, p.source.config.ClientID != "")
	t.named = true
	return nil
}

// take gives the rows of a block that are data to add.
func (t *table) take(b *block, add func(row []byte) error) error {
	t.failed += b.failed
	t.loading += b.loading
	for rows := b.rows; len(rows) > 0; {
		number, cells, encoded, rest := nextRow(rows)
		row := rows[:len(rows)-len(rest)]
		rows = rest
		if number <= t.data || t.hidden[number-1] {
			continue
		}
		for i := range cells {
			var k kinds.Kind
			k, _, encoded = nextCell(encoded)
			t.kinds[i] = kinds.Widest(t.kinds[i], k)
		}
		if err := add(row); err != nil {
			return err
		}
	}
	return nil
}

// columns are those of the tab in order, each as wide as its cells and those of earlier runs need it.
func (t *table) columns() []kinds.Column {
	columns := make([]kinds.Column, len(t.names))
	for i, name := range t.names {
		k := t.kinds[i]
		if t.part.reading.Types == "text" && k != kinds.Blank {
			k = kinds.Text
		}
		if k = kinds.Widest(k, t.part.before.kindOf(name)); k == kinds.Blank && slices.Contains(t.part.key, name) {
			k = kinds.Text
		}
		columns[i] = kinds.Column{Name: name, Kind: k}
	}
	return columns
}

// empty are the columns of the header that hold nothing.
func (t *table) empty(columns []kinds.Column) []string {
	var empty []string
	for i, c := range columns {
		if c.Kind == kinds.Blank && t.texts[i] != "" {
			empty = append(empty, c.Name)
		}
	}
	return empty
}

// A block is rows of a tab that were asked for together. They count when all of them have come.
type block struct {
	table   *table
	rows    []byte // each as appendRow has it
	head    []headRow
	failed  int
	loading int

	encoded []byte
}

func (t *table) block() *block { return &block{table: t} }

// blockMost bounds the rows of one block, in bytes, and so memory: of a larger one, less is asked for at a time.
const blockMost = 8 << 20

var errLarge = errors.New("the rows of a block are too large")

// add takes a row as it came. row counts from 0.
func (b *block) add(row int, raw []byte) error {
	t := b.table
	cells, err := t.cells.read(raw)
	if err != nil {
		return err
	}
	cells = cells[:min(len(cells), len(t.kinds))]
	if len(b.head) < headRows && !t.named {
		if h := b.headRow(row, cells); slices.ContainsFunc(h.cells, func(c headCell) bool { return c.kind != kinds.Blank }) {
			b.head = append(b.head, h)
		}
	}
	if t.merges != nil {
		cells = t.merges.fill(row, cells)
	}
	b.encoded = b.encoded[:0]
	count, end := 0, 0
	for i, c := range cells {
		switch {
		case c.loading:
			b.loading++
		case c.failed:
			b.failed++
			if t.part.reading.ErrorValues == "text" {
				c.kind = kinds.Text
			}
		}
		b.encoded = appendCell(b.encoded, c.kind, c.raw)
		if c.kind != kinds.Blank {
			count, end = i+1, len(b.encoded)
		}
	}
	if count == 0 {
		return nil
	}
	b.rows = appendRow(b.rows, row+1, count, b.encoded[:end])
	if len(b.rows) > blockMost {
		return errLarge
	}
	return nil
}

// headRow keeps the cells as the sheet shows them.
func (b *block) headRow(row int, cells []gridCell) headRow {
	h := headRow{row: row}
	for _, c := range cells {
		shown := c.shown
		if shown == nil && c.kind != kinds.Blank {
			shown = appendValue(nil, kinds.Text, c.kind, c.raw, b.table.part.zone())
		}
		var said string
		if len(shown) > 0 {
			said = unquoted(shown)
		}
		h.cells = append(h.cells, headCell{said, c.kind})
	}
	return h
}

// refuse is the fault of a tab that should not be sent, so that an accident in it does not empty a table.
func (t *table) refuse(rows int64) error {
	r, before := &t.part.reading, t.part.before.Rows
	switch {
	case t.failed > 0 && r.ErrorValues == "fail":
		return protocol.DataFault("mend their formulas, or set error_values to null or text", "%d cells hold an error such as #N/A", t.failed)
	case rows < int64(r.MinRows):
		return protocol.DataFault("if that is right, set min_rows lower", "there are %d rows, and min_rows is %d: the rows of the last run stay", rows, r.MinRows)
	case r.MaxDropPercent != nil && float64(before-rows)*100 > *r.MaxDropPercent*float64(before):
		return protocol.DataFault("if that is right, run once with another max_drop_percent",
			"there are %d rows, and were %d: more than %g %% are gone, so the rows of the last run stay", rows, before, *r.MaxDropPercent)
	}
	return nil
}
