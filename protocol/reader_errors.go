package protocol

import (
	"errors"
	"fmt"
)

// ErrTruncated is in the chain of a reader's fault when the input ended in the middle of a message: whoever wrote it
// died. What was read before is whole, but an unfinished replace must keep its old rows.
var ErrTruncated = errors.New("the input ends in the middle of a line")

// ErrClosed is what a reader returns after it was closed.
var ErrClosed = errors.New("the reader is closed")

// A RecordError is a record that cannot be loaded as it was sent. It costs that record only: the reader can go on.
type RecordError struct {
	Line   int64
	Stream string
	Reason string // "invalid UTF-8 at byte 71"
	Raw    []byte // the record as it was sent, valid until the reader's next call; never part of the message
}

// Error names the line and the stream.
func (e *RecordError) Error() string {
	return fmt.Sprintf("stream %q: line %d: %s", e.Stream, e.Line, e.Reason)
}

// Unwrap makes it a Data fault for a caller that ends with it.
func (e *RecordError) Unwrap() error {
	return &Fault{Kind: Data, Stream: e.Stream, Err: fmt.Errorf("line %d: %s", e.Line, e.Reason)}
}
