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
	params        string // beside limit and offset
	shape         string // of the answer: page, all, array, cursor, persons, recordings
	archived      bool   // archived rows are hidden unless archived is given
}

var lists = map[string]rule{
	"projects":                 {"project:read", "crud", "", "page", false},
	"events":                   {"query:read", "clickhouse", "", "", false},
	"feature_flags":            {"feature_flag:read", "crud", "archived order active search", "page", true},
	"experiments":              {"experiment:read", "crud", "archived order status", "page", true},
	"experiment_saved_metrics": {"experiment_saved_metric:read", "crud", "", "page", false},
	"experiment_holdouts":      {"experiment:read", "crud", "", "page", false},
	"persons":                  {"person:read", "persons", "search properties", "persons", false},
	"cohorts":                  {"cohort:read", "crud", "search type basic", "page", false},
	"annotations":              {"annotation:read", "crud", "", "page", false},
	"actions":                  {"action:read", "crud", "", "all", false},
	"insights":                 {"insight:read", "clickhouse", "basic saved refresh order", "page", false},
	"dashboards":               {"dashboard:read", "crud", "", "page", false},
	"surveys":                  {"survey:read", "crud", "search", "page", false},
	"groups_types":             {"group:read", "crud", "", "array", false},
	"groups":                   {"group:read", "clickhouse", "group_type_index cursor", "cursor", false},
	"session_recordings":       {"session_recording:read", "clickhouse", "date_from date_to after", "recordings", false},
	"event_definitions":        {"event_definition:read", "crud", "", "page", false},
	"property_definitions":     {"property_definition:read", "crud", "type", "page", false},
}

// list answers a resource's rows in the shape that it has.
func (s *Server) list(w http.ResponseWriter, r *http.Request, project *Project, name string) {
	rule, query := lists[name], r.URL.Query()
	paged := rule.shape != "all" && rule.shape != "array"
	for param := range query {
		if !(slices.Contains(strings.Fields(rule.params), param) || paged && (param == "limit" || param == "offset")) {
			s.violation(w, "%s has no parameter %s", name, param)
			return
		}
	}
	rows := project.Lists[name]
	if rule.archived {
		rows = slices.DeleteFunc(slices.Clone(rows), func(row string) bool {
			var flag struct{ Archived bool }
			_ = json.Unmarshal([]byte(row), &flag)
			return flag.Archived != (query.Get("archived") == "true")
		})
	}
	if name == "property_definitions" || name == "groups" {
		member := map[string]string{"groups": "group_type_index", "property_definitions": "type"}[name]
		if !query.Has(member) {
			s.violation(w, "%s without %s", name, member)
			return
		}
		rows = slices.DeleteFunc(slices.Clone(rows), func(row string) bool {
			var row2 map[string]any
			_ = json.Unmarshal([]byte(row), &row2)
			value, _ := json.Marshal(row2[member])
			return strings.Trim(string(value), `"`) != query.Get(member)
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
		s.recordings(w, r, rows)
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
		if limit < 1 || limit > 1000 {
			s.violation(w, "%s with limit %d", name, limit)
			return
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
func (s *Server) recordings(w http.ResponseWriter, r *http.Request, rows []string) {
	query := r.URL.Query()
	from, err1 := time.Parse(time.RFC3339Nano, query.Get("date_from"))
	to, err2 := time.Parse(time.RFC3339Nano, query.Get("date_to"))
	if err1 != nil || err2 != nil {
		s.violation(w, "recordings without date_from and date_to: only the last three days would come")
		return
	}
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
	if limit < 1 || limit > 1000 {
		s.violation(w, "recordings with limit %d", limit)
		return
	}
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
