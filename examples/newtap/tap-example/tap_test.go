package main

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/signalroom/signalroom/examples/newtap/tap-example/exampletest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start is when the runs of these tests begin, as the clock of synctest says.
var start = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// shop is a server with so many orders of the last two days, and five plans.
func shop(orders int) *exampletest.Data {
	d := &exampletest.Data{}
	for id := 1; id <= orders; id++ {
		d.Put(exampletest.Order{ID: id, Status: "new", Total: "12345678901234.10", Customer: map[string]any{"id": id},
			UpdatedAt: start.Add(-time.Duration(id) * 48 * time.Hour / time.Duration(orders))})
	}
	d.SetPlans("a", "b", "c", "d", "e")
	return d
}

// input is a run against an API that serves.
func input(api *taptest.API, args ...string) taptest.Input {
	return taptest.Input{Args: args, Dial: api.Dial(), Now: time.Now,
		Config: map[string]any{"api_key": exampletest.Key, "base_url": taptest.URL, "start_date": "1999-12-29"}}
}

func TestSync(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := shop(6).API().Serve(t)
		out := taptest.Run(t, program(), input(api))
		require.Equal(t, 0, out.Code, out.Stderr)
		require.NoError(t, taptest.Validate(out.Messages, taptest.Checks{UniqueKeys: true}))
		taptest.Golden(t, out.Stdout, "sync.singer")
		require.Zero(t, api.Over())
	})
}

// TestChanges runs again when an order has changed.
func TestChanges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		data := shop(250)
		first := taptest.Sync(t, program(), input(data.API().Serve(t)))
		require.Len(t, taptest.Records(first, "orders"), 250)
		<-time.After(time.Hour)
		data.Put(exampletest.Order{ID: 7, Status: "paid", Total: "1", UpdatedAt: time.Now().Add(-time.Minute)})
		again := input(data.API().Serve(t))
		_, again.State = taptest.Covered(first)
		rows := taptest.Records(taptest.Sync(t, program(), again), "orders")
		require.Len(t, rows, 1)
		require.Contains(t, string(rows[0]), `"paid"`)
	})
}

func TestResumeAtEveryRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		serve := func() *taptest.API { return shop(250).API().Serve(t) }
		taptest.ResumeRequests(t, program(), input(serve()), serve, taptest.AtLeastOnce)
	})
}

// TestConnector is the tap as an Airbyte source.
func TestConnector(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		data := shop(6)
		taptest.Connector(t, program(), func(testing.TB) taptest.Input { return input(data.API().Serve(t)) })
	})
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault taptest.Fault
		code  int
		says  string
	}{
		"wrong key":  {taptest.Status(401, `{"message":"no"}`), 2, "check the credentials of Example"},
		"no scope":   {taptest.Status(403, `{"code":"missing_scope"}`), 2, "make a key with read scope"},
		"wrong host": {taptest.WebPage(200), 2, "is base_url the address of Example's API?"},
		"overloaded": {taptest.Status(429, "", "Retry-After: 3600"), 4, "asks to wait for 1h"},
	} {
		synctest.Test(t, func(t *testing.T) {
			api := shop(1).API().Serve(t)
			api.Fail(1, test.fault)
			out := taptest.Run(t, program(), input(api, "--test"))
			require.Equal(t, test.code, out.Code, name)
			require.Contains(t, out.Stderr, test.says)
			require.NotContains(t, out.Stderr, exampletest.Key)
		})
	}
	out := taptest.Run(t, program(), taptest.Input{})
	require.Equal(t, 2, out.Code)
	require.Contains(t, out.Stderr, "api_key")
}

func TestDocumentationPage(t *testing.T) {
	t.Parallel()
	out := taptest.Run(t, program(), taptest.Input{Args: []string{"--about", "--format", "markdown"}})
	require.Equal(t, 0, out.Code, out.Stderr)
	taptest.Golden(t, out.Stdout, "tap-example.md")
}
