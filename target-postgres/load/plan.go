package load

import (
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/target-postgres/columns"
	"github.com/signalroom/signalroom/target-postgres/database"
	"github.com/signalroom/signalroom/target-postgres/values"
)

// A layout is the form of a stream's tuples. It never changes, so loader and worker share it.
type layout struct {
	id       int64
	mode     protocol.Disposition
	metadata columns.Metadata
	repeats  bool // a row that is loaded twice is there twice
	columns  []layoutColumn
	shape    database.Shape
	arbiters []string     // indexes whose violation means that the key is there already
	keyField int          // of a tuple: the first column of such an index
	exact    bool         // whether two keys are the same is seen from the bytes of their fields
	seed     maphash.Seed // of the hashes of keys
	partial  bool         // some columns of a row may stay as they are: the tuple ends with a bit for each column
	keeps    bool         // those that the record does not name; without it those alone that its SCHEMA does not have
	deferred bool         // the table gets its key later
	form     string       // of the table's columns, when the layout was made
	clears   bool         // a large replace deletes all old rows and writes the new ones to the table itself
	guarded  bool         // writing a row may have to wait for another one's transaction
	made     *interval    // whose transaction the table's present form belongs to; nil when that is committed
}

type layoutColumn struct {
	name columns.Ident
	typ  columns.Type
	from columns.Source
}

// A plan is how the records of one SCHEMA become tuples of a layout. It is the loader's alone.
type plan struct {
	stream   *stream
	schema   *protocol.Stream
	layout   *layout
	metadata columns.Metadata
	slots    []slot
	named    map[string]int // property to slot
	order    []guess        // what stood at each position of the record before
	keys     []int          // slots of the key
	extra    int            // slot of _extra, -1 without

	timed      bool // a column says when a record came
	dropsExtra bool // a contract leaves out undeclared members rather than to add it

	values  [][]byte // of the record under way, by slot
	extras  []protocol.Field
	scratch []byte

	hash         uint64 // of the key of the latest record, where the layout is exact
	dropped      int64  // values that a contract left out
	extracted    []byte // the field of the time_extracted before
	extractedRaw []byte // and its text

	airbyte airbytePlan
	changes []byte // of the record under way: members of the list in _airbyte_meta
}

// A slot is one field of the tuple.
type slot struct {
	from     columns.Source
	property string // empty when this SCHEMA does not have the column: null
	column   columns.Ident
	encoder  values.Encoder
	foreign  bool // other SCHEMAs of the layout have it, this one has not
	discards bool // a contract drops values that do not fit
	nulls    bool // such values become null, and _airbyte_meta says so
	key      bool
}

// Where a member goes that has no slot.
const (
	ignored    = -1 // nowhere: it has a metadata column's name
	undeclared = -2 // what on_extra_fields says
	refused    = -3 // a contract rejects records that have a value for it
	discarded  = -4 // nowhere: a contract drops its values
	unmarked   = -6 // the stream turns out to mark deleted rows
	crowded    = -5 // _extra, because the table has no room for its column
)

type guess struct {
	name string
	slot int
}

// A problem is why a record did not become a tuple.
type problem struct {
	column string
	reason string
}

// errExtra is a problem that a column for undeclared members mends.
var errExtra = &problem{reason: "members that the schema does not declare, and no column to keep them in"}

// errMark is a problem that reading _sdc_deleted_at mends.
var errMark = &problem{reason: "an undeclared mark of deletion"}

// errKnownKey is a problem that a key of the table mends.
var errKnownKey = &problem{reason: "a key that came before"}

// instant is what the metadata columns say of when.
type instant struct {
	at      time.Time
	batched time.Time
	started int64 // milliseconds since 1970
}

