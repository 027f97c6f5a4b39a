package main

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/url"
	"strconv"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/lenient"
	"github.com/signalroom/signalroom/taps/tap/rest"
)

// A resource is a list that is read whole in each run, of one project after another.
type resource struct {
	path   string
	limit  int // rows of a page; 0: the list comes in one
	client func(*api) *rest.Client
	parts  func(ctx context.Context, a *api, project int64) ([]part, error) // nil: the list is one
	change func(s *source, row []byte) ([]byte, error)                      // nil: rows are sent as they are
	// distinct tells that parts may hold the same rows, where a server does not know their parameters. A row is sent once.
	distinct bool
}

// A part is one walk over a list with these parameters. Its rows get the members of add.
type part struct {
	query url.Values
	add   string // `,"definition_type":"event"`
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

func crud(a *api) *rest.Client       { return a.crud }
func clickhouse(a *api) *rest.Client { return a.clickhouse }
func persons(a *api) *rest.Client    { return a.persons }

// streams declares what can be read.
func (s *source) streams() []tap.Stream {
	// Archived rows are hidden unless they are asked for. Ascending order keeps rows that are made meanwhile from moving the others.
	archived := once(url.Values{"archived": {"false"}, "order": {"created_at"}}, url.Values{"archived": {"true"}, "order": {"created_at"}})
	streams := []tap.Stream{
		tap.Typed[Event](tap.Stream{Name: "events", Description: "Events, each once", Disposition: protocol.Append, Read: s.events}),
		list[FeatureFlag](s, "feature_flags", "Feature flags, archived ones too", resource{"feature_flags", 100, crud, archived, redactPayloads, true}),
		list[Experiment](s, "experiments", "Experiments, archived ones too", resource{"experiments", 100, crud, archived, nil, true}),
		list[SavedMetric](s, "experiment_saved_metrics", "Metrics that experiments share", resource{"experiment_saved_metrics", 500, crud, nil, nil, false}),
		list[Holdout](s, "experiment_holdouts", "Groups that experiments leave out", resource{"experiment_holdouts", 500, crud, nil, nil, false}),
		list[Cohort](s, "cohorts", "Definitions of cohorts", resource{"cohorts", 500, crud, nil, nil, false}),
		list[Annotation](s, "annotations", "Notes on the calendar", resource{"annotations", 500, crud, nil, nil, false}),
		list[Action](s, "actions", "Named sets of events", resource{"actions", 0, crud, nil, nil, false}),
		list[Insight](s, "insights", "Saved insights, without results", resource{"insights", 200, clickhouse, once(url.Values{"basic": {"true"}, "saved": {"true"}}), nil, false}),
		list[Dashboard](s, "dashboards", "Dashboards, without tiles", resource{"dashboards", 200, crud, nil, nil, false}),
		list[Survey](s, "surveys", "Definitions of surveys", resource{"surveys", 200, crud, nil, nil, false}),
		list[GroupType](s, "group_types", "Kinds of groups", resource{"groups_types", 0, crud, nil, nil, false}),
		list[Group](s, "groups", "Groups with their properties", resource{"groups", 0, clickhouse, groupsOfTypes, nil, false}),
		list[Person](s, "persons", "Persons with their properties", resource{"persons", 1000, persons, nil, nil, false}),
		tap.Typed[Recording](tap.Stream{Name: "session_recordings", Description: "When and where sessions were recorded", Disposition: protocol.Merge, Whole: true, Read: s.recordings}),
		list[EventDefinition](s, "event_definitions", "Names of events", resource{"event_definitions", 500, crud, nil, nil, false}),
		list[PropertyDefinition](s, "property_definitions", "Properties of events, persons, groups and sessions", resource{"property_definitions", 500, crud, propertyTypes, nil, false}),
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

// list declares the stream of a resource.
func list[T any](s *source, name, description string, r resource) tap.Stream {
	stream := tap.Typed[T](tap.Stream{Name: name, Description: description, Disposition: protocol.Replace})
	stream.Read = func(ctx context.Context, out *tap.Output) error {
		rows, err := newSender[T](out)
		if err != nil {
			return err
		}
		defer rows.end()
		return s.api.each(ctx, out, func(project int64) error { return s.read(ctx, r, project, rows) })
	}
	return stream
}

// partsAtOnce is how many parts of a list are read side by side.
const partsAtOnce = 2

// attempts is how often a list is walked whose rows are fewer than it says.
const attempts = 3

// read sends all rows of one project.
func (s *source) read(ctx context.Context, r resource, project int64, rows *sender) error {
	parts := []part{{}}
	if r.parts != nil {
		var err error
		if parts, err = r.parts(ctx, s.api, project); err != nil {
			return err
		}
	}
	rows.seen = nil
	if r.distinct {
		rows.seen = map[string]bool{}
	}
	walk := func(ctx context.Context, p part) iter.Seq2[*rest.Page, error] { return s.pages(ctx, r, project, p) }
	for p, pages := range rest.Children(ctx, partsAtOnce, parts, walk) {
		for attempt := 1; ; attempt++ {
			sent, count, err := s.send(r, project, p, pages, rows)
			if err != nil {
				return err
			}
			if sent >= count {
				break
			}
			// A row that is deleted moves those behind it, one of them to a page that was read already.
			if attempt == attempts {
				return protocol.TransientFault("run again", "project %d: only %d of %d rows came, as the list changes while it is read", project, sent, count)
			}
			pages = walk(ctx, p)
		}
	}
	return nil
}

// pages walks over a part.
func (s *source) pages(ctx context.Context, r resource, project int64, p part) iter.Seq2[*rest.Page, error] {
	query := url.Values{}
	for name, values := range p.query {
		query[name] = values
	}
	if r.limit > 0 {
		query.Set("limit", strconv.Itoa(r.limit))
	}
	request := rest.Request{Path: projectPath(project, r.path), Endpoint: endpoint(r.path), Query: query}
	return r.client(s.api).Pages(ctx, rest.List{Request: request, Rows: []string{"results"}, Pager: rest.PagerFunc(following)})
}

// send sends the rows of one walk, and tells how many there were at any time, if the API does.
func (s *source) send(r resource, project int64, p part, pages iter.Seq2[*rest.Page, error], rows *sender) (sent, count int, err error) {
	for page, err := range pages {
		if err != nil {
			return 0, 0, err
		}
		for _, row := range page.Rows {
			if r.change != nil {
				if row, err = r.change(s, row); err != nil {
					return 0, 0, err
				}
			}
			if err := rows.send(project, p.add, row); err != nil {
				return 0, 0, err
			}
			sent++
		}
		if n, err := strconv.Atoi(rest.Text(rest.Member(page.Envelope, "count"))); err == nil {
			count = max(count, n)
		}
	}
	return sent, count, nil
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

// A sender sends rows of lists with the project's id in front.
type sender struct {
	out    *tap.Output
	reader *lenient.Reader
	seen   map[string]bool // ids of the project's rows that were sent; nil: they are not looked at
	row    []byte
	object []byte
}

func newSender[T any](out *tap.Output) (*sender, error) {
	record, err := tap.Columns[T]()
	if err != nil {
		return nil, err
	}
	reader, err := lenient.New(record.Columns, time.UTC)
	return &sender{out: out, reader: reader}, err
}

func (s *sender) send(project int64, add string, row []byte) error {
	if rawjson.KindOf(row) != rawjson.Object {
		return protocol.DataFault("report it to PostHog", "a row is no object")
	}
	if s.seen != nil {
		id := rest.Text(rest.Member(row, "id"))
		if s.seen[id] {
			return nil
		}
		s.seen[id] = true
	}
	s.row = fmt.Appendf(s.row[:0], `{"project_id":%d%s`, project, add)
	if inner := rawjson.SkipSpace(row, 1); row[inner] != '}' {
		s.row = append(s.row, ',')
	}
	s.row = append(s.row, row[1:]...)
	var err error
	if s.object, err = s.reader.Append(s.object[:0], s.row); err != nil {
		return err
	}
	return s.out.Record(s.object)
}

// end says what did not fit its column.
func (s *sender) end() {
	if odd := s.reader.Odd(); odd != "" {
		s.out.Log().Warn("values that do not fit their column are kept beside it", "columns", odd, "suffix", lenient.Suffix)
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
		parts = append(parts, part{url.Values{"type": {kind}}, `,"definition_type":"` + kind + `"`})
	}
	indexes, err := a.groupTypes(ctx, project)
	for _, index := range indexes {
		parts = append(parts, part{url.Values{"type": {"group"}, "group_type_index": {index}}, `,"definition_type":"group","group_type_index":` + index})
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
