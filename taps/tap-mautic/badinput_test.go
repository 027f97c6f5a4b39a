package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap-mautic/mautictest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// TestWrongSettings says every problem at once, before anything is asked of a network.
func TestWrongSettings(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		settings map[string]any
		want     []string
	}{
		"nothing":            {map[string]any{"base_url": nil, "oauth_client_id": nil, "oauth_client_secret": nil}, []string{"base_url is required", "MAUTIC_BASE_URL"}},
		"no credentials":     {map[string]any{"oauth_client_id": nil, "oauth_client_secret": nil}, []string{"give oauth_client_id and oauth_client_secret, or username and password"}},
		"half of a key":      {map[string]any{"oauth_client_secret": nil}, []string{"oauth_client_secret: is missing beside oauth_client_id"}},
		"the other half":     {map[string]any{"oauth_client_id": nil}, []string{"oauth_client_id: is missing beside oauth_client_secret"}},
		"no password":        {map[string]any{"oauth_client_id": nil, "oauth_client_secret": nil, "username": "ann"}, []string{"username and password go together"}},
		"both ways":          {map[string]any{"username": "ann", "password": "p"}, []string{"username: give either"}},
		"no address":         {map[string]any{"base_url": "mautic.example.com"}, []string{"base_url: expected an address such as https://"}},
		"a page too large":   {map[string]any{"page_size": 5000}, []string{"page_size"}},
		"no such setting":    {map[string]any{"oauth_clientid": "x"}, []string{"oauth_clientid", "oauth_client_id"}},
		"an end before then": {map[string]any{"start_date": "2026-02-01", "end_date": "2026-01-01"}, []string{"end_date: must be later than start_date"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := mautictest.New("5.1.1")
			api := m.Serve(t)
			out := taptest.Run(t, program, input(api, test.settings))
			require.Equal(t, 2, out.Code, out.Stderr)
			for _, want := range test.want {
				require.Contains(t, out.Stderr, want)
			}
			require.Empty(t, api.Calls())
			require.NotContains(t, out.Stderr, mautictest.KeySecret)
		})
	}
}

// TestRefused is what a Mautic refuses, each with the next step, by --test as in a run.
func TestRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		version  string
		prepare  func(m *mautictest.Mautic)
		settings map[string]any
		code     int
		want     string
	}{
		"wrong secret":           {"5.1.1", nil, map[string]any{"oauth_client_secret": "wr0ng"}, 2, "check oauth_client_id and oauth_client_secret"},
		"no administrator":       {"5.1.1", func(m *mautictest.Mautic) { m.NotAdmin = true }, nil, 2, "make the API credentials anew while logged in as an administrator"},
		"before 4.0":             {"3.3.5", nil, nil, 2, "came with 4.0: use username and password"},
		"API disabled":           {"5.1.1", func(m *mautictest.Mautic) { m.APIOff = true }, nil, 2, "enable the API in Mautic under Configuration, API Settings"},
		"API disabled, basic":    {"5.1.1", func(m *mautictest.Mautic) { m.APIOff = true }, basic(), 2, "enable the API in Mautic under Configuration, API Settings"},
		"basic disabled":         {"5.1.1", nil, basic(), 2, "enable HTTP basic authentication"},
		"wrong password":         {"5.1.1", func(m *mautictest.Mautic) { m.Basic = true }, map[string]any{"username": "ann", "password": "wr0ng", "oauth_client_id": nil, "oauth_client_secret": nil}, 2, "check username and password"},
		"header stripped":        {"5.1.1", func(m *mautictest.Mautic) { m.Stripped = true }, nil, 2, "the web server may have to be told to pass the header Authorization on"},
		"a folder too many":      {"5.1.1", nil, map[string]any{"base_url": taptest.URL + "/shop"}, 2, "check the ids in the settings, and base_url"},
		"no permission for some": {"5.1.1", func(m *mautictest.Mautic) { m.Forbidden = []string{"contacts"} }, nil, 2, "give the role of the API's user the permission to view this"},
	} {
		for _, args := range [][]string{{"--test"}, {"--select", "contacts"}} {
			t.Run(name+strings.Join(args, " "), func(t *testing.T) {
				t.Parallel()
				m := mautictest.New(test.version)
				m.Lax = test.settings["base_url"] != nil
				if test.prepare != nil {
					test.prepare(m)
				}
				out := fails(t, m, test.code, test.settings, args...)
				require.Contains(t, out.Stderr, test.want)
				for _, secret := range []string{mautictest.KeySecret, mautictest.Password, "wr0ng", "t0k3n"} {
					require.NotContains(t, out.Stderr, secret)
				}
			})
		}
	}
}

