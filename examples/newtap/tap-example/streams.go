package main

import (
	"context"
	"encoding/json"
	"net/url"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/rest"
	"github.com/signalroom/signalroom/taps/tap/windows"
)

// Order is a row of orders. A number whose digits count is a float64 here: it is sent as it came.
type Order struct {
	ID        int64           `json:"id" tap:"key"`
	Status    string          `json:"status"`
	Total     float64         `json:"total"`
	Customer  json.RawMessage `json:"customer"`
	UpdatedAt time.Time       `json:"updated_at" tap:"cursor"`
}

// Plan is a row of plans.
type Plan struct {
	Code string `json:"code" tap:"key"`
	Name string `json:"name"`
}

// source is the tap with its settings.
type source struct {
	config *Config
	run    *tap.Run
	api    *rest.Client
}

// check makes the cheapest request that needs the key.
func (s *source) check(ctx context.Context) error {
	return s.api.JSON(ctx, &rest.Request{Path: "me"}, new(struct{}))
}

func (s *source) streams(context.Context, func(string) json.RawMessage) ([]tap.Stream, error) {
	return []tap.Stream{
		tap.Typed[Order](tap.Stream{Name: "orders", Description: "Orders, as they are now", Disposition: protocol.Merge, Read: s.orders}),
		tap.Typed[Plan](tap.Stream{Name: "plans", Description: "Plans on sale", Disposition: protocol.Replace, Read: s.plans}),
	}, nil
}

// orders reads the orders that changed, day by day.
func (s *source) orders(ctx context.Context, out *tap.Output) error {
	reached := windows.Bookmark{}
	if _, err := out.Bookmark(&reached); err != nil {
		return err
	}
	reading := windows.Reading{
		Spans: reached.Spans(s.config.StartDate, s.config.End(s.run.Start), s.config.Lookback),
		Step:  windows.Every(24 * time.Hour),
		Shard: s.run.Shard,
	}
	return reading.Read(ctx, &reached, func() error { return out.State(&reached) }, func(ctx context.Context, w windows.Window) (int, error) {
		query := url.Values{"updated_from": {w.Start.Format(time.RFC3339Nano)}, "updated_before": {w.End.Format(time.RFC3339Nano)}}
		return send(out, s.api.Rows(ctx, rest.List{
			Request: rest.Request{Path: "orders", Query: query},
			Rows:    []string{"orders"},
			Pager:   rest.Numbered{Param: "page", SizeParam: "per_page", Size: 100, First: 1},
		}))
	})
}

// plans reads all plans.
func (s *source) plans(ctx context.Context, out *tap.Output) error {
	_, err := send(out, s.api.Rows(ctx, rest.List{
		Request: rest.Request{Path: "plans"},
		Rows:    []string{"plans"},
		Pager:   rest.Cursor{Param: "cursor", Member: "next_cursor"},
	}))
	return err
}

// send passes rows on as they came, and counts them.
func send(out *tap.Output, rows func(yield func([]byte, error) bool)) (count int, err error) {
	for row, err := range rows {
		if err != nil {
			return count, err
		}
		if err := out.Record(row); err != nil {
			return count, err
		}
		count++
	}
	return count, nil
}
