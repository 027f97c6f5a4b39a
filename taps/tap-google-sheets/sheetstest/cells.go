package sheetstest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

func (s *Sheet) grid(r Rect, fields string, trimmed bool) map[string]any {
	data := map[string]any{}
	if strings.Contains(fields, "rowMetadata") {
		var rows []any
		for row := r[0]; row < r[1]; row++ {
			is := map[string]any{}
			if how := s.HiddenRows[row]; how != "" {
				is[how] = true
			}
			rows = append(rows, is)
		}
		data["rowMetadata"] = rows
		return data
	}
	var rows []any
	filled := 0
	for row := r[0]; row < r[1]; row++ {
		var values []any
		last := 0
		for column := r[2]; column < r[3]; column++ {
			cell := map[string]any{}
			if row < len(s.Cells) && column < len(s.Cells[row]) {
				cell = cellOf(s.Cells[row][column], strings.Contains(fields, "formattedValue"))
			}
			values = append(values, cell)
			if len(cell) > 0 {
				last = len(values)
			}
		}
		if last == 0 {
			rows = append(rows, map[string]any{})
			continue
		}
		rows = append(rows, map[string]any{"values": values[:last]})
		filled = len(rows)
	}
	if trimmed {
		rows = rows[:filled]
	}
	if len(rows) > 0 {
		data["rowData"] = rows
	}
	return data
}

func cellOf(value any, shown bool) map[string]any {
	cell := map[string]any{}
	text := ""
	switch v := value.(type) {
	case nil:
		return cell
	case string:
		cell["effectiveValue"], text = map[string]any{"stringValue": v}, v
	case bool:
		cell["effectiveValue"], text = map[string]any{"boolValue": v}, strings.ToUpper(strconv.FormatBool(v))
	case Failed:
		cell["effectiveValue"], text = map[string]any{"errorValue": map[string]any{"type": string(v), "message": "why, in the sheet's language"}}, "#ERROR"
	case Formatted:
		cell["effectiveValue"] = map[string]any{"numberValue": json.Number(fmt.Sprint(v.Serial))}
		format := map[string]any{"type": v.Kind}
		if v.Pattern != "" {
			format["pattern"] = v.Pattern
		}
		cell["effectiveFormat"], text = map[string]any{"numberFormat": format}, v.Shown
	default:
		cell["effectiveValue"], text = map[string]any{"numberValue": json.Number(fmt.Sprint(v))}, fmt.Sprint(v)
	}
	if shown {
		cell["formattedValue"] = text
	}
	return cell
}
