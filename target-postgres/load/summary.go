package load

import (
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/database"
	"github.com/signalroom/signalroom/target-postgres/values"
)

// A Summary is what became of a run.
type Summary struct {
	Streams []StreamSummary
	State   []byte // the last that was printed; nil for none
	Took    time.Duration
}

// A StreamSummary is what became of one stream's rows, as far as they were committed.
type StreamSummary struct {
	Name string
	Mode protocol.Disposition
	database.Counts
	Dropped   int64 // rows without a key that no state covers: they come again with the next run
	Discarded int64 // rows of a stream that gets no table, by its contract
	Values    int64 // that a contract dropped
	Replaced  values.Tally
}

// retire takes over what the stream's plans have counted, and lets go of them.
func (s *stream) retire() {
	for _, p := range s.plans {
		t := p.replaced()
		s.values += p.discards
		s.replaced.NUL += t.NUL
		s.replaced.Malformed += t.Malformed
		s.replaced.NonFinite += t.NonFinite
	}
	s.plans = nil
}

func (l *loader) summary(started time.Time) *Summary {
	sum := &Summary{State: l.crew.states.last, Took: time.Since(started)}
	for _, s := range l.order {
		s.retire()
		sum.Streams = append(sum.Streams, StreamSummary{
			Name: s.name, Mode: s.mode, Counts: s.total, Dropped: s.dropped.Load(), Discarded: s.discarded,
			Values: s.values, Replaced: s.replaced,
		})
	}
	return sum
}
