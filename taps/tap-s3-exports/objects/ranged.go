package objects

import (
	"bufio"
	"context"
	"fmt"
	"io"
)

const (
	// tailSize holds a zip's directory in nearly every case, so that it takes one request.
	tailSize = 64 << 10
	// skipAhead is the gap that is cheaper to read over than to ask anew.
	skipAhead = 256 << 10
	// readAhead is the buffer of one stream.
	readAhead = 256 << 10
)

// ranged is random access to an object, meant for readers that mostly go forward: one request streams until somebody jumps.
// It is not safe for concurrent use.
type ranged struct {
	ctx    context.Context
	bucket *Bucket
	object Object
	tail   []byte // the last bytes of the object, once asked for
	body   *Body  // nil, or open at the offset at
	buffer *bufio.Reader
	at     int64
}

func newRanged(ctx context.Context, bucket *Bucket, object Object) *ranged {
	return &ranged{ctx: ctx, bucket: bucket, object: object, buffer: bufio.NewReaderSize(nil, readAhead)}
}

// ReadAt implements io.ReaderAt.
func (r *ranged) ReadAt(p []byte, offset int64) (int, error) {
	if offset < 0 {
		return 0, fmt.Errorf("negative offset %d", offset)
	}
	if offset >= r.object.Size {
		return 0, io.EOF
	}
	short := int64(len(p)) > r.object.Size-offset
	if short {
		p = p[:r.object.Size-offset]
	}
	if err := r.fill(p, offset); err != nil {
		return 0, err
	}
	if short {
		return len(p), io.EOF
	}
	return len(p), nil
}

func (r *ranged) fill(p []byte, offset int64) error {
	if start := max(r.object.Size-tailSize, 0); offset >= start {
		if r.tail == nil {
			tail := make([]byte, r.object.Size-start)
			if err := r.stream(tail, start); err != nil {
				return err
			}
			r.tail = tail
		}
		copy(p, r.tail[offset-start:])
		return nil
	}
	return r.stream(p, offset)
}

func (r *ranged) stream(p []byte, offset int64) error {
	if gap := offset - r.at; r.body == nil || gap < 0 || gap > skipAhead {
		if err := r.jump(offset); err != nil {
			return err
		}
	}
	skipped, err := r.buffer.Discard(int(offset - r.at))
	r.at += int64(skipped)
	if err != nil {
		return err
	}
	n, err := io.ReadFull(r.buffer, p)
	r.at += int64(n)
	return err
}

func (r *ranged) jump(offset int64) error {
	r.close()
	body, err := r.bucket.readAt(r.ctx, r.object, offset)
	if err != nil {
		return err
	}
	r.body, r.at = body, offset
	r.buffer.Reset(body)
	return nil
}

func (r *ranged) close() {
	if r.body != nil {
		_ = r.body.Close()
		r.body = nil
	}
}
