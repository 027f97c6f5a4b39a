package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/http/httpproxy"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
)

// An API is what a tap says of the one that it reads.
type API struct {
	Name   string // as its users say it: PostHog
	Base   string // its address, in whose place the setting base_url stands; a path in either is kept
	Auth   Auth   // nil: no credentials
	Limits Limits
	// MaxWait is how long one request waits at the most, all waits together, when the API asks for it; 0 is five minutes.
	// What would take longer ends the stream as a transient fault.
	MaxWait time.Duration
	// Hold reads from a good answer how long no more requests should be sent: an API that tells how many are left says so before it
	// refuses one. What is longer than MaxWait is not heeded. nil: never.
	Hold func(header http.Header) time.Duration
	// Judge refines what becomes of a failed request, by the API's own error codes: another wait, another hint, no retry. nil leaves
	// all as it is. It also sees answers of status 200 that hold no rows where rows were asked for.
	Judge func(f *Failure, v *Verdict)
}

// Auth puts credentials on a request. Package auth has those that APIs know.
type Auth interface {
	// Authorize adds the credentials. client sends what that takes: retried, outside the limits, without credentials of its own.
	Authorize(request *http.Request, client *http.Client) error
	// Refused tells that the API answered 401 to a request that Authorize had been given. It returns true when new credentials may help.
	Refused(request *http.Request) bool
}

// A Client sends the requests of one API. It is safe for parallel use. [Client.Close] it when the tap closes its source.
type Client struct {
	api    API
	root   *url.URL
	pace   *pacer
	shared *shared
}

// shared is what all clients of one API have in common.
type shared struct {
	http    *http.Client
	run     *tap.Run
	log     *slog.Logger
	agent   string
	timeout time.Duration
	retries int
	budget  *budget
	user    *window // of the setting requests_per_minute; nil without it
	mu      sync.Mutex
	quiet   string // the latest header with credentials; no log line holds them
}

// keepQuiet masks the credentials of a request, which an API may quote: what a token was exchanged for, or user and password as they are
// sent.
func (s *shared) keepQuiet(request *http.Request) {
	header := request.Header.Get("Authorization")
	s.mu.Lock()
	defer s.mu.Unlock()
	if header == s.quiet {
		return
	}
	s.quiet = header
	if _, credentials, ok := strings.Cut(header, " "); ok {
		s.run.Mask(credentials)
	}
}

// New makes the client of an API. The only error is a base_url that is no address, a Config fault.
func New(run *tap.Run, settings *tap.HTTPSettings, api API) (*Client, error) {
	base := api.Base
	if settings.BaseURL != "" {
		base = settings.BaseURL
	}
	root, err := url.Parse(strings.TrimSpace(base))
	if err != nil || root.Host == "" || root.Scheme != "http" && root.Scheme != "https" || root.User != nil || root.RawQuery != "" || root.Fragment != "" {
		problems := run.Problems()
		problems.Add("base_url", "expected an address such as https://example.com, without user, query and fragment")
		return nil, problems.Err()
	}
	if root.Scheme == "http" && api.Auth != nil && !isLocal(root.Hostname()) {
		run.Log.Warn("base_url begins with http://: the credentials travel unprotected", "host", root.Host)
	}
	if api.MaxWait == 0 {
		api.MaxWait = 5 * time.Minute
	}
	s := &shared{run: run, log: run.Log, agent: settings.UserAgent, timeout: settings.RequestTimeout, retries: settings.MaxRetries, budget: new(budget)}
	if s.agent == "" {
		s.agent = run.Name + "/" + run.Version
	}
	if s.timeout == 0 {
		s.timeout = time.Minute
	}
	if settings.RequestsPerMinute > 0 {
		s.user = newWindow(Rate{Requests: settings.RequestsPerMinute, Per: time.Minute})
	}
	proxy := proxyOf(run.Env)
	s.http = &http.Client{
		CheckRedirect: checkRedirect,
		Transport: &http.Transport{
			Proxy:               func(r *http.Request) (*url.URL, error) { return proxy(r.URL) },
			DialContext:         run.Dial,
			ForceAttemptHTTP2:   true,
			TLSHandshakeTimeout: 15 * time.Second,
			MaxIdleConnsPerHost: 16,
			IdleConnTimeout:     90 * time.Second,
			ReadBufferSize:      64 << 10,

			MaxResponseHeaderBytes: headerMost,
		},
	}
	return &Client{api: api, root: root, shared: s, pace: newPacer(&s.mu, api.Limits, s.user)}, nil
}

