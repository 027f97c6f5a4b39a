package main

import (
	"bytes"
	"cmp"
	"slices"
)

// merges gives the value of merged cells, which the API has in the first of them alone, to all of them.
type merges struct {
	rects []rect     // in order, within the columns that are read, which count from 0 here
	first []gridCell // of each, once its row was seen
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

// fill completes a row. Rows come in order, some of them twice.
func (m *merges) fill(row int, cells []gridCell) []gridCell {
	for i, r := range m.rects {
		if r.row > row {
			break
		}
		if row >= r.endRow {
			continue
		}
		if row == r.row {
			m.first[i] = gridCell{}
			if r.column < len(cells) {
				m.first[i] = cells[r.column]
				m.first[i].raw, m.first[i].shown = bytes.Clone(cells[r.column].raw), nil
			}
		}
		if m.first[i].kind == blank {
			continue
		}
		for len(cells) < r.endColumn {
			cells = append(cells, gridCell{})
		}
		for column := r.column; column < r.endColumn; column++ {
			if cells[column].kind == blank {
				cells[column] = m.first[i]
			}
		}
	}
	return cells
}
