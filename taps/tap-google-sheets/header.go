package main

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/kinds"
)

// headRows is how many rows with something in them are looked at for the header.
const headRows = 20

// A headRow is one of the first rows, as the sheet shows it.
type headRow struct {
	row   int // in the tab, from 0
	cells []headCell
}

type headCell struct {
	text string
	kind kinds.Kind
}

func (h headRow) filled() (cells, texts int) {
	for _, c := range h.cells {
		if c.kind != kinds.Blank {
			cells++
		}
		if c.kind == kinds.Text {
			texts++
		}
	}
	return cells, texts
}

// findHeader tells which of the first rows names the columns: the last one that is frozen, or else the first one that is at least
// half as wide as the widest and holds a text, so that a title or a note above it does not count. found is -1 where no row does;
// the caller asks the user.
func findHeader(head []headRow, frozen int) (found int) {
	widest := 0
	found = -1
	for i, h := range head {
		cells, texts := h.filled()
		widest = max(widest, cells)
		if h.row < frozen && texts > 0 {
			found = i
		}
	}
	if found >= 0 {
		return found
	}
	for i, h := range head {
		if cells, texts := h.filled(); 2*cells >= widest {
			if texts == 0 {
				return -1
			}
			return i
		}
	}
	return -1
}

// headerTexts joins the rows that name the columns together: "2026" above "Cost" is "2026 Cost". A cell that is merged with those
// to its right stands above each of them where there is another row below.
func headerTexts(rows []headRow, merges []rect, r rect) []string {
	width := r.width()
	names := make([]string, width)
	for i, h := range rows {
		for column := range width {
			said := ""
			if column < len(h.cells) {
				said = h.cells[column].text
			}
			if said == "" && i < len(rows)-1 {
				said = mergedText(h, merges, r.column+column, r.column)
			}
			names[column] = strings.TrimSpace(names[column] + " " + clean(said))
		}
	}
	return names
}

// mergedText is the text of the merged cells that a cell belongs to.
func mergedText(h headRow, merges []rect, column, first int) string {
	for _, m := range merges {
		if m.row <= h.row && h.row < m.endRow && m.column <= column && column < m.endColumn {
			if from := m.column - first; from >= 0 && from < len(h.cells) {
				return h.cells[from].text
			}
		}
	}
	return ""
}

// clean makes one line of a header: line ends, tabs and non-breaking spaces are single spaces, and what has no width is gone.
func clean(name string) string {
	name = strings.Map(func(c rune) rune {
		switch {
		case c == '\ufeff', c >= '\u200b' && c <= '\u200d', c == '\u2060':
			return -1
		case unicode.IsSpace(c), unicode.IsControl(c):
			return ' '
		}
		return c
	}, name)
	return strings.Join(strings.Fields(name), " ")
}

// The columns that every row has, and those that a catalog can select.
const (
	rowNumberColumn     = "_row_number"
	spreadsheetIDColumn = "_spreadsheet_id"
	sheetIDColumn       = "_sheet_id"
	sheetNameColumn     = "_sheet_name"
)

var ownColumns = []tap.Column{
	{Name: rowNumberColumn, Schema: []byte(`{"type":"integer","description":"Number of the row in the tab, from 1."}`)},
	{Name: spreadsheetIDColumn, Schema: []byte(`{"type":["null","string"]}`), Unselected: true},
	{Name: sheetIDColumn, Schema: []byte(`{"type":["null","integer"],"description":"The gid in the tab's address."}`), Unselected: true},
	{Name: sheetNameColumn, Schema: []byte(`{"type":["null","string"],"description":"Title of the tab."}`), Unselected: true},
}

// columnNames names the columns from the header's texts, one for one and no two alike, whatever their case. A blank one is called
// by its letter, column_c; of those that are alike the later ones get _2, _3 and so on.
func columnNames(texts []string, first int, r Reading, tagged bool) []string {
	own := make([]string, len(texts))
	for i, said := range texts {
		own[i] = said
		if said == "" {
			own[i] = "column_" + strings.ToLower(letters(first+i))
		}
	}
	own = tap.DistinctNames(own)
	names := make([]string, len(own))
	for i, name := range own {
		names[i] = name
		if r.ColumnNames == "snake_case" {
			if names[i] = tap.SnakeCase(name); names[i] == "" {
				names[i] = "column_" + strings.ToLower(letters(first+i))
			}
		}
		for _, key := range []string{own[i], names[i]} {
			if mapped, ok := r.ColumnMap[key]; ok {
				names[i] = mapped
				break
			}
		}
	}
	var taken []string
	for _, c := range ownColumns {
		taken = append(taken, c.Name)
	}
	if tagged {
		taken = append(taken, "client_id")
	}
	return tap.DistinctNames(append(taken, names...))[len(taken):]
}

// headerOf finds the header among the first rows and gives its texts, one for each column, and the row that the data begin with.
func headerOf(head []headRow, frozen int, merges []rect, rect rect, setting HeaderRow) (texts []string, data int, err error) {
	switch {
	case setting.none:
		return make([]string, rect.width()), rect.row, nil
	case setting.first > 0:
		var rows []headRow
		for _, h := range head {
			if h.row >= setting.first-1 && h.row < setting.last {
				rows = append(rows, h)
			}
		}
		if len(rows) == 0 {
			return nil, 0, protocol.ConfigFault("correct header_row", "row %d, which header_row names, is empty", setting.first)
		}
		return headerTexts(rows, merges, rect), setting.last, nil
	}
	found := findHeader(head, frozen)
	if found < 0 {
		return nil, 0, protocol.ConfigFault("set header_row to the number of the row that names the columns, or to none", "no header was found%s", where(head))
	}
	return headerTexts(head[found:found+1], merges, rect), head[found].row + 1, nil
}

func where(head []headRow) string {
	if len(head) == 0 {
		return ""
	}
	return fmt.Sprintf(": row %d holds no text", head[0].row+1)
}
