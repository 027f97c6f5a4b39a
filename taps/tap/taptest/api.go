package taptest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/rest"
)

// An API is a strict server for the tests of a tap. A request that no route allows fails the test. It lives in memory: give
// [API.Dial] to the run, and URL as base_url. So it runs under testing/synctest, whose clock stands still while
// something happens; [API.Listen] is for binaries. Fields are set before the first request.
type API struct {
	Routes []Route
	// Limits are counted by the clock, in every span of a rate's length. What is over a limit gets status 429 without a header.
	Limits []rest.Rate

	t      testing.TB
	mux    *http.ServeMux
	mu     sync.Mutex
	calls  []Call
	late   int // requests over a limit
	faults map[int]Fault
	stopAt int // the request that stop is called for, and no answer given
	stop   context.CancelFunc
}

// A Route is what a documentation allows.
type Route struct {
	Pattern  string            // of http.ServeMux: "GET /orders/{id}/{$}"
	Query    map[string]string // the parameters allowed, each with a regular expression for the whole value
	Required []string          // of Query
	Repeated []string          // of Query: may come more than once
	Header   map[string]string // headers that must be there, with an expression too
	Serve    http.HandlerFunc
}

// A Call is a request that came.
type Call struct {
	Path   string
	Query  url.Values
	Header http.Header
	Body   []byte
	At     time.Time
}

// A Fault spoils one answer. answer gives the right one.
type Fault func(w http.ResponseWriter, r *http.Request, answer http.Handler)

// URL is the address of every API in memory.
const URL = "http://api.test"

// Serve makes the API ready for the test t.
func (a *API) Serve(t testing.TB) *API {
	a.t, a.mux, a.faults = t, http.NewServeMux(), map[int]Fault{}
	for _, route := range a.Routes {
		a.mux.HandleFunc(route.Pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := route.check(r); err != nil {
				a.refuse(w, r, err)
				return
			}
			route.Serve(w, r)
		})
	}
	return a
}

// check compares a request with what the route allows.
func (route *Route) check(r *http.Request) error {
	for name, values := range r.URL.Query() {
		expression, ok := route.Query[name]
		switch {
		case !ok:
			return fmt.Errorf("unknown parameter %s", name)
		case len(values) > 1 && !slices.Contains(route.Repeated, name):
			return fmt.Errorf("parameter %s comes %d times", name, len(values))
		}
		for _, value := range values {
			if !regexp.MustCompile(`^(?:` + expression + `)$`).MatchString(value) {
				return fmt.Errorf("parameter %s is %q", name, value)
			}
		}
	}
	for _, name := range route.Required {
		if !r.URL.Query().Has(name) {
			return fmt.Errorf("no parameter %s", name)
		}
	}
	for name, expression := range route.Header {
		if !regexp.MustCompile(`^(?:` + expression + `)$`).MatchString(r.Header.Get(name)) {
			return fmt.Errorf("header %s is %q", name, r.Header.Get(name))
		}
	}
	return nil
}

// refuse fails the test.
func (a *API) refuse(w http.ResponseWriter, r *http.Request, err error) {
	a.t.Errorf("%s %s: %v", r.Method, r.URL, err)
	http.Error(w, err.Error(), http.StatusTeapot)
}

// ServeHTTP counts and checks a request, and answers it.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client is gone
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	call := Call{Path: r.URL.EscapedPath(), Query: r.URL.Query(), Header: r.Header.Clone(), Body: body, At: time.Now()}
	a.mu.Lock()
	over := a.over(call.At)
	if over {
		a.late++
	}
	a.calls = append(a.calls, call)
	number := len(a.calls)
	fault, stopped := a.faults[number], number == a.stopAt
	a.mu.Unlock()
	switch {
	case stopped:
		a.stop()
		<-r.Context().Done()
	case over:
		w.WriteHeader(http.StatusTooManyRequests)
	case fault != nil:
		fault(w, r, http.HandlerFunc(a.answer))
	default:
		a.answer(w, r)
	}
}

func (a *API) answer(w http.ResponseWriter, r *http.Request) {
	if _, pattern := a.mux.Handler(r); pattern == "" {
		a.refuse(w, r, fmt.Errorf("no such path, or not with this method"))
		return
	}
	a.mux.ServeHTTP(w, r)
}

// over tells whether a request now is more than a limit allows.
func (a *API) over(now time.Time) bool {
	return slices.ContainsFunc(a.Limits, func(limit rest.Rate) bool {
		return len(a.calls) >= limit.Requests && now.Sub(a.calls[len(a.calls)-limit.Requests].At) < limit.Per
	})
}