// Within is a client of the same API for requests that have limits of their own, as some APIs count their families of
// endpoints apart.
func (c *Client) Within(limits Limits) *Client {
	other := *c
	other.pace = newPacer(&c.shared.mu, limits, c.shared.user)
	return &other
}

// Close closes the connections that are kept open. Clients made by Within need no Close of their own.
func (c *Client) Close() error {
	c.shared.http.CloseIdleConnections()
	return nil
}

// Root is the address that paths are below of, without a slash at its end.
func (c *Client) Root() string { return strings.TrimRight(c.root.String(), "/") }

// proxyOf reads HTTP_PROXY, HTTPS_PROXY and NO_PROXY as curl does. Hosts of this machine have none.
func proxyOf(env func(string) (string, bool)) func(*url.URL) (*url.URL, error) {
	get := func(names ...string) string {
		for _, name := range names {
			if value, ok := env(name); ok && value != "" {
				return value
			}
		}
		return ""
	}
	config := httpproxy.Config{HTTPProxy: get("http_proxy"), HTTPSProxy: get("HTTPS_PROXY", "https_proxy"), NoProxy: get("NO_PROXY", "no_proxy")}
	if config.HTTPProxy == "" {
		config.HTTPProxy = get("HTTP_PROXY")
	}
	return config.ProxyFunc()
}

func isLocal(host string) bool {
	return host == "localhost" || strings.HasPrefix(host, "127.") || host == "::1"
}

// checkRedirect follows a GET within one host, where the credentials may go too; everything else is a failure.
func checkRedirect(next *http.Request, via []*http.Request) error {
	first := via[0]
	if first.Method != http.MethodGet || next.URL.Host != first.URL.Host || next.URL.Scheme != first.URL.Scheme || len(via) >= 5 {
		return http.ErrUseLastResponse
	}
	return nil
}

// A Request is one that can be sent again.
type Request struct {
	Method   string // empty: GET, or POST with a Body
	Path     string // below the API's address; a slash at its end is kept. Values in it are escaped with url.PathEscape
	Query    url.Values
	Body     any    // sent as JSON; nil: none
	Endpoint string // Path without values, for logs and metrics: projects/{project}/events/; empty: Path
	// Elsewhere is an absolute address that the API has given, of a file for example. It is asked without credentials and
	// counts in no limit; Path is ignored.
	Elsewhere string
	// Judge refines what becomes of a failure of this request alone, after that of the API; it may be nil.
	Judge func(f *Failure, v *Verdict)
}

func (r *Request) method() string {
	switch {
	case r.Method != "":
		return r.Method
	case r.Body != nil:
		return http.MethodPost
	}
	return http.MethodGet
}

func (r *Request) endpoint() string {
	switch {
	case r.Endpoint != "":
		return r.Endpoint
	case r.Elsewhere != "":
		return "file"
	}
	return r.Path
}

// clone is a copy whose query may be changed.
func (r *Request) clone() *Request {
	other := *r
	other.Query = maps.Clone(r.Query)
	if other.Query == nil {
		other.Query = url.Values{}
	}
	for name, values := range other.Query {
		other.Query[name] = slices.Clone(values)
	}
	return &other
}

// headerMost bounds the headers of an answer.
const headerMost = 1 << 20

// bodyMost bounds what JSON holds of an answer.
const bodyMost = 32 << 20

