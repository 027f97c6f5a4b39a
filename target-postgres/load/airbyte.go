package load

import (
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	crypto "crypto/rand"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/target-postgres/columns"
	"github.com/signalroom/signalroom/target-postgres/values"
)

// airbytePlan is what a plan needs for Airbyte's columns.
type airbytePlan struct {
	random     *rand.ChaCha8
	meta       string // the object in _airbyte_meta, up to the members of its list of changes
	unchanged  []byte // the field of one without changes
	generation *int64
	scratch    []byte
}

func newAirbytePlan(s *protocol.Sync) airbytePlan {
	var seed [32]byte
	crypto.Read(seed[:]) // never fails
	a := airbytePlan{random: rand.NewChaCha8(seed), meta: `{"changes":[`, generation: s.Generation}
	if s.ID != nil {
		a.meta = `{"sync_id":` + strconv.FormatInt(*s.ID, 10) + `,"changes":[`
	}
	return a
}

// appendAirbyte appends the field of one of Airbyte's columns. Those of properties stand before it.
func (p *plan) appendAirbyte(dst []byte, s *slot, r *protocol.Record, received time.Time) ([]byte, error) {
	a := &p.airbyte
	switch s.from {
	case columns.RawID:
		var id [16]byte
		a.random.Read(id[:]) // never fails
		id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
		a.scratch = append(a.scratch[:0], '"')
		for i, part := range [...][]byte{id[:4], id[4:6], id[6:8], id[8:10], id[10:]} {
			if i > 0 {
				a.scratch = append(a.scratch, '-')
			}
			a.scratch = hex.AppendEncode(a.scratch, part)
		}
		return s.encoder.Append(dst, append(a.scratch, '"'))
	case columns.EmittedAt:
		if r.EmittedAt > 0 {
			received = time.UnixMilli(r.EmittedAt)
		}
		return s.encoder.AppendTime(dst, received)
	case columns.Generation:
		if a.generation == nil {
			return values.AppendNull(dst), nil
		}
		return s.encoder.AppendInt(dst, *a.generation)
	}
	if len(r.Changes) == 0 && len(p.changes) == 0 {
		var err error
		if a.unchanged == nil {
			a.unchanged, err = s.encoder.Append(nil, []byte(a.meta+"]}"))
		}
		return append(dst, a.unchanged...), err
	}
	a.scratch = append(a.scratch[:0], a.meta...)
	if len(r.Changes) > 0 {
		a.scratch = append(a.scratch, r.Changes[1:len(r.Changes)-1]...)
		if len(p.changes) > 0 {
			a.scratch = append(a.scratch, ',')
		}
	}
	a.scratch = append(a.scratch, p.changes...)
	return s.encoder.Append(dst, append(a.scratch, ']', '}'))
}

// nulled notes that a value became null because of what its encoder said.
func (p *plan) nulled(property string, because error) {
	reason := "DESTINATION_SERIALIZATION_ERROR"
	var problem *values.Problem
	if errors.As(because, &problem) && (problem.Reason == values.OutOfRange || problem.Reason == values.TooLong) {
		reason = "DESTINATION_FIELD_SIZE_LIMITATION"
	}
	if len(p.changes) > 0 {
		p.changes = append(p.changes, ',')
	}
	p.changes = rawjson.AppendString(append(p.changes, `{"field":`...), []byte(property))
	p.changes = append(append(append(p.changes, `,"change":"NULLED","reason":"`...), reason...), `"}`...)
}

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
		before := len(w.crew.refusals)
		w.crew.refusals = slices.DeleteFunc(w.crew.refusals, func(r refusedLine) bool {
			return r.line <= e.to && (e.stream == nil || e.stream == r.stream)
		})
		rejected := int64(before - len(w.crew.refusals))
		counts := strconv.AppendInt([]byte(`{"recordCount":`), e.records-rejected, 10)
		counts = append(strconv.AppendInt(append(counts, `,"rejectedRecordCount":`...), rejected, 10), '}')
		if err := w.states.echo(slices.Insert(e.line, e.at, counts...)); err != nil {
			return err
		}
	}
	return nil
}
