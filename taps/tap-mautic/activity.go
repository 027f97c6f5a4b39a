package main

import (
	"context"
	"net/url"
	"time"

	"github.com/signalroom/signalroom/taps/tap/rest"
)

// activityWindow is how much of the timelines is asked for at once. A page holds so many entries of each type, and is found by its
// number, so what it is cut from must not grow.
const activityWindow = 24 * time.Hour

// lived reads the timelines of all contacts by closed windows.
//
// https://devdocs.mautic.org/en/latest/rest_api/contacts.html#get-activity-events-for-all-contacts
func (r *reading) lived(ctx context.Context) error {
	b := &r.bookmark
	r.rows.fix("contact_id", 0)
	end, from := r.config.End(r.now).UTC(), r.config.StartDate.UTC()
	if !b.Until.IsZero() {
		from = b.Until.Add(-overlap)
	}
	for b.Until.Before(end) {
		to := end
		if !from.IsZero() && from.Add(activityWindow).Before(end) {
			to = from.Add(activityWindow)
		}
		query := url.Values{"filters[dateTo]": {to.Format(time.DateTime)}, "order[0]": {"timestamp"}, "order[1]": {"ASC"}}
		if !from.IsZero() {
			query.Set("filters[dateFrom]", from.Format(time.DateTime))
		}
		list := rest.List{Request: rest.Request{Path: "api/" + r.path, Query: query}, Rows: []string{r.member},
			Pager: rest.Numbered{Param: "page", SizeParam: "limit", Size: r.size, First: 1}}
		if err := r.sendAll(ctx, list); err != nil {
			return err
		}
		from, b.Until = to, to
		if err := r.out.State(b); err != nil {
			return err
		}
	}
	return nil
}
