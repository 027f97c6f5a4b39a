package main

import (
	"context"
	"errors"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/lenient"
	"github.com/signalroom/signalroom/taps/tap/rest"
)

// pageSizes are those of the walks after the first, which a row that came in between cannot shift in the same way.
var pageSizes = []int{997, 503, 991}

// most is how many rows one walk may find where it can be made shorter: all are remembered.
const most = 200_000

// A paged is a request whose answers come in pages, in an order that nobody promises, and with a count of all rows. Pages are asked for
// in the query: in the body they would be ignored, and the first page come for ever.
// https://developers.everflow.io/user-guide/paging
type paged struct {
	path string
	body any      // nil: GET
	rows []string // names of the member that holds them
	id   string
	open bool // rows may still come in: a count that does not fit is no fault
	most int  // rows above which a smaller window is wanted; 0: any number will do
	// repeats tells that the list may come whole whatever page is asked for, as its documentation names none: the same page again is the end.
	repeats bool
	send    func(row []byte) error
}

// read sends every row once. Rows that come in while it walks shift others from page to page, and so it walks again by other page
// sizes as long as there are fewer than Everflow counts.
func (s *source) read(ctx context.Context, a *account, p paged) error {
	moving := rest.Moving{List: rest.List{Request: rest.Request{Path: p.path, Body: p.body}, Rows: p.rows},
		Key: rest.KeyOf(p.id), Total: "paging.total_count", Remember: true}
	sizes := append([]int{s.config.PageSize}, pageSizes...)
	if p.repeats {
		sizes = sizes[:1]
	}
	for _, size := range sizes {
		moving.Walks = append(moving.Walks, rest.Numbered{Param: "page", SizeParam: "page_size", Size: min(size, s.config.PageSize), First: 1,
			Ends: rest.Ends{Total: moving.Total, Most: p.most}})
	}
	came, total, err := a.client.Moving(ctx, moving, p.send)
	switch {
	case p.repeats && errors.Is(err, rest.ErrRepeated):
		return nil
	case err != nil || came >= total:
		return err
	case p.open:
		s.run.Log.Warn("Everflow counts more rows of today than it gives; the next run reads them again", "endpoint", p.path, "rows", came, "total", total)
		return nil
	}
	return protocol.DataFault("run again; if it stays, ask Everflow why its pages do not fit its count", "%s: %d rows came of %d", p.path, came, total)
}

// A listing is a stream of all rows of a list, each network's in turn.
type listing struct {
	name, description string
	id                string // beside network_id
	path              string // of a network's
	affiliatePath     string // of an affiliate's; empty: there is none
	body              any    // nil: GET
	repeats           bool   // see paged
	lifts             []lift
	unselected        bool
}

func list[T any](s *source, l listing) tap.Stream {
	stream := tap.Typed[T](tap.Stream{Name: l.name, Description: l.description, Disposition: protocol.Replace, Unselected: l.unselected})
	stream.Read = lenient.Read(stream.Columns, time.UTC, func(ctx context.Context, _ *tap.Output, sender *lenient.Sender) error {
		shape := newShape(sender, l.lifts...)
		accounts, err := s.identified(ctx)
		if err != nil {
			return err
		}
		for _, a := range accounts {
			path := l.path
			if a.Portal == portalAffiliate {
				path = l.affiliatePath
			}
			if path == "" {
				continue
			}
			err := s.read(ctx, a, paged{path: a.path(path), body: l.body, rows: []string{l.name, path}, id: l.id, repeats: l.repeats,
				send: func(row []byte) error { return shape.send(row, a.NetworkID) }})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return stream
}
