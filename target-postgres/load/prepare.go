package load

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/columns"
	"github.com/signalroom/signalroom/target-postgres/database"
)

// A preparation brings a stream's table to the form that its SCHEMAs want, and answers with plans for them.
type preparation struct {
	stream   *stream
	schemas  []*protocol.Stream // one, or several that share a layout
	metadata columns.Metadata
	extra    bool
	first    bool      // of the stream in this run
	mayDefer bool      // a new table may get its key later
	deferred bool      // the table gets its key later
	made     *interval // whose transaction the table's present form belongs to; nil when that is committed
	reply    chan preparedTable
	answered bool // the worker's alone
	inside   bool // likewise: the interval's own transaction has made the changes
}

type preparedTable struct {
	plans []*plan
	err   error
}

// wanted are the columns of one of its SCHEMAs.
func (p *preparation) wanted(o *Options, schema *protocol.Stream) []columns.Column {
	shape := columns.Options{Metadata: p.metadata, Extra: p.extra, Types: o.Types, Case: o.Case}
	want := columns.FromStream(schema, shape)
	if len(want) == 0 {
		// A table has at least one column that rows can be copied to.
		shape.Extra = true
		want = columns.FromStream(schema, shape)
	}
	return want
}

// changes are the steps that a table lacks for these SCHEMAs, and the columns that it has after them. There is no step, and
// discarded is true, where the contract leaves out streams without a table.
func (p *preparation) changes(o *Options, t *database.Table) (c tableChanges, err error) {
	if extra, ok := t.Column(columns.ExtraName); ok && extra.Type.Kind == columns.JSONB {
		p.extra = true // or an update would leave there what an older record had
	}
	c.have = t.Shapes()
	contract, _ := protocol.ByGlob(o.Contracts, p.schemas[0].Name)
	diff := columns.DiffOptions{Contracts: contract, Used: t.Used}
	physical, _ := protocol.ByGlob(o.Tables, p.schemas[0].Name)
	if p.aside(t) {
		physical = columns.Physical{} // it lives for one refresh
	}
	exists := t.Exists
	for _, schema := range p.schemas {
		want := p.wanted(o, schema)
		if !exists {
			switch contract.Tables {
			case columns.Freeze:
				return c, protocol.DataFault("make the table by hand, or relax schema_contract",
					"the contract forbids a new table: %s", t.Name)
			case columns.DiscardRow, columns.DiscardValue:
				c.discarded = true
				return c, nil
			}
			plan := columns.Diff(nil, want, columns.DiffOptions{})
			for _, change := range plan.Changes {
				c.have = append(c.have, change.Column)
			}
			c.places = plan.Places
			later := physical.Partition == nil && p.deferKey(o, want)
			c.statements = append(c.statements, physical.Create(t.Name, c.have, schema.Schema.Description, later)...)
			t.Parted = physical.Partition != nil
			c.statements = append(c.statements, o.grants(t.Name)...)
			exists, diff.Used = true, len(c.have)
			continue
		}
		plan := columns.Diff(c.have, want, diff)
		if err := refusal(t, plan); err != nil {
			return c, err
		}
		for _, change := range plan.Changes {
			c.statements = append(c.statements, remarked(change, change.SQL(t.Name))...)
			c.altered = append(c.altered, change.String())
			c.have = applied(c.have, change)
			if change.Action == columns.AddColumn || change.Action == columns.AddVariant {
				diff.Used++
			}
		}
		c.places = plan.Places
		if p.deferred {
			continue
		}
		if err := c.changeKey(o, t, &plan); err != nil {
			return c, err
		}
	}
	completed, err := physical.Complete(t.Name, c.have, &t.Storage, time.Now())
	c.statements = append(c.statements, completed...)
	return c, err
}

// tableChanges are what brings a table to the form that SCHEMAs want.
type tableChanges struct {
	statements []string
	altered    []string         // what is changed of a table that exists, in words
	have       []columns.Column // after them
	places     []columns.Place  // of the last SCHEMA
	discarded  bool
}

// remarked tells who reads a plan what takes long.
func remarked(c columns.Change, statements []string) []string {
	if c.Rewrites {
		statements[0] = "-- The next one writes the whole table anew, and nobody can use it meanwhile.\n" + statements[0]
	}
	return statements
}

