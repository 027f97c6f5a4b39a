package load

import (
	"context"
	"encoding/json"

	"github.com/signalroom/signalroom/target-postgres/database"
)

// account stores what a transaction did to its streams. bookmarks are those of the state, if it is this transaction that commits it.
func (w *worker) account(ctx context.Context, l *lane, c *commit, bookmarks map[string]string) error {
	var loads []database.Load
	for _, ld := range w.order {
		if ld.lane != l {
			continue
		}
		loads = append(loads, database.Load{
			Pipeline: w.o.Pipeline.Name, Run: w.run, Stream: ld.stream.name, Table: string(ld.stream.final.Name), Mode: string(ld.stream.shown()),
			Started: c.start, FirstLine: ld.first, LastLine: ld.last, Bytes: ld.bytes, Counts: ld.counts,
			Bookmark: bookmarks[ld.stream.name], Version: ld.version, Program: w.o.Program,
		})
	}
	w.marks(func() { w.coming.Loads += int64(len(loads)) })
	return l.conn.AddLoads(ctx, w.o.Pipeline, loads)
}

// settleRejects stores the rejects of the interval in the transaction that ends it, or leaves that to a replay.
func (w *worker) settleRejects(ctx context.Context, l *lane) error {
	if w.o.Replay != nil {
		return w.o.Replay.Commit(ctx, l.conn, w.rejects)
	}
	return l.conn.AddRejects(ctx, w.o.Pipeline, w.rejects)
}

// announcement is the payload of a NOTIFY.
type announcement struct {
	Pipeline string   `json:"pipeline"`
	Run      string   `json:"run"`
	Streams  []string `json:"streams,omitempty"`
}

// longestPayload is what the server takes, in bytes.
const longestPayload = 7999

// announce has the server tell of the commit to whoever listens. Streams that do not fit are left out, all of them.
func (w *worker) announce(ctx context.Context, l *lane) error {
	if w.o.NotifyChannel == "" {
		return nil
	}
	a := announcement{Pipeline: w.o.Pipeline.Name, Run: w.run}
	for _, ld := range w.order {
		a.Streams = append(a.Streams, ld.stream.name)
	}
	payload, err := json.Marshal(&a)
	if err == nil && len(payload) > longestPayload {
		a.Streams = nil
		payload, err = json.Marshal(&a)
	}
	if err != nil {
		return err
	}
	_, err = l.conn.Conn.Exec(ctx, "SELECT pg_notify($1, $2)", w.o.NotifyChannel, string(payload))
	return database.Fault(err)
}