// append encodes one record. A problem leaves dst as it was.
func (p *plan) append(dst []byte, r *protocol.Record, now *instant, extra ExtraFields) ([]byte, *problem) {
	clear(p.values)
	p.extras = p.extras[:0]
	dropped := int64(0)
	for i := range r.Fields {
		f := &r.Fields[i]
		switch s := p.slot(i, f.Name); {
		case s >= 0:
			p.values[s] = f.Value
		case s == ignored:
		case s == discarded:
			dropped += present(f.Value)
		case s == refused:
			if f.Value[0] != 'n' {
				return dst, &problem{column: string(f.Name), reason: "the table has no column for it and the contract forbids one"}
			}
		case s == unmarked:
			if f.Value[0] != 'n' {
				return dst, errMark
			}
		case s == crowded && f.Value[0] == 'n':
		case s == crowded && p.extra >= 0:
			p.extras = append(p.extras, *f)
		case s == crowded:
			return dst, errExtra
		case extra == DropExtra, extra == AddExtra && f.Value[0] == 'n':
		case extra == FailExtra:
			return dst, &problem{column: string(f.Name), reason: "a member that the schema does not declare"}
		case extra == KeepExtra && p.extra >= 0:
			p.extras = append(p.extras, *f)
		case extra == KeepExtra && p.dropsExtra:
			dropped += present(f.Value)
		default:
			return dst, errExtra
		}
	}
	for _, k := range p.keys {
		if v := p.values[k]; len(v) == 0 || v[0] == 'n' {
			return dst, &problem{column: p.slots[k].property, reason: "a key property without a value"}
		}
	}
	p.hash, p.changes = 0, p.changes[:0]
	begin := len(dst)
	fields := len(p.slots)
	if p.layout.partial {
		fields++
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(fields))
	var err error
	for i := range p.slots {
		s := &p.slots[i]
		switch s.from {
		case columns.Property, columns.DeletedAt:
			if s.property == "" && (s.foreign || s.from == columns.DeletedAt) {
				dst = values.AppendNull(dst)
				continue
			}
			at := len(dst)
			if dst, err = s.encoder.Append(dst, p.values[i]); err != nil {
				switch {
				case s.nulls:
					p.nulled(s.property, err)
				case s.discards:
					dropped++
				default:
					return dst[:begin], &problem{column: s.property, reason: err.Error()}
				}
				dst = values.AppendNull(dst)
			}
			if s.key && p.layout.exact {
				p.hash = keyHash(p.layout.seed, p.hash, dst[at:])
			}
		case columns.ExtractedAt:
			dst = p.appendExtracted(dst, s, r.TimeExtracted)
		case columns.ReceivedAt:
			dst = values.AppendTimestamptz(dst, now.at)
		case columns.BatchedAt:
			dst = values.AppendTimestamptz(dst, now.batched)
		case columns.Sequence:
			dst = values.AppendBigint(dst, now.at.UnixMilli())
		case columns.TableVersion:
			if r.HasVersion {
				dst = values.AppendBigint(dst, r.Version)
			} else {
				dst = values.AppendNull(dst)
			}
		case columns.SyncStartedAt:
			dst = values.AppendBigint(dst, now.started)
		case columns.RawID, columns.EmittedAt, columns.Meta, columns.Generation:
			if dst, err = p.appendAirbyte(dst, s, r, now.at); err != nil {
				return dst[:begin], &problem{column: string(s.column), reason: err.Error()}
			}
		case columns.Extra:
			if dst, err = s.encoder.Append(dst, p.undeclared()); err != nil {
				return dst[:begin], &problem{column: string(p.extras[0].Name), reason: err.Error()}
			}
		}
	}
	if p.layout.partial {
		dst = p.appendAbsent(dst)
	}
	p.dropped += dropped
	return dst, nil
}

// appendAbsent appends a field of type bit: 1 for each column that the row leaves as it is.
func (p *plan) appendAbsent(dst []byte) []byte {
	bits := len(p.slots)
	size := (bits + 7) / 8
	dst = binary.BigEndian.AppendUint32(dst, uint32(4+size))
	dst = binary.BigEndian.AppendUint32(dst, uint32(bits))
	at := len(dst)
	dst = append(dst, make([]byte, size)...)
	for i := range p.slots {
		s := &p.slots[i]
		missing := s.from == columns.Property && len(p.values[i]) == 0 || s.from == columns.Extra && len(p.extras) == 0
		if s.foreign || missing && p.layout.keeps {
			dst[at+i/8] |= 0x80 >> (i % 8)
		}
	}
	return dst
}

// present counts a value that is there and not null.
func present(value []byte) int64 {
	if len(value) == 0 || value[0] == 'n' {
		return 0
	}
	return 1
}

// slot finds where the member at position i goes. Records of one stream mostly have the same members in the same order.
func (p *plan) slot(i int, name []byte) int {
	if i < len(p.order) && p.order[i].name == string(name) {
		return p.order[i].slot
	}
	s := p.member(string(name))
	if i < len(p.order) {
		p.order[i] = guess{string(name), s}
	} else if i == len(p.order) && i < len(p.slots)+16 {
		p.order = append(p.order, guess{string(name), s})
	}
	return s
}

func (p *plan) member(name string) int {
	if s, ok := p.named[name]; ok {
		return s
	}
	if p.metadata.Names(name) {
		return ignored
	}
	return undeclared
}

