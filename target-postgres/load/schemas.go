package load

import (
	"slices"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/target-postgres/columns"
	"github.com/signalroom/signalroom/target-postgres/tuples"
)

func (l *loader) schema(m *protocol.Message) error {
	s := l.streams[m.Stream]
	if s == nil {
		s = &stream{name: m.Stream, table: l.o.table(m.Schema), sync: m.Schema.Sync}
		s.final = s.table
		if i := slices.IndexFunc(l.order, func(o *stream) bool { return o.final == s.final }); i >= 0 {
			return protocol.InStream(m.Stream, sharedFault(s.final, l.order[i].name))
		}
		l.streams[m.Stream] = s
		l.order = append(l.order, s)
		s.progress = l.o.Progress.of(s.name)
	}
	s.sent = m.Schema
	s.progress.declare(s.sent)
	declared := m.Schema
	if len(s.added) > 0 {
		declared = withProperties(declared, s.added)
	}
	if s.declared != nil && sameSchema(s.declared, declared) {
		return nil
	}
	if p := s.planFor(declared); p != nil {
		s.declared, s.plan = declared, p // the open segment has its layout
		return nil
	}
	if s.keys != nil {
		if err := l.addKey(s); err != nil { // another schema may have another key
			return err
		}
	}
	// A stream that goes back and forth between SCHEMAs gets one layout for all of them, and so does a replace that is
	// under way; one that moves on leaves the old columns behind. In a merge, a row of one SCHEMA leaves alone what only others have.
	mode := l.o.Disposition(declared)
	if s.unswapped && s.mode == protocol.Replace && mode != protocol.Replace {
		return protocol.InStream(s.name, protocol.DataFault("send ACTIVATE_VERSION before a SCHEMA of another disposition",
			"line %d: a SCHEMA turns replace into %s while the new set is incomplete", m.Line, mode))
	}
	s.mode = mode
	schemas := []*protocol.Stream{declared}
	if s.unswapped || s.known(declared) && (s.mode != protocol.Merge || s.alike()) {
		schemas = append(slices.DeleteFunc(slices.Clone(s.seen), func(d *protocol.Stream) bool { return sameSchema(d, declared) }), declared)
	}
	if !s.known(declared) {
		s.seen = append(s.seen, declared)
		if l.columns += len(declared.Schema.Properties); l.o.Grew != nil {
			l.o.Grew(l.columns)
		}
	}
	s.declared = declared
	return l.prepare(s, schemas)
}

// prepare brings the stream's table to the form that SCHEMAs want, the last of them the one in force.
func (l *loader) prepare(s *stream, schemas []*protocol.Stream) error {
	if l.interval != nil {
		// Where it can be, the change is a short transaction of its own.
		if err := l.commitIfCovered(0); err != nil {
			return err
		}
	}
	if err := l.flush(s); err != nil {
		return err
	}
	p := &preparation{
		stream: s, schemas: schemas, extra: s.extra, metadata: l.o.Metadata, first: s.plan == nil, mayDefer: s.plan == nil, deferred: s.keys != nil,
		reply: make(chan preparedTable, 1),
	}
	if s.plan != nil {
		p.made = s.plan.layout.made
	}
	if s.versions {
		p.metadata = columns.VersionMetadata
	}
	l.send(op{kind: prepareTable, prepare: p})
	answer := <-p.reply
	if answer.err != nil {
		return errFailed
	}
	if s.discards = len(answer.plans) == 0; !s.discards {
		s.replaced, s.values = s.tally()
		s.plans, s.plan = answer.plans, answer.plans[len(answer.plans)-1]
		l.watch(s)
	}
	return nil
}

// again prepares the stream's table anew, for columns that its records turned out to need.
func (l *loader) again(s *stream) error {
	schemas := make([]*protocol.Stream, len(s.plans))
	for i, p := range s.plans {
		schemas[i] = p.schema
	}
	// The one in force comes last.
	schemas = append(slices.DeleteFunc(schemas, func(d *protocol.Stream) bool { return sameSchema(d, s.declared) }), s.declared)
	return l.prepare(s, schemas)
}

// versioned makes sure that the version of a record has a column.
func (l *loader) versioned(s *stream) error {
	if s.versions || l.o.Metadata != columns.NoMetadata || l.o.IgnoreVersions || s.mode == protocol.Replace {
		return nil
	}
	s.versions = true
	return l.again(s)
}

// undeclared makes room for members that the schema does not declare.
func (l *loader) undeclared(s *stream, r *protocol.Record) error {
	if l.o.ExtraFields == tuples.AddExtra {
		if added := s.plan.Undeclared(r.Fields); len(added) > 0 {
			return l.add(s, added)
		}
	}
	s.extra = true
	return l.again(s)
}

// add takes properties for declared, in this SCHEMA and those to come.
func (l *loader) add(s *stream, more []protocol.Property) error {
	s.added = append(s.added, more...)
	s.declared = withProperties(s.declared, more)
	s.seen = append(s.seen, s.declared)
	return l.prepare(s, []*protocol.Stream{s.declared})
}

// withProperties is a stream with more properties than its SCHEMA declares.
func withProperties(s *protocol.Stream, more []protocol.Property) *protocol.Stream {
	out, schema := *s, *s.Schema
	schema.Properties = slices.Clone(schema.Properties)
	raw := slices.Clone(s.Raw)
	for _, p := range more {
		if _, ok := schema.Property(p.Name); ok {
			continue
		}
		schema.Properties = append(schema.Properties, p)
		raw = append(rawjson.AppendString(append(raw, ' '), p.Name), byte('0'+p.Kinds%8)) // only ever compared
	}
	out.Schema, out.Raw = &schema, raw
	return &out
}
