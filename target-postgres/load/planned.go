package load

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/columns"
	"github.com/signalroom/signalroom/target-postgres/database"
)

// Plan prints the statements that the schemas of the input call for, and changes nothing. Records and states are read over.
func Plan(ctx context.Context, o Options, source Source, out io.Writer) error {
	var conn *database.Conn
	tables := map[string]*database.Table{}
	for {
		m, err := source.Next()
		var rejected *protocol.RecordError
		switch {
		case errors.As(err, &rejected):
			continue
		case err != nil:
			return ended(err)
		case m.Type != protocol.SchemaMessage:
			continue
		}
		if conn == nil {
			if conn, err = database.Connect(ctx, o.Connection); err != nil {
				return err
			}
			defer conn.Close(context.WithoutCancel(ctx)) // nothing was written
		}
		t := tables[m.Stream]
		if t == nil {
			if t, err = conn.Describe(ctx, columns.Table{Schema: o.Pipeline.Schema, Name: columns.TableName(m.Stream, o.Case)}); err != nil {
				return protocol.InStream(m.Stream, err)
			}
			tables[m.Stream] = t
		}
		p := &preparation{schemas: []*protocol.Stream{m.Schema}}
		if o.Metadata {
			p.metadata = columns.AllMetadata
		}
		c, err := p.changes(&o, t)
		if err != nil {
			return protocol.InStream(m.Stream, err)
		}
		t.Used += len(c.have) - len(t.Columns)
		t.Exists, t.Columns = !c.discarded, asTable(c.have)
		if len(c.statements) == 0 {
			continue
		}
		if _, err := io.WriteString(out, strings.Join(c.statements, ";\n")+";\n"); err != nil {
			return protocol.SystemFault("", "standard output: %w", err)
		}
	}
}

func asTable(shapes []columns.Column) []database.Column {
	out := make([]database.Column, len(shapes))
	for i, c := range shapes {
		out[i].Column = c
	}
	return out
}
