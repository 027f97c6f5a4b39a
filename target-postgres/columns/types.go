package columns

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/signalroom/signalroom/protocol"
)

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
	Inet
	Array  // of one dimension
	TimeTZ // Airbyte's
)

// A Type is the type of a column.
type Type struct {
	Kind             Kind
	Of               Kind   // of Array: what its elements are; Length, Precision and Scale are theirs
	Length           int    // of Varchar and Char, 0 without a bound
	Precision, Scale int    // of Numeric, precision 0 without bounds; fractional digits of the time types are not kept
	Name             string // of Other, as the catalogs spell it
}

// kindWords are the kinds as one word of SQL.
var kindWords = [...]string{
	Other: "other", Boolean: "boolean", Smallint: "smallint", Integer: "integer", Bigint: "bigint", Numeric: "numeric", Real: "real",
	Double: "double", Text: "text", Varchar: "varchar", Char: "char", UUID: "uuid", Date: "date", Time: "time", Timestamptz: "timestamptz",
	Timestamp: "timestamp", Interval: "interval", Bytea: "bytea", JSONB: "jsonb", JSON: "json", Inet: "inet", Array: "array", TimeTZ: "timetz",
}

func (k Kind) word() string { return kindWords[k] }

// Element is what an array's elements are.
func (t Type) Element() Type {
	t.Kind, t.Of = t.Of, Other
	return t
}

// arrayOf is the array of such elements.
func arrayOf(t Type) Type {
	t.Kind, t.Of = Array, t.Kind
	return t
}

// suffix ends the name of a variant column.
func (t Type) suffix() string {
	if t.Kind == Array {
		return t.Of.word() + "_array"
	}
	return t.Kind.word()
}

// String gives the type as it is written in a statement.
func (t Type) String() string {
	switch {
	case t.Kind == Other:
		return t.Name
	case t.Kind == Array:
		return t.Element().String() + "[]"
	case t.Kind == Double:
		return "double precision"
	case t.Kind == Char && t.Length == 0:
		return "bpchar"
	case t.Kind == Numeric && t.Precision > 0:
		return fmt.Sprintf("numeric(%d,%d)", t.Precision, t.Scale)
	case (t.Kind == Varchar || t.Kind == Char) && t.Length > 0:
		return fmt.Sprintf("%s(%d)", t.Kind.word(), t.Length)
	}
	return t.Kind.word()
}

// ParseType reads a type as PostgreSQL's format_type spells it, and the usual aliases.
// One that is not known is Other and keeps its name.
func ParseType(s string) Type {
	if of, ok := strings.CutSuffix(strings.TrimSpace(s), "[]"); ok {
		if t := ParseType(of); t.Kind != Other && t.Kind != Array {
			return arrayOf(t)
		}
		return Type{Name: s}
	}
	name, modifiers := strings.ToLower(strings.Join(strings.Fields(s), " ")), ""
	if head, tail, found := strings.Cut(name, "("); found {
		if inside, rest, closed := strings.Cut(tail, ")"); closed {
			name, modifiers = strings.TrimSpace(head)+rest, inside
		}
	}
	t := Type{Kind: kindNames[name]}
	ok := true
	switch {
	case t.Kind == Other:
		ok = false
	case modifiers == "":
		if t.Kind == Char && name != "bpchar" {
			t.Length = 1
		}
	case t.Kind == Numeric:
		precision, scale, _ := strings.Cut(modifiers, ",")
		t.Precision, ok = whole(precision)
		if scale != "" && ok {
			t.Scale, ok = whole(scale)
		}
	case t.Kind == Varchar || t.Kind == Char:
		t.Length, ok = whole(modifiers)
	}
	if !ok {
		return Type{Name: s}
	}
	return t
}

func whole(s string) (int, bool) {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	return n, err == nil
}

