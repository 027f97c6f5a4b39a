package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"strconv"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/lenient"
	"github.com/signalroom/signalroom/taps/tap/rest"
)

// A resource is a list that is read whole in each run, of one project after another.
type resource struct {
	path   string                                                           // empty: the stream's name
	limit  int                                                              // rows of a page; 0: the list comes in one
	client *rest.Client                                                     // of the family that counts its requests; nil: crud
	parts  func(ctx context.Context, a *api, project int64) ([]part, error) // nil: the list is one
	change func(s *source, row []byte) ([]byte, error)                      // nil: rows are sent as they are
	// distinct tells that parts may hold the same rows, where a server does not know their parameters. A row is sent once.
	distinct bool
	// uncounted lists do not say how many rows they have, and new ones come in front while they are read: one walk has to do.
	uncounted bool
	key       []string
}

// A part is one walk over a list with these parameters. Its rows get the members of add.
type part struct {
	query url.Values
	add   []protocol.Member
}

// once is a list that is asked for with parameters that do not change.
func once(parts ...url.Values) func(context.Context, *api, int64) ([]part, error) {
	return func(context.Context, *api, int64) ([]part, error) {
		var all []part
		for _, query := range parts {
			all = append(all, part{query: query})
		}
		return all, nil
	}
}

// streams declares what can be read.
func (s *source) streams() []tap.Stream {
	// Archived rows are hidden unless they are asked for. Ascending order keeps rows that are made meanwhile from moving the others.
	archived := once(url.Values{"archived": {"false"}, "order": {"created_at"}}, url.Values{"archived": {"true"}, "order": {"created_at"}})
	streams := []tap.Stream{
		tap.Typed[Event](tap.Stream{Name: "events", Description: "Events, each once", Disposition: protocol.Append, Read: s.events}),
		list[FeatureFlag](s, "feature_flags", "Feature flags, archived ones too", resource{limit: 100, parts: archived, change: redactPayloads, distinct: true}),
		list[Experiment](s, "experiments", "Experiments, archived ones too", resource{limit: 100, parts: archived, distinct: true}),
		list[SavedMetric](s, "experiment_saved_metrics", "Metrics that experiments share", resource{limit: 500}),
		list[Holdout](s, "experiment_holdouts", "Groups that experiments leave out", resource{limit: 500}),
		list[Cohort](s, "cohorts", "Definitions of cohorts", resource{limit: 500}),
		list[Annotation](s, "annotations", "Notes on the calendar", resource{limit: 500}),
		list[Action](s, "actions", "Named sets of events", resource{}),
		list[Insight](s, "insights", "Saved insights, without results", resource{limit: 200, client: s.api.clickhouse, parts: once(url.Values{"basic": {"true"}, "saved": {"true"}})}),
		list[Dashboard](s, "dashboards", "Dashboards, without tiles", resource{limit: 200}),
		list[Survey](s, "surveys", "Definitions of surveys", resource{limit: 200}),
		list[GroupType](s, "group_types", "Kinds of groups", resource{path: "groups_types"}),
		list[Group](s, "groups", "Groups with their properties", resource{client: s.api.clickhouse, parts: groupsOfTypes, uncounted: true}),
		typed[Person](tap.Stream{Name: "persons", Description: "Persons with their properties", Disposition: protocol.Replace}, s.persons),
		typed[Recording](tap.Stream{Name: "session_recordings", Description: "When and where sessions were recorded", Disposition: protocol.Merge}, s.recordings),
		list[EventDefinition](s, "event_definitions", "Names of events", resource{limit: 500}),
		list[PropertyDefinition](s, "property_definitions", "Properties of events, persons, groups and sessions", resource{limit: 500, parts: propertyTypes}),
		tap.Typed[Project](tap.Stream{Name: "projects", Description: "The projects that are read", Disposition: protocol.Replace, Read: s.projects}),
	}
	project := tap.Column{Name: "project_id", Schema: []byte(`{"type":"integer"}`)}
	for i := range streams {
		stream := &streams[i]
		if stream.Name == "projects" {
			continue
		}
		stream.Columns = append([]tap.Column{project}, stream.Columns...)
		// Of several projects, each has its own annotations of the organization, group types, and uuids that senders choose.
		if len(s.api.projects) != 1 {
			stream.Key = append([]string{project.Name}, stream.Key...)
		}
	}
	return streams
}

// typed declares a stream whose rows go out in the form of their type.
func typed[T any](stream tap.Stream, read func(ctx context.Context, out *tap.Output, rows *lenient.Sender) error) tap.Stream {
	stream = tap.Typed[T](stream)
	stream.Read = lenient.Read(stream.Columns, time.UTC, read)
	return stream
}

// list declares the stream of a resource.
func list[T any](s *source, name, description string, r resource) tap.Stream {
	stream := tap.Stream{Name: name, Description: description, Disposition: protocol.Replace}
	r.path, r.client, r.key = cmp.Or(r.path, name), cmp.Or(r.client, s.api.crud), tap.Typed[T](stream).Key
	return typed[T](stream, func(ctx context.Context, out *tap.Output, rows *lenient.Sender) error {
		return s.api.each(ctx, out, func(project int64) error { return s.read(ctx, r, project, rows) })
	})
}

