package columns

import (
	"maps"
	"slices"

	"github.com/signalroom/signalroom/protocol"
)

// An Action is what a Change does.
type Action uint8

const (
	// AddColumn adds a column that takes nulls.
	AddColumn Action = iota
	// AddVariant adds the column name__type beside one whose type cannot take the values any more.
	AddVariant
	// Widen alters the type in place.
	Widen
	// DropNotNull lets a column take nulls.
	DropNotNull
)

// A Change is one step from the table that is there to the one that is wanted.
type Change struct {
	Action   Action
	Column   Column // as it will be
	From     Type   // Widen: as it was
	Of       Ident  // AddVariant: the column that it stands beside
	Pinned   bool   // AddVariant: that could be widened if nothing pinned it
	Rewrites bool   // the server writes the whole table anew under an exclusive lock
}

// MaxColumns is how many columns a table is given at most: one less than PostgreSQL's 1600, because a staging table has one more.
// Columns that were dropped count.
const MaxColumns = 1599

// DiffOptions are what Diff may do to a table that exists.
type DiffOptions struct {
	Contracts
	Used int // how many columns the table has, those that were dropped included; 0: those that it has
}

// A Place says where the values of one wanted column go.
type Place struct {
	Want   Column
	Column Column   // as the table has it after the changes; its Name is empty where there is no place
	Misfit Contract // what becomes of a value that does not fit here: Evolve (reject the row), DiscardRow or DiscardValue
	Extra  bool     // the table has no room for a column: values go to _extra
}

// A Plan is the outcome of a Diff.
type Plan struct {
	Places     []Place  // one for each wanted column, in order
	Changes    []Change // to be made, in this order
	Breaches   []Change // what a frozen contract forbids: the run cannot go on when there are any
	Conflicts  []Change // changes to key columns that the server would refuse: likewise
	KeyDiffers bool     // the table's primary key is not the one wanted
	Full       bool     // there is no room even for the key and for columns of our own: likewise
}

// Crowded counts the properties that have no column because the table has no room for more.
func (p *Plan) Crowded() (n int) {
	for i := range p.Places {
		if p.Places[i].Extra {
			n++
		}
	}
	return n
}

// Diff compares the columns that a table has with those that a stream wants. For each wanted column it takes the first
// of these that is possible:
//
//   - There is no column of that name: add it.
//   - The column's type holds the wanted one: nothing changes, however much wider it is. So a table that was widened
//     stays so, and tables that others made are taken as they are.
//   - An earlier run made a variant column for that type: use it.
//   - The type can be widened in place: smallint → integer → bigint → numeric, real → numeric, numeric(p,s) → numeric,
//     date → timestamptz, varchar(n) → text, any scalar → text.
//   - Add a variant column, name__type. The old values stay where they are, new ones go to the variant.
//
// A column that a view or the like pins, or that takes no values, is never altered, and one that a constraint uses stays a
// number, or a text, or an instant; so new values go to a variant. A key column has no variant, because a key is one column: it is widened to text or, for objects, to jsonb instead.
//
// A column of the table that the stream does not have is kept. When it demands values that nobody sends any more, it is
// allowed nulls. Metadata columns and _extra are not added to a table whose columns are not to evolve; without _extra a
// frozen contract costs a row with undeclared members only that row.
//
// A table has room for [MaxColumns]. The key, metadata columns and _extra come first, then properties in their order; the
// values of those that find no room go to _extra.
func Diff(have, want []Column, o DiffOptions) Plan {
	d := differ{have: map[Ident]*Column{}, taken: map[string]bool{}, options: o, room: MaxColumns - max(o.Used, len(have))}
	for i := range have {
		d.have[have[i].Name] = &have[i]
	}
	for i := range want {
		d.taken[string(want[i].Name)] = true
		if d.have[want[i].Name] == nil && first(&want[i]) {
			d.reserved++
		}
	}
	if d.have[ExtraName] == nil && !d.taken[string(ExtraName)] {
		d.reserved++ // what finds no room needs it
	}
	filled := map[Ident]bool{}
	for i := range want {
		p := d.place(&want[i])
		filled[p.Column.Name] = true
		if p.Column.NotNull && !p.Column.Key && !p.Want.NotNull && o.types(&want[i]) == Evolve {
			p.Column.NotNull = false
			d.plan.Changes = append(d.plan.Changes, Change{Action: DropNotNull, Column: p.Column})
		}
		d.plan.Places = append(d.plan.Places, p)
	}
	for _, c := range have {
		if !filled[c.Name] && c.NotNull && !c.Default && !c.ReadOnly && !c.Key && o.types(&c) == Evolve {
			c.NotNull = false
			d.plan.Changes = append(d.plan.Changes, Change{Action: DropNotNull, Column: c})
		}
	}
	d.plan.KeyDiffers = !slices.Equal(key(have), key(want))
	return d.plan
}

// key gives the names of the key columns, sorted.
func key(columns []Column) []Ident {
	var names []Ident
	for _, c := range columns {
		if c.Key {
			names = append(names, c.Name)
		}
	}
	slices.Sort(names)
	return names
}

