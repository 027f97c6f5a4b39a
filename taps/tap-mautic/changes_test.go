package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap-mautic/mautictest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// ids are those of a stream's records, in order.
func ids(t *testing.T, messages []taptest.Message, stream string) []int {
	t.Helper()
	all := []int{}
	for _, record := range taptest.Records(messages, stream) {
		var row struct{ ID int }
		require.NoError(t, json.Unmarshal(record, &row))
		all = append(all, row.ID)
	}
	return all
}

// at is an instant as entities have it.
func at(t time.Time) string { return t.Format("2006-01-02T15:04:05+00:00") }

// TestChangedContacts reads what is new or changed, by either date, and everything once a week, when it sees what was deleted.
func TestChangedContacts(t *testing.T) {
	t.Parallel()
	m := mautictest.New("5.1.1")
	now := mautictest.Today
	m.Now = func() time.Time { return now }
	run := func(state []byte) ([]taptest.Message, []byte) {
		t.Helper()
		in := input(m.Serve(t), map[string]any{"page_size": 1}, "--select", "contacts")
		in.State, in.Now = state, m.Now
		out := taptest.Run(t, program, in)
		require.Equal(t, 0, out.Code, out.Stderr)
		_, last := taptest.Covered(out.Messages)
		return out.Messages, last
	}
	versions := func(messages []taptest.Message) (rows, activated []int64) {
		for _, message := range messages {
			switch message.Type {
			case "RECORD":
				rows = append(rows, *message.Version)
			case "ACTIVATE_VERSION":
				activated = append(activated, *message.Version)
			}
		}
		return rows, activated
	}
	first := now.UnixMilli()
	messages, state := run(nil)
	require.Equal(t, []int{9, 41, 100}, ids(t, messages, "contacts"))
	rows, activated := versions(messages)
	require.Equal(t, []int64{first, first, first}, rows)
	require.Equal(t, []int64{first}, activated)
	require.JSONEq(t, fmt.Sprintf(`{"bookmarks":{"contacts":{"until":"2026-05-10T12:00:00Z","version":%d}}}`, first), string(state))

	// An hour later: one was changed, one is new, one came while the last run was reading, one was deleted.
	now = now.Add(time.Hour)
	contacts := m.Entities["contacts"]
	m.Entities["contacts"] = []mautictest.Row{
		contacts[0].With(mautictest.Row{"dateModified": at(now.Add(-time.Minute))}),
		contacts[2],
		mautictest.Contact(101, at(now.Add(-time.Hour-time.Minute)), nil, nil),
		mautictest.Contact(102, at(now.Add(-time.Minute)), nil, nil),
	}
	messages, state = run(state)
	require.Equal(t, []int{100, 101, 102, 9}, ids(t, messages, "contacts"), "never changed ones first; a little before the bookmark is read again")
	rows, activated = versions(messages)
	require.Equal(t, []int64{first, first, first, first}, rows, "the version is that of the last whole read")
	require.Empty(t, activated)

	now = now.Add(6 * 24 * time.Hour)
	_, state = run(state)
	messages, state = run(state)
	require.Empty(t, ids(t, messages, "contacts"))

	now = now.Add(24 * time.Hour)
	messages, _ = run(state)
	require.Equal(t, []int{9, 100, 101, 102}, ids(t, messages, "contacts"))
	_, activated = versions(messages)
	require.Equal(t, []int64{now.UnixMilli()}, activated, "contact 41 is gone")
}

// TestClocks bookmarks by the clock of Mautic, which may not be that of the machine.
func TestClocks(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{-2 * time.Hour, 2 * time.Hour} {
		m := mautictest.New("5.1.1")
		m.Now = func() time.Time { return mautictest.Today.Add(skew) }
		_, state := sync(t, m, nil, nil, "--select", "contacts,email_stats")
		require.Equal(t, 2, strings.Count(string(state), mautictest.Today.Add(skew).Format(time.RFC3339)), string(state))
	}
}