// JSON sends a request and decodes the answer, as encoding/json does. An answer that breaks off, or is no JSON, is asked for
// again. It is for small answers: 32 MiB at the most.
func (c *Client) JSON(ctx context.Context, r *Request, into any) error {
	s := c.begin(r)
	for {
		response, err := s.send(ctx)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(io.LimitReader(response.Body, bodyMost+1))
		response.Body.Close()
		failure := s.failure(response.StatusCode, response.Header, body, err)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
		case len(body) > bodyMost:
			return protocol.DataFault("", "%s: the answer is larger than %d MiB", r.endpoint(), bodyMost>>20)
		case failure.HTML:
		case !json.Valid(body):
			failure.Err = errors.New("the answer is not JSON")
		default:
			if err := json.Unmarshal(body, into); err != nil {
				return protocol.DataFault("", "%s: the answer is not of the expected form: %w", r.endpoint(), withoutValue(err))
			}
			return nil
		}
		if err := s.again(ctx, failure); err != nil {
			return err
		}
	}
}

// withoutValue keeps what a decoding error says of place and type.
func withoutValue(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return fmt.Errorf("%s cannot be a %s", wrong.Field, strings.Fields(wrong.Value)[0])
	}
	return err
}

// Redirect sends a request whose answer is meant to be a redirect, to a file perhaps, and tells where it goes.
func (c *Client) Redirect(ctx context.Context, r *Request) (location string, err error) {
	s := c.begin(r)
	s.redirect = true
	response, err := s.send(ctx)
	if err != nil {
		return "", err
	}
	response.Body.Close()
	to, err := c.root.Parse(response.Header.Get("Location"))
	if err != nil || response.Header.Get("Location") == "" {
		return "", protocol.DataFault("", "%s: the answer is no redirect", r.endpoint())
	}
	return to.String(), nil
}

// HTTP is the client as net/http has it, for a library that makes its own requests: paced, retried while the status asks for
// it or the answer breaks off, with credentials, logged. The library sees the last answer whatever its status. An answer is read whole before
// it does, so it is for small ones: 64 MiB at the most.
func (c *Client) HTTP() *http.Client {
	return &http.Client{Transport: transport{c, libraryMost}, CheckRedirect: checkRedirect}
}

// libraryMost is how much of an answer a library gets.
const libraryMost = 64 << 20

type transport struct {
	client *Client
	most   int // bytes of an answer
}

// RoundTrip sends a request of a library.
func (t transport) RoundTrip(request *http.Request) (*http.Response, error) {
	var body []byte
	if request.Body != nil {
		var err error
		if body, err = io.ReadAll(request.Body); err != nil {
			return nil, err
		}
		request.Body.Close()
	}
	s := t.client.begin(&Request{Method: request.Method, Endpoint: request.URL.Path})
	s.raw = func(ctx context.Context) (*http.Request, error) {
		again := request.Clone(ctx)
		again.Body = http.NoBody
		if len(body) > 0 {
			again.Body, again.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		}
		return again, nil
	}
	response, err := s.whole(request.Context(), t.most)
	var failed *Failure
	if err == nil || !errors.As(err, &failed) || failed.Status < 300 {
		return response, err
	}
	return &http.Response{Status: fmt.Sprintf("%d %s", failed.Status, http.StatusText(failed.Status)), StatusCode: failed.Status, Header: failed.Header,
		Body: io.NopCloser(bytes.NewReader(failed.Body)), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, ContentLength: -1, Request: request}, nil
}

// whole gives the first good answer with its body in memory. One that breaks off, or says that it is JSON and is none, is asked for again.
func (s *sending) whole(ctx context.Context, most int) (*http.Response, error) {
	for {
		response, err := s.send(ctx)
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(io.LimitReader(response.Body, int64(most)+1))
		response.Body.Close()
		switch {
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case err != nil:
		case len(body) > most:
			return nil, protocol.DataFault("leave the stream out, by the setting select", "%s: the answer is larger than %d KiB", s.request.endpoint(), most>>10)
		case strings.HasPrefix(response.Header.Get("Content-Type"), "application/json") && !json.Valid(body):
			err = errors.New("the answer is not JSON")
		default:
			response.Body = io.NopCloser(bytes.NewReader(body))
			return response, nil
		}
		if err := s.again(ctx, s.failure(response.StatusCode, response.Header, nil, err)); err != nil {
			return nil, err
		}
	}
}