// TestAddresses takes the address in all the ways that people have it.
func TestAddresses(t *testing.T) {
	t.Parallel()
	for address, site := range map[string]string{
		taptest.URL + "/": "", taptest.URL + "/api": "", taptest.URL + "/api/": "", " " + taptest.URL + " ": "",
		taptest.URL + "/shop": "/shop", taptest.URL + "/shop/api/": "/shop", taptest.URL + "/index.php": "/index.php",
	} {
		m := mautictest.New("5.1.1")
		m.Site = site
		messages, _ := sync(t, m, map[string]any{"base_url": address}, nil, "--select", "tags")
		require.Len(t, records(messages, "tags"), 1)
	}
	m := mautictest.New("5.1.1")
	in := input(m.Serve(t), map[string]any{"base_url": nil, "oauth_client_id": nil, "oauth_client_secret": nil}, "--select", "tags")
	in.Env = map[string]string{"MAUTIC_BASE_URL": taptest.URL, "MAUTIC_CLIENT_ID": mautictest.KeyID, "MAUTIC_CLIENT_SECRET": mautictest.KeySecret}
	require.Len(t, taptest.Records(taptest.Sync(t, program, in), "tags"), 1, "the names that users have")
}

// TestWrongHosts are answers of something that is no Mautic, or of what stands before one.
func TestWrongHosts(t *testing.T) {
	t.Parallel()
	redirect := func(to string) taptest.Fault { return taptest.Status(302, "", "Location: "+to) }
	for name, test := range map[string]struct {
		answer taptest.Fault
		want   string
	}{
		"a web page":            {taptest.WebPage(200), "is base_url the address of Mautic's API?"},
		"a login on this host":  {redirect("/s/login"), "is base_url the address of Mautic's API?"},
		"a login elsewhere":     {redirect("https://login.example.com/"), "login.example.com"},
		"https in front":        {redirect("https://api.test/api/stats"), "https"},
		"another API":           {taptest.Status(200, `{"ok":true}`), "is base_url the address of a Mautic?"},
		"a list":                {taptest.Status(200, `[]`), "is base_url the address of a Mautic?"},
		"a firewall's web page": {taptest.WebPage(403), "a firewall in front of Mautic"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := mautictest.New("5.1.1")
			api := (&taptest.API{Routes: append(m.Serve(t).Routes, taptest.Route{Pattern: "GET /s/login", Serve: func(w http.ResponseWriter, r *http.Request) { taptest.WebPage(200)(w, r, nil) }})}).Serve(t)
			api.Fail(2, test.answer) // after the token
			out := taptest.Run(t, program, input(api, nil, "--select", "tags"))
			require.Equal(t, 2, out.Code, out.Stderr)
			require.Contains(t, out.Stderr, test.want)
		})
	}
}

