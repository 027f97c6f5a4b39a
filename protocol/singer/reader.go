package singer

import (
	"context"
	"io"
	"log/slog"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/lines"
	"github.com/signalroom/signalroom/protocol/rawjson"
)

// Options are the choices of a Reader. The zero value is ready to use.
type Options struct {
	MaxLine int          // bytes; 0 is lines.DefaultMax
	Log     *slog.Logger // for warnings; nil drops them
}

// A Reader reads messages. It reads ahead on a goroutine of its own, a bounded number of bytes, so that a busy caller
// does not stall the program that writes.
type Reader struct {
	options Options
	lines   *lines.Messages

	envelope envelope
	outer    rawjson.Scanner
	inner    rawjson.Scanner
	visit    func(name []byte, pos int) (end int, err error)
	line     []byte
	message  protocol.Message
	text     []byte // of a time with escapes

	latest  *known
	byRaw   map[string]*known // by the name as it is written, quotes and escapes included
	byName  map[string]*known
	unknown map[string]bool // types that were warned of
}

// known is a stream whose name was seen.
type known struct {
	raw     string
	name    string
	stream  *protocol.Stream // nil before its SCHEMA
	keyless bool             // it was warned of
}

// NewReader starts to read r. The caller calls Close when it is done.
func NewReader(r io.Reader, options Options) *Reader {
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	reader := &Reader{
		options: options,
		byRaw:   map[string]*known{},
		byName:  map[string]*known{},
		unknown: map[string]bool{},
	}
	reader.lines = lines.NewReader(r, options.MaxLine).Messages(reader.decode)
	reader.visit = reader.member
	return reader
}

// Close ends the reading ahead and makes a waiting Next return [protocol.ErrClosed]. It is safe to call at any time, from
// any goroutine. A Read of the input that is under way is not waited for: close the input to end that.
func (r *Reader) Close() error {
	return r.lines.Close()
}

// Next gives the next message; it and what it holds are valid until the next call. At the end of the input it returns
// io.EOF. With a *[protocol.RecordError] comes the message of that record, and Next may be called again. Every other error
// is the end and is returned again: a Data fault for what was sent, one that is [protocol.ErrTruncated] when the last line
// was cut off.
func (r *Reader) Next() (*protocol.Message, error) {
	return r.lines.Next()
}

func (r *Reader) warn(stream, text string, args ...any) {
	if stream != "" {
		args = append(args, "stream", stream)
	}
	r.options.Log.Log(context.Background(), slog.LevelWarn, text, append(args, "line", r.lines.Number)...)
}
