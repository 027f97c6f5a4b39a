package main

import (
	"context"
	"encoding/json"
	"iter"
	"slices"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/lenient"
	"github.com/signalroom/signalroom/taps/tap/rest"
)

// events reads the events of each project: one position per project, and one project after another.
func (s *source) events(ctx context.Context, out *tap.Output) error {
	var reached bookmark
	found, err := out.Bookmark(&reached)
	if err != nil {
		return err
	}
	if found && reached.CursorField != s.config.CursorField {
		return protocol.ConfigFault("set it back, or read the stream anew without its bookmark", "setting cursor_field: the state's bookmark is of %q", reached.CursorField)
	}
	reached.CursorField = s.config.CursorField
	mode, err := s.eventsMode(ctx)
	if err != nil {
		return err
	}
	err = s.api.each(ctx, out, func(project int64) error {
		r := &reader{source: s, out: out, project: project, at: reached.of(project), reached: &reached, size: s.config.PageSize,
			save: func() error { return out.State(&reached) }}
		if s.run.Sample {
			r.size = 1
		}
		return r.read(ctx, mode)
	})
	if err != nil {
		return err
	}
	return out.State(&reached)
}

// A reader reads the events of one project in one run.
type reader struct {
	*source
	out     *tap.Output
	project int64
	at      *position
	reached *bookmark
	save    func() error // a checkpoint
	filter  filter
	encoder *encoder
	size    int // events of a page; less where queries take too long
}

// read brings the project's events up to where the run ends: first the pass that an earlier run began, if one was cut, then what has
// arrived late, then its own pass.
func (r *reader) read(ctx context.Context, mode string) error {
	upper, lookback := r.config.upper(r.run.Start), r.config.Lookback
	if mode == "file_download" || mode == "auto" && !r.run.Sample {
		if err := r.download(ctx, mode, upper); err != nil || mode == "file_download" {
			return err
		}
	}
	start := r.config.StartDate.UTC()
	if start.Unix() < 0 {
		start = time.Unix(0, 0).UTC() // ClickHouse counts days from then on
	}
	if r.config.CursorField == "created_at" {
		lookback = 0 // nothing is ingested in the past
	}
	r.by(filter{cursor: r.config.CursorField, names: r.config.EventNames, lateness: r.config.MaxLateness})
	pass := r.pass
	if mode == "rest" {
		pass = r.listPass
	}
	if !r.at.Until.IsZero() {
		if err := pass(ctx); err != nil {
			return err
		}
	}
	if mode != "rest" && r.config.CursorField == "timestamp" && !r.run.Sample {
		if err := r.late(ctx, start, upper, lookback); err != nil {
			return err
		}
	}
	if !r.at.begin(start, upper, lookback) {
		return nil
	}
	return pass(ctx)
}

// sender sends events as they stand in files and in the old list.
func (r *reader) sender() (*lenient.Sender, error) {
	record, err := tap.Columns[Event]()
	if err != nil {
		return nil, err
	}
	return lenient.NewSender(r.out, record.Columns, time.UTC)
}

// by makes the reader's queries those of a filter.
func (r *reader) by(f filter) {
	r.filter = f
	columns := slices.DeleteFunc(slices.Clone(eventColumns[:]), func(c column) bool {
		return c.name != "uuid" && c.name != f.cursor && r.out.Keep(c.name) == tap.Dropped
	})
	r.encoder = newEncoder(r.project, columns, f.cursor)
}

// late reads what has arrived since the last run with a timestamp before those that this run's own pass reads. What becomes visible while
// a run reads has arrived no earlier than arrivalSettle before it began, and is left to the next one.
func (r *reader) late(ctx context.Context, start, upper time.Time, lookback time.Duration) error {
	until := r.run.Start.Add(-arrivalSettle).UTC()
	late := *r
	late.at = r.reached.arrived(r.project)
	switch {
	case r.at.Files && r.at.At.After(late.at.At):
		*late.at = position{At: r.at.At} // files go by arrival
	case late.at.At.IsZero():
		*late.at = position{At: until}
		return nil
	}
	before := r.at.At
	if upper.After(before) {
		before = before.Add(-lookback)
	}
	late.by(filter{cursor: "created_at", names: r.config.EventNames, lateness: r.config.MaxLateness, start: start, before: before})
	for before.After(start) && late.at.begin(time.Time{}, until, 0) {
		if err := late.pass(ctx); err != nil {
			return err
		}
	}
	return nil
}

// pass reads with queries until the end of the pass.
func (r *reader) pass(ctx context.Context) error {
	if err := r.span(ctx, r.at.Until, 0); err != nil {
		return err
	}
	r.at.end()
	return r.save()
}

// span reads up to an instant, slice by slice. level is the unit by which events are counted first.
func (r *reader) span(ctx context.Context, to time.Time, level int) error {
	half := r.at.At.Add(to.Sub(r.at.At) / 2).Truncate(units[level].span)
	counting := query(r.project, r.filter.buckets(units[level], *r.at, to))
	if half.After(r.at.At) {
		counting = divisible(counting)
	}
	buckets, err := r.count(ctx, counting)
	if tooHeavy(err) && half.After(r.at.At) {
		if err := r.span(ctx, half, level); err != nil {
			return err
		}
		return r.span(ctx, to, level)
	}
	if err != nil {
		return err
	}
	limit := r.size
	slices := cut(r.at.At, to, buckets, limit)
	if r.run.Shard.Count > 1 && level == 0 {
		slices = cutDays(r.at.At, to, buckets)
	}
	slices[0].from = *r.at
	finer := func(s slice) bool { return s.count > limit && level+1 < len(units) && !r.run.Sample }
	skipped := func(s slice) bool { return s.count == 0 || s.day != "" && !r.run.Shard.Owns(s.day) }
	// The first page of the next slice is under way while one is read.
	first := func(ctx context.Context, s slice) iter.Seq2[*rest.Page, error] {
		if skipped(s) || finer(s) {
			return func(func(*rest.Page, error) bool) {}
		}
		return r.ask(ctx, s.from, s.to, limit)
	}
	atOnce := queriesAtOnce
	if r.run.Sample {
		atOnce = 1
	}
	for s, pages := range rest.Children(ctx, atOnce, slices, first) {
		var err error
		switch {
		case skipped(s):
		case finer(s):
			err = r.span(ctx, s.to, level+1)
		default:
			err = r.slice(ctx, s, level, limit, pages)
		}
		if err != nil {
			return err
		}
		r.at.reach(s.to)
		if err := r.save(); err != nil {
			return err
		}
	}
	return nil
}

