package main

import (
	"slices"
	"strconv"
	"time"

	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap-s3-exports/csv"
	"github.com/signalroom/signalroom/taps/tap/kinds"
)

// A rowEncoder turns the records of one file into members of JSON objects. It allocates nothing for a row.
type rowEncoder struct {
	stream *stream
	before []byte // members that are the same in all rows
	rowID  []byte // `,"_row_id":`, nil when it is not kept
	line   []byte // likewise
	cells  []cell
	nulls  []byte   // the cells' members with null as value, one after the other
	extra  tap.Keep // of _extra
	hides  bool     // a column is hashed, masked or dropped

	own []byte
}

// The sizes of the blocks by which short texts are moved.
const (
	blockSize = 48
	shortSize = rawjson.ShortSize
)

// A cell is where the values of one place in a record go. Its member is what stands before a value, the comma in front only
// where something else stands before it.
type cell struct {
	column *column
	kind   kinds.Kind // the column's
	keep   tap.Keep
	member []byte          // `,"name":`
	quoted []byte          // `,"name":"`
	block  [blockSize]byte // quoted, where it is no longer
	short  bool            // the quick way may be taken
	null   int             // where `,"name":null` begins in nulls
}

func newRowEncoder(s *stream, keep func(column string) tap.Keep, f *file, name string, names []string) rowEncoder {
	e := rowEncoder{stream: s, extra: keep(extraColumn)}
	member := func(dst []byte, column string) []byte {
		if len(e.before) > 0 || e.rowID != nil {
			dst = append(dst, ',')
		}
		return append(rawjson.AppendStringLossy(dst, column), ':')
	}
	fixed := func(column string, quoted bool, value string) {
		switch k := keep(column); {
		case k == tap.Dropped:
			return
		case k != tap.Whole:
			e.before = tap.AppendKept(member(e.before, column), k, []byte(value))
		case value == "":
			e.before = append(member(e.before, column), "null"...)
		case quoted:
			e.before = rawjson.AppendStringLossy(member(e.before, column), value)
		default:
			e.before = append(member(e.before, column), value...)
		}
	}
	fixed(fileNameColumn, true, name)
	fixed(fileDateColumn, true, f.date.Format(time.DateOnly))
	fixed(etagColumn, true, f.ETag)
	fixed(modifiedColumn, true, f.Modified.UTC().Format(time.RFC3339))
	fixed(sizeColumn, false, strconv.FormatInt(f.Size, 10))
	if keep(rowIDColumn) != tap.Dropped {
		e.rowID = member(nil, rowIDColumn)
	}
	if keep(lineColumn) != tap.Dropped {
		e.line = member(nil, lineColumn)
	}
	comma := len(e.before) > 0 || e.rowID != nil || e.line != nil
	for _, name := range names {
		c := cell{column: s.column(name), keep: keep(name), null: len(e.nulls)}
		c.kind = c.column.kind
		e.hides = e.hides || c.keep != tap.Whole
		if c.keep != tap.Dropped {
			if comma {
				c.member = []byte{','}
			}
			comma = true
			c.member = append(rawjson.AppendStringLossy(c.member, name), ':')
			c.quoted = append(slices.Clone(c.member), '"')
			copy(c.block[:], c.quoted)
			e.nulls = append(append(e.nulls, c.member...), "null"...)
			c.short = c.keep == tap.Whole && len(c.quoted) <= blockSize && len(s.nullValues) == 0
		}
		e.cells = append(e.cells, c)
	}
	return e
}

// encode appends the members of the record. misfit is -1, or the place of the first cell that does not fit its column; behind the
// last column it stands for cells that have none.
func (e *rowEncoder) encode(row []byte, record *csv.Record) (out []byte, misfit int) {
	row = append(row, e.before...)
	if e.rowID != nil {
		row = strconv.AppendInt(append(row, e.rowID...), record.Row, 10)
	}
	if e.line != nil {
		row = strconv.AppendInt(append(row, e.line...), record.Line, 10)
	}
	plain := record.Within(rawjson.PlainPrefix(record.Raw())) // one look at all is cheaper than one at each value
	present := min(record.Len(), len(e.cells))
	for i := 0; i < present; i++ {
		if n := min(record.Blanks(i), present-i); n > 0 {
			row = append(row, e.nulls[e.cells[i].null:e.nullsEnd(i+n)]...)
			if i += n; i == present {
				break
			}
		}
		c := &e.cells[i]
		v := record.Field(i)
		if len(v) <= shortSize && c.short && cap(v) >= shortSize && cap(row)-len(row) >= blockSize+shortSize+1 && len(v) > 0 {
			// Blocks of a fixed size are moved without a call; what is too much is written over by what follows.
			n := len(row)
			row = row[:n+blockSize+shortSize+1]
			*(*[blockSize]byte)(row[n:]) = c.block
			switch {
			case c.kind == kinds.Text && (i < plain || rawjson.ShortIsPlain(v)):
				n += len(c.quoted)
				*(*[shortSize]byte)(row[n:]) = *(*[shortSize]byte)(v[:shortSize])
				n += len(v)
				row[n] = '"'
				row = row[:n+1]
				continue
			case c.kind == kinds.Integer && isInteger(v), c.kind == kinds.Number && isNumber(v):
				n += len(c.member)
				*(*[shortSize]byte)(row[n:]) = *(*[shortSize]byte)(v[:shortSize])
				row = row[:n+len(v)]
				continue
			}
			row = row[:n]
		}
		switch {
		case c.keep == tap.Dropped:
		case (len(v) == 0 || len(e.stream.nullValues) > 0) && e.stream.isNull(v, record, i):
			row = append(row, e.nulls[c.null:e.nullsEnd(i+1)]...)
		case c.keep != tap.Whole:
			row = tap.AppendKept(append(row, c.member...), c.keep, v)
		case c.kind == kinds.Text && i < plain:
			row = append(row, c.quoted...)
			row = append(row, v...)
			row = append(row, '"')
		case c.kind == kinds.Text:
			row = rawjson.AppendString(append(row, c.member...), v)
		default:
			fits := false
			if row, fits = c.column.append(append(row, c.member...), v); !fits {
				return row, i
			}
		}
	}
	if present < len(e.cells) {
		row = append(row, e.nulls[e.cells[present].null:]...)
	}
	if record.Len() > len(e.cells) {
		fits := false
		if row, fits = e.appendExtra(row, record); !fits {
			return row, len(e.cells)
		}
	}
	return row, -1
}

// nullsEnd is where the null members of the cells before i end.
func (e *rowEncoder) nullsEnd(i int) int {
	if i == len(e.cells) {
		return len(e.nulls)
	}
	return e.cells[i].null
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
			if e.stream.column(extraColumn) == nil {
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

// judged gives the members of the record as the user's schema is to judge them: every column, nothing hidden, without the empty
// cells, and values that do not fit their column as text.
func (e *rowEncoder) judged(record *csv.Record) []byte {
	row := e.own[:0]
	for i := range min(record.Len(), len(e.cells)) {
		v := record.Field(i)
		if e.stream.isNull(v, record, i) {
			continue
		}
		if len(row) > 0 {
			row = append(row, ',')
		}
		column := e.cells[i].column
		row = append(rawjson.AppendStringLossy(row, column.name), ':')
		fits := false
		if row, fits = column.append(row, v); !fits {
			row = rawjson.AppendString(row, v)
		}
	}
	e.own = row
	return row
}
