// Package exampletest is a strict server of Example's API, for tests: it refuses what the documentation does not allow.
package exampletest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/signalroom/signalroom/taps/tap/rest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// Key is the one that the server takes.
const Key = "example-key"

// Order is an order of the server.
type Order struct {
	ID        int         `json:"id"`
	Status    string      `json:"status"`
	Total     json.Number `json:"total"`
	Customer  any         `json:"customer"`
	UpdatedAt time.Time   `json:"updated_at"`
}

// A Data is what the server holds. A test may change it between two requests.
type Data struct {
	mu     sync.Mutex
	orders []Order
	plans  []string
}

// Put adds an order, or changes the one with its id.
func (d *Data) Put(o Order) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.orders = slices.DeleteFunc(d.orders, func(old Order) bool { return old.ID == o.ID })
	d.orders = append(d.orders, o)
}

// SetPlans replaces the plans.
func (d *Data) SetPlans(codes ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.plans = codes
}

// API is the server as its documentation says it; the caller begins to serve.
func (d *Data) API() *taptest.API {
	key := map[string]string{"Authorization": "Bearer " + Key, "Accept": "application/json"}
	instant := `[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z`
	return &taptest.API{
		Limits: []rest.Rate{{Requests: 120, Per: time.Minute}},
		Routes: []taptest.Route{
			{Pattern: "GET /me", Header: key, Serve: func(w http.ResponseWriter, _ *http.Request) { answer(w, map[string]any{}) }},
			{Pattern: "GET /orders", Header: key, Required: []string{"updated_from", "updated_before"}, Serve: d.serveOrders,
				Query: map[string]string{"updated_from": instant, "updated_before": instant, "page": "[1-9][0-9]*", "per_page": "[1-9][0-9]?|100"}},
			{Pattern: "GET /plans", Header: key, Serve: d.servePlans, Query: map[string]string{"cursor": "[0-9]+"}},
		},
	}
}

func (d *Data) serveOrders(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	query := r.URL.Query()
	from, err1 := time.Parse(time.RFC3339, query.Get("updated_from"))
	before, err2 := time.Parse(time.RFC3339, query.Get("updated_before"))
	if err1 != nil || err2 != nil {
		http.Error(w, `{"message":"no such time"}`, http.StatusBadRequest)
		return
	}
	found := []Order{}
	for _, o := range d.orders {
		if !o.UpdatedAt.Before(from) && o.UpdatedAt.Before(before) {
			found = append(found, o)
		}
	}
	page, size := number(query.Get("page"), 1), number(query.Get("per_page"), 30)
	first := min((page-1)*size, len(found))
	answer(w, map[string]any{"orders": found[first:min(first+size, len(found))], "page": page})
}

// servePlans gives two plans at once.
func (d *Data) servePlans(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	first := min(number(r.URL.Query().Get("cursor"), 0), len(d.plans))
	last := min(first+2, len(d.plans))
	plans := []map[string]string{}
	for _, code := range d.plans[first:last] {
		plans = append(plans, map[string]string{"code": code, "name": "Plan " + code})
	}
	var next any
	if last < len(d.plans) {
		next = strconv.Itoa(last)
	}
	answer(w, map[string]any{"plans": plans, "next_cursor": next})
}

func number(text string, without int) int {
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	return without
}

func answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body) // the client is gone
}