// TestStatisticsRefuse says with status 200 what is wrong. Other streams go on.
func TestStatisticsRefuse(t *testing.T) {
	t.Parallel()
	m := mautictest.New("6.0.3")
	m.Forbidden = []string{"email_stats"}
	out := fails(t, m, 2, nil, "--select", "email_stats,page_hits")
	require.Contains(t, out.Stderr, `stream "email_stats"`)
	require.Contains(t, out.Stderr, "give the role of the API's user the permission to view this")
	require.Len(t, records(out.Messages, "page_hits"), 1)

	m = mautictest.New("6.0.3")
	api := m.Serve(t)
	for number := 5; number < 8; number++ {
		api.Fail(number, taptest.Status(200, `{"errors":[{"code":42,"message":"SQLSTATE[42S22]: Column not found"}]}`))
	}
	out = taptest.Run(t, program, input(api, nil, "--select", "email_stats"))
	require.Equal(t, 3, out.Code, out.Stderr)
	require.Contains(t, out.Stderr, "SQLSTATE[42S22]")
}

// TestTablesThatAreNotThere are no streams of this Mautic.
func TestTablesThatAreNotThere(t *testing.T) {
	t.Parallel()
	m := mautictest.New("4.4.12")
	delete(m.Tables, "page_hits")
	out := fails(t, m, 2, nil, "--select", "page_hits")
	require.Contains(t, out.Stderr, `"page_hits" matches no stream`)
	out = fails(t, m, 0, nil, "--discover")
	require.NotContains(t, string(out.Stdout), `"point_groups"`, "Mautic 5 brought them")
	require.Contains(t, string(out.Stdout), `"email_stats"`)
}

// TestEmptyContacts is the defect of some Mautic 5.0 that were installed by composer.
func TestEmptyContacts(t *testing.T) {
	t.Parallel()
	m := mautictest.New("5.0.2")
	m.EmptyRows = true
	out := fails(t, m, 3, nil, "--select", "contacts")
	require.Contains(t, out.Stderr, "upgrade it")
}

// TestOddIds are no ids.
func TestOddIds(t *testing.T) {
	t.Parallel()
	for _, row := range []string{`{"id":-5}`, `{"id":0}`, `{"id":"x"}`, `{"id":null}`, `{}`, `[]`} {
		api := mautictest.New("5.1.1").Serve(t)
		api.Fail(7, taptest.Status(200, `{"total":1,"tags":[`+row+`]}`)) // after token, tables and fields
		out := taptest.Run(t, program, input(api, nil, "--select", "tags"))
		require.Equal(t, 3, out.Code, out.Stderr)
		require.Contains(t, out.Stderr, "a row came without its id")
	}
}

// TestVanished leaves out a variant that was deleted after the list had named it, and a form that was deleted before its submissions were
// asked for.
func TestVanished(t *testing.T) {
	t.Parallel()
	m := mautictest.New("7.1.1")
	m.Entities["emails"] = slices.Delete(m.Entities["emails"], 1, 2)
	messages, _ := sync(t, m, nil, nil, "--select", "emails")
	require.Equal(t, []int{8, 120}, ids(t, messages, "emails"))
	m = mautictest.New("7.1.1")
	m.Between = func(served int) {
		if served == 8 { // after tables, fields and forms
			m.Entities["forms"] = m.Entities["forms"][1:]
		}
	}
	messages, _ = sync(t, m, nil, nil, "--select", "form_submissions")
	require.Equal(t, []int{4}, ids(t, messages, "form_submissions"))
}

// TestFilterIgnored ends a stream whose pages begin where the last one did.
func TestFilterIgnored(t *testing.T) {
	t.Parallel()
	m := mautictest.New("5.1.1")
	m.Unfiltered = true
	out := fails(t, m, 3, map[string]any{"page_size": 2}, "--select", "contacts")
	require.Contains(t, out.Stderr, "paging does not work here")

	api := mautictest.New("5.1.1").Serve(t)
	api.Fail(7, taptest.Status(200, `{"total":2,"tags":{"3":{"id":3},"2":{"id":2}}}`))
	out = taptest.Run(t, program, input(api, nil, "--select", "tags"))
	require.Equal(t, 3, out.Code, out.Stderr)
	require.Contains(t, out.Stderr, "rows do not come by ascending id")
}

