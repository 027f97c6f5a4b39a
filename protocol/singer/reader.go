package singer

import (
	"io"
	"log/slog"

	"github.com/signalroom/signalroom/protocol"
)

// DefaultMaxLine is the longest line that a Reader takes unless it is told otherwise: what PostgreSQL can hold in one jsonb.
const DefaultMaxLine = 256 << 20

// Options are the choices of a Reader. The zero value is ready to use.
type Options struct {
	MaxLine int          // bytes; 0 is DefaultMaxLine
	Strict  bool         // a message of an unknown type is an error
	Log     *slog.Logger // for warnings; nil drops them
}

// A Reader reads messages. It reads ahead on a goroutine of its own, a bounded number of bytes, so that a busy caller
// does not stall the program that writes.
type Reader struct{}

// NewReader starts to read r. The caller calls Close when it is done.
func NewReader(r io.Reader, options Options) *Reader { return &Reader{} }

// Next gives the next message; it and what it holds are valid until the next call. At the end of the input it returns
// io.EOF. A *[protocol.RecordError] concerns one record, and Next may be called again. Every other error is the end: a
// Data fault for what was sent, one that is [protocol.ErrTruncated] when the last line was cut off.
func (r *Reader) Next() (*protocol.Message, error) { return nil, io.EOF }

// Close ends the reading ahead and makes a waiting Next return [protocol.ErrClosed]. It is safe to call at any time, from
// any goroutine. A Read of the input that is under way is not waited for.
func (r *Reader) Close() error { return nil }
