package tap

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/airbyte"
	"github.com/signalroom/signalroom/protocol/lines"
	"github.com/signalroom/signalroom/protocol/logs"
	"github.com/signalroom/signalroom/protocol/rawjson"
)

// airbyteWire writes RECORD, STATE for each stream, and the statuses of streams.
//
// A STATE covers the records of its own stream and says how many they are; its value is the stream's bookmark, as in Singer's STATE. Each
// stream that is read to its end has one there, whether or not it had records, and no two that follow each other are the same: the platform
// could not tell them apart.
type airbyteWire struct {
	loop    *loop
	writer  *airbyte.Writer
	output  *logs.Output
	job     string // WORKER_JOB_ID
	streams map[string]*airbyteRecords
}

// airbyteRecords is a stream on this wire.
type airbyteRecords struct {
	*airbyte.Records
	phase   airbyte.StreamPhase
	stated  int64 // records that a STATE covers
	last    []byte
	repeats int
}

// ExtractedAt sets emitted_at.
func (r *airbyteRecords) ExtractedAt(t time.Time) { r.EmittedAt(t) }

// Version does nothing: the platform counts generations.
func (r *airbyteRecords) Version(int64) {}

func (w *airbyteWire) open(o *Output, constant []byte) (*lines.Records, stamp) {
	r := &airbyteRecords{Records: w.writer.Records(airbyte.StreamDescriptor{Name: o.plan.Name}, constant)}
	w.streams[o.plan.Name] = r
	return r.Records.Records, r
}

// says sends a status. One that a stream has already is not sent again.
func (w *airbyteWire) says(o *Output, phase airbyte.StreamPhase) error {
	r := w.streams[o.plan.Name]
	if r.phase == phase {
		return nil
	}
	r.phase = phase
	return w.status(o, phase)
}

func (w *airbyteWire) status(o *Output, phase airbyte.StreamPhase, reasons ...airbyte.StatusReason) error {
	return w.writer.Send(&airbyte.Trace{Type: airbyte.StreamStatusTrace, EmittedAt: w.loop.program.Now().UnixMilli(), StreamStatus: &airbyte.StreamStatus{
		Stream: airbyte.StreamDescriptor{Name: o.plan.Name}, Status: phase, Reasons: reasons}})
}

func (w *airbyteWire) began(o *Output) error { return w.says(o, airbyte.Started) }

// schema says that the stream runs: what it looks like is in the catalog.
func (w *airbyteWire) schema(o *Output) error { return w.says(o, airbyte.Running) }

func (w *airbyteWire) activate(*Output, int64) error { return nil }

func (w *airbyteWire) checkpoint() error {
	if err := w.fed(); err != nil {
		return err
	}
	size := int64(0)
	for _, p := range w.loop.plans {
		o := w.loop.outputs[p.Name]
		if !p.selected {
			continue
		}
		if err := o.save(); err != nil {
			return err
		}
		if o.moved {
			if err := w.state(o, w.value(o, false)); err != nil {
				return err
			}
			size += int64(len(w.streams[p.Name].last))
		}
	}
	w.loop.bookmarks.pace.size = size
	w.loop.bookmarks.sent(w.loop.sent, time.Now())
	return nil
}

func (w *airbyteWire) ended(o *Output) error {
	r := w.streams[o.plan.Name]
	if err := errors.Join(w.says(o, airbyte.Running), w.fed()); err != nil {
		return err
	}
	if o.unchanged && o.plan.Disposition == protocol.Replace && !o.incomplete {
		o.Incomplete(protocol.ConfigFault("deselect it, or change the setting that leaves it out", "the stream was not read, and a full refresh would replace its rows with none"))
	}
	if err := o.save(); err != nil {
		return err
	}
	if !o.incomplete || o.moved {
		if value := w.value(o, !o.incomplete); o.moved || r.Count() > r.stated || !bytes.Equal(value, r.last) {
			if err := w.state(o, value); err != nil {
				return err
			}
		}
	}
	if o.incomplete {
		return w.says(o, airbyte.Incomplete)
	}
	return w.says(o, airbyte.Complete)
}

// fed sends a STATE of each stream that another one feeds, if it has new records. The bookmark that covers them is that of the other stream,
// whose STATE comes after it, so that a destination that commits in the order of what it reads cannot lose them.
func (w *airbyteWire) fed() error {
	for _, p := range w.loop.plans {
		r := w.streams[p.Name]
		if !p.selected || p.Read != nil || r.Count() == r.stated {
			continue
		}
		o := w.loop.outputs[p.Name]
		if err := w.state(o, w.value(o, false)); err != nil {
			return err
		}
	}
	return nil
}

// Keys of a stream's state that are no bookmark's: the platform's own word for a full refresh that is done, the job that a full refresh
// belongs to, and a number that keeps two states apart.
const (
	completeKey = "__ab_full_refresh_sync_complete"
	repeatKey   = "__repeat"
)

// value is the state of a stream: its bookmark, and what the platform wants beside it. A stream that is replaced has no bookmark here, as its
// source would find that nothing has changed, and send nothing.
func (w *airbyteWire) value(o *Output, complete bool) []byte {
	members, err := protocol.Members(w.loop.bookmarks.state.Bookmark(o.plan.Name))
	if err != nil || o.plan.Disposition == protocol.Replace {
		members = nil
	}
	if o.plan.refresh && w.job != "" {
		members = append(members, protocol.Member{Name: airbyte.JobKey, Value: rawjson.AppendString(nil, w.job)})
	}
	if complete && (o.plan.full || o.plan.refresh || len(members) == 0) {
		members = append(members, protocol.Member{Name: completeKey, Value: json.RawMessage("true")})
	}
	return protocol.AppendObject(nil, members)
}

// state sends a STATE that covers all records of the stream so far.
func (w *airbyteWire) state(o *Output, value []byte) error {
	r := w.streams[o.plan.Name]
	sent := value
	if bytes.Equal(value, r.last) {
		members, err := protocol.Members(value)
		if err != nil {
			return err
		}
		r.repeats++
		sent = protocol.AppendObject(nil, append(members, protocol.Member{Name: repeatKey, Value: strconv.AppendInt(nil, int64(r.repeats), 10)}))
	}
	err := w.writer.Send(&airbyte.State{Type: airbyte.StreamStateType, SourceStats: &airbyte.Stats{RecordCount: r.Count() - r.stated},
		Stream: &airbyte.StreamState{Descriptor: airbyte.StreamDescriptor{Name: o.plan.Name}, State: sent}})
	r.last, r.stated, o.moved = value, r.Count(), false
	return err
}

// failed sends a TRACE. A stream that goes on in spite of it ends as incomplete.
func (w *airbyteWire) failed(_ *Output, err error, _ bool) { w.output.Report(err) }

// waits may be called from any goroutine.
func (w *airbyteWire) waits(o *Output, until time.Time) {
	// The first error sticks: the next row gets it too.
	_ = w.status(o, airbyte.Running, airbyte.StatusReason{Type: "RATE_LIMITED", RateLimited: &airbyte.RateLimited{QuotaReset: until.UnixMilli()}})
}

func (w *airbyteWire) finish() error { return w.writer.Flush() }

func (w *airbyteWire) flush() error { return w.writer.Flush() }
