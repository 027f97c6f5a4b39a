package singer

import (
	"io"
	"strconv"
	"sync"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
)

const (
	flushSize = 64 << 10 // what a pipe takes at once
	keepSize  = 1 << 20  // a buffer that a large record has grown beyond this is dropped
)

// A Writer is the single owner of an output. It buffers, and sends what it holds after every STATE, when 64 KiB have
// come together, and at Flush. Its methods may be called from several goroutines, so a ticker may call Flush.
// The first error sticks: every later call returns it.
type Writer struct {
	mutex  sync.Mutex
	output io.Writer
	buffer []byte
	err    error
}

// NewWriter writes to output.
func NewWriter(output io.Writer) *Writer {
	return &Writer{output: output, buffer: make([]byte, 0, 2*flushSize)}
}

// Write writes one message. Of a SCHEMA, Stream says everything; of a RECORD, Raw counts and Fields are not looked at.
// Raw values are written as they are, and must be valid JSON on one line.
func (w *Writer) Write(m *protocol.Message) error {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if m.Type < protocol.SchemaMessage || m.Type > protocol.BatchMessage {
		return protocol.SystemFault("", "a message of no type was to be written")
	}
	w.buffer = appendMessage(w.buffer, m)
	return w.written(m.Type == protocol.StateMessage)
}

// Flush sends what is buffered. The reader of the output has gone when errors.Is(err, syscall.EPIPE).
func (w *Writer) Flush() error {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.written(true)
}

// written sends the buffer when it is full, or at once.
func (w *Writer) written(now bool) error {
	if !now && len(w.buffer) < flushSize {
		return w.err
	}
	if w.err == nil && len(w.buffer) > 0 {
		if _, err := w.output.Write(w.buffer); err != nil {
			w.err = protocol.SystemFault("", "writing messages: %w", err)
		}
	}
	w.buffer = w.buffer[:0]
	if cap(w.buffer) > keepSize {
		w.buffer = make([]byte, 0, 2*flushSize)
	}
	return w.err
}

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
	writer *Writer
	prefix []byte // {"type":"RECORD","stream":"orders","record":{"client_id":"acme"
	suffix []byte // },"time_extracted":"…","version":1}

	empty   bool // the prefix ends with a brace
	at      time.Time
	version int64
	has     bool
}

// Records writes records of a stream, each with the constant members (`"client_id":"acme"`, or nothing) in front.
func (w *Writer) Records(stream string, constant []byte) *Records {
	prefix := rawjson.AppendString([]byte(`{"type":"RECORD","stream":`), stream)
	prefix = append(append(prefix, `,"record":{`...), constant...)
	r := &Records{writer: w, prefix: prefix, empty: len(constant) == 0}
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
}

// Row writes a record of the constant members and these, which are given without braces: `"id":7,"name":"x"`. Nothing is
// allocated, and the bytes are copied once.
func (r *Records) Row(members []byte) error {
	w := r.writer
	w.mutex.Lock()
	defer w.mutex.Unlock()
	buffer := append(w.buffer, r.prefix...)
	if !r.empty && len(members) > 0 {
		buffer = append(buffer, ',')
	}
	buffer = append(buffer, members...)
	w.buffer = append(buffer, r.suffix...)
	return w.written(false)
}

// Append is Row for a caller that appends the members itself, straight into the buffer, which saves a copy. When members says
// false nothing is written. It must not use the Writer. size is that of the members.
func (r *Records) Append(members func(dst []byte) (out []byte, ok bool)) (size int, ok bool, err error) {
	w := r.writer
	w.mutex.Lock()
	defer w.mutex.Unlock()
	begin := len(w.buffer)
	buffer := append(w.buffer, r.prefix...)
	if !r.empty {
		buffer = append(buffer, ',')
	}
	from := len(buffer)
	buffer, ok = members(buffer)
	if !ok {
		w.buffer = buffer[:begin]
		return 0, false, w.err
	}
	if size = len(buffer) - from; size == 0 && !r.empty {
		buffer = buffer[:from-1]
	}
	w.buffer = append(buffer, r.suffix...)
	return size, true, w.written(false)
}