// changeKey gives a table that exists the stream's key.
func (c *tableChanges) changeKey(o *Options, t *database.Table, plan *columns.Plan) error {
	key := keyColumns(plan.Places)
	if len(key) == 0 && t.Exists && o.Metadata == columns.AirbyteMetadata {
		c.dropKey(t, nil) // every record is a row
	}
	if len(key) == 0 || !t.Exists || !plan.KeyDiffers || len(t.Arbiters(key)) > 0 {
		return nil
	}
	if old := slices.IndexFunc(t.Uniques, func(u database.Unique) bool { return u.Primary }); old >= 0 && !o.ReplaceKey {
		return protocol.ConfigFault("set key_change to replace if the new key is unique in the table; or load into another table",
			"%s has another primary key (%s) than the stream's (%s)", t.Name, quotedList(t.Uniques[old].Columns), quotedList(key))
	}
	c.dropKey(t, key)
	c.statements = append(c.statements, columns.AddKey(t.Name, key))
	t.Uniques = append(t.Uniques, database.Unique{Columns: key, Primary: true})
	for i := range c.have {
		c.have[i].Key = slices.Contains(key, c.have[i].Name)
	}
	return nil
}

// dropKey takes away a table's primary key, if it has one, before another one is made.
func (c *tableChanges) dropKey(t *database.Table, key []columns.Ident) {
	old := slices.IndexFunc(t.Uniques, func(u database.Unique) bool { return u.Primary })
	if old < 0 {
		return
	}
	c.altered = append(c.altered, fmt.Sprintf("primary key (%s) → (%s)", quotedList(t.Uniques[old].Columns), quotedList(key)))
	c.statements = append(c.statements, "ALTER TABLE "+t.Name.String()+" DROP CONSTRAINT "+columns.Ident(t.Uniques[old].Name).String())
	for i := range c.have {
		if h := &c.have[i]; h.Key && !slices.Contains(key, h.Name) && !h.ReadOnly {
			// Only key columns are not null.
			c.statements = append(c.statements, columns.Change{Action: columns.DropNotNull, Column: *h}.SQL(t.Name)...)
		}
	}
	t.Uniques = slices.Delete(t.Uniques, old, old+1)
}

func refusal(t *database.Table, plan columns.Plan) error {
	if plan.Full {
		return protocol.ConfigFault("load into a new table: columns that were dropped count until then",
			"%s has no room for the key and for columns of our own: a table takes %d columns", t.Name, columns.MaxColumns)
	}
	if len(plan.Conflicts) > 0 {
		c := plan.Conflicts[0]
		return protocol.ConfigFault("alter it by hand, or load into another table",
			"key column %s of %s would have to become %s, which a view, a constraint or the like forbids", c.Column.Name, t.Name, c.Column.Type)
	}
	if len(plan.Breaches) > 0 {
		var list []string
		for _, c := range plan.Breaches {
			list = append(list, c.SQL(t.Name)...)
		}
		return protocol.DataFault("make the change by hand, or relax schema_contract", "the contract forbids: %s", strings.Join(list, "; "))
	}
	return nil
}

// applied is what a table's columns are after a change.
func applied(have []columns.Column, c columns.Change) []columns.Column {
	out := append([]columns.Column(nil), have...)
	for i := range out {
		if out[i].Name == c.Column.Name {
			out[i] = c.Column
			return out
		}
	}
	return append(out, c.Column)
}

func keyColumns(places []columns.Place) []columns.Ident {
	var key []columns.Ident
	for _, p := range places {
		if p.Want.Key {
			key = append(key, p.Column.Name)
		}
	}
	return key
}

func quotedList(names []columns.Ident) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = n.String()
	}
	return strings.Join(quoted, ", ")
}

