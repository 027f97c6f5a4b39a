package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/lenient"
	"github.com/signalroom/signalroom/taps/tap/rest"
)

// readAt is the column that says when a row was read. Where a day was read again, rows with an older one than the day's newest are
// no longer in RedTrack.
const readAt = "read_at"

var readAtColumn = tap.Column{Name: readAt, Schema: []byte(`{"type":["null","string"],"format":"date-time","description":"Start of the run that read the row last. A day's rows with an older one than its newest are gone from RedTrack."}`), Unselected: true}

// rows sends those of one stream.
type rows struct {
	*lenient.Sender
	out     *tap.Output
	always  []protocol.Member // of every row
	unnamed bool              // a row came without an id
}

// reading is the Read of a stream whose rows go out in the form of its columns.
func (s *source) reading(columns []tap.Column, read func(ctx context.Context, rows *rows) error) func(context.Context, *tap.Output) error {
	return lenient.Read(columns, s.zone, func(ctx context.Context, out *tap.Output, sender *lenient.Sender) error {
		r := &rows{Sender: sender, out: out}
		if slices.ContainsFunc(columns, func(c tap.Column) bool { return c.Name == readAt }) && out.Keep(readAt) == tap.Whole {
			r.always = append(r.always, lenient.Text(readAt, s.run.Start.Format(time.RFC3339Nano)))
		}
		return read(ctx, r)
	})
}

// byID is the key of rows by their id. One that comes without has one made of other members, the same in every run.
func byID(members ...string) func(rows *rows, row []byte) []protocol.Member {
	return func(rows *rows, row []byte) []protocol.Member {
		id := rest.Text(rest.Member(row, "id"))
		if id == "" {
			if !rows.unnamed {
				rows.unnamed = true
				rows.out.Log().Warn("rows come without an id, and get one made of their other values")
			}
			hash := sha256.New()
			for _, member := range members {
				hash.Write(append(rest.Member(row, member), 0))
			}
			id = "none-" + hex.EncodeToString(hash.Sum(nil)[:12])
		}
		return append([]protocol.Member{lenient.Text("id", id)}, rows.always...)
	}
}
