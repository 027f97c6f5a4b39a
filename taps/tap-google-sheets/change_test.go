package main

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// small is a spreadsheet of one tab.
func small(cells ...[]any) *doc {
	return &doc{ID: idOne, Title: "Small", Zone: "Europe/Zurich", Version: 1, Modified: time.Date(1999, 12, 1, 0, 0, 0, 0, time.UTC), Tabs: []*sheet{{ID: 0, Title: "Tab", Cells: cells}}}
}

// types are those of the messages.
func types(messages []taptest.Message) (types []string) {
	for _, m := range messages {
		types = append(types, m.Type)
	}
	return types
}

func TestUnchangedIsNotRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := small([]any{"Name", "Cost"}, []any{"a", 1}, []any{"b", 2})
		b := newBench(t, nil, d)
		messages, state := b.sync(nil)
		require.Len(t, rows(messages, "Tab"), 2)

		calls := len(b.Calls())
		messages, state = b.sync(state)
		require.Equal(t, []string{"STATE"}, types(messages))
		require.Len(t, b.Calls(), calls+3, "a token, Drive, and what there is beside cells")

		// Somebody looked at it: another version, and the same rows.
		b.Change(func() {}, d)
		messages, state = b.sync(state)
		require.Equal(t, []string{"STATE"}, types(messages))
		require.Contains(t, string(state), `"version":"2"`)

		// A formula has another result, of which Drive says nothing.
		b.Change(func() { d.Tabs[0].Cells[2][1] = 3 })
		messages, state = b.sync(state)
		require.Equal(t, []string{"STATE"}, types(messages))
		time.Sleep(25 * time.Hour)
		messages, state = b.sync(state)
		require.Equal(t, []string{`{"_row_number":2,"Name":"a","Cost":1}`, `{"_row_number":3,"Name":"b","Cost":3}`}, rows(messages, "Tab"))

		// Settings that change what is sent.
		b.config["columns"] = map[string]any{"Tab": map[string]any{"Name": "mask"}}
		messages, state = b.sync(state)
		require.Equal(t, []string{`{"_row_number":2,"Name":"****","Cost":1}`, `{"_row_number":3,"Name":"****","Cost":3}`}, rows(messages, "Tab"))
		delete(b.config, "columns")
		b.config["column_map"] = map[string]string{"Name": "who"}
		messages, state = b.sync(state)
		require.Equal(t, `{"_row_number":2,"who":"a","Cost":1}`, rows(messages, "Tab")[0])
		delete(b.config, "column_map")

		// A header that is changed, and changed back.
		for _, name := range []string{"Spent", "Cost"} {
			b.Change(func() { d.Tabs[0].Cells[0][1] = name }, d)
			messages, state = b.sync(state)
			require.Equal(t, `{"_row_number":2,"Name":"a","`+name+`":1}`, rows(messages, "Tab")[0])
		}

		b.config["change_detection"] = "off"
		calls = len(b.Calls())
		messages, _ = b.sync(state)
		require.Equal(t, []string{"STATE"}, types(messages))
		require.Len(t, b.Calls(), calls+3, "a token, what there is, and the cells")
	})
}

func TestColumnsNeverBecomeNarrower(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := small([]any{"ID", "Amount", "When", "Later"}, []any{1, 5, day(0), nil})
		b := newBench(t, nil, d)
		messages, state := b.sync(nil)
		require.Equal(t, []string{`{"_row_number":2,"ID":1,"Amount":5,"When":"2026-07-01"}`}, rows(messages, "Tab"))
		b.Change(func() {
			d.Tabs[0].Cells = [][]any{{"ID", "Amount", "When", "Later"}, {1, 5.5, formatted("46204.5", "DATE_TIME", "", ""), true}, {"x", nil, day(0)}}
		}, d)
		messages, state = b.sync(state)
		require.Equal(t, []string{
			`{"_row_number":2,"ID":"1","Amount":5.5,"When":"2026-07-01T12:00:00+02:00","Later":true}`,
			`{"_row_number":3,"ID":"x","Amount":null,"When":"2026-07-01T00:00:00+02:00","Later":null}`,
		}, rows(messages, "Tab"), "Later has the type of its first value")
		b.Change(func() { d.Tabs[0].Cells = [][]any{{"When", "ID", "Amount"}, {day(1), 2, 6}} }, d)
		messages, state = b.sync(state)
		require.Equal(t, []string{`{"_row_number":2,"When":"2026-07-02T00:00:00+02:00","ID":"2","Amount":6}`}, rows(messages, "Tab"))
		schema, _ := taptest.LastSchema(messages, "Tab")
		require.Contains(t, string(schema.Schema), `"Amount":{"type":["null","number"]}`)
		require.NotContains(t, string(schema.Schema), "Later")
		b.Change(func() { d.Tabs[0].Cells = [][]any{{"Later"}, {1}} }, d)
		messages, _ = b.sync(state)
		require.Equal(t, []string{`{"_row_number":2,"Later":"1"}`}, rows(messages, "Tab"), "a column that was gone comes back as what it was")
	})
}

