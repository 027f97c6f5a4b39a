package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/rest"
)

// leastCells is when asking for less at a time is no longer of use.
const leastCells = 500

// readOnce reads all rows, block by block. A block that the API does not manage to send is asked for in halves.
// https://developers.google.com/workspace/sheets/api/limits
func (p *part) readOnce(ctx context.Context, out *tap.Output, rows *spool) (t *table, blocks int, err error) {
	if err := rows.reset(); err != nil {
		return nil, 0, err
	}
	r := p.grid()
	t = newTable(p, r)
	if r.empty() {
		return t, 0, nil
	}
	if p.reading.HiddenRows == "skip" {
		if t.hidden, err = p.hiddenRows(ctx, r); err != nil {
			return nil, 0, err
		}
	}
	size := max(1, p.source.cells/r.width())
	for row := r.row; row < r.endRow; {
		part := rect{row, min(row+size, r.endRow), r.column, r.endColumn}
		b, err := p.fetch(ctx, t, part)
		if err != nil && ctx.Err() == nil && tooMuch(err) && size > 1 && size*r.width() > leastCells {
			size /= 2
			out.Log().Info("the rows are asked for in smaller parts", "rows", size, "reason", err)
			continue
		}
		if err != nil {
			return nil, 0, err
		}
		blocks++
		if !t.named && len(b.head) > 0 {
			if err := t.begin(b); err != nil {
				return nil, 0, protocol.InStream(p.stream, err)
			}
		}
		if err := t.take(b, rows.add); err != nil {
			return nil, 0, err
		}
		if p.source.run.Sample && rows.rows > 0 {
			break
		}
		row = part.endRow
	}
	return t, blocks, nil
}

// tooMuch tells a failure that less at a time may avoid: the API's own, or an answer that broke off or was too large.
func tooMuch(err error) bool {
	var failed *rest.Failure
	return errors.Is(err, errLarge) || errors.As(err, &failed) && (failed.Status == 0 || failed.Status < 300 || failed.Status >= http.StatusInternalServerError)
}

// fetch asks for a block.
func (p *part) fetch(ctx context.Context, t *table, r rect) (*block, error) {
	b := t.block()
	fields := "effectiveValue,effectiveFormat.numberFormat(type,pattern)"
	if !t.named {
		fields += ",formattedValue"
	}
	for row, err := range p.rows(ctx, r, "rowData", ".values("+fields+")") {
		if err != nil {
			return nil, err
		}
		switch err := b.add(r.row, row); {
		case errors.Is(err, errLarge):
			return nil, err
		case err != nil:
			return nil, protocol.DataFault("report this if the setting base_url is right", "row %d is not of the expected form: %w", r.row+1, err)
		}
		r.row++
	}
	return b, nil
}

// rows asks for a range. list is the field of its GridData that is wanted.
// https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets/get
func (p *part) rows(ctx context.Context, r rect, list, fields string) func(func([]byte, error) bool) {
	query := url.Values{"ranges": {r.a1(p.tab.Properties.Title)}, "fields": {"sheets.data." + list + fields}, "prettyPrint": {"false"}}
	return p.source.client.Rows(ctx, rest.List{Rows: []string{"sheets.data." + list},
		Request: rest.Request{Path: "v4/spreadsheets/" + url.PathEscape(p.book.id), Query: query, Endpoint: "v4/spreadsheets/{id}"}})
}

// hiddenRows are those that are hidden, by hand or by a filter.
func (p *part) hiddenRows(ctx context.Context, r rect) (map[int]bool, error) {
	hidden := map[int]bool{}
	first := r
	first.endColumn = first.column + 1
	row := r.row
	for raw, err := range p.rows(ctx, first, "rowMetadata", "(hiddenByUser,hiddenByFilter)") {
		if err != nil {
			return nil, err
		}
		var is struct {
			ByUser   bool `json:"hiddenByUser"`
			ByFilter bool `json:"hiddenByFilter"`
		}
		if len(raw) > len(`{}`) {
			if err := json.Unmarshal(raw, &is); err != nil {
				return nil, err
			}
		}
		if is.ByUser || is.ByFilter {
			hidden[row] = true
		}
		row++
	}
	return hidden, nil
}
