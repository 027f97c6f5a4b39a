package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
)

// A sending is one request with all its tries.
type sending struct {
	*Client
	request  *Request
	raw      func(ctx context.Context) (*http.Request, error) // of a library; nil: request is built
	redirect bool                                             // the answer wanted is a redirect
	body     []byte
	err      error         // of encoding the body
	tries    int           // that have failed
	waits    int           // that the API has asked for, which are no tries
	waited   time.Duration // in all of them
	renewed  bool          // credentials, after a 401
}

func (c *Client) begin(r *Request) *sending {
	s := &sending{Client: c, request: r}
	if r.Body != nil {
		s.body, s.err = json.Marshal(r.Body)
	}
	return s
}

// send gives the first good answer, whose body the caller closes, or the fault that ends the tries. The body breaks off with [ErrSilent] when
// no byte comes for as long as the setting request_timeout, and with errSlow when they trickle.
func (s *sending) send(ctx context.Context) (*http.Response, error) {
	for {
		response, err := s.once(ctx)
		failed, ok := err.(*Failure)
		switch {
		case errors.Is(err, errRenewed):
			continue
		case !ok:
			return response, err
		}
		if err := s.again(ctx, failed); err != nil {
			return nil, err
		}
	}
}

// ErrSilent is why a request was given up that had not had a byte for so long.
var ErrSilent = errors.New("no byte of an answer came in the time that request_timeout allows")

// errSlow is why an answer was given up that came, but never to an end.
var errSlow = errors.New("the answer comes by a few bytes at a time")

// errRenewed tells that the credentials were refused, and that there may be others now.
var errRenewed = errors.New("credentials are renewed")

// failureBody is how much of a failed answer is looked at.
const failureBody = 64 << 10

// once sends the request one time. Its error is a *Failure, unless something here is wrong or ctx is over.
func (s *sending) once(ctx context.Context) (*http.Response, error) {
	leave := func() {}
	if s.request.Elsewhere == "" {
		var err error
		if leave, err = s.pace.enter(ctx); err != nil {
			return nil, err
		}
	}
	defer leave()
	inner, cancel := context.WithCancelCause(ctx)
	request, err := s.build(inner)
	if err != nil {
		cancel(nil)
		return nil, err
	}
	timer := time.AfterFunc(s.shared.timeout, func() { cancel(ErrSilent) })
	began := time.Now()
	response, err := s.http().Do(request)
	took := time.Since(began)
	timer.Stop()
	status := 0
	if err == nil {
		status = response.StatusCode
	}
	s.shared.run.Metrics.RequestDuration(tap.StreamName(ctx), s.request.endpoint(), status, took)
	s.shared.log.Debug("request", "method", s.request.method(), "endpoint", s.request.endpoint(), "status", status, "elapsed", took.Round(time.Millisecond))
	if err != nil {
		defer cancel(nil)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if errors.Is(context.Cause(inner), ErrSilent) {
			err = ErrSilent
		}
		return nil, s.failure(0, nil, nil, withoutURL(err))
	}
	body := &body{answer: response.Body, timer: timer, timeout: s.shared.timeout, ctx: inner, cancel: cancel}
	response.Body = body
	if status == http.StatusUnauthorized && s.api.Auth != nil && s.request.Elsewhere == "" && !s.renewed && s.api.Auth.Refused(request) {
		body.Close()
		s.renewed = true
		return nil, errRenewed
	}
	wanted := status >= 200 && (status < 300 || s.redirect && status < 400)
	if wanted && (s.raw != nil || s.redirect || !strings.HasPrefix(response.Header.Get("Content-Type"), "text/html")) {
		s.shared.budget.earn()
		s.spare(ctx, response.Header)
		return response, nil
	}
	defer body.Close()
	text, _ := io.ReadAll(io.LimitReader(body, failureBody)) // what can be read of it says enough
	return nil, s.failure(status, response.Header, text, nil)
}

// spare holds the next requests back when an answer says that none is left for now. A wait that is too long for the run is left for the
// API to ask for, by a failure that says so.
func (s *sending) spare(ctx context.Context, header http.Header) {
	if s.api.Hold == nil {
		return
	}
	if wait := s.api.Hold(header); wait > 0 && wait <= s.api.MaxWait {
		s.shared.log.Info("no request is left for now", "wait", wait.Round(time.Second))
		s.pace.hold(wait)
		tap.Waits(ctx, time.Now().Add(wait))
	}
}

