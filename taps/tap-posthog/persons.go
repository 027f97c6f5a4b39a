package main

import (
	"context"
	"maps"
	"net/url"
	"strconv"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/lenient"
	"github.com/signalroom/signalroom/taps/tap/rest"
)

// Persons come by their place in a list that nobody has counted, the newest first. Whoever is merged into another moves those behind by
// one, over the edge of an answer that was read already. So each answer begins before the end of the last one, and counts for nothing
// unless it has a person of that one: what lies between two answers with a person in common is in them.
const (
	personsAtOnce  = 1000
	personsShared  = 50  // rows of an answer that the last one should have
	personsBack    = 500 // rows to go back by when it has none of them
	personsPatient = 20  // answers in a row that lead nowhere
)

// persons reads all of them.
func (s *source) persons(ctx context.Context, out *tap.Output, rows *lenient.Sender) error {
	return s.api.each(ctx, out, func(project int64) error { return s.personsOf(ctx, project, rows) })
}

func (s *source) personsOf(ctx context.Context, project int64, rows *lenient.Sender) error {
	limit := personsAtOnce
	if s.run.Sample {
		limit = 1
	}
	last, ahead := map[string]bool{}, map[string]bool{} // the persons of the last answer that counts, and of those that do not count
	for offset, idle := 0, 0; ; {
		request := rest.Request{Path: projectPath(project, "persons"), Endpoint: endpoint("persons"),
			Query: url.Values{"limit": {strconv.Itoa(limit)}, "offset": {strconv.Itoa(offset)}}}
		meets, fresh, more, came := false, false, false, map[string]bool{}
		for page, err := range s.api.persons.Pages(ctx, rest.List{Request: request, Rows: []string{"results"}}) {
			if err != nil {
				return err
			}
			for _, row := range page.Rows {
				id := rest.Text(rest.Member(row, "uuid"))
				came[id] = true
				if meets = meets || last[id]; last[id] || ahead[id] {
					continue
				}
				fresh = true
				if err := rows.Send(row, ofProject(project)); err != nil {
					return err
				}
			}
			more = page.Last && rest.Member(page.Envelope, "next") != nil
		}
		if idle++; meets && fresh {
			idle = 0
		}
		switch {
		case s.run.Sample, (meets || offset == 0) && !more: // the last answer may be empty, and none says how many persons there are
			return nil
		case idle > personsPatient:
			return protocol.TransientFault("run again", "project %d: persons come and go faster than they are read", project)
		case meets, offset == 0:
			last, ahead, offset = came, map[string]bool{}, offset+limit-personsShared
		default:
			maps.Copy(ahead, came)
			offset = max(0, offset-personsBack)
		}
	}
}
