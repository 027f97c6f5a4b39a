package tap

import (
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/lines"
	"github.com/signalroom/signalroom/protocol/singer"
)

// A wire is how a run speaks: Singer's messages or Airbyte's. The goroutine that reads streams alone uses it, but for waits and flush.
type wire interface {
	// open gives the way of a stream's records, and what stamps them.
	open(o *Output, constant []byte) (*lines.Records, stamp)
	// began comes before a stream is read, or before any other is read for a stream that others feed.
	began(o *Output) error
	// schema comes before the rows, and again where columns have changed.
	schema(o *Output) error
	// checkpoint prints what the streams have reached.
	checkpoint() error
	activate(o *Output, version int64) error
	// ended comes after the last row of a stream. o.incomplete tells whether it is whole.
	ended(o *Output) error
	// failed tells of a stream's fault; last means that the run ends with it.
	failed(o *Output, err error, last bool)
	// waits tells that the source asks for a pause.
	waits(o *Output, until time.Time)
	// finish ends the run.
	finish() error
	flush() error
}

// A stamp says what the wire wants of rows beside their members.
type stamp interface {
	// ExtractedAt and Version are those of the rows that follow.
	ExtractedAt(t time.Time)
	Version(version int64)
	// Foreign looks at the members of the next row, which are as the source has sent them.
	Foreign(members []byte)
	// Nulled tells that a column of the next row is null because its value does not fit.
	Nulled(column []byte)
}

// singerStamp is that of Singer's records, which hold such a value beside its column.
type singerStamp struct{ *singer.Records }

func (singerStamp) Foreign([]byte) {}
func (singerStamp) Nulled([]byte)  {}

// singerWire writes SCHEMA, RECORD, STATE and ACTIVATE_VERSION. Its STATE holds the bookmarks of all streams.
type singerWire struct {
	loop   *loop
	writer *singer.Writer
}

func (w *singerWire) open(o *Output, constant []byte) (*lines.Records, stamp) {
	records := w.writer.Records(o.plan.Name, constant)
	return records.Records, singerStamp{records}
}

func (w *singerWire) began(*Output) error { return nil }

// schema prints, for the first stream without a key, the state that the run begins with too. A target that has seen a state takes back such
// rows when no later one covers them; one that has not could not tell a tap that was killed early from one that has no states.
func (w *singerWire) schema(o *Output) error {
	err := w.writer.Write(&protocol.Message{Type: protocol.SchemaMessage, Stream: o.stream.Name, Schema: o.stream})
	l := w.loop
	if err != nil || l.sample || l.bookmarks.printed || len(o.stream.KeyProperties) > 0 || o.plan.Disposition != protocol.Append {
		return err
	}
	return w.state(l.bookmarks.encode())
}

func (w *singerWire) checkpoint() error { return w.print(false) }

func (w *singerWire) activate(o *Output, version int64) error {
	return w.writer.Write(&protocol.Message{Type: protocol.ActivateVersionMessage, Stream: o.plan.Name, Version: version})
}

func (w *singerWire) ended(o *Output) error {
	if o.plan.Read == nil {
		return nil
	}
	return w.print(false)
}

func (w *singerWire) failed(o *Output, err error, last bool) {
	if !last {
		o.log.Error(err.Error())
	}
}

func (w *singerWire) waits(*Output, time.Time) {}

func (w *singerWire) finish() error { return w.print(true) }

func (w *singerWire) flush() error { return w.writer.Flush() }

// print prints the state, if the budget has room or the run ends here.
func (w *singerWire) print(end bool) error {
	l := w.loop
	if l.sample {
		return nil
	}
	for _, o := range l.outputs {
		if err := o.save(); err != nil {
			return err
		}
	}
	if line, ok := l.bookmarks.render(end); ok {
		return w.state(line)
	}
	return nil
}

func (w *singerWire) state(line []byte) error {
	if err := w.writer.Write(&protocol.Message{Type: protocol.StateMessage, State: line}); err != nil {
		return err
	}
	w.loop.bookmarks.sent(w.loop.sent, time.Now())
	return nil
}
