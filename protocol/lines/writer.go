package lines

import (
	"io"
	"sync"

	"github.com/signalroom/signalroom/protocol"
)

const (
	flushSize = 64 << 10 // what a pipe takes at once
	keepSize  = 1 << 20  // a buffer that a large record has grown beyond this is dropped
)

// A Writer is the single owner of an output. It buffers whole lines, and sends what it holds when 64 KiB have come together, when a
// line asks for it, and at Flush. Its methods may be called from several goroutines, so a ticker may call Flush. The first error
// sticks: every later call returns it.
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

// Append lets render append whole lines. now sends them at once, and all before them.
func (w *Writer) Append(now bool, render func(dst []byte) []byte) error {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.buffer = render(w.buffer)
	return w.written(now)
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

// Records is a stream's way to write records without making messages: what all of them share is rendered once. One goroutine at a
// time may use it. Nothing is allocated for a record.
type Records struct {
	writer  *Writer
	prefix  []byte // {"type":"RECORD","stream":"orders","record":{"client_id":"acme"
	suffix  []byte // },"version":1}
	empty   bool   // the prefix ends with a brace
	inspect Inspect
	count   int64
}

// Inspect looks at a record that stands in buffer, from the start of its line at begin to its last member, before it is ended with
// suffix. It gives both back, changed or not. keep false takes the record out again.
type Inspect func(buffer []byte, begin int, suffix []byte) (newBuffer, newSuffix []byte, keep bool)

// Records writes records that begin with prefix, which ends inside of the record's object, before or after its first members. Inspect
// may be nil. [Records.SetSuffix] comes before the first record.
func (w *Writer) Records(prefix []byte, inspect Inspect) *Records {
	return &Records{writer: w, prefix: prefix, empty: prefix[len(prefix)-1] == '{', inspect: inspect}
}

// SetSuffix is what ends the records that follow: from the brace that ends the object to the end of the line. It is copied.
func (r *Records) SetSuffix(suffix []byte) { r.suffix = append(r.suffix[:0], suffix...) }

// Count is how many records have been written.
func (r *Records) Count() int64 { return r.count }

// Row writes a record of the members in the prefix and these, which are given without braces: `"id":7,"name":"x"`. The bytes are
// copied once.
func (r *Records) Row(members []byte) error {
	w := r.writer
	w.mutex.Lock()
	defer w.mutex.Unlock()
	begin := len(w.buffer)
	buffer := append(w.buffer, r.prefix...)
	if !r.empty && len(members) > 0 {
		buffer = append(buffer, ',')
	}
	return r.end(append(buffer, members...), begin)
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
	return size, true, r.end(buffer, begin)
}

// end ends the record whose line begins at begin.
func (r *Records) end(buffer []byte, begin int) error {
	w, suffix := r.writer, r.suffix
	if r.inspect != nil {
		var keep bool
		if buffer, suffix, keep = r.inspect(buffer, begin, suffix); !keep {
			w.buffer = buffer[:begin]
			return w.err
		}
	}
	w.buffer = append(buffer, suffix...)
	r.count++
	return w.written(false)
}
