package main

import (
	"slices"

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
			format, pattern, err = c.numberFormat(field.Value, format, pattern)
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

// numberFormat reads what the format of a cell says of numbers. Where it says nothing of them, the format given stays.
func (c *cellReader) numberFormat(value, format, pattern []byte) (newFormat, newPattern []byte, err error) {
	members, err := c.members.Fields(value)
	at := slices.IndexFunc(members, func(m protocol.Field) bool { return string(m.Name) == "numberFormat" })
	if err != nil || at < 0 {
		return format, pattern, err
	}
	members, err = c.members.Fields(members[at].Value)
	for _, m := range members {
		quoted, _ := rawjson.Plain(m.Value)
		switch string(m.Name) {
		case "type":
			newFormat = quoted
		case "pattern":
			newPattern = quoted
		}
	}
	return newFormat, newPattern, err
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
