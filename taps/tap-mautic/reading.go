package main

import (
	"context"
	"time"

	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/lenient"
)

// A reading is one stream while it is read.
type reading struct {
	*source
	*listing
	out      *tap.Output
	rows     *rows
	bookmark bookmark
}

// read is the Read of a listing's stream.
func (s *source) read(l *listing) func(context.Context, *tap.Output) error {
	return lenient.Read(l.stream.Columns, time.UTC, func(ctx context.Context, out *tap.Output, sender *lenient.Sender) error {
		rows, err := newRows(l, sender)
		if err != nil {
			return err
		}
		r := &reading{source: s, listing: l, out: out, rows: rows}
		if _, err := out.Bookmark(&r.bookmark); err != nil {
			return err
		}
		resumed := r.bookmark.Scan != nil
		if err := l.reads(r, ctx); err != nil || !resumed {
			return err
		}
		clear(rows.seen)
		return l.reads(r, ctx) // what has changed since the scan that was stopped began
	})
}
