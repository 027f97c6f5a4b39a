package tap

import (
	"context"
	"encoding/json"

	"github.com/signalroom/signalroom/protocol"
)

// A Tap is one program, declared. C is its settings struct, which embeds [Settings].
type Tap[C any] struct {
	Name        string // the binary's name, tap-x
	Description string // one line
	// Notes are Markdown that ends the documentation page: what a user should know of the streams, and what was verified against
	// which document. They may be empty.
	Notes string
	// Unselected are patterns, stream.column and stream.*, of the streams and columns that are not selected by default, as far as
	// their names are known. A Meltano project would select them otherwise.
	Unselected []string
	// Open checks the settings without any network and gives the source. It gathers every problem before it returns.
	Open func(config *C, run *Run) (*Source, error)
}

// A Source is a tap with its settings.
type Source struct {
	// Check makes the cheapest request that proves that the settings work.
	Check func(ctx context.Context) error
	// Streams lists what can be read. A tap whose columns exist only at run time looks at the source here; the bookmark
	// of a stream (nil at first, and when the catalog asks for all of it) lets it keep types that an earlier run settled.
	Streams func(ctx context.Context, bookmark func(stream string) json.RawMessage) ([]Stream, error)
	// Close releases what Open took; it may be nil.
	Close func() error
}

// A Stream is declared by its columns, and read by a plain function. Columns may be empty where a Read finds them; it then calls
// [Output.SetColumns] before its first row.
type Stream struct {
	Name        string
	Description string // stands in the schema
	Columns     []Column
	Key         []string // names of Columns; client_id is put in front by this package
	Cursor      string   // name of a column, or empty
	Disposition protocol.Disposition
	// Whole streams are read by one run alone when --shard is given, as replace streams always are. The Read of any other
	// stream looks at [Run.Shard] and reads its part.
	Whole bool
	// Late columns are what a catalog can say of them; Read finds their types, and calls [Output.SetColumns] before its first row. No
	// SCHEMA goes out before that.
	Late bool
	// Unselected streams are read only where a catalog, or a name or glob in the setting select, asks for them.
	Unselected bool
	// Versions is set for a merge stream that now and then reads everything, and so sees what was deleted: its Read calls
	// [Output.Version] before the first row, and [Output.Activate] when all rows that there are have come.
	Versions bool
	// Read sends the rows that the bookmark does not cover. It returns what [Output.State] returned, if that was an error.
	// A nil Read is a stream that others feed through [Output.To]; one that feeds a replace stream is Whole.
	Read func(ctx context.Context, out *Output) error

	err error // of the record type, by Typed
}

// A Column is a named JSON Schema.
type Column struct {
	Name       string
	Schema     json.RawMessage // {"type":["null","integer"]}
	Unselected bool            // selected-by-default: false
}

// AsSent ends the name of a member that goes out beside its column, where it does not fit. It is hidden or left out as the column is.
const AsSent = "_as_sent"

// Keep says what a column's values become on their way out.
type Keep uint8

const (
	// Whole is the value as it is.
	Whole Keep = iota
	// Dropped columns are in neither schema nor record: deselected, or by the setting columns.
	Dropped
	// Hashed values are hex SHA-256 of the value's text; null stays null.
	Hashed
	// Masked values keep their last four characters at most; null stays null.
	Masked
)
