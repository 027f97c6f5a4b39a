// Package windows reads a stream by closed spans of time, one after another, and remembers how far it came.
//
// What it promises: the windows of a span are half-open, follow one another without a gap, and end where the span does. A bookmark
// never covers an instant whose window was not read. A run that comes to its end has every row that the source had when it began and
// that is not older than lookback, also when it goes on from a run that was stopped. A window that holds more rows than the
// source gives at once is split until it does not, or is a Data fault: no row is missing in silence. Runs with --shard read
// windows that together are all of them, each in one run alone.
//
//	reached := windows.Bookmark{}
//	if _, err := out.Bookmark(&reached); err != nil {
//		return err
//	}
//	reading := windows.Reading{
//		Spans:    reached.Spans(config.StartDate, end, config.Lookback),
//		Step:     windows.Every(24 * time.Hour),
//		Full:     10_000, // the source gives no more, and does not say so
//		Smallest: time.Second,
//		Shard:    run.Shard,
//	}
//	return reading.Read(ctx, &reached, func() error { return out.State(&reached) }, func(ctx context.Context, w windows.Window) (rows int, err error) {
//		return clicks(ctx, w.Start, w.End, out)
//	})
//
// A window that is split was read in vain: its rows come again, so the stream has a key.
package windows

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
)

// A Window is the time from Start up to End, which is not in it.
type Window struct{ Start, End time.Time }

// String names the window as an ISO 8601 interval.
func (w Window) String() string {
	return w.Start.Format(time.RFC3339Nano) + "/" + w.End.Format(time.RFC3339Nano)
}

// A Step gives the first instant that is no longer in the step of t. It depends on t alone, so that all runs see the same steps.
type Step func(t time.Time) time.Time

// Every is steps of one length, counted from the beginning of the year 1 in UTC: hours and days begin where one expects them to.
func Every(size time.Duration) Step {
	return func(t time.Time) time.Time { return t.Truncate(size).Add(size) }
}

// Days is steps of a day of a time zone, however long it is.
func Days(zone *time.Location) Step {
	return func(t time.Time) time.Time {
		year, month, day := t.In(zone).Date()
		return time.Date(year, month, day+1, 0, 0, 0, 0, zone)
	}
}

// ErrFull is what a read returns of a window of which the source has more rows than it gave.
var ErrFull = errors.New("the window holds more rows than the source gives")

// A Reading is what is read, and how it is cut into windows.
type Reading struct {
	Spans []Window // one after another, from [Bookmark.Spans]
	Step  Step
	// Full is how many rows make a window suspect, as the source gives no more and does not say so; 0: it says so, by ErrFull.
	Full int
	// Smallest is the shortest window that the source can be asked for; steps are not split further. 0: they are not split at all.
	Smallest time.Duration
	// Join is how many steps may be read as one window while windows hold less than a quarter of Full, where Full is given and nothing
	// is sharded; 0 is one.
	Join int
	// Settled is the first instant whose rows may still come: they are read, and read again in the next run. Zero: where the span ends.
	Settled time.Time
	Shard   tap.Shard
}

// Read calls read for each window, and save after each with the bookmark moved. save is most often [tap.Output.State].
func (r Reading) Read(ctx context.Context, b *Bookmark, save func() error, read func(ctx context.Context, w Window) (rows int, err error)) error {
	for i, span := range r.Spans {
		settled := r.Settled
		if settled.IsZero() {
			settled = span.End
		}
		s := steps{Reading: r, read: read, reached: func(at time.Time) error {
			b.reached(at, settled)
			return save()
		}}
		b.begin(span.End, settled)
		if err := s.span(ctx, span); err != nil {
			return err
		}
		b.done(span.End, settled, i+1 == len(r.Spans))
		if err := save(); err != nil {
			return err
		}
	}
	return nil
}

// bounds are where so many steps of a span begin and end, the first at its start.
func (r Reading) bounds(span Window, steps int) []time.Time {
	at := span.Start
	bounds := []time.Time{at}
	for range steps {
		if at = r.Step(at); !at.Before(span.End) {
			return append(bounds, span.End)
		}
		bounds = append(bounds, at)
	}
	return bounds
}

// steps reads windows.
type steps struct {
	Reading
	read    func(ctx context.Context, w Window) (int, error)
	reached func(at time.Time) error
}

// span reads the windows of a span.
func (s *steps) span(ctx context.Context, span Window) error {
	for joined := 1; span.Start.Before(span.End); {
		bounds := s.bounds(span, joined)
		span.Start = bounds[len(bounds)-1]
		// The step's own end is its name, as a span may begin and end in the middle of one.
		if !s.Shard.Owns(s.Step(bounds[0]).UTC().Format(time.RFC3339)) {
			if err := s.reached(span.Start); err != nil {
				return err
			}
			continue
		}
		rows, err := s.window(ctx, bounds)
		if err != nil {
			return err
		}
		joined = 1
		if rows < s.Full/4 && s.Shard.Count <= 1 {
			joined = min(2*(len(bounds)-1), max(1, s.Join))
		}
	}
	return nil
}

