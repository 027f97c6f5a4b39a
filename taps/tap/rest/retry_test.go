package rest_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/rest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// run reads the orders of an API whose second answer is spoilt, with more settings, and tells how long that took.
func run(t *testing.T, toy toy, more map[string]any, faults ...taptest.Fault) (out *taptest.Output, api *taptest.API, took time.Duration) {
	t.Helper()
	api = (&taptest.API{Routes: []taptest.Route{listing(250)}}).Serve(t)
	for i, fault := range faults {
		api.Fail(2+i, fault)
	}
	if toy.list.Rows == nil {
		toy.list = byOffset
	}
	began := time.Now()
	out = taptest.Run(t, toy.tap(), input(api, more))
	return out, api, time.Since(began)
}

// TestFaultsThatPass reads all rows, each once, whatever happens to an answer on the way.
func TestFaultsThatPass(t *testing.T) {
	t.Parallel()
	date := func(after time.Duration) taptest.Fault {
		return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			theirs := time.Now().Add(-time.Hour) // their clock is behind
			w.Header().Set("Date", theirs.UTC().Format(http.TimeFormat))
			w.Header().Set("Retry-After", theirs.Add(after).UTC().Format(http.TimeFormat))
			w.WriteHeader(http.StatusTooManyRequests)
		}
	}
	second := time.Second
	for name, test := range map[string]struct {
		faults      []taptest.Fault
		least, most time.Duration
	}{
		"500":                       {[]taptest.Fault{taptest.Status(500, `{"detail":"oops"}`)}, second / 4, second / 2},
		"503 thrice":                {[]taptest.Fault{taptest.Status(503, ""), taptest.Status(502, ""), taptest.Status(504, "")}, 7 * second / 4, 7 * second / 2},
		"503 with a wait":           {[]taptest.Fault{taptest.Status(503, "", "Retry-After: 7")}, 7 * second, 8 * second},
		"Cloudflare":                {[]taptest.Fault{taptest.Status(524, "")}, second / 4, second / 2},
		"429":                       {[]taptest.Fault{taptest.Status(429, "")}, second / 4, second / 2},
		"429 with seconds":          {[]taptest.Fault{taptest.Status(429, "", "Retry-After: 30")}, 30 * second, 31 * second},
		"429 with a date":           {[]taptest.Fault{date(40 * time.Second)}, 39 * second, 42 * second},
		"429 with a date long past": {[]taptest.Fault{date(-time.Hour)}, second / 4, second / 2},
		"429 again and again":       {[]taptest.Fault{taptest.Status(429, "", "Retry-After: 20"), taptest.Status(429, "", "Retry-After: 20"), taptest.Status(429, "", "Retry-After: 20"), taptest.Status(429, "", "Retry-After: 20"), taptest.Status(429, "", "Retry-After: 20"), taptest.Status(429, "", "Retry-After: 20"), taptest.Status(500, "")}, 120 * second, 124 * second},
		"a page of a proxy":         {[]taptest.Fault{taptest.WebPage(502)}, second / 4, second / 2},
		"no answer":                 {[]taptest.Fault{taptest.Cut(0)}, 0, second / 2}, // net/http itself tries a connection that was open before once more
		"cut at once":               {[]taptest.Fault{taptest.Cut(1)}, second / 4, second / 2},
		"cut in a row":              {[]taptest.Fault{taptest.Cut(300)}, second / 4, second / 2},
		"cut before the end":        {[]taptest.Fault{taptest.Cut(1 << 20)}, second / 4, second / 2},
		"cut thrice":                {[]taptest.Fault{taptest.Cut(500), taptest.Cut(300), taptest.Cut(900)}, 7 * second / 4, 7 * second / 2},
		"not JSON":                  {[]taptest.Fault{taptest.Status(200, `{"results":[oops`)}, second / 4, second / 2},
		"empty":                     {[]taptest.Fault{taptest.Status(200, ``)}, second / 4, second / 2},
		"slow":                      {[]taptest.Fault{taptest.Slow(59 * time.Second)}, 59 * second, 59 * second},
		"silent":                    {[]taptest.Fault{taptest.Slow(time.Hour)}, 60 * second, 61 * second},
		"an answer that dries up":   {[]taptest.Fault{driesUp}, 60 * second, 61 * second},
		"an answer that trickles":   {[]taptest.Fault{trickles}, 50 * 30 * second, 50*30*second + second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				out, api, took := run(t, toy{}, nil, test.faults...)
				require.Equal(t, 0, out.Code, out.Stderr)
				require.NoError(t, taptest.Validate(out.Messages, taptest.Checks{UniqueKeys: true}))
				require.Len(t, taptest.Records(out.Messages, "orders"), 250)
				require.GreaterOrEqual(t, took, test.least)
				require.LessOrEqual(t, took, test.most)
				if name == "slow" || name == "an answer that trickles" {
					require.Len(t, api.Calls(), 4, "slow is no fault")
				} else {
					require.Len(t, api.Calls(), 4+len(test.faults))
				}
			})
		})
	}
}

