package load

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/target-postgres/columns"
	"github.com/signalroom/signalroom/target-postgres/database"
	"github.com/signalroom/signalroom/target-postgres/tuples"
)

// A layout is how a stream's rows get to its table: their form, and the statements for it. It never changes, so loader and worker share it.
type layout struct {
	tuples.Form
	id        int64
	mode      protocol.Disposition
	repeats   bool // a row that is loaded twice is there twice
	shape     database.Shape
	arbiters  []string  // indexes whose violation means that the key is there already
	keyField  int       // of a tuple: the first column of such an index
	deferred  bool      // the table gets its key later
	tableForm string    // of the table's columns, when the layout was made
	clears    bool      // a large replace deletes all old rows and writes the new ones to the table itself
	guarded   bool      // writing a row may have to wait for another one's transaction
	made      *interval // whose transaction the table's present form belongs to; nil when that is committed
}

// A plan is how the records of one SCHEMA become tuples of a layout. It is the loader's alone.
type plan struct {
	*tuples.Encoder
	stream *stream
	schema *protocol.Stream
	layout *layout
}

// newPlan makes the plan of one SCHEMA over a layout, given where its columns went.
func newPlan(s *stream, declared *protocol.Stream, l *layout, places []columns.Place) (*plan, error) {
	encoder, err := tuples.New(declared, l.shape.Table, &l.Form, places)
	return &plan{encoder, s, declared, l}, err
}

// errKnownKey is a problem that a key of the table mends.
var errKnownKey = &tuples.Problem{Reason: "a key that came before"}

// plans makes the one layout of the SCHEMAs over the table as it is, and a plan for each.
func (w *worker) plans(ctx context.Context, conn *database.Conn, p *preparation, t *database.Table) ([]*plan, error) {
	l, places, err := w.layout(p, t)
	if err != nil {
		return nil, err
	}
	plans := make([]*plan, len(p.schemas))
	for i, schema := range p.schemas {
		if plans[i], err = newPlan(p.stream, schema, l, places[i]); err != nil {
			return nil, err
		}
	}
	return plans, w.direct(ctx, conn, p.stream, l)
}

// layout makes the layout, and says where the columns of each SCHEMA went.
func (w *worker) layout(p *preparation, t *database.Table) (*layout, [][]columns.Place, error) {
	latest := p.schemas[len(p.schemas)-1]
	l := &layout{
		Form: tuples.Form{Metadata: p.metadata, Seed: w.seed, Columns: make([]tuples.Column, 0, len(t.Columns))},
		id:   w.layouts.Add(1), mode: w.o.Disposition(latest), guarded: len(t.Uniques) > 0 || t.Triggers, tableForm: t.Form,
	}
	l.repeats = l.mode == protocol.Append && len(latest.KeyProperties) == 0
	contract, _ := protocol.ByGlob(w.o.Contracts, p.stream.name)
	places := make([][]columns.Place, len(p.schemas))
	held := make([]int, len(p.schemas)) // columns that a SCHEMA has
	seen := map[columns.Ident]bool{}
	for i, schema := range p.schemas {
		plan := columns.Diff(t.Shapes(), p.wanted(w.o, schema), columns.DiffOptions{Contracts: contract, Used: t.Used})
		places[i] = plan.Places
		w.remark(p.stream, schema, &plan)
		for _, place := range plan.Places {
			c := place.Column
			if c.Name == "" {
				continue
			}
			held[i]++
			if !seen[c.Name] {
				seen[c.Name] = true
				l.Columns = append(l.Columns, tuples.Column{Name: c.Name, Type: c.Type, Source: place.Want.Source})
			}
		}
	}
	l.Partial = slices.Min(held) < len(l.Columns)
	if err := w.shape(l, t, latest, places[len(places)-1]); err != nil {
		return nil, nil, err
	}
	l.clears = l.mode == protocol.Replace && !t.Watched && l.shape.Removed == ""
	l.deferred = l.awaitsKey(t)
	l.Exact = !t.Acts && len(l.shape.Key) > 0 && l.mode != protocol.Replace && !slices.ContainsFunc(l.shape.Key, func(key columns.Ident) bool {
		c, ok := t.Column(key)
		return !ok || !c.Exact
	})
	l.arbiters = t.Arbiters(l.shape.Key)
	if i := slices.IndexFunc(t.Uniques, func(u database.Unique) bool { return slices.Contains(l.arbiters, u.Name) }); i >= 0 {
		l.keyField = slices.IndexFunc(l.Columns, func(c tuples.Column) bool { return c.Name == t.Uniques[i].Columns[0] })
	}
	return l, places, nil
}