// Calls are the requests so far.
func (a *API) Calls() []Call {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.calls)
}

// Over is how many requests were over a limit.
func (a *API) Over() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.late
}

// Fail spoils the answer to the request of that number, from 1.
func (a *API) Fail(number int, fault Fault) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.faults[number] = fault
}

// Status is an answer of that status with headers ("Retry-After: 3") and a body.
func Status(status int, body string, headers ...string) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		for _, header := range headers {
			name, value, _ := bytes.Cut([]byte(header), []byte(": "))
			w.Header().Set(string(name), string(value))
		}
		if w.Header().Get("Content-Type") == "" {
			w.Header().Set("Content-Type", "application/json")
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// WebPage is an answer for people.
func WebPage(status int) Fault {
	return Status(status, "<!doctype html><title>Please log in</title>", "Content-Type: text/html; charset=utf-8")
}

// Cut breaks the right answer off after so many bytes of its body; 0 closes the connection without a word.
func Cut(size int) Fault {
	return func(w http.ResponseWriter, r *http.Request, answer http.Handler) {
		if size == 0 {
			panic(http.ErrAbortHandler)
		}
		whole := httptest.NewRecorder()
		answer.ServeHTTP(whole, r)
		maps.Copy(w.Header(), whole.Header())
		w.Header().Set("Content-Length", fmt.Sprint(whole.Body.Len()))
		w.WriteHeader(whole.Code)
		w.Write(whole.Body.Bytes()[:min(size, whole.Body.Len()-1)])
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// Slow waits before the right answer.
func Slow(wait time.Duration) Fault {
	return func(w http.ResponseWriter, r *http.Request, answer http.Handler) {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
			answer.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	}
}

// Trickle sends the right answer at so many bytes a second.
func Trickle(perSecond int) Fault {
	return func(w http.ResponseWriter, r *http.Request, answer http.Handler) {
		whole := httptest.NewRecorder()
		answer.ServeHTTP(whole, r)
		maps.Copy(w.Header(), whole.Header())
		w.WriteHeader(whole.Code)
		tick := time.NewTicker(time.Second / 10)
		defer tick.Stop()
		for whole.Body.Len() > 0 {
			select {
			case <-tick.C:
				w.Write(whole.Body.Next(perSecond/10 + 1))
				http.NewResponseController(w).Flush()
			case <-r.Context().Done():
				return
			}
		}
	}
}

// Dial gives connections to the API, whatever the address. The API ends with the test.
func (a *API) Dial() tap.Dial {
	listener := &pipes{connections: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: a, ErrorLog: nil}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(listener) // it ends when the server is closed
	}()
	a.t.Cleanup(func() {
		server.Close()
		<-ended
	})
	return listener.dial
}

// Listen serves binaries at an address of this machine, until the test ends.
func (a *API) Listen() (url string) {
	server := httptest.NewServer(a)
	a.t.Cleanup(server.Close)
	return server.URL
}

// pipes is a listener in memory.
type pipes struct {
	connections chan net.Conn
	closed      chan struct{}
	once        sync.Once
}

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.connections <- theirs:
		return ours, nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept waits for the next connection.
func (p *pipes) Accept() (net.Conn, error) {
	select {
	case connection := <-p.connections:
		return connection, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

// Addr is the address in memory.
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "api.test", Net: "memory"} }

// ResumeRequests stops a run at every one of its requests, goes on in a new run from the last state, and compares the union with
// an undisturbed run. serve makes the API anew for each.
func ResumeRequests[C any](t testing.TB, program tap.Tap[C], in Input, serve func() *API, promise Promise) {
	t.Helper()
	in.EveryCheckpoint = true
	api := serve()
	in.Dial = api.Dial()
	whole := Sync(t, program, in)
	requests := len(api.Calls())
	for number := 1; number <= requests; number++ {
		api := serve()
		ctx, cancel := context.WithCancel(t.Context())
		api.stopAt, api.stop = number, cancel
		stopped := in
		stopped.Dial, stopped.Context = api.Dial(), ctx
		out := Run(t, program, stopped)
		cancel()
		if out.Code == 0 && number < requests { // the last answer may come before the stop
			t.Errorf("request %d: the run was not stopped", number)
		}
		covered, state := Covered(out.Messages)
		again := in
		again.Dial = api.Dial()
		if state != nil {
			again.State = state
		}
		if err := SameRows(whole, slices.Concat(covered, Sync(t, program, again)), promise); err != nil {
			t.Errorf("stopped at request %d: %v", number, err)
		}
	}
	if requests < 2 {
		t.Errorf("%d requests: nothing was stopped in the middle", requests)
	}
}
