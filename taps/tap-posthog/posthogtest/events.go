package posthogtest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var prefixShape = regexp.MustCompile(`^startsWith\(toString\(uuid\), '([0-9a-f-]+)'\)$`)

// events answers GET …/events/, oldest first. Newest first is refused, as its last page does not tell that it is not the last.
// See https://posthog.com/docs/api/events.
func (s *Server) events(w http.ResponseWriter, r *http.Request, project *Project) {
	query := r.URL.Query()
	after, _ := time.Parse(time.RFC3339Nano, query.Get("after"))
	before, _ := time.Parse(time.RFC3339Nano, query.Get("before"))
	if before.Sub(after) > 366*24*time.Hour {
		Fail(w, http.StatusInternalServerError, "server_error", "error", "Date range cannot exceed 1 year")
		return
	}
	limit, err := strconv.Atoi(query.Get("limit"))
	if err != nil {
		limit = 100
	}
	limit = min(limit, 1000) // without a word
	prefix := ""
	if filter := query.Get("properties"); filter != "" {
		var filters []struct{ Type, Key string }
		if json.Unmarshal([]byte(filter), &filters) != nil || len(filters) != 1 || filters[0].Type != "hogql" {
			s.violation(w, "events with the filter %s", filter)
			return
		}
		m := prefixShape.FindStringSubmatch(filters[0].Key)
		if m == nil {
			s.violation(w, "events with the filter %s", filter)
			return
		}
		prefix = m[1]
	}
	project.sort()
	var results []map[string]any
	var last time.Time
	more := false
	for _, e := range project.Events {
		if !e.Timestamp.After(after) || !e.Timestamp.Before(before) || !strings.HasPrefix(e.UUID, prefix) || query.Has("event") && query.Get("event") != e.Name {
			continue
		}
		if len(results) == limit {
			more = true
			break
		}
		last = e.Timestamp
		var properties map[string]any
		_ = json.Unmarshal([]byte(e.Properties), &properties)
		for name, value := range properties {
			if text, ok := value.(string); ok {
				properties[name] = strings.Trim(text, `"`)
			}
		}
		results = append(results, map[string]any{"id": e.UUID, "distinct_id": e.DistinctID, "properties": properties, "event": e.Name,
			"timestamp": e.Timestamp.Format("2006-01-02T15:04:05.999999-07:00"), "person": nil, "elements": []any{}, "elements_chain": ""})
	}
	envelope := map[string]any{"results": results, "next": nil}
	if results == nil {
		envelope["results"] = []any{}
	}
	if more {
		envelope["next"] = next(r, func(q url.Values) { q.Set("after", last.Format(time.RFC3339Nano)) })
	}
	answer(w, envelope)
}
