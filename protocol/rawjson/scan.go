package rawjson

import (
	"fmt"

	"github.com/signalroom/signalroom/protocol"
)

// MaxDepth is how deep objects and arrays may nest.
const MaxDepth = 1000

// A SyntaxError says where text stops being JSON. It never holds the text.
type SyntaxError struct {
	Offset int    // of the byte that does not fit, from 0
	Reason string // "a value is missing"
}

// Error names the byte, counted from 1.
func (e *SyntaxError) Error() string { return fmt.Sprintf("byte %d: %s", e.Offset+1, e.Reason) }

// A Scanner finds the members of objects. It reuses its memory: the fields of a call are valid until the next one.
// The zero value is ready.
type Scanner struct {
	fields []protocol.Field
	names  []byte // names that had escapes
}

// Fields gives the members of the one object that data holds, in order, duplicates included.
func (s *Scanner) Fields(data []byte) ([]protocol.Field, error) {
	return nil, nil
}

// Members is Fields for an object that begins at pos, data[pos] == '{'. It also tells where the object ends.
func (s *Scanner) Members(data []byte, pos int) (fields []protocol.Field, end int, err error) {
	return nil, 0, nil
}

// SkipValue gives the end of the value that begins at pos, space before it skipped.
func SkipValue(data []byte, pos int) (end int, err error) { return 0, nil }

// SkipSpace gives the first position from pos that holds no space.
func SkipSpace(data []byte, pos int) int { return 0 }

// Valid checks that data is one value, with or without surrounding space.
func Valid(data []byte) error { return nil }
