package airbyte

import (
	"fmt"
	"io"
	"log/slog"
	"unicode/utf8"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/lines"
	"github.com/signalroom/signalroom/protocol/rawjson"
)

// A Reader reads what a destination is given on its standard input. First come the SCHEMA messages of the configured streams, in
// their order, then what the lines say. It reads ahead on a goroutine of its own, a bounded number of bytes, and allocates
// nothing for a record.
//
// What is meant for others is passed over: LOG, CONTROL, and every TRACE but for the status of a stream.
type Reader struct {
	log        *slog.Logger
	lines      *lines.Messages
	configured []*protocol.Stream
	announced  int // of them

	line    []byte
	parts   parts
	scan    scanners
	message protocol.Message
	state   []byte

	names    map[StreamDescriptor]string // their labels
	latest   rawName
	label    string          // of latest
	warnedOf map[string]bool // types that nobody knows
}

// A rawName is a stream as a line spells it, quotes and escapes included.
type rawName struct{ stream, namespace string }

// NewReader starts to read r for streams of distinct labels; warnings go to log. The caller calls Close when it is done.
func NewReader(r io.Reader, streams []*protocol.Stream, log *slog.Logger) *Reader {
	reader := &Reader{
		log: log, configured: streams,
		names: make(map[StreamDescriptor]string, len(streams)), warnedOf: map[string]bool{},
	}
	for _, s := range streams {
		reader.names[StreamDescriptor{s.Name, s.Namespace}] = s.Label()
	}
	reader.lines = lines.NewReader(r, 0).Messages(reader.decode)
	reader.scan.visitors(reader)
	return reader
}

// Close ends the reading ahead and makes a waiting Next return [protocol.ErrClosed]. It is safe to call at any time, from
// any goroutine. A Read of the input that is under way is not waited for: close the input to end that.
func (r *Reader) Close() error { return r.lines.Close() }

// Next gives the next message; it and what it holds are valid until the next call. At the end of the input it returns
// io.EOF. With a *[protocol.RecordError] comes the message of that record, and Next may be called again. Every other error
// is the end and is returned again: a Data fault for what was sent, one that is [protocol.ErrTruncated] when the last line
// was cut off.
func (r *Reader) Next() (*protocol.Message, error) {
	if r.announced < len(r.configured) {
		s := r.configured[r.announced]
		r.announced++
		r.message = protocol.Message{Type: protocol.SchemaMessage, Stream: s.Label(), Schema: s}
		return &r.message, nil
	}
	return r.lines.Next()
}

const conform = "the source must keep to the Airbyte protocol"

// decode makes a message of a line, or nothing of one that is to be ignored.
func (r *Reader) decode(line []byte, valid bool) (*protocol.Message, error) {
	r.line, r.parts = line, parts{}
	end, err := r.scan.outer.Object(line, rawjson.SkipSpace(line, 0), r.scan.ofLine)
	if err == nil {
		if end = rawjson.SkipSpace(line, end); end < len(line) {
			err = &rawjson.SyntaxError{Offset: end, Reason: "text after the message"}
		}
	}
	if err != nil {
		return nil, protocol.DataFault("the program that writes sent what is no Airbyte message; see its log",
			"line %d: invalid JSON: %w", r.lines.Number, err)
	}
	m := &r.message
	*m = protocol.Message{Line: r.lines.Number, Bytes: len(line)}
	switch p := &r.parts; string(p.kind) {
	case `"RECORD"`:
		m.Type = protocol.RecordMessage
		err = r.record(m)
	case `"STATE"`:
		m.Type = protocol.StateMessage
		err = r.stateOf(m)
	case `"TRACE"`:
		if p.status == nil || !r.known() {
			return nil, nil
		}
		m.Type, m.Stream, m.Complete = protocol.StatusMessage, r.label, string(p.status) == `"COMPLETE"`
	case `"LOG"`, `"CONTROL"`, `"SPEC"`, `"CATALOG"`, `"CONNECTION_STATUS"`:
		return nil, nil
	default:
		return nil, r.unknown(p.kind)
	}
	if err != nil {
		return nil, err
	}
	if valid || utf8.Valid(line) {
		return m, nil
	}
	invalid := lines.FirstInvalid(line)
	if m.Type != protocol.RecordMessage {
		return nil, r.fault("write UTF-8", "invalid UTF-8 at byte %d", invalid)
	}
	return m, &protocol.RecordError{
		Line: r.lines.Number, Stream: m.Stream, Reason: fmt.Sprintf("invalid UTF-8 at byte %d of the line", invalid), Raw: r.parts.data,
	}
}

// fault is a Data fault of this line.
func (r *Reader) fault(hint, format string, args ...any) error {
	return protocol.DataFault(hint, "line %d: "+format, append([]any{r.lines.Number}, args...)...)
}

// unknown is for a message of no type that the protocol has: an error without any, and else a warning the first time.
func (r *Reader) unknown(kind []byte) error {
	if rawjson.KindOf(kind) != rawjson.String {
		return r.fault(conform, "the message has no type")
	}
	name := string(kind[:min(len(kind), 64)])
	if !r.warnedOf[name] && len(r.warnedOf) < 100 {
		r.warnedOf[name] = true
		r.log.Warn("messages of an unknown type are ignored", "type", name, "line", r.lines.Number)
	}
	return nil
}

// known tells whether the line names a configured stream, and finds its label. Nothing is allocated while the stream stays the same.
func (r *Reader) known() bool {
	p := &r.parts
	if r.label != "" && string(p.stream) == r.latest.stream && string(p.namespace) == r.latest.namespace {
		return true
	}
	d := StreamDescriptor{text(p.stream), text(p.namespace)}
	label, ok := r.names[d]
	if ok {
		r.latest, r.label = rawName{string(p.stream), string(p.namespace)}, label
	}
	return ok
}

// text is the text of a raw string; empty for null, and for whatever else is no string.
func text(raw []byte) string {
	if rawjson.KindOf(raw) != rawjson.String {
		return ""
	}
	out, _ := rawjson.AppendUnquoted(nil, raw)
	return string(out)
}

func (r *Reader) record(m *protocol.Message) error {
	p := &r.parts
	switch {
	case p.stream == nil:
		return r.fault(conform, "the record names no stream")
	case !r.known():
		return protocol.InStream(text(p.stream), r.fault("configure the stream, or leave it out at the source", "a record of a stream that is not in the configured catalog"))
	case rawjson.KindOf(p.data) != rawjson.Object:
		return protocol.InStream(r.label, r.fault(conform, "the record's data is no object"))
	}
	m.Stream = r.label
	m.Record = protocol.Record{Raw: p.data, Fields: p.fields, EmittedAt: milliseconds(p.emitted), Changes: p.changes}
	return nil
}
