package posthogtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// Key is the personal API key that the server knows.
const Key = "phx_test_key"

// Elsewhere is the host that links to the next page name, as behind a proxy: nobody may follow them there.
const Elsewhere = "http://posthog.internal:8000"

// A Server is PostHog with some projects. Fields are set before the first request.
type Server struct {
	// API is what is served: by API.Dial in memory, or by API.Listen.
	API    *taptest.API
	Scopes []string // of the key; "*" at first. nil: a key of before there were scopes, which may do everything
	// Now is the server's clock for data; limits go by time.Now.
	Now func() time.Time
	// Limits are requests allowed per minute and hour, by family: crud, clickhouse, persons, query.
	Limits map[string]Limit
	// Old is a self-hosted server of years ago: no HogQL, no keys that tell of themselves, no file downloads.
	Old bool
	// Unlisted tells that the key may not list projects.
	Unlisted bool
	// Heaviest is how many events a query for a page may sort before it takes too long, and LongestCount how long a span it may count;
	// 0 for any.
	Heaviest     int
	LongestCount time.Duration
	// Budget is how many bytes queries may still read, as they say; they are not refused without.
	Budget int
	// Clamp cuts every page to so many rows without a word, whatever its LIMIT; 0 for not.
	Clamp int
	// Lost is the uuid of an event that pages leave out, as an answer that is not complete does, so many times.
	Lost  string
	Times int

	t        testing.TB
	mu       sync.Mutex
	projects map[int64]*Project
	cached   map[string][]byte
	taken    map[string][]time.Time
	refused  int
	exports  map[string]*export
}

// A Limit is how many requests a family allows.
type Limit struct{ PerMinute, PerHour int }

// A Project is one project's data.
type Project struct {
	ID     int64
	Zone   *time.Location
	Events []Event // in the order of timestamp and uuid once the server has seen a request
	// Lists are the rows of each resource, such as feature_flags. Those of groups carry their type's index.
	Lists map[string][]string
}

// New makes a server without projects. Whatever a request does that it may not is an error of the test.
func New(t testing.TB) *Server {
	t.Helper()
	s := &Server{Scopes: []string{"*"}, Now: time.Now, Budget: 1_000_000_000, t: t, projects: map[int64]*Project{}, cached: map[string][]byte{}, taken: map[string][]time.Time{},
		exports: map[string]*export{}, Limits: map[string]Limit{"crud": {480, 4800}, "clickhouse": {240, 1200}, "persons": {PerMinute: 240}, "query": {240, 2400}}}
	const project = "/api/projects/{project}/"
	routes := []taptest.Route{
		{Pattern: "GET /api/personal_api_keys/@current", Serve: s.guarded("", "", s.key)},
		{Pattern: "GET /api/projects/{$}", Query: map[string]string{"limit": "[0-9]+", "offset": "[0-9]+"}, Serve: s.guarded("", "crud", s.everyProject)},
		{Pattern: "GET " + project + "{$}", Serve: s.guarded("project:read", "crud", func(w http.ResponseWriter, r *http.Request, p *Project) {
			answer(w, json.RawMessage(p.object()))
		})},
		{Pattern: "POST " + project + "query/{$}", Header: map[string]string{"Content-Type": "application/json"}, Serve: s.guarded("query:read", "query", s.query)},
		{Pattern: "POST " + project + "file_download_batch_exports/{$}", Serve: s.guarded("batch_export:write", "crud", s.createExport)},
		{Pattern: "GET " + project + "file_download_batch_exports/{run}/{$}", Serve: s.guarded("batch_export:read", "crud", s.pollExport)},
		{Pattern: "GET " + project + "file_download_batch_exports/{run}/download/{part}/{$}", Serve: s.guarded("batch_export:read", "crud", s.redirectToFile)},
		{Pattern: "GET /files/{run}/{part}", Query: map[string]string{"signature": "s"}, Required: []string{"signature"}, Serve: s.file},
	}
	for name, rule := range lists {
		if name == "projects" {
			continue
		}
		serve := func(w http.ResponseWriter, r *http.Request, p *Project) { s.list(w, r, p, name) }
		if name == "events" {
			serve = s.events
		}
		routes = append(routes, taptest.Route{Pattern: "GET " + project + name + "/{$}", Query: rule.query, Required: rule.required, Serve: s.guarded(rule.scope, rule.family, serve)})
	}
	s.API = (&taptest.API{Routes: routes}).Serve(t)
	return s
}

// Project adds an empty project in a zone far from UTC.
func (s *Server) Project(id int64) *Project {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &Project{ID: id, Zone: time.FixedZone("", -5*3600-1800), Lists: map[string][]string{}}
	s.projects[id] = p
	return p
}

// Change lets change alter the data while no request is being answered. Answers that are cached stay.
func (s *Server) Change(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// Refused is how many requests came too many.
func (s *Server) Refused() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused
}

// violation is a request that the documentation does not allow.
func (s *Server) violation(w http.ResponseWriter, format string, args ...any) {
	s.t.Errorf("posthog: "+format, args...)
	Fail(w, http.StatusBadRequest, "validation_error", "invalid_input", fmt.Sprintf(format, args...))
}

