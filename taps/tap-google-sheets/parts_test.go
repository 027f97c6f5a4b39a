package main

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap-google-sheets/sheetstest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// planning is a spreadsheet with ranges of all sorts.
func planning() *doc {
	d := small(
		[]any{"Budget of 2026", nil, nil, nil, nil, nil},
		[]any{"Name", "Q1", nil, nil, "Code", "Rate"},
		[]any{nil, "Plan", "Actual", nil, "x", 0.5},
		[]any{"a", 1, 2, nil, "y", 0.25},
		[]any{"b", 3, 4},
		[]any{nil, 5, 6},
	)
	d.Tabs[0].Title = "Plan & more/2026?"
	d.Tabs[0].Merges = []area{{0, 1, 0, 6}, {1, 2, 1, 3}, {4, 6, 0, 1}}
	d.Tabs[0].HiddenRows = map[int]string{3: "hiddenByUser", 4: "hiddenByFilter"}
	d.Tabs[0].Tables = []named{{ID: "t1", Name: "Rates", Rect: area{1, 4, 4, 6}}, {ID: "t2", Name: "Numbers", Rect: area{3, 5, 2, 3}}}
	d.Tabs = append(d.Tabs, &sheet{ID: 7, Title: "Second", Cells: [][]any{{"k", "v"}, {"a", 1}}})
	d.Tabs = append([]*sheet{{ID: 8, Title: "Hidden", Hidden: true, Cells: [][]any{{"h"}, {1}}}}, d.Tabs...)
	d.Named = []named{{ID: "n1", Name: "Codes", Sheet: 0, Rect: area{1, 4, 4, 5}}, {ID: "n2", Name: "whole_tab", Sheet: 7, Rect: whole}, {ID: "n3", Name: "dangling", Sheet: 99}}
	return d
}

func TestStreamsSetting(t *testing.T) {
	t.Parallel()
	entry := func(pairs ...any) map[string]any {
		e := map[string]any{"name": "s"}
		for i := 0; i < len(pairs); i += 2 {
			e[pairs[i].(string)] = pairs[i+1]
		}
		return e
	}
	for name, test := range map[string]struct {
		entry map[string]any
		want  []string
	}{
		"a tab with two rows of header": {entry("tab", "Plan & more/2026?", "range", "A:C", "header_row", "2-3"), []string{
			`{"_row_number":4,"Name":"a","Q1 Plan":1,"Q1 Actual":2}`, `{"_row_number":5,"Name":"b","Q1 Plan":3,"Q1 Actual":4}`, `{"_row_number":6,"Name":null,"Q1 Plan":5,"Q1 Actual":6}`}},
		"merged cells, filled": {entry("tab", "Plan*", "range", "A:C", "header_row", "2-3", "merged_cells", "fill"), []string{
			`{"_row_number":4,"Name":"a","Q1 Plan":1,"Q1 Actual":2}`, `{"_row_number":5,"Name":"b","Q1 Plan":3,"Q1 Actual":4}`, `{"_row_number":6,"Name":"b","Q1 Plan":5,"Q1 Actual":6}`}},
		"merged cells, filled, below a merged title": {entry("tab", "gid:0", "range", "A1:C6", "merged_cells", "fill"), []string{
			`{"_row_number":3,"Name":null,"Q1":"Plan","column_c":"Actual"}`, `{"_row_number":4,"Name":"a","Q1":"1","column_c":"2"}`,
			`{"_row_number":5,"Name":"b","Q1":"3","column_c":"4"}`, `{"_row_number":6,"Name":"b","Q1":"5","column_c":"6"}`}},
		"without hidden rows": {entry("tab", "gid:0", "range", "A2:C", "header_row", "2-3", "hidden_rows", "skip"), []string{
			`{"_row_number":6,"Q1 Plan":5,"Q1 Actual":6}`}},
		"a range":                            {entry("range", "'Plan & more/2026?'!E2:F3"), []string{`{"_row_number":3,"Code":"x","Rate":0.5}`}},
		"a range without tab":                {entry("range", "e2:f4", "column_names", "snake_case"), []string{`{"_row_number":3,"code":"x","rate":0.5}`, `{"_row_number":4,"code":"y","rate":0.25}`}},
		"no header":                          {entry("tab", "Second", "header_row", "none"), []string{`{"_row_number":1,"column_a":"k","column_b":"v"}`, `{"_row_number":2,"column_a":"a","column_b":"1"}`}},
		"a named range":                      {entry("range", "Codes"), []string{`{"_row_number":3,"Code":"x"}`, `{"_row_number":4,"Code":"y"}`}},
		"a table":                            {entry("range", "Rates", "types", "text"), []string{`{"_row_number":3,"Code":"x","Rate":"0.5"}`, `{"_row_number":4,"Code":"y","Rate":"0.25"}`}},
		"a table whose header is of numbers": {entry("range", "Numbers"), []string{`{"_row_number":5,"2":4}`}},
		"a whole tab by name":                {entry("range", "whole_tab", "column_map", map[string]string{"k": "key"}), []string{`{"_row_number":2,"key":"a","v":1}`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, trimmed := range []bool{false, true} {
				synctest.Test(t, func(t *testing.T) {
					b := newBench(t, map[string]any{"streams": []any{test.entry}}, planning())
					b.Trimmed = trimmed
					messages, state := b.sync(nil)
					require.Equal(t, test.want, rows(messages, "s"))
					messages, _ = b.sync(state)
					require.Equal(t, []string{"STATE"}, types(messages))
				})
			}
		})
	}
}

