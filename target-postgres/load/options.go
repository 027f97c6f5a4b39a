package load

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/logs"
	"github.com/signalroom/signalroom/target-postgres/columns"
	"github.com/signalroom/signalroom/target-postgres/database"
	"github.com/signalroom/signalroom/target-postgres/tuples"
)

// MissingFields says what becomes of properties that a record of a merge does not name.
type MissingFields string

// The words of missing_fields.
const (
	NullMissing MissingFields = "null"
	KeepMissing MissingFields = "keep" // the row keeps its value
)

// Uncovered says what becomes of rows without a key that follow the last state when the input ends.
type Uncovered string

// The words of uncovered_rows.
const (
	AutoUncovered Uncovered = "auto" // kept if the whole run saw no state
	KeepUncovered Uncovered = "keep"
	DropUncovered Uncovered = "drop"
	// CleanUncovered is Airbyte's: kept if the input ends by itself.
	CleanUncovered Uncovered = "clean"
)

// Options are the choices of a run.
type Options struct {
	Connection   database.Options
	Pipeline     database.Pipeline
	Dispositions map[string]protocol.Disposition // by stream glob
	Method       protocol.Disposition            // of every stream that no glob names; empty for the stream's own
	Contracts    map[string]columns.Contracts    // by stream glob
	Tables       map[string]columns.Physical     // by stream glob
	Case         columns.Case                    // of the names of tables and columns
	ReplaceKey   bool                            // a table whose primary key is not the stream's gets that
	Types        columns.Types                   // of new columns
	Metadata     columns.Metadata                // columns of our own; with those of Airbyte, a value that has no place in its column is null, and _airbyte_meta says so
	HardDelete   bool
	DeleteMark   string          // a property with a value in the record of a row that is to be deleted; empty for none
	Schemas      []columns.Ident // of the streams' namespaces, to be made where they are missing
	Truncate     bool            // a large replace of a whole table begins with TRUNCATE, and readers wait for its end
	// IgnoreVersions leaves ACTIVATE_VERSION unheeded, but for a replace.
	IgnoreVersions      bool
	Grants              []columns.Ident // roles that may read new tables
	BeforeSQL, AfterSQL string          // statements around the run, the latter when it succeeded
	Connections         int             // intervals that are loaded side by side; 0 for three
	BatchRows           int64           // 0 for any number
	BatchBytes          int64
	BatchWait           time.Duration
	MaxRejects          int64
	ExtraFields         tuples.ExtraFields
	Missing             MissingFields
	Uncovered           Uncovered
	Limits              Limits
	Log                 *slog.Logger
	Metrics             *logs.Metrics     // nil for none
	Progress            *Progress         // nil when nobody looks
	Grew                func(columns int) // is told how many columns the streams have together, when there are more; nil when nobody asks

	NotifyChannel string  // on which commits are announced; empty for none
	Program       string  // the version that the history shows
	Replay        *Replay // of a run over rejects
}

// A Replay is what a run over rejects does differently. Such a run has no states, and is one transaction.
type Replay struct {
	// Received tells when the record of a line came first. A row that came later is not overwritten by it where there is no
	// cursor to tell by, as far as the metadata columns do.
	Received func(line int64) time.Time
	// Commit is called in the transaction before its end, in place of storing its rejects; again when it is tried again.
	Commit func(ctx context.Context, c *database.Conn, rejects []database.Reject) error
}

// Limits bound the memory of a run, in bytes, and its locks. The zero value is right for everything but tests.
type Limits struct {
	Segment int // encoded rows that one COPY sends
	Open    int // all segments that are being filled
	Sent    int // all segments that wait for the server
	Held    int // segments that are kept until their commit, so that they can be sent again
	Copied  int // segments, with their records, that are in a COPY under way
	Keys    int // table of the keys of a first load
	Small   int // records of an interval that is worth a commit when a connection is free
	Streams int // that an interval takes, give or take: each holds several locks until the commit, and a server has few thousands
}

func (l Limits) orDefault() Limits {
	return Limits{
		Segment: cmp.Or(l.Segment, 1<<20), Open: cmp.Or(l.Open, 6<<20), Sent: cmp.Or(l.Sent, 4<<20),
		Held: cmp.Or(l.Held, 6<<20), Copied: cmp.Or(l.Copied, 14<<20), Keys: cmp.Or(l.Keys, 8<<20), Small: cmp.Or(l.Small, 2<<20), Streams: cmp.Or(l.Streams, 256),
	}
}

// held is how much of one interval is kept until its commit.
func (o *Options) held() int { return o.Limits.Held / max(o.Connections, 2) }

// copied is how much one COPY takes.
func (o *Options) copied() int { return o.Limits.Copied / max(o.Connections, 2) }

// Disposition decides what is done with a stream's rows: the dispositions setting, load_method, the stream's own word,
// then merge with a key and append without. Merge needs a key; without one it is append.
func (o *Options) Disposition(s *protocol.Stream) protocol.Disposition {
	d := cmp.Or(o.Method, s.Disposition, protocol.Merge)
	if word, ok := protocol.ByGlob(o.Dispositions, s.Name); ok {
		d = word
	}
	if d == protocol.Merge && len(s.KeyProperties) == 0 {
		return protocol.Append
	}
	return d
}

// marksDeleted tells whether a stream's records can say that their rows are to be deleted, by the property DeleteMark.
func (o *Options) marksDeleted(s *protocol.Stream) bool {
	_, ok := s.Schema.Property(o.DeleteMark)
	return ok && o.DeleteMark != ""
}

// table gives the table of a stream.
func (o *Options) table(s *protocol.Stream) columns.Table {
	t := columns.Table{Schema: o.Pipeline.Schema, Name: columns.TableName(s.Name, o.Case)}
	if s.Namespace != "" {
		t.Schema = o.Case.Schema(s.Namespace)
	}
	return t
}