// direct decides whether the stream's rows may go to the table itself.
func (w *worker) direct(ctx context.Context, conn *database.Conn, s *stream, l *layout) error {
	switch {
	case l.repeats:
		s.straight.Store(true)
	case l.mode == protocol.Replace || len(l.shape.Key) == 0 || l.shape.Removed != "" || l.Partial:
		s.straight.Store(false)
	case l.mode == protocol.Append:
		s.straight.Store(s.resting.Load() == 0)
	default:
		empty, err := conn.Empty(ctx, s.table)
		if err != nil {
			return err
		}
		if empty {
			s.straight.Store(true)
		}
	}
	return nil
}

// shape fills in what the layout's statements are made from.
func (w *worker) shape(l *layout, t *database.Table, latest *protocol.Stream, places []columns.Place) (err error) {
	sh := &l.shape
	sh.Table = t.Name
	sh.Staging = columns.Table{Schema: "pg_temp", Name: columns.Ident(fmt.Sprintf("_signalroom_staging_%d", l.id))}
	sh.Key = keyColumns(places)
	sh.Triggers, sh.Parted, sh.Hard = t.Triggers, t.Parted, w.o.HardDelete
	w.precedence(l, latest, places)
	for _, c := range l.Columns {
		ignored := c.Source != columns.Property && c.Source != columns.Extra && c.Source != columns.DeletedAt
		if c.Source == columns.TableVersion && l.mode != protocol.Replace {
			ignored = false // or the row would be taken for one of an older version
		}
		sh.Columns = append(sh.Columns, database.ShapeColumn{Name: c.Name, Ignored: ignored, Key: slices.Contains(sh.Key, c.Name)})
	}
	l.Keeps = w.o.Missing == KeepMissing
	l.Partial = (l.Partial || l.Keeps) && l.mode == protocol.Merge && !l.awaitsKey(t) && len(sh.Compared()) > 0
	sh.Partial = l.Partial
	sh.Scope, err = scope(t, latest, places)
	return err
}

// precedence names the columns that say which of two rows of one key is newer, and which of them says that the row is gone.
func (w *worker) precedence(l *layout, latest *protocol.Stream, places []columns.Place) {
	sh, merge := &l.shape, l.mode == protocol.Merge
	for i := range places {
		want, c := &places[i].Want, &places[i].Column
		if c.Name == "" {
			continue
		}
		switch want.Source {
		case columns.Property:
			if len(latest.BookmarkProperties) == 1 && want.Property == latest.BookmarkProperties[0] && ordered(c.Type) {
				sh.Cursor, sh.CursorText = c.Name, textual(c.Type)
			}
			if merge && want.Property == w.o.DeleteMark && w.o.DeleteMark != "" {
				sh.Removed = c.Name
			}
		case columns.ReceivedAt:
			if w.o.Replay != nil && sh.Cursor == "" && ordered(c.Type) {
				sh.Cursor = c.Name // properties come first
			}
		case columns.EmittedAt:
			if merge && c.Type.Kind == columns.Timestamptz {
				sh.Then = c.Name
			}
		case columns.DeletedAt:
			if w.o.HardDelete && want.Property != "" {
				sh.Removed = c.Name
			}
		}
	}
	if sh.Cursor == "" {
		sh.Cursor, sh.Then = sh.Then, ""
	}
	sh.Newest = merge && sh.Cursor != ""
}

// everyRow is the scope of a stream that does not name one.
const everyRow = "true"

// scope is the condition on the rows that a replace, or a version, is about.
func scope(t *database.Table, s *protocol.Stream, places []columns.Place) (string, error) {
	if len(s.ReplaceScope) == 0 {
		return everyRow, nil
	}
	var parts []string
	for _, v := range s.ReplaceScope {
		var column *database.Column
		for _, p := range places {
			if p.Want.Source == columns.Property && p.Want.Property == v.Column {
				column, _ = t.Column(p.Column.Name)
			}
		}
		if column == nil {
			return "", protocol.DataFault("the tap must name a property of the schema", "%s names %q, which has no column", protocol.ReplaceScopeKeyword, v.Column)
		}
		if string(v.Value) == "null" {
			parts = append(parts, "t."+column.Name.String()+" IS NULL")
			continue
		}
		parts = append(parts, fmt.Sprintf("t.%s = %s::%s", column.Name, columns.Literal(strings.TrimSpace(string(rawjson.Text(v.Value)))), column.Declared))
	}
	return strings.Join(parts, " AND "), nil
}

// ordered tells whether the order of a type's values says which row is newer.
func ordered(t columns.Type) bool {
	switch t.Kind {
	case columns.Other, columns.JSON, columns.JSONB, columns.Boolean, columns.Bytea, columns.UUID, columns.Inet, columns.Array:
		return false
	}
	return true
}

func textual(t columns.Type) bool {
	return t.Kind == columns.Text || t.Kind == columns.Varchar || t.Kind == columns.Char
}
