package tuples

import (
	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/target-postgres/columns"
)

// members say where the members of records go, by name.
type members struct {
	slots    map[string]int
	metadata columns.Metadata
	before   []guess // what stood at each position of the record before
}

type guess struct {
	name string
	slot int
}

// Where a member goes that has no slot.
const (
	ignored    = -1 - iota // nowhere: it has a metadata column's name
	undeclared             // what on_extra_fields says
	refused                // a contract rejects records that have a value for it
	discarded              // nowhere: a contract drops its values
	crowded                // _extra, because the table has no room for its column
	unmarked               // the stream turns out to mark deleted rows
)

// at finds where the member at position i goes. Records of one stream mostly have the same members in the same order.
func (m *members) at(i int, name []byte) int {
	if i < len(m.before) && m.before[i].name == string(name) {
		return m.before[i].slot
	}
	s := m.named(string(name))
	if i < len(m.before) {
		m.before[i] = guess{string(name), s}
	} else if i == len(m.before) && i < len(m.slots)+16 {
		m.before = append(m.before, guess{string(name), s})
	}
	return s
}

func (m *members) named(name string) int {
	if s, ok := m.slots[name]; ok {
		return s
	}
	if m.metadata.Names(name) {
		return ignored
	}
	return undeclared
}

// sort puts the members of a record where they go. It counts the values that a contract leaves out.
func (e *Encoder) sort(r *protocol.Record, extra ExtraFields) (dropped int64, bad *Problem) {
	clear(e.values)
	e.extras = e.extras[:0]
	for i := range r.Fields {
		f := &r.Fields[i]
		switch s := e.members.at(i, f.Name); {
		case s >= 0:
			e.values[s] = f.Value
		case s == undeclared:
			n, bad := e.undeclared(f, extra)
			if bad != nil {
				return 0, bad
			}
			dropped += n
		case s == ignored, isNull(f):
		case s == discarded:
			dropped++
		case s == refused:
			return 0, &Problem{string(f.Name), "the table has no column for it and the contract forbids one"}
		case s == unmarked:
			return 0, NeedsMark
		case e.extra >= 0:
			e.extras = append(e.extras, *f)
		default:
			return 0, NeedsExtra
		}
	}
	return dropped, nil
}

// undeclared does with a member that the schema does not declare what on_extra_fields says.
func (e *Encoder) undeclared(f *protocol.Field, extra ExtraFields) (dropped int64, bad *Problem) {
	switch {
	case extra == DropExtra, extra == AddExtra && isNull(f):
	case extra == FailExtra:
		return 0, &Problem{string(f.Name), "a member that the schema does not declare"}
	case extra == KeepExtra && e.extra >= 0:
		e.extras = append(e.extras, *f)
	case extra == KeepExtra && e.discards:
		if !isNull(f) {
			return 1, nil
		}
	default:
		return 0, NeedsExtra
	}
	return 0, nil
}

func isNull(f *protocol.Field) bool { return f.Value[0] == 'n' }

// Undeclared makes properties of a record's undeclared members, typed by their values.
func (e *Encoder) Undeclared(fields []protocol.Field) []protocol.Property {
	return NewProperties(fields, func(name string) bool { return e.members.named(name) != undeclared })
}

// NewProperties makes properties of the members that are not known, typed by their values. A null has no type yet: it is nothing that a
// column would hold.
func NewProperties(fields []protocol.Field, known func(name string) bool) []protocol.Property {
	var properties []protocol.Property
	for i := range fields {
		f := &fields[i]
		if isNull(f) || known(string(f.Name)) {
			continue
		}
		kinds := protocol.Null
		switch rawjson.KindOf(f.Value) {
		case rawjson.True, rawjson.False:
			kinds |= protocol.Boolean
		case rawjson.String:
			kinds |= protocol.String
		case rawjson.Object, rawjson.Array:
			kinds |= protocol.Object | protocol.Array
		default:
			kinds |= protocol.Number
		}
		properties = append(properties, protocol.Property{Name: string(f.Name), Schema: protocol.Schema{Kinds: kinds}})
	}
	return properties
}
