package columns

import "github.com/signalroom/signalroom/protocol"

// A Source says where a column's values come from.
type Source uint8

// Property is a member of the record, Extra the members that no schema declares; the others are the columns that
// Singer targets add, in the order of the SDK.
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
)

// ExtraName is the column for the members of a record that its schema does not declare: one JSON object, null when
// there are none. It is added to a table when the first such member comes.
const ExtraName Ident = "_extra"

// A Column is a column as a stream wants it, or as the catalogs describe it.
type Column struct {
	Name    Ident
	Type    Type
	NotNull bool
	Key     bool // part of the primary key, in the order of the columns

	// What a wanted column has.
	Source   Source
	Property string           // the record's member; also of DeletedAt when the stream declares _sdc_deleted_at
	Schema   *protocol.Schema // of the property; nil for columns of our own
	Comment  string

	// What a column of a table has.
	Default  bool // has a default
	Pinned   bool // a view, rule, generated column or partition key uses it, so that its type cannot be altered
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
)

// Options are the settings that shape a stream's columns.
type Options struct {
	Metadata        Metadata
	Extra           bool // add _extra
	ContentEncoding bool // strings with contentEncoding base64 or base16 become bytea
}

// FromStream gives the columns of a stream: its properties in the order in which the schema has them, then the
// metadata columns, then _extra. Key columns are not null, all others take nulls whatever the schema says, because a
// later schema or a deletion may send them.
//
// A property of the name of a metadata column is not a column of its own: the target's value counts, as in the SDK.
// The exception is _sdc_deleted_at, which log-based taps send: its column has both Source DeletedAt and Property.
func FromStream(s *protocol.Stream, o Options) []Column { return nil }

// IsMetadata tells whether a record's member bears the name of a metadata column. Such a member is never undeclared:
// with the column it is ours, without it it is left out, as in the SDK.
func IsMetadata(member string) bool { return false }
