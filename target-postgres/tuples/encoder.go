package tuples

import (
	"encoding/binary"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/target-postgres/columns"
	"github.com/signalroom/signalroom/target-postgres/values"
)

// An Encoder makes tuples of the records of one SCHEMA. It is for one goroutine.
type Encoder struct {
	// Timed tells that a column says when a record was read: [Instant.At] counts.
	Timed bool
	// Hash is that of the key of the latest record, where the form is exact.
	Hash uint64

	form     *Form
	slots    []slot
	keys     []int // slots of the key
	extra    int   // slot of _extra, -1 without
	members  members
	airbyte  airbyteFields
	discards bool // a contract leaves out undeclared members rather than to add _extra

	// Of the record under way.
	values  [][]byte // by slot
	extras  []protocol.Field
	changes []byte // members of the list in _airbyte_meta
	scratch []byte

	dropped      int64  // values that a contract left out
	extracted    []byte // the field of the time_extracted before
	extractedRaw []byte // and its text
}

// A slot is one field of the tuple.
type slot struct {
	from     columns.Source
	property string // empty when this SCHEMA does not have the column: null
	column   columns.Ident
	encoder  values.Encoder
	foreign  bool // other SCHEMAs of the form have it, this one has not
	discards bool // a contract drops values that do not fit
	nulls    bool // such values become null, and _airbyte_meta says so
	key      bool
}

// New makes the encoder of a SCHEMA for a table, given where its columns went. It is a Config fault when a column has a type that values
// cannot be written to, and a Data fault when a key property is not declared.
func New(schema *protocol.Stream, table columns.Table, form *Form, places []columns.Place) (*Encoder, error) {
	e := &Encoder{form: form, extra: -1, slots: make([]slot, len(form.Columns)), values: make([][]byte, len(form.Columns))}
	e.members.slots = make(map[string]int, len(places))
	e.members.metadata = form.Metadata
	at := make(map[columns.Ident]int, len(form.Columns))
	for i, c := range form.Columns {
		at[c.Name] = i
		e.slots[i] = slot{from: c.Source, column: c.Name, foreign: true}
		e.Timed = e.Timed || c.Source == columns.ReceivedAt || c.Source == columns.Sequence || c.Source == columns.EmittedAt
	}
	for i := range places {
		place := &places[i]
		if place.Column.Name == "" {
			e.passOver(place)
			continue
		}
		if err := e.take(at[place.Column.Name], place); err != nil {
			return nil, protocol.ConfigFault("alter the column's type, or load into another table", "column %s of %s: %w", place.Column.Name, table, err)
		}
	}
	if schema.Sync != nil {
		e.airbyte = newAirbyteFields(schema.Sync)
	}
	if len(e.keys) != len(schema.KeyProperties) {
		return nil, protocol.DataFault("the tap must declare its key as properties", "a key property is no property of the schema (key: %q)", schema.KeyProperties)
	}
	return e, nil
}

// passOver notes what becomes of the values of a wanted column that the table does not have.
func (e *Encoder) passOver(place *columns.Place) {
	want := &place.Want
	switch {
	case want.Source == columns.Extra:
		e.discards = e.discards || place.Misfit == columns.DiscardValue
	case want.Source != columns.Property:
	case place.Extra:
		e.members.slots[want.Property] = crowded
	case place.Misfit == columns.DiscardRow:
		e.members.slots[want.Property] = refused
	default:
		e.members.slots[want.Property] = discarded
	}
}

// take gives a slot the encoder of the column that is wanted there.
func (e *Encoder) take(i int, place *columns.Place) (err error) {
	want, s := &place.Want, &e.slots[i]
	s.from, s.property, s.foreign = want.Source, want.Property, false
	schema := want.Schema
	if e.form.Metadata == columns.AirbyteMetadata {
		schema = nil // whatever the column can take is taken
		s.nulls = want.Source == columns.Property && !want.Key
	}
	s.discards = place.Misfit == columns.DiscardValue
	if s.encoder, err = values.New(schema, place.Column.Type); err != nil {
		return err
	}
	switch want.Source {
	case columns.Property:
		e.members.slots[want.Property] = i
		if want.Key {
			e.keys = append(e.keys, i)
			s.key = true
		}
	case columns.DeletedAt:
		if want.Property != "" {
			e.members.slots[want.Property] = i
		} else {
			e.members.slots[string(want.Name)] = unmarked
		}
	case columns.Extra:
		e.extra = i
	}
	return nil
}

