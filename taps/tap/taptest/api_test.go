package taptest

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap/rest"
)

func apiRoutes() []Route {
	return []Route{{Pattern: "GET /orders/{$}", Query: map[string]string{"limit": "[0-9]+", "page": "[1-9]"}, Required: []string{"limit"},
		Header: map[string]string{"Authorization": "Bearer .+"}, Serve: func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "twelve bytes") }}}
}

// ask sends one request to an API in memory, and gives what came of it.
func ask(t testing.TB, api *API, method, path, key string) (status int, body string, err error) {
	transport := &http.Transport{DialContext: api.Dial()}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(t.Context(), method, URL+path, http.NoBody)
	require.NoError(t, err)
	request.Header.Set("Authorization", key)
	response, err := transport.RoundTrip(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), err
}

// TestAPIRefuses fails a test whose tap asks for what no route allows.
func TestAPIRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		method, path, key string
		fails             bool
	}{
		"right":             {"GET", "/orders/?limit=5", "Bearer k", false},
		"another path":      {"GET", "/order/?limit=5", "Bearer k", true},
		"another method":    {"POST", "/orders/?limit=5", "Bearer k", true},
		"no key":            {"GET", "/orders/?limit=5", "", true},
		"unknown parameter": {"GET", "/orders/?limit=5&sort=x", "Bearer k", true},
		"wrong parameter":   {"GET", "/orders/?limit=5&page=0", "Bearer k", true},
		"twice":             {"GET", "/orders/?limit=5&limit=6", "Bearer k", true},
		"none required":     {"GET", "/orders/", "Bearer k", true},
	} {
		recorder := &recorder{TB: t}
		api := (&API{Routes: apiRoutes()}).Serve(recorder)
		status, body, err := ask(t, api, test.method, test.path, test.key)
		require.NoError(t, err)
		require.Equal(t, test.fails, recorder.failed, name)
		require.Equal(t, test.fails, status == http.StatusTeapot)
		require.Equal(t, test.fails, body != "twelve bytes")
	}
}

// TestAPICounts refuses what is over a limit in any span of its length, by the clock of the test.
func TestAPICounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := (&API{Routes: apiRoutes(), Limits: []rest.Rate{{Requests: 2, Per: time.Minute}}}).Serve(t)
		for after, want := range []int{200, 200, 429, 429} {
			status, _, err := ask(t, api, "GET", "/orders/?limit=1", "Bearer k")
			require.NoError(t, err)
			require.Equal(t, want, status, after)
			<-time.After(10 * time.Second)
		}
		require.Equal(t, 2, api.Over())
		<-time.After(time.Minute)
		status, _, err := ask(t, api, "GET", "/orders/?limit=1", "Bearer k")
		require.NoError(t, err)
		require.Equal(t, 200, status)
	})
}

func TestAPIMisbehaves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := (&API{Routes: apiRoutes()}).Serve(t)
		for number, fault := range []Fault{Status(503, "x", "Retry-After: 3"), WebPage(200), Cut(5), Cut(0), Slow(time.Minute)} {
			api.Fail(number+1, fault)
		}
		get := func() (int, string, error) { return ask(t, api, "GET", "/orders/?limit=1", "Bearer k") }
		status, body, err := get()
		require.NoError(t, err)
		require.Equal(t, 503, status)
		require.Equal(t, "x", body)
		_, body, err = get()
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(body, "<!doctype"))
		_, body, err = get()
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		require.Equal(t, "twelv", body)
		_, _, err = get()
		require.Error(t, err)
		began := time.Now()
		_, body, err = get()
		require.NoError(t, err)
		require.Equal(t, "twelve bytes", body)
		require.Equal(t, time.Minute, time.Since(began))
	})
}
