package columns

import "github.com/signalroom/signalroom/protocol"

// A Kind is a PostgreSQL type without its modifiers.
type Kind uint8

// The types that columns are made of, and those that are only met in tables that others made.
const (
	Other Kind = iota // met: one that values cannot be written to
	Boolean
	Smallint // met
	Integer  // met
	Bigint
	Numeric
	Real   // met
	Double // met
	Text
	Varchar // met
	Char    // met: character(n), padded with spaces
	UUID
	Date
	Time
	Timestamptz
	Timestamp // met: instants in it are UTC
	Interval
	Bytea
	JSONB
	JSON // met
)

// A Type is the type of a column.
type Type struct {
	Kind             Kind
	Length           int    // of Varchar and Char, 0 without a bound
	Precision, Scale int    // of Numeric, precision 0 without bounds; fractional digits of the time types are not kept
	Name             string // of Other, as the catalogs spell it
}

// String gives the type as it is written in a statement.
func (t Type) String() string { return "" }

// ParseType reads a type as PostgreSQL's format_type spells it, and the usual aliases.
// One that is not known is Other and keeps its name.
func ParseType(s string) Type { return Type{} }

// TypeOf chooses the column type for a JSON Schema.
//
//	x-sql-datatype of a known type     that type
//	object or array among its types    jsonb
//	no type at all, or only null       jsonb
//	boolean                            boolean
//	integer                            bigint, or numeric where minimum or maximum exceed 64 bits
//	number, with or without integer    numeric
//	string                             text
//	   format date-time                timestamptz
//	   format date, time               date, time
//	   format duration                 interval
//	   format uuid                     uuid
//	   format singer.decimal           numeric (x-singer.decimal too)
//	   contentEncoding base64, base16  bytea, when contentEncoding is to be followed
//	any other mixture of scalars       text
func TypeOf(s *protocol.Schema, contentEncoding bool) Type { return Type{} }

// Holds tells whether a column of type t takes every value of type u without loss that matters, so that nothing needs
// to change: a wider type, text for every scalar, jsonb for everything.
func (t Type) Holds(u Type) bool { return false }
