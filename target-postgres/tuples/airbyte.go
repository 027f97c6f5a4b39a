package tuples

import (
	crypto "crypto/rand"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/target-postgres/columns"
	"github.com/signalroom/signalroom/target-postgres/values"
)

// airbyteFields is what is needed for Airbyte's columns.
type airbyteFields struct {
	random     *rand.ChaCha8
	meta       string // the object in _airbyte_meta, up to the members of its list of changes
	unchanged  []byte // the field of one without changes
	generation *int64
	scratch    []byte
}

func newAirbyteFields(s *protocol.Sync) airbyteFields {
	var seed [32]byte
	crypto.Read(seed[:]) // never fails
	a := airbyteFields{random: rand.NewChaCha8(seed), meta: `{"changes":[`, generation: s.Generation}
	if s.ID != nil {
		a.meta = `{"sync_id":` + strconv.FormatInt(*s.ID, 10) + `,"changes":[`
	}
	return a
}

// appendAirbyte appends the field of one of Airbyte's columns. Those of properties stand before it.
func (e *Encoder) appendAirbyte(dst []byte, s *slot, r *protocol.Record, received time.Time) ([]byte, error) {
	a := &e.airbyte
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
	if len(r.Changes) == 0 && len(e.changes) == 0 {
		var err error
		if a.unchanged == nil {
			a.unchanged, err = s.encoder.Append(nil, []byte(a.meta+"]}"))
		}
		return append(dst, a.unchanged...), err
	}
	a.scratch = append(a.scratch[:0], a.meta...)
	if len(r.Changes) > 0 {
		a.scratch = append(a.scratch, r.Changes[1:len(r.Changes)-1]...)
		if len(e.changes) > 0 {
			a.scratch = append(a.scratch, ',')
		}
	}
	a.scratch = append(a.scratch, e.changes...)
	return s.encoder.Append(dst, append(a.scratch, ']', '}'))
}

// nulled notes that a value became null because of what its encoder said.
func (e *Encoder) nulled(property string, because error) {
	reason := "DESTINATION_SERIALIZATION_ERROR"
	var problem *values.Problem
	if errors.As(because, &problem) && (problem.Reason == values.OutOfRange || problem.Reason == values.TooLong) {
		reason = "DESTINATION_FIELD_SIZE_LIMITATION"
	}
	if len(e.changes) > 0 {
		e.changes = append(e.changes, ',')
	}
	e.changes = rawjson.AppendString(append(e.changes, `{"field":`...), []byte(property))
	e.changes = append(append(append(e.changes, `,"change":"NULLED","reason":"`...), reason...), `"}`...)
}
