// Package kinds is what the columns of a source without a schema hold, such as those of a file or a sheet.
//
// What it promises: a column has the narrowest kind that holds all of its values, and never becomes narrower, as a bookmark remembers it.
// Integer widens to Number, Date to DateTime, and anything else that meets another kind to Text, which holds whatever comes.
package kinds

import (
	"encoding/json"
	"fmt"
	"slices"
)

// A Kind is what a value is, and what a column is declared as.
type Kind uint8

// The kinds. Blank is that of a column in which no value was seen.
const (
	Blank Kind = iota
	Text
	Boolean
	Integer
	Number
	Date
	DateTime
	Time     // of a day
	Duration // shown as hours beyond 24
	Object
)

// names are the words of a bookmark.
var names = [...]string{Blank: "blank", Text: "text", Boolean: "boolean", Integer: "integer", Number: "number", Date: "date", DateTime: "date-time",
	Time: "time", Duration: "duration", Object: "object"}

// Count is how many kinds there are.
const Count = len(names)

// String is the kind's word in a bookmark.
func (k Kind) String() string { return names[k] }

// schemas are what columns declare. A time of day and a duration are no formats that a strict reader would take without an offset, so they
// are texts that tell PostgreSQL's type.
var schemas = [...]string{
	Blank:    `{"type":["null","string"]}`,
	Text:     `{"type":["null","string"]}`,
	Boolean:  `{"type":["null","boolean"]}`,
	Integer:  `{"type":["null","integer"]}`,
	Number:   `{"type":["null","number"]}`,
	Date:     `{"type":["null","string"],"format":"date"}`,
	DateTime: `{"type":["null","string"],"format":"date-time"}`,
	Time:     `{"type":["null","string"],"x-sql-datatype":"time"}`,
	Duration: `{"type":["null","string"],"x-sql-datatype":"interval"}`,
	Object:   `{"type":["null","object"]}`,
}

// Schema is the JSON Schema that a column of the kind declares.
func (k Kind) Schema() json.RawMessage { return json.RawMessage(schemas[k]) }

// Widest is the narrowest kind that holds the values of both.
func Widest(a, b Kind) Kind {
	switch {
	case a == b, b == Blank:
		return a
	case a == Blank:
		return b
	case a == Integer && b == Number, a == Number && b == Integer:
		return Number
	case a == Date && b == DateTime, a == DateTime && b == Date:
		return DateTime
	}
	return Text
}

// A Column is a name and the widest kind that its values have had so far. In a bookmark it is the pair of both.
type Column struct {
	Name string
	Kind Kind
}

// MarshalJSON writes the pair.
func (c Column) MarshalJSON() ([]byte, error) { return json.Marshal([]string{c.Name, c.Kind.String()}) }

// UnmarshalJSON reads the pair.
func (c *Column) UnmarshalJSON(text []byte) error {
	var pair []string
	if err := json.Unmarshal(text, &pair); err != nil || len(pair) != 2 {
		return fmt.Errorf("a column is not a pair of name and type")
	}
	k := slices.Index(names[:], pair[1])
	if k < 0 {
		return fmt.Errorf("column %q has the unknown type %q", pair[0], pair[1])
	}
	c.Name, c.Kind = pair[0], Kind(k)
	return nil
}
