package airbyte

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/signalroom/signalroom/protocol"
)

// A SyncMode is how a source reads a stream.
type SyncMode string

// The sync modes.
const (
	FullRefresh SyncMode = "full_refresh"
	Incremental SyncMode = "incremental"
)

// A DestinationSyncMode is what a destination does with a stream's records.
type DestinationSyncMode string

// The sync modes of a destination. Update and SoftDelete are of the protocol, and of no destination here.
const (
	Append      DestinationSyncMode = "append"
	Overwrite   DestinationSyncMode = "overwrite"
	AppendDedup DestinationSyncMode = "append_dedup"
	Update      DestinationSyncMode = "update"
	SoftDelete  DestinationSyncMode = "soft_delete"
)

// A Stream is one that a source has.
type Stream struct {
	Name                    string          `json:"name"`
	Namespace               string          `json:"namespace,omitempty"`
	JSONSchema              json.RawMessage `json:"json_schema"`
	SupportedSyncModes      []SyncMode      `json:"supported_sync_modes"`
	SourceDefinedCursor     bool            `json:"source_defined_cursor,omitempty"`
	DefaultCursorField      []string        `json:"default_cursor_field,omitempty"`
	SourceDefinedPrimaryKey [][]string      `json:"source_defined_primary_key,omitempty"`
	IsResumable             bool            `json:"is_resumable"`
}

// A StreamDescriptor names a stream.
type StreamDescriptor struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace,omitempty"`
}

// Descriptor is the stream's name and namespace.
func (s *Stream) Descriptor() StreamDescriptor { return StreamDescriptor{s.Name, s.Namespace} }

// A ConfiguredCatalog is what a run is asked to do.
type ConfiguredCatalog struct {
	Streams []ConfiguredStream `json:"streams"`
}

// A ConfiguredStream is one stream of it. The generation fields are nil where the platform knows nothing of generations, as with every
// custom connector.
type ConfiguredStream struct {
	Stream              Stream              `json:"stream"`
	SyncMode            SyncMode            `json:"sync_mode"`
	DestinationSyncMode DestinationSyncMode `json:"destination_sync_mode,omitempty"` // empty when absent
	CursorField         []string            `json:"cursor_field,omitempty"`
	PrimaryKey          [][]string          `json:"primary_key,omitempty"`

	GenerationID        *int64 `json:"generation_id,omitempty"`
	MinimumGenerationID *int64 `json:"minimum_generation_id,omitempty"`
	SyncID              *int64 `json:"sync_id,omitempty"`
}

// Cursor is the path of the cursor to use: the source's own, the one configured, the source's proposal. It may be empty.
func (s *ConfiguredStream) Cursor() []string {
	if s.Stream.SourceDefinedCursor && len(s.Stream.DefaultCursorField) > 0 || len(s.CursorField) == 0 {
		return s.Stream.DefaultCursorField
	}
	return s.CursorField
}

// Key is the paths of the primary key to use: the source's own, or else the one configured. It may be empty.
func (s *ConfiguredStream) Key() [][]string {
	if len(s.Stream.SourceDefinedPrimaryKey) > 0 {
		return s.Stream.SourceDefinedPrimaryKey
	}
	return s.PrimaryKey
}

// Properties are the names under properties in the stream's schema, in order; nil where it has none.
func (s *ConfiguredStream) Properties() []string {
	var schema struct{ Properties json.RawMessage }
	if json.Unmarshal(s.Stream.JSONSchema, &schema) != nil {
		return nil
	}
	members, err := protocol.Members(schema.Properties)
	if err != nil {
		return nil
	}
	names := make([]string, 0, len(members))
	for _, m := range members {
		names = append(names, m.Name)
	}
	return names
}

// Stream finds a stream by its name and namespace.
func (c *ConfiguredCatalog) Stream(d StreamDescriptor) (*ConfiguredStream, bool) {
	for i := range c.Streams {
		if c.Streams[i].Stream.Descriptor() == d {
			return &c.Streams[i], true
		}
	}
	return nil, false
}

const configureAgain = "configure the connection anew, or correct the file of --catalog"

// ParseConfiguredCatalog reads a configured catalog. What is wrong with it is a Config fault, which names the stream where there is
// one: no name, a name that comes twice, a mode that the protocol does not have.
func ParseConfiguredCatalog(data []byte) (*ConfiguredCatalog, error) {
	var c struct {
		Streams *[]ConfiguredStream `json:"streams"`
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(&c); err != nil {
		return nil, catalogFault(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, protocol.ConfigFault(configureAgain, "the configured catalog is damaged: text after its end")
	}
	if c.Streams == nil {
		return nil, protocol.ConfigFault(configureAgain, "the configured catalog has no streams")
	}
	seen := map[StreamDescriptor]bool{}
	for i := range *c.Streams {
		s := &(*c.Streams)[i]
		if s.Stream.Name == "" {
			return nil, protocol.ConfigFault(configureAgain, "stream %d of the configured catalog has no name", i+1)
		}
		if err := s.check(); err != nil {
			return nil, protocol.InStream(s.Stream.Name, err)
		}
		if name := s.Stream.Descriptor(); seen[name] {
			return nil, protocol.InStream(s.Stream.Name, protocol.ConfigFault("keep one of them", "the configured catalog lists it twice"))
		} else {
			seen[name] = true
		}
	}
	return &ConfiguredCatalog{*c.Streams}, nil
}

func (s *ConfiguredStream) check() error {
	if bytes.Equal(s.Stream.JSONSchema, []byte("null")) {
		s.Stream.JSONSchema = nil
	}
	if !slices.Contains([]SyncMode{FullRefresh, Incremental}, s.SyncMode) {
		return protocol.ConfigFault("it is full_refresh or incremental", "unknown sync_mode %q", s.SyncMode)
	}
	if !slices.Contains([]DestinationSyncMode{"", Append, Overwrite, AppendDedup, Update, SoftDelete}, s.DestinationSyncMode) {
		return protocol.ConfigFault("it is append, overwrite or append_dedup", "unknown destination_sync_mode %q", s.DestinationSyncMode)
	}
	return nil
}

// catalogFault says what is wrong without the text of the file.
func catalogFault(err error) error {
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.EOF):
		return protocol.ConfigFault(configureAgain, "the configured catalog is empty")
	case errors.As(err, &wrong) && wrong.Field == "streams.stream" && strings.HasPrefix(wrong.Value, "string"):
		return protocol.ConfigFault("give it to the tap without the word read", "this is a catalog of Singer's")
	case errors.As(err, &wrong):
		return protocol.ConfigFault(configureAgain, "the configured catalog is damaged: %s cannot be of type %s (byte %d)", wrong.Field, wrong.Value, wrong.Offset)
	}
	return protocol.ConfigFault(configureAgain, "the configured catalog is damaged: %w", err)
}
