package rest_test

import (
	"context"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/rest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// TestLimits has families with limits of their own, within the pace that the user set for all.
func TestLimits(t *testing.T) {
	t.Parallel()
	minute := func(n int) rest.Limits {
		return rest.Limits{Rates: []rest.Rate{{Requests: n, Per: time.Minute}}}
	}
	count := func(api *taptest.API, path string, began time.Time) (n int) {
		for _, call := range api.Calls() {
			if call.Path == path && call.At.Sub(began) < 10*time.Minute {
				n++
			}
		}
		return n
	}
	for rpm, want := range map[int][2]int{0: {200, 50}, 10: {50, 50}} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			more := map[string]any{}
			if rpm > 0 {
				more["requests_per_minute"] = rpm
			}
			routes := []taptest.Route{{Pattern: "GET /a/{$}", Serve: answer("{}")}, {Pattern: "GET /b/{$}", Serve: answer("{}")}}
			out, api := calling(t, routes, more, func(ctx context.Context, client *rest.Client) error {
				a, b := client.Within(minute(20)), client.Within(minute(5))
				done := make(chan error)
				for _, family := range []struct {
					*rest.Client
					path string
				}{{a, "a/"}, {b, "b/"}} {
					for range 4 {
						go func() {
							var err error
							for time.Since(began) < 10*time.Minute && err == nil {
								err = family.JSON(ctx, &rest.Request{Path: family.path}, new(struct{}))
							}
							done <- err
						}()
					}
				}
				for range 8 {
					require.NoError(t, <-done)
				}
				return nil
			})
			require.Equal(t, 0, out.Code, out.Stderr)
			a, b := count(api, "/a/", began), count(api, "/b/", began)
			require.GreaterOrEqual(t, a+b, (want[0]+want[1])*95/100)
			require.LessOrEqual(t, a+b, want[0]+want[1])
			require.LessOrEqual(t, a, 200)
			require.LessOrEqual(t, b, 50)
		})
	}
}

// TestHeldFamily holds one family back for an hour, and no other one, although they share the user's pace.
func TestHeldFamily(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		routes := []taptest.Route{{Pattern: "GET /a/{$}", Serve: answer("{}")}, {Pattern: "GET /b/{$}", Serve: answer("{}")}}
		out, api := calling(t, routes, map[string]any{"requests_per_minute": 10}, func(ctx context.Context, client *rest.Client) error {
			a, b := client.Within(rest.Limits{Rates: []rest.Rate{{Requests: 1, Per: time.Hour}}}), client.Within(rest.Limits{})
			done := make(chan error)
			for range 8 {
				go func() { done <- a.JSON(ctx, &rest.Request{Path: "a/"}, new(struct{})) }()
			}
			began := time.Now()
			for range 50 {
				require.NoError(t, b.JSON(ctx, &rest.Request{Path: "b/"}, new(struct{})))
			}
			require.Less(t, time.Since(began), 6*time.Minute)
			for range 8 {
				require.NoError(t, <-done)
			}
			return nil
		})
		require.Equal(t, 0, out.Code, out.Stderr)
		require.Len(t, api.Calls(), 58)
	})
}

// TestParallel lets no more requests wait for their answers than the API allows, and none wait for one that is being read.
func TestParallel(t *testing.T) {
	t.Parallel()
	var now, most atomic.Int32
	routes := []taptest.Route{{Pattern: "GET /a/{$}", Serve: func(w http.ResponseWriter, r *http.Request) {
		most.Store(max(most.Load(), now.Add(1)))
		<-time.After(time.Second)
		now.Add(-1)
		io.WriteString(w, "{}")
	}}}
	synctest.Test(t, func(t *testing.T) {
		out, _ := calling(t, routes, nil, func(ctx context.Context, client *rest.Client) error {
			client = client.Within(rest.Limits{Parallel: 3})
			began := time.Now()
			done := make(chan error)
			for range 30 {
				go func() { done <- client.JSON(ctx, &rest.Request{Path: "a/"}, new(struct{})) }()
			}
			for range 30 {
				require.NoError(t, <-done)
			}
			require.Equal(t, 10*time.Second, time.Since(began))
			return nil
		})
		require.Equal(t, 0, out.Code, out.Stderr)
		require.EqualValues(t, 3, most.Load())
	})
}

// TestHeldBack keeps all requests back when one is told to wait.
func TestHeldBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := (&taptest.API{Routes: []taptest.Route{listing(1000)}}).Serve(t)
		api.Fail(3, taptest.Status(429, "", "Retry-After: 60"))
		began := time.Now()
		read := func(ctx context.Context, client *rest.Client, _ *tap.Output) error {
			done := make(chan error)
			for range 4 {
				go func() {
					for _, err := range client.Rows(ctx, byOffset) {
						if err != nil {
							done <- err
							return
						}
					}
					done <- nil
				}()
			}
			for range 4 {
				require.NoError(t, <-done)
			}
			return nil
		}
		limits := rest.Limits{Rates: []rest.Rate{{Requests: 1, Per: time.Second}}}
		out := taptest.Run(t, toy{read: read, api: rest.API{Limits: limits}}.tap(), input(api, nil))
		require.Equal(t, 0, out.Code, out.Stderr)
		for _, call := range api.Calls()[3:] {
			require.GreaterOrEqual(t, call.At.Sub(began), 60*time.Second)
		}
	})
}
