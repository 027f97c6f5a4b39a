package posthogtest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A rule is what the documentation says of one resource.
type rule struct {
	scope, family string
	shape         string            // of the answer: page, all, array, cursor, persons, recordings
	query         map[string]string // parameters, with what they may be
	required      []string
	archived      bool // archived rows are hidden unless archived is given
}

// Parameters that several resources have.
const (
	limit   = "[1-9][0-9]{0,2}|1000"
	offset  = "[0-9]+"
	boolean = "true|false"
	instant = `[0-9-]{10}T[0-9:.]+(Z|[+-][0-9:]{5})` // with a zone: PostHog would take its project's
)

var lists = map[string]rule{
	"projects": {"project:read", "crud", "page", nil, nil, false},
	"events": {"query:read", "clickhouse", "", map[string]string{"event": ".+", "after": instant, "before": instant, "limit": "[0-9]+", "orderBy": `\["timestamp"\]`, "properties": ".*"},
		[]string{"after", "before", "orderBy"}, false},
	"feature_flags":            {"feature_flag:read", "crud", "page", map[string]string{"limit": limit, "offset": offset, "archived": boolean, "order": "created_at"}, nil, true},
	"experiments":              {"experiment:read", "crud", "page", map[string]string{"limit": limit, "offset": offset, "archived": boolean, "order": "created_at"}, nil, true},
	"experiment_saved_metrics": {"experiment_saved_metric:read", "crud", "page", map[string]string{"limit": limit, "offset": offset}, nil, false},
	"experiment_holdouts":      {"experiment:read", "crud", "page", map[string]string{"limit": limit, "offset": offset}, nil, false},
	"persons":                  {"person:read", "persons", "persons", map[string]string{"limit": limit, "offset": offset}, nil, false},
	"cohorts":                  {"cohort:read", "crud", "page", map[string]string{"limit": limit, "offset": offset}, nil, false},
	"annotations":              {"annotation:read", "crud", "page", map[string]string{"limit": limit, "offset": offset}, nil, false},
	"actions":                  {"action:read", "crud", "all", nil, nil, false},
	"insights":                 {"insight:read", "clickhouse", "page", map[string]string{"limit": limit, "offset": offset, "basic": "true", "saved": "true"}, []string{"basic"}, false},
	"dashboards":               {"dashboard:read", "crud", "page", map[string]string{"limit": limit, "offset": offset}, nil, false},
	"surveys":                  {"survey:read", "crud", "page", map[string]string{"limit": limit, "offset": offset}, nil, false},
	"groups_types":             {"group:read", "crud", "array", nil, nil, false},
	"groups":                   {"group:read", "clickhouse", "cursor", map[string]string{"group_type_index": "[0-4]", "cursor": "cD0y[0-9]+"}, []string{"group_type_index"}, false},
	"session_recordings": {"session_recording:read", "clickhouse", "recordings", map[string]string{"limit": limit, "date_from": instant, "date_to": instant, "after": "[0-9]+"},
		[]string{"date_from", "date_to"}, false}, // without them: the last three days
	"event_definitions":    {"event_definition:read", "crud", "page", map[string]string{"limit": limit, "offset": offset}, nil, false},
	"property_definitions": {"property_definition:read", "crud", "page", map[string]string{"limit": limit, "offset": offset, "type": "event|person|group|session", "group_type_index": "[0-4]"}, []string{"type"}, false},
}

// list answers a resource's rows in the shape that it has. What its parameters may be was seen to.
func (s *Server) list(w http.ResponseWriter, r *http.Request, project *Project, name string) {
	rule, query := lists[name], r.URL.Query()
	rows := project.Lists[name]
	if rule.archived {
		rows = slices.DeleteFunc(slices.Clone(rows), func(row string) bool {
			var flag struct{ Archived bool }
			_ = json.Unmarshal([]byte(row), &flag)
			return flag.Archived != (query.Get("archived") == "true")
		})
	}
	if name == "property_definitions" && (query.Get("type") == "group") != query.Has("group_type_index") {
		s.violation(w, "properties of %s with group_type_index %q", query.Get("type"), query.Get("group_type_index"))
		return
	}
	if name == "property_definitions" || name == "groups" {
		// The rows of a test say of which type they are in members of their own.
		rows = slices.DeleteFunc(slices.Clone(rows), func(row string) bool {
			var of struct {
				Index *int   `json:"group_type_index"`
				Type  string `json:"type"`
			}
			_ = json.Unmarshal([]byte(row), &of)
			index := ""
			if of.Index != nil {
				index = strconv.Itoa(*of.Index)
			}
			return index != query.Get("group_type_index") || of.Type != query.Get("type")
		})
	}
	switch rule.shape {
	case "all":
		answer(w, map[string]any{"results": raw(rows)})
		return
	case "array":
		answer(w, raw(rows))
		return
	case "recordings":
		recordings(w, r, rows)
		return
	}
	limit, start := 100, 0
	if rule.shape == "cursor" {
		start, _ = strconv.Atoi(strings.TrimPrefix(query.Get("cursor"), "cD0y"))
	} else {
		start, _ = strconv.Atoi(query.Get("offset"))
		if n, err := strconv.Atoi(query.Get("limit")); err == nil {
			limit = n
		}
	}
	end := min(start+limit, len(rows))
	envelope := map[string]any{"results": raw(rows[min(start, end):end]), "next": nil, "previous": nil}
	// Persons have a next page whenever this one is full, so that the last page may be empty, and no count.
	if end < len(rows) || rule.shape == "persons" && end-start == limit {
		envelope["next"] = next(r, func(q url.Values) {
			if rule.shape == "cursor" {
				q.Set("cursor", "cD0y"+strconv.Itoa(end))
			} else {
				q.Set("offset", strconv.Itoa(end))
			}
		})
	}
	if rule.shape == "page" {
		envelope["count"] = len(rows)
	}
	answer(w, envelope)
}

// recordings answers those that began in a span, newest first, with a cursor.
func recordings(w http.ResponseWriter, r *http.Request, rows []string) {
	query := r.URL.Query()
	from, _ := time.Parse(time.RFC3339Nano, query.Get("date_from"))
	to, _ := time.Parse(time.RFC3339Nano, query.Get("date_to"))
	rows = slices.DeleteFunc(slices.Clone(rows), func(row string) bool {
		var recording struct {
			Start time.Time `json:"start_time"`
		}
		_ = json.Unmarshal([]byte(row), &recording)
		return recording.Start.Before(from) || recording.Start.After(to)
	})
	slices.Reverse(rows)
	limit, _ := strconv.Atoi(query.Get("limit"))
	start, _ := strconv.Atoi(query.Get("after"))
	end := min(start+limit, len(rows))
	envelope := map[string]any{"results": raw(rows[min(start, end):end]), "has_next": end < len(rows), "next_cursor": nil}
	if end < len(rows) {
		envelope["next_cursor"] = strconv.Itoa(end)
	}
	answer(w, envelope)
}

func raw(rows []string) []json.RawMessage {
	out := []json.RawMessage{}
	for _, row := range rows {
		out = append(out, json.RawMessage(row))
	}
	return out
}