// TestEmailStats appends what is new by id, and reads again what may have changed: recent rows, for bounces have no date, and opened ones.
func TestEmailStats(t *testing.T) {
	t.Parallel()
	sent := func(id int, day int) mautictest.Row { return mautictest.Stat(id, 8, 9, day) }
	for name, test := range map[string]struct {
		settings map[string]any
		mode     string
		want     []int
	}{
		"usual":                     {nil, "merge", []int{100, 101, 1, 102}},
		"a short lookback":          {map[string]any{"lookback": "24h"}, "merge", []int{101, 1, 102}},
		"further opens of old ones": {map[string]any{"late_opens": true}, "merge", []int{100, 101, 1, 2, 102}},
		"never again":               {map[string]any{"lookback": "0s"}, "append", []int{102}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := mautictest.New("6.0.3")
			m.Now = func() time.Time { return mautictest.Today.AddDate(0, 0, -1) }
			m.Tables["email_stats"] = []mautictest.Row{sent(1, 1), sent(2, 1), sent(3, 1), sent(100, 4), sent(101, 9).With(mautictest.Row{"date_sent": "2026-05-09 11:00:00"})}
			settings := map[string]any{"stats_page_size": 2}
			for key, value := range test.settings {
				settings[key] = value
			}
			messages, state := sync(t, m, settings, nil, "--select", "email_stats")
			require.Equal(t, []int{1, 2, 3, 100, 101}, ids(t, messages, "email_stats"))
			schema, _ := taptest.LastSchema(messages, "email_stats")
			require.Contains(t, string(schema.Schema), `"x-write-disposition":"`+test.mode+`"`)

			m.Now = func() time.Time { return mautictest.Today }
			table := m.Tables["email_stats"]
			table[0] = table[0].With(mautictest.Row{"is_read": 1, "date_read": "2026-05-10 08:00:00", "last_opened": "2026-05-10 08:00:00", "open_count": 1})
			table[1] = table[1].With(mautictest.Row{"open_count": 2, "last_opened": "2026-05-10 09:00:00"})
			table[3] = table[3].With(mautictest.Row{"is_failed": 1})
			m.Tables["email_stats"] = append(table, sent(102, 10))
			messages, state = sync(t, m, settings, state, "--select", "email_stats")
			seen := map[int]bool{}
			got := []int{}
			for _, id := range ids(t, messages, "email_stats") {
				if !seen[id] {
					got = append(got, id)
				}
				seen[id] = true
			}
			require.Equal(t, test.want, got)
			_, state = sync(t, m, settings, state, "--select", "email_stats")
			require.Contains(t, string(state), `"id":102`, "a run without news forgets nothing")
		})
	}
}

// TestStartAndEnd reads a part of all time, and then the rest of it.
func TestStartAndEnd(t *testing.T) {
	t.Parallel()
	m := mautictest.New("5.1.1")
	part := map[string]any{"start_date": "2026-04-02", "end_date": "2026-05-09"}
	messages, state := sync(t, m, part, nil, "--select", "contacts,email_stats,form_submissions,tags,contact_activity")
	require.Equal(t, []int{}, ids(t, messages, "contacts"), "contact 41 was changed after the end")
	require.Equal(t, []int{99, 100}, ids(t, messages, "email_stats"))
	require.Equal(t, []int{9, 10, 4}, ids(t, messages, "form_submissions"))
	require.Len(t, records(messages, "contact_activity"), 0)
	require.Equal(t, []int{3}, ids(t, messages, "tags"))
	for _, message := range messages {
		require.False(t, message.Type == "ACTIVATE_VERSION" && message.Stream == "contacts", "a part of the contacts is not all of them")
	}
	messages, _ = sync(t, m, map[string]any{"start_date": "2026-04-02"}, state, "--select", "contacts,email_stats,contact_activity")
	require.Equal(t, []int{100, 41}, ids(t, messages, "contacts"))
	require.Contains(t, ids(t, messages, "email_stats"), 101)
	require.Len(t, records(messages, "contact_activity"), 3)
}

