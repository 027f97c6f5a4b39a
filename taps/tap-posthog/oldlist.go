package main

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/taps/tap/lenient"
	"github.com/signalroom/signalroom/taps/tap/rest"
)

// The old list of events, for servers that know no queries: a thousand events a request at the most, without person_id and created_at.
// It is read oldest first, since newest first a page without a successor is not always the last one.
// See https://posthog.com/docs/api/events.

const (
	listMost = 1000                 // a larger limit is cut to this without a word
	listSpan = 300 * 24 * time.Hour // more than a year is an error of the server's
)

// hexDigits begin the uuids of events that share one instant.
const hexDigits = "0123456789abcdef"

// listPass reads until the end of the pass. Its pages overlap by the instant at which the last one ended, as the server leaves the rest
// of that instant out; events that were sent are known by their uuid.
func (r *reader) listPass(ctx context.Context) error {
	if !r.run.Shard.Owns(strconv.FormatInt(r.project, 10)) {
		r.at.end()
		return r.save()
	}
	rows, err := r.sender()
	if err != nil {
		return err
	}
	names := r.config.EventNames
	if len(names) == 0 {
		names = []string{""}
	}
	from, until := r.at.At, r.at.Until
	for _, name := range names { // the list takes one at a time; the bookmark moves with the last
		l := &oldList{reader: r, rows: rows, name: name, sent: map[string]bool{}, at: from}
		reached := func() error {
			if len(names) > 1 {
				return nil
			}
			r.at.reach(l.at)
			return r.save()
		}
		if err := l.walk(ctx, until, reached); err != nil {
			return err
		}
	}
	rows.End()
	r.at.end()
	return r.save()
}

// An oldList is a walk over the old list.
type oldList struct {
	*reader
	rows *lenient.Sender
	name string
	at   time.Time       // what lies before has been sent
	sent map[string]bool // uuids of what was sent of at
}

// walk reads up to an instant, by spans that the server takes. reached is called after each page.
func (l *oldList) walk(ctx context.Context, until time.Time, reached func() error) error {
	for l.at.Before(until) {
		to := l.at.Add(listSpan)
		if to.After(until) {
			to = until
		}
		for more := true; more; {
			var err error
			if more, err = l.page(ctx, to); err != nil {
				return err
			}
			if err := reached(); err != nil {
				return err
			}
		}
		l.at, l.sent = to, map[string]bool{}
	}
	return nil
}

// page reads from at on, and tells whether there was anything new.
func (l *oldList) page(ctx context.Context, until time.Time) (more bool, err error) {
	start := l.at
	fresh, full, err := l.ask(ctx, start.Add(-time.Microsecond), until, "")
	if err != nil || fresh > 0 && l.at.After(start) || !full {
		return fresh > 0, err
	}
	// A whole page of one instant: the rest of it is found by the digits that uuids begin with.
	if err := l.instant(ctx, ""); err != nil {
		return false, err
	}
	l.at, l.sent = start.Add(time.Microsecond), map[string]bool{}
	return true, nil
}

// instant reads all events of one instant whose uuids have a prefix.
func (l *oldList) instant(ctx context.Context, prefix string) error {
	for _, digit := range hexDigits {
		longer := prefix + string(digit)
		_, full, err := l.ask(ctx, l.at.Add(-time.Microsecond), l.at.Add(time.Microsecond), longer)
		if err != nil {
			return err
		}
		if full {
			if err := l.instant(ctx, longer); err != nil {
				return err
			}
		}
	}
	return nil
}

// ask sends one page of the events between two instants, both excluded, and tells how many of them are new and whether there may be more.
func (l *oldList) ask(ctx context.Context, after, before time.Time, prefix string) (fresh int, full bool, err error) {
	limit := listMost
	if l.run.Sample {
		limit = 1
	}
	query := url.Values{"after": {after.Format(time.RFC3339Nano)}, "before": {before.Format(time.RFC3339Nano)}, "orderBy": {`["timestamp"]`}, "limit": {strconv.Itoa(limit)}}
	if l.name != "" {
		query.Set("event", l.name)
	}
	if prefix != "" {
		query.Set("properties", `[{"type":"hogql","key":"startsWith(toString(uuid), '`+prefix+`')"}]`)
	}
	n := 0
	var scanner rawjson.Scanner
	var event []byte
	request := rest.Request{Path: projectPath(l.project, "events"), Endpoint: endpoint("events"), Query: query}
	for row, err := range l.api.clickhouse.Rows(ctx, rest.List{Request: request, Rows: []string{"results"}}) {
		if err != nil {
			return fresh, false, err
		}
		n++
		at, err := instantOf(rest.Text(rest.Member(row, "timestamp")))
		if err != nil {
			return fresh, false, unexpected(err)
		}
		uuid := rest.Text(rest.Member(row, "id"))
		if at.Equal(l.at) && l.sent[uuid] {
			continue
		}
		if at.After(l.at) {
			l.at, l.sent = at, map[string]bool{}
		}
		l.sent[uuid] = true
		fields, err := scanner.Fields(row)
		if err != nil {
			return fresh, false, err
		}
		event = append(event[:0], '{')
		for i, field := range fields {
			if i > 0 {
				event = append(event, ',')
			}
			name := field.Name
			if string(name) == "id" {
				name = []byte("uuid")
			}
			event = append(append(rawjson.AppendStringLossy(event, name), ':'), field.Value...)
		}
		event = append(event, '}')
		if err := l.rows.Send(event, ofProject(l.project)); err != nil {
			return fresh, false, err
		}
		fresh++
	}
	return fresh, n >= listMost, nil
}
