package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/signalroom/signalroom/taps/tap/rest"
)

// submitted reads the submissions of one form after the other, by date alone: they do not change.
func (r *reading) submitted(ctx context.Context) error {
	b := &r.bookmark
	n := r.begin(r.listing, b)
	if !b.Until.IsZero() {
		n.Since = b.Until.Add(-overlap)
	}
	var forms []int64
	list := &listing{member: "forms", keys: []string{"id"}, size: r.config.PageSize}
	note := func(row []byte) (int64, error) {
		id, err := idOf(row)
		forms = append(forms, id)
		return id, err
	}
	if err := r.walk(ctx, walk{listing: list, path: "forms", after: max(0, n.Form-1), send: note}); err != nil {
		return err
	}
	where := r.passes(r.listing, b)[0].where
	reached := func(last int64) error {
		n.After = last
		return r.out.State(b)
	}
	for _, form := range forms {
		if form > n.Form {
			n.Form, n.After = form, 0
		}
		r.rows.fix("form_id", form)
		err := r.walk(ctx, walk{r.listing, fmt.Sprintf("forms/%d/submissions", form), where, n.After, r.rows.send, reached})
		if err != nil && rest.Status(err) != http.StatusNotFound { // deleted meanwhile
			return err
		}
	}
	b.Until, b.Scan = n.Until, nil
	return r.out.State(b)
}