// driesUp begins an answer and says no more.
func driesUp(w http.ResponseWriter, r *http.Request, _ http.Handler) {
	fmt.Fprint(w, `{"results":[`)
	http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

// trickles sends the right answer in fifty parts, half a minute apart.
func trickles(w http.ResponseWriter, r *http.Request, _ http.Handler) {
	text := `{"results":[` + orders(101, 100) + `]}`
	for i := range 50 {
		fmt.Fprint(w, text[i*len(text)/50:(i+1)*len(text)/50])
		http.NewResponseController(w).Flush()
		<-time.After(30 * time.Second)
	}
}

// TestFaultsThatStay end the run with the exit code of who can mend it, and say what to do.
func TestFaultsThatStay(t *testing.T) {
	t.Parallel()
	always := func(fault taptest.Fault) []taptest.Fault {
		return []taptest.Fault{fault, fault, fault, fault, fault, fault, fault, fault}
	}
	redirect := func(to string) []taptest.Fault { return always(taptest.Status(302, "", "Location: "+to)) }
	for name, test := range map[string]struct {
		faults []taptest.Fault
		more   map[string]any
		tries  int
		code   int
		says   []string
	}{
		"400":                {always(taptest.Status(400, `{"errors":[{"code":400,"message":"no such column","details":[]}]}`)), nil, 1, 2, []string{`stream "orders": GET orders/: 400 Bad Request: no such column; Toy does not accept`}},
		"401":                {always(taptest.Status(401, `{"detail":"bad key"}`)), nil, 1, 2, []string{"GET orders/: 401 Unauthorized: bad key; check the credentials of Toy"}},
		"401, clock":         {always(taptest.Status(401, ``, "Date: Sat, 01 Jan 2000 00:20:00 GMT")), nil, 1, 2, []string{"clock is 20m0s behind theirs"}},
		"403":                {always(taptest.Status(403, `{"error":{"message":"scope\n missing"}}`)), nil, 1, 2, []string{`stream "orders"`, "403 Forbidden: scope missing; the credentials lack a permission"}},
		"404":                {always(taptest.Status(404, `<h1>no`)), nil, 1, 2, []string{"404 Not Found; check the ids"}},
		"407":                {always(taptest.Status(407, ``)), nil, 1, 2, []string{"proxy"}},
		"409":                {always(taptest.Status(409, `{"a":1}`)), nil, 1, 2, []string{"409 Conflict;"}},
		"500":                {always(taptest.Status(500, `{"message":"oops"}`)), nil, 6, 4, []string{"6 tries: GET orders/: 500 Internal Server Error: oops; run again later"}},
		"501":                {always(taptest.Status(501, ``)), nil, 1, 4, []string{"501 Not Implemented"}},
		"max_retries":        {always(taptest.Status(500, ``)), map[string]any{"max_retries": 2}, 3, 4, []string{"3 tries"}},
		"max_retries 0":      {always(taptest.Status(429, ``)), map[string]any{"max_retries": 0}, 1, 4, []string{"429 Too Many Requests; run again later"}},
		"429, an hour":       {always(taptest.Status(429, ``, "Retry-After: 3600")), nil, 1, 4, []string{"Toy asks to wait for 1h", "and a run waits for 5m0s at the most: GET orders/: 429"}},
		"429, many":          {always(taptest.Status(429, ``, "Retry-After: 100")), nil, 3, 4, []string{"and a run waits for 5m0s at the most"}},
		"429 without a word": {always(taptest.Status(429, ``)), map[string]any{"max_retries": 3}, 8, 0, nil},
		"a page":             {always(taptest.WebPage(200)), nil, 1, 2, []string{"the answer is a web page; is base_url the address of Toy's API?"}},
		"a page unsaid":      {always(taptest.Status(200, " <html>")), nil, 1, 2, []string{"the answer is a web page; is base_url"}},
		"no rows":            {always(taptest.Status(200, `{"errors":[{"message":"no permission"}]}`)), nil, 1, 3, []string{"does not hold the rows that were asked for: no permission"}},
		"never whole":        {always(taptest.Cut(700)), nil, 6, 4, []string{"6 tries: GET orders/: unexpected EOF"}},
		"another answer":     {[]taptest.Fault{taptest.Cut(700), taptest.Status(200, `{"results":[`+orders(500, 100)+`]}`)}, nil, 2, 4, []string{"was another one when it was asked for again", "goes on from the last state"}},
		"a shorter answer":   {[]taptest.Fault{taptest.Cut(700), taptest.Status(200, `{"results":[]}`)}, nil, 2, 4, []string{"was another one"}},
		"the same answer":    {always(taptest.Status(200, `{"results":[`+orders(1, 100)+`]}`)), nil, 1, 3, []string{"two answers hold the same rows, 100 of them; report this"}},
		"to https":           {redirect("https://api.test/orders/?limit=1"), nil, 1, 2, []string{"set base_url to https://api.test"}},
		"to another host":    {redirect("https://other.test/orders/?secret=1"), nil, 1, 2, []string{"redirected to https://other.test, where the credentials are not sent"}},
		"to another port":    {redirect("http://api.test:8080/orders/?limit=1"), nil, 1, 2, []string{"redirected to http://api.test:8080"}},
		"to nowhere":         {always(taptest.Status(304, ``)), nil, 1, 2, []string{"304 Not Modified; check base_url"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				out, api, _ := run(t, toy{}, test.more, test.faults...)
				require.Equal(t, test.code, out.Code, out.Stderr)
				for _, says := range test.says {
					require.Contains(t, out.Stderr, says)
				}
				require.NotContains(t, out.Stderr, "secret")
				if test.code == 0 {
					require.Len(t, api.Calls(), 4+test.tries)
				} else {
					require.Len(t, api.Calls(), 1+test.tries)
				}
			})
		})
	}
}

