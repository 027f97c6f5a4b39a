package rest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"iter"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/rest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// calling runs f as the Read of a stream, against routes.
func calling(t *testing.T, routes []taptest.Route, more map[string]any, f func(ctx context.Context, client *rest.Client) error) (*taptest.Output, *taptest.API) {
	t.Helper()
	api := (&taptest.API{Routes: routes}).Serve(t)
	read := func(ctx context.Context, client *rest.Client, _ *tap.Output) error { return f(ctx, client) }
	return taptest.Run(t, toy{read: read}.tap(), input(api, more)), api
}

func answer(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, text) }
}

func TestBaseURL(t *testing.T) {
	t.Parallel()
	for base, path := range map[string]string{
		"http://api.test": "/me/", "http://api.test/": "/me/", " http://api.test/sub/path ": "/sub/path/me/", "http://api.test/sub/path//": "/sub/path/me/",
		"http://api.test/index.php": "/index.php/me/",
	} {
		synctest.Test(t, func(t *testing.T) {
			out, api := calling(t, []taptest.Route{{Pattern: "GET " + path + "{$}", Serve: answer("{}")}}, map[string]any{"base_url": base},
				func(ctx context.Context, client *rest.Client) error {
					return client.JSON(ctx, &rest.Request{Path: "/me/"}, new(struct{}))
				})
			require.Equal(t, 0, out.Code, out.Stderr)
			require.Len(t, api.Calls(), 1)
		})
	}
	for _, base := range []string{"api.test", "ftp://api.test", "https://", "https://user:pw@api.test", "https://api.test?x=1", "https://api.test#x", "https://[::bad"} {
		out := taptest.Run(t, toy{}.tap(), taptest.Input{Config: map[string]any{"base_url": base}})
		require.Equal(t, 2, out.Code, base)
		require.Contains(t, out.Stderr, "base_url")
		require.Contains(t, out.Stderr, "such as https://example.com")
	}
	out := taptest.Run(t, toy{list: byOffset}.tap(), taptest.Input{Config: map[string]any{"base_url": "http://api.test", "key": "k", "max_retries": 0},
		Dial: func(context.Context, string, string) (net.Conn, error) { return nil, fmt.Errorf("no") }})
	require.Contains(t, out.Stderr, "the credentials travel unprotected")
}

func TestJSON(t *testing.T) {
	t.Parallel()
	route := func(text string) []taptest.Route {
		return []taptest.Route{{Pattern: "POST /me/{$}", Header: map[string]string{"Content-Type": "application/json"}, Serve: answer(text)}}
	}
	for text, test := range map[string]struct {
		code int
		says string
	}{
		`{"id":12345678901234567890,"more":1}`: {0, ""},
		`{"id":"secret value"}`:                {3, "me/: the answer is not of the expected form: id cannot be a string"},
		`{"id":1`:                              {4, "6 tries: POST me/: the answer is not JSON"},
		`<html>`:                               {2, "the answer is a web page"},
	} {
		synctest.Test(t, func(t *testing.T) {
			out, api := calling(t, route(text), nil, func(ctx context.Context, client *rest.Client) error {
				var me struct {
					ID uint64 `json:"id"`
				}
				err := client.JSON(ctx, &rest.Request{Path: "me/", Body: map[string]int{"a": 1}}, &me)
				require.True(t, err != nil || me.ID == 12345678901234567890)
				return err
			})
			require.Equal(t, test.code, out.Code, out.Stderr)
			require.Contains(t, out.Stderr, test.says)
			require.NotContains(t, out.Stderr, "secret")
			require.JSONEq(t, `{"a":1}`, string(api.Calls()[0].Body))
		})
	}
}

// TestRedirects follows a GET within the host, with credentials, and nothing else.
func TestRedirects(t *testing.T) {
	t.Parallel()
	to := func(location string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, location, http.StatusFound) }
	}
	key := map[string]string{"Authorization": "Bearer k"}
	routes := []taptest.Route{
		{Pattern: "GET /old/{$}", Header: key, Serve: to("/new/")},
		{Pattern: "GET /new/{$}", Header: key, Serve: answer("{}")},
		{Pattern: "POST /old/{$}", Header: key, Serve: to("/new/")},
		{Pattern: "GET /loop/{$}", Header: key, Serve: to("/loop/")},
		{Pattern: "GET /file/{$}", Header: key, Serve: to("http://files.test/part?signature=s3cr3t")},
		{Pattern: "GET files.test/part", Query: map[string]string{"signature": "s3cr3t"}, Header: map[string]string{"Authorization": ""}, Serve: answer("1\n2\n")},
	}
	for request, code := range map[*rest.Request]int{{Path: "old/"}: 0, {Path: "old/", Body: 1}: 2, {Path: "loop/"}: 2} {
		synctest.Test(t, func(t *testing.T) {
			out, _ := calling(t, routes, map[string]any{"key": "k"}, func(ctx context.Context, client *rest.Client) error {
				return client.JSON(ctx, request, new(struct{}))
			})
			require.Equal(t, code, out.Code, out.Stderr)
		})
	}
	synctest.Test(t, func(t *testing.T) {
		out, _ := calling(t, routes, map[string]any{"key": "k"}, func(ctx context.Context, client *rest.Client) error {
			file, err := client.Redirect(ctx, &rest.Request{Path: "file/"})
			require.NoError(t, err)
			n := 0
			for _, err := range client.Rows(ctx, rest.List{Request: rest.Request{Elsewhere: file}, Lines: true}) {
				require.NoError(t, err)
				n++
			}
			require.Equal(t, 2, n)
			_, err = client.Redirect(ctx, &rest.Request{Path: "new/"})
			return err
		})
		require.Equal(t, 3, out.Code)
		require.Contains(t, out.Stderr, "new/: the answer is no redirect")
		require.NotContains(t, out.Stderr, "s3cr3t")
	})
	out, _ := calling(t, nil, map[string]any{"base_url": "https://api.test"}, func(ctx context.Context, client *rest.Client) error {
		return client.JSON(ctx, &rest.Request{Elsewhere: "http://files.test/part?signature=s3cr3t"}, new(struct{}))
	})
	require.Equal(t, 3, out.Code)
	require.Contains(t, out.Stderr, "file: its address is not one of https")
	require.NotContains(t, out.Stderr, "s3cr3t")
}

