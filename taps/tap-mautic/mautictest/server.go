// Package mautictest is a Mautic for tests: it answers as the documentation and the sources of versions 3 to 7 say, and fails the test over a
// question that Mautic does not understand.
package mautictest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// A Row is an entity as the API names its properties, or a row of a table.
type Row map[string]any

// A Mautic answers as the documentation and the sources of Mautic say, each version in its own way, and fails the test over a
// question that Mautic does not understand. Fields are set before Serve, between runs, and within [Mautic.Change].
type Mautic struct {
	t        testing.TB
	mu       sync.Mutex
	Version  string // 5.1.1
	Site     string // folder that it is installed in: /shop
	Now      func() time.Time
	Entities map[string][]Row // by path: contacts, emails, fields/contact
	Tables   map[string][]Row
	Forms    map[int][]Row // submissions
	Activity []Row

	Basic      bool // basic authentication is enabled
	APIOff     bool
	NotAdmin   bool     // the API credentials were made by somebody who is no administrator
	Forbidden  []string // lists and tables that the role may not see
	Stripped   bool     // the web server keeps the header Authorization to itself
	Unfiltered bool     // conditions do nothing
	Lax        bool     // paths that there are not are no mistake of the test
	EmptyRows  bool     // rows have nothing in them, as in some Mautic 5.0 that composer has installed
	Largest    int      // page of contacts that does not exhaust the memory; 0: any
	Limit      int      // requests an hour; 0: any
	Lifetime   time.Duration
	Revoke     int              // the number of the answer after which the token is refused; 0: none
	Between    func(served int) // is called before an answer
	Others     int              // requests an hour that somebody else sends

	Tokens  int // that were asked for
	Served  int // requests that were let in
	Refused int // for their token
	TooMany int // for the rate limiter
	spent   int // requests of this hour
	others  int
	hour    time.Time
	invalid map[string]bool // tokens that are not accepted any more
	ends    map[string]time.Time
}

// The API credentials that it has, and the password of its user ann.
const (
	KeyID     = "7_4k3jexample"
	KeySecret = "s3cr3t-k3y"
	Password  = "s3cr3t-p4ss"
)

func (m *Mautic) major() int {
	major, _, _ := strings.Cut(m.Version, ".")
	n, err := strconv.Atoi(major)
	if err != nil {
		m.t.Fatal(err)
	}
	return n
}

