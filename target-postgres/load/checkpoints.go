package load

import (
	"slices"
	"time"

	"github.com/signalroom/signalroom/protocol"
)

// coveredRows is how many rows of an open segment came before the newest state.
func (l *loader) coveredRows(g *segment) int {
	if g.mark == l.mark {
		return g.covered
	}
	return len(g.rows)
}

// flush sends the stream's open segment before the interval ends.
func (l *loader) flush(s *stream) error {
	g := s.open
	if g == nil || g.empty() {
		return nil
	}
	if g.plan.layout.repeats {
		if err := l.separate(); err != nil {
			return err
		}
		if g = s.open; g == nil {
			return nil
		}
		l.tail = true
	}
	l.detach(s)
	l.send(op{kind: copyRows, segment: g})
	return nil
}

// detach takes the open segment from its stream.
func (l *loader) detach(s *stream) {
	l.openBytes -= s.open.size()
	s.open = nil
	s.progress.publish()
}

// separate has the worker mark up to where the newest state covers rows that repeat, before rows that it does not cover are sent.
func (l *loader) separate() error {
	if l.state == nil || l.sentMark == l.mark {
		return nil
	}
	for _, s := range l.order {
		if s.open != nil && s.open.plan.layout.repeats {
			if g := l.takeCovered(s); g != nil {
				l.send(op{kind: copyRows, segment: g})
			}
		}
	}
	l.send(op{kind: coverRows})
	l.sentMark, l.tail = l.mark, false
	return nil
}

// takeCovered takes the rows that the newest state covers out of an open segment; the others stay open.
func (l *loader) takeCovered(s *stream) *segment {
	g := s.open
	n := l.coveredRows(g)
	covered := g.mark != l.mark || n == len(g.rows) && (len(g.rejects) == 0 || g.rejects[len(g.rejects)-1].Line < l.stateLine)
	if covered {
		l.detach(s)
		if g.empty() {
			l.pool.drop(g)
			return nil
		}
		return g
	}
	rest := l.pool.take()
	l.openBytes -= g.size()
	g.split(n, l.stateLine, rest)
	s.open = rest
	l.openBytes += rest.size()
	if g.empty() {
		l.pool.drop(g)
		return nil
	}
	return g
}

// flushLargest makes room by sending the largest open segments, until half of the room is free.
func (l *loader) flushLargest() error {
	var open []*stream
	for _, s := range l.order {
		if s.open != nil {
			open = append(open, s)
		}
	}
	slices.SortFunc(open, func(a, b *stream) int { return b.open.size() - a.open.size() })
	for _, s := range open {
		if l.openBytes <= l.o.Limits.Open/2 {
			break
		}
		if s.open == nil {
			continue // it went along with another one
		}
		if err := l.flush(s); err != nil {
			return err
		}
	}
	return nil
}

// worthCommit tells whether the interval is large enough to be committed: at batch_size_mb, batch_size_rows or many streams in any case,
// before rows that merge outgrow what can be held of them, and much sooner when another worker is free to go on.
func (l *loader) worthCommit() bool {
	o := &l.o
	if o.Replay != nil {
		return false // its one interval ends with its source
	}
	return l.filled >= o.Limits.Streams || l.bytes >= o.BatchBytes || o.BatchRows > 0 && l.rows >= o.BatchRows ||
		l.staged >= o.held()-o.Limits.Segment ||
		l.bytes >= int64(o.Limits.Small) && l.workers.room()
}

func (l *loader) stateMessage(m *protocol.Message) error {
	l.touch()
	l.state = append(l.state[:0], m.State...)
	if l.state == nil {
		l.state = []byte{}
	}
	l.stateLine, l.sawState, l.tail = m.Line, true, false
	if m.CountsAt > 0 {
		l.takeEcho(m)
	}
	l.mark++
	if l.worthCommit() {
		return l.commitIfCovered(0)
	}
	return l.commitIfCovered(l.o.BatchWait)
}

// commitIfCovered ends the interval at its newest state, if it has one, is at least so old, and nothing stands in the way:
// a replace that is not complete, or rows that no state covers and that cannot be called back.
func (l *loader) commitIfCovered(age time.Duration) error {
	if l.state == nil || time.Since(l.began) < age || l.incomplete() != nil || l.tail {
		return nil
	}
	for _, s := range l.order {
		g := s.open
		if g == nil || g.empty() {
			continue
		}
		if g.plan.layout.repeats {
			if g = l.takeCovered(s); g == nil {
				continue
			}
		} else {
			l.detach(s)
		}
		l.send(op{kind: copyRows, segment: g, final: true})
	}
	l.commit(l.state)
	for _, s := range l.order {
		if s.open != nil {
			l.touch()
			l.bytes += s.open.bytes
			l.rows += int64(len(s.open.rows))
			s.open.mark, s.open.covered = l.mark, 0
		}
	}
	return nil
}

// cut ends an interval in the middle of its rows, where no harm is done: rows with a key may be there before their state.
func (l *loader) cut() error {
	if l.state != nil {
		return l.commitIfCovered(0)
	}
	if l.tail || l.incomplete() != nil {
		return nil
	}
	for _, s := range l.order {
		if g := s.open; g != nil && !g.empty() && g.plan.layout.repeats {
			return nil
		}
	}
	for _, s := range l.order {
		if g := s.open; g != nil && !g.empty() {
			l.detach(s)
			l.send(op{kind: copyRows, segment: g, final: true})
		}
	}
	l.commit(nil)
	return nil
}

// commit ends the interval.
func (l *loader) commit(state []byte) {
	c := &commit{state: slices.Clone(state), start: l.began.UTC()}
	if state != nil {
		c.echoes, l.echoes = l.echoes, nil
	}
	l.send(op{kind: commitInterval, commit: c})
	close(l.interval.ops)
	l.interval = nil
	l.began, l.bytes, l.rows, l.staged, l.filled, l.state, l.tail, l.sentMark = time.Time{}, 0, 0, 0, 0, nil, false, 0
	l.commits++
}

// incomplete finds a replace whose new rows are not in the table yet.
func (l *loader) incomplete() *stream {
	for _, s := range l.order {
		if s.unswapped {
			return s
		}
	}
	return nil
}
