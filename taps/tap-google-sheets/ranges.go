package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"google.golang.org/api/sheets/v4"
)

// A rect is a part of a tab, half open and counted from 0. Where an end is unbounded it is unbounded.
type rect struct{ row, endRow, column, endColumn int }

// unbounded is beyond every row and column that a spreadsheet can have.
const unbounded = 1 << 30

// everything is a whole tab.
var everything = rect{0, unbounded, 0, unbounded}

// rectOf reads the API's GridRange, in which an absent end is unbounded and an absent beginning is 0.
// https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets/other#GridRange
func rectOf(g *sheets.GridRange) rect {
	r := rect{int(g.StartRowIndex), int(g.EndRowIndex), int(g.StartColumnIndex), int(g.EndColumnIndex)}
	if r.endRow == 0 {
		r.endRow = unbounded
	}
	if r.endColumn == 0 {
		r.endColumn = unbounded
	}
	return r
}

// within cuts r to a grid. A range that starts outside the grid is an error to the API, one that ends outside is not.
func (r rect) within(rows, columns int) rect {
	return rect{r.row, min(r.endRow, rows), r.column, min(r.endColumn, columns)}
}

func (r rect) empty() bool { return r.row >= r.endRow || r.column >= r.endColumn }
func (r rect) width() int  { return r.endColumn - r.column }

// a1 is the rect in A1 notation. The tab's name is always quoted: bare names such as A1, R or a named range mean something else.
// https://developers.google.com/workspace/sheets/api/guides/concepts#cell
func (r rect) a1(tab string) string {
	return fmt.Sprintf("'%s'!%s%d:%s%d", strings.ReplaceAll(tab, "'", "''"), letters(r.column), r.row+1, letters(r.endColumn-1), r.endRow)
}

// letters names a column as Sheets does: A, Z, AA.
func letters(column int) string {
	name := ""
	for ; column >= 0; column = column/26 - 1 {
		name = string(rune('A'+column%26)) + name
	}
	return name
}

// columnOf is the reverse of letters.
func columnOf(name string) int {
	column := 0
	for _, c := range strings.ToUpper(name) {
		column = column*26 + int(c-'A') + 1
	}
	return column - 1
}

// edge is one end of a range as a user writes it: A1, A, 1, with dollars or without.
var edge = regexp.MustCompile(`^\$?([A-Za-z]{0,3})\$?([0-9]{0,8})$`)

// parseA1 reads B3:F20, B3:F, B:F, 3:20 and a single cell, with or without a tab in front ('Bob”s tab'!B3:F). The ends may come in
// either order. ok is false for anything else, which may be the name of a named range or a table.
func parseA1(text string) (tab string, r rect, ok bool) {
	if i := strings.LastIndexByte(text, '!'); i >= 0 {
		tab, text = text[:i], text[i+1:]
		if inner, quoted := strings.CutPrefix(tab, "'"); quoted {
			tab = strings.ReplaceAll(strings.TrimSuffix(inner, "'"), "''", "'")
		}
	}
	from, to, pair := strings.Cut(text, ":")
	if !pair {
		to = from
	}
	a, b := edge.FindStringSubmatch(from), edge.FindStringSubmatch(to)
	if a == nil || b == nil || from == "" || to == "" || (a[1] == "" && b[1] != "") || (!pair && (a[1] == "" || a[2] == "")) {
		return "", rect{}, false
	}
	r = everything
	if a[1] != "" && b[1] != "" {
		x, y := columnOf(a[1]), columnOf(b[1])
		r.column, r.endColumn = min(x, y), max(x, y)+1
	} else if a[1] != "" {
		r.column = columnOf(a[1])
	}
	x, y := rowOf(a[2]), rowOf(b[2])
	switch {
	case x == 0 || y == 0:
		return "", rect{}, false
	case x > 0 && y > 0:
		r.row, r.endRow = min(x, y)-1, max(x, y)
	case x > 0 || y > 0: // B3:F is everything from row 3
		r.row = max(x, y) - 1
	}
	return tab, r, true
}

// rowOf is -1 for no row, and 0 for one that is not there.
func rowOf(text string) int {
	if text == "" {
		return -1
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return n
}
