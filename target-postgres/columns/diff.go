package columns

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

// SQL renders the change, one statement each.
func (c Change) SQL(t Table) []string { return nil }

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
	Column Column   // as the table has it after the changes; its Name is empty where the contract gives no place
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

// Diff compares the columns that a table has with those that a stream wants.
func Diff(have, want []Column, o DiffOptions) Plan { return Plan{} }
