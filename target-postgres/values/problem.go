package values

import "github.com/signalroom/signalroom/target-postgres/columns"

// A Reason is a stable word for why a value has no place in its column. It is stored with rejects.
type Reason string

// The reasons.
const (
	WrongKind  Reason = "wrong_kind"   // a JSON type that the schema does not declare
	BadFormat  Reason = "bad_format"   // not written as the column's type is
	OutOfRange Reason = "out_of_range" // beyond what the type holds
	Fraction   Reason = "fraction"     // a fraction where only whole numbers, or whole days, go
	NotFinite  Reason = "not_finite"   // NaN or an infinity where the type has none
	TooLong    Reason = "too_long"     // more characters than varchar(n) takes
	TooDeep    Reason = "too_deep"     // nested deeper than MaxDepth
	BadJSON    Reason = "bad_json"     // not JSON
)

// A Problem says why a value was not accepted. It never holds the value.
type Problem struct {
	Reason Reason
	Type   columns.Type
}

// Error says it in words.
func (p *Problem) Error() string { return string(p.Reason) }
