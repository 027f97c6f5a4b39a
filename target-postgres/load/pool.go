package load

import "sync"

// pool hands segments out and takes them back, and bounds what is on its way to the server.
type pool struct {
	limits Limits
	mu     sync.Mutex
	back   sync.Cond // signalled when a segment comes back
	sent   int       // bytes on their way
	free   []*segment
	raw    [][]byte // of segments that could do without
	failed bool
}

func newPool(l Limits) *pool {
	p := &pool{limits: l}
	p.back.L = &p.mu
	return p
}

// take gives an empty segment.
func (p *pool) take() *segment {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := &segment{}
	if n := len(p.free); n > 0 {
		s = p.free[n-1]
		p.free = p.free[:n-1]
	}
	if n := len(p.raw); n > 0 && s.raw == nil {
		s.raw = p.raw[n-1]
		p.raw = p.raw[:n-1]
	}
	return s
}

// send waits until there is room for a segment on the way to the server. It does not wait once the run has failed.
func (p *pool) send(s *segment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.sent > 0 && p.sent+s.size() > p.limits.Sent && !p.failed {
		p.back.Wait()
	}
	p.sent += s.size()
}

// put takes back a segment that was sent. Memory that one huge record made is let go.
func (p *pool) put(s *segment) {
	size := s.size()
	s.reset()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent -= size
	p.keep(s)
	p.back.Broadcast()
}

// retain keeps a segment that was sent out of the reckoning. It comes back by drop.
func (p *pool) retain(s *segment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent -= s.size()
	p.back.Broadcast()
}

// strip takes its records from a segment that is retained.
func (p *pool) strip(s *segment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.takeRaw(s)
}

func (p *pool) takeRaw(s *segment) {
	if s.raw != nil && cap(s.raw) <= 4*p.limits.Segment && len(p.raw)*p.limits.Segment < p.limits.Sent {
		p.raw = append(p.raw, s.raw[:0])
	}
	s.raw = nil
}

// drop takes back a segment that is not on its way.
func (p *pool) drop(s *segment) {
	s.reset()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keep(s)
}

func (p *pool) keep(s *segment) {
	if cap(s.tuples) <= 2*p.limits.Segment && cap(s.raw) <= 4*p.limits.Segment && len(p.free)*p.limits.Segment < p.limits.Sent {
		p.free = append(p.free, s)
	}
}

// fail ends all waiting.
func (p *pool) fail() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failed = true
	p.back.Broadcast()
}
