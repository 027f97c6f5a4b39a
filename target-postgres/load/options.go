package load

import (
	"cmp"
	"log/slog"
	"strings"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/logs"
	"github.com/signalroom/signalroom/target-postgres/columns"
	"github.com/signalroom/signalroom/target-postgres/database"
)

// ExtraFields says what becomes of members that a record's schema does not declare.
type ExtraFields string

// The words of on_extra_fields.
const (
	KeepExtra ExtraFields = "keep" // in _extra
	AddExtra  ExtraFields = "add"  // as columns, typed by their first value
	DropExtra ExtraFields = "drop"
	FailExtra ExtraFields = "fail" // the record is rejected
)

// Uncovered says what becomes of rows without a key that follow the last state when the input ends.
type Uncovered string

// The words of uncovered_rows.
const (
	AutoUncovered Uncovered = "auto" // kept if the whole run saw no state
	KeepUncovered Uncovered = "keep"
	DropUncovered Uncovered = "drop"
)

// Options are the choices of a run.
type Options struct {
	Connection   database.Options
	Pipeline     database.Pipeline
	Dispositions map[string]protocol.Disposition // by stream glob
	Method       protocol.Disposition            // of every stream that no glob names; empty for the stream's own
	Contracts    map[string]columns.Contract     // by stream glob; what a table that exists may be changed for
	Types        columns.Types                   // of new columns
	Metadata     bool                            // the SDK's seven columns
	HardDelete   bool
	Connections  int // intervals that are loaded side by side; 0 for three
	BatchBytes   int64
	BatchWait    time.Duration
	MaxRejects   int64
	ExtraFields  ExtraFields
	Uncovered    Uncovered
	Limits       Limits
	Log          *slog.Logger
	Metrics      *logs.Metrics // nil for none
	Progress     *Progress     // nil when nobody looks
}

// Limits bound the memory of a run, in bytes. The zero value is right for everything but tests.
type Limits struct {
	Segment int // encoded rows that one COPY sends
	Open    int // all segments that are being filled
	Sent    int // all segments that wait for the server
	Held    int // segments that are kept until their commit, so that they can be sent again
	Small   int // records of an interval that is worth a commit when a connection is free
}

func (l Limits) orDefault() Limits {
	return Limits{
		Segment: cmp.Or(l.Segment, 1<<20), Open: cmp.Or(l.Open, 10<<20), Sent: cmp.Or(l.Sent, 8<<20),
		Held: cmp.Or(l.Held, 12<<20), Small: cmp.Or(l.Small, 2<<20),
	}
}

// ByGlob looks a stream up in a setting that is given by glob: its exact name first, then the longest glob that matches,
// of two as long the first by the alphabet.
func ByGlob[V any](globs map[string]V, stream string) (V, bool) {
	if v, ok := globs[stream]; ok {
		return v, true
	}
	var best string
	found := false
	for glob := range globs {
		if !protocol.Glob(glob, stream) {
			continue
		}
		if !found || cmp.Or(cmp.Compare(len(glob), len(best)), strings.Compare(best, glob)) > 0 {
			best, found = glob, true
		}
	}
	return globs[best], found
}

// disposition decides what is done with a stream's rows: the dispositions setting, load_method, the stream's own word,
// then merge with a key and append without. Merge needs a key; without one it is append.
func (o *Options) disposition(s *protocol.Stream) protocol.Disposition {
	d := cmp.Or(o.Method, s.Disposition, protocol.Merge)
	if word, ok := ByGlob(o.Dispositions, s.Name); ok {
		d = word
	}
	if d == protocol.Merge && len(s.KeyProperties) == 0 {
		return protocol.Append
	}
	return d
}
