package load

import (
	"bytes"
	"slices"
	"sync/atomic"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/columns"
	"github.com/signalroom/signalroom/target-postgres/database"
	"github.com/signalroom/signalroom/target-postgres/values"
)

// A stream is what the loader knows of a stream.
type stream struct {
	name     string
	mode     protocol.Disposition
	table    columns.Table      // where rows go
	final    columns.Table      // where users find them; another table while a refresh is under way
	sync     *protocol.Sync     // nil on the Singer wire
	sent     *protocol.Stream   // the latest SCHEMA
	declared *protocol.Stream   // by it, with columns that were added
	seen     []*protocol.Stream // every SCHEMA of the run, in order
	plans    []*plan            // of the SCHEMAs that share the present layout
	plan     *plan              // of the latest one
	extra    bool               // _extra is wanted
	versions bool               // the columns of a version are wanted
	added    []protocol.Property
	progress *streamProgress
	open     *segment // rows that are not on their way yet
	filled   int64    // the latest interval that has rows of this stream, counted from 1

	// Of a replace.
	unswapped bool  // there are rows that the table does not show yet
	versioned bool  // they bear a version, so that only ACTIVATE_VERSION shows them
	version   int64 // of the latest record
	activated int64 // the latest ACTIVATE_VERSION
	activeSet bool

	// Under Airbyte.
	since    int64 // records since its latest state
	complete bool  // its source has said so

	keys *keySet // of a first load: the table gets its key later

	discards  bool         // a contract leaves out its rows, because it has no table
	discarded int64        // how many
	replaced  values.Tally // in values, by plans that are no longer in force
	values    int64        // that a contract dropped, likewise

	// What the workers know of it.
	remarked bool         // that its schema is unusual
	crowded  int          // properties without a column, of which that was said
	straight atomic.Bool  // rows are copied to the table itself, because none of their keys has been met there so far
	resting  atomic.Int64 // for how many more intervals rows go through staging, after a key was met
	same     atomic.Bool  // most rows of the latest interval were in the table already, unchanged
	total    database.Counts
	dropped  atomic.Int64 // rows without a key that no state covered
}

// known finds a SCHEMA among those of the run.
func (s *stream) known(declared *protocol.Stream) bool {
	return slices.ContainsFunc(s.seen, func(d *protocol.Stream) bool { return sameSchema(d, declared) })
}

// alike tells whether all SCHEMAs of the run have the same key and the same cursor, so that their rows can be merged together.
func (s *stream) alike() bool {
	return !slices.ContainsFunc(s.seen, func(d *protocol.Stream) bool {
		return !slices.Equal(d.KeyProperties, s.seen[0].KeyProperties) || !slices.Equal(d.BookmarkProperties, s.seen[0].BookmarkProperties)
	})
}

func sameSchema(a, b *protocol.Stream) bool {
	return a == b || bytes.Equal(a.Raw, b.Raw) && slices.Equal(a.KeyProperties, b.KeyProperties) &&
		slices.Equal(a.BookmarkProperties, b.BookmarkProperties)
}

// planFor finds the plan of a SCHEMA in the present layout.
func (s *stream) planFor(declared *protocol.Stream) *plan {
	for _, p := range s.plans {
		if sameSchema(p.schema, declared) {
			return p
		}
	}
	return nil
}

// tally is what had to be replaced in the stream's values, and how many of them a contract dropped.
func (s *stream) tally() (replaced values.Tally, dropped int64) {
	replaced, dropped = s.replaced, s.values
	for _, p := range s.plans {
		more, left := p.Tally()
		replaced.Add(more)
		dropped += left
	}
	return replaced, dropped
}
