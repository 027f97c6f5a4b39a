package rest_test

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/rest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

func TestList(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := (&taptest.API{Routes: []taptest.Route{listing(250)}}).Serve(t)
		messages := taptest.Sync(t, toy{list: byOffset}.tap(), input(api, nil))
		require.Len(t, taptest.Records(messages, "orders"), 250)
		require.Len(t, api.Calls(), 4)
	})
}

// TestHold sends nothing for as long as an answer says that no request is left, and so is never refused.
func TestHold(t *testing.T) {
	t.Parallel()
	limits := []rest.Rate{{Requests: 3, Per: time.Hour}}
	synctest.Test(t, func(t *testing.T) {
		route := listing(10 * 5)
		serve, left := route.Serve, 0
		route.Serve = func(w http.ResponseWriter, r *http.Request) {
			left = (left + 2) % 3
			w.Header().Set("X-Left", strconv.Itoa(left))
			serve(w, r)
		}
		api := (&taptest.API{Routes: []taptest.Route{route}, Limits: limits}).Serve(t)
		list := byOffset
		list.Pager = offset(5)
		began := time.Now()
		hold := func(header http.Header) time.Duration {
			if header.Get("X-Left") == "0" {
				return time.Hour
			}
			return 0
		}
		messages := taptest.Sync(t, toy{list: list, api: rest.API{Hold: hold, MaxWait: time.Hour}}.tap(), input(api, nil))
		require.Len(t, taptest.Records(messages, "orders"), 50)
		require.Zero(t, api.Over())
		require.Equal(t, 3*time.Hour, time.Since(began).Round(time.Minute))
	})
}

// TestPace uses at least 95 % of what is permitted, and no more than that, with a server that answers at once.
func TestPace(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		limits    []rest.Rate
		within    time.Duration
		permitted int // in that time
	}{
		"one limit":      {[]rest.Rate{{Requests: 20, Per: time.Minute}}, time.Hour, 1200},
		"two limits":     {[]rest.Rate{{Requests: 20, Per: time.Minute}, {Requests: 150, Per: 10 * time.Minute}}, 10 * time.Minute, 150},
		"one each time":  {[]rest.Rate{{Requests: 1, Per: 6 * time.Second}}, time.Hour, 600},
		"a short window": {[]rest.Rate{{Requests: 10, Per: time.Second}, {Requests: 100, Per: 30 * time.Second}}, 10 * time.Minute, 2000},
	} {
		synctest.Test(t, func(t *testing.T) {
			rows := 2 * test.permitted
			api := (&taptest.API{Routes: []taptest.Route{listing(rows)}, Limits: test.limits}).Serve(t)
			began := time.Now()
			messages := taptest.Sync(t, toy{list: list(1), api: rest.API{Limits: rest.Limits{Rates: test.limits}}}.tap(), input(api, nil))
			require.Len(t, taptest.Records(messages, "orders"), rows)
			require.Zero(t, api.Over(), name)
			used := 0
			for _, call := range api.Calls() {
				if call.At.Sub(began) < test.within {
					used++
				}
			}
			require.GreaterOrEqual(t, used, test.permitted*95/100, name)
			t.Logf("%s: %.1f %% of %d", name, 100*float64(used)/float64(test.permitted), test.permitted)
		})
	}
}

// TestRedirect asks where a file lies: within the host too nobody goes there with credentials, and the file is asked for without.
func TestRedirect(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := (&taptest.API{Routes: []taptest.Route{
			{Pattern: "GET /export/{$}", Header: map[string]string{"Authorization": "Bearer k"}, Serve: func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "/file?signature=s", http.StatusFound)
			}},
			{Pattern: "GET /file", Query: map[string]string{"signature": "s"}, Header: map[string]string{"Authorization": ""}, Serve: func(w http.ResponseWriter, r *http.Request) {
				io.WriteString(w, orders(1, 1)+"\n"+orders(2, 1)+"\n")
			}},
		}}).Serve(t)
		read := func(ctx context.Context, client *rest.Client, out *tap.Output) error {
			address, err := client.Redirect(ctx, &rest.Request{Path: "export/"})
			if err != nil {
				return err
			}
			for row, err := range client.Rows(ctx, rest.List{Request: rest.Request{Elsewhere: address}, Lines: true}) {
				if err != nil {
					return err
				}
				if err := out.Record(row); err != nil {
					return err
				}
			}
			return nil
		}
		messages := taptest.Sync(t, toy{read: read}.tap(), input(api, map[string]any{"key": "k"}))
		require.Len(t, taptest.Records(messages, "orders"), 2)
	})
}
