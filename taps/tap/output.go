package tap

import (
	"errors"
	"log/slog"
)

// ErrStopped is what [Output.State] returns when the run must end: a signal came, or --test has what it wants. A Read passes it up.
var ErrStopped = errors.New("stopped")

// An Output takes the rows of one stream. It is used by one goroutine.
type Output struct{ log *slog.Logger }

// Bookmark decodes where the last run left the stream. found is false in a first run.
func (o *Output) Bookmark(into any) (found bool, err error) { return false, nil }

// SetColumns replaces the stream's columns. A new SCHEMA goes out before the next record if they differ.
func (o *Output) SetColumns(columns []Column) error { return nil }

// Keep says what becomes of a column after selection and the setting columns.
func (o *Output) Keep(column string) Keep { return Whole }

// Row sends the members of a JSON object without its braces. They are those of kept columns alone, and already hashed or
// masked (see [AppendKept]). client_id is put in front. It copies members, and does not allocate.
func (o *Output) Row(members []byte) error { return nil }

// Record sends any JSON object. Selection, hashing and masking are done here.
func (o *Output) Record(object []byte) error { return nil }

// State is a checkpoint: everything sent so far is covered by bookmark.
func (o *Output) State(bookmark any) error { return nil }

// To is the output of another declared stream.
func (o *Output) To(stream string) *Output { return o }

// Log is a logger that names the stream.
func (o *Output) Log() *slog.Logger { return o.log }

// Incomplete notes a fault that does not stop the stream. The run goes on and ends with the fault's exit code.
func (o *Output) Incomplete(err error) {}

// AppendKept appends the JSON string that a Hashed or Masked column gets for a value, given as unescaped text.
func AppendKept(dst []byte, keep Keep, value []byte) []byte { return dst }
