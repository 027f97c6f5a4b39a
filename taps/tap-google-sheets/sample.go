package main

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"

	"google.golang.org/api/sheets/v4"
)

// sampleRows is how much of a tab tells a catalog its columns; of a wide one it is less, but always enough for its header.
const (
	sampleRows  = 2 * headRows
	sampleCells = 5000
)

// sampled is the first rows of the part in A1 notation, empty where its tab has none.
func (p *part) sampled() string {
	r := p.grid()
	if r.empty() {
		return ""
	}
	r.endRow = min(r.endRow, r.row+max(headRows, min(sampleRows, sampleCells/r.width())))
	return r.a1(p.tab.Properties.Title)
}

// addressMost bounds the ranges in the address of a request.
const addressMost = 4000

// sample finds the columns of parts that no run has read yet, as far as the first rows tell: one request for many parts of a spreadsheet.
func (s *source) sample(ctx context.Context, parts []*part) error {
	for len(parts) > 0 {
		var group, rest []*part
		size := 0
		for _, p := range parts {
			same := func(other *part) bool { return p.tab.Properties.SheetId == other.tab.Properties.SheetId }
			length := len(url.QueryEscape(p.sampled()))
			if len(group) > 0 && (size+length > addressMost || p.book != group[0].book) || slices.ContainsFunc(group, same) {
				rest = append(rest, p)
				continue
			}
			size += length
			group = append(group, p)
		}
		if err := s.sampleGroup(ctx, group); err != nil {
			return err
		}
		parts = rest
	}
	return nil
}

func (s *source) sampleGroup(ctx context.Context, group []*part) error {
	var ranges []string
	for _, p := range group {
		if a1 := p.sampled(); a1 != "" {
			ranges = append(ranges, a1)
		}
	}
	if len(ranges) == 0 {
		return nil
	}
	book := group[0].book
	found, err := s.sheets.Spreadsheets.Get(book.id).Ranges(ranges...).Context(ctx).
		Fields("sheets(properties.sheetId,data.rowData.values(effectiveValue,effectiveFormat.numberFormat(type,pattern),formattedValue))").Do()
	if err != nil {
		return inSpreadsheet(book.title, s.explain(err))
	}
	for _, tab := range found.Sheets {
		id := int64(0) // which may be left out
		if tab.Properties != nil {
			id = tab.Properties.SheetId
		}
		for _, p := range group {
			if p.tab.Properties.SheetId == id && len(tab.Data) > 0 {
				p.guess(tab.Data[0].RowData)
			}
		}
	}
	return nil
}

// guess makes columns of a part's first rows. Where that does not succeed, the part has none until it is read.
func (p *part) guess(rows []*sheets.RowData) {
	r := p.grid()
	t := newTable(p, r)
	b := t.block()
	for i, row := range rows {
		if encoded, err := json.Marshal(row); err != nil || b.add(r.row+i, encoded) != nil {
			return
		}
	}
	if len(b.head) > 0 && t.begin(b) == nil && t.take(b, func([]byte) error { return nil }) == nil {
		p.columns = t.columns()
	}
}
