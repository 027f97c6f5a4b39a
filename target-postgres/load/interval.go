package load

import "time"

// An interval is what one worker loads as one transaction. The loader sends its operations in order, the commit last, and closes the
// channel. After that it does not touch the interval any more.
type interval struct {
	number    int64 // from 0, in the order of the input, which is the order of the commits
	ops       chan op
	before    <-chan struct{}      // closed when the interval before has ended
	done      chan struct{}        // closed when this one has
	processes []int32              // the server's, of its transactions; guarded by the lock of workers
	touched   map[*stream]*touched // what it writes; complete when the interval behind it begins

	// For its worker alone.
	turn  bool // all intervals before it are committed
	log   []op // what was done so far, to do it again after a lost connection or a deadlock
	fixed bool // it cannot be done again, because not all of its rows are in memory any more
	held  bool // another transaction had to wait for it once, so it moves its rows only when it is its turn
}

// An op is one step of an interval.
type op struct {
	kind    opKind
	segment *segment     // copyRows
	stream  *stream      // activateVersion, swapRows
	layout  *layout      // likewise: that of the stream
	version int64        // activateVersion
	all     bool         // uncoverRows: whatever was covered before
	prepare *preparation // prepareTable
	commit  *commit      // commitInterval
	refresh *preparation // refreshTable: of the table that takes the new rows
	final   bool         // the commit follows: nothing that comes before it is taken back
}

type opKind uint8

const (
	// copyRows sends a segment.
	copyRows opKind = iota
	// prepareTable brings a table to the form that a stream wants.
	prepareTable
	// coverRows says that a state covers all rows before it: those without a key that follow can be taken back to here.
	coverRows
	// uncoverRows takes rows without a key back: to the latest coverRows, or all of them.
	uncoverRows
	// activateVersion ends what is older than a version.
	activateVersion
	// swapRows shows the new rows of a replace.
	swapRows
	// refreshTable puts the rows that were loaded beside a table in the place of its own.
	refreshTable
	// commitInterval ends the interval.
	commitInterval
)

// A commit is what the end of an interval says.
type commit struct {
	state  []byte // nil when no state is covered
	echoes []echo // Airbyte's, in place of it
	start  time.Time
}

// storesState tells whether the state is kept in the database: not where the platform keeps it.
func (c *commit) storesState() bool { return c.state != nil && c.echoes == nil }
