package values

import (
	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/columns"
)

// An Encoder writes the values of one column. It is for one goroutine; a copy of it is an encoder of its own.
type Encoder struct {
	kind  columns.Kind
	tally Tally
}

// A Tally counts the characters that an encoder had to replace, and the numbers that JSON cannot hold.
type Tally struct {
	NUL       int64 // U+0000 replaced by U+FFFD
	Malformed int64 // lone surrogates and bytes that are not UTF-8, replaced by U+FFFD
	NonFinite int64 // NaN and infinities that became strings inside jsonb
}

// New makes the encoder for a property with this schema in a column of this type.
// A nil schema accepts whatever the type can take. It is an error if values cannot be written to the type.
func New(s *protocol.Schema, t columns.Type) (Encoder, error) { return Encoder{}, nil }

// Append appends one field, its length and its bytes, for one raw JSON value. A value that has no place in the column is
// a *Problem, and dst comes back as it was given. An absent value (empty raw) is null.
func (e *Encoder) Append(dst, raw []byte) ([]byte, error) { return dst, nil }

// AppendKey appends bytes that are equal for two values if and only if the column's = operator finds them equal: 1 and
// 1.0 in a numeric column. They carry their own length, so those of several columns can stand one behind the other.
func (e *Encoder) AppendKey(dst, raw []byte) ([]byte, error) { return dst, nil }

// Tally tells what was replaced so far.
func (e *Encoder) Tally() Tally { return e.tally }

// Compare orders two fields that were appended for the same column, as the server would. Null comes before everything,
// and text is ordered by its bytes, as with COLLATE "C".
func Compare(a, b []byte, t columns.Type) int { return 0 }
