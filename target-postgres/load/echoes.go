package load

import (
	"slices"
	"strconv"

	"github.com/signalroom/signalroom/protocol"
)

// An echo is a state of Airbyte's on its way back.
type echo struct {
	line    []byte  // without the counts of what was loaded
	at      int     // where they go
	stream  *stream // whose records it covers; nil for all
	records int64   // since the state before
	to      int64   // its line
}

// A refusedLine is a record that was rejected.
type refusedLine struct {
	stream *stream
	line   int64
}

// takeEcho keeps a state until what it covers is committed.
func (l *loader) takeEcho(m *protocol.Message) {
	e := echo{line: slices.Clone(m.State), at: m.CountsAt, stream: l.streams[m.Stream], to: m.Line}
	l.bytes += int64(len(e.line))
	for _, s := range l.order {
		if e.stream == nil || e.stream == s {
			e.records += s.since
			s.since = 0
		}
	}
	l.echoes = append(l.echoes, e)
}

// sendEchoes sends states back, once what they cover is committed.
func (w *worker) sendEchoes(echoes []echo) error {
	for i := range echoes {
		e := &echoes[i]
		before := len(w.workers.refusals)
		w.workers.refusals = slices.DeleteFunc(w.workers.refusals, func(r refusedLine) bool {
			return r.line <= e.to && (e.stream == nil || e.stream == r.stream)
		})
		rejected := int64(before - len(w.workers.refusals))
		counts := strconv.AppendInt([]byte(`{"recordCount":`), e.records-rejected, 10)
		counts = append(strconv.AppendInt(append(counts, `,"rejectedRecordCount":`...), rejected, 10), '}')
		if err := w.states.echo(slices.Insert(e.line, e.at, counts...)); err != nil {
			return err
		}
	}
	return nil
}
