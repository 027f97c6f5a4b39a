package load

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/signalroom/signalroom/protocol"
)

// ended is what the end of the input means when nothing was read.
func ended(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, protocol.ErrClosed) {
		return nil
	}
	return err
}

// end settles what the end of the input leaves open, by how it ended.
func (l *loader) end(err error) error {
	clean := errors.Is(err, io.EOF)
	if l.crew.failure() != nil {
		return errFailed
	}
	var fault error
	if !clean && !errors.Is(err, protocol.ErrClosed) {
		fault = err
	}
	keep := l.o.Uncovered == KeepUncovered || l.o.Uncovered == AutoUncovered && !l.sawState && clean || l.o.Uncovered == CleanUncovered && clean
	if clean {
		fault = l.incompleteRefreshes()
	}
	var unfinished []string
	for _, s := range l.order {
		if !s.unswapped {
			continue
		}
		if clean && !s.versioned {
			continue // the clean end completes it
		}
		unfinished = append(unfinished, s.name)
	}
	state := l.state
	if len(unfinished) > 0 {
		state = nil // it would cover rows that nobody sees
		if fault == nil {
			fault = protocol.DataFault("run the tap again", "%s ended incomplete: the old rows stay", streamList(unfinished))
		}
	}
	if !keep && l.interval != nil && (l.tail || state == nil) {
		// What went out after the state is called back before the rest of what it covers follows.
		l.send(op{kind: uncoverRows, all: state == nil})
	}
	for _, s := range l.order {
		g := s.open
		if s.mode == protocol.Replace && s.unswapped && slices.Contains(unfinished, s.name) {
			if g != nil {
				l.detach(s)
				l.pool.drop(g)
			}
			continue
		}
		if g != nil && !g.empty() {
			if g.plan.layout.repeats && !keep {
				if state == nil {
					s.dropped.Add(int64(len(g.rows)))
					l.detach(s)
					l.pool.drop(g)
					g = nil
				} else {
					g = l.takeCovered(s)
					if s.open != nil {
						s.dropped.Add(int64(len(s.open.rows)))
					}
				}
			} else {
				l.detach(s)
			}
			if g != nil {
				l.send(op{kind: copyRows, segment: g, final: true})
			}
		}
		if s.unswapped {
			l.send(op{kind: swapRows, stream: s, layout: s.plan.layout, final: true})
		}
		if clean && s.aside() && l.whole(s) {
			l.sendRefresh(s)
		}
	}
	if l.interval != nil || state != nil {
		l.commit(state)
	}
	if err := l.addKeys(); err != nil {
		return err
	}
	return fault
}

func streamList(names []string) string {
	if len(names) == 1 {
		return fmt.Sprintf("the replace of stream %q", names[0])
	}
	return fmt.Sprintf("the replaces of streams %q", names)
}

// watchClock ends intervals that have waited long enough, while no message comes.
func (l *loader) watchClock(done <-chan struct{}) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case <-done:
			return
		case <-l.wake:
			timer.Reset(l.o.BatchWait)
		case <-timer.C:
			l.mu.Lock()
			if !l.ended {
				l.commitIfCovered(l.o.BatchWait) // the worker's errors are met by the next message
				if !l.began.IsZero() {
					timer.Reset(max(l.o.BatchWait-time.Since(l.began), l.o.BatchWait/8, 100*time.Millisecond))
				}
			}
			l.mu.Unlock()
		}
	}
}
