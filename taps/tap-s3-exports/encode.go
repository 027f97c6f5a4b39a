package main

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap-s3-exports/csv"
)

// A rowEncoder turns the records of one file into members of JSON objects. It allocates nothing for a row.
type rowEncoder struct {
	stream *stream
	before []byte // members that are the same in all rows, each with a comma in front
	rowID  []byte // `,"_row_id":`, nil when it is not kept
	line   []byte // likewise
	cells  []cell
	extra  tap.Keep // of _extra
	hides  bool     // a column is hashed, masked or dropped

	row []byte
	own []byte // plain
}

// A cell is where the values of one place in a record go.
type cell struct {
	column *column
	keep   tap.Keep
	member []byte // `,"name":`
	null   []byte // `,"name":null`
}

func newRowEncoder(s *stream, out *tap.Output, f *file, name string, names []string) rowEncoder {
	e := rowEncoder{stream: s, extra: out.Keep(extraColumn)}
	fixed := func(column string, quoted bool, value string) {
		switch keep := out.Keep(column); {
		case keep == tap.Dropped:
			return
		case keep != tap.Whole:
			e.before = tap.AppendKept(append(e.before, memberPrefix(column)...), keep, []byte(value))
		case value == "":
			e.before = append(append(e.before, memberPrefix(column)...), "null"...)
		case quoted:
			e.before = rawjson.AppendStringLossy(append(e.before, memberPrefix(column)...), value)
		default:
			e.before = append(append(e.before, memberPrefix(column)...), value...)
		}
	}
	fixed(fileNameColumn, true, name)
	fixed(fileDateColumn, true, f.date.Format(time.DateOnly))
	fixed(etagColumn, true, f.ETag)
	fixed(modifiedColumn, true, f.Modified.UTC().Format(time.RFC3339))
	fixed(sizeColumn, false, strconv.FormatInt(f.Size, 10))
	if out.Keep(rowIDColumn) != tap.Dropped {
		e.rowID = memberPrefix(rowIDColumn)
	}
	if out.Keep(lineColumn) != tap.Dropped {
		e.line = memberPrefix(lineColumn)
	}
	for _, name := range names {
		c := cell{column: &s.ledger.columns[s.index[lowerName(name)]], keep: out.Keep(name), member: memberPrefix(name)}
		c.null = append(slices.Clone(c.member), "null"...)
		e.hides = e.hides || c.keep != tap.Whole
		e.cells = append(e.cells, c)
	}
	return e
}

func memberPrefix(name string) []byte {
	return append(rawjson.AppendStringLossy([]byte{','}, name), ':')
}

func lowerName(name string) string { return strings.ToLower(name) }

// encode gives the members of the record. misfit is -1, or the place of the first cell that does not fit its column; behind the
// last column it stands for cells that have none. The members are valid until the next call.
func (e *rowEncoder) encode(record *csv.Record) (members []byte, misfit int) {
	row := append(e.row[:0], e.before...)
	if e.rowID != nil {
		row = strconv.AppendInt(append(row, e.rowID...), record.Row, 10)
	}
	if e.line != nil {
		row = strconv.AppendInt(append(row, e.line...), record.Line, 10)
	}
	present := min(record.Len(), len(e.cells))
	for i := range e.cells {
		c := &e.cells[i]
		if c.keep == tap.Dropped {
			continue
		}
		if i >= present {
			row = append(row, c.null...)
			continue
		}
		v := record.Field(i)
		if (len(v) == 0 || len(e.stream.nullValues) > 0) && e.stream.isNull(v, record, i) {
			row = append(row, c.null...)
			continue
		}
		row = append(row, c.member...)
		switch {
		case c.keep != tap.Whole:
			row = tap.AppendKept(row, c.keep, v)
		case c.column.kind == text:
			row = rawjson.AppendString(row, v)
		default:
			fits := false
			if row, fits = c.column.append(row, v); !fits {
				e.row = row
				return nil, i
			}
		}
	}
	if record.Len() > len(e.cells) {
		var ok bool
		if row, ok = e.appendExtra(row, record); !ok {
			e.row = row
			return nil, len(e.cells)
		}
	}
	e.row = row
	if len(row) == 0 {
		return nil, -1
	}
	return row[1:], -1
}

// appendExtra appends the cells behind the last column, unless all are empty. ok is false while the stream has no column for them.
func (e *rowEncoder) appendExtra(row []byte, record *csv.Record) (out []byte, ok bool) {
	start := len(row)
	for i := len(e.cells); i < record.Len(); i++ {
		v := record.Field(i)
		if len(v) == 0 {
			continue
		}
		if len(row) == start {
			if _, known := e.stream.index[extraColumn]; !known {
				return row, false
			}
			if e.extra != tap.Whole {
				return row, true
			}
			row = append(row, `,"`+extraColumn+`":{`...)
		} else {
			row = append(row, ',')
		}
		row = append(row, `"column_`...)
		row = strconv.AppendInt(row, int64(i+1), 10)
		row = append(row, `":`...)
		row = rawjson.AppendString(row, v)
	}
	if len(row) > start {
		row = append(row, '}')
	}
	return row, true
}

// plain gives the members of the record as the user's schema is to judge them: every column, nothing hidden, without the empty cells,
// and values that do not fit their column as text.
func (e *rowEncoder) plain(record *csv.Record) []byte {
	row := e.own[:0]
	for i := range min(record.Len(), len(e.cells)) {
		v := record.Field(i)
		if e.stream.isNull(v, record, i) {
			continue
		}
		row = append(row, e.cells[i].member...)
		fits := false
		if row, fits = e.cells[i].column.append(row, v); !fits {
			row = rawjson.AppendString(row, v)
		}
	}
	e.own = row
	return slices.Clone(row[min(1, len(row)):])
}
