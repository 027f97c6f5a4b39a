package objects

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/signalroom/signalroom/protocol"
)

// Resume is a place in an object's stored bytes at which reading can go on, in a later process too. The zero value is the start.
// It is only good for the version of the object that it was taken from: keep the Object beside it.
type Resume struct {
	Offset int64  `json:"offset"`
	Hash   []byte `json:"hash,omitempty"` // the running checksum; without it only the length is verified at the end
}

// A Body is the stored bytes of one version of an object. It is not safe for concurrent use.
type Body struct {
	ctx    context.Context // of the read as a whole, which may take several requests
	bucket *Bucket
	object Object
	whole  bool // the checksum of the whole object is wanted
	offset int64
	sum    *checksum
	stream io.ReadCloser // nil between two requests
	tries  int           // since the last byte came
	err    error         // the end, once reached
	done   func()        // nil, or what Close calls
}

// Read opens object at from, unless it was expected and is open already. The object is pinned: see the promises of the package.
func (b *Bucket) Read(ctx context.Context, object Object, from Resume) (*Body, error) {
	if from.Offset == 0 {
		if body, ok, err := b.opened(object); ok {
			return body, err
		}
	}
	return b.open(ctx, object, from)
}

func (b *Bucket) open(ctx context.Context, object Object, from Resume) (*Body, error) {
	sum, err := restoreChecksum(from.Hash)
	if err != nil {
		return nil, protocol.ConfigFault("start the file from its beginning: remove it from the state", "reading %q: %w", object.Key, err)
	}
	body := &Body{ctx: ctx, bucket: b, object: object, offset: from.Offset, sum: sum, whole: from.Offset == 0}
	switch {
	case from.Offset < 0 || from.Offset > object.Size:
		return nil, body.changed("it has %d bytes, %d of them were read", object.Size, from.Offset)
	case from.Offset > 0 && from.Offset == object.Size:
		return body, nil // nothing is left but to verify
	}
	if err := body.open(); err != nil {
		return nil, err
	}
	return body, nil
}

// readAt opens object at offset, to read a part of it that no checksum covers.
func (b *Bucket) readAt(ctx context.Context, object Object, offset int64) (*Body, error) {
	body := &Body{ctx: ctx, bucket: b, object: object, offset: offset}
	return body, body.open()
}

// Read fills p with the next bytes. A consumer that asks for 64 KiB or more at once saves a copy.
func (b *Body) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for b.err == nil {
		n, err := b.next(p)
		if n > 0 {
			if b.sum != nil {
				b.sum.hash.Write(p[:n])
			}
			b.offset += int64(n)
			b.tries = 0
			if b.object.Size-b.offset <= aheadBytes {
				b.bucket.openAhead()
			}
			return n, nil
		}
		b.err = err
	}
	b.drop()
	return 0, b.err
}

// next reads from the current request, or from the one after it. It gives no byte and no error where another try is due.
func (b *Body) next(p []byte) (int, error) {
	if b.offset == b.object.Size {
		return 0, b.verify()
	}
	if b.stream == nil {
		return 0, b.open()
	}
	n, err := b.stream.Read(p)
	switch {
	case int64(n) > b.object.Size-b.offset:
		return 0, b.changed("it has more than the %d bytes of the listing", b.object.Size)
	case n > 0 || err == nil:
		return n, nil
	}
	return 0, b.broken(err)
}

// broken waits for the next try after a connection that ended early. It gives up after too many tries that brought no byte.
func (b *Body) broken(err error) error {
	b.drop()
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if b.ctx.Err() != nil || b.tries >= b.bucket.settings.MaxRetries {
		return b.bucket.fault(b.ctx, err, &b.object)
	}
	b.tries++
	b.bucket.log.Warn("the connection broke, going on where it did", "key", b.object.Key, "offset", b.offset, "try", b.tries, "error", err)
	pause := time.NewTimer(b.bucket.pause(b.tries))
	defer pause.Stop()
	select {
	case <-b.ctx.Done():
		return b.bucket.fault(b.ctx, b.ctx.Err(), &b.object)
	case <-pause.C:
		return nil
	}
}

// pause doubles from 100 ms, with jitter.
func (b *Bucket) pause(tries int) time.Duration {
	pause := min(100*time.Millisecond<<min(tries-1, 20), b.settings.MaxBackoff)
	return pause/2 + rand.N(pause/2+1)
}

