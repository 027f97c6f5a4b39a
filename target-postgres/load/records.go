package load

import (
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/columns"
	"github.com/signalroom/signalroom/target-postgres/database"
	"github.com/signalroom/signalroom/target-postgres/tuples"
)

func (l *loader) record(m *protocol.Message) error {
	s := l.streamOf(m.Stream)
	if s != nil && s.discards {
		s.discarded++
		return nil
	}
	if s == nil || s.plan == nil {
		return protocol.InStream(m.Stream, protocol.DataFault("the tap must send it first", "line %d: a RECORD comes before the SCHEMA of its stream", m.Line))
	}
	r := &m.Record
	s.since++
	s.progress.add(r, m.Bytes)
	if err := l.noteVersion(s, r); err != nil {
		return err
	}
	l.touch()
	if l.o.Replay != nil {
		l.now.At = l.o.Replay.Received(m.Line)
	} else if s.plan.Timed {
		l.now.At = time.Now()
	}
	g, before, bad := l.encode(s, r)
	for _, need := range [...]*tuples.Problem{tuples.NeedsExtra, tuples.NeedsMark, errKnownKey} {
		if bad == nil || bad != need {
			continue
		}
		if err := l.mend(s, r, need); err != nil {
			return err
		}
		g, before, bad = l.encode(s, r)
	}
	if bad != nil {
		return l.reject(s, g, database.Reject{
			Line: m.Line, Key: s.plan.Key(r.Fields), Column: bad.Column, Reason: bad.Reason, Record: string(r.Raw),
		}, m.Bytes)
	}
	g.add(m.Line, r.Raw, m.Bytes)
	if s.plan.layout.Exact {
		g.keys = append(g.keys, s.plan.Hash)
	}
	g.version = max(g.version, r.Version)
	l.bytes += int64(m.Bytes)
	l.rows++
	l.openBytes += g.size() - before
	if len(g.tuples) >= l.o.Limits.Segment-l.o.Limits.Segment/8 {
		if err := l.flush(s); err != nil {
			return err
		}
		if l.worthCommit() {
			return l.cut()
		}
		return nil
	}
	if l.openBytes > l.o.Limits.Open {
		return l.flushLargest()
	}
	return nil
}

// noteVersion takes the version of a record, and begins a replace with its first one.
func (l *loader) noteVersion(s *stream, r *protocol.Record) error {
	if r.HasVersion {
		if err := l.versioned(s); err != nil {
			return err
		}
	}
	if !r.HasVersion || r.Version < s.activated {
		s.activeSet = false // a version that is said again ends this row
	}
	if s.mode != protocol.Replace {
		return nil
	}
	if !s.unswapped {
		// From here on the interval cannot end before the swap, so it had better end now.
		if err := l.commitIfCovered(0); err != nil {
			return err
		}
		s.unswapped = true
	}
	s.versioned, s.version = s.versioned || r.HasVersion, r.Version
	return nil
}

// mend brings the table to a form in which a record has no such problem.
func (l *loader) mend(s *stream, r *protocol.Record, need *tuples.Problem) error {
	switch need {
	case tuples.NeedsExtra:
		return l.undeclared(s, r)
	case tuples.NeedsMark:
		mark := protocol.Schema{Kinds: protocol.Null | protocol.String, Format: "date-time"}
		return l.add(s, []protocol.Property{{Name: columns.DeletedAtName, Schema: mark}})
	}
	return l.addKey(s)
}

// encode appends a record to the stream's open segment, whose size before that it gives.
func (l *loader) encode(s *stream, r *protocol.Record) (g *segment, before int, bad *tuples.Problem) {
	l.touch() // anew where the interval has just ended
	g = l.segment(s)
	before = g.size()
	begin := len(g.tuples)
	g.tuples, bad = s.plan.Append(g.tuples, r, &l.now, l.o.ExtraFields)
	if bad == nil && s.keys != nil && !l.newKey(s) {
		g.tuples, bad = g.tuples[:begin], errKnownKey
	}
	return g, before, bad
}

// refuse is for a record that the reader could not pass on.
func (l *loader) refuse(m *protocol.Message, e *protocol.RecordError) error {
	s := l.streamOf(m.Stream)
	if s != nil && s.discards {
		s.discarded++
		return nil
	}
	if s == nil || s.plan == nil {
		return e
	}
	l.touch()
	s.since++
	s.progress.add(&m.Record, m.Bytes)
	return l.reject(s, l.segment(s), database.Reject{Line: e.Line, Reason: e.Reason, Record: string(e.Raw)}, m.Bytes)
}

// reject leaves a record out, with its segment. The worker counts; here it only matters that too many are noticed soon.
func (l *loader) reject(s *stream, g *segment, r database.Reject, bytes int) error {
	r.Schema = s.sent
	g.rejects = append(g.rejects, r)
	g.bytes += int64(bytes)
	l.rejects++
	if l.rejects > l.o.MaxRejects || len(g.rejects) >= maxHeldRejects {
		return l.flush(s)
	}
	return nil
}

// segment gives the stream's open segment, where the next row goes.
func (l *loader) segment(s *stream) *segment {
	g := s.open
	if g == nil {
		g = l.pool.take()
		if s.filled != l.commits+1 {
			s.filled = l.commits + 1
			l.filled++
		}
		s.open = g
		g.mark = l.mark
	}
	if g.mark != l.mark {
		g.covered, g.mark = len(g.rows), l.mark
	}
	g.plan, g.schema = s.plan, s.sent
	return g
}
