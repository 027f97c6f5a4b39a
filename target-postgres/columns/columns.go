package columns

import (
	"slices"
	"strconv"

	"github.com/signalroom/signalroom/protocol"
)

// A Source says where a column's values come from.
type Source uint8

// Property is a member of the record, Extra the members that no schema declares; the others are the columns that
// Singer targets add, in the order of the SDK, and those of Airbyte destinations.
const (
	Property Source = iota
	ExtractedAt
	ReceivedAt
	BatchedAt
	DeletedAt
	Sequence
	TableVersion
	SyncStartedAt
	Extra
	RawID // here begin those that Airbyte destinations add
	EmittedAt
	Meta
	Generation
)

// ExtraName is the column for the members of a record that its schema does not declare: one JSON object, null when
// there are none. It is added to a table when the first such member comes.
const ExtraName Ident = "_extra"

// A Column is a column as a stream wants it, or as the catalogs describe it.
type Column struct {
	Name    Ident
	Type    Type
	NotNull bool // a table's column: refuses nulls; a wanted one: the schema promises a value in every record
	Key     bool // part of the primary key, in the order of the columns

	// What a wanted column has.
	Source   Source
	Property string           // the record's member; also of DeletedAt when the stream declares _sdc_deleted_at
	Schema   *protocol.Schema // of the property; nil for columns of our own
	Comment  string

	// What a column of a table has.
	Default  bool // has a default
	Pinned   bool // a view, rule, trigger, policy, generated column or the like uses it, so that its type cannot be altered
	Linked   bool // a constraint or the expression of an index uses it: its type can become wider, but not of another sort
	ReadOnly bool // generated, or identity always: takes no values
}

// Metadata chooses the columns of our own.
type Metadata uint8

const (
	// NoMetadata adds none.
	NoMetadata Metadata = iota
	// VersionMetadata adds _sdc_deleted_at and _sdc_table_version, which a soft delete by version cannot do without.
	VersionMetadata
	// AllMetadata adds the seven columns of the Singer SDK.
	AllMetadata
	// AirbyteMetadata adds the four columns of Airbyte's destinations.
	AirbyteMetadata
)

// Options are the settings that shape a stream's columns.
type Options struct {
	Metadata Metadata
	Extra    bool // add _extra
	Types    Types
	Case     Case
}

// FromStream gives the columns of a stream: its properties in the order in which the schema has them, then the
// metadata columns, then _extra. A property that stands there twice counts once, with its last schema.
//
// A property of the name of a metadata column is not a column of its own: the target's value counts, as in the SDK.
// The exception is _sdc_deleted_at, which log-based taps send: its column has both Source DeletedAt and Property.
func FromStream(s *protocol.Stream, o Options) []Column {
	var properties []protocol.Property
	position := map[string]int{}
	deletes := false
	for _, p := range s.Schema.Properties {
		if o.Metadata.Names(p.Name) {
			deletes = deletes || p.Name == DeletedAtName
			continue
		}
		if at, twice := position[p.Name]; twice {
			properties[at] = p
			continue
		}
		position[p.Name] = len(properties)
		properties = append(properties, p)
	}
	names := make([]string, len(properties))
	for i, p := range properties {
		names[i] = p.Name
	}

	idents := columnNames(names, o.Case, o.Metadata.reserves)
	out := make([]Column, 0, len(properties)+8)
	for i := range properties {
		p := &properties[i]
		key := slices.Contains(s.KeyProperties, p.Name)
		nullable := p.Kinds == 0 || p.Kinds.Has(protocol.Null) || !slices.Contains(s.Schema.Required, p.Name)
		out = append(out, Column{
			Name: idents[i], Type: TypeOf(&p.Schema, o.Types), NotNull: key || !nullable, Key: key,
			Property: p.Name, Schema: &p.Schema, Comment: comment(idents[i], p),
		})
	}
	for _, c := range metadata(o.Metadata) {
		if c.Source == DeletedAt && deletes {
			c.Property = DeletedAtName
		}
		out = append(out, c)
	}
	if o.Extra {
		out = append(out, Column{Name: ExtraName, Type: Type{Kind: JSONB}, Source: Extra,
			Comment: "Members of the record that its schema does not declare."})
	}
	return out
}