// prepare makes the changes on a connection with an open transaction, and the plans.
func (w *worker) prepare(ctx context.Context, conn *database.Conn, p *preparation) ([]*plan, error) {
	leftover, err := w.aim(ctx, conn, p)
	if err != nil {
		return nil, err
	}
	t, err := conn.Describe(ctx, p.stream.table)
	if err != nil {
		return nil, err
	}
	c, err := p.changes(w.o, t)
	if err != nil || c.discarded {
		return nil, err
	}
	if err := conn.CheckTable(ctx, t.Name, c.statements, w.o.privileges(p.schemas[len(p.schemas)-1])...); err != nil {
		return nil, err
	}
	if physical, _ := protocol.ByGlob(w.o.Tables, p.stream.name); t.Exists && !t.Parted && physical.Partition != nil && !p.aside(t) {
		w.o.Log.Warn("the table was there and stays without partitions", "stream", p.stream.name)
	}
	if err := w.unmixed(ctx, conn, p, t); err != nil {
		return nil, err
	}
	if len(c.statements) > 0 {
		if t.Exists {
			// Rows on their way are encoded for the table as it is.
			if err := w.awaitTurn(ctx); err != nil {
				return nil, err
			}
		}
		// Another run may be at the same table: look again when it is ours alone.
		if err := conn.Exec(ctx, w.o.Pipeline.TableLock(p.stream.table)); err != nil {
			return nil, database.Fault(err)
		}
		if t, err = conn.Describe(ctx, p.stream.table); err != nil {
			return nil, err
		}
		if c, err = p.changes(w.o, t); err != nil {
			return nil, err
		}
		if len(c.statements) > 0 {
			if len(c.altered) > 0 {
				w.o.Log.Info("table altered", "stream", p.stream.name, "changes", strings.Join(c.altered, "; "))
			}
			if err := conn.Exec(ctx, strings.Join(c.statements, "; ")); err != nil {
				return nil, changeFault(t, err)
			}
			if t, err = conn.Describe(ctx, p.stream.table); err != nil {
				return nil, err
			}
		}
	}
	plans, err := w.plans(ctx, conn, p, t)
	if err == nil && leftover {
		err = w.adopt(ctx, conn, plans[0].layout.shape, p.stream.beside())
	}
	return plans, err
}

// changeFault says what a failed change means. Rows in the table may forbid a key, a foreign key may need the old one, and an
// operator of something that the catalogs were not asked about may be missing for the new type.
func changeFault(t *database.Table, err error) error {
	if _, row := database.RowError(err); row || database.ChangeRefused(err) {
		return protocol.ConfigFault("mend the rows that are there and what depends on the table, or load into another one", "%s cannot be changed: %w", t.Name, database.Fault(err))
	}
	return database.Fault(err)
}

// plans makes the one layout of the SCHEMAs over the table as it is, and a plan for each.
func (w *worker) plans(ctx context.Context, conn *database.Conn, p *preparation, t *database.Table) ([]*plan, error) {
	latest := p.schemas[len(p.schemas)-1]
	contract, _ := protocol.ByGlob(w.o.Contracts, p.stream.name)
	places := make([][]columns.Place, len(p.schemas))
	l := &layout{id: w.layouts.Add(1), mode: w.o.Disposition(latest), metadata: p.metadata, guarded: len(t.Uniques) > 0 || t.Triggers, form: t.Form}
	l.repeats = l.mode == protocol.Append && len(latest.KeyProperties) == 0
	l.columns = make([]layoutColumn, 0, len(t.Columns))
	seen := map[columns.Ident]bool{}
	for i, schema := range p.schemas {
		plan := columns.Diff(t.Shapes(), p.wanted(w.o, schema), columns.DiffOptions{Contracts: contract, Used: t.Used})
		places[i] = plan.Places
		w.remark(p.stream, schema, &plan)
		for _, place := range places[i] {
			if c := place.Column; c.Name != "" && !seen[c.Name] {
				seen[c.Name] = true
				l.columns = append(l.columns, layoutColumn{name: c.Name, typ: c.Type, from: place.Want.Source})
			}
		}
	}
	for _, of := range places {
		held := 0
		for _, place := range of {
			if place.Column.Name != "" {
				held++
			}
		}
		l.partial = l.partial || held < len(l.columns)
	}
	if err := w.shape(l, t, latest, places[len(places)-1]); err != nil {
		return nil, err
	}
	l.clears = l.mode == protocol.Replace && !t.Watched && l.shape.Removed == ""
	l.arbiters = t.Arbiters(l.shape.Key)
	l.seed, l.exact = w.seed, !t.Acts && len(l.shape.Key) > 0 && l.mode != protocol.Replace
	for _, key := range l.shape.Key {
		if c, ok := t.Column(key); !ok || !c.Exact {
			l.exact = false
		}
	}
	l.deferred = l.awaitsKey(t)
	for _, u := range t.Uniques {
		if slices.Contains(l.arbiters, u.Name) {
			l.keyField = slices.IndexFunc(l.columns, func(c layoutColumn) bool { return c.name == u.Columns[0] })
			break
		}
	}
	plans := make([]*plan, len(p.schemas))
	for i, schema := range p.schemas {
		var err error
		if plans[i], err = newPlan(p.stream, schema, l, places[i]); err != nil {
			return nil, err
		}
	}
	s := p.stream
	switch {
	case l.repeats:
		s.straight.Store(true)
	case l.mode == protocol.Replace || len(l.shape.Key) == 0 || l.shape.Removed != "" || l.partial:
		s.straight.Store(false)
	case l.mode == protocol.Append:
		s.straight.Store(s.resting.Load() == 0)
	default:
		empty, err := conn.Empty(ctx, s.table)
		if err != nil {
			return nil, err
		}
		if empty {
			s.straight.Store(true)
		}
	}
	return plans, nil
}

