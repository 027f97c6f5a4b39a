package sheetstest

import (
	"time"
)

// A Doc is a spreadsheet.
type Doc struct {
	ID, Title, Zone string
	Format          string // the type of the default number format
	MIME            string // empty: that of a spreadsheet
	Modified        time.Time
	Version         int
	NoAccess        bool // it is not shared with the account
	Trashed         bool
	Tabs            []*Sheet
	Named           []Named
}

// A Sheet is a tab.
type Sheet struct {
	ID            int64
	Title         string
	Kind          string // empty: GRID
	Hidden        bool
	Rows, Columns int // of the grid; 0: 1000 × 26
	Frozen        int
	Cells         [][]any // ragged
	Merges        []Rect
	Protected     bool           // others alone may edit it; whoever may see the spreadsheet reads it all the same
	HiddenRows    map[int]string // row from 0, and hiddenByUser or hiddenByFilter
	Tables        []Named
}

// Named is a named range or a table.
type Named struct {
	ID, Name string
	Sheet    int64 // of a named range
	Rect     Rect
}

// A Rect is a part of a tab from 0: the first row, the row behind the last one, and the same for columns. [Unbounded] is no end.
type Rect [4]int

// Unbounded is an end that is not there.
const Unbounded = 1 << 30

// What a cell may be beside nil, text, bool and number.
type (
	// Failed is the type of an error.
	Failed string
	// Formatted is a number, or its text, with the format that makes it a date or the like.
	Formatted struct {
		Serial        any
		Kind, Pattern string
		Shown         string
	}
)

func (s *Sheet) size() (rows, columns int) {
	if rows, columns = s.Rows, s.Columns; rows == 0 {
		rows = 1000
	}
	if columns == 0 {
		columns = 26
	}
	return rows, columns
}