type differ struct {
	have    map[Ident]*Column
	taken   map[string]bool // names that wanted columns have
	options DiffOptions
	plan    Plan

	room     int // for columns that the table can still be given
	reserved int // for those that come first
}

// first tells whether a column has its room before others.
func first(c *Column) bool { return c.Key || c.Source != Property }

// roomFor takes the room for one more column.
func (d *differ) roomFor(reserved bool) bool {
	if reserved {
		d.reserved--
		d.plan.Full = d.plan.Full || d.room <= 0
	} else if d.room <= d.reserved {
		return false
	}
	d.room--
	return true
}

func (d *differ) place(want *Column) Place {
	base, exists := d.have[want.Name]
	if !exists {
		return d.add(want)
	}
	if fits(base, want) {
		return Place{Want: *want, Column: *base}
	}
	if want.Key {
		return d.widenKey(want, base)
	}
	name, variant := d.variant(want)
	if variant != nil {
		return Place{Want: *want, Column: *variant}
	}
	wider, ok := base.Type.widened(want.Type)
	if !ok && want.Schema != nil {
		wider, ok = base.Type.widened(TypeOf(want.Schema, closest))
	}
	if ok && base.canBecome(wider) {
		column := *base
		column.Type = wider
		return d.retype(want, base, Change{Action: Widen, Column: column, From: base.Type, Rewrites: base.Type.rewrites(wider)})
	}
	column := *want
	column.Name, column.NotNull, column.Key = name, false, false
	return d.retype(want, base, Change{Action: AddVariant, Column: column, Of: want.Name, Pinned: ok})
}

// canBecome tells whether the type of a table's column may be altered to a wider one.
func (c *Column) canBecome(t Type) bool {
	if c.Pinned || c.ReadOnly {
		return false
	}
	return !c.Linked || c.Type.sort() == t.sort()
}

// fits tells whether a column takes all values of the wanted one. A closer type than the one that would be chosen fits too: an
// array where it would be jsonb, inet or bytea where it would be text.
func fits(c, want *Column) bool {
	if c.ReadOnly {
		return false
	}
	if c.Type.Holds(want.Type) {
		return true
	}
	if want.Schema == nil {
		return false
	}
	if c.Type.Kind == Array && !c.Type.Element().scalar() {
		return want.Schema.Kinds&^protocol.Null == protocol.Array // jsonb[], which other targets make of arrays of objects
	}
	return c.Type.Holds(TypeOf(want.Schema, closest))
}

// add is for a wanted column of a new name.
func (d *differ) add(want *Column) Place {
	column := *want
	column.NotNull = false
	p := Place{Want: *want}
	switch contract := d.options.columns(want); {
	case contract == Evolve && !d.roomFor(first(want)):
		p.Extra = true
	case contract == Evolve:
		p.Column = column
		d.plan.Changes = append(d.plan.Changes, Change{Action: AddColumn, Column: column})
	case want.Source == Extra && contract == Freeze:
		p.Misfit = DiscardRow
	case want.Source == Extra:
		p.Misfit = contract
	case want.Source != Property:
		p.Misfit = DiscardValue
	case contract == Freeze:
		d.plan.Breaches = append(d.plan.Breaches, Change{Action: AddColumn, Column: column})
	default:
		p.Misfit = contract
	}
	return p
}

// retype is for a change of the second kind of contract.
func (d *differ) retype(want, base *Column, c Change) Place {
	contract := d.options.types(want)
	switch contract {
	case Evolve:
		if c.Action == AddVariant && !d.roomFor(false) {
			return Place{Want: *want, Extra: true}
		}
		d.plan.Changes = append(d.plan.Changes, c)
		return Place{Want: *want, Column: c.Column}
	case Freeze:
		d.plan.Breaches = append(d.plan.Breaches, c)
	}
	p := Place{Want: *want, Misfit: contract}
	if base.Type.Kind != Other && !base.ReadOnly {
		p.Column = *base
	}
	return p
}

func (d *differ) widenKey(want, base *Column) Place {
	wider, ok := base.Type.widened(want.Type)
	switch {
	case ok:
	case base.Type.scalar() && want.Type.scalar() && base.Type.Kind != Bytea:
		wider = Type{Kind: Text}
	default:
		wider = Type{Kind: JSONB}
	}
	column := *base
	column.Type = wider
	c := Change{Action: Widen, Column: column, From: base.Type, Rewrites: base.Type.rewrites(wider)}
	if !base.canBecome(wider) || base.Type.Kind == Other {
		d.plan.Conflicts = append(d.plan.Conflicts, c)
		return Place{Want: *want}
	}
	return d.retype(want, base, c)
}

// variant finds the variant column that holds the wanted type, or the name that a new one would have.
func (d *differ) variant(want *Column) (Ident, *Column) {
	full := string(want.Name) + "__" + want.Type.suffix()
	blocked := maps.Clone(d.taken)
	for {
		name := free(fitted(full), full, blocked)
		c, exists := d.have[Ident(name)]
		if !exists {
			return Ident(name), nil
		}
		if fits(c, want) {
			return Ident(name), c
		}
		blocked[name] = true
	}
}
