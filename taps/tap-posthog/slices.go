package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// A bookmark is how far the events of each project have been sent.
type bookmark struct {
	CursorField string              `json:"cursor_field,omitempty"` // what the positions are of, from the setting cursor_field
	Projects    map[int64]*position `json:"projects"`
	Arrived     map[int64]*position `json:"arrived,omitempty"` // in the order of created_at: what had arrived before was sent
}

// of gives a project's position; the zero one belongs to a project that was never read.
func (b *bookmark) of(project int64) *position { return positionOf(&b.Projects, project) }

// arrived gives a project's position in the order of created_at.
func (b *bookmark) arrived(project int64) *position { return positionOf(&b.Arrived, project) }

func positionOf(all *map[int64]*position, project int64) *position {
	if *all == nil {
		*all = map[int64]*position{}
	}
	if (*all)[project] == nil {
		(*all)[project] = new(position)
	}
	return (*all)[project]
}

// String is the bookmark in the run's summary.
func (b *bookmark) String() string {
	var words []string
	for _, id := range slices.Sorted(maps.Keys(b.Projects)) {
		words = append(words, fmt.Sprintf("project %d to %s", id, b.Projects[id].At.Format(time.RFC3339)))
	}
	return strings.Join(words, ", ")
}

// A position is a place in the order of cursor and uuid: all before it has been sent. Instants have whole microseconds.
type position struct {
	At    time.Time `json:"at"`
	UUID  string    `json:"uuid,omitempty"`  // of the events at At, those up to this one have been sent; none without it
	Until time.Time `json:"until,omitzero"`  // where the pass under way ends, which a cut run goes on with
	Files bool      `json:"files,omitempty"` // so far all came by files, which go by the time of arrival
}

// begin starts a pass, unless one is under way. A pass begins lookback before the end of the last one, and never before start. It
// tells whether there is anything to read before upper.
func (p *position) begin(start, upper time.Time, lookback time.Duration) bool {
	if !p.Until.IsZero() {
		return true
	}
	if !upper.After(p.At) {
		return false
	}
	from := start
	if back := p.At.Add(-lookback); !p.At.IsZero() && back.After(start) {
		from = back
	}
	if !upper.After(from) {
		return false
	}
	*p = position{At: from.Truncate(time.Microsecond), Until: upper.Truncate(time.Microsecond)}
	return true
}

// reach notes that everything before at has been sent.
func (p *position) reach(at time.Time) { p.At, p.UUID = at, "" }

// end notes that the pass has come to its end.
func (p *position) end() { p.reach(p.Until); p.Until = time.Time{} }

// A unit is what events are counted by.
type unit struct {
	function string // of HogQL, which gives the beginning
	span     time.Duration
}

// units are those that a range is divided by, each where the one before is too coarse.
var units = [...]unit{{"toStartOfDay", 24 * time.Hour}, {"toStartOfHour", time.Hour}, {"toStartOfMinute", time.Minute}}

// A bucket is how many events a unit holds, from its beginning.
type bucket struct {
	start time.Time
	count int
}

// A slice is a span that is read in one go, and how many events it should give.
type slice struct {
	from  position
	to    time.Time
	count int
	day   string // of shards: the name of what is shared out
}

// cut divides a span so that a slice holds no more than most events, or one bucket alone. Buckets are in order. Where nothing was
// counted, the time belongs to the slice before.
func cut(from, until time.Time, buckets []bucket, most int) []slice {
	all := []slice{{from: position{At: from}}}
	for _, b := range buckets {
		last := &all[len(all)-1]
		if last.count > 0 && last.count+b.count > most {
			last.to = b.start
			all = append(all, slice{from: position{At: b.start}})
			last = &all[len(all)-1]
		}
		last.count += b.count
	}
	all[len(all)-1].to = until
	return all
}

// cutDays makes a slice of each day, which shards share out, and of the time before and behind it in which nothing was counted.
func cutDays(from, until time.Time, buckets []bucket) []slice {
	var all []slice
	add := func(to time.Time, count int, day string) {
		if to.After(until) {
			to = until
		}
		if to.After(from) {
			all = append(all, slice{position{At: from}, to, count, day})
			from = to
		}
	}
	for _, b := range buckets {
		add(b.start, 0, "")
		add(b.start.Add(units[0].span), b.count, b.start.Format(time.DateOnly))
	}
	add(until, 0, "")
	return all
}
