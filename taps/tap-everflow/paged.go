package main

import (
	"context"
	"errors"
	"strconv"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap/rest"
	"github.com/signalroom/signalroom/taps/tap/windows"
)

// pageSizes are those of the walks after the first, which a row that came in between cannot shift in the same way.
var pageSizes = []int{997, 503, 991}

// most is how many rows one walk may find where it can be made shorter: the ids of all are held.
const most = 200_000

// A paged is a request whose answers come in pages, in an order that nobody promises, and with a count of all rows.
// https://developers.everflow.io/user-guide/paging
type paged struct {
	path    string
	body    any      // nil: GET
	rows    []string // names of the member that holds them
	id      string
	open    bool // rows may still come in: a count that does not fit is no fault
	bounded bool // windows.ErrFull is wanted when there are too many for one walk
	send    func(row []byte) error
}

// read sends every row once. Rows that come in while it walks shift others from page to page, and so it compares what it got with
// Everflow's own count, and walks again by other page sizes as long as some are missing.
func (s *source) read(ctx context.Context, a *account, p paged) error {
	seen := map[string]bool{}
	total := 0
	for i, size := range append([]int{s.config.PageSize}, pageSizes...) {
		pages := &pages{size: min(size, s.config.PageSize), bounded: p.bounded}
		err := s.walk(ctx, a, p, pages, seen)
		switch {
		case err != nil && (!errors.Is(err, rest.ErrRepeated) || i == len(pageSizes)):
			return err
		case err == nil && len(seen) >= pages.total:
			return nil
		}
		total = pages.total
		s.run.Log.Debug("rows are missing, walking again", "endpoint", p.path, "rows", len(seen), "total", total)
	}
	if p.open {
		s.run.Log.Warn("Everflow counts more rows of today than it gives; the next run reads them again", "endpoint", p.path, "rows", len(seen), "total", total)
		return nil
	}
	return protocol.DataFault("run again; if it stays, ask Everflow why its pages do not fit its count",
		"%s: %d rows came of %d", p.path, len(seen), total)
}

func (s *source) walk(ctx context.Context, a *account, p paged, pages *pages, seen map[string]bool) error {
	for page, err := range a.client.Pages(ctx, rest.List{Request: rest.Request{Path: p.path, Body: p.body}, Rows: p.rows, Pager: pages}) {
		if err != nil {
			return err
		}
		for _, row := range page.Rows {
			id := rest.Text(rest.Member(row, p.id))
			if id == "" {
				id = string(row) // a row without an id is for the target to judge
			}
			if seen[id] {
				continue
			}
			seen[id] = true
			if err := p.send(row); err != nil {
				return err
			}
		}
	}
	return nil
}

// pages asks for pages by number, in the query: in the body they would be ignored, and the first page come for ever.
type pages struct {
	size    int
	bounded bool
	total   int
}

// Begin asks for the first page.
func (p *pages) Begin(r *rest.Request) func(*rest.Answered) (bool, error) {
	page := 1
	set := func(r *rest.Request) {
		r.Query.Set("page", strconv.Itoa(page))
		r.Query.Set("page_size", strconv.Itoa(p.size))
	}
	set(r)
	return func(a *rest.Answered) (bool, error) {
		granted := p.size
		if n, err := strconv.Atoi(rest.Text(a.Member("paging.page_size"))); err == nil && n > 0 {
			granted = n
		}
		p.total, _ = strconv.Atoi(rest.Text(a.Member("paging.total_count")))
		if p.bounded && page == 1 && p.total > most {
			return false, windows.ErrFull
		}
		more := a.Rows > 0 && (page*granted < p.total || p.total == 0 && a.Rows >= granted)
		page++
		set(a.Request)
		return more, nil
	}
}
