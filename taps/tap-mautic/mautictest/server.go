// Package mautictest is a Mautic for tests: it answers as the documentation and the sources of versions 3 to 7 say, and fails the test over a
// question that Mautic does not understand.
package mautictest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// A Row is an entity as the API names its properties, or a row of a table.
type Row map[string]any

// A Mautic answers as the documentation and the sources of Mautic say, each version in its own way, and fails the test over a
// question that Mautic does not understand. Fields are set before Serve, and between runs.
type Mautic struct {
	t        testing.TB
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

const naive = `\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`

// parameters are those of a list that the tap may use.
func parameters(statistics bool) map[string]string {
	query := map[string]string{"start": "0", "limit": `[1-9]\d*`}
	for i := range 4 {
		at := fmt.Sprintf("where[%d]", i)
		query[at+"[col]"], query[at+"[expr]"], query[at+"[val]"] = `[a-zA-Z_.]+`, "eq|gt|gte|lt|lte|isNull|isNotNull", `[\w :.-]*`
	}
	if !statistics {
		query["orderBy"], query["orderByDir"] = `id|s\.id`, "ASC"
		return query
	}
	for i := range 3 {
		at := fmt.Sprintf("order[%d]", i)
		query[at+"[col]"], query[at+"[dir]"] = `[a-z_]+`, "ASC"
	}
	return query
}

// guard lets in who may.
func (m *Mautic) guard(serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
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

// plurals are the members with the rows, where that is not the path.
var plurals = map[string]string{"segments": "lists", "points/triggers": "triggers", "points/groups": "pointGroups", "fields/contact": "fields", "fields/company": "fields"}

// keyed are the lists that come as objects, by id.
var keyed = []string{"contacts", "companies", "emails", "campaigns", "segments", "tags", "fields/contact", "fields/company", "smses"}

// list answers a list of entities.
func (m *Mautic) list(w http.ResponseWriter, r *http.Request, path string) {
	if slices.Contains(m.Forbidden, path) {
		m.fail(w, 403, "", "You do not have access to the requested area/action.")
		return
	}
	names := []string{"id", "dateAdded", "dateModified"}
	if path == "contacts" || path == "companies" {
		names = []string{"id", "date_added", "date_modified", "date_identified", "last_active"} // of the database
	}
	rows, size, ok := m.choose(w, r, m.Entities[path], names)
	if !ok {
		return
	}
	if path == "contacts" && m.Largest != 0 && size > m.Largest {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(500)
		fmt.Fprint(w, "<html>The site is currently offline due to encountering an error.</html>")
		return
	}
	asked := r.URL.Query().Has("where[0][col]")
	rows = slices.DeleteFunc(rows, func(e Row) bool {
		hides := path == "emails" && e["variantParent"] != nil || path == "pages" && (e["variantParent"] != nil || e["translationParent"] != nil)
		return hides && (!asked || m.major() >= 7)
	})
	total := len(rows)
	if path == "emails" && m.major() <= 4 { // the limit counts mails and segments
		joined := 0
		for i, e := range rows {
			lists, _ := e["lists"].([]any)
			if joined += max(1, len(lists)); joined > size && i > 0 {
				rows = rows[:i]
				break
			}
		}
	}
	rows = rows[:min(size, len(rows))]
	isKeyed := slices.Contains(keyed, path)
	empty := "[]"
	if (path == "contacts" || path == "companies") && m.Version >= "4.4" {
		empty = "{}"
	}
	m.collection(w, rows, isKeyed, path == "contacts" || path == "companies", empty, total, cmp.Or(plurals[path], path))
}

// collection writes rows in the order that they have.
func (m *Mautic) collection(w http.ResponseWriter, rows []Row, isKeyed, textTotal bool, empty string, total int, name string) {
	var b bytes.Buffer
	if textTotal {
		fmt.Fprintf(&b, `{"total":"%d",%q:`, total, name)
	} else {
		fmt.Fprintf(&b, `{"total":%d,%q:`, total, name)
	}
	open, end := "[", "]"
	if isKeyed {
		open, end = "{", "}"
	}
	if len(rows) == 0 {
		b.WriteString(empty)
	} else {
		b.WriteString(open)
		for i, e := range rows {
			if i > 0 {
				b.WriteByte(',')
			}
			if isKeyed {
				fmt.Fprintf(&b, `"%v":`, e["id"])
			}
			if m.EmptyRows {
				b.WriteString("[]")
				continue
			}
			text, err := json.Marshal(m.dress(e))
			if err != nil {
				m.t.Error(err)
			}
			b.Write(text)
		}
		b.WriteString(end)
	}
	b.WriteByte('}')
	w.Write(b.Bytes())
}

// dress gives an entity the form of its version: lists inside of it were maps in the oldest, 7 has more properties.
func (m *Mautic) dress(e Row) Row {
	e = maps.Clone(e)
	if m.major() <= 3 {
		for _, name := range []string{"ipAddresses", "frequencyRules", "events", "tags"} {
			if elements, ok := e[name].([]any); ok && len(elements) > 0 {
				byKey := map[string]any{}
				for i, element := range elements {
					byKey[fmt.Sprint(i+7)] = element
				}
				e[name] = byKey
			}
		}
	}
	if m.major() >= 7 {
		e["projects"] = []any{}
	}
	return e
}

// choose applies conditions, order and nothing else, and gives the page's size.
func (m *Mautic) choose(w http.ResponseWriter, r *http.Request, rows []Row, names []string) (chosen []Row, size int, ok bool) {
	query := r.URL.Query()
	size, _ = strconv.Atoi(query.Get("limit"))
	if !query.Has("orderBy") && !query.Has("order[0][col]") {
		m.t.Errorf("%s is asked for in no order", r.URL.Path)
	}
	chosen = slices.Clone(rows)
	for i := 0; query.Has(fmt.Sprintf("where[%d][col]", i)) && !m.Unfiltered; i++ {
		at := fmt.Sprintf("where[%d]", i)
		column, expr, value := query.Get(at+"[col]"), query.Get(at+"[expr]"), query.Get(at+"[val]")
		if !slices.Contains(names, column) || expr == "" {
			m.t.Errorf("%s knows no column %s", r.URL.Path, column)
			m.fail(w, 500, "", "Looks like I encountered an error (error #500). If I do it again, please report me to the system administrator!")
			return nil, 0, false
		}
		chosen = slices.DeleteFunc(chosen, func(e Row) bool { return !holds(e[camel(e, column)], expr, value) })
	}
	orders := []string{strings.TrimPrefix(query.Get("orderBy"), "s.")}
	if query.Has("order[0][col]") {
		orders = nil
		for i := 0; query.Has(fmt.Sprintf("order[%d][col]", i)); i++ {
			orders = append(orders, query.Get(fmt.Sprintf("order[%d][col]", i)))
		}
	}
	slices.SortStableFunc(chosen, func(a, b Row) int {
		for _, name := range orders {
			if c := compare(plain(a[name]), plain(b[name])); c != 0 {
				return c
			}
		}
		return 0
	})
	return chosen, size, true
}

// camel is the property that a column is.
func camel(e Row, column string) string {
	column = strings.TrimPrefix(column, "s.")
	if _, ok := e[column]; ok {
		return column
	}
	words := strings.Split(column, "_")
	for i, word := range words[1:] {
		words[i+1] = strings.ToUpper(word[:1]) + word[1:]
	}
	return strings.Join(words, "")
}

// plain is a value as the database compares it.
func plain(v any) string {
	text, ok := v.(string)
	if !ok {
		return fmt.Sprint(v)
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at.UTC().Format(time.DateTime)
	}
	return text
}

func compare(a, b string) int {
	x, err1 := strconv.ParseInt(a, 10, 64)
	y, err2 := strconv.ParseInt(b, 10, 64)
	if err1 == nil && err2 == nil {
		return int(x - y)
	}
	return strings.Compare(a, b)
}

func holds(v any, expr, value string) bool {
	switch {
	case expr == "isNull":
		return v == nil
	case expr == "isNotNull":
		return v != nil
	case v == nil:
		return false
	}
	c := compare(plain(v), value)
	return map[string]bool{"eq": c == 0, "gt": c > 0, "gte": c >= 0, "lt": c < 0, "lte": c <= 0}[expr]
}

// one answers a single entity.
func (m *Mautic) one(w http.ResponseWriter, r *http.Request, path string) {
	for _, e := range m.Entities[path] {
		if fmt.Sprint(e["id"]) == r.PathValue("id") {
			m.write(w, map[string]any{strings.TrimSuffix(path, "s"): m.dress(e)})
			return
		}
	}
	m.fail(w, 404, "", "Item was not found.")
}

func (m *Mautic) submissions(w http.ResponseWriter, r *http.Request) {
	form, _ := strconv.Atoi(r.PathValue("id"))
	if !slices.ContainsFunc(m.Entities["forms"], func(e Row) bool { return e["id"] == form }) {
		m.fail(w, 404, "", "Item was not found.")
		return
	}
	if rows, size, ok := m.choose(w, r, m.Forms[form], []string{"s.id", "s.date_submitted"}); ok {
		m.collection(w, rows[:min(size, len(rows))], false, true, "{}", len(rows), "submissions")
	}
}

// timeline gives a page of entries: so many of each type.
func (m *Mautic) timeline(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	page, _ := strconv.Atoi(query.Get("page"))
	limit, _ := strconv.Atoi(query.Get("limit"))
	byType, events := map[any]int{}, []Row{}
	pages := 0
	for _, e := range m.Activity {
		at := plain(e["timestamp"])
		if at > query.Get("filters[dateTo]") || at < query.Get("filters[dateFrom]") {
			continue
		}
		n := byType[e["event"]]
		byType[e["event"]]++
		pages = max(pages, n/limit+1)
		if n/limit == page-1 {
			events = append(events, e)
		}
	}
	m.write(w, map[string]any{"events": events, "total": len(m.Activity), "page": page, "limit": limit, "maxPages": pages, "types": Row{}, "order": []any{}, "filters": Row{}})
}

// columns are those of a table that some row has.
func (m *Mautic) columns(table string) []string {
	names := map[string]bool{}
	for _, e := range m.Tables[table] {
		for name := range e {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func (m *Mautic) available(w http.ResponseWriter, _ *http.Request) {
	all := map[string]any{}
	for name := range m.Tables {
		all[name] = m.columns(name)
	}
	m.write(w, map[string]any{"availableTables": slices.Sorted(maps.Keys(m.Tables)), "tableColumns": all})
}

// table answers rows of statistics: without what is null, all of them text in 5 and 6.
func (m *Mautic) table(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("table")
	if _, ok := m.Tables[name]; !ok {
		m.t.Errorf("there is no table %s", name)
		m.available(w, r)
		return
	}
	if slices.Contains(m.Forbidden, name) {
		m.write(w, map[string]any{"errors": []any{map[string]any{"code": 403, "message": "You do not have access to view this area."}}})
		return
	}
	query := r.URL.Query()
	for i := 0; query.Has(fmt.Sprintf("where[%d][col]", i)); i++ {
		if column := query.Get(fmt.Sprintf("where[%d][col]", i)); !slices.Contains(m.columns(name), column) && len(m.Tables[name]) > 0 {
			m.t.Errorf("table %s has no column %s", name, column)
		}
	}
	var names []string
	for i := range 4 {
		names = append(names, query.Get(fmt.Sprintf("where[%d][col]", i)))
	}
	rows, size, ok := m.choose(w, r, m.Tables[name], names)
	if !ok {
		return
	}
	answer := []Row{}
	for _, e := range rows[:min(size, len(rows))] {
		sent := Row{}
		for name, value := range e {
			switch {
			case value == nil:
			case m.major() == 5 || m.major() == 6:
				sent[name] = fmt.Sprint(value)
			default:
				sent[name] = value
			}
		}
		answer = append(answer, sent)
	}
	m.write(w, map[string]any{"total": strconv.Itoa(len(rows)), "stats": answer})
}
