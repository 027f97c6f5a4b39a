// Package lines cuts an input into lines, and reads ahead while its user is busy with those that it has. It also writes lines for both
// protocols: records without allocating, through a buffer that many goroutines may share.
//
// What it promises: a line read is never copied, memory is bounded by a fixed number of bytes and one longest line, and a line
// is given as soon as it is there, whatever follows. A line is written whole, whoever writes beside it.
package lines

import (
	"bytes"
	"errors"
	"io"
	"sync"

	"github.com/signalroom/signalroom/protocol"
)

// DefaultMax is the longest line that a Reader takes unless it is told otherwise: 256 MiB, about as much as PostgreSQL can
// hold in one jsonb, and more than Meltano lets through.
const DefaultMax = 256 << 20

// ErrTooLong is the error of a line that is longer than the Reader takes.
var ErrTooLong = errors.New("the line is too long")

// A Reader reads lines. It reads ahead on a goroutine of its own, a bounded number of bytes.
type Reader struct {
	maximum int
	ahead   *readAhead
	close   func()
	block   block
	rest    []byte // of the block
}

// A Line is one line without its end.
type Line struct {
	Text  []byte // valid until the next call of the Reader
	Whole bool   // false when the input stops before the line's end
	UTF8  bool   // it is known to be UTF-8; otherwise nobody looked at this line alone
}

// NewReader starts to read r. Lines longer than maximum are an error; 0 is DefaultMax. The caller calls Close when it is done.
func NewReader(r io.Reader, maximum int) *Reader {
	if maximum <= 0 {
		maximum = DefaultMax
	}
	ahead := startReadAhead(r, maximum)
	return &Reader{maximum: maximum, ahead: ahead, close: sync.OnceFunc(func() { close(ahead.done) })}
}

// Max is the longest line that the Reader takes.
func (r *Reader) Max() int { return r.maximum }

// Close ends the reading ahead and makes a waiting Next return [protocol.ErrClosed]. It is safe to call at any time, from
// any goroutine. A Read of the input that is under way is not waited for: close the input to end that.
func (r *Reader) Close() error {
	r.close()
	return nil
}

// Wait returns when the input will not be read any more: at its end, or after Close when the last Read has returned.
func (r *Reader) Wait() { <-r.ahead.ended }

// Next gives the next line. At the end of the input it returns io.EOF; every other error is the end too: [ErrTooLong],
// [protocol.ErrClosed], or what the input said.
func (r *Reader) Next() (Line, error) {
	for {
		if i := bytes.IndexByte(r.rest, '\n'); i >= 0 {
			text := r.rest[:i:i]
			r.rest = r.rest[i+1:]
			if len(text) > r.maximum {
				return Line{}, ErrTooLong
			}
			return Line{text, true, r.block.valid}, nil
		}
		if err := r.block.err; errors.Is(err, io.EOF) && len(r.rest) > 0 {
			text := r.rest
			r.rest = nil
			return Line{text, false, r.block.valid}, nil
		} else if err != nil {
			return Line{}, err
		}
		r.ahead.release(r.block.memory)
		r.block = block{}
		select {
		case <-r.ahead.done:
			return Line{}, protocol.ErrClosed
		default:
		}
		select {
		case r.block = <-r.ahead.full:
			r.rest = r.block.data
		case <-r.ahead.done:
			return Line{}, protocol.ErrClosed
		}
	}
}
