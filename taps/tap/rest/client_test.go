package rest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

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

// TestHTTP is the client for a library that makes its own requests, and sees whole answers alone.
func TestHTTP(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := (&taptest.API{Routes: []taptest.Route{
			{Pattern: "POST /a", Header: map[string]string{"Authorization": "Bearer k", "User-Agent": "tap-toy/.*"}, Serve: func(w http.ResponseWriter, r *http.Request) {
				io.Copy(w, r.Body)
			}},
			{Pattern: "GET /gone", Serve: func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no", http.StatusGone) }},
			{Pattern: "GET /endless", Serve: func(w http.ResponseWriter, r *http.Request) {
				for some := make([]byte, 1<<20); ; {
					if _, err := w.Write(some); err != nil {
						return
					}
				}
			}},
		}}).Serve(t)
		api.Fail(1, taptest.Status(503, ""))
		api.Fail(2, taptest.Status(429, "", "Retry-After: 5"))
		api.Fail(3, taptest.Cut(2))
		api.Fail(4, taptest.Status(200, `{"half":`, "Content-Type: application/json"))
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
			_, err = library.Get(taptest.URL + "/endless")
			require.ErrorContains(t, err, "/endless: the answer is larger than 65536 KiB")
			return nil
		}
		out := taptest.Run(t, toy{read: read}.tap(), input(api, map[string]any{"key": "k"}))
		require.Equal(t, 0, out.Code, out.Stderr)
		require.Len(t, api.Calls(), 7)
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
