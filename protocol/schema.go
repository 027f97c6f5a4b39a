package protocol

// Kinds is the set of JSON types that a value may have.
type Kinds uint8

// The JSON types. A value of kind Integer is also one of kind Number.
const (
	Null Kinds = 1 << iota
	Boolean
	Integer
	Number
	String
	Object
	Array
)

// Has tells whether every kind of k2 is in k.
func (k Kinds) Has(k2 Kinds) bool { return k&k2 == k2 }

// A Schema is the part of JSON Schema that a SQL target needs, with local $ref resolved and anyOf, oneOf and allOf
// folded into it: the union of the kinds of all branches, and only those facets on which the branches that they
// apply to agree (a date or a date-time is a date-time). So a type made from it holds every value that the original allows.
type Schema struct {
	Kinds            Kinds // empty when no type is given: anything
	Format           string
	ContentEncoding  string
	ContentMediaType string
	MaxLength        int    // 0 when absent
	Minimum, Maximum string // number literals as written; empty when absent
	MultipleOf       string // likewise
	Precision, Scale int    // of a decimal, 0 when absent
	SQLDatatype      string // x-sql-datatype
	AirbyteType      string // airbyte_type
	Title            string
	Description      string
	Properties       []Property // in the order they are written
	Required         []string
	Items            *Schema // of an array, nil when absent or a tuple
	Additional       bool    // additionalProperties: true or a schema
}

// A Property is one named member of an object.
type Property struct {
	Name string
	Schema
}

// Property finds a member by name.
func (s *Schema) Property(name string) (*Property, bool) {
	for i := range s.Properties {
		if s.Properties[i].Name == name {
			return &s.Properties[i], true
		}
	}
	return nil, false
}