// comment is what the catalogs say of a property's column: its description, and its own name where the column's differs.
func comment(name Ident, p *protocol.Property) string {
	text := p.Description
	if text == "" {
		text = p.Title
	}
	if string(name) == p.Name {
		return Holdable(text)
	}
	if text != "" {
		text += " "
	}
	return Holdable(text + "(property " + strconv.Quote(p.Name) + ")")
}

// reserves tells whether a name stands for something else than a property.
func (m Metadata) reserves(name string) bool {
	return isSystemColumn(name) || name == string(ExtraName) || m.Names(name)
}

// DeletedAtName is the member by which log-based taps mark deleted rows.
const DeletedAtName = "_sdc_deleted_at"

func metadata(m Metadata) []Column {
	all := []Column{
		{Name: "_sdc_extracted_at", Type: Type{Kind: Timestamptz}, Source: ExtractedAt, Comment: "When the tap read the record from its source."},
		{Name: "_sdc_received_at", Type: Type{Kind: Timestamptz}, Source: ReceivedAt, Comment: "When the target read the record."},
		{Name: "_sdc_batched_at", Type: Type{Kind: Timestamptz}, Source: BatchedAt, Comment: "When the batch of the record began."},
		{Name: DeletedAtName, Type: Type{Kind: Timestamptz}, Source: DeletedAt, Comment: "When the record was found deleted; null while it is there."},
		{Name: "_sdc_sequence", Type: Type{Kind: Bigint}, Source: Sequence, Comment: "Milliseconds since 1970 when the target read the record."},
		{Name: "_sdc_table_version", Type: Type{Kind: Bigint}, Source: TableVersion, Comment: "The version that the tap gave the record."},
		{Name: "_sdc_sync_started_at", Type: Type{Kind: Bigint}, Source: SyncStartedAt, Comment: "Milliseconds since 1970 when the target started."},
	}
	switch m {
	case AllMetadata:
		return all
	case VersionMetadata:
		return []Column{all[3], all[5]}
	case AirbyteMetadata:
		return []Column{
			{Name: "_airbyte_raw_id", Type: Type{Kind: Varchar}, NotNull: true, Source: RawID, Comment: "A UUID of the row."},
			{Name: emittedAtName, Type: Type{Kind: Timestamptz}, NotNull: true, Source: EmittedAt, Comment: "When the source read the record."},
			{Name: "_airbyte_meta", Type: Type{Kind: JSONB}, NotNull: true, Source: Meta, Comment: "The sync of the row, and which values were changed on the way."},
			{Name: GenerationName, Type: Type{Kind: Bigint}, Source: Generation, Comment: "Grows with each refresh of the stream."},
		}
	}
	return nil
}

// Two of Airbyte's columns: when the source read the record, and which refresh of the stream it belongs to.
const (
	emittedAtName  Ident = "_airbyte_extracted_at"
	GenerationName Ident = "_airbyte_generation_id"
)

// Names tells whether a record's member bears the name of a metadata column of this choice's protocol. Such a member is never
// undeclared: with the column it is ours, without it it is left out, as in the SDK.
func (m Metadata) Names(member string) bool {
	if m == AirbyteMetadata {
		return member == "_airbyte_raw_id" || member == string(emittedAtName) || member == "_airbyte_meta" || member == string(GenerationName)
	}
	switch member {
	case "_sdc_extracted_at", "_sdc_received_at", "_sdc_batched_at", DeletedAtName, "_sdc_sequence", "_sdc_table_version", "_sdc_sync_started_at":
		return true
	}
	return false
}
