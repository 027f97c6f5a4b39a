package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap/rest"
)

// overlap is how far behind a bookmark every scan begins, as a row can become visible later than its date says.
const overlap = 5 * time.Minute

// A bookmark says how far a stream has come: all that happened before Until was sent. Until is by Mautic's clock.
type bookmark struct {
	From    time.Time `json:"from,omitzero"` // the setting start_date of the first scan, which later whole reads begin at too
	Until   time.Time `json:"until,omitzero"`
	ID      int64     `json:"id,omitempty"`      // of statistics: the highest that was sent
	Version int64     `json:"version,omitempty"` // of entities: that of the last whole read, its instant in milliseconds
	Scan    *scan     `json:"scan,omitempty"`    // under way
}

// A scan is one way through a stream, in passes that each go by ascending id. It ends where it was when it began, however often it is
// interrupted.
type scan struct {
	Since  time.Time `json:"since,omitzero"`  // what happened before is not asked for
	Before time.Time `json:"before,omitzero"` // nor what happened from here on: the setting end_date
	Until  time.Time `json:"until"`           // of the bookmark when the scan is done
	Whole  bool      `json:"whole,omitempty"` // all rows come, and what does not come was deleted
	Form   int64     `json:"form,omitempty"`  // of submissions: whose are being read
	Pass   int       `json:"pass,omitempty"`
	After  int64     `json:"after,omitempty"` // the highest id of the pass that was sent
}

// String is the bookmark in the run's summary.
func (b *bookmark) String() string {
	if b.Scan != nil {
		return fmt.Sprintf("id %d of a scan up to %s", b.Scan.After, b.Scan.Until.Format(time.RFC3339))
	}
	return "until " + b.Until.Format(time.RFC3339)
}

// begin starts a scan, unless one is under way.
func (s *source) begin(l *listing, b *bookmark) *scan {
	if b.Scan != nil {
		return b.Scan
	}
	if b.Until.IsZero() {
		b.From = s.config.StartDate.UTC()
	}
	n := &scan{Since: b.From, Until: s.now}
	if end := s.config.End(s.now).UTC(); end.Before(s.now) && (l.modified != "" || l.happened != "") {
		n.Before, n.Until = end, end
	}
	if n.Until.Before(b.Until) {
		n.Until = b.Until
	}
	swept := s.run.Start.Sub(time.UnixMilli(b.Version)) < s.config.SweepInterval
	switch {
	case l.happened != "":
		if !b.Until.IsZero() {
			n.Since = b.Until
		}
	case l.modified != "" && swept && !b.Until.IsZero():
		n.Since = b.Until.Add(-overlap)
	default:
		n.Whole = true
		b.Version = max(b.Version+1, s.run.Start.UnixMilli())
	}
	b.Scan = n
	return n
}

// A pass is a question, and the id behind which its rows begin.
type pass struct {
	where []filter
	from  int64
}

// passes are the questions of a scan. An entity that was never changed has no date of change: it is asked for by the other
// date, and first, so that a change in between is not missed.
func (s *source) passes(l *listing, b *bookmark) []pass {
	n := b.Scan
	between := func(column string, since time.Time) (where []filter) {
		if !since.IsZero() {
			where = append(where, filter{column, "gte", since.UTC().Format(time.DateTime)})
		}
		if !n.Before.IsZero() {
			where = append(where, filter{column, "lt", n.Before.UTC().Format(time.DateTime)})
		}
		return where
	}
	switch {
	case l.happened == "" && (l.modified == "" || n.Since.IsZero() && n.Before.IsZero()):
		return []pass{{}}
	case l.happened == "":
		unchanged := append(between(l.added, n.Since), filter{l.modified, "isNull", ""})
		return []pass{{where: unchanged}, {where: between(l.modified, n.Since)}}
	case b.ID == 0:
		return []pass{{where: between(l.happened, n.Since)}}
	}
	known := filter{"id", "lte", strconv.FormatInt(b.ID, 10)}
	var all []pass
	late := l.late
	if len(late) == 0 {
		late = []string{l.happened}
	}
	for _, column := range late {
		since := n.Since.Add(-overlap)
		if column == l.happened && len(l.late) > 0 {
			since = n.Since.Add(-max(overlap, s.config.Lookback))
		}
		all = append(all, pass{where: append(between(column, since), known)})
	}
	return append(all, pass{where: between(l.happened, time.Time{}), from: b.ID})
}