// TestAnEarlierEnd sends nothing again, and forgets nothing, when end_date lies before what was sent already.
func TestAnEarlierEnd(t *testing.T) {
	t.Parallel()
	m := mautictest.New("5.1.1")
	const streams = "contacts,email_stats,form_submissions,contact_activity"
	_, before := sync(t, m, nil, nil, "--select", streams)
	messages, after := sync(t, m, map[string]any{"end_date": "2026-05-01"}, before, "--select", streams)
	require.JSONEq(t, string(before), string(after))
	require.Empty(t, records(messages, "contacts"))
}

// TestStartOfSweeps begins whole reads where the first one began, whatever start_date says by then: contacts that are older than it now
// were not deleted.
func TestStartOfSweeps(t *testing.T) {
	t.Parallel()
	m := mautictest.New("5.1.1")
	every := map[string]any{"sweep_interval": "0s", "start_date": "2026-04-02"}
	messages, state := sync(t, m, every, nil, "--select", "contacts")
	require.Equal(t, []int{100, 41}, ids(t, messages, "contacts"))
	every["start_date"] = "2026-05-10"
	messages, _ = sync(t, m, every, state, "--select", "contacts")
	require.Equal(t, []int{100, 41}, ids(t, messages, "contacts"))
	require.Equal(t, "ACTIVATE_VERSION", messages[len(messages)-2].Type)
}

// TestMembers reads tables of two keys whole, whatever the size of a page, and after each run only what is there.
func TestMembers(t *testing.T) {
	t.Parallel()
	for size := 1; size <= 7; size++ {
		m := mautictest.New("5.1.1")
		messages, _ := sync(t, m, map[string]any{"stats_page_size": size}, nil, "--select", "*members,channel_url_trackables")
		require.Len(t, records(messages, "campaign_members"), 6)
		require.Len(t, records(messages, "channel_url_trackables"), 2)
		schema, _ := taptest.LastSchema(messages, "campaign_members")
		require.Contains(t, string(schema.Schema), `"x-write-disposition":"replace"`)
	}
}

// TestResume stops a run at each of its requests, and goes on from its last state: every row comes, and none twice
// but of streams that are read whole.
func TestResume(t *testing.T) {
	t.Parallel()
	small := map[string]any{"page_size": 1, "stats_page_size": 1, "lookback": "0s", "columns": map[string]any{"*": map[string]any{"projects": "drop"}}}
	for name, streams := range map[string]string{"contacts": "contacts", "statistics": "email_stats,deletions", "submissions": "form_submissions", "whole": "emails,campaign_members"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := mautictest.New("7.1.1")
			m.Entities["contacts"][2] = mautictest.Contact(100, "2026-05-10T11:00:00+00:00", nil, nil)
			in := input(m.Serve(t), small, "--select", streams)
			promise := taptest.Once
			if name == "whole" {
				promise = taptest.AtLeastOnce // mails come all or not at all
			}
			taptest.ResumeRequests(t, program, in, func() *taptest.API { return m.Serve(t) }, promise)
		})
	}
}

// TestResumeLater stops the run that reads changes, in each of its passes.
func TestResumeLater(t *testing.T) {
	t.Parallel()
	m := mautictest.New("5.1.1")
	small := map[string]any{"page_size": 1, "stats_page_size": 1, "columns": map[string]any{"contacts": map[string]any{"birthday": "drop"}}}
	_, state := sync(t, m, small, nil, "--select", "contacts,email_stats")
	later := mautictest.Today.Add(time.Hour)
	m.Now = func() time.Time { return later }
	for i, contact := range m.Entities["contacts"] {
		if i < 2 {
			m.Entities["contacts"][i] = contact.With(mautictest.Row{"dateModified": at(later)})
		}
	}
	m.Entities["contacts"] = append(m.Entities["contacts"], mautictest.Contact(101, at(later), nil, nil), mautictest.Contact(102, at(later), nil, nil))
	m.Tables["email_stats"] = append(m.Tables["email_stats"], mautictest.Stat(102, 8, 9, 10), mautictest.Stat(103, 8, 9, 10))
	in := input(m.Serve(t), small, "--select", "contacts,email_stats")
	in.State = state
	taptest.ResumeRequests(t, program, in, func() *taptest.API { return m.Serve(t) }, taptest.AtLeastOnce)
}

