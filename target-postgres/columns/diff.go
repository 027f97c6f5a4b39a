package columns

import (
	"maps"
	"slices"
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
	Rewrites bool   // the server writes the whole table anew under an exclusive lock
}

// A Contract is the word of the schema_contract setting that governs one kind of change.
type Contract uint8

const (
	// Evolve makes the change.
	Evolve Contract = iota
	// Freeze stops the run.
	Freeze
	// DiscardRow leaves the table as it is; a row with a value that has no place is a reject.
	DiscardRow
	// DiscardValue leaves the table as it is; a value that has no place is dropped.
	DiscardValue
)

// DiffOptions are what Diff may do to a table that exists.
type DiffOptions struct {
	Columns Contract // new columns
	Types   Contract // wider types and variant columns
}

// A Place says where the values of one wanted column go.
type Place struct {
	Want   Column
	Column Column   // as the table has it after the changes; its Name is empty where there is no place
	Misfit Contract // what becomes of a value that does not fit here: Evolve (reject the row), DiscardRow or DiscardValue
}

// A Plan is the outcome of a Diff.
type Plan struct {
	Places     []Place  // one for each wanted column, in order
	Changes    []Change // to be made, in this order
	Breaches   []Change // what a frozen contract forbids: the run cannot go on when there are any
	Conflicts  []Change // changes to key columns that the server would refuse: likewise
	KeyDiffers bool     // the table's primary key is not the one wanted
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
// A column that a view or the like pins, or that takes no values, is never altered, so its values go to a variant. A
// key column has no variant, because a key is one column: it is widened to text or, for objects, to jsonb instead.
//
// A column of the table that the stream does not have is kept. When it demands values that nobody sends any more, it is
// allowed nulls. Metadata columns and _extra are not added to a table whose columns are not to evolve.
func Diff(have, want []Column, o DiffOptions) Plan {
	d := differ{have: map[Ident]*Column{}, taken: map[string]bool{}, options: o}
	for i := range have {
		d.have[have[i].Name] = &have[i]
	}
	for i := range want {
		d.taken[string(want[i].Name)] = true
	}
	filled := map[Ident]bool{}
	for i := range want {
		p := d.place(&want[i])
		filled[p.Column.Name] = true
		if p.Column.NotNull && !p.Column.Key && !p.Want.NotNull && o.Types == Evolve {
			p.Column.NotNull = false
			d.plan.Changes = append(d.plan.Changes, Change{Action: DropNotNull, Column: p.Column})
		}
		d.plan.Places = append(d.plan.Places, p)
	}
	for _, c := range have {
		if !filled[c.Name] && c.NotNull && !c.Default && !c.ReadOnly && !c.Key && o.Types == Evolve {
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
	if wider, ok := base.Type.widened(want.Type); ok && !base.Pinned && !base.ReadOnly {
		column := *base
		column.Type = wider
		return d.retype(want, base, Change{Action: Widen, Column: column, From: base.Type, Rewrites: base.Type.rewrites(wider)})
	}
	column := *want
	column.Name, column.NotNull, column.Key = name, false, false
	return d.retype(want, base, Change{Action: AddVariant, Column: column, Of: want.Name})
}

// fits tells whether a column takes all values of the wanted one. A closer type than the one that would be chosen fits too: an
// array where it would be jsonb, inet or bytea where it would be text.
func fits(c, want *Column) bool {
	if c.ReadOnly {
		return false
	}
	return c.Type.Holds(want.Type) || want.Schema != nil && c.Type.Holds(TypeOf(want.Schema, closest))
}

// add is for a wanted column of a new name.
func (d *differ) add(want *Column) Place {
	column := *want
	column.NotNull = false
	p := Place{Want: *want}
	switch contract := d.options.Columns; {
	case contract == Evolve:
		p.Column = column
		d.plan.Changes = append(d.plan.Changes, Change{Action: AddColumn, Column: column})
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
	switch d.options.Types {
	case Evolve:
		d.plan.Changes = append(d.plan.Changes, c)
		return Place{Want: *want, Column: c.Column}
	case Freeze:
		d.plan.Breaches = append(d.plan.Breaches, c)
	}
	p := Place{Want: *want, Misfit: d.options.Types}
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
	if base.Pinned || base.ReadOnly || base.Type.Kind == Other {
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