func TestWrongStreams(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		streams any
		want    string
	}{
		"no such range":         {[]any{map[string]any{"spreadsheet": idOne, "range": "dangling"}}, `streams: spreadsheet "Small" has no range "dangling"; it is A1 notation such as B3:F`},
		"one name for two tabs": {[]any{map[string]any{"name": "x", "tab": "*"}}, `streams: "x" names several tabs`},
		"nothing matches":       {[]any{map[string]any{"tab": "None"}}, "there is nothing to read; check spreadsheets, streams and drive_query"},
		"the same twice":        {[]any{map[string]any{"tab": "Second"}, map[string]any{"name": "x", "tab": "gid:7"}}, `streams: the same part of spreadsheet "Small" is named twice`},
		"neither tab nor range": {[]any{map[string]any{"name": "x"}}, "[0]: give a tab, a range, or both"},
		"a title for an id":     {[]any{map[string]any{"tab": "x", "spreadsheet": "Costs"}}, "[0]: spreadsheet is neither an id nor an address"},
		"an unknown zone":       {[]any{map[string]any{"tab": "x", "timezone": "Mars/Base"}}, `timezone "Mars/Base" is not known`},
		"a wrong header row":    {[]any{map[string]any{"tab": "x", "header_row": "first"}}, "expected the number of a row, two with a dash between them, or none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, map[string]any{"streams": test.streams}, planning())
				out := b.run(nil)
				require.Equal(t, 2, out.Code, out.Stderr)
				require.Contains(t, out.Stderr, test.want)
			})
		})
	}
}

// TestTablesAndNamedRanges are read when somebody asks for them.
func TestTablesAndNamedRanges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := planning()
		b := newBench(t, map[string]any{"select": []string{"Rates", "Codes"}}, d)
		messages, state := b.sync(nil)
		require.Equal(t, []string{"Rates", "Codes"}, taptest.Streams(messages))
		require.Len(t, rows(messages, "Rates"), 2)

		// Renamed and moved, they stay what they are.
		b.Change(func() {
			d.Tabs[1].Tables[0].Name = "Rates 2"
			d.Named[0].Name, d.Named[0].Rect = "Code", area{1, 3, 4, 5}
		}, d)
		messages, _ = b.sync(state)
		require.Len(t, rows(messages, "Codes"), 1)
		require.Equal(t, []string{"Codes"}, taptest.Streams(messages), "the table is as it was")
	})
}

func TestManySpreadsheets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		one, two := small([]any{"a"}, []any{1}), small([]any{"a"}, []any{2})
		two.ID, two.Title = idTwo, "Second"
		b := newBench(t, map[string]any{"stream_names": "snake_case", "spreadsheets": "https://docs.google.com/spreadsheets/d/" + idOne + "/edit?gid=0#gid=0, " + idTwo}, one, two)
		messages, state := b.sync(nil)
		require.Equal(t, []string{"tab", "second_tab"}, taptest.Streams(messages))

		// The names stay when the order is another one.
		b.config["spreadsheets"] = []string{idTwo, idOne}
		b.Change(func() { one.Tabs[0].Cells[1][0], two.Tabs[0].Cells[1][0] = 3, 4 }, one, two)
		messages, state = b.sync(state)
		require.Equal(t, []string{`{"_row_number":2,"a":4}`}, rows(messages, "second_tab"))

		// One that is shared no longer does not keep the other from being read.
		b.Change(func() { one.Tabs[0].Cells[1][0], two.NoAccess = 5, true }, one)
		out := b.run(state)
		require.Equal(t, 2, out.Code, out.Stderr)
		require.Equal(t, []string{`{"_row_number":2,"a":5}`}, rows(out.Messages, "tab"))
		require.Contains(t, out.Stderr, `stream "second_tab": spreadsheet `+idTwo)
		require.Contains(t, out.Stderr, "share the spreadsheet with "+sheetstest.Robot)
		_, kept := taptest.Covered(out.Messages)
		require.Contains(t, string(kept), "second_tab")
	})
}

// TestDriveQuery finds spreadsheets by a search, two to a page.
func TestDriveQuery(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		docs := []*doc{small([]any{"a"}, []any{1}), small([]any{"a"}, []any{2}), small([]any{"a"}, []any{3})}
		docs[1].ID, docs[1].Title = idTwo, "Budget"
		docs[2].ID, docs[2].Title = idTwo+"3", "Budget 2"
		b := newBench(t, map[string]any{"spreadsheets": nil, "drive_query": "all"}, docs...)
		messages, _ := b.sync(nil)
		require.Equal(t, []string{"Tab", "Budget Tab", "Budget 2 Tab"}, taptest.Streams(messages))
		b.config["drive_query"] = "name contains 'Budget'"
		messages, _ = b.sync(nil)
		require.Equal(t, []string{"Tab", "Budget 2 Tab"}, taptest.Streams(messages))
		out := b.run(nil, "--test")
		require.Equal(t, 0, out.Code, out.Stderr)
	})
}

func TestStartAndEndDate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		one, two := small([]any{"a"}, []any{1}), small([]any{"a"}, []any{2})
		two.ID, two.Title, two.Modified = idTwo, "Second", one.Modified.AddDate(0, 0, 10)
		b := newBench(t, map[string]any{"start_date": "1999-12-05", "end_date": "1999-12-30"}, one, two)
		messages, _ := b.sync(nil)
		require.Equal(t, []string{"Second Tab"}, taptest.Streams(messages))
		require.NotContains(t, types(messages)[:1], "ACTIVATE_VERSION")
		b.config["start_date"], b.config["end_date"] = "1999-11-05", "1999-12-11"
		messages, _ = b.sync(nil)
		require.Equal(t, []string{"Tab"}, taptest.Streams(messages))
	})
}
