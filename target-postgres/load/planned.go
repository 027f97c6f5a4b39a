package load

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/columns"
	"github.com/signalroom/signalroom/target-postgres/database"
	"github.com/signalroom/signalroom/target-postgres/tuples"
)

// Plan prints the statements that the input calls for, the own tables first, and changes nothing. Of records it looks at the
// names of their members and at their versions, which may need columns too.
func Plan(ctx context.Context, o Options, source Source, out io.Writer) error {
	p := planner{o: &o, out: out, streams: map[string]*plannedStream{}}
	defer p.close(context.WithoutCancel(ctx))
	for {
		m, err := source.Next()
		var rejected *protocol.RecordError
		if errors.As(err, &rejected) {
			continue
		}
		if err != nil {
			return ended(err)
		}
		switch m.Type {
		case protocol.SchemaMessage:
			err = p.schema(ctx, m)
		case protocol.RecordMessage:
			err = p.record(m)
		}
		if err != nil {
			return protocol.InStream(m.Stream, err)
		}
	}
}

type planner struct {
	o       *Options
	conn    *database.Conn
	out     io.Writer
	streams map[string]*plannedStream
}

type plannedStream struct {
	table       *database.Table
	schema      *protocol.Stream
	preparation preparation
	declared    map[string]bool
	crowded     map[string]bool // declared, without room for a column
}

func (p *planner) close(ctx context.Context) {
	if p.conn != nil {
		p.conn.Close(ctx) // nothing was written
	}
}

func (p *planner) schema(ctx context.Context, m *protocol.Message) (err error) {
	if p.conn == nil {
		if p.conn, err = database.Connect(ctx, p.o.Connection); err != nil {
			return err
		}
		own, err := p.conn.OwnTables(ctx, p.o.Pipeline)
		if err != nil {
			return err
		}
		if err := p.print(own); err != nil {
			return err
		}
	}
	s := p.streams[m.Stream]
	if s == nil {
		table := p.o.table(m.Schema)
		for name, other := range p.streams {
			if other.table.Name == table {
				return sharedFault(table, name)
			}
		}
		s = &plannedStream{}
		if s.table, err = p.conn.Describe(ctx, table); err != nil {
			return err
		}
		s.preparation.metadata = p.o.Metadata
		p.streams[m.Stream] = s
	}
	s.schema = m.Schema
	return p.change(s)
}

// change prints what the table lacks for the schema in force.
func (p *planner) change(s *plannedStream) error {
	s.preparation.schemas = []*protocol.Stream{s.schema}
	c, err := s.preparation.changes(p.o, s.table)
	if err != nil {
		return err
	}
	s.table.Used += len(c.have) - len(s.table.Columns)
	s.table.Exists, s.table.Columns = !c.discarded, asTable(c.have)
	s.declared, s.crowded = map[string]bool{}, map[string]bool{}
	for _, property := range s.schema.Schema.Properties {
		s.declared[property.Name] = true
	}
	for _, place := range c.places {
		if place.Extra {
			s.crowded[place.Want.Property] = true
		}
	}
	return p.print(c.statements)
}

func (p *planner) record(m *protocol.Message) error {
	s := p.streams[m.Stream]
	if s == nil || !s.table.Exists {
		return nil
	}
	before := s.preparation
	if m.Record.HasVersion && s.preparation.metadata == columns.NoMetadata && p.o.Disposition(s.schema) != protocol.Replace {
		s.preparation.metadata = columns.VersionMetadata
	}
	for i := range m.Record.Fields {
		f := &m.Record.Fields[i]
		switch name := string(f.Name); {
		case s.crowded[name]:
			s.preparation.extra = s.preparation.extra || f.Value[0] != 'n'
		case !s.knows(name):
			s.preparation.extra = s.preparation.extra || p.o.ExtraFields == tuples.KeepExtra
		}
	}
	schema := s.schema
	if p.o.ExtraFields == tuples.AddExtra {
		if added := tuples.NewProperties(m.Record.Fields, s.knows); len(added) > 0 {
			s.schema = withProperties(schema, added)
		}
	}
	if s.schema == schema && s.preparation.extra == before.extra && s.preparation.metadata == before.metadata {
		return nil
	}
	return p.change(s)
}

// knows tells whether a member is declared, or has the name of a metadata column.
func (s *plannedStream) knows(name string) bool {
	return s.declared[name] || columns.NoMetadata.Names(name)
}

func (p *planner) print(statements []string) error {
	if len(statements) == 0 {
		return nil
	}
	if _, err := io.WriteString(p.out, strings.Join(statements, ";\n")+";\n"); err != nil {
		return protocol.SystemFault("", "standard output: %w", err)
	}
	return nil
}

func asTable(shapes []columns.Column) []database.Column {
	out := make([]database.Column, len(shapes))
	for i, c := range shapes {
		out[i].Column = c
	}
	return out
}

// sharedFault is for a stream whose table is that of another one of the run.
func sharedFault(table columns.Table, other string) error {
	return protocol.ConfigFault("leave one of them out, or load it into another schema", "it would share the table %s with stream %q", table, other)
}
