package airbyte

import (
	"math/bits"

	"github.com/signalroom/signalroom/protocol"
)

// Destination is the configured streams as a destination takes them, in their order, with distinct labels.
//
//	append          every record is a row
//	append_dedup    rows merge by key; the cursor says which is newer
//	overwrite       the rows of the run take the place of all others at its end
//
// A minimum_generation_id that is the generation_id is a refresh: the rows of older generations go when the source says that the stream is
// complete. What nobody can do is a Config fault that names the stream.
func (c *ConfiguredCatalog) Destination() ([]*protocol.Stream, error) {
	streams := make([]*protocol.Stream, 0, len(c.Streams))
	labels := map[string]bool{}
	for i := range c.Streams {
		s, err := c.Streams[i].destination()
		if err != nil {
			return nil, protocol.InStream(c.Streams[i].Stream.Name, err)
		}
		if labels[s.Label()] {
			return nil, protocol.InStream(s.Name, protocol.ConfigFault("rename one of them in the connection", "two streams are called %q", s.Label()))
		}
		labels[s.Label()] = true
		streams = append(streams, s)
	}
	return streams, nil
}

func (c *ConfiguredStream) destination() (*protocol.Stream, error) {
	sync := &protocol.Sync{ID: c.SyncID, Generation: c.GenerationID}
	minimum := int64(0)
	if c.MinimumGenerationID != nil {
		minimum = *c.MinimumGenerationID
	}
	switch {
	case c.DestinationSyncMode != Append && c.DestinationSyncMode != AppendDedup && c.DestinationSyncMode != Overwrite:
		return nil, protocol.ConfigFault("choose append, overwrite or append_dedup", "destination_sync_mode %q is none that this destination has", c.DestinationSyncMode)
	case minimum != 0 && (c.GenerationID == nil || *c.GenerationID != minimum):
		return nil, protocol.ConfigFault("refresh the stream as a whole, or not at all",
			"minimum_generation_id %d is neither 0 nor the generation_id", minimum)
	case c.DestinationSyncMode == Overwrite:
		sync.Refresh = protocol.RefreshAtEnd
	case minimum != 0:
		sync.Refresh = protocol.RefreshWhenComplete
	}
	var key, cursor []string
	if c.DestinationSyncMode == AppendDedup {
		for _, path := range c.Key() {
			if len(path) != 1 {
				return nil, protocol.ConfigFault("choose fields at the top of the record", "the primary key %q is no field at the top", path)
			}
			key = append(key, path[0])
		}
		if len(key) == 0 {
			return nil, protocol.ConfigFault("choose one, or the mode append", "append_dedup has no primary key")
		}
		if cursor = c.Cursor(); len(cursor) > 1 {
			return nil, protocol.ConfigFault("choose a field at the top of the record", "the cursor %q is no field at the top", cursor)
		}
	}
	s, err := protocol.NewStream(c.Stream.Name, c.schema(), key, cursor)
	if err != nil {
		return nil, err
	}
	for _, name := range key {
		if _, ok := s.Schema.Property(name); !ok {
			return nil, protocol.ConfigFault("select the field, or choose another key", "the primary key %q is no field of the stream", name)
		}
	}
	s.Namespace, s.Sync, s.ReplaceScope = c.Stream.Namespace, sync, nil
	if s.Disposition = protocol.Append; len(key) > 0 {
		s.Disposition = protocol.Merge
	}
	s.Schema.Required = nil // nobody keeps to it
	for i := range s.Schema.Properties {
		typed(&s.Schema.Properties[i].Schema)
	}
	return s, nil
}

// schema is the stream's schema. A source may give one without properties.
func (c *ConfiguredStream) schema() []byte {
	schema, err := protocol.ParseSchema(c.Stream.JSONSchema)
	if len(c.Stream.JSONSchema) == 0 || err == nil && schema.Properties == nil {
		return []byte(`{"type":"object","properties":{}}`)
	}
	return c.Stream.JSONSchema
}

// typed chooses the column's type where airbyte_type, or the protocol's defaults, say more than the schema does.
func typed(s *protocol.Schema) {
	kinds := s.Kinds &^ protocol.Null
	if kinds.Has(protocol.Number) {
		kinds &^= protocol.Integer
	}
	switch s.Format {
	case "duration", "uuid":
		s.Format = "" // a string like any other
	}
	switch {
	case s.SQLDatatype != "":
	case bits.OnesCount8(uint8(kinds)) > 1:
		s.SQLDatatype = "jsonb"
	case kinds&(protocol.Number|protocol.Integer) != 0:
		if s.AirbyteType == "integer" {
			s.SQLDatatype = "bigint"
		}
	case kinds != protocol.String:
	case s.AirbyteType == "timestamp_without_timezone":
		s.SQLDatatype = "timestamp"
	case s.AirbyteType == "time_without_timezone":
		s.SQLDatatype = "time"
	case s.AirbyteType == "time_with_timezone", s.Format == "time":
		s.SQLDatatype = "timetz"
	case s.AirbyteType == "integer":
		s.SQLDatatype = "bigint"
	case s.AirbyteType == "big_integer", s.AirbyteType == "big_number", s.AirbyteType == "number":
		s.SQLDatatype = "numeric"
	}
}
