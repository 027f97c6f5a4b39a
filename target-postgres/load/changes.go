package load

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/columns"
	"github.com/signalroom/signalroom/target-postgres/database"
)

// tableChanges are what brings a table to the form that SCHEMAs want.
type tableChanges struct {
	statements []string
	altered    []string         // what is changed of a table that exists, in words
	have       []columns.Column // after them
	places     []columns.Place  // of the last SCHEMA
	discarded  bool             // the contract leaves out streams without a table: there is no step
}

// changes are the steps that a table lacks for these SCHEMAs, and the columns that it has after them.
func (p *preparation) changes(o *Options, t *database.Table) (c tableChanges, err error) {
	if extra, ok := t.Column(columns.ExtraName); ok && extra.Type.Kind == columns.JSONB {
		p.extra = true // or an update would leave there what an older record had
	}
	contract, _ := protocol.ByGlob(o.Contracts, p.schemas[0].Name)
	physical, _ := protocol.ByGlob(o.Tables, p.schemas[0].Name)
	if p.aside(t) {
		physical = columns.Physical{} // it lives for one refresh
	}
	c.have = t.Shapes()
	diff := columns.DiffOptions{Contracts: contract, Used: t.Used}
	for i, schema := range p.schemas {
		if i == 0 && !t.Exists {
			if c.discarded, err = withoutTable(t, contract.Tables); c.discarded || err != nil {
				return c, err
			}
			p.create(&c, o, t, &physical)
			diff.Used = len(c.have)
			continue
		}
		plan := columns.Diff(c.have, p.wanted(o, schema), diff)
		if err := refusal(t, plan); err != nil {
			return c, err
		}
		diff.Used += c.alter(t, &plan)
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

// withoutTable says what a contract makes of a stream that has no table yet: leave out its rows, or end the run.
func withoutTable(t *database.Table, word columns.Contract) (discarded bool, err error) {
	if word == columns.Freeze {
		return false, protocol.DataFault("make the table by hand, or relax schema_contract", "the contract forbids a new table: %s", t.Name)
	}
	return word != columns.Evolve, nil
}

// create makes the table for the first SCHEMA.
func (p *preparation) create(c *tableChanges, o *Options, t *database.Table, physical *columns.Physical) {
	want := p.wanted(o, p.schemas[0])
	plan := columns.Diff(nil, want, columns.DiffOptions{})
	for _, change := range plan.Changes {
		c.have = append(c.have, change.Column)
	}
	c.places = plan.Places
	keyLater := physical.Partition == nil && p.deferKey(o, want)
	c.statements = append(physical.Create(t.Name, c.have, p.schemas[0].Schema.Description, keyLater), o.grants(t.Name)...)
	t.Parted = physical.Partition != nil
}

// alter changes columns, and tells how many are new.
func (c *tableChanges) alter(t *database.Table, plan *columns.Plan) (added int) {
	for _, change := range plan.Changes {
		statements := change.SQL(t.Name)
		if change.Rewrites { // whoever reads a plan is told
			statements[0] = "-- The next one writes the whole table anew, and nobody can use it meanwhile.\n" + statements[0]
		}
		c.statements = append(c.statements, statements...)
		c.altered = append(c.altered, change.String())
		if i := slices.IndexFunc(c.have, func(h columns.Column) bool { return h.Name == change.Column.Name }); i >= 0 {
			c.have[i] = change.Column
			continue
		}
		c.have = append(c.have, change.Column)
		added++
	}
	c.places = plan.Places
	return added
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
			"%s has another primary key (%s) than the stream's (%s)", t.Name, columns.List(t.Uniques[old].Columns), columns.List(key))
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
	c.altered = append(c.altered, fmt.Sprintf("primary key (%s) → (%s)", columns.List(t.Uniques[old].Columns), columns.List(key)))
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

func keyColumns(places []columns.Place) []columns.Ident {
	var key []columns.Ident
	for _, p := range places {
		if p.Want.Key {
			key = append(key, p.Column.Name)
		}
	}
	return key
}
