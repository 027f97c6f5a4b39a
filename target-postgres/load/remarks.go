package load

import (
	"context"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/columns"
	"github.com/signalroom/signalroom/target-postgres/database"
)

// remark says once for each stream what becomes of properties otherwise than one might expect.
func (w *worker) remark(s *stream, schema *protocol.Stream, plan *columns.Plan) {
	if n := plan.Crowded(); n > s.crowded {
		s.crowded = n
		w.o.Log.Warn("a table has no room for more columns: values of the properties beyond go to _extra", "stream", s.name, "properties", n)
	}
	if s.remarked {
		return
	}
	s.remarked = true
	for i := range schema.Schema.Properties {
		p := &schema.Schema.Properties[i]
		if p.SQLDatatype != "" && columns.ParseType(p.SQLDatatype).Kind == columns.Other {
			w.o.Log.Warn("x-sql-datatype names a type that is not known: the property gets its usual one", "stream", s.name,
				"property", p.Name, "x-sql-datatype", p.SQLDatatype)
		}
	}
}

// unmixed makes sure, for a name that may be that of two streams, that the table does not hold the rows of another one.
func (w *worker) unmixed(ctx context.Context, conn *database.Conn, p *preparation, t *database.Table) error {
	if !t.Exists || p.stream.sync != nil || !columns.Shared(p.stream.name, w.o.Case) {
		return nil
	}
	other, err := conn.LoadedBy(ctx, w.o.Pipeline, p.stream.table, p.stream.name)
	if err != nil || other == "" {
		return err
	}
	return protocol.ConfigFault("load one of them into another schema, or rename the stream", "%s holds the rows of stream %q", t.Name, other)
}