// shape fills in what the layout's statements are made from.
func (w *worker) shape(l *layout, t *database.Table, latest *protocol.Stream, places []columns.Place) error {
	sh := &l.shape
	sh.Table = t.Name
	sh.Staging = columns.Table{Schema: "pg_temp", Name: columns.Ident(fmt.Sprintf("_signalroom_staging_%d", l.id))}
	sh.Key = keyColumns(places)
	sh.Triggers, sh.Parted, sh.Hard = t.Triggers, t.Parted, w.o.HardDelete
	sh.Newest = l.mode == protocol.Merge
	for _, p := range places {
		c := p.Column
		if c.Name == "" {
			continue
		}
		if len(latest.BookmarkProperties) == 1 && p.Want.Source == columns.Property && p.Want.Property == latest.BookmarkProperties[0] && ordered(c.Type) {
			sh.Cursor, sh.CursorText = c.Name, textual(c.Type)
		}
		if w.o.Replay != nil && sh.Cursor == "" && p.Want.Source == columns.ReceivedAt && ordered(c.Type) {
			sh.Cursor = c.Name // properties come first
		}
		if p.Want.Source == columns.EmittedAt && c.Type.Kind == columns.Timestamptz && l.mode == protocol.Merge {
			sh.Then = c.Name
		}
		if p.Want.Source == columns.Property && p.Want.Property == w.o.DeleteMark && w.o.DeleteMark != "" && l.mode == protocol.Merge {
			sh.Removed = c.Name
		}
		if w.o.HardDelete && p.Want.Source == columns.DeletedAt && p.Want.Property != "" {
			sh.Removed = c.Name
		}
	}
	if sh.Cursor == "" {
		sh.Cursor, sh.Then = sh.Then, ""
	}
	sh.Newest = sh.Newest && sh.Cursor != ""
	for _, c := range l.columns {
		ignored := c.from != columns.Property && c.from != columns.Extra && c.from != columns.DeletedAt
		if c.from == columns.TableVersion && l.mode != protocol.Replace {
			ignored = false // or the row would be taken for one of an older version
		}
		sh.Columns = append(sh.Columns, database.ShapeColumn{Name: c.name, Ignored: ignored, Key: slices.Contains(sh.Key, c.name)})
	}
	l.keeps = w.o.Missing == KeepMissing
	l.partial = (l.partial || l.keeps) && l.mode == protocol.Merge && !l.awaitsKey(t) && len(sh.Compared()) > 0
	sh.Partial = l.partial
	var err error
	sh.Scope, err = scope(t, latest, places)
	return err
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
		parts = append(parts, fmt.Sprintf("t.%s = %s::%s", column.Name, database.Literal(plainText(v.Value)), column.Declared))
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