// TestBreakdowns asks again, and for smaller pages where Mautic breaks down over large ones.
func TestBreakdowns(t *testing.T) {
	t.Parallel()
	want, _ := sync(t, mautictest.New("5.1.1"), nil, nil, "--select", "contacts,email_stats")
	run := func(t *testing.T, m *mautictest.Mautic, faults map[int]taptest.Fault) *taptest.Output {
		t.Helper()
		var out *taptest.Output
		synctest.Test(t, func(t *testing.T) {
			api := m.Serve(t)
			for number, fault := range faults {
				api.Fail(number, fault)
			}
			out = taptest.Run(t, program, input(api, nil, "--select", "contacts,email_stats"))
		})
		return out
	}
	for name, faults := range map[string]map[int]taptest.Fault{
		"offline":            {4: taptest.WebPage(500), 6: taptest.WebPage(503), 7: taptest.Status(502, "")},
		"cut":                {3: taptest.Cut(5), 6: taptest.Cut(300), 8: taptest.Cut(0), 9: taptest.Cut(40)},
		"silence":            {6: taptest.Slow(5 * time.Minute)},
		"no JSON":            {6: taptest.Status(200, `{"total":"3","contacts":{"9":{`)},
		"no word of a token": {1: taptest.Cut(0)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := run(t, mautictest.New("5.1.1"), faults)
			require.Equal(t, 0, out.Code, out.Stderr)
			require.NoError(t, taptest.SameRows(want, out.Messages, taptest.Once))
			require.Contains(t, out.Stderr, "request is sent again")
		})
	}
	t.Run("large pages", func(t *testing.T) {
		t.Parallel()
		m := mautictest.New("5.1.1")
		m.Largest = 2
		out := run(t, m, nil)
		require.Equal(t, 0, out.Code, out.Stderr)
		require.NoError(t, taptest.SameRows(want, out.Messages, taptest.Once))
		require.Contains(t, out.Stderr, "smaller ones are asked for")
	})
	t.Run("for good", func(t *testing.T) {
		t.Parallel()
		m := mautictest.New("5.1.1")
		m.Largest = -1
		out := run(t, m, nil)
		require.Equal(t, 4, out.Code, out.Stderr)
		require.Contains(t, out.Stderr, `stream "contacts"`)
		require.Len(t, records(out.Messages, "email_stats"), 3)
	})
}

// TestCustomFields takes columns from a record where the role may not list them, keeps fields that nobody declared, and hides what does not
// fit like its column.
func TestCustomFields(t *testing.T) {
	t.Parallel()
	want, _ := sync(t, mautictest.New("5.1.1"), nil, nil, "--select", "contacts")
	m := mautictest.New("5.1.1")
	m.Forbidden = []string{"fields/contact"}
	got, _ := sync(t, m, nil, nil, "--select", "contacts")
	require.NoError(t, taptest.SameRows(want, got, taptest.Once))

	m = mautictest.New("5.1.1")
	m.Forbidden = []string{"fields/company", "companies"}
	got, _ = sync(t, m, nil, nil, "--select", "contacts")
	require.NoError(t, taptest.SameRows(want, got, taptest.Once), "who may not see companies may still see contacts")

	m = mautictest.New("5.1.1")
	m.Entities["fields/contact"] = m.Entities["fields/contact"][:5]
	got, _ = sync(t, m, nil, nil, "--select", "contacts")
	require.Contains(t, records(got, "contacts")[0], `"vip":true`)
	require.Contains(t, records(got, "contacts")[0], `"colours":"red|blue"`, "a field that is newer than the columns")

	m = mautictest.New("5.1.1")
	got, _ = sync(t, m, map[string]any{"columns": map[string]any{"contacts": map[string]any{"birthday": "drop", "email": "hash"}}}, nil, "--select", "contacts")
	for _, record := range records(got, "contacts") {
		require.NotContains(t, record, "birthday")
		require.NotContains(t, record, "shop.test")
	}

	m = mautictest.New("5.1.1")
	got, _ = sync(t, m, map[string]any{"identified_only": true}, nil, "--select", "contacts")
	require.Equal(t, []int{9, 41}, ids(t, got, "contacts"))
}
