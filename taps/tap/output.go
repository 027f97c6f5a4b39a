package tap

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/lines"
	"github.com/signalroom/signalroom/protocol/rawjson"
)

// ErrStopped is what an [Output] returns when the run must end: a signal came, or --test has what it wants. A Read passes it up.
var ErrStopped = errors.New("stopped")

// An Output takes the rows of one stream. One goroutine uses it, and those that [Output.To] gives.
type Output struct {
	loop    *loop
	plan    *plan
	log     *slog.Logger
	records *lines.Records
	stamp   stamp

	columns []Column
	stream  *protocol.Stream // as the last SCHEMA said it, or the next one will
	kept    map[string]kept
	scanner rawjson.Scanner
	members []byte // of the record under way
	object  []byte // the same, as it came but on one line
	text    []byte // of a value to hash or mask

	closed     error // what a row gets, instead of being sent
	careful    bool  // a row takes the long way: see pass
	schemaDue  bool
	tick       int64
	rows       int64
	bytes      int64
	counted    int64 // rows that the metrics know of
	bookmark   any
	unsaved    bool // bookmark is not in the state yet
	moved      bool // the state has a bookmark of the stream that was not printed; for a wire with a state for each stream
	incomplete bool
	unchanged  bool
	settled    bool // the new set of a replace stream counts
	began      time.Time
	took       time.Duration
}

// A kept is a column on its way out.
type kept struct {
	keep  Keep
	name  []byte // quoted, with its colon
	prune *prune // of a Whole column; nil when it loses nothing
	base  []byte // of a value that was to go out beside its column, on a wire that does not take it: the column
}

// Bookmark decodes where the last run left the stream. found is false in a first run, and when the catalog asks for a full
// read. A bookmark that does not fit into is a Config fault.
func (o *Output) Bookmark(into any) (found bool, err error) {
	raw := o.loop.bookmarks.state.Bookmark(o.plan.Name)
	if raw == nil || o.plan.full {
		return false, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		fault := protocol.ConfigFault("give the state of a run of "+o.loop.run.Name+", or none to begin again",
			"the state's bookmark is damaged, or of another program: %v", withoutValue(err))
		fault.Stream = o.plan.Name
		return false, fault
	}
	return true, nil
}

// withoutValue keeps what a decoding error says of place and type.
func withoutValue(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return fmt.Errorf("%s cannot hold a %s", wrong.Field, wrong.Type)
	}
	return err
}

// SetColumns replaces the stream's columns. If they differ, a new SCHEMA goes out before the next row. A stream that was declared
// without columns has none before.
func (o *Output) SetColumns(columns []Column) error {
	stream, err := o.plan.schema(columns)
	if err != nil {
		return protocol.InStream(o.plan.Name, err)
	}
	o.columns = columns
	clear(o.kept)
	if o.stream != nil && o.stream.Same(stream) {
		return nil
	}
	o.stream = stream
	o.schemaDue, o.careful = true, true
	return nil
}

// Keep says what becomes of a column after selection and the setting columns.
func (o *Output) Keep(column string) Keep {
	if !o.plan.selected {
		return Dropped
	}
	return o.kind([]byte(column)).keep
}

// keptMost bounds what is remembered of columns, as objects whose names are data have no end of them.
const keptMost = 4096

// kind looks a column up without allocating once it is known.
func (o *Output) kind(column []byte) kept {
	if k, ok := o.kept[string(column)]; ok {
		return k
	}
	name := string(column)
	k := kept{keep: o.plan.keep(name), name: append(rawjson.AppendStringLossy(nil, name), ':')}
	if base, ok := o.plan.besides(name); ok {
		k = kept{keep: Dropped, base: []byte(base)}
	}
	if k.keep == Whole {
		for _, c := range o.columns {
			if c.Name == name {
				k.prune, _ = pruneTree(c.Schema, o.plan.wants, []string{name})
			}
		}
	}
	if len(o.kept) == keptMost {
		clear(o.kept)
	}
	o.kept[name] = k
	return k
}