// scanned reads a stream by scans.
func (r *reading) scanned(ctx context.Context) error {
	b := &r.bookmark
	n := r.begin(r.listing, b)
	if r.stream.Versions {
		r.out.Version(b.Version)
	}
	passes := r.passes(r.listing, b)
	for ; n.Pass < len(passes); n.Pass, n.After = n.Pass+1, 0 {
		p := passes[n.Pass]
		reached := func(last int64) error {
			n.After = last
			if len(r.related) > 0 {
				return nil // the rows that the list leaves out are known at its end
			}
			return r.out.State(b)
		}
		if err := r.walk(ctx, walk{r.listing, r.path, p.where, max(n.After, p.from), r.rows.send, reached}); err != nil {
			return err
		}
		if n.Pass == len(passes)-1 && r.happened != "" {
			b.ID = n.After
		}
	}
	if err := r.sendRelated(ctx); err != nil {
		return err
	}
	if n.Whole && n.Before.IsZero() {
		if err := r.out.Activate(b.Version); err != nil {
			return err
		}
	}
	b.Until, b.Scan = n.Until, nil
	return r.out.State(b)
}

// A walk is a way through rows by ascending id.
type walk struct {
	listing *listing
	path    string
	where   []filter
	after   int64                           // the id behind which rows are asked for
	send    func(row []byte) (int64, error) // gives the row's id
	reached func(id int64) error            // is called after each page; nil: nothing is
}

// walk sends the rows, by pages. A Mautic that breaks down over a page is asked for smaller ones.
func (s *source) walk(ctx context.Context, w walk) error {
	for size := w.listing.size; ; size /= 2 {
		err := s.walkBy(ctx, &w, size)
		if size == 1 || protocol.KindOf(err) != protocol.Transient || !tooMuch(err) {
			return err
		}
		s.run.Log.Warn("Mautic fails over a page: smaller ones are asked for", "endpoint", w.path, "limit", size/2, "reason", err)
	}
}

// walkBy asks for pages of one size. In a run with --shard it goes on behind what belongs to other runs, as soon as a row of theirs comes.
func (s *source) walkBy(ctx context.Context, w *walk, size int) error {
	for others := true; others; {
		w.after = s.ours(w.listing, w.after+1) - 1
		behind := filter{w.listing.keys[0], "gt", strconv.FormatInt(w.after, 10)}
		list := rest.List{
			Request: question(w.path, slices.Concat([]filter{behind}, w.listing.where, w.where), w.listing.keys, size),
			Rows:    []string{w.listing.member},
			Pager: rest.Keyset{First: behind.value, Compare: rest.Numbers, Set: func(r *rest.Request, id string) { r.Query.Set("where[0][val]", id) },
				Key: func(row []byte) (string, error) {
					id, err := idOf(row)
					return strconv.FormatInt(id, 10), err
				}},
		}
		others = false
		for page, err := range s.client.Pages(ctx, list) {
			if err != nil {
				return err
			}
			if others, err = s.sendPage(w, page.Rows); err != nil {
				return err
			}
			if w.reached != nil {
				if err := w.reached(w.after); err != nil {
					return err
				}
			}
			if others {
				break
			}
		}
	}
	return nil
}

// sendPage sends rows, up to the first that belongs to another run.
func (s *source) sendPage(w *walk, rows [][]byte) (others bool, err error) {
	for _, row := range rows {
		if s.shares(w.listing) {
			if id, err := idOf(row); err == nil && id > w.after && s.ours(w.listing, id) != id {
				w.after = id
				return true, nil
			}
		}
		id, err := w.send(row)
		if err != nil {
			return false, err
		}
		if id <= w.after {
			return false, protocol.DataFault("report this, with Mautic's version", "%s: rows do not come by ascending id", w.path)
		}
		w.after = id
	}
	return false, nil
}

// tooMuch tells whether a smaller page may help: Mautic, or what stands before it, broke down or fell silent over this one.
func tooMuch(err error) bool {
	code := rest.Status(err)
	return code == 200 || code >= 500 || errors.Is(err, rest.ErrSilent)
}

// A filter is one condition; all of a question hold. expr is one of the words that Mautic knows, as it ignores others.
type filter struct{ column, expr, value string }

// question asks for a page of rows at a path below /api.
//
// https://devdocs.mautic.org/en/latest/rest_api/contacts.html#list-contacts
func question(path string, where []filter, keys []string, size int) rest.Request {
	q := url.Values{"start": {"0"}, "limit": {strconv.Itoa(size)}}
	filterBy(q, where)
	if strings.HasPrefix(path, "stats/") { // which ignore orderBy
		for i, key := range keys {
			q.Set(fmt.Sprintf("order[%d][col]", i), key)
			q.Set(fmt.Sprintf("order[%d][dir]", i), "ASC")
		}
	} else {
		q.Set("orderBy", strings.Join(keys, ","))
		q.Set("orderByDir", "ASC")
	}
	return rest.Request{Path: "api/" + path, Query: q}
}

// filterBy puts conditions in the place of those of a query.
func filterBy(q url.Values, where []filter) {
	for name := range q {
		if strings.HasPrefix(name, "where[") {
			q.Del(name)
		}
	}
	for i, f := range where {
		at := fmt.Sprintf("where[%d]", i)
		q.Set(at+"[col]", f.column)
		q.Set(at+"[expr]", f.expr)
		if f.expr != "isNull" && f.expr != "isNotNull" {
			q.Set(at+"[val]", f.value)
		}
	}
}
