package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap/kinds"
)

// head makes first rows of texts, with a bar between cells and a # in front of numbers. An empty row is not among them.
func head(lines ...string) (head []headRow) {
	for i, line := range lines {
		h := headRow{row: i}
		filled := false
		for cell := range strings.SplitSeq(line, "|") {
			c := headCell{strings.TrimPrefix(cell, "#"), kinds.Text}
			switch {
			case cell == "":
				c.kind = kinds.Blank
			case cell[0] == '#':
				c.kind = kinds.Integer
			}
			filled = filled || c.kind != kinds.Blank
			h.cells = append(h.cells, c)
		}
		if filled {
			head = append(head, h)
		}
	}
	return head
}

func TestFindHeader(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		head   []headRow
		frozen int
		want   int // row from 0, -1 for none
	}{
		"the first row":                   {head("a|b", "#1|#2"), 0, 0},
		"a title above":                   {head("Costs of 2026", "", "a|b|c", "#1|#2|#3"), 0, 2},
		"a title above, frozen":           {head("Costs of 2026", "a|b|c", "#1|#2|#3"), 2, 1},
		"a frozen title alone":            {head("x", "a|b"), 1, 0},
		"years beside a text":             {head("Country|#2025|#2026", "CH|#1|#2"), 0, 0},
		"blank rows above":                {head("", "", "a", "b"), 0, 2},
		"a header with gaps":              {head("a||c|", "#1|#2|#3|#4"), 0, 0},
		"numbers alone":                   {head("#1|#2", "#3|#4"), 0, -1},
		"numbers alone, and a note above": {head("note", "#1|#2|#3", "#3|#4|#5"), 0, -1},
		"nothing":                         {nil, 0, -1},
	} {
		got := findHeader(test.head, test.frozen)
		if got >= 0 {
			got = test.head[got].row
		}
		require.Equal(t, test.want, got, name)
	}
}

func TestColumnNames(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		texts []string
		first int
		r     Reading
		want  []string
	}{
		"as they are":     {[]string{"Campaign ID", "Cost (USD)"}, 0, Reading{}, []string{"Campaign ID", "Cost (USD)"}},
		"blank":           {[]string{"a", "", "c", ""}, 0, Reading{}, []string{"a", "column_b", "c", "column_d"}},
		"blank further":   {[]string{"", ""}, 26, Reading{}, []string{"column_aa", "column_ab"}},
		"twice":           {[]string{"Name", "name", "NAME", "name_2"}, 0, Reading{}, []string{"Name", "name_3", "NAME_4", "name_2"}},
		"blank and taken": {[]string{"column_b", ""}, 0, Reading{}, []string{"column_b", "column_b_2"}},
		"our own":         {[]string{"_row_number", "client_id"}, 0, Reading{}, []string{"_row_number_2", "client_id_2"}},
		"snake case":      {[]string{"Campaign ID", "campaign-id", "#", "Rate %"}, 0, Reading{ColumnNames: "snake_case"}, []string{"campaign_id", "campaign_id_2", "column_c", "rate_pct"}},
		"mapped":          {[]string{"A b", "c"}, 0, Reading{ColumnMap: map[string]string{"A b": "first", "c": "first"}}, []string{"first", "first_2"}},
		"mapped in snake": {[]string{"A b"}, 0, Reading{ColumnNames: "snake_case", ColumnMap: map[string]string{"a_b": "x"}}, []string{"x"}},
	} {
		require.Equal(t, test.want, columnNames(test.texts, test.first, test.r, true), name)
	}
	require.Equal(t, []string{"client_id"}, columnNames([]string{"client_id"}, 0, Reading{}, false))
}

func TestHeaderTexts(t *testing.T) {
	t.Parallel()
	whole := rect{0, 100, 0, 4}
	require.Equal(t, []string{"Total cost in USD", "a b", "", ""},
		headerTexts(head("Total\u00a0cost\r\n in\tUSD \u200b|a\ufeff b"), nil, whole), "one line of single spaces")
	two := head("2025||2026|", "Cost|Clicks|Cost|Clicks")
	merged := []rect{{0, 1, 0, 2}, {0, 1, 2, 4}}
	require.Equal(t, []string{"2025 Cost", "2025 Clicks", "2026 Cost", "2026 Clicks"}, headerTexts(two, merged, whole))
	require.Equal(t, []string{"2025 Cost", "Clicks", "2026 Cost", "Clicks"}, headerTexts(two, nil, whole))
	require.Equal(t, []string{"2025", "", "2026", ""}, headerTexts(two[:1], merged, whole), "merged cells of one row name one column")
}

func TestHeaderRowSetting(t *testing.T) {
	t.Parallel()
	for words, want := range map[string]HeaderRow{"2": {first: 2, last: 2}, "2-3": {first: 2, last: 3}, "none": {none: true}} {
		var h HeaderRow
		require.NoError(t, h.UnmarshalText([]byte(words)))
		require.Equal(t, want, h)
		require.NoError(t, h.UnmarshalJSON([]byte(`"`+words+`"`)))
		require.Equal(t, want, h)
	}
	var h HeaderRow
	require.NoError(t, h.UnmarshalJSON([]byte(`7`)))
	require.Equal(t, HeaderRow{first: 7, last: 7}, h)
	for _, words := range []string{"", "0", "-1", "3-2", "a", "1-50", "1-", "None"} {
		require.Error(t, h.UnmarshalText([]byte(words)), words)
	}
	// A row that is named and blank.
	_, _, err := headerOf(head("a", "", "b"), 0, nil, everything.within(5, 1), HeaderRow{first: 2, last: 2})
	require.ErrorContains(t, err, "row 2, which header_row names, is empty")
}
