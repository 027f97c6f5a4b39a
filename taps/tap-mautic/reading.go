package main

import (
	"context"

	"github.com/signalroom/signalroom/taps/tap"
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
	return func(ctx context.Context, out *tap.Output) error {
		r := &reading{source: s, listing: l, out: out}
		if _, err := out.Bookmark(&r.bookmark); err != nil {
			return err
		}
		var err error
		if r.rows, err = newRows(l, out); err != nil {
			return err
		}
		defer r.rows.End()
		resumed := r.bookmark.Scan != nil
		if err := l.reads(r, ctx); err != nil || !resumed {
			return err
		}
		clear(r.rows.seen)
		return l.reads(r, ctx) // what has changed since the scan that was stopped began
	}
}
