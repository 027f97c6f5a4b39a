package main

import (
	"context"

	"github.com/signalroom/signalroom/taps/tap/rest"
)

// replaced reads a table whole, by all its keys: a table of members has two.
func (r *reading) replaced(ctx context.Context) error {
	return r.sendAll(ctx, rest.List{Request: question(r.path, nil, r.keys, r.size), Rows: []string{r.member}, Pager: rest.PagerFunc(r.byKeys)})
}

// sendAll sends the rows of a list.
func (r *reading) sendAll(ctx context.Context, list rest.List) error {
	for row, err := range r.client.Rows(ctx, list) {
		if err != nil {
			return err
		}
		if err := r.rows.sendAny(row); err != nil {
			return err
		}
	}
	return nil
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
