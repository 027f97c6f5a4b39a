// Package everflowtest is the Everflow API as its documentation describes it, for tests. It fails the test at every request that the
// documentation does not allow, and counts requests against the documented limit.
//
// https://developers.everflow.io/user-guide/rate-limiting, /user-guide/paging, /docs/network/reporting/raw_conversions, /raw_clicks, /aggregated_data
package everflowtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/signalroom/signalroom/taps/tap/rest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// A Row is one of a report or a list.
type Row = map[string]any

// A Server is one account: of a network, or of an affiliate. Its fields may be changed between runs, and within [Server.Do].
type Server struct {
	Key       string
	Affiliate bool // the key is an affiliate's
	NetworkID int
	Currency  string
	Now       time.Time

	Conversions []Row            // events among them
	OnHold      []Row            // held conversions
	Clicks      []Row            // the daily figures are made of these and of Conversions
	Lists       map[string][]Row // by the member that holds them: offers, affiliates, …
	Denied      string           // part of the paths that the key may not use

	ClickCap    int    // most clicks of an answer: 10,000, and for an affiliate 5,000
	ReportCap   int    // most rows of the daily figures: 10,000
	PageMax     int    // larger pages are cut to this: 2,000
	Limit       int    // requests within 30 seconds: 600, and for an affiliate 150
	TableKey    string // the member that holds clicks: clicks, or table
	BareLists   bool   // lists come without their envelope
	WholeLists  bool   // lists come whole, whatever page is asked for, and are not counted
	OldestFirst bool   // the order of conversions and clicks

	Others []*Server // accounts at the same address, told apart by their keys

	t         testing.TB
	mu        sync.Mutex
	reporting atomic.Int64
}

// New is an empty network.
func New(t testing.TB) *Server {
	return &Server{t: t, Key: "key-of-network-900", NetworkID: 900, Currency: "EUR", Now: time.Date(2026, 3, 10, 15, 30, 0, 0, time.UTC),
		Lists: map[string][]Row{}, ClickCap: 10000, ReportCap: 10000, PageMax: 2000, Limit: 600, TableKey: "clicks"}
}

// NewAffiliate is an affiliate's account.
func NewAffiliate(t testing.TB) *Server {
	s := New(t)
	s.Key, s.Affiliate, s.ClickCap, s.Limit, s.TableKey = "key-of-affiliate-8", true, 5000, 150, "table"
	return s
}

// Do changes the account while no request is being answered.
func (s *Server) Do(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// API serves the account below /v1, until the test ends.
func (s *Server) API() *taptest.API {
	none, pages := map[string]string{}, map[string]string{"page": `[1-9]\d*`, "page_size": `[1-9]\d{0,2}|1\d{3}|2000`, "order_field": `\w+`, "order_direction": `asc|desc`, "filter": `\w+[=<>].*`, "relationship": `\w+`}
	paged := []string{"page", "page_size"}
	route := func(pattern string, query map[string]string, required []string, answer func(s *Server, r *http.Request) (any, error)) taptest.Route {
		return taptest.Route{Pattern: pattern, Query: query, Required: required, Serve: func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, answer) }}
	}
	list := func(member string) func(*Server, *http.Request) (any, error) {
		return func(s *Server, r *http.Request) (any, error) { return s.list(r, member) }
	}
	api := &taptest.API{Limits: []rest.Rate{{Requests: s.Limit, Per: 30 * time.Second}}, Routes: []taptest.Route{
		route("GET /v1/meta/timezones", none, nil, (*Server).timezones),
		route("GET /v1/networks", none, nil, (*Server).network),
		route("GET /v1/networks/offers", pages, paged, list("offers")),
		route("GET /v1/networks/affiliates", pages, paged, list("affiliates")),
		route("GET /v1/networks/advertisers", pages, paged, list("advertisers")),
		route("GET /v1/networks/offergroups", pages, paged, list("offer_groups")),
		route("GET /v1/networks/campaigns", pages, paged, list("campaigns")),
		route("POST /v1/networks/creativestable", pages, paged, list("creatives")),
		route("GET /v1/networks/couponcodes", pages, paged, list("coupon_codes")),
		route("GET /v1/networks/categories", pages, paged, list("categories")),
		route("GET /v1/networks/labels", pages, paged, list("labels")),
		route("GET /v1/networks/trafficsource", pages, paged, list("traffic_sources")),
		route("GET /v1/networks/trafficcontrols", pages, paged, list("traffic_controls")),
		route("GET /v1/networks/employees", pages, paged, list("employees")),
		route("GET /v1/affiliates/offersrunnable", pages, paged, list("offers")),
		route("GET /v1/affiliates/couponcodes", pages, paged, list("coupon_codes")),
		route("POST /v1/{portal}/reporting/conversions", pages, paged, (*Server).conversions),
		route("POST /v1/{portal}/reporting/onhold", pages, paged, (*Server).onHold),
		route("POST /v1/{portal}/reporting/clicks/stream", none, nil, (*Server).clicks),
		route("POST /v1/{portal}/reporting/entity/table", none, nil, (*Server).entity),
	}}
	return api.Serve(s.t)
}

// errRefused is an answer of another status than 200 to a request that the documentation allows.
type errRefused struct {
	status int
	text   string
}

func (e *errRefused) Error() string { return e.text }

// serve checks what all requests have in common, and answers.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, answer func(*Server, *http.Request) (any, error)) {
	for _, other := range s.Others {
		if r.Header.Get("X-Eflow-Api-Key") == other.Key {
			other.serve(w, r, answer)
			return
		}
	}
	if strings.Contains(r.URL.Path, "/reporting/") {
		if s.reporting.Add(1) > 10 {
			s.t.Errorf("more than ten reporting requests at a time")
		}
		defer s.reporting.Add(-1)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	result, err := s.answer(r, answer)
	w.Header().Set("Content-Type", "application/json")
	var refused *errRefused
	switch {
	case errors.As(err, &refused):
		w.WriteHeader(refused.status)
		result = Row{"error": refused.text}
	case err != nil:
		s.t.Errorf("not in Everflow's documentation: %s %s: %v", r.Method, r.URL, err)
		w.WriteHeader(http.StatusBadRequest)
		result = Row{"error": err.Error()}
	}
	_ = json.NewEncoder(w).Encode(result) // the client may be gone
}

func (s *Server) answer(r *http.Request, answer func(*Server, *http.Request) (any, error)) (any, error) {
	switch portal := strings.Split(r.URL.Path, "/")[2]; {
	case r.Header.Get("X-Eflow-Api-Key") == "":
		return nil, errors.New("no header X-Eflow-API-Key")
	case r.Header.Get("X-Eflow-Api-Key") != s.Key:
		return nil, &errRefused{http.StatusUnauthorized, "No Authentication Method Found"}
	case portal != "meta" && (portal == "affiliates") != s.Affiliate:
		return nil, &errRefused{http.StatusForbidden, "Out of realm"}
	case s.Denied != "" && strings.Contains(r.URL.Path, s.Denied):
		return nil, &errRefused{http.StatusForbidden, "You do not have access to this resource"}
	}
	return answer(s, r)
}

// decode reads a body strictly.
func decode(r *http.Request, into any) error {
	if r.Header.Get("Content-Type") != "application/json" {
		return fmt.Errorf("Content-Type is not application/json")
	}
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("body: %v", err)
	}
	return nil
}
