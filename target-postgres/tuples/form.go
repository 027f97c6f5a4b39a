package tuples

import (
	"hash/maphash"
	"time"

	"github.com/signalroom/signalroom/target-postgres/columns"
)

// A Form is what the rows of one COPY hold. It never changes, so encoders and those who send their tuples share it.
type Form struct {
	Columns  []Column
	Metadata columns.Metadata
	Exact    bool         // whether two keys are the same is seen from the bytes of their fields
	Seed     maphash.Seed // of the hashes of keys
	Partial  bool         // some columns of a row may stay as they are: the tuple ends with a bit for each column
	Keeps    bool         // those that the record does not name; without it those alone that its SCHEMA does not have
}

// A Column is one field of each row.
type Column struct {
	Name   columns.Ident
	Type   columns.Type
	Source columns.Source
}

// ExtraFields says what becomes of members that a record's schema does not declare.
type ExtraFields string

// The words of on_extra_fields.
const (
	KeepExtra ExtraFields = "keep" // in _extra
	AddExtra  ExtraFields = "add"  // as columns, typed by their first value
	DropExtra ExtraFields = "drop"
	FailExtra ExtraFields = "fail" // the record is rejected
)

// An Instant is what the metadata columns say of when.
type Instant struct {
	At      time.Time // the record was read
	Batched time.Time // its batch began
	Started int64     // the run did, in milliseconds since 1970
}

// A Problem is why a record did not become a tuple.
type Problem struct {
	Column string // or property; empty when no single one is to blame
	Reason string
}

// Problems that another form of the table mends.
var (
	// NeedsExtra is mended by a column for undeclared members.
	NeedsExtra = &Problem{Reason: "members that the schema does not declare, and no column to keep them in"}
	// NeedsMark is mended by a SCHEMA that declares [columns.DeletedAtName].
	NeedsMark = &Problem{Reason: "an undeclared mark of deletion"}
)

// KeyHash is the hash of a key so far, with another field of it.
func KeyHash(seed maphash.Seed, so uint64, field []byte) uint64 {
	return so*0x9E3779B97F4A7C15 + maphash.Bytes(seed, field)
}
