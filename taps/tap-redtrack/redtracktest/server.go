// Package redtracktest is the API of RedTrack as a strict server: it allows what the reference lists and counts requests against the
// limits. What the reference leaves open it does in one of the ways that clients have seen.
//
// https://api.redtrack.io/docs/index.html
package redtracktest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// Key is the api_key that the server takes.
const Key = "redtrack-key-0123456789"

// A Row is an object of the API.
type Row map[string]any

// An Account is the API and the rows behind it. Its fields are set before the first request.
type Account struct {
	*taptest.API
	Zone  *time.Location // of its days; nil: UTC
	Clamp int            // most rows of an answer, whatever per says; 0: as documented
	Cost  int            // points of a request, 1 or 2 as was seen; 0: there are no limits
	// Before is called before each answer with its path; nil: nothing is.
	Before func(path string)
	// Total is what /conversions and /tracks say that there are, of as many rows; nil: the truth.
	Total func(rows int) int

	t       testing.TB
	mu      sync.Mutex
	tables  map[string][]Row
	buckets map[string]*bucket
	refused int
}

// New is an account without rows, to be used in the test t.
func New(t testing.TB) *Account {
	a := &Account{t: t, tables: map[string][]Row{}, buckets: map[string]*bucket{}}
	a.API = &taptest.API{Routes: a.routes()}
	a.Serve(t)
	return a
}

// Put stores rows of conversions, tracks, report or a list. One with the same id takes the place of the other.
func (a *Account) Put(table string, rows ...Row) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, row := range rows {
		held := a.tables[table]
		if i := slices.IndexFunc(held, func(r Row) bool { return row["id"] != nil && r["id"] == row["id"] }); i >= 0 {
			held[i] = row
			continue
		}
		a.tables[table] = append(held, row)
	}
}

// Add stores new rows, behind the others or in front of them.
func (a *Account) Add(table string, inFront bool, rows ...Row) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if inFront {
		a.tables[table] = append(slices.Clone(rows), a.tables[table]...)
		return
	}
	a.tables[table] = append(a.tables[table], rows...)
}

// Delete removes rows.
func (a *Account) Delete(table string, gone func(Row) bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tables[table] = slices.DeleteFunc(a.tables[table], gone)
}

// An endpoint is what the reference says of a path.
type endpoint struct {
	path     string
	required string // parameters, beside api_key, page and per, which have no documented default
	optional string
	most     int    // rows of an answer
	day      string // the member that date_from and date_to act on
	array    bool   // rows come as a bare array, null when there are none; otherwise as items and total
	whole    bool   // rows come in one answer
	limited  bool
}

const logs = "time_interval clickid country_code campaign_id source_id offer_id network_id fingerprint"

func endpoints() []endpoint {
	all := []endpoint{
		{path: "conversions", required: "date_from date_to", optional: logs + " type type_role", most: 10000, day: "conv_time", limited: true},
		{path: "tracks", required: "date_from date_to", optional: logs, most: 10000, day: "track_time", limited: true},
		{path: "report", required: "group date_from date_to", most: 1000, day: "date", array: true, limited: true,
			optional: "timezone time_interval tracks_view campaign_id source_id offer_id landing_id network_id total sortby table_settings_name"},
		{path: "campaigns", optional: "title ids sources status tags time_interval date_from date_to timezone total_stat", most: 1000, array: true},
		{path: "offers", optional: "title ids networks countries status tags date_from date_to total_stat", most: 1000, array: true},
		{path: "landings", optional: "type title ids tags date_from date_to total_stat", most: 1000, array: true},
		{path: "networks", optional: "title ids status date_from date_to total_stat", most: 1000, array: true},
		{path: "sources", optional: "title ids status date_from date_to total_stat", most: 1000, array: true},
		{path: "streams", optional: "title", most: 1000},
		{path: "domains", most: 1000},
		{path: "scripts", whole: true, array: true},
	}
	for path := range strings.FieldsSeq("browsers categories cities countries currencies devices languages os") {
		all = append(all, endpoint{path: path, whole: true, array: true})
	}
	return all
}

// routes are the endpoints, and the page of the reference, which answers wherever there is none.
func (a *Account) routes() []taptest.Route {
	routes := []taptest.Route{{Pattern: "GET /v1/", Query: map[string]string{"api_key": ".+", "page": ".+", "per": ".+", "date_from": ".+", "date_to": ".+"}, Serve: func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, "<!DOCTYPE html><html><head><title>Swagger UI</title></head></html>")
	}}}
	for _, e := range endpoints() {
		route := taptest.Route{Pattern: "GET /" + e.path, Query: map[string]string{}, Required: strings.Fields(e.required)}
		for _, name := range strings.Fields("api_key " + e.required + " " + e.optional) {
			route.Query[name] = ".+"
		}
		if !e.whole {
			route.Query["page"], route.Query["per"] = "[1-9][0-9]*", "[1-9][0-9]*"
			route.Required = append(route.Required, "page", "per")
		}
		for _, name := range []string{"date_from", "date_to"} {
			if route.Query[name] != "" {
				route.Query[name] = `20\d\d-\d\d-\d\d`
			}
		}
		route.Serve = func(w http.ResponseWriter, r *http.Request) { a.answer(w, r.URL.Query(), e) }
		routes = append(routes, route)
	}
	return routes
}