// TestNetwork has connections that fail in the ways that networks know.
func TestNetwork(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err  error
		code int
		says string
	}{
		"no such host": {&net.DNSError{Err: "no such host", Name: "api.test", IsNotFound: true}, 2, "check base_url, and this machine's name service"},
		"refused":      {errors.New("connection refused"), 4, "connection refused; run again later"},
	} {
		synctest.Test(t, func(t *testing.T) {
			dials := 0
			in := taptest.Input{Config: map[string]any{"base_url": taptest.URL}, Dial: func(context.Context, string, string) (net.Conn, error) {
				dials++
				return nil, test.err
			}}
			out := taptest.Run(t, toy{list: byOffset}.tap(), in)
			require.Equal(t, test.code, out.Code, name)
			require.Contains(t, out.Stderr, test.says)
			require.Equal(t, 6, dials)
			require.NotContains(t, out.Stderr, "limit=", "an address is not printed with its query")
		})
	}
}

// TestJudge lets a tap refine the table.
func TestJudge(t *testing.T) {
	t.Parallel()
	judge := func(f *rest.Failure, v *rest.Verdict) {
		switch {
		case f.Status == 429:
			v.Wait = 90 * time.Second // as its body says
		case f.Status == 512:
			v.Fault = protocol.DataFault("ask for less", "it is too much")
		}
	}
	synctest.Test(t, func(t *testing.T) {
		out, _, took := run(t, toy{api: rest.API{Judge: judge}}, nil, taptest.Status(429, `{"detail":"in 90 seconds"}`))
		require.Equal(t, 0, out.Code, out.Stderr)
		require.InDelta(t, 90, took.Seconds(), 2)
	})
	synctest.Test(t, func(t *testing.T) {
		var failed *rest.Failure
		read := func(ctx context.Context, api *rest.Client, out *tap.Output) error {
			err := api.JSON(ctx, &rest.Request{Path: "orders/", Query: map[string][]string{"limit": {"1"}}}, new(struct{}))
			require.NoError(t, err)
			err = api.JSON(ctx, &rest.Request{Path: "orders/"}, new(struct{}))
			require.ErrorAs(t, err, &failed)
			return err
		}
		out, _, _ := run(t, toy{api: rest.API{Judge: judge}, read: read}, nil, taptest.Status(512, ``))
		require.Equal(t, 3, out.Code, out.Stderr)
		require.Equal(t, 512, failed.Status)
		require.Contains(t, out.Stderr, `stream "orders": it is too much; ask for less`)
	})
	for most, retries := range map[int]int{0: 5, 3: 3, 9: 5} { // the setting is 5
		synctest.Test(t, func(t *testing.T) {
			l := byOffset
			l.Request.Judge = func(_ *rest.Failure, v *rest.Verdict) { v.Most = most }
			fault := taptest.Status(500, ``)
			out, api, _ := run(t, toy{api: rest.API{Judge: judge}, list: l}, nil, fault, fault, fault, fault, fault, fault, fault)
			require.Equal(t, 4, out.Code, out.Stderr)
			require.Len(t, api.Calls(), 2+retries)
		})
	}
}

