package airbyte

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/lines"
	"github.com/signalroom/signalroom/protocol/rawjson"
)

// A Writer is the single owner of a connector's standard output. Records are buffered, every other message is sent at once. Its methods
// may be called from several goroutines. The first error sticks.
type Writer struct{ lines *lines.Writer }

// NewWriter writes to output.
func NewWriter(output io.Writer) *Writer { return &Writer{lines.NewWriter(output)} }

// Send writes a message. Raw JSON in it must be valid.
func (w *Writer) Send(p Payload) error {
	line, err := AppendMessage(nil, p)
	if err != nil {
		return protocol.SystemFault("", "a message cannot be written: %w", err)
	}
	_, err = w.Write(line)
	return err
}

// Write writes whole lines, as a log does that knows how to spell them, and a destination that echoes a state as it came.
func (w *Writer) Write(text []byte) (int, error) {
	return len(text), w.lines.Append(true, func(dst []byte) []byte { return append(dst, text...) })
}

// Flush sends what is buffered. The reader of the output has gone when errors.Is(err, syscall.EPIPE).
func (w *Writer) Flush() error { return w.lines.Flush() }

// AppendMessage appends the line of a message.
func AppendMessage(dst []byte, p Payload) ([]byte, error) {
	messageType, key := p.kind()
	b := bytes.NewBuffer(append(append(append(append(append(dst, `{"type":"`...), messageType...), `","`...), key...), `":`...))
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(p); err != nil {
		return dst, err
	}
	b.Truncate(b.Len() - 1)
	return append(b.Bytes(), '}', '\n'), nil
}

// Records is a stream's way to write records without making messages. One goroutine at a time may use it. A record without a member is
// not sent.
type Records struct {
	*lines.Records
	object int // where the object of data begins in a line
	at     time.Time
	suffix []byte // },"emitted_at":1767323045000}}

	nulled  [][]byte        // fields of the next record
	tokens  bool            // it may hold NaN or an infinity
	scanner rawjson.Scanner // for what finite does
	scratch []byte
	tail    []byte
}

// Records writes records of a stream, each with the constant members (`"client_id":"acme"`, or nothing) in front.
// [Records.EmittedAt] comes before the first of them.
func (w *Writer) Records(stream StreamDescriptor, constant []byte) *Records {
	prefix := rawjson.AppendString([]byte(`{"type":"RECORD","record":{"stream":`), stream.Name)
	if stream.Namespace != "" {
		prefix = rawjson.AppendString(append(prefix, `,"namespace":`...), stream.Namespace)
	}
	prefix = append(prefix, `,"data":{`...)
	r := &Records{object: len(prefix) - 1}
	r.Records = w.lines.Records(append(prefix, constant...), r.inspect)
	return r
}

// EmittedAt sets the emitted_at of the rows that follow, to the millisecond. It is cheap when that has not changed.
func (r *Records) EmittedAt(t time.Time) {
	if t = t.Truncate(time.Millisecond); t.Equal(r.at) {
		return
	}
	r.at = t
	r.suffix = strconv.AppendInt(append(r.suffix[:0], `},"emitted_at":`...), t.UnixMilli(), 10)
	r.suffix = append(r.suffix, '}', '}', '\n')
	r.SetSuffix(r.suffix)
}

// Nulled notes that a field of the next record is null because its value does not fit. The name stays the caller's until then.
func (r *Records) Nulled(field []byte) { r.nulled = append(r.nulled, field) }

// Foreign looks at the members of the next record, which are as a source has sent them: NaN and the infinities in them become null, and the
// record's meta says so. What a tap writes itself has no such thing, and is not searched for it.
func (r *Records) Foreign(members []byte) {
	r.tokens = bytes.Contains(members, []byte("NaN")) || bytes.Contains(members, []byte("Infinity"))
}

// inspect is for [lines.Records].
func (r *Records) inspect(buffer []byte, begin int, suffix []byte) ([]byte, []byte, bool) {
	if len(buffer) == begin+r.object+1 {
		return buffer, suffix, false
	}
	if len(r.nulled) == 0 && !r.tokens {
		return buffer, suffix, true
	}
	return r.finite(buffer, begin+r.object, suffix)
}

// note adds a field to the changes of the record under way.
func (r *Records) note(field []byte, first bool) {
	if first {
		r.tail = append(r.tail, `,"meta":{"changes":[`...)
	} else {
		r.tail = append(r.tail, ',')
	}
	r.tail = rawjson.AppendString(append(r.tail, `{"field":`...), field)
	r.tail = append(r.tail, `,"change":"NULLED","reason":"SOURCE_SERIALIZATION_ERROR"}`...)
}

// finite puts null where a token is that JSON does not have, in the object that begins at start.
func (r *Records) finite(buffer []byte, start int, suffix []byte) ([]byte, []byte, bool) {
	r.scratch = append(append(r.scratch[:0], buffer[start:]...), '}')
	fields, err := r.scanner.Fields(r.scratch)
	if err != nil {
		return buffer, suffix, true // the tap's own mistake, which whoever reads the line will see
	}
	buffer = buffer[:start+1]
	r.tail = append(r.tail[:0], suffix[:len(suffix)-len("}}\n")]...)
	changes := len(r.nulled)
	for i, field := range r.nulled {
		r.note(field, i == 0)
	}
	r.nulled, r.tokens = r.nulled[:0], false
	for i, field := range fields {
		if i > 0 {
			buffer = append(buffer, ',')
		}
		buffer = append(rawjson.AppendString(buffer, field.Name), ':')
		var changed bool
		if buffer, changed = appendFinite(buffer, field.Value); changed {
			r.note(field.Name, changes == 0)
			changes++
		}
	}
	if changes > 0 {
		r.tail = append(r.tail, ']', '}')
	}
	return buffer, append(r.tail, '}', '}', '\n'), true
}

// appendFinite appends a value that rawjson has accepted. Outside of strings, N and I begin nothing but the tokens that JSON does not have.
func appendFinite(dst, value []byte) (out []byte, changed bool) {
	for i := 0; i < len(value); {
		switch c := value[i]; c {
		case '"':
			end := i + 1
			for value[end] != '"' {
				if value[end] == '\\' {
					end++
				}
				end++
			}
			dst = append(dst, value[i:end+1]...)
			i = end + 1
		case 'N', 'I':
			word := "NaN"
			if c == 'I' {
				word = "Infinity"
				if dst[len(dst)-1] == '-' {
					dst = dst[:len(dst)-1]
				}
			}
			dst, changed = append(dst, "null"...), true
			i += len(word)
		default:
			dst = append(dst, c)
			i++
		}
	}
	return dst, changed
}