func TestTabsAreRenamedEmptiedAndDeleted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := costs()
		b := newBench(t, map[string]any{"select": []string{"*", "!Draft"}}, d)
		_, state := b.sync(nil)
		b.Change(func() { d.Tabs[0].Title, d.Title, d.Tabs[0].Cells[1][1] = "Campaigns (old)", "Costs", "Summer" }, d)
		out := b.run(state)
		require.Equal(t, 0, out.Code, out.Stderr)
		require.Contains(t, rows(out.Messages, "Campaigns")[0], "Summer")
		require.Contains(t, out.Stderr, "the tab has another name; its stream keeps the one it had")
		_, state = taptest.Covered(out.Messages)

		// A new tab of the old name is another stream.
		b.Change(func() {
			d.Tabs = append(d.Tabs, &sheet{ID: 9, Title: "Campaigns", Cells: [][]any{{"a"}, {1}}})
		}, d)
		messages, state := b.sync(state)
		require.Equal(t, []string{`{"_row_number":2,"a":1}`}, rows(messages, "Costs Campaigns"))

		// Emptied, with or without its header.
		b.Change(func() { d.Tabs[1].Cells = d.Tabs[1].Cells[:1] }, d)
		out = b.run(state)
		require.Equal(t, 0, out.Code, out.Stderr)
		require.Equal(t, []string{"STATE", "SCHEMA", "ACTIVATE_VERSION", "STATE", "STATE"}, types(out.Messages))
		require.Contains(t, out.Stderr, "the tab has a header and no rows")
		_, state = taptest.Covered(out.Messages)
		b.Change(func() { d.Tabs[1].Cells = nil }, d)
		out = b.run(state)
		require.Equal(t, 0, out.Code, out.Stderr)
		require.Contains(t, out.Stderr, "the tab is empty")
		require.Contains(t, types(out.Messages), "ACTIVATE_VERSION")
		_, state = taptest.Covered(out.Messages)

		// Deleted.
		b.Change(func() { d.Tabs = d.Tabs[1:] }, d)
		out = b.run(state)
		require.Equal(t, 0, out.Code, out.Stderr)
		require.Contains(t, out.Stderr, "it was deleted from the spreadsheet; its rows stay as they are")
		require.NotContains(t, types(out.Messages), "ACTIVATE_VERSION")
		b.config["missing_tabs"] = "fail"
		out = b.run(state)
		require.Equal(t, 3, out.Code, out.Stderr)
		require.Contains(t, out.Stderr, `"Campaigns (old)" is no longer in spreadsheet "Costs"`)
		b.config["missing_tabs"] = "empty"
		messages, state = b.sync(state)
		require.Equal(t, []string{"SCHEMA", "ACTIVATE_VERSION", "STATE"}, types(messages)[2:])
		messages, _ = b.sync(state)
		require.NotContains(t, types(messages), "ACTIVATE_VERSION", "once is enough")
	})
}

// TestAccidents are changes that a user does not want to reach a table of targets or prices.
func TestAccidents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := small([]any{"Name"}, []any{"a"}, []any{"b"}, []any{"c"}, []any{"d"})
		b := newBench(t, map[string]any{"min_rows": 1, "max_drop_percent": 50}, d)
		_, state := b.sync(nil)
		b.Change(func() { d.Tabs[0].Cells = d.Tabs[0].Cells[:3] }, d)
		_, state = b.sync(state)
		b.Change(func() { d.Tabs[0].Cells = nil }, d)
		out := b.run(state)
		require.Equal(t, 3, out.Code, out.Stderr)
		require.Contains(t, out.Stderr, "there are 0 rows, and min_rows is 1: the rows of the last run stay; if that is right, set min_rows lower")
		require.NotContains(t, types(out.Messages), "ACTIVATE_VERSION")
		delete(b.config, "min_rows")
		out = b.run(state)
		require.Equal(t, 3, out.Code, out.Stderr)
		require.Contains(t, out.Stderr, "there are 0 rows, and were 2: more than 50 % are gone")
	})
}
