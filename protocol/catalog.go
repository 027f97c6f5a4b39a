package protocol

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
)

// A Catalog lists streams and what of them is wanted.
type Catalog struct {
	Streams []CatalogStream `json:"streams"`
}

// A CatalogStream is one entry.
type CatalogStream struct {
	TapStreamID       string          `json:"tap_stream_id"` // used for selection and state
	Stream            string          `json:"stream"`        // the name in messages
	KeyProperties     []string        `json:"key_properties,omitempty"`
	ReplicationKey    string          `json:"replication_key,omitempty"`
	ReplicationMethod string          `json:"replication_method,omitempty"`
	Schema            json.RawMessage `json:"schema,omitempty"`
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
)

// MetadataValues are the keys that Singer programs know. The first ones are the user's, those from Inclusion on the tap's.
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
}

const discoverAgain = "make it anew with --discover"

// ParseCatalog reads a catalog. A damaged one is a Config fault.
func ParseCatalog(data []byte) (*Catalog, error) {
	var c struct {
		Streams *[]CatalogStream `json:"streams"`
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(&c); err != nil {
		return nil, catalogFault(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, ConfigFault(discoverAgain, "the catalog is damaged: text after its end")
	}
	if c.Streams == nil {
		return nil, ConfigFault(discoverAgain, "the catalog has no streams")
	}
	seen := map[string]bool{}
	for i := range *c.Streams {
		s := &(*c.Streams)[i]
		if s.TapStreamID == "" {
			s.TapStreamID = s.Stream
		}
		if s.Stream == "" {
			s.Stream = s.TapStreamID
		}
		if s.TapStreamID == "" {
			return nil, ConfigFault(discoverAgain, "stream %d of the catalog has no tap_stream_id", i+1)
		}
		if seen[s.TapStreamID] {
			return nil, ConfigFault("keep one of them", "the catalog lists the stream %q twice", s.TapStreamID)
		}
		seen[s.TapStreamID] = true
		if bytes.Equal(s.Schema, []byte("null")) {
			s.Schema = nil
		}
	}
	return &Catalog{*c.Streams}, nil
}

// catalogFault says what is wrong without the text of the file, which json puts into some of its errors.
func catalogFault(err error) error {
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.EOF):
		return ConfigFault(discoverAgain, "the catalog is empty")
	case errors.As(err, &wrong) && wrong.Field == "streams.stream" && wrong.Value == "object":
		return ConfigFault("give it to the command read", "this is a catalog of Airbyte's protocol")
	case errors.As(err, &wrong):
		return ConfigFault(discoverAgain, "the catalog is damaged: %s cannot be of type %s (byte %d)", wrong.Field, wrong.Value, wrong.Offset)
	}
	return ConfigFault(discoverAgain, "the catalog is damaged: %w", err)
}

// AppendJSON appends the catalog as people read it, indented by 2, with a line end. The schemas must be valid JSON, as those
// that were parsed or that come from a Stream are; nothing is appended otherwise.
func (c *Catalog) AppendJSON(dst []byte) []byte {
	b := bytes.NewBuffer(dst)
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if e.Encode(c) != nil {
		return dst
	}
	return b.Bytes()
}

// Stream finds an entry by its tap_stream_id.
func (c *Catalog) Stream(id string) (*CatalogStream, bool) {
	for i := range c.Streams {
		if c.Streams[i].TapStreamID == id {
			return &c.Streams[i], true
		}
	}
	return nil, false
}

// Check tells whether the catalog can be one of the tap that has these streams. If a selected stream, or every stream,
// is unknown to it, the error is a Config fault that names both. An unknown stream that is not selected does no harm.
func (c *Catalog) Check(known []string) error {
	var unknown []string
	belongs := len(c.Streams) == 0
	for i := range c.Streams {
		s := &c.Streams[i]
		if slices.Contains(known, s.TapStreamID) {
			belongs = true
		} else if s.Selection().Selected() {
			unknown = append(unknown, s.TapStreamID)
		}
	}
	if len(unknown) == 0 && belongs {
		return nil
	}
	if len(unknown) == 0 {
		unknown = []string{c.Streams[0].TapStreamID}
	}
	return ConfigFault(discoverAgain, "the catalog selects what this tap does not have: %s; this tap has: %s",
		strings.Join(unknown, ", "), strings.Join(known, ", "))
}

// NewCatalogStream makes the entry of a stream with the usual metadata: keys and the replication key are automatic, all
// other columns available, and all are selected by default but those named in unselected.
func NewCatalogStream(s *Stream, unselected ...string) CatalogStream {
	entry := CatalogStream{
		TapStreamID:       s.Name,
		Stream:            s.Name,
		KeyProperties:     s.KeyProperties,
		ReplicationMethod: FullTable,
		Schema:            s.Raw,
	}
	selected, deselected := true, false
	root := MetadataValues{Inclusion: Available, SelectedByDefault: &selected, TableKeyProperties: s.KeyProperties}
	if len(s.BookmarkProperties) > 0 {
		entry.ReplicationMethod = Incremental
		entry.ReplicationKey = s.BookmarkProperties[0]
		root.ReplicationKey = s.BookmarkProperties[0]
		root.ValidReplicationKeys = s.BookmarkProperties[:1]
	}
	root.ForcedReplicationMethod = entry.ReplicationMethod
	entry.Metadata = []Metadata{{Breadcrumb: []string{}, Metadata: root}}
	for i := range s.Schema.Properties {
		p := &s.Schema.Properties[i]
		values := MetadataValues{Inclusion: Available}
		if slices.Contains(s.KeyProperties, p.Name) || slices.Contains(root.ValidReplicationKeys, p.Name) {
			values.Inclusion = Automatic
		} else if slices.Contains(unselected, p.Name) {
			values.SelectedByDefault = &deselected
		}
		breadcrumb := []string{"properties", p.Name}
		entry.Metadata = append(entry.Metadata, Metadata{breadcrumb, values})
		entry.Metadata = appendNested(entry.Metadata, breadcrumb, &p.Schema)
	}
	return entry
}

// appendNested adds an entry for each field of an object.
func appendNested(metadata []Metadata, parent []string, s *Schema) []Metadata {
	for i := range s.Properties {
		breadcrumb := append(slices.Clone(parent), "properties", s.Properties[i].Name)
		metadata = append(metadata, Metadata{breadcrumb, MetadataValues{Inclusion: Available}})
		metadata = appendNested(metadata, breadcrumb, &s.Properties[i].Schema)
	}
	return metadata
}

// Root is the metadata of the stream itself, empty when there is none.
func (s *CatalogStream) Root() MetadataValues {
	for i := range s.Metadata {
		if len(s.Metadata[i].Breadcrumb) == 0 {
			return s.Metadata[i].Metadata
		}
	}
	return MetadataValues{}
}

// Keys is the key to use: the user's override in the metadata, that of the entry, that of the tap's metadata.
func (s *CatalogStream) Keys() []string {
	root := s.Root()
	for _, keys := range [][]string{root.KeyProperties, root.ViewKeyProperties, s.KeyProperties} {
		if keys != nil {
			return keys
		}
	}
	return root.TableKeyProperties
}