// http is the client that sends: one that follows no redirect when that is the answer.
func (s *sending) http() *http.Client {
	if !s.redirect {
		return s.shared.http
	}
	other := *s.shared.http
	other.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &other
}

// build makes the next try's request, with credentials.
func (s *sending) build(ctx context.Context) (*http.Request, error) {
	if to := s.request.Elsewhere; to != "" && s.root.Scheme == "https" && !strings.HasPrefix(to, "https://") {
		return nil, protocol.DataFault("report this to the makers of the API", "%s: its address is not one of https", s.request.endpoint())
	}
	request, err := s.plain(ctx)
	if err != nil {
		return nil, protocol.SystemFault("", "%s: %w", s.request.endpoint(), withoutURL(err))
	}
	if s.api.Auth == nil || s.request.Elsewhere != "" {
		return request, nil
	}
	if err := s.api.Auth.Authorize(request, s.plainHTTP()); err != nil {
		return nil, s.explain(ctx, err)
	}
	s.shared.keepQuiet(request)
	return request, nil
}

func (s *sending) plain(ctx context.Context) (*http.Request, error) {
	if s.raw != nil {
		request, err := s.raw(ctx)
		if err == nil {
			request.Header.Set("User-Agent", s.shared.agent)
		}
		return request, err
	}
	if s.err != nil {
		return nil, s.err
	}
	r := s.request
	address := s.Root() + "/" + strings.TrimLeft(r.Path, "/")
	if r.Elsewhere != "" {
		address = r.Elsewhere
	}
	request, err := http.NewRequestWithContext(ctx, r.method(), address, bytes.NewReader(s.body))
	if err != nil {
		return nil, err
	}
	if len(s.body) == 0 {
		request.Body, request.GetBody = http.NoBody, nil
	}
	if len(r.Query) > 0 {
		request.URL.RawQuery = r.Query.Encode()
	}
	request.Header.Set("User-Agent", s.shared.agent)
	request.Header.Set("Accept", "application/json")
	if s.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return request, nil
}

// plainHTTP sends the requests that get credentials. They count in no limit, as another request waits for them.
func (s *sending) plainHTTP() *http.Client {
	plain := *s.Client
	plain.api.Auth = nil
	plain.pace = newPacer(&s.shared.mu, Limits{}, nil)
	return &http.Client{Transport: transport{&plain, failureBody}, CheckRedirect: checkRedirect}
}

// failure describes what came instead of an answer.
func (s *sending) failure(status int, header http.Header, body []byte, err error) *Failure {
	text := bytes.TrimSpace(body)
	html := strings.HasPrefix(header.Get("Content-Type"), "text/html") || len(text) > 0 && text[0] == '<'
	return &Failure{Method: s.request.method(), Endpoint: s.request.endpoint(), Status: status, Header: header, HTML: html,
		Body: body[:min(len(body), failureBody)], Err: err}
}

// Waits between tries grow from the first to the longest, each by chance between a half and the whole of it.
const (
	firstWait   = 500 * time.Millisecond
	longestWait = time.Minute
)

// again waits until the request may be sent once more; its error is the fault that ends the tries.
func (s *sending) again(ctx context.Context, f *Failure) error {
	verdict := s.judge(f, time.Now())
	if s.api.Judge != nil {
		s.api.Judge(f, &verdict)
	}
	if s.request.Judge != nil {
		s.request.Judge(f, &verdict)
	}
	retries := s.shared.retries
	if verdict.Most > 0 {
		retries = min(retries, verdict.Most)
	}
	limited := f.Status == http.StatusTooManyRequests || verdict.Wait > 0
	round := &s.tries
	if limited {
		round = &s.waits
	}
	wait := min(longestWait, firstWait<<min(*round, 10))
	wait = wait/2 + rand.N(wait/2)
	*round++
	if verdict.Wait > 0 {
		// Requests that were told the same do not come back at the same instant.
		wait = verdict.Wait + rand.N(verdict.Wait/50+10*time.Millisecond)
	}
	fault := s.withStream(ctx, f, verdict.Fault)
	switch {
	case !verdict.Retry || retries == 0:
		return fault
	case limited && s.waited+wait > s.api.MaxWait:
		fault.Err = fmt.Errorf("%s asks to wait for %s, and a run waits for %s at the most: %w", s.api.Name, wait.Round(time.Second), s.api.MaxWait, f)
		return fault
	case !limited && s.tries > retries:
		fault.Err = fmt.Errorf("%d tries: %w", s.tries, fault.Err)
		return fault
	case !limited && !s.shared.budget.spend():
		fault.Err = fmt.Errorf("too many of the run's requests fail: %w", fault.Err)
		return fault
	}
	if limited {
		s.waited += wait
		s.pace.hold(wait)
		tap.Waits(ctx, time.Now().Add(wait))
	}
	s.shared.log.Warn("request is sent again", "method", f.Method, "endpoint", f.Endpoint, "status", f.Status, "reason", reason(f), "wait", wait.Round(time.Millisecond))
	return tap.Sleep(ctx, wait)
}

