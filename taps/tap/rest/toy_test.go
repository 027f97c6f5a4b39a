package rest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/auth"
	"github.com/signalroom/signalroom/taps/tap/rest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// toyConfig is that of a tap of one stream.
type toyConfig struct {
	tap.Settings
	tap.HTTPSettings
	Key string `json:"key" secret:"" help:"Key of the API."`
}

// order is a row.
type order struct {
	ID    int64   `json:"id" tap:"key"`
	Total float64 `json:"total"`
}

// toy reads orders with a list and an API that a test changes.
type toy struct {
	list rest.List
	api  rest.API
	read func(ctx context.Context, api *rest.Client, out *tap.Output) error // nil: the list
}

func (toy toy) tap() tap.Tap[toyConfig] {
	return tap.Tap[toyConfig]{Name: "tap-toy", Description: "Orders made up for tests", Open: func(config *toyConfig, run *tap.Run) (*tap.Source, error) {
		api := toy.api
		api.Name, api.Base = "Toy", "https://api.example/v1"
		if config.Key != "" {
			api.Auth = auth.Bearer(config.Key)
		}
		client, err := rest.New(run, &config.HTTPSettings, api)
		if err != nil {
			return nil, err
		}
		stream := tap.Typed[order](tap.Stream{Name: "orders", Disposition: protocol.Append, Read: func(ctx context.Context, out *tap.Output) error {
			if toy.read != nil {
				return toy.read(ctx, client, out)
			}
			for row, err := range client.Rows(ctx, toy.list) {
				if err != nil {
					return err
				}
				if err := out.Record(row); err != nil {
					return err
				}
			}
			return nil
		}})
		return &tap.Source{
			Streams: func(context.Context, func(string) json.RawMessage) ([]tap.Stream, error) {
				return []tap.Stream{stream}, nil
			},
			Close: client.Close,
		}, nil
	}}
}

// orders makes rows from one number on, as JSON.
func orders(first, count int) string {
	var rows []string
	for id := first; id < first+count; id++ {
		rows = append(rows, fmt.Sprintf(`{"id":%d,"total":%d.10}`, id, id))
	}
	return strings.Join(rows, ",")
}

// listing answers ?limit=&offset= over so many orders.
func listing(total int) taptest.Route {
	return taptest.Route{
		Pattern: "GET /orders/{$}", Query: map[string]string{"limit": `[1-9][0-9]?|100`, "offset": `[0-9]+`}, Required: []string{"limit"},
		Header: map[string]string{"Accept": "application/json", "User-Agent": "tap-toy/.*"},
		Serve: func(w http.ResponseWriter, r *http.Request) {
			offset, limit := intOf(r.URL.Query(), "offset"), intOf(r.URL.Query(), "limit")
			count := max(0, min(limit, total-offset))
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"count":%d,"results":[%s],"next":null}`, total, orders(offset+1, count))
		},
	}
}

func intOf(query url.Values, name string) int {
	n, _ := strconv.Atoi(query.Get(name))
	return n
}

var byOffset = rest.List{Request: rest.Request{Path: "orders/"}, Rows: []string{"results"}, Pager: offset(100)}

// offset is a pager of a kind that no tap here needs, and so by a function: limit=100&offset=200.
func offset(size int) rest.Pager {
	return rest.PagerFunc(func(r *rest.Request) func(*rest.Answered) (bool, error) {
		rows := 0
		ask := func(r *rest.Request) {
			r.Query.Set("limit", strconv.Itoa(size))
			r.Query.Set("offset", strconv.Itoa(rows))
		}
		ask(r)
		return func(a *rest.Answered) (bool, error) {
			rows += a.Rows
			ask(a.Request)
			return a.Rows > 0, nil
		}
	})
}

func input(api *taptest.API, more map[string]any) taptest.Input {
	config := map[string]any{"base_url": taptest.URL}
	for name, value := range more {
		config[name] = value
	}
	return taptest.Input{Config: config, Dial: api.Dial(), Now: time.Now}
}
