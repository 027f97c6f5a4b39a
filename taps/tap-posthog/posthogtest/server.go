package posthogtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Key is the personal API key that the server knows.
const Key = "phx_test_key"

// Elsewhere is the host that links to the next page name, as behind a proxy: nobody may follow them there.
const Elsewhere = "http://posthog.internal:8000"

// A Server is PostHog with some projects.
type Server struct {
	URL    string
	Scopes []string // of the key; "*" at first
	// Now is the server's clock.
	Now func() time.Time
	// Limits are requests allowed per minute and hour, by family: crud, clickhouse, persons, query.
	Limits map[string]Limit
	// Intercept may answer the n-th request, from 1, in the server's place; nil lets the server answer.
	Intercept func(n int, r *http.Request) http.HandlerFunc
	// Old is a self-hosted server of years ago: no HogQL, no keys that tell of themselves, no file downloads.
	Old bool
	// Listing tells that the key may list projects.
	Listing bool
	// Heaviest is how many events a page query may sort before it takes too long; 0 for any number.
	Heaviest int

	t        testing.TB
	storage  *httptest.Server
	mu       sync.Mutex
	projects map[int64]*Project
	requests []string
	cached   map[string][]byte
	taken    map[string][]time.Time
	refused  int
	exports  map[string]*export
	sockets  int
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

// Start runs a server without projects until the test ends. Whatever a request does that it may not is an error of the test.
func Start(t testing.TB) *Server {
	t.Helper()
	s := &Server{Scopes: []string{"*"}, Now: time.Now, Listing: true, t: t, projects: map[int64]*Project{}, cached: map[string][]byte{},
		taken: map[string][]time.Time{}, exports: map[string]*export{}, Limits: map[string]Limit{
			"crud": {480, 4800}, "clickhouse": {240, 1200}, "persons": {PerMinute: 240}, "query": {240, 2400}}}
	server := httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(server.Close)
	s.URL = server.URL
	s.storage = httptest.NewServer(http.HandlerFunc(s.download))
	t.Cleanup(s.storage.Close)
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

// Requests are the requests so far: method, path and query.
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
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

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r.Method+" "+r.URL.RequestURI())
	if s.Intercept != nil {
		if answer := s.Intercept(len(s.requests), r); answer != nil {
			answer(w, r)
			return
		}
	}
	if !strings.HasSuffix(r.URL.Path, "/") && r.URL.Path != "/api/personal_api_keys/@current" {
		s.violation(w, "%s %s lacks the slash at its end", r.Method, r.URL.Path)
		return
	}
	if r.URL.Query().Has("personal_api_key") {
		s.violation(w, "the key stands in the address")
		return
	}
	switch r.Header.Get("Authorization") {
	case "Bearer " + Key:
	case "":
		Fail(w, http.StatusUnauthorized, "authentication_error", "not_authenticated", "Authentication credentials were not provided.")
		return
	default:
		Fail(w, http.StatusUnauthorized, "authentication_error", "authentication_failed", "Personal API key found in request Authorization header is invalid.")
		return
	}
	s.route(w, r)
}

// route finds the resource and checks scope and limit.
func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	path := strings.Trim(strings.TrimPrefix(r.URL.Path, "/api/"), "/")
	switch path {
	case "personal_api_keys/@current":
		if s.Old {
			Fail(w, http.StatusNotFound, "invalid_request", "not_found", "Not found.")
			return
		}
		answer(w, map[string]any{"id": "k", "label": "test", "scopes": s.Scopes})
		return
	case "projects":
		if !s.Listing {
			Fail(w, http.StatusForbidden, "authentication_error", "permission_denied", "API key does not have access to the requested project.")
			return
		}
		s.list(w, r, &Project{Lists: map[string][]string{"projects": s.everyProject()}}, "projects")
		return
	}
	parts := strings.SplitN(path, "/", 3)
	if len(parts) < 2 || parts[0] != "projects" {
		s.violation(w, "unknown path %s", r.URL.Path)
		return
	}
	id, err := strconv.ParseInt(parts[1], 10, 64)
	project := s.projects[id]
	if err != nil || project == nil {
		Fail(w, http.StatusNotFound, "invalid_request", "not_found", "Project not found.")
		return
	}
	rest := ""
	if len(parts) == 3 {
		rest = parts[2]
	}
	s.resource(w, r, project, rest)
}

func (s *Server) resource(w http.ResponseWriter, r *http.Request, project *Project, path string) {
	name, below, _ := strings.Cut(path, "/")
	if name == "" {
		if s.allowed(w, "project:read", "crud") {
			answer(w, json.RawMessage(project.object()))
		}
		return
	}
	if name == "query" && below == "" && r.Method == http.MethodPost && !s.Old {
		if s.allowed(w, "query:read", "query") {
			s.query(w, r, project)
		}
		return
	}
	if name == "file_download_batch_exports" && !s.Old {
		scope := "batch_export:read"
		if r.Method == http.MethodPost {
			scope = "batch_export:write"
		}
		if s.allowed(w, scope, "crud") {
			s.fileDownload(w, r, project, below)
		}
		return
	}
	if s.Old && name == "query" {
		Fail(w, http.StatusNotFound, "invalid_request", "not_found", "Endpoint not found.")
		return
	}
	rule, ok := lists[name]
	if !ok || below != "" || r.Method != http.MethodGet {
		s.violation(w, "unknown resource %s %s", r.Method, r.URL.Path)
		return
	}
	if !s.allowed(w, rule.scope, rule.family) {
		return
	}
	if name == "events" {
		s.events(w, r, project)
		return
	}
	s.list(w, r, project, name)
}

// allowed checks the key's scope and the family's limit.
func (s *Server) allowed(w http.ResponseWriter, scope, family string) bool {
	write := strings.Replace(scope, ":read", ":write", 1)
	if !slices.Contains(s.Scopes, "*") && !slices.Contains(s.Scopes, scope) && !slices.Contains(s.Scopes, write) {
		Fail(w, http.StatusForbidden, "authentication_error", "permission_denied", "API key missing required scope '"+scope+"'")
		return false
	}
	limit, now := s.Limits[family], s.Now()
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

// WebPage is what a login page or a proxy answers.
func WebPage(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		_, _ = w.Write([]byte("<!DOCTYPE html><html><body>Sign in</body></html>"))
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

func (s *Server) everyProject() []string {
	var all []string
	for _, id := range sortedKeys(s.projects) {
		all = append(all, s.projects[id].object())
	}
	return all
}

func sortedKeys(projects map[int64]*Project) []int64 {
	var ids []int64
	for id := range projects {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// next is an absolute link, to the wrong host.
func next(r *http.Request, change func(url.Values)) string {
	query := r.URL.Query()
	change(query)
	return Elsewhere + r.URL.Path + "?" + query.Encode()
}
