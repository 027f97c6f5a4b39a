package objects

import (
	"context"
	"sync"
)

// aheadBytes is how near an object's end the next one is opened. Earlier, its connection might have to wait for long.
const aheadBytes = 8 << 20

// ahead is the object that is expected to be read next.
type ahead struct {
	mu       sync.Mutex
	ctx      context.Context
	expected *Object // nil: none, or it is being opened
	opening  *opening
}

// An opening is an object that is opened while another one is read.
type opening struct {
	object Object
	cancel context.CancelFunc
	done   chan struct{}
	body   *Body
	err    error
}

// Expect says which object is read, from its start, after the one that is read now: it is opened when the end of that one is near, so
// that nobody waits for its first byte. nil expects nothing, and lets go what is open.
func (b *Bucket) Expect(ctx context.Context, object *Object) {
	b.ahead.mu.Lock()
	b.ahead.ctx, b.ahead.expected = ctx, object
	left := b.ahead.opening
	if object == nil {
		b.ahead.opening = nil
	}
	b.ahead.mu.Unlock()
	if object == nil && left != nil {
		left.letGo()
	}
}

// openAhead begins to open what is expected.
func (b *Bucket) openAhead() {
	b.ahead.mu.Lock()
	defer b.ahead.mu.Unlock()
	if b.ahead.expected == nil || b.ahead.opening != nil {
		return
	}
	o := &opening{object: *b.ahead.expected, done: make(chan struct{})}
	b.ahead.opening, b.ahead.expected = o, nil
	var ctx context.Context
	ctx, o.cancel = context.WithCancel(b.ahead.ctx)
	go func() {
		defer close(o.done)
		o.body, o.err = b.open(ctx, o.object, Resume{})
	}()
}

// opened gives the body of an object that was opened ahead; ok is false for any other, and what was opened in its place is let go.
func (b *Bucket) opened(object Object) (body *Body, ok bool, err error) {
	b.ahead.mu.Lock()
	o := b.ahead.opening
	b.ahead.opening = nil
	b.ahead.mu.Unlock()
	switch {
	case o == nil:
		return nil, false, nil
	case o.object != object:
		o.letGo()
		return nil, false, nil
	}
	<-o.done
	if o.err != nil {
		o.cancel()
		return nil, true, o.err
	}
	o.body.done = o.cancel
	return o.body, true, nil
}

// letGo ends an opening that is of no use.
func (o *opening) letGo() {
	o.cancel()
	<-o.done
	if o.body != nil {
		_ = o.body.Close()
	}
}