// Fail answers with an error as PostHog words them.
func Fail(w http.ResponseWriter, status int, kind, code, detail string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"type": kind, "code": code, "detail": detail, "attr": nil})
}

// guarded checks the key, the project, the scope and the limit before serve. Answers are made one after another; a client that takes its
// time to read one keeps no other waiting.
func (s *Server) guarded(scope, family string, serve func(http.ResponseWriter, *http.Request, *Project)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		made := httptest.NewRecorder()
		s.guard(made, r, scope, family, serve)
		maps.Copy(w.Header(), made.Header())
		w.WriteHeader(made.Code)
		_, _ = made.Body.WriteTo(w)
	}
}

func (s *Server) guard(w http.ResponseWriter, r *http.Request, scope, family string, serve func(http.ResponseWriter, *http.Request, *Project)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch r.Header.Get("Authorization") {
	case "Bearer " + Key:
	case "":
		Fail(w, http.StatusUnauthorized, "authentication_error", "not_authenticated", "Authentication credentials were not provided.")
		return
	default:
		Fail(w, http.StatusUnauthorized, "authentication_error", "authentication_failed", "Personal API key found in request Authorization header is invalid.")
		return
	}
	if s.Old && (strings.Contains(r.URL.Path, "/query/") || strings.Contains(r.URL.Path, "/file_download") || strings.HasSuffix(r.URL.Path, "@current")) {
		Fail(w, http.StatusNotFound, "invalid_request", "not_found", "Endpoint not found.")
		return
	}
	var project *Project
	if text := r.PathValue("project"); text != "" {
		id, _ := strconv.ParseInt(text, 10, 64)
		if project = s.projects[id]; project == nil {
			Fail(w, http.StatusNotFound, "invalid_request", "not_found", "Project not found.")
			return
		}
	}
	if s.allowed(w, scope, family) {
		serve(w, r, project)
	}
}

// key tells what the key may do.
func (s *Server) key(w http.ResponseWriter, _ *http.Request, _ *Project) {
	answer(w, map[string]any{"id": "k", "label": "test", "scopes": s.Scopes})
}

// granted tells whether the key has a scope; the right to write is one to read.
func (s *Server) granted(scope string) bool {
	return s.Scopes == nil || slices.ContainsFunc(s.Scopes, func(own string) bool {
		return own == "*" || own == scope || own == strings.Replace(scope, ":read", ":write", 1)
	})
}

// allowed checks the key's scope and the family's limit.
func (s *Server) allowed(w http.ResponseWriter, scope, family string) bool {
	if scope != "" && !s.granted(scope) {
		Fail(w, http.StatusForbidden, "authentication_error", "permission_denied", "API key missing required scope '"+scope+"'")
		return false
	}
	limit, now := s.Limits[family], time.Now()
	taken := slices.DeleteFunc(s.taken[family], func(at time.Time) bool { return now.Sub(at) >= time.Hour })
	inMinute := 0
	for _, at := range taken {
		if now.Sub(at) < time.Minute {
			inMinute++
		}
	}
	s.taken[family] = taken
	wait := time.Duration(0)
	if limit.PerHour > 0 && len(taken) >= limit.PerHour {
		wait = taken[len(taken)-limit.PerHour].Add(time.Hour).Sub(now)
	}
	if limit.PerMinute > 0 && inMinute >= limit.PerMinute {
		wait = max(wait, taken[len(taken)-limit.PerMinute].Add(time.Minute).Sub(now))
	}
	if wait > 0 {
		s.refused++
		Throttled(wait)(w, nil)
		return false
	}
	s.taken[family] = append(taken, now)
	return true
}

// Throttled is the answer to a request too many: how long to wait stands in the text alone.
func Throttled(wait time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		Fail(w, http.StatusTooManyRequests, "throttled_error", "throttled",
			fmt.Sprintf("Request was throttled. Expected available in %d second(s).", int(wait.Seconds())+1))
	}
}

func answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value)
}

func (p *Project) object() string {
	return fmt.Sprintf(`{"id":%d,"uuid":"0196-project-%d","organization":"0196-organization","api_token":"phc_secret","name":"Project %d","completed_snippet_onboarding":true,`+
		`"has_completed_onboarding_for":{"product_analytics":true},"ingested_event":true,"is_demo":false,"timezone":"America/Caracas","access_control":false}`, p.ID, p.ID, p.ID)
}

// everyProject lists the projects.
func (s *Server) everyProject(w http.ResponseWriter, r *http.Request, _ *Project) {
	if s.Unlisted {
		Fail(w, http.StatusForbidden, "authentication_error", "permission_denied", "API key does not have access to the requested project.")
		return
	}
	all := &Project{Lists: map[string][]string{}}
	for _, id := range slices.Sorted(maps.Keys(s.projects)) {
		all.Lists["projects"] = append(all.Lists["projects"], s.projects[id].object())
	}
	s.list(w, r, all, "projects")
}

// next is an absolute link, to the wrong host.
func next(r *http.Request, change func(url.Values)) string {
	query := r.URL.Query()
	change(query)
	return Elsewhere + r.URL.Path + "?" + query.Encode()
}
