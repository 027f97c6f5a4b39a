package main

import (
	"encoding/binary"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/taps/tap/kinds"
)

// A gridCell is one cell as the API has it: what it holds, and as what it is shown.
type gridCell struct {
	kind    kinds.Kind
	raw     []byte // quoted text, number, true or false
	shown   []byte // quoted, where it was asked for
	failed  bool   // an error such as #N/A; raw is then what is shown of it
	loading bool   // an error that passes by itself
}

// A cellReader takes rows of cells apart. What it gives is valid until the next row.
type cellReader struct {
	format, pattern    string // of cells whose format is the spreadsheet's default
	row, cell, members rawjson.Scanner
	cells              []gridCell
}

// read gives the cells of a RowData. Those behind the last one that holds something may be missing.
// https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets/sheets#RowData
func (c *cellReader) read(row []byte) ([]gridCell, error) {
	c.cells = c.cells[:0]
	fields, err := c.row.Fields(row)
	if err != nil {
		return nil, err
	}
	for _, field := range fields {
		if string(field.Name) != "values" || rawjson.KindOf(field.Value) != rawjson.Array {
			continue
		}
		for pos := 1; ; pos++ {
			pos = rawjson.SkipSpace(field.Value, pos)
			if field.Value[pos] == ']' {
				break
			}
			members, end, err := c.cell.Members(field.Value, pos)
			if err != nil {
				return nil, err
			}
			cell, err := c.cellOf(members)
			if err != nil {
				return nil, err
			}
			c.cells = append(c.cells, cell)
			if pos = rawjson.SkipSpace(field.Value, end); field.Value[pos] == ']' {
				break
			}
		}
	}
	return c.cells, nil
}

func (c *cellReader) cellOf(fields []protocol.Field) (gridCell, error) {
	var cell gridCell
	format, pattern := []byte(c.format), []byte(c.pattern)
	for _, field := range fields {
		var err error
		switch string(field.Name) {
		case "effectiveValue":
			err = c.value(&cell, field.Value)
		case "effectiveFormat":
			var members []protocol.Field
			if members, err = c.members.Fields(field.Value); err == nil {
				for _, m := range members {
					if string(m.Name) == "numberFormat" {
						format, pattern, err = c.numberFormat(m.Value)
						break
					}
				}
			}
		case "formattedValue":
			cell.shown = field.Value
		}
		if err != nil {
			return cell, err
		}
	}
	if cell.kind == kinds.Number {
		cell.kind = numberKind(cell.raw, string(format), string(pattern))
	}
	return cell, nil
}

// value reads an ExtendedValue.
// https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets/other#ExtendedValue
func (c *cellReader) value(cell *gridCell, value []byte) error {
	members, err := c.members.Fields(value)
	if err != nil || len(members) == 0 {
		return err
	}
	cell.raw = members[0].Value
	switch string(members[0].Name) {
	case "numberValue":
		cell.kind = kinds.Number
	case "boolValue":
		cell.kind = kinds.Boolean
	case "stringValue":
		if len(cell.raw) > len(`""`) { // an empty text is what formulas leave blank
			cell.kind = kinds.Text
		}
	case "errorValue":
		members, err = c.members.Fields(cell.raw)
		cell.failed, cell.raw = true, []byte(`"#ERROR!"`)
		for _, m := range members {
			if string(m.Name) == "type" {
				cell.loading = string(m.Value) == `"LOADING"`
				cell.raw = errorText(string(m.Value))
			}
		}
	}
	return err
}

// numberFormat reads what the format of a cell says of numbers.
func (c *cellReader) numberFormat(value []byte) (format, pattern []byte, err error) {
	members, err := c.members.Fields(value)
	for _, m := range members {
		quoted, _ := rawjson.Plain(m.Value)
		switch string(m.Name) {
		case "type":
			format = quoted
		case "pattern":
			pattern = quoted
		}
	}
	return format, pattern, err
}

// errorText is what a cell with an error shows, by the error's type.
// https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets/other#ErrorType
func errorText(quotedType string) []byte {
	switch quotedType {
	case `"NULL_VALUE"`:
		return []byte(`"#NULL!"`)
	case `"DIVIDE_BY_ZERO"`:
		return []byte(`"#DIV/0!"`)
	case `"VALUE"`:
		return []byte(`"#VALUE!"`)
	case `"REF"`:
		return []byte(`"#REF!"`)
	case `"NAME"`:
		return []byte(`"#NAME?"`)
	case `"NUM"`:
		return []byte(`"#NUM!"`)
	case `"N_A"`:
		return []byte(`"#N/A"`)
	}
	return []byte(`"#ERROR!"`)
}

// Rows of a tab lie one behind the other, in memory or in a file: the row's number, the number of its cells, and of each its kind
// and, unless it is blank, the length of its raw text and the text. Blank cells at the end, and blank rows, are left out.

// appendRow appends a row whose cells are already in that form.
func appendRow(dst []byte, number, cells int, encoded []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(number))
	dst = binary.AppendUvarint(dst, uint64(cells))
	dst = binary.AppendUvarint(dst, uint64(len(encoded)))
	return append(dst, encoded...)
}

func appendCell(dst []byte, k kinds.Kind, raw []byte) []byte {
	dst = append(dst, byte(k))
	if k == kinds.Blank {
		return dst
	}
	dst = binary.AppendUvarint(dst, uint64(len(raw)))
	return append(dst, raw...)
}

// nextCell takes a cell off the front.
func nextCell(encoded []byte) (k kinds.Kind, raw, rest []byte) {
	k = kinds.Kind(encoded[0])
	if k == kinds.Blank {
		return k, nil, encoded[1:]
	}
	size, n := binary.Uvarint(encoded[1:])
	from := 1 + n
	return k, encoded[from : from+int(size)], encoded[from+int(size):]
}

// nextRow takes a row off the front.
func nextRow(rows []byte) (number, cells int, encoded, rest []byte) {
	var head [3]uint64
	for i := range head {
		value, n := binary.Uvarint(rows)
		head[i], rows = value, rows[n:]
	}
	return int(head[0]), int(head[1]), rows[:head[2]], rows[head[2]:]
}