// TestChangesBehindAStop goes on an hour after a run was stopped, wherever that was: what has changed since then behind that place comes too.
func TestChangesBehindAStop(t *testing.T) {
	t.Parallel()
	m := mautictest.New("5.1.1")
	small := map[string]any{"page_size": 1, "stats_page_size": 1, "columns": map[string]any{"contacts": map[string]any{"birthday": "drop"}}}
	in := input(m.Serve(t), small, "--select", "contacts,email_stats,form_submissions")
	in.EveryCheckpoint = true
	states := taptest.States(taptest.Sync(t, program, in))
	require.Greater(t, len(states), 6)

	later := mautictest.Today.Add(time.Hour)
	m.Now = func() time.Time { return later }
	in.Now = m.Now
	opened := later.Format(time.DateTime)
	m.Entities["contacts"][0] = m.Entities["contacts"][0].With(mautictest.Row{"dateModified": at(later)})
	m.Tables["email_stats"][0] = m.Tables["email_stats"][0].With(mautictest.Row{"is_read": 1, "date_read": opened, "last_opened": opened})
	m.Forms[2] = append(m.Forms[2], m.Forms[2][0].With(mautictest.Row{"id": 77, "dateSubmitted": at(later)}))
	for _, state := range states {
		in.Dial, in.State = m.Serve(t).Dial(), state
		messages := taptest.Sync(t, program, in)
		require.Contains(t, ids(t, messages, "contacts"), 9, string(state))
		require.Contains(t, ids(t, messages, "email_stats"), 99, string(state))
		require.Contains(t, ids(t, messages, "form_submissions"), 77, string(state))
	}
}

// TestRowsThatComeAndGo changes contacts between the pages of a run.
func TestRowsThatComeAndGo(t *testing.T) {
	t.Parallel()
	m := mautictest.New("5.1.1")
	m.Entities["contacts"] = nil
	for id := 1; id <= 20; id++ {
		m.Entities["contacts"] = append(m.Entities["contacts"], mautictest.Contact(id, "2026-04-01T09:00:00+00:00", nil, nil))
	}
	m.Between = func(served int) {
		if contacts := m.Entities["contacts"]; served > 6 && len(contacts) > 1 && contacts[0]["id"].(int) < 5 {
			m.Entities["contacts"] = append(contacts[1:], mautictest.Contact(100+served, "2026-05-10T12:00:00+00:00", nil, nil))
		}
	}
	messages, _ := sync(t, m, map[string]any{"page_size": 4}, nil, "--select", "contacts")
	got := ids(t, messages, "contacts")
	for id := 5; id <= 20; id++ {
		require.Contains(t, got, id)
	}
	require.Len(t, got, len(taptest.Records(messages, "contacts")))
	require.NoError(t, taptest.Validate(messages, taptest.Checks{UniqueKeys: true, ExtraMembers: true}))
}

// TestClients keeps the rows of other clients out of what a whole read says of deletions.
func TestClients(t *testing.T) {
	t.Parallel()
	messages, _ := sync(t, mautictest.New("5.1.1"), map[string]any{"client_id": "acme"}, nil, "--select", "contacts,tags")
	schema, _ := taptest.LastSchema(messages, "contacts")
	require.Equal(t, []string{"client_id", "id"}, schema.KeyProperties)
	require.Contains(t, string(schema.Schema), `"x-replace-scope":{"client_id":"acme"}`)
	require.Contains(t, records(messages, "tags")[0], `{"client_id":"acme","id":3`)
}

// TestAgain reads a stream anew that the catalog wants whole.
func TestAgain(t *testing.T) {
	t.Parallel()
	m := mautictest.New("5.1.1")
	_, state := sync(t, m, nil, nil, "--select", "email_stats")
	in := input(m.Serve(t), nil)
	in.State = state
	in.Catalog = json.RawMessage(`{"streams":[{"tap_stream_id":"email_stats","stream":"email_stats","schema":{},"metadata":[{"breadcrumb":[],"metadata":{"selected":true,"replication-method":"FULL_TABLE"}}]}]}`)
	require.Equal(t, []int{99, 100, 101}, ids(t, taptest.Sync(t, program, in), "email_stats"))
}
