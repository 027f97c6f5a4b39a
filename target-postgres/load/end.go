package load

import (
	"errors"
	"fmt"
	"io"
	"slices"

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
	if l.workers.failure() != nil {
		return errFailed
	}
	clean, fault := errors.Is(err, io.EOF), err
	if clean {
		fault = l.incompleteRefreshes()
	} else if errors.Is(err, protocol.ErrClosed) {
		fault = nil
	}
	unfinished, state := l.unfinishedReplaces(clean), l.state
	if len(unfinished) > 0 {
		state = nil // it would cover rows that nobody sees
		if fault == nil {
			fault = protocol.DataFault("run the tap again", "%s ended incomplete: the old rows stay", streamList(unfinished))
		}
	}
	keep := l.o.Uncovered == KeepUncovered || l.o.Uncovered == AutoUncovered && !l.sawState && clean || l.o.Uncovered == CleanUncovered && clean
	if !keep && l.interval != nil && (l.tail || state == nil) {
		// What went out after the state is called back before the rest of what it covers follows.
		l.send(op{kind: uncoverRows, all: state == nil})
	}
	for _, s := range l.order {
		if slices.Contains(unfinished, s.name) {
			l.dropOpen(s)
			continue
		}
		l.sendLast(s, state, keep)
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

// unfinishedReplaces are the streams of which the new rows are not complete. A clean end completes those whose records have no version.
func (l *loader) unfinishedReplaces(clean bool) (names []string) {
	for _, s := range l.order {
		if s.unswapped && (s.versioned || !clean) {
			names = append(names, s.name)
		}
	}
	return names
}

// sendLast sends the rows of a stream that are still open. Those that repeat and that the state does not cover go only if they are to be
// kept.
func (l *loader) sendLast(s *stream, state []byte, keep bool) {
	g := s.open
	switch {
	case g == nil || g.empty():
		return
	case keep || !g.plan.layout.repeats:
		l.detach(s)
	case state == nil:
		s.dropped.Add(int64(len(g.rows)))
		l.dropOpen(s)
		return
	default:
		g = l.takeCovered(s)
		if s.open != nil {
			s.dropped.Add(int64(len(s.open.rows)))
		}
	}
	if g != nil {
		l.send(op{kind: copyRows, segment: g, final: true})
	}
}

// dropOpen lets go of rows that are not wanted.
func (l *loader) dropOpen(s *stream) {
	if g := s.open; g != nil {
		l.detach(s)
		l.pool.drop(g)
	}
}

func streamList(names []string) string {
	if len(names) == 1 {
		return fmt.Sprintf("the replace of stream %q", names[0])
	}
	return fmt.Sprintf("the replaces of streams %q", names)
}