// kindNames are the spellings of format_type, and the usual aliases.
var kindNames = map[string]Kind{
	"boolean": Boolean, "bool": Boolean, "smallint": Smallint, "int2": Smallint, "integer": Integer, "int": Integer, "int4": Integer,
	"bigint": Bigint, "int8": Bigint, "numeric": Numeric, "decimal": Numeric, "real": Real, "float4": Real, "double precision": Double,
	"float8": Double, "text": Text, "varchar": Varchar, "character varying": Varchar, "char": Char, "character": Char, "bpchar": Char,
	"uuid": UUID, "date": Date, "time": Time, "time without time zone": Time, "timetz": TimeTZ, "time with time zone": TimeTZ,
	"timestamptz": Timestamptz, "timestamp with time zone": Timestamptz, "timestamp": Timestamp, "timestamp without time zone": Timestamp,
	"interval": Interval, "bytea": Bytea, "jsonb": JSONB, "json": JSON, "inet": Inet,
}

// Types choose between types that hold the same values.
type Types struct {
	Bytes     bool // strings with contentEncoding base64 or base16 become bytea, not text
	Arrays    bool // arrays of one plain type become arrays, not jsonb
	Addresses bool // strings that are IP addresses or networks become inet, not text
}

// closest is the choice that says most about a value.
var closest = Types{Bytes: true, Arrays: true, Addresses: true}

// TypeOf chooses the column type for a JSON Schema.
//
//	x-sql-datatype of a known type     that type
//	array of one plain type            jsonb, or an array of what its items become
//	object or array otherwise          jsonb
//	no type at all, or only null       jsonb
//	boolean                            boolean
//	integer                            bigint, or numeric where minimum or maximum exceed 64 bits
//	number, with or without integer    numeric
//	string                             text
//	   format date-time                timestamptz
//	   format date, time               date, time
//	   format duration                 interval
//	   format uuid                     uuid
//	   format singer.decimal           numeric, beside number and integer too
//	   format ipv4, ipv6, ipvany…      text, or inet
//	   contentEncoding base64, base16  text, or bytea
//	any other mixture of scalars       text
//
// Lengths, precisions and scales are not made part of a type: they would cost an alteration when they grow.
func TypeOf(s *protocol.Schema, o Types) Type {
	if s.SQLDatatype != "" {
		if t := ParseType(s.SQLDatatype); t.Kind != Other {
			return t
		}
	}
	switch kinds := s.Kinds &^ protocol.Null; {
	case kinds == protocol.Array && o.Arrays && s.Items != nil:
		if item := TypeOf(s.Items, o); item.scalar() {
			return arrayOf(item)
		}
		return Type{Kind: JSONB}
	case kinds == 0, kinds&(protocol.Object|protocol.Array) != 0:
		return Type{Kind: JSONB}
	case kinds == protocol.Boolean:
		return Type{Kind: Boolean}
	case kinds == protocol.Integer:
		if beyond64(s.Minimum) || beyond64(s.Maximum) {
			return Type{Kind: Numeric}
		}
		return Type{Kind: Bigint}
	case kinds == protocol.Number, kinds == protocol.Number|protocol.Integer:
		return Type{Kind: Numeric}
	case s.Format == protocol.DecimalFormat && kinds&protocol.Boolean == 0:
		return Type{Kind: Numeric}
	case kinds == protocol.String:
		return stringType(s, o)
	}
	return Type{Kind: Text}
}

func stringType(s *protocol.Schema, o Types) Type {
	switch s.Format {
	case "date-time":
		return Type{Kind: Timestamptz}
	case "date":
		return Type{Kind: Date}
	case "time":
		return Type{Kind: Time}
	case "duration":
		return Type{Kind: Interval}
	case "uuid":
		return Type{Kind: UUID}
	}
	if o.Addresses && slices.Contains(addressFormats, s.Format) {
		return Type{Kind: Inet}
	}
	if o.Bytes && (s.ContentEncoding == "base64" || s.ContentEncoding == "base16") {
		return Type{Kind: Bytea}
	}
	return Type{Kind: Text}
}

// addressFormats are JSON Schema's and Pydantic's.
var addressFormats = []string{"ipv4", "ipv6", "ipvanyaddress", "ipvanyinterface", "ipvanynetwork", "ip"}