func (a *Account) answer(w http.ResponseWriter, query url.Values, e endpoint) {
	if a.Before != nil {
		a.Before(e.path)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	switch {
	case query.Get("api_key") != Key:
		fail(w, http.StatusUnauthorized, "unauthorized")
		return
	case e.limited && a.Cost > 0 && !a.admit(e.path, w):
		return
	}
	rows, ok := a.rows(e, query)
	if !ok {
		fail(w, http.StatusInternalServerError, "Problem with loading report")
		return
	}
	page, _ := strconv.Atoi(query.Get("page"))
	per, _ := strconv.Atoi(query.Get("per"))
	if e.whole {
		page, per = 1, len(rows)
	} else if per > e.most {
		fail(w, http.StatusBadRequest, fmt.Sprintf("per is at most %d", e.most))
		return
	}
	if a.Clamp > 0 && !e.whole {
		per = min(per, a.Clamp)
	}
	shown := rows[min(len(rows), (page-1)*per):min(len(rows), page*per)]
	var reply any = shown
	switch {
	case e.array && len(shown) == 0:
		reply = nil
	case !e.array:
		total := len(rows)
		if a.Total != nil && e.limited {
			total = a.Total(total)
		}
		reply = map[string]any{"items": shown, "total": total}
	}
	_ = json.NewEncoder(w).Encode(reply) // the client may have gone
}

func fail(w http.ResponseWriter, code int, text string) {
	w.WriteHeader(code)
	fmt.Fprintf(w, `{"error":%q}`, text)
}

// rows are what a request is about, nil for none.
func (a *Account) rows(e endpoint, query url.Values) (found []Row, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, row := range a.tables[e.path] {
		if day := a.day(row, e.day); e.day != "" && (day < query.Get("date_from") || day > query.Get("date_to")) {
			continue
		}
		if kind := query.Get("type"); e.path == "landings" && kind != "" && row["type"] != kind {
			continue
		}
		found = append(found, row)
	}
	if e.path == "report" {
		return grouped(found, query.Get("group"))
	}
	return found, true
}

// day is that of a row in the account's zone.
func (a *Account) day(row Row, member string) string {
	text, _ := row[member].(string)
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return text[:min(len(text), len(time.DateOnly))]
	}
	return at.In(cmp.Or(a.Zone, time.UTC)).Format(time.DateOnly)
}

// groups are those that /report takes; of the first there is an id too.
const (
	named  = " campaign source offer landing rt_ad "
	groups = named + "date prelanding network country region city os browser device device_brand connection_type isp hour_of_day day_of_week sub1 sub20 " +
		"rt_source rt_medium rt_campaign rt_adgroup rt_placement rt_keyword "
)

// grouped sums the numbers of rows with equal groups. An unknown group is a fault of the server, as it is in the real one.
func grouped(rows []Row, group string) (sums []Row, ok bool) {
	var names []string
	for name := range strings.SplitSeq(group, ",") {
		if !strings.Contains(groups, " "+name+" ") {
			return nil, false
		}
		names = append(names, name)
		if strings.Contains(named, " "+name+" ") {
			names = append(names, name+"_id")
		}
	}
	index := map[string]Row{}
	for _, row := range rows {
		key := ""
		for _, name := range names {
			key += fmt.Sprint(row[name]) + "\x00"
		}
		sum, ok := index[key]
		if !ok {
			sum = Row{}
			for _, name := range names {
				sum[name] = cmp.Or(row[name], any(""))
			}
			index[key] = sum
			sums = append(sums, sum)
		}
		for name, value := range row {
			if n, ok := value.(float64); ok {
				before, _ := sum[name].(float64)
				sum[name] = before + n
			}
		}
	}
	return sums, true
}

// A bucket is what one path has used of the minute and the second.
type bucket struct {
	minute, second time.Time
	points, left   int
}

// A calendar minute has 20 points for each limited path; a second has two requests.
const (
	PointsPerMinute   = 20
	requestsPerSecond = 2
)

// Refused is how many requests were over the limits.
func (a *Account) Refused() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.refused
}

// admit counts a request. One too many gets a 429, which says when the minute ends.
func (a *Account) admit(path string, w http.ResponseWriter) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	b := a.buckets[path]
	if b == nil {
		b = new(bucket)
		a.buckets[path] = b
	}
	now := time.Now()
	if minute := now.Truncate(time.Minute); minute != b.minute {
		b.minute, b.points = minute, PointsPerMinute
	}
	if second := now.Truncate(time.Second); second != b.second {
		b.second, b.left = second, requestsPerSecond
	}
	admitted := b.points >= a.Cost && b.left > 0
	if admitted {
		b.points -= a.Cost
		b.left--
	}
	reset := strconv.Itoa(60 - now.Second())
	w.Header().Set("X-Ratelimit-Remaining-Minute", strconv.Itoa(b.points))
	w.Header().Set("Ratelimit-Reset", reset)
	if !admitted {
		a.refused++
		w.Header().Set("Retry-After", reset)
		fail(w, http.StatusTooManyRequests, "API rate limit exceeded")
	}
	return admitted
}
