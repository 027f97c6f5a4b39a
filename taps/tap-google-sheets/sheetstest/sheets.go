package sheetstest

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The masks that a request may have: one for what there is beside cells, one for a test of the connection, and those for cells.
var (
	aboutMask    = regexp.MustCompile(`^properties\(title,timeZone,.*\),namedRanges,sheets\(properties\(.*\),merges,tables\(tableId,name,range\)\)$`)
	cellsMask    = regexp.MustCompile(`^sheets\.data\.rowData\.values\(effectiveValue,effectiveFormat\.numberFormat\(type,pattern\)(,formattedValue)?\)$`)
	sampleMask   = regexp.MustCompile(`^sheets\(properties\.sheetId,data\.rowData\.values\(effectiveValue,effectiveFormat\.numberFormat\(type,pattern\),formattedValue\)\)$`)
	metadataMask = regexp.MustCompile(`^sheets\.data\.rowMetadata\(hiddenByUser,hiddenByFilter\)$`)
	quotedRange  = regexp.MustCompile(`^'((?:[^']|'')*)'!([A-Z]+)([1-9][0-9]*):([A-Z]+)([1-9][0-9]*)$`)
)

// spreadsheet answers spreadsheets.get.
func (g *Server) spreadsheet(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	d := g.doc(r.PathValue("id"))
	fields, ranges := r.URL.Query().Get("fields"), r.URL.Query()["ranges"]
	switch {
	case d == nil:
		answer(w, http.StatusNotFound, "NOT_FOUND", "Requested entity was not found.")
	case d.NoAccess:
		answer(w, http.StatusForbidden, "PERMISSION_DENIED", "The caller does not have permission")
	case d.MIME == "application/pdf":
		answer(w, http.StatusBadRequest, "INVALID_ARGUMENT", "Request contains an invalid argument.")
	case d.MIME != "":
		answer(w, http.StatusBadRequest, "FAILED_PRECONDITION", "This operation is not supported for this document. The document must not be an Office file.")
	case fields == "spreadsheetId" && ranges == nil:
		reply(w, http.StatusOK, map[string]any{"spreadsheetId": d.ID})
	case aboutMask.MatchString(fields) && ranges == nil:
		reply(w, http.StatusOK, d.about())
	case cellsMask.MatchString(fields) && len(ranges) == 1, sampleMask.MatchString(fields) && len(ranges) > 0, metadataMask.MatchString(fields) && len(ranges) == 1:
		body, message := d.grids(ranges, fields, g.Trimmed)
		if message != "" {
			answer(w, http.StatusBadRequest, "INVALID_ARGUMENT", message)
			return
		}
		reply(w, http.StatusOK, body)
	default:
		g.t.Errorf("fields %q with %d ranges is no request that the tap has to make", fields, len(ranges))
		w.WriteHeader(http.StatusTeapot)
	}
}

// column counts from 0.
func column(letters string) int {
	n := 0
	for _, c := range letters {
		n = n*26 + int(c-'A') + 1
	}
	return n - 1
}

// gridRange leaves out what is 0 or Unbounded, as the API does.
func gridRange(sheet int64, r Rect) map[string]any {
	out := map[string]any{}
	for name, value := range map[string]int{"startRowIndex": r[0], "endRowIndex": r[1], "startColumnIndex": r[2], "endColumnIndex": r[3], "sheetId": int(sheet)} {
		if value != 0 && value != Unbounded {
			out[name] = value
		}
	}
	return out
}

func (d *Doc) about() map[string]any {
	properties := map[string]any{"title": d.Title, "timeZone": d.Zone}
	if d.Format != "" {
		properties["defaultFormat"] = map[string]any{"numberFormat": map[string]any{"type": d.Format}}
	}
	var tabs, ranges []any
	for _, s := range d.Tabs {
		about := map[string]any{"title": s.Title, "sheetType": "GRID"}
		if s.ID != 0 {
			about["sheetId"] = s.ID
		}
		if s.Hidden {
			about["hidden"] = true
		}
		if s.Kind != "" {
			about["sheetType"] = s.Kind
		} else {
			rows, columns := s.size()
			grid := map[string]any{"rowCount": rows, "columnCount": columns}
			if s.Frozen > 0 {
				grid["frozenRowCount"] = s.Frozen
			}
			about["gridProperties"] = grid
		}
		tab := map[string]any{"properties": about}
		for _, m := range s.Merges {
			tab["merges"] = append(anyList(tab["merges"]), gridRange(s.ID, m))
		}
		if s.Protected {
			tab["protectedRanges"] = []any{map[string]any{"protectedRangeId": 1, "range": gridRange(s.ID, Rect{0, Unbounded, 0, Unbounded}), "requestingUserCanEdit": false}}
		}
		for _, table := range s.Tables {
			tab["tables"] = append(anyList(tab["tables"]), map[string]any{"tableId": table.ID, "name": table.Name, "range": gridRange(s.ID, table.Rect)})
		}
		tabs = append(tabs, tab)
	}
	for _, n := range d.Named {
		ranges = append(ranges, map[string]any{"namedRangeId": n.ID, "name": n.Name, "range": gridRange(n.Sheet, n.Rect)})
	}
	body := map[string]any{"properties": properties, "sheets": tabs}
	if ranges != nil {
		body["namedRanges"] = ranges
	}
	return body
}

func anyList(v any) []any { list, _ := v.([]any); return list }

// grids answers with the cells of ranges, or tells what is wrong with one. The list of tabs holds those alone that have a range.
func (d *Doc) grids(ranges []string, fields string, trimmed bool) (body map[string]any, message string) {
	found := map[int64]map[string]any{}
	for _, text := range ranges {
		m := quotedRange.FindStringSubmatch(text)
		i := -1
		if m != nil {
			i = slices.IndexFunc(d.Tabs, func(s *Sheet) bool { return s.Title == strings.ReplaceAll(m[1], "''", "'") })
		}
		if i < 0 {
			return nil, "Unable to parse range: " + text
		}
		s := d.Tabs[i]
		rows, columns := s.size()
		first, _ := strconv.Atoi(m[3])
		last, _ := strconv.Atoi(m[5])
		r := Rect{first - 1, last, column(m[2]), column(m[4]) + 1}
		if r[0] >= rows || r[2] >= columns {
			return nil, fmt.Sprintf("Range (%s) exceeds grid limits. Max rows: %d, max columns: %d", text, rows, columns)
		}
		r[1], r[3] = min(r[1], rows), min(r[3], columns)
		tab := found[s.ID]
		if tab == nil {
			tab = map[string]any{}
			if strings.Contains(fields, "properties.sheetId") {
				tab["properties"] = map[string]any{"sheetId": s.ID}
			}
			found[s.ID] = tab
		}
		tab["data"] = append(anyList(tab["data"]), s.grid(r, fields, trimmed))
	}
	var tabs []any
	for _, s := range d.Tabs {
		if tab, ok := found[s.ID]; ok {
			tabs = append(tabs, tab)
		}
	}
	return map[string]any{"sheets": tabs}, ""
}