// beyond64 tells whether a number literal lies outside the 64-bit integers.
func beyond64(literal string) bool {
	if literal == "" {
		return false
	}
	f, _, err := big.ParseFloat(literal, 10, 80, big.ToNearestEven)
	if err != nil {
		return false
	}
	i, _ := f.Int(nil)
	return !i.IsInt64()
}

// Holds tells whether a column of type t takes every value of type u, so that nothing needs to change: a wider number,
// text for every scalar, jsonb for everything. Two types that others made are taken as they are: double precision for
// all numbers, and timestamp for instants in UTC.
func (t Type) Holds(u Type) bool {
	if t.Kind == Other || u.Kind == Other {
		return false
	}
	switch t.Kind {
	case JSONB, JSON:
		return true
	case Text:
		return u.scalar()
	case Varchar, Char:
		if t.Length == 0 {
			return u.scalar()
		}
		return (u.Kind == Varchar || u.Kind == Char) && u.Length > 0 && u.Length <= t.Length
	case Numeric:
		if t.Precision == 0 {
			return u.number()
		}
		return u.digits() > 0 && u.digits() <= t.Precision-t.Scale && u.Scale <= t.Scale
	case Double:
		return u.number()
	case Bigint:
		return u.Kind == Bigint || u.Kind == Integer || u.Kind == Smallint
	case Integer:
		return u.Kind == Integer || u.Kind == Smallint
	case Timestamptz, Timestamp:
		return u.Kind == Timestamptz || u.Kind == Timestamp || u.Kind == Date
	case Array:
		return u.Kind == Array && t.Element().Holds(u.Element())
	}
	return t.Kind == u.Kind
}

func (t Type) scalar() bool {
	return t.Kind != JSONB && t.Kind != JSON && t.Kind != Array && t.Kind != Other
}

func (t Type) number() bool { return t.Kind >= Smallint && t.Kind <= Double }

// sort is what expressions over the type's values have in common with those over wider ones.
func (t Type) sort() Kind {
	switch {
	case t.number():
		return Numeric
	case t.Kind == Varchar || t.Kind == Char:
		return Text
	case t.Kind == Date || t.Kind == Timestamp:
		return Timestamptz
	}
	return t.Kind
}

// digits is how many digits a number type has before the point; 0 when there is no such bound.
func (t Type) digits() int {
	switch t.Kind {
	case Smallint:
		return 5
	case Integer:
		return 10
	case Bigint:
		return 19
	case Numeric:
		return t.Precision - t.Scale
	}
	return 0
}

// widened is the type that a column of type t is altered to in place so that it takes values of type u too.
// There is none where readers of the column would find values of quite another sort in it.
func (t Type) widened(u Type) (Type, bool) {
	switch {
	case t.Kind == Array && u.Kind == Array && t.Element().number() && u.Element().number():
		wider, ok := t.Element().widened(u.Element())
		return arrayOf(wider), ok
	case !t.scalar() || !u.scalar() || t.Kind == Bytea || u.Kind == Bytea:
		return Type{}, false
	case t.Kind == Varchar && u.Kind == Varchar && u.Length > t.Length:
		return u, true
	case t.Kind == Varchar || t.Kind == Char, u.Kind == Text || u.Kind == Varchar || u.Kind == Char:
		return Type{Kind: Text}, true
	case t.number() && u.number():
		if u.Holds(t) && u.Kind != Double && u.Kind != Real {
			return u, true
		}
		return Type{Kind: Numeric}, true
	case t.Kind == Date && (u.Kind == Timestamptz || u.Kind == Timestamp):
		return u, true
	}
	return Type{}, false
}

// rewrites tells whether PostgreSQL writes the table anew when a column of type t becomes u.
func (t Type) rewrites(u Type) bool {
	switch {
	case t.Kind == Varchar && (u.Kind == Text || u.Kind == Varchar):
		return false
	case t.Kind == Numeric && u.Kind == Numeric:
		return u.Precision > 0 && u.Scale != t.Scale
	}
	return true
}
