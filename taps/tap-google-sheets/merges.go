package main

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/signalroom/signalroom/taps/tap/kinds"
)

// merges gives the value of merged cells, which the API has in the first of them alone, to all of them.
type merges struct {
	rects  []rect     // in order, within the columns that are read, which count from 0 here
	first  []gridCell // of each, once its row was seen
	next   int        // the first of rects that has not begun
	active []int      // those of rects that have
	row    int        // the last one that was filled
}

// merges are those of the part's tab.
func (p *part) merges() []rect {
	var rects []rect
	for _, m := range p.tab.Merges {
		rects = append(rects, rectOf(m))
	}
	return rects
}

func newMerges(all []rect, within rect) *merges {
	var m merges
	for _, r := range all {
		r.column, r.endColumn = r.column-within.column, r.endColumn-within.column
		if r.column >= 0 && r.column < within.width() && r.row >= within.row {
			r.endColumn = min(r.endColumn, within.width())
			m.rects = append(m.rects, r)
		}
	}
	slices.SortFunc(m.rects, func(a, b rect) int { return cmp.Compare(a.row, b.row) })
	m.first = make([]gridCell, len(m.rects))
	return &m
}

// begin brings active up to a row. Rows come in order; a block that is asked for again begins anew.
func (m *merges) begin(row int) {
	if row <= m.row {
		m.next, m.active = 0, m.active[:0]
	}
	m.row = row
	for ; m.next < len(m.rects) && m.rects[m.next].row <= row; m.next++ {
		m.active = append(m.active, m.next)
	}
	m.active = slices.DeleteFunc(m.active, func(i int) bool { return m.rects[i].endRow <= row })
}

// fill completes a row.
func (m *merges) fill(row int, cells []gridCell) []gridCell {
	m.begin(row)
	for _, i := range m.active {
		r := m.rects[i]
		if row == r.row {
			m.first[i] = gridCell{}
			if r.column < len(cells) {
				m.first[i] = cells[r.column]
				m.first[i].raw, m.first[i].shown = bytes.Clone(cells[r.column].raw), nil
			}
		}
		if m.first[i].kind == kinds.Blank {
			continue
		}
		for len(cells) < r.endColumn {
			cells = append(cells, gridCell{})
		}
		for column := r.column; column < r.endColumn; column++ {
			if cells[column].kind == kinds.Blank {
				cells[column] = m.first[i]
			}
		}
	}
	return cells
}