// window reads steps that belong together, or their halves. rows is the most that one of the windows held.
func (s *steps) window(ctx context.Context, bounds []time.Time) (rows int, err error) {
	w := Window{bounds[0], bounds[len(bounds)-1]}
	rows, err = s.read(ctx, w)
	full := errors.Is(err, ErrFull)
	if err != nil && !full {
		return 0, err
	}
	if !full && (s.Full == 0 || rows < s.Full) {
		return rows, s.reached(w.End)
	}
	middle := len(bounds) / 2
	if len(bounds) == 2 {
		half, ok := w.middle(s.Smallest)
		if !ok {
			return 0, protocol.DataFault("the source gives no more of a window; if the tap has filters, use them",
				"%w: %s, which cannot be made smaller", ErrFull, w)
		}
		bounds, middle = []time.Time{w.Start, half, w.End}, 1
	}
	for _, part := range [][]time.Time{bounds[:middle+1], bounds[middle:]} {
		if _, err := s.window(ctx, part); err != nil {
			return 0, err
		}
	}
	return s.Full, nil
}

// middle splits a window where the source can.
func (w Window) middle(smallest time.Duration) (time.Time, bool) {
	if smallest <= 0 {
		return time.Time{}, false
	}
	half := w.Start.Add(w.End.Sub(w.Start) / 2).Truncate(smallest)
	if !half.After(w.Start) {
		half = w.Start.Truncate(smallest).Add(smallest)
	}
	return half, half.Before(w.End)
}

// A Bookmark is how far a stream that is read by windows has come. The zero value is a first run.
type Bookmark struct {
	// Until is the first instant that was never read.
	Until time.Time `json:"until"`
	// Next is where a run that was stopped goes on; nil after one that came to its end.
	Next *time.Time `json:"next,omitempty"`
	// Since is what Until would be had the run that began the pass come to its end. What changed later, in windows which it had read
	// before it was stopped, was not seen, so the run that goes on looks back from there. nil: Until.
	Since *time.Time `json:"since,omitempty"`
}

// String is what the summary of a run says.
func (b *Bookmark) String() string {
	if b.Next != nil && b.Next.Before(b.Until) {
		return fmt.Sprintf("until %s, reading again from %s", b.Until.Format(time.RFC3339), b.Next.Format(time.RFC3339))
	}
	return "until " + b.Until.Format(time.RFC3339)
}

// Spans are what a run reads: from start at first, and later from where the last run was to end when it began, less lookback. After a run
// that was stopped they are two: the rest of it, and then what may have changed behind the point where it was stopped. They never begin before
// start, and are empty when there is nothing new up to end.
func (b *Bookmark) Spans(start, end time.Time, lookback time.Duration) []Window {
	since := b.Until
	if b.Since != nil && lookback > 0 {
		since = *b.Since
	}
	from := later(start, since.Add(-lookback))
	if b.Next == nil {
		return []Window{{from.UTC(), end.UTC()}}
	}
	next := later(start, *b.Next)
	spans := []Window{{next.UTC(), end.UTC()}}
	if next.After(end) {
		next = end
	}
	if from.Before(next) {
		spans = append(spans, Window{from.UTC(), next.UTC()})
	}
	return spans
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// begin notes where a run would end, unless it goes on with one that was stopped.
func (b *Bookmark) begin(end, settled time.Time) {
	if b.Next != nil {
		return
	}
	if settled.Before(end) {
		end = settled
	}
	if end.Before(b.Until) {
		end = b.Until
	}
	b.Since = &end
}

// reached notes that everything before an instant has been read. What is not settled does not count.
func (b *Bookmark) reached(at, settled time.Time) {
	if at.After(settled) {
		at = settled
	}
	next := at
	b.Next = &next
	if at.After(b.Until) {
		b.Until = at
	}
}

// done notes that a span came to its end, and with the last one the run.
func (b *Bookmark) done(end, settled time.Time, last bool) {
	b.reached(end, settled)
	b.Next = nil
	if last {
		b.Since = nil
	}
}

// Bookmarks are those of several accounts or projects, by a name of each, that one stream reads one after another.
type Bookmarks map[string]*Bookmark

// Of gives one of them, which is a first run's at first.
func (b *Bookmarks) Of(name string) *Bookmark {
	if *b == nil {
		*b = Bookmarks{}
	}
	if (*b)[name] == nil {
		(*b)[name] = new(Bookmark)
	}
	return (*b)[name]
}

// String is the bookmark that is furthest behind; empty without any.
func (b Bookmarks) String() string {
	var least *Bookmark
	for _, one := range b {
		if least == nil || one.Until.Before(least.Until) {
			least = one
		}
	}
	if least == nil {
		return ""
	}
	return least.String()
}
