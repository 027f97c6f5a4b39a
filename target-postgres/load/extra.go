package load

import (
	"slices"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
)

// undeclaredProperties makes properties of a record's undeclared members, typed by their values. A null has no type yet:
// it is nothing that a column would hold.
func (p *plan) undeclaredProperties(fields []protocol.Field) []protocol.Property {
	var properties []protocol.Property
	for i := range fields {
		f := &fields[i]
		if p.member(string(f.Name)) != undeclared {
			continue
		}
		kinds := protocol.Null
		switch rawjson.KindOf(f.Value) {
		case rawjson.Null:
			continue
		case rawjson.True, rawjson.False:
			kinds |= protocol.Boolean
		case rawjson.Number:
			kinds |= protocol.Number
		case rawjson.String:
			kinds |= protocol.String
		case rawjson.Object, rawjson.Array:
			kinds |= protocol.Object | protocol.Array
		default:
			kinds |= protocol.Number
		}
		properties = append(properties, protocol.Property{Name: string(f.Name), Schema: protocol.Schema{Kinds: kinds}})
	}
	return properties
}

// withProperties is a stream with more properties than its SCHEMA declares.
func withProperties(s *protocol.Stream, more []protocol.Property) *protocol.Stream {
	out, schema := *s, *s.Schema
	schema.Properties = slices.Clone(schema.Properties)
	raw := slices.Clone(s.Raw)
	for _, p := range more {
		if _, ok := schema.Property(p.Name); ok {
			continue
		}
		schema.Properties = append(schema.Properties, p)
		raw = append(rawjson.AppendString(append(raw, ' '), p.Name), byte('0'+p.Kinds%8)) // only ever compared
	}
	out.Schema, out.Raw = &schema, raw
	return &out
}