// appendExtracted appends time_extracted, which mostly is that of the record before. One that is no instant is null.
func (p *plan) appendExtracted(dst []byte, s *slot, text []byte) []byte {
	if len(text) == 0 {
		return values.AppendNull(dst)
	}
	if string(text) != string(p.extractedRaw) || p.extracted == nil {
		p.extractedRaw = append(p.extractedRaw[:0], text...)
		p.scratch = rawjson.AppendString(p.scratch[:0], text)
		field, err := s.encoder.Append(p.extracted[:0], p.scratch)
		if err != nil {
			field = values.AppendNull(p.extracted[:0])
		}
		p.extracted = field
	}
	return append(dst, p.extracted...)
}

// undeclared makes one object of the undeclared members, nothing when there are none. Of a name that came twice the last counts.
func (p *plan) undeclared() []byte {
	if len(p.extras) == 0 {
		return nil
	}
	p.scratch = append(p.scratch[:0], '{')
	for i := range p.extras {
		if i > 0 {
			p.scratch = append(p.scratch, ',')
		}
		p.scratch = rawjson.AppendString(p.scratch, p.extras[i].Name)
		p.scratch = append(p.scratch, ':')
		p.scratch = append(p.scratch, p.extras[i].Value...)
	}
	return append(p.scratch, '}')
}

// key is the record's key as a JSON object, for a reject.
func (p *plan) key(fields []protocol.Field) string {
	if len(p.keys) == 0 {
		return ""
	}
	text := []byte{'{'}
	for _, k := range p.keys {
		for i := len(fields) - 1; i >= 0; i-- {
			if string(fields[i].Name) != p.slots[k].property {
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

// newPlan makes the plan of one SCHEMA over a layout, given where its columns went.
func newPlan(s *stream, declared *protocol.Stream, l *layout, places []columns.Place) (*plan, error) {
	p := &plan{stream: s, schema: declared, layout: l, metadata: l.metadata, named: make(map[string]int, len(places)), extra: -1}
	p.slots = make([]slot, 0, len(l.columns))
	at := make(map[columns.Ident]int, len(l.columns))
	for i, c := range l.columns {
		at[c.name] = i
		p.slots = append(p.slots, slot{from: c.from, column: c.name, foreign: true})
		p.timed = p.timed || c.from == columns.ReceivedAt || c.from == columns.Sequence || c.from == columns.EmittedAt
	}
	for _, place := range places {
		want := &place.Want
		if place.Column.Name == "" {
			p.dropsExtra = p.dropsExtra || want.Source == columns.Extra && place.Misfit == columns.DiscardValue
			if want.Source == columns.Property {
				switch {
				case place.Extra:
					p.named[want.Property] = crowded
				case place.Misfit == columns.DiscardRow:
					p.named[want.Property] = refused
				default:
					p.named[want.Property] = discarded
				}
			}
			continue
		}
		i := at[place.Column.Name]
		s := &p.slots[i]
		s.from, s.property, s.foreign = want.Source, want.Property, false
		schema := want.Schema
		if p.metadata == columns.AirbyteMetadata {
			schema = nil // whatever the column can take is taken
			s.nulls = want.Source == columns.Property && !want.Key
		}
		encoder, err := values.New(schema, place.Column.Type)
		if err != nil {
			return nil, protocol.ConfigFault("alter the column's type, or load into another table", "column %s of %s: %w", place.Column.Name, l.shape.Table, err)
		}
		s.encoder, s.discards = encoder, place.Misfit == columns.DiscardValue
		switch want.Source {
		case columns.Property:
			p.named[want.Property] = i
			if want.Key {
				p.keys = append(p.keys, i)
				s.key = true
			}
		case columns.DeletedAt:
			if want.Property != "" {
				p.named[want.Property] = i
			} else {
				p.named[string(want.Name)] = unmarked
			}
		case columns.Extra:
			p.extra = i
		}
	}
	p.values = make([][]byte, len(p.slots))
	if declared.Sync != nil {
		p.airbyte = newAirbytePlan(declared.Sync)
	}
	if len(p.keys) != len(declared.KeyProperties) {
		return nil, protocol.DataFault("the tap must declare its key as properties", "a key property is no property of the schema (key: %q)", declared.KeyProperties)
	}
	return p, nil
}

func (p *problem) String() string {
	if p.column == "" {
		return p.reason
	}
	return fmt.Sprintf("%s: %s", p.column, p.reason)
}