// open asks for the bytes from the offset on, of the listed version only.
func (b *Body) open() error {
	input := &s3.GetObjectInput{Bucket: &b.bucket.settings.Bucket, Key: &b.object.Key, RequestPayer: b.bucket.payer()}
	if b.object.ETag != "" {
		input.IfMatch = aws.String(`"` + b.object.ETag + `"`)
	}
	if b.offset > 0 {
		input.Range = aws.String(fmt.Sprintf("bytes=%d-", b.offset))
	}
	reply, err := elsewhere(b.bucket, func(client *s3.Client) (*s3.GetObjectOutput, error) {
		return client.GetObject(b.ctx, input, withChecksumMode)
	})
	if err != nil {
		return b.bucket.fault(b.ctx, err, &b.object)
	}
	b.stream = reply.Body
	if err := b.pinned(reply); err != nil {
		b.drop()
		return err
	}
	if b.whole {
		b.whole = false
		b.sum = newChecksum(reply, b.object.ETag)
	}
	if b.offset > 0 && reply.ContentRange == nil {
		return b.skip()
	}
	return nil
}

// withChecksumMode asks for the checksum without the SDK's own validation, which the input's ChecksumMode would turn on.
func withChecksumMode(o *s3.Options) {
	o.APIOptions = append(o.APIOptions, smithyhttp.AddHeaderValue("x-amz-checksum-mode", "ENABLED"))
}

// pinned tells whether the reply is the listed version. A server that gives no ETag, or takes no If-Match, is caught by size, time and tag.
func (b *Body) pinned(reply *s3.GetObjectOutput) error {
	size := aws.ToInt64(reply.ContentLength)
	if reply.ContentRange != nil {
		start, total, ok := parseContentRange(*reply.ContentRange)
		if !ok || start != b.offset {
			return protocol.DataFault("report it to the makers of the server", "reading %q: asked for bytes from %d on, the server sent %q",
				b.object.Key, b.offset, *reply.ContentRange)
		}
		size = total
	}
	if size != b.object.Size && (reply.ContentLength != nil || reply.ContentRange != nil) && size >= 0 {
		return b.changed("it had %d bytes and has %d", b.object.Size, size)
	}
	if tag := strongETag(reply.ETag); b.object.ETag != "" {
		if tag != "" && tag != b.object.ETag {
			return b.changed("it has another ETag")
		}
		return nil
	}
	// The header has whole seconds, the listing may have more.
	if modified := reply.LastModified; modified != nil && modified.Sub(b.object.Modified).Abs() >= time.Second {
		return b.changed("it was modified at %s", modified.UTC().Format(time.RFC3339))
	}
	return nil
}

// parseContentRange takes "bytes 5-9/10" apart; a total that the server does not know is -1.
func parseContentRange(s string) (start, total int64, ok bool) {
	span, all, ok := strings.Cut(strings.TrimPrefix(s, "bytes "), "/")
	if !ok {
		return 0, 0, false
	}
	first, _, _ := strings.Cut(span, "-")
	start, err := strconv.ParseInt(first, 10, 64)
	if err != nil {
		return 0, 0, false
	}
	if all == "*" {
		return start, -1, true
	}
	total, err = strconv.ParseInt(all, 10, 64)
	return start, total, err == nil
}

// skip passes over what was read before, on a server that knows no ranges. A break on the way is one more try from the beginning.
func (b *Body) skip() error {
	n, err := io.CopyN(io.Discard, b.stream, b.offset)
	if n == b.offset {
		return nil
	}
	return b.broken(err)
}

// verify comes before io.EOF.
func (b *Body) verify() error {
	if b.stream != nil {
		var extra [1]byte
		if n, _ := b.stream.Read(extra[:]); n > 0 {
			return b.changed("it has more than the %d bytes of the listing", b.object.Size)
		}
	}
	if b.sum != nil && !b.sum.matches() {
		return &protocol.Fault{
			Kind: protocol.Data,
			Hint: "it is read again with the next run; if that fails too, upload it anew",
			Err:  fmt.Errorf("reading %q: %w: its checksum does not match its bytes", b.object.Key, ErrCorrupt),
		}
	}
	return io.EOF
}

func (b *Body) changed(format string, args ...any) error {
	return &protocol.Fault{
		Kind: protocol.Transient,
		Hint: changedHint,
		Err:  fmt.Errorf("reading %q: %w: %s", b.object.Key, ErrChanged, fmt.Sprintf(format, args...)),
	}
}

// Resume says where reading can go on: behind the last byte that Read delivered. A consumer that has not used all the bytes it
// was given keeps the Resume of an earlier Read, and later skips the bytes between the two.
func (b *Body) Resume() Resume { return Resume{Offset: b.offset, Hash: b.sum.state()} }

// Close ends the request. It is needed also after io.EOF, and may be called twice.
func (b *Body) Close() error {
	b.drop()
	if b.err == nil {
		b.err = errors.New("read after close")
	}
	if b.done != nil {
		b.done()
	}
	return nil
}

func (b *Body) drop() {
	if b.stream != nil {
		_ = b.stream.Close() // what matters of its end is known by then
		b.stream = nil
	}
}