// Serve makes a server of it. Its routes allow what the endpoints document, and no more.
func (m *Mautic) Serve(t testing.TB) *taptest.API {
	m.t, m.invalid, m.ends = t, map[string]bool{}, map[string]time.Time{}
	api := &taptest.API{}
	get := func(path string, query map[string]string, serve http.HandlerFunc) {
		api.Routes = append(api.Routes, taptest.Route{Pattern: "GET " + m.Site + "/api/" + path, Query: query, Serve: m.guard(serve),
			Header: map[string]string{"Accept": "application/json", "Cookie": ""}})
	}
	for path := range m.Entities {
		get(path, parameters(false), func(w http.ResponseWriter, r *http.Request) { m.list(w, r, path) })
	}
	for _, path := range []string{"emails", "pages"} {
		get(path+"/{id}", nil, func(w http.ResponseWriter, r *http.Request) { m.one(w, r, path) })
	}
	get("forms/{id}/submissions", parameters(false), m.submissions)
	get("contacts/activity", map[string]string{"filters[dateFrom]": naive, "filters[dateTo]": naive, "order[0]": "timestamp", "order[1]": "ASC", "page": `[1-9]\d*`, "limit": `[1-9]\d*`}, m.timeline)
	get("stats", nil, m.available)
	get("stats/{table}", parameters(true), m.table)
	if m.Lax {
		api.Routes = append(api.Routes, taptest.Route{Pattern: "/", Serve: http.NotFound})
	}
	api.Routes = append(api.Routes, taptest.Route{Pattern: "POST " + m.Site + "/oauth/v2/token", Serve: m.token,
		Header: map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Authorization": ""}})
	return api.Serve(t)
}

// Change alters the data while no request is being answered.
func (m *Mautic) Change(change func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change()
}

// guard lets in who may.
func (m *Mautic) guard(serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		m.mu.Lock()
		defer m.mu.Unlock()
		w.Header().Set("Mautic-Version", m.Version)
		w.Header().Set("Date", m.Now().UTC().Format(http.TimeFormat))
		w.Header().Set("Content-Type", "application/json")
		user, given, basic := r.BasicAuth()
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		ends, known := m.ends[token]
		switch {
		case m.APIOff:
			m.fail(w, 403, "api_disabled", "API disabled. You need to enable the API in the API settings of Mautic's Configuration.")
		case m.Stripped:
			m.fail(w, 401, "access_denied", "API authorization denied.")
		case basic && !m.Basic:
			m.fail(w, 403, "access_denied", "Basic Auth disabled. You need to enable the HTTP basic auth in the API settings.")
		case basic && (user != "ann" || given != Password):
			m.fail(w, 401, "access_denied", "Authorization denied, invalid credentials.")
		case !basic && token == "":
			m.fail(w, 401, "access_denied", "API authorization denied.")
		case !basic && (!known || m.invalid[token]):
			m.Refused++
			m.fail(w, 401, "invalid_grant", "The access token provided is invalid.")
		case !basic && !time.Now().Before(ends):
			m.Refused++
			m.fail(w, 401, "invalid_grant", "The access token provided has expired.")
		case m.Limit > 0 && !m.spend(w):
		default:
			if m.Served++; m.Served == m.Revoke {
				m.invalid[token] = true
			}
			if m.Between != nil {
				m.Between(m.Served)
			}
			serve(w, r)
		}
	}
}

// spend is the rate limiter of Mautic up to 6: so many requests an hour, told on every answer.
func (m *Mautic) spend(w http.ResponseWriter) bool {
	now := m.Now()
	if now.Sub(m.hour) >= time.Hour {
		m.hour, m.spent = now, 0
		m.others = m.Others
	}
	if m.spent++; m.spent == m.Limit-m.Others && m.others > 0 { // the last ones, in the moment before the tap's next
		defer func() { m.spent, m.others = m.spent+m.others, 0 }()
	}
	w.Header().Set("X-RateLimit-Limit", fmt.Sprint(m.Limit))
	w.Header().Set("X-RateLimit-Remaining", fmt.Sprint(max(0, m.Limit-m.spent)))
	w.Header().Set("X-RateLimit-Reset", fmt.Sprint(m.hour.Add(time.Hour).Unix()))
	if m.spent <= m.Limit {
		return true
	}
	m.TooMany++
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	w.WriteHeader(429)
	fmt.Fprintf(w, `{ "errors": [ { "code": 429, "message": "You exceeded the rate limit of %d API calls per hour.", "details": [] } ]}`, m.Limit)
	return false
}

func (m *Mautic) fail(w http.ResponseWriter, status int, kind, message string) {
	w.WriteHeader(status)
	m.write(w, map[string]any{"errors": []any{map[string]any{"message": message, "code": status, "type": kind, "details": []any{}}}})
}

func (m *Mautic) write(w http.ResponseWriter, answer any) {
	text, err := json.Marshal(answer)
	if err != nil {
		m.t.Error(err)
	}
	w.Write(text)
}

// token is the OAuth 2 endpoint. Client credentials came with 4.0.
func (m *Mautic) token(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	form, err := url.ParseQuery(bodyOf(r))
	if err != nil || r.URL.RawQuery != "" {
		m.t.Errorf("the token was asked for by %s", r.URL)
	}
	m.Tokens++
	switch {
	case m.APIOff:
		m.fail(w, 403, "api_disabled", "API disabled.")
	case m.major() < 4 || form.Get("grant_type") != "client_credentials":
		m.fail(w, 400, "invalid_grant", "Invalid grant_type parameter or parameter missing")
	case form.Get("client_id") != KeyID || form.Get("client_secret") != KeySecret:
		m.fail(w, 400, "invalid_client", "The client credentials are invalid")
	case m.NotAdmin:
		m.fail(w, 400, "unauthorized_client", "The grant type is unauthorized for this client_id")
	default:
		lifetime := m.Lifetime
		if lifetime == 0 {
			lifetime = time.Hour
		}
		token := fmt.Sprintf("t0k3n-%d", m.Tokens)
		m.ends[token] = time.Now().Add(lifetime)
		m.write(w, map[string]any{"access_token": token, "expires_in": int(lifetime.Seconds()), "token_type": "bearer", "scope": nil})
	}
}

func bodyOf(r *http.Request) string {
	var body bytes.Buffer
	body.ReadFrom(r.Body)
	return body.String()
}