// TestBudget does not ask an API that is ill many times as often as a healthy one.
func TestBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := (&taptest.API{Routes: []taptest.Route{listing(250)}}).Serve(t)
		for n := range 1000 {
			if n%6 != 0 {
				api.Fail(n, taptest.Status(500, ""))
			}
		}
		out := taptest.Run(t, toy{list: list(1)}.tap(), input(api, nil))
		require.Equal(t, 4, out.Code, out.Stderr)
		require.Contains(t, out.Stderr, "too many of the run's requests fail")
		require.Less(t, len(api.Calls()), 75)
	})
}

// list asks for so many rows at once.
func list(size int) rest.List {
	l := byOffset
	l.Pager = offset(size)
	return l
}

// TestCutEverywhere breaks an answer off at each of its bytes, and then at another, and finds every row once.
func TestCutEverywhere(t *testing.T) {
	t.Parallel()
	size := len(`{"count":6,"results":[` + orders(1, 6) + `],"next":null}`)
	for cut := range size {
		synctest.Test(t, func(t *testing.T) {
			api := (&taptest.API{Routes: []taptest.Route{listing(6)}}).Serve(t)
			api.Fail(1, taptest.Cut(cut))
			api.Fail(2, taptest.Cut(size-cut))
			messages := taptest.Sync(t, toy{list: byOffset}.tap(), input(api, nil))
			require.Len(t, taptest.Records(messages, "orders"), 6)
			require.NoError(t, taptest.Validate(messages, taptest.Checks{UniqueKeys: true}))
		})
	}
}

// TestSecretsStayInside looks for a key in everything that a run prints, at its loudest.
func TestSecretsStayInside(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := (&taptest.API{Routes: []taptest.Route{listing(250)}}).Serve(t)
		api.Fail(1, taptest.Cut(0))
		api.Fail(2, taptest.Status(500, `{"detail":"oops"}`))
		api.Fail(3, taptest.Status(403, `{"detail":"no"}`))
		in := input(api, map[string]any{"key": "s3cr3t-k3y"})
		in.Env = map[string]string{"TAP_TOY_LOGLEVEL": "debug"}
		out := taptest.Run(t, toy{list: byOffset}.tap(), in)
		require.Equal(t, 2, out.Code)
		require.Contains(t, out.Stderr, "request is sent again")
		require.NotContains(t, out.Stderr, "s3cr3t")
		require.Equal(t, "Bearer s3cr3t-k3y", api.Calls()[0].Header.Get("Authorization"))
		require.True(t, strings.HasPrefix(api.Calls()[0].Header.Get("User-Agent"), "tap-toy/"))
	})
}

// TestSignalWhileWaiting does not sit out a wait that the API asked for.
func TestSignalWhileWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := (&taptest.API{Routes: []taptest.Route{listing(250)}}).Serve(t)
		api.Fail(2, taptest.Status(429, "", "Retry-After: 250"))
		signals := make(chan os.Signal)
		began := time.Now()
		go func() {
			<-time.After(10 * time.Second)
			signals <- syscall.SIGTERM
		}()
		in := input(api, nil)
		in.Signals = signals
		out := taptest.Run(t, toy{list: byOffset}.tap(), in)
		require.Equal(t, 143, out.Code, out.Stderr)
		require.Equal(t, 15*time.Second, time.Since(began), "a signal and its grace")
		require.Len(t, taptest.Records(out.Messages, "orders"), 100, "what came before has gone out")
	})
}
