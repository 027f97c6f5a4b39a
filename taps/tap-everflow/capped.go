package main

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap/rest"
	"github.com/signalroom/signalroom/taps/tap/windows"
)

// A filter narrows a report. https://developers.everflow.io/user-guide/api-filters
type filter struct {
	ResourceType string `json:"resource_type"`
	Value        string `json:"filter_id_value"` // also where it is a number
}

// A capped is a report whose answers leave out, some without a word, what is beyond so many rows.
type capped struct {
	account *account
	client  *rest.Client
	path    string
	body    map[string]any // beside from, to and query
	rows    []string
	layout  string // of from and to
	zone    *time.Location
	full    int // rows of an answer that may not be all
	send    func(row []byte) error
}

// read sends the rows of a window, or tells that there are more than come at once. The shortest window is then split by what
// the rows are about.
func (c *capped) read(ctx context.Context, w windows.Window, shortest bool) (rows int, err error) {
	got, full, err := c.fetch(ctx, w, nil)
	switch {
	case err != nil:
		return 0, err
	case full && !shortest:
		return len(got), windows.ErrFull
	case full:
		return 0, c.split(ctx, w, nil, c.account.splits())
	}
	return len(got), c.sendAll(got)
}

func (c *capped) sendAll(rows [][]byte) error {
	for _, row := range rows {
		if err := c.send(row); err != nil {
			return err
		}
	}
	return nil
}

// split reads a window once for each value that the daily figures have of a column, and of the next where that is still too much.
func (c *capped) split(ctx context.Context, w windows.Window, filters []filter, by []string) error {
	tooMany := protocol.DataFault("leave that time out by start_date and end_date, and ask Everflow for an export of it",
		"%s: from %s there are more rows than Everflow gives", c.path, w.Start.In(c.zone).Format(c.layout))
	if len(by) == 0 {
		return tooMany
	}
	values, err := c.values(ctx, w, filters, by[0])
	if err != nil {
		return err
	}
	total := 0
	for _, value := range values {
		narrow := append(slices.Clone(filters), filter{by[0], value})
		rows, full, err := c.fetch(ctx, w, narrow)
		switch {
		case err != nil:
			return err
		case full:
			err = c.split(ctx, w, narrow, by[1:])
		default:
			err = c.sendAll(rows)
		}
		if err != nil {
			return err
		}
		total += len(rows)
	}
	if total < c.full { // a value is not among the figures
		return tooMany
	}
	return nil
}

// values are those of a report column at a time.
func (c *capped) values(ctx context.Context, w windows.Window, filters []filter, column string) ([]string, error) {
	figures := *c
	figures.path, figures.rows, figures.full = c.account.path("reporting/entity/table"), []string{"table"}, reportCap
	figures.body = map[string]any{"timezone_id": c.body["timezone_id"], "currency_id": c.account.CurrencyID, "columns": columnsOf(column)}
	rows, _, err := figures.fetch(ctx, w, filters)
	if err != nil {
		return nil, err
	}
	var values []string
	for _, row := range rows {
		var figure struct{ Columns []reportColumn }
		if err := json.Unmarshal(row, &figure); err != nil || len(figure.Columns) != 1 {
			return nil, protocol.DataFault("", "%s: a row has not the one column that was asked for", figures.path)
		}
		values = append(values, text(figure.Columns[0].ID))
	}
	return values, nil
}

// fetch asks for a window. full tells that there may be more rows than came.
func (c *capped) fetch(ctx context.Context, w windows.Window, filters []filter) (rows [][]byte, full bool, err error) {
	body := between(c.body, w, c.layout, c.zone)
	if len(filters) > 0 {
		body["query"] = map[string]any{"filters": filters}
	}
	for page, err := range c.client.Pages(ctx, rest.List{Request: rest.Request{Path: c.path, Body: body}, Rows: c.rows}) {
		if err != nil {
			return nil, false, err
		}
		for _, row := range page.Rows {
			rows = append(rows, bytes.Clone(row))
		}
		full = full || string(rest.Member(page.Envelope, "incomplete_results")) == "true"
	}
	return rows, full || len(rows) >= c.full, nil
}
