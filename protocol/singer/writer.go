package singer

import (
	"io"
	"time"

	"github.com/signalroom/signalroom/protocol"
)

// A Writer is the single owner of an output. It buffers, and sends what it holds after every STATE, when 64 KiB have
// come together, and at Flush. Its methods may be called from several goroutines, so a ticker may call Flush.
// The first error sticks: every later call returns it.
type Writer struct{}

// NewWriter writes to w.
func NewWriter(w io.Writer) *Writer { return &Writer{} }

// Write writes one message. Of a SCHEMA, Stream says everything; of a RECORD, Raw counts and Fields are not looked at.
func (w *Writer) Write(m *protocol.Message) error { return nil }

// Flush sends what is buffered. The reader of the output has ended when errors.Is(err, syscall.EPIPE).
func (w *Writer) Flush() error { return nil }

// Records is a stream's way to write records without making messages: what all of them share is rendered once.
type Records struct{}

// Records begins with members (`"client_id":"acme"`, or nothing) in every record.
func (w *Writer) Records(stream string, constant []byte) *Records { return &Records{} }

// ExtractedAt sets the time_extracted of the rows that follow; the zero time leaves it out.
func (r *Records) ExtractedAt(t time.Time) {}

// Version sets the version of the rows that follow.
func (r *Records) Version(v int64) {}

// Row writes a record made of the constant members and these, given without braces. Nothing is allocated.
func (r *Records) Row(members []byte) error { return nil }
