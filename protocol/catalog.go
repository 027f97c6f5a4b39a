package protocol

import "encoding/json"

// A Catalog lists streams and what of them is wanted.
type Catalog struct {
	Streams []CatalogStream `json:"streams"`
}

// A CatalogStream is one entry.
type CatalogStream struct {
	TapStreamID       string          `json:"tap_stream_id"` // used for selection and state
	Stream            string          `json:"stream"`        // the name in messages
	TableName         string          `json:"table_name,omitempty"`
	DatabaseName      string          `json:"database_name,omitempty"`
	StreamAlias       string          `json:"stream_alias,omitempty"`
	KeyProperties     []string        `json:"key_properties,omitempty"`
	ReplicationKey    string          `json:"replication_key,omitempty"`
	ReplicationMethod string          `json:"replication_method,omitempty"`
	IsView            *bool           `json:"is_view,omitempty"`
	RowCount          *int64          `json:"row_count,omitempty"`
	Schema            json.RawMessage `json:"schema"`
	Metadata          []Metadata      `json:"metadata"`
}

// Metadata is what is said of one node of a schema: the stream itself (no breadcrumb), or a field.
type Metadata struct {
	Breadcrumb []string       `json:"breadcrumb"` // ["properties","a","properties","b"]
	Metadata   MetadataValues `json:"metadata"`
}

// An Inclusion says who decides whether a field is read.
type Inclusion string

// The inclusions.
const (
	Available   Inclusion = "available"   // the user
	Automatic   Inclusion = "automatic"   // nobody: always read
	Unsupported Inclusion = "unsupported" // nobody: never read
)

// The replication methods.
const (
	FullTable   = "FULL_TABLE"
	Incremental = "INCREMENTAL"
	LogBased    = "LOG_BASED"
)

// MetadataValues are the keys that Singer programs know. The first ones are the user's, the others the tap's.
type MetadataValues struct {
	Selected                *bool     `json:"selected,omitempty"`
	ReplicationMethod       string    `json:"replication-method,omitempty"`
	ReplicationKey          string    `json:"replication-key,omitempty"`
	ViewKeyProperties       []string  `json:"view-key-properties,omitempty"`
	KeyProperties           []string  `json:"key-properties,omitempty"`
	Inclusion               Inclusion `json:"inclusion,omitempty"`
	SelectedByDefault       *bool     `json:"selected-by-default,omitempty"`
	ValidReplicationKeys    []string  `json:"valid-replication-keys,omitempty"`
	ForcedReplicationMethod string    `json:"forced-replication-method,omitempty"`
	TableKeyProperties      []string  `json:"table-key-properties,omitempty"`
	SchemaName              string    `json:"schema-name,omitempty"`
	DatabaseName            string    `json:"database-name,omitempty"`
	IsView                  *bool     `json:"is-view,omitempty"`
	RowCount                *int64    `json:"row-count,omitempty"`
	SQLDatatype             string    `json:"sql-datatype,omitempty"`
}

// ParseCatalog reads a catalog. A damaged one is a Config fault.
func ParseCatalog(data []byte) (*Catalog, error) { return &Catalog{}, nil }

// AppendJSON appends the catalog as people read it, indented by 2, with a line end.
func (c *Catalog) AppendJSON(dst []byte) []byte { return dst }

// Stream finds an entry by its tap_stream_id.
func (c *Catalog) Stream(id string) (*CatalogStream, bool) { return nil, false }

// Check tells whether the catalog can be one of the tap that has these streams. If a selected stream, or every stream,
// is unknown to it, the error is a Config fault that names both.
func (c *Catalog) Check(known []string) error { return nil }

// NewCatalogStream makes the entry of a stream with the usual metadata: keys and the replication key are automatic, all
// other columns available, and all are selected by default but those named in unselected.
func NewCatalogStream(s *Stream, unselected ...string) CatalogStream { return CatalogStream{} }

// Root is the metadata of the stream itself, empty when there is none.
func (s *CatalogStream) Root() MetadataValues { return MetadataValues{} }

// Keys is the key to use: the user's override in the metadata, that of the entry, that of the tap's metadata.
func (s *CatalogStream) Keys() []string { return nil }

// Method is the replication method to use: one that the tap forces, the user's, that of the entry. It may be empty.
func (s *CatalogStream) Method() string { return "" }

// Cursor is the replication key to use: the user's, that of the entry, the only valid one. It may be empty.
func (s *CatalogStream) Cursor() string { return "" }
