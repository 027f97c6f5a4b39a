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

func (l *loader) summary(started time.Time) *Summary {
	sum := &Summary{State: l.workers.states.last, Took: time.Since(started)}
	for _, s := range l.order {
		one := StreamSummary{Name: s.name, Mode: s.shown(), Counts: s.total, Dropped: s.dropped.Load(), Discarded: s.discarded}
		one.Replaced, one.Values = s.tally()
		sum.Streams = append(sum.Streams, one)
	}
	return sum
}