// ask asks for a page of events.
func (r *reader) ask(ctx context.Context, from position, to time.Time, limit int) iter.Seq2[*rest.Page, error] {
	page := query(r.project, r.filter.page(r.encoder.columns, from, to, limit))
	if limit > leastPage {
		page = divisible(page)
	}
	return r.api.queries.Pages(ctx, page)
}

// count asks how many events there are, by unit.
func (r *reader) count(ctx context.Context, counting rest.List) ([]bucket, error) {
	var buckets []bucket
	for row, err := range r.api.queries.Rows(ctx, counting) {
		if err != nil {
			return nil, err
		}
		var start string
		var b bucket
		if err := json.Unmarshal(row, &[]any{&start, &b.count}); err != nil {
			return nil, unexpected(err)
		}
		if b.start, err = instantOf(start); err != nil {
			return nil, unexpected(err)
		}
		buckets = append(buckets, b)
	}
	return buckets, nil
}

// distinct asks how many events there are between a position and an instant, each counted once.
func (r *reader) distinct(ctx context.Context, from position, to time.Time) (count int, err error) {
	for row, err := range r.api.queries.Rows(ctx, query(r.project, r.filter.distinct(from, to))) {
		if err != nil {
			return 0, err
		}
		if err := json.Unmarshal(row, &[]any{&count}); err != nil {
			return 0, unexpected(err)
		}
	}
	return count, nil
}

// unexpected is the fault of a count that is none.
func unexpected(err error) error {
	return protocol.DataFault("report it to PostHog", "the answer to a count is not of the expected form (%T)", err)
}

// leastPage is where a page is no longer made smaller.
const leastPage = 100

// slice reads a slice, of which the first page was asked for. It does not believe a page that is not full: it ends when all events that
// were counted have come, or when a page is empty and a second count, of each event once, agrees.
func (r *reader) slice(ctx context.Context, s slice, level, limit int, pages iter.Seq2[*rest.Page, error]) error {
	start := *r.at
	for again := false; ; again = true {
		got := 0
		for {
			n, err := r.page(pages)
			got += n
			switch {
			case tooHeavy(err) && limit > leastPage:
				r.size = max(min(r.size, limit/2), leastPage)
				r.out.Log().Info("queries take too long: pages are made smaller", "page_size", r.size)
				return r.span(ctx, s.to, min(level+1, len(units)-1))
			case err != nil:
				return err
			}
			if n == 0 || n < limit && got >= s.count {
				break
			}
			if err := r.save(); err != nil {
				return err
			}
			limit = r.size
			pages = r.ask(ctx, *r.at, s.to, limit)
		}
		r.size = min(r.size+r.size/8+1, r.config.PageSize)
		if got >= s.count {
			return nil
		}
		want, err := r.distinct(ctx, start, s.to)
		if err != nil {
			return err
		}
		if got >= want {
			return nil
		}
		*r.at = start
		if err := r.save(); err != nil {
			return err
		}
		if again {
			return protocol.DataFault("run again; report it to PostHog if it stays so", "of %d events up to %s only %d came, twice", want, s.to.Format(time.RFC3339), got)
		}
		r.out.Log().Warn("fewer events came than were counted: they are read again", "counted", want, "came", got)
		limit = r.size
		pages = r.ask(ctx, *r.at, s.to, limit)
	}
}

// page sends one page of events, and moves the position behind the last of them, also when it breaks off. A page that is not what it
// should be leaves the position where it was.
func (r *reader) page(pages iter.Seq2[*rest.Page, error]) (n int, err error) {
	last := place{at: r.at.At.AppendFormat(nil, "2006-01-02T15:04:05.999999Z"), uuid: []byte(r.at.UUID)}
	for page, failed := range pages {
		if err = failed; err != nil {
			break
		}
		var sent int
		sent, err = r.send(page.Rows, &last)
		if n += sent; err != nil {
			break
		}
	}
	if n > 0 && protocol.KindOf(err) != protocol.Data {
		reached, wrong := last.position(r.at.Until)
		if wrong != nil {
			return n, wrong
		}
		*r.at = reached
	}
	return n, err
}

// send sends rows, each of which must lie ahead of the last one, and tells how many came.
func (r *reader) send(rows [][]byte, last *place) (n int, err error) {
	for _, row := range rows {
		at, uuid, err := r.encoder.split(row)
		if err != nil {
			return n, err
		}
		ahead, same := last.compare(at, uuid)
		if !ahead && !same {
			return n, protocol.DataFault("report it to PostHog", "the events of a page are not in order, so that some might be missed")
		}
		if ahead {
			if err := r.out.Record(r.encoder.record()); err != nil {
				return n, err
			}
			last.take(at, uuid)
		}
		n++
	}
	return n, nil
}
