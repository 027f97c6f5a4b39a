package load

import (
	"context"
	"encoding/json"

	"github.com/signalroom/signalroom/target-postgres/database"
)

// announcement is the payload of a NOTIFY.
type announcement struct {
	Pipeline string   `json:"pipeline"`
	Run      string   `json:"run"`
	Streams  []string `json:"streams,omitempty"`
}

// longestPayload is what the server takes, in bytes.
const longestPayload = 7999

// announce has the server tell of the commit to whoever listens. Streams that do not fit are left out, all of them.
func (w *worker) announce(ctx context.Context, tx *transaction) error {
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
	_, err = tx.conn.Conn.Exec(ctx, "SELECT pg_notify($1, $2)", w.o.NotifyChannel, string(payload))
	return database.Fault(err)
}