// reason is what a log line says of a failure beside its status.
func reason(f *Failure) string {
	if f.Err != nil {
		return shortened(f.Err.Error())
	}
	if said := f.Message(); said != "" || !f.HTML {
		return said
	}
	return "a web page"
}

// withStream makes sure that a fault names its stream where others may still go on, and that the failure is found in it.
func (s *sending) withStream(ctx context.Context, f *Failure, fault *protocol.Fault) *protocol.Fault {
	own := *fault
	if own.Kind == protocol.Config && own.Stream == "" && f.Status >= 400 && f.Status != http.StatusUnauthorized && f.Status != http.StatusProxyAuthRequired {
		own.Stream = tap.StreamName(ctx)
	}
	var found *Failure
	if !errors.As(own.Err, &found) {
		own.Err = said{own.Err, f}
	}
	return &own
}

// explain makes a fault of what kept credentials from being had.
func (s *sending) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var fault *protocol.Fault
	var failed *Failure
	if errors.As(err, &fault) || !errors.As(err, &failed) {
		return err
	}
	verdict := s.judge(failed, time.Now())
	if failed.Status == http.StatusBadRequest || failed.Status == http.StatusForbidden {
		verdict.Fault = protocol.ConfigFault("check the credentials of "+s.api.Name, "%w", failed)
	}
	if s.api.Judge != nil {
		s.api.Judge(failed, &verdict)
	}
	return s.withStream(ctx, failed, verdict.Fault)
}

// said is an error in words of its own in which the failure is found.
type said struct {
	error
	failure *Failure
}

func (s said) Unwrap() []error { return []error{s.error, s.failure} }

// A budget bounds how many tries a run adds to its requests, so that an API that is ill is not asked many times as often as a
// healthy one: a few, and a tenth of the requests that succeed.
type budget struct {
	mu     sync.Mutex
	earned int
	spent  int
}

const (
	freeRetries = 50
	perRetry    = 10
)

func (b *budget) earn() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.earned++
}

func (b *budget) spend() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.spent++
	return b.spent <= freeRetries+b.earned/perRetry
}

// An answer that has been waited for sixty times as long as it may be silent must have brought so many bytes a second.
const (
	slowAfter = 60
	slowest   = 64
)

// A body reads an answer as long as bytes come.
type body struct {
	answer  io.ReadCloser
	timer   *time.Timer
	timeout time.Duration
	ctx     context.Context
	cancel  context.CancelCauseFunc
	waited  time.Duration
	came    int64
}

// Read reads. The timer runs only while it waits, as the caller may take its time between two calls.
func (b *body) Read(p []byte) (int, error) {
	b.timer.Reset(b.timeout)
	began := time.Now()
	n, err := b.answer.Read(p)
	b.timer.Stop()
	b.waited += time.Since(began)
	b.came += int64(n)
	if err == nil && b.waited > slowAfter*b.timeout && float64(b.came) < slowest*b.waited.Seconds() {
		err = errSlow
	}
	if err != nil && !errors.Is(err, io.EOF) && errors.Is(context.Cause(b.ctx), ErrSilent) {
		err = ErrSilent
	}
	return n, err
}

// Close ends the request.
func (b *body) Close() error {
	b.timer.Stop()
	err := b.answer.Close()
	b.cancel(nil)
	return err
}