// Append encodes one record. With a problem dst comes back as it was given.
func (e *Encoder) Append(dst []byte, r *protocol.Record, now *Instant, extra ExtraFields) ([]byte, *Problem) {
	dropped, bad := e.sort(r, extra)
	if bad != nil {
		return dst, bad
	}
	for _, k := range e.keys {
		if v := e.values[k]; len(v) == 0 || v[0] == 'n' {
			return dst, &Problem{e.slots[k].property, "a key property without a value"}
		}
	}
	e.Hash, e.changes = 0, e.changes[:0]
	begin := len(dst)
	fields := len(e.slots)
	if e.form.Partial {
		fields++
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(fields))
	for i := range e.slots {
		s := &e.slots[i]
		if s.from != columns.Property && s.from != columns.DeletedAt {
			if dst, bad = e.appendOwn(dst, s, r, now); bad != nil {
				return dst[:begin], bad
			}
			continue
		}
		if s.property == "" && (s.foreign || s.from == columns.DeletedAt) {
			dst = values.AppendNull(dst)
			continue
		}
		at := len(dst)
		var err error
		if dst, err = s.encoder.Append(dst, e.values[i]); err != nil {
			switch {
			case s.nulls:
				e.nulled(s.property, err)
			case s.discards:
				dropped++
			default:
				return dst[:begin], &Problem{s.property, err.Error()}
			}
			dst = values.AppendNull(dst)
		}
		if s.key && e.form.Exact {
			e.Hash = KeyHash(e.form.Seed, e.Hash, dst[at:])
		}
	}
	if e.form.Partial {
		dst = e.appendAbsent(dst)
	}
	e.dropped += dropped
	return dst, nil
}

// appendOwn appends a field that is not a property of the record.
func (e *Encoder) appendOwn(dst []byte, s *slot, r *protocol.Record, now *Instant) ([]byte, *Problem) {
	var err error
	switch s.from {
	case columns.ExtractedAt:
		return e.appendExtracted(dst, s, r.TimeExtracted), nil
	case columns.ReceivedAt:
		return values.AppendTimestamptz(dst, now.At), nil
	case columns.BatchedAt:
		return values.AppendTimestamptz(dst, now.Batched), nil
	case columns.Sequence:
		return values.AppendBigint(dst, now.At.UnixMilli()), nil
	case columns.TableVersion:
		if r.HasVersion {
			return values.AppendBigint(dst, r.Version), nil
		}
		return values.AppendNull(dst), nil
	case columns.SyncStartedAt:
		return values.AppendBigint(dst, now.Started), nil
	case columns.Extra:
		if dst, err = s.encoder.Append(dst, e.extraObject()); err != nil {
			return dst, &Problem{string(e.extras[0].Name), err.Error()}
		}
	default:
		if dst, err = e.appendAirbyte(dst, s, r, now.At); err != nil {
			return dst, &Problem{string(s.column), err.Error()}
		}
	}
	return dst, nil
}

// appendAbsent appends a field of type bit: 1 for each column that the row leaves as it is.
func (e *Encoder) appendAbsent(dst []byte) []byte {
	bits := len(e.slots)
	size := (bits + 7) / 8
	dst = binary.BigEndian.AppendUint32(dst, uint32(4+size))
	dst = binary.BigEndian.AppendUint32(dst, uint32(bits))
	at := len(dst)
	dst = append(dst, make([]byte, size)...)
	for i := range e.slots {
		s := &e.slots[i]
		missing := s.from == columns.Property && len(e.values[i]) == 0 || s.from == columns.Extra && len(e.extras) == 0
		if s.foreign || missing && e.form.Keeps {
			dst[at+i/8] |= 0x80 >> (i % 8)
		}
	}
	return dst
}

// appendExtracted appends time_extracted, which mostly is that of the record before. One that is no instant is null.
func (e *Encoder) appendExtracted(dst []byte, s *slot, text []byte) []byte {
	if len(text) == 0 {
		return values.AppendNull(dst)
	}
	if string(text) != string(e.extractedRaw) || e.extracted == nil {
		e.extractedRaw = append(e.extractedRaw[:0], text...)
		e.scratch = rawjson.AppendString(e.scratch[:0], text)
		field, err := s.encoder.Append(e.extracted[:0], e.scratch)
		if err != nil {
			field = values.AppendNull(e.extracted[:0])
		}
		e.extracted = field
	}
	return append(dst, e.extracted...)
}

// extraObject makes one object of the undeclared members, nothing when there are none. Of a name that came twice the last counts.
func (e *Encoder) extraObject() []byte {
	if len(e.extras) == 0 {
		return nil
	}
	e.scratch = append(e.scratch[:0], '{')
	for i := range e.extras {
		if i > 0 {
			e.scratch = append(e.scratch, ',')
		}
		e.scratch = rawjson.AppendString(e.scratch, e.extras[i].Name)
		e.scratch = append(e.scratch, ':')
		e.scratch = append(e.scratch, e.extras[i].Value...)
	}
	return append(e.scratch, '}')
}

// Key is the record's key as a JSON object, for a reject.
func (e *Encoder) Key(fields []protocol.Field) string {
	if len(e.keys) == 0 {
		return ""
	}
	text := []byte{'{'}
	for _, k := range e.keys {
		for i := len(fields) - 1; i >= 0; i-- {
			if string(fields[i].Name) != e.slots[k].property {
				continue
			}
			if len(text) > 1 {
				text = append(text, ',')
			}
			text = append(rawjson.AppendString(text, fields[i].Name), ':')
			text = append(text, fields[i].Value...)
			break
		}
	}
	if len(text) == 1 {
		return ""
	}
	return string(append(text, '}'))
}

// Tally is what had to be replaced in values so far, and how many of them a contract left out.
func (e *Encoder) Tally() (replaced values.Tally, dropped int64) {
	for i := range e.slots {
		replaced.Add(e.slots[i].encoder.Tally())
	}
	return replaced, e.dropped
}