// read sends all rows of one project.
func (s *source) read(ctx context.Context, r resource, project int64, rows *lenient.Sender) error {
	parts := []part{{}}
	if r.parts != nil {
		var err error
		if parts, err = r.parts(ctx, s.api, project); err != nil {
			return err
		}
	}
	seen := map[string]bool{}
	for _, p := range parts {
		came, total, err := s.walk(ctx, r, project, p, func(row []byte) error {
			if r.distinct {
				id := rest.Text(rest.Member(row, "id"))
				if seen[id] {
					return nil
				}
				seen[id] = true
			}
			if r.change != nil {
				var err error
				if row, err = r.change(s, row); err != nil {
					return err
				}
			}
			return rows.Send(row, append([]protocol.Member{ofProject(project)}, p.add...)...)
		})
		if err != nil {
			return err
		}
		if came < total && !r.uncounted {
			return protocol.TransientFault("run again", "project %d: only %d of %d rows came, as the list changes while it is read", project, came, total)
		}
	}
	return nil
}

// ofProject is the member that every row begins with.
func ofProject(project int64) protocol.Member {
	return protocol.Member{Name: "project_id", Value: strconv.AppendInt(nil, project, 10)}
}

// walk walks over a part, up to three times: a row that is deleted moves those behind it, one of them to a page that was read already.
func (s *source) walk(ctx context.Context, r resource, project int64, p part, send func(row []byte) error) (came, total int, err error) {
	query := url.Values{}
	maps.Copy(query, p.query)
	if s.run.Sample {
		r.limit = min(r.limit, 1)
	}
	if r.limit > 0 {
		query.Set("limit", strconv.Itoa(r.limit))
	}
	pager := rest.PagerFunc(following)
	walks := []rest.Pager{pager, pager, pager}
	if r.uncounted {
		walks = walks[:1]
	}
	return r.client.Moving(ctx, rest.Moving{
		List:  rest.List{Request: rest.Request{Path: projectPath(project, r.path), Endpoint: endpoint(r.path), Query: query}, Rows: []string{"results"}},
		Walks: walks, Key: rest.KeyOf(r.key...), Total: "count",
	}, send)
}

// following finds the next page in the ways that PostHog's lists have: a link, or a cursor.
func following(r *rest.Request) func(*rest.Answered) (bool, error) {
	link, cursor := rest.Next{Member: "next"}.Begin(r), rest.Cursor{Param: "after", Member: "next_cursor"}.Begin(r)
	return func(a *rest.Answered) (bool, error) {
		if a.Member("next") != nil {
			return link(a)
		}
		return cursor(a)
	}
}

// redactPayloads leaves out the payloads of a flag that stores them encrypted: a personal key gets them in clear.
func redactPayloads(s *source, row []byte) ([]byte, error) {
	if s.config.EncryptedPayloads || string(rest.Member(row, "has_encrypted_payloads")) != "true" {
		return row, nil
	}
	var flag, filters map[string]json.RawMessage
	if err := json.Unmarshal(row, &flag); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(flag["filters"], &filters); err != nil || filters == nil {
		return row, err
	}
	delete(filters, "payloads")
	var err error
	if flag["filters"], err = json.Marshal(filters); err != nil {
		return nil, err
	}
	return json.Marshal(flag)
}

// groupTypes are the indexes of a project's kinds of groups.
func (a *api) groupTypes(ctx context.Context, project int64) ([]string, error) {
	var indexes []string
	request := rest.Request{Path: projectPath(project, "groups_types"), Endpoint: endpoint("groups_types")}
	for row, err := range a.crud.Rows(ctx, rest.List{Request: request, Rows: []string{"results"}}) {
		if err != nil {
			return nil, err
		}
		indexes = append(indexes, rest.Text(rest.Member(row, "group_type_index")))
	}
	return indexes, nil
}

// groupsOfTypes has the groups of one kind after another, as the API wants it.
func groupsOfTypes(ctx context.Context, a *api, project int64) ([]part, error) {
	indexes, err := a.groupTypes(ctx, project)
	var parts []part
	for _, index := range indexes {
		parts = append(parts, part{query: url.Values{"group_type_index": {index}}})
	}
	return parts, err
}

// propertyTypes has the properties of one kind of thing after another. Without type, those of events alone would come.
func propertyTypes(ctx context.Context, a *api, project int64) ([]part, error) {
	var parts []part
	for _, kind := range []string{"event", "person", "session"} {
		parts = append(parts, part{url.Values{"type": {kind}}, []protocol.Member{lenient.Text("definition_type", kind)}})
	}
	indexes, err := a.groupTypes(ctx, project)
	for _, index := range indexes {
		add := []protocol.Member{lenient.Text("definition_type", "group"), {Name: "group_type_index", Value: []byte(index)}}
		parts = append(parts, part{url.Values{"type": {"group"}, "group_type_index": {index}}, add})
	}
	return parts, err
}

// projects sends what the key may see of the projects that are read.
func (s *source) projects(ctx context.Context, out *tap.Output) error {
	return s.api.each(ctx, out, func(id int64) error {
		for row, err := range s.api.crud.Rows(ctx, rest.List{Request: rest.Request{Path: fmt.Sprintf("api/projects/%d/", id), Endpoint: "projects/{project}/"}}) {
			if err != nil {
				return err
			}
			if err := out.Record(row); err != nil {
				return err
			}
		}
		return nil
	})
}