// TestLimits has families with limits of their own, within the pace that the user set for all.
func TestLimits(t *testing.T) {
	t.Parallel()
	minute := func(n int) rest.Limits {
		return rest.Limits{Rates: []rest.Rate{{Requests: n, Per: time.Minute}}}
	}
	count := func(t *testing.T, api *taptest.API, path string, began time.Time) (n int) {
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
			a, b := count(t, api, "/a/", began), count(t, api, "/b/", began)
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

func TestGzip(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		routes := []taptest.Route{{Pattern: "GET /rows/{$}", Header: map[string]string{"Accept-Encoding": "gzip"}, Serve: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			packed := gzip.NewWriter(w)
			fmt.Fprintf(packed, "[%s]", orders(1, 5000))
			packed.Close()
		}}}
		out, _ := calling(t, routes, nil, func(ctx context.Context, client *rest.Client) error {
			n := 0
			for _, err := range client.Rows(ctx, rest.List{Request: rest.Request{Path: "rows/"}}) {
				require.NoError(t, err)
				n++
			}
			require.Equal(t, 5000, n)
			return nil
		})
		require.Equal(t, 0, out.Code, out.Stderr)
	})
}

// TestProxy goes through the proxy that the environment names, with CONNECT for https.
func TestProxy(t *testing.T) {
	t.Parallel()
	for base, first := range map[string]string{"https://api.test": "CONNECT api.test:443 HTTP/1.1", "http://api.test": "GET http://api.test/orders/", "http://no.test": ""} {
		var said bytes.Buffer
		in := taptest.Input{Config: map[string]any{"base_url": base, "max_retries": 0},
			Env: map[string]string{"HTTPS_PROXY": "http://proxy.test:3128", "http_proxy": "http://proxy.test:3128", "NO_PROXY": "no.test"},
			Dial: func(_ context.Context, _, address string) (net.Conn, error) {
				if first == "" {
					require.Equal(t, "no.test:80", address)
					return nil, fmt.Errorf("that is enough")
				}
				require.Equal(t, "proxy.test:3128", address)
				ours, theirs := net.Pipe()
				go func() {
					buffer := make([]byte, 4096)
					n, _ := theirs.Read(buffer)
					said.Write(buffer[:n])
					io.WriteString(theirs, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
					theirs.Close()
				}()
				return ours, nil
			}}
		out := taptest.Run(t, toy{list: byOffset}.tap(), in)
		require.NotZero(t, out.Code)
		require.True(t, strings.HasPrefix(said.String(), first), said.String())
	}
}

// TestHTTP is the client for a library that makes its own requests.
func TestHTTP(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := (&taptest.API{Routes: []taptest.Route{
			{Pattern: "POST /a", Header: map[string]string{"Authorization": "Bearer k", "User-Agent": "tap-toy/.*"}, Serve: func(w http.ResponseWriter, r *http.Request) {
				io.Copy(w, r.Body)
			}},
			{Pattern: "GET /gone", Serve: func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no", http.StatusGone) }},
		}}).Serve(t)
		api.Fail(1, taptest.Status(503, ""))
		api.Fail(2, taptest.Status(429, "", "Retry-After: 5"))
		read := func(ctx context.Context, client *rest.Client, _ *tap.Output) error {
			library := client.HTTP()
			response, err := library.Post(taptest.URL+"/a", "text/plain", strings.NewReader("body"))
			require.NoError(t, err)
			text, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			require.Equal(t, "body", string(text))
			response, err = library.Get(taptest.URL + "/gone")
			require.NoError(t, err)
			require.Equal(t, http.StatusGone, response.StatusCode)
			text, err = io.ReadAll(response.Body)
			require.NoError(t, err)
			require.Equal(t, "no\n", string(text))
			require.NoError(t, response.Body.Close())
			return nil
		}
		out := taptest.Run(t, toy{read: read}.tap(), input(api, map[string]any{"key": "k"}))
		require.Equal(t, 0, out.Code, out.Stderr)
		require.Len(t, api.Calls(), 4)
	})
}

