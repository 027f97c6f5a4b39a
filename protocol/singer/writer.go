package singer

import (
	"io"
	"strconv"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/lines"
	"github.com/signalroom/signalroom/protocol/rawjson"
)

// A Writer is the single owner of an output. It buffers as a [lines.Writer] does, and sends what it holds after every STATE too. Its
// methods may be called from several goroutines. The first error sticks.
type Writer struct{ lines *lines.Writer }

// NewWriter writes to output.
func NewWriter(output io.Writer) *Writer { return &Writer{lines.NewWriter(output)} }

// Write writes one message. Of a SCHEMA, Stream says everything; of a RECORD, Raw counts and Fields are not looked at.
// Raw values are written as they are, and must be valid JSON on one line.
func (w *Writer) Write(m *protocol.Message) error {
	if m.Type < protocol.SchemaMessage || m.Type > protocol.BatchMessage {
		return protocol.SystemFault("", "a message of no type was to be written")
	}
	return w.lines.Append(m.Type == protocol.StateMessage, func(dst []byte) []byte { return appendMessage(dst, m) })
}

// Flush sends what is buffered. The reader of the output has gone when errors.Is(err, syscall.EPIPE).
func (w *Writer) Flush() error { return w.lines.Flush() }

func appendMessage(dst []byte, m *protocol.Message) []byte {
	switch m.Type {
	case protocol.RecordMessage:
		dst = rawjson.AppendString(append(dst, `{"type":"RECORD","stream":`...), m.Stream)
		dst = append(append(dst, `,"record":`...), m.Record.Raw...)
		if len(m.Record.TimeExtracted) > 0 {
			dst = rawjson.AppendString(append(dst, `,"time_extracted":`...), m.Record.TimeExtracted)
		}
		if m.Record.HasVersion {
			dst = appendVersion(dst, m.Record.Version)
		}
	case protocol.SchemaMessage:
		dst = rawjson.AppendString(append(dst, `{"type":"SCHEMA","stream":`...), m.Schema.Name)
		dst = rawjson.AppendCompact(append(dst, `,"schema":`...), m.Schema.Raw)
		dst = appendList(append(dst, `,"key_properties":`...), m.Schema.KeyProperties)
		if len(m.Schema.BookmarkProperties) > 0 {
			dst = appendList(append(dst, `,"bookmark_properties":`...), m.Schema.BookmarkProperties)
		}
	case protocol.StateMessage:
		dst = append(append(dst, `{"type":"STATE","value":`...), m.State...)
	case protocol.ActivateVersionMessage:
		dst = rawjson.AppendString(append(dst, `{"type":"ACTIVATE_VERSION","stream":`...), m.Stream)
		dst = appendVersion(dst, m.Version)
	case protocol.BatchMessage:
		dst = rawjson.AppendString(append(dst, `{"type":"BATCH","stream":`...), m.Stream)
		dst = rawjson.AppendString(append(dst, `,"encoding":{"format":`...), m.Batch.Format)
		dst = rawjson.AppendString(append(dst, `,"compression":`...), m.Batch.Compression)
		dst = appendList(append(dst, `},"manifest":`...), m.Batch.Manifest)
		if m.Batch.HasVersion {
			dst = appendVersion(dst, m.Batch.Version)
		}
	}
	return append(dst, '}', '\n')
}

func appendVersion(dst []byte, version int64) []byte {
	return strconv.AppendInt(append(dst, `,"version":`...), version, 10)
}

func appendList(dst []byte, items []string) []byte {
	dst = append(dst, '[')
	for i, item := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = rawjson.AppendString(dst, item)
	}
	return append(dst, ']')
}

// Records is a stream's way to write records without making messages: what all of them share is rendered once. One
// goroutine at a time may use it.
type Records struct {
	*lines.Records
	suffix  []byte // },"time_extracted":"…","version":1}
	at      time.Time
	version int64
	has     bool
}

// Records writes records of a stream, each with the constant members (`"client_id":"acme"`, or nothing) in front.
func (w *Writer) Records(stream string, constant []byte) *Records {
	prefix := rawjson.AppendString([]byte(`{"type":"RECORD","stream":`), stream)
	prefix = append(append(prefix, `,"record":{`...), constant...)
	r := &Records{Records: w.lines.Records(prefix, nil)}
	r.renderSuffix()
	return r
}

// ExtractedAt sets the time_extracted of the rows that follow, to the millisecond; the zero time leaves it out. It is
// cheap when that has not changed.
func (r *Records) ExtractedAt(t time.Time) {
	if t = t.Truncate(time.Millisecond); !t.Equal(r.at) {
		r.at = t
		r.renderSuffix()
	}
}

// Version sets the version of the rows that follow.
func (r *Records) Version(version int64) {
	r.version, r.has = version, true
	r.renderSuffix()
}

func (r *Records) renderSuffix() {
	r.suffix = append(r.suffix[:0], '}')
	if !r.at.IsZero() {
		r.suffix = append(r.suffix, `,"time_extracted":"`...)
		r.suffix = r.at.UTC().AppendFormat(r.suffix, "2006-01-02T15:04:05.000Z")
		r.suffix = append(r.suffix, '"')
	}
	if r.has {
		r.suffix = appendVersion(r.suffix, r.version)
	}
	r.suffix = append(r.suffix, '}', '\n')
	r.SetSuffix(r.suffix)
}
