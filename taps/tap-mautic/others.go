package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/rest"
)

// sendRelated sends what the list names but does not hold: Mautic up to 6 lists variants and translations where a question has
// conditions, as ours do, later ones do not.
func (s *source) sendRelated(ctx context.Context, l *listing, rows *rows) error {
	for len(rows.related) > 0 {
		id := rows.related[0]
		if rows.related = rows.related[1:]; rows.seen[id] {
			continue
		}
		var answer map[string]json.RawMessage
		path := "api/" + l.path + "/"
		err := s.client.JSON(ctx, &rest.Request{Path: path + strconv.FormatInt(id, 10), Endpoint: path + "{id}"}, &answer)
		if status(err) == http.StatusNotFound {
			continue
		}
		if err != nil {
			return err
		}
		if _, err := rows.send(answer[strings.TrimSuffix(l.rows, "s")]); err != nil {
			return err
		}
	}
	return nil
}

// replaced reads a table whole, by all its keys: a table of members has two.
func replaced(s *source, l *listing) reader {
	return func(ctx context.Context, out *tap.Output) error {
		rows, err := newRows(l, out)
		if err != nil {
			return err
		}
		list := rest.List{Request: rest.Request{Path: "api/" + l.path, Query: question(nil, l.keys, l.size, true)}, Rows: []string{l.rows}, Pager: rest.PagerFunc(l.byKeys)}
		for row, err := range s.client.Rows(ctx, list) {
			if err != nil {
				return err
			}
			if err := rows.sendAny(row); err != nil {
				return err
			}
		}
		rows.warn()
		return nil
	}
}

// byKeys asks for the rows behind the last one: first those that share all its keys but the last, then those that share fewer.
func (l *listing) byKeys(*rest.Request) func(*rest.Answered) (bool, error) {
	var last []string
	shared := 0
	return func(a *rest.Answered) (bool, error) {
		if a.Rows == 0 {
			shared--
		} else {
			last = last[:0]
			for _, key := range l.keys {
				last = append(last, rest.Text(rest.Member(a.Last, key)))
			}
			shared = len(l.keys) - 1
		}
		if len(last) == 0 || shared < 0 {
			return false, nil
		}
		var where []filter
		for i, key := range l.keys[:shared] {
			where = append(where, filter{key, "eq", last[i]})
		}
		filterBy(a.Request.Query, append(where, filter{l.keys[shared], "gt", last[shared]}))
		return true, nil
	}
}

// submitted reads the submissions of one form after the other.
func submitted(s *source, l *listing) reader {
	return func(ctx context.Context, out *tap.Output) error {
		var b bookmark
		if _, err := out.Bookmark(&b); err != nil {
			return err
		}
		rows, err := newRows(l, out)
		if err != nil {
			return err
		}
		n := s.begin(l, &b)
		if !b.Until.IsZero() {
			n.Since = b.Until.Add(-overlap)
		}
		var forms []int64
		list := &listing{rows: "forms", keys: []string{"id"}, size: s.config.PageSize}
		note := func(row []byte) (int64, error) {
			id, err := idOf(row)
			forms = append(forms, id)
			return id, err
		}
		if err := s.walk(ctx, list, "forms", nil, 0, note, func(int64) error { return nil }); err != nil {
			return err
		}
		where := s.passes(l, &b)[0].where // by date alone: submissions do not change
		for _, form := range slices.DeleteFunc(forms, func(id int64) bool { return id < n.Form }) {
			if form > n.Form {
				n.Form, n.After = form, 0
			}
			rows.fix("form_id", form)
			err := s.walk(ctx, l, fmt.Sprintf("forms/%d/submissions", form), where, n.After, rows.send, func(last int64) error {
				n.After = last
				return out.State(&b)
			})
			if err != nil && status(err) != http.StatusNotFound { // deleted meanwhile
				return err
			}
		}
		b.Until, b.Scan = n.Until, nil
		rows.warn()
		return out.State(&b)
	}
}

// activityWindow is how much of the timelines is asked for at once. A page holds so many entries of each type, and is found by its
// number, so what it is cut from must not grow.
const activityWindow = 24 * time.Hour

// lived reads the timelines of all contacts by closed windows.
func lived(s *source, l *listing) reader {
	return func(ctx context.Context, out *tap.Output) error {
		var b bookmark
		if _, err := out.Bookmark(&b); err != nil {
			return err
		}
		rows, err := newRows(l, out)
		if err != nil {
			return err
		}
		rows.fix("contact_id", 0)
		end, from := s.config.End(s.now).UTC(), s.config.StartDate.UTC()
		if !b.Until.IsZero() {
			from = b.Until.Add(-overlap)
		}
		for {
			to := end
			if !from.IsZero() && from.Add(activityWindow).Before(end) {
				to = from.Add(activityWindow)
			}
			query := map[string][]string{"filters[dateTo]": {to.Format(time.DateTime)}, "order[0]": {"timestamp"}, "order[1]": {"ASC"}}
			if !from.IsZero() {
				query["filters[dateFrom]"] = []string{from.Format(time.DateTime)}
			}
			list := rest.List{Request: rest.Request{Path: "api/" + l.path, Query: query}, Rows: []string{l.rows},
				Pager: rest.Numbered{Param: "page", SizeParam: "limit", Size: l.size, First: 1}}
			for row, err := range s.client.Rows(ctx, list) {
				if err != nil {
					return err
				}
				if err := rows.sendAny(row); err != nil {
					return err
				}
			}
			from, b.Until = to, to
			if err := out.State(&b); err != nil || to.Equal(end) {
				rows.warn()
				return err
			}
		}
	}
}

// fix sets what a column has where a row does not say it.
func (r *rows) fix(column string, value int64) {
	r.fixed[r.at[column]] = strconv.FormatInt(value, 10)
}

// relate notes the rows that a row names.
func (r *rows) relate(l *listing, id int64, row []byte) {
	if len(l.related) == 0 {
		return
	}
	r.seen[id] = true
	for _, member := range l.related {
		var children []json.RawMessage
		list := appendForm(nil, protocol.Array, rest.Member(row, member))
		if json.Unmarshal(list, &children) != nil {
			continue
		}
		for _, child := range children {
			if rawjson.KindOf(child) != rawjson.Object {
				child = append(append([]byte(`{"id":`), child...), '}')
			}
			if id, err := idOf(child); err == nil {
				r.related = append(r.related, id)
			}
		}
	}
}