// Row sends the members of a JSON object without its braces: `"a":1,"b":"x"`. They are those of kept columns alone, already
// hashed or masked (see [AppendKept]), without line ends between them, and JSON that has no NaN. client_id is put in front. Row copies members and
// does not allocate.
func (o *Output) Row(members []byte) error {
	if send, err := o.ready(); !send {
		return err
	}
	o.tally(len(members))
	return o.records.Row(members)
}

// AppendRow is Row for a tap that makes the members itself and wants to save the copy: members appends them to what it is given.
// When it says false, no row is sent, and fits is false.
func (o *Output) AppendRow(members func(dst []byte) (out []byte, ok bool)) (fits bool, err error) {
	if send, err := o.ready(); !send {
		return true, err
	}
	size, fits, err := o.records.Append(members)
	if fits {
		o.tally(size)
	}
	return fits, err
}

// ready sends what is due before a row, and tells whether the row goes out.
func (o *Output) ready() (send bool, err error) {
	if o.careful {
		if send, err := o.pass(); !send {
			return false, err
		}
	}
	if tick := o.loop.tick.Load(); tick != o.tick {
		if err := o.everySecond(tick); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (o *Output) tally(size int) {
	o.rows++
	o.bytes += int64(size)
	o.loop.sent += int64(size)
}

// pass sends a SCHEMA that is due, and tells whether the row goes out.
func (o *Output) pass() (send bool, err error) {
	if o.closed != nil {
		return false, o.closed
	}
	if !o.plan.selected {
		return false, nil
	}
	if o.schemaDue {
		if err := o.sendSchema(); err != nil {
			return false, err
		}
	}
	if o.loop.sample {
		if o.rows > 0 {
			if o.plan.Read == nil {
				return false, nil // the stream that feeds it may still have none
			}
			return false, ErrStopped
		}
		return true, nil
	}
	o.careful = false
	return true, nil
}

func (o *Output) sendSchema() error {
	o.schemaDue = false
	return o.loop.wire.schema(o)
}

// everySecond is what rows need not do one by one: count, tell the time, and see whether the run is over.
func (o *Output) everySecond(tick int64) error {
	o.tick = tick
	o.count()
	o.stamp.ExtractedAt(o.loop.program.Now())
	return o.loop.ctx.Err()
}

// count tells metrics and progress of the rows since the last time.
func (o *Output) count() {
	o.loop.run.Metrics.Records(o.plan.Name).Add(o.rows - o.counted)
	o.loop.progress.add(o.rows-o.counted, o.loop.sent)
	o.counted = o.rows
}

// Record sends any JSON object. Selection, hashing, masking and line ends are seen to here; a member that is no column goes
// out as it is.
func (o *Output) Record(object []byte) error {
	if o.closed != nil || !o.plan.selected {
		return o.closed
	}
	fields, err := o.scanner.Fields(object)
	if err != nil {
		return protocol.InStream(o.plan.Name, protocol.DataFault("", "a record is no JSON object: %w", err))
	}
	if bytes.IndexByte(object, '\n') >= 0 || bytes.IndexByte(object, '\r') >= 0 {
		o.object = rawjson.AppendCompact(o.object[:0], object)
		object = o.object
		if fields, err = o.scanner.Fields(object); err != nil {
			return protocol.InStream(o.plan.Name, err)
		}
	}
	members := o.members[:0]
	for _, field := range fields {
		kind := o.kind(field.Name)
		if kind.keep == Dropped {
			if kind.base != nil {
				o.stamp.Nulled(kind.base)
			}
			continue
		}
		if len(members) > 0 {
			members = append(members, ',')
		}
		members = append(members, kind.name...)
		switch {
		case kind.keep != Whole:
			members = o.appendHidden(members, kind.keep, field.Value)
		case kind.prune != nil:
			if members, err = kind.prune.appendValue(members, field.Value); err != nil {
				return protocol.InStream(o.plan.Name, err)
			}
		default:
			members = append(members, field.Value...)
		}
	}
	o.members = members
	o.stamp.Foreign(members)
	return o.Row(members)
}

// appendHidden hashes or masks a raw value: a string by its text, anything else by its compact JSON. null stays null.
func (o *Output) appendHidden(dst []byte, keep Keep, value []byte) []byte {
	switch rawjson.KindOf(value) {
	case rawjson.Null:
		return append(dst, "null"...)
	case rawjson.String:
		o.text, _ = rawjson.AppendUnquoted(o.text[:0], value)
	default:
		o.text = rawjson.AppendCompact(o.text[:0], value)
	}
	return AppendKept(dst, keep, o.text)
}

// Version is that of the rows that follow, in a stream declared with Versions.
func (o *Output) Version(version int64) { o.stamp.Version(version) }

// Activate tells that every row that the source still has was sent with the version, in this run or in those that it goes on from: the
// rows of older versions are gone. The State that says so comes after it.
func (o *Output) Activate(version int64) error {
	if o.closed != nil || !o.plan.selected || o.loop.sample {
		return o.closed
	}
	return o.loop.wire.activate(o, version)
}

// State is a checkpoint: every row sent so far is covered by bookmark. That of a replace stream counts when its whole set has been
// sent, and is forgotten otherwise. It becomes a STATE line when one is due (see the
// comment on stateBudget). bookmark may point to what the Read goes on changing: it is encoded when a line is due, and at the latest
// when the Read returns, so at any time it must cover no row that was not sent. A bookmark that is a [fmt.Stringer] is named so in
// the run's summary.
func (o *Output) State(bookmark any) error {
	if o.closed != nil || !o.plan.selected {
		return o.closed
	}
	if o.loop.sample {
		if o.rows > 0 {
			return ErrStopped
		}
		return nil
	}
	o.bookmark, o.unsaved = bookmark, true
	if o.loop.stopped() {
		o.incomplete = true
		if err := o.save(); err != nil {
			return err
		}
		return ErrStopped // the loop prints the state
	}
	if o.plan.Disposition == protocol.Replace || !o.loop.bookmarks.pace.due(o.loop.sent, time.Now()) {
		return nil
	}
	return o.loop.wire.checkpoint()
}

// save encodes the newest bookmark into the state of the run. A set that is not activated yet is covered by none.
func (o *Output) save() error {
	if !o.unsaved || o.plan.Disposition == protocol.Replace && !o.settled {
		return nil
	}
	o.unsaved = false
	moved, err := o.loop.bookmarks.set(o.plan.Name, o.bookmark)
	o.moved = o.moved || moved
	return err
}

// bookmarkShown is how much of a bookmark stands in the summary.
const bookmarkShown = 120

// summarize logs what became of the stream.
func (o *Output) summarize() {
	if o.loop.sample {
		o.log.Info("tested", "records", o.rows)
		return
	}
	facts := []any{"rows", o.rows, "bytes", o.bytes, "elapsed", o.took.Round(time.Millisecond)}
	if said, ok := o.bookmark.(fmt.Stringer); ok {
		facts = append(facts, "bookmark", said.String())
	} else if raw := o.loop.bookmarks.state.Bookmark(o.plan.Name); len(raw) > bookmarkShown {
		facts = append(facts, "bookmark", strings.ToValidUTF8(string(raw[:bookmarkShown]), "")+"…")
	} else if raw != nil {
		facts = append(facts, "bookmark", string(raw))
	}
	said := "done"
	switch {
	case o.incomplete:
		said = "not finished"
	case o.unchanged:
		said = "unchanged"
	}
	o.log.Info(said, facts...)
}

// Unchanged says that the source holds what the last run has sent. The Read sends no row, and the set of a replace stream stays as
// it is.
func (o *Output) Unchanged() { o.unchanged = true }

// To is the output of another declared stream. Rows for one that is not selected go nowhere.
func (o *Output) To(stream string) *Output {
	if other, ok := o.loop.outputs[stream]; ok {
		return other
	}
	undeclared := o.loop.newOutput(&plan{Stream: Stream{Name: stream}, settings: o.plan.settings})
	undeclared.closed = protocol.SystemFault("report this as a defect", "stream %q is sent rows but is not declared", stream)
	return undeclared
}

// Log is a logger that names the stream.
func (o *Output) Log() *slog.Logger { return o.log }

// Incomplete notes a fault that does not stop the stream. The run goes on, and ends with the exit code of the worst fault.
func (o *Output) Incomplete(err error) {
	o.incomplete = true
	err = protocol.InStream(o.plan.Name, err)
	o.loop.wire.failed(o, err, false)
	o.loop.note(err)
}
