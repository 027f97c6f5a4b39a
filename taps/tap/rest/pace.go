package rest

import (
	"context"
	"sync"
	"time"

	"github.com/signalroom/signalroom/taps/tap"
)

// Limits are what an API allows. All of them hold at once, over all requests that share them.
type Limits struct {
	Rates []Rate
	// Parallel is how many requests may wait for their answers at the same time; 0 is any number. A request counts until
	// its answer begins.
	Parallel int
}

// A Rate allows Requests in any span of Per: 240 per minute.
type Rate struct {
	Requests int
	Per      time.Duration
}

// slack is the part of a rate's span that is added to it, as requests do not take the same time to reach the API: 2 %.
const slack = 50

// A window remembers when the last requests of a rate were sent, the oldest at next.
type window struct {
	per  time.Duration
	sent []time.Time
	next int
}

func newWindow(r Rate) *window {
	return &window{per: r.Per + r.Per/slack, sent: make([]time.Time, max(1, r.Requests))}
}

// free is when the window has room.
func (w *window) free() time.Time { return w.sent[w.next].Add(w.per) }

func (w *window) add(at time.Time) {
	w.sent[w.next] = at
	w.next = (w.next + 1) % len(w.sent)
}

// A pacer keeps Limits. Those of one API share the lock and the window that the user's own pace is, so that a request
// waits for all of them together.
type pacer struct {
	mu      *sync.Mutex
	windows []*window
	slots   chan struct{} // nil: any number
	held    time.Time     // no request is sent before: the API has asked for it
}

func newPacer(mu *sync.Mutex, limits Limits, user *window) *pacer {
	p := &pacer{mu: mu}
	for _, rate := range limits.Rates {
		p.windows = append(p.windows, newWindow(rate))
	}
	if user != nil {
		p.windows = append(p.windows, user)
	}
	if limits.Parallel > 0 {
		p.slots = make(chan struct{}, limits.Parallel)
	}
	return p
}

// enter waits until a request may be sent. The caller calls leave when its answer has begun.
func (p *pacer) enter(ctx context.Context) (leave func(), err error) {
	leave = func() {}
	if p.slots != nil {
		select {
		case p.slots <- struct{}{}:
			leave = func() { <-p.slots }
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	for {
		at := p.take(time.Now())
		if at.IsZero() {
			return leave, nil
		}
		if err := tap.Sleep(ctx, time.Until(at)); err != nil {
			leave()
			return nil, err
		}
	}
}

// take counts a request now if all windows have room, and otherwise gives the first instant at which they may. Nothing is taken ahead
// of its time: a window that is shared would be full of requests that wait for another one.
func (p *pacer) take(now time.Time) (later time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := p.held
	for _, w := range p.windows {
		at = latest(at, w.free())
	}
	if at.After(now) {
		return at
	}
	for _, w := range p.windows {
		w.add(now)
	}
	return time.Time{}
}

// hold keeps all requests back for a while.
func (p *pacer) hold(wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = latest(p.held, time.Now().Add(wait))
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