// TestChildren keeps the order of the parents, reads a few at a time, and leaves nothing behind when it is left.
func TestChildren(t *testing.T) {
	t.Parallel()
	parents := []int{1, 2, 3, 4, 5, 6, 7}
	var now, most atomic.Int32
	read := func(ctx context.Context, parent int) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			for i := range parent {
				select {
				case <-time.After(time.Second):
				case <-ctx.Done():
					yield(0, ctx.Err())
					return
				}
				if parent == 6 && i == 2 {
					yield(0, io.ErrUnexpectedEOF)
					return
				}
				if !yield(parent*10+i, nil) {
					return
				}
			}
		}
	}
	synctest.Test(t, func(t *testing.T) {
		var got []int
		var failed error
		for parent, values := range rest.Children(t.Context(), 3, parents, read) {
			for value, err := range values {
				if failed = err; err != nil {
					break
				}
				require.Equal(t, parent, value/10)
				got = append(got, value)
			}
			if failed != nil {
				break
			}
		}
		require.Equal(t, []int{10, 20, 21, 30, 31, 32, 40, 41, 42, 43, 50, 51, 52, 53, 54, 60, 61}, got)
		require.ErrorIs(t, failed, io.ErrUnexpectedEOF)
		require.EqualValues(t, 3, most.Load())
		require.Zero(t, now.Load())

		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		for _, values := range rest.Children(ctx, 2, parents, read) {
			cancel()
			for _, err := range values {
				failed = err
			}
			require.ErrorIs(t, failed, context.Canceled, "what was cancelled does not look whole")
		}
		for range rest.Children(t.Context(), 3, parents, read) {
			continue // values that nobody wants
		}
		require.Zero(t, now.Load())
	})
}

// TestResumeAtEveryRequest stops a run at each of its requests, and goes on from the state.
func TestResumeAtEveryRequest(t *testing.T) {
	t.Parallel()
	read := func(ctx context.Context, client *rest.Client, out *tap.Output) error {
		reached := map[string]string{"id": "0"}
		if _, err := out.Bookmark(&reached); err != nil {
			return err
		}
		l := byOffset
		l.Request.Query = url.Values{"limit": {"10"}}
		l.Pager = rest.Keyset{Key: field("id"), First: reached["id"], Set: func(r *rest.Request, key string) { r.Query.Set("offset", key) }}
		for page, err := range client.Pages(ctx, l) {
			if err != nil {
				return err
			}
			for _, row := range page.Rows {
				if err := out.Record(row); err != nil {
					return err
				}
				reached["id"] = rest.Text(rest.Member(row, "id"))
			}
			if err := out.State(reached); err != nil {
				return err
			}
		}
		return nil
	}
	synctest.Test(t, func(t *testing.T) {
		taptest.ResumeRequests(t, toy{read: read}.tap(), taptest.Input{Config: map[string]any{"base_url": taptest.URL}}, func() *taptest.API {
			return (&taptest.API{Routes: []taptest.Route{listing(95)}}).Serve(t)
		}, taptest.Once)
	})
}

// TestTLS has a host whose certificate nobody here knows, and one that speaks no TLS.
func TestTLS(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(answer("{}"))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	plain := httptest.NewServer(answer("{}"))
	defer plain.Close()
	for base, says := range map[string]string{
		server.URL: "the host's certificate is not valid for 127.0.0.1",
		"https" + strings.TrimPrefix(plain.URL, "http"):  "the host speaks no TLS there: base_url should begin with http:// perhaps",
		"http" + strings.TrimPrefix(server.URL, "https"): "the host wants https: base_url should begin with https:// perhaps",
	} {
		out := taptest.Run(t, toy{list: byOffset}.tap(), taptest.Input{Config: map[string]any{"base_url": base, "max_retries": 0}})
		require.Equal(t, 2, out.Code, out.Stderr)
		require.Contains(t, out.Stderr, says)
	}
}

// BenchmarkTap is a whole tap with a local server that answers at once: 20 answers of 50,000 rows of 600 bytes.
func BenchmarkTap(b *testing.B) {
	row := `{"id":1,"total":1.5,"text":"` + strings.Repeat("abcdefgh", 70) + `"}`
	page := []byte(`{"results":[` + strings.Repeat(row+",", 49_999) + row)
	var number atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write(page)
		fmt.Fprintf(w, `,{"id":%d}],"next":null}`, number.Add(1))
	}))
	defer server.Close()
	l := byOffset
	l.Pager = rest.PagerFunc(func(r *rest.Request) func(*rest.Answered) (bool, error) {
		n := 0
		return func(*rest.Answered) (bool, error) { n++; return n < 20, nil }
	})
	for b.Loop() {
		var stderr bytes.Buffer
		code := toy{list: l}.tap().Run(b.Context(), tap.Program{Args: []string{"--base-url", server.URL}, Stdout: io.Discard, Stderr: &stderr, Dir: b.TempDir()})
		require.Zero(b, code, stderr.String())
	}
	b.ReportMetric(20*50_001*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
