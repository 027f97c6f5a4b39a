package values

import (
	"fmt"
	"strings"

	"github.com/signalroom/signalroom/target-postgres/columns"
)

// A Reason is a stable word for why a value has no place in its column. It is stored with rejects.
type Reason string

// The reasons.
const (
	WrongKind  Reason = "wrong_kind"   // a JSON type that the schema does not declare, or that the column cannot take
	BadFormat  Reason = "bad_format"   // not written as values of the column's type are
	OutOfRange Reason = "out_of_range" // beyond what the type holds
	Fraction   Reason = "fraction"     // a fraction where only whole numbers, or whole days, go
	NotFinite  Reason = "not_finite"   // NaN or an infinity where the type has none
	TooLong    Reason = "too_long"     // more characters than varchar(n) takes
)

// A Problem says why a value was not accepted. It never holds the value.
type Problem struct {
	Reason Reason
	Type   columns.Type
}

// Error says it in words.
func (p *Problem) Error() string {
	switch p.Reason {
	case WrongKind:
		return fmt.Sprintf("a JSON type that its schema does not declare or %s cannot take", p.Type)
	case BadFormat:
		if strings.HasPrefix(p.Type.String(), "i") {
			return fmt.Sprintf("not an %s", p.Type)
		}
		return fmt.Sprintf("not a %s", p.Type)
	case OutOfRange:
		return fmt.Sprintf("out of the range of %s", p.Type)
	case Fraction:
		return fmt.Sprintf("a fraction that %s cannot take", p.Type)
	case NotFinite:
		return fmt.Sprintf("NaN or infinity, which %s cannot take", p.Type)
	case TooLong:
		return fmt.Sprintf("longer than %s", p.Type)
	}
	return string(p.Reason)
}
