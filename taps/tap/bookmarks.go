package tap

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/signalroom/signalroom/protocol"
)

// When a STATE line is printed.
//
// A line holds the bookmarks of all streams, so a state of many files is large, and printing it after each of them would cost
// more than the records. A checkpoint becomes a line when the records since the last line are at least 64 times the line's
// size (and 1 MiB), or when the time since then is at least a second for each 256 KiB of the line (and one second). Both grow
// with the square of what the lines have already used up of the run's budget of 100 MiB, so that it lasts for any run. At the
// end of a stream a line is due whatever these rules say, as long as the budget lasts, and at the end of the run always.
const (
	stateBudget      = 100 << 20
	recordsPerLine   = 1 << 20
	recordsPerByte   = 64
	waitPerLine      = time.Second
	lineBytesPerWait = 256 << 10
)

// A pace decides when a STATE line is due.
type pace struct {
	spent int64     // bytes of the lines so far
	size  int64     // of the newest state
	sent  int64     // bytes of the records before the last line
	last  time.Time // when that was
	every bool      // every checkpoint is due
}

// due tells whether a checkpoint after that many bytes of records is worth a line.
func (p *pace) due(sent int64, now time.Time) bool {
	if p.every || !p.affords() {
		return p.every
	}
	scarce := stateBudget / float64(stateBudget-p.spent)
	scarce *= scarce
	records := scarce * float64(max(recordsPerLine, recordsPerByte*p.size))
	wait := scarce * max(1, float64(p.size)/lineBytesPerWait)
	return float64(sent-p.sent) >= records || now.Sub(p.last).Seconds() >= wait*waitPerLine.Seconds()
}

// affords tells whether a line now leaves enough for the last one.
func (p *pace) affords() bool { return p.spent+2*p.size <= stateBudget }

// printed counts a line.
func (p *pace) printed(sent int64, now time.Time) {
	p.spent += p.size
	p.sent, p.last = sent, now
}

// bookmarks is the state of the run: what it was started with, and what its streams have reached since.
type bookmarks struct {
	state   *protocol.State
	changed bool // since the last line
	printed bool // a line, whatever it said
	pace    pace
	line    []byte
}

// set notes what a stream has reached, and tells whether that is new.
func (b *bookmarks) set(stream string, bookmark any) (moved bool, err error) {
	encoded, err := json.Marshal(bookmark)
	if err != nil {
		return false, protocol.InStream(stream, err)
	}
	if bytes.Equal(encoded, b.state.Bookmark(stream)) {
		return false, nil
	}
	b.state.SetBookmark(stream, encoded)
	b.changed = true
	return true, nil
}

// render gives the state's line if there is something new to say and the budget has room. The end of the run needs none, and
// also repeats a state that was given, so that whoever keeps only the last run's output keeps a state.
func (b *bookmarks) render(end bool) (line []byte, ok bool) {
	if !b.changed && (!end || b.printed || len(b.state.Streams()) == 0) {
		return nil, false
	}
	return b.encode(), end || b.pace.affords()
}

// encode gives the state's line.
func (b *bookmarks) encode() []byte {
	b.line = b.state.AppendJSON(b.line[:0])
	b.pace.size = int64(len(b.line))
	return b.line
}

// sent counts the line that render gave.
func (b *bookmarks) sent(records int64, now time.Time) {
	b.changed, b.printed = false, true
	b.pace.printed(records, now)
}
