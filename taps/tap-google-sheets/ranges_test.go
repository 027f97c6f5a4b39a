package main

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/api/sheets/v4"
)

func TestParseA1(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		tab string
		r   rect
	}{
		"B3:F20":         {"", rect{2, 20, 1, 6}},
		"$B$3:$F$20":     {"", rect{2, 20, 1, 6}},
		"b3:f":           {"", rect{2, unbounded, 1, 6}},
		"B:F":            {"", rect{0, unbounded, 1, 6}},
		"3:20":           {"", rect{2, 20, 0, unbounded}},
		"F20:B3":         {"", rect{2, 20, 1, 6}},
		"C7":             {"", rect{6, 7, 2, 3}},
		"Costs!A1:ZZZ":   {"Costs", rect{0, unbounded, 0, 18278}},
		"'Bob''s!'!A:C":  {"Bob's!", rect{0, unbounded, 0, 3}},
		"'Jon's Tab'!A1": {"Jon's Tab", rect{0, 1, 0, 1}},
	} {
		tab, r, ok := parseA1(text)
		require.True(t, ok, text)
		require.Equal(t, want.tab, tab, text)
		require.Equal(t, want.r, r, text)
	}
	// What the API refuses, and names of named ranges.
	for _, text := range []string{"", "B", "7", "A1:", ":A1", "A0:B2", "budget", "a_range", "Costs!", "A1:B2:C3", "ABCD1:B2"} {
		_, _, ok := parseA1(text)
		require.False(t, ok, text)
	}
}

func TestA1(t *testing.T) {
	t.Parallel()
	require.Equal(t, "'Bob''s sheet'!A1:D5", rect{0, 5, 0, 4}.a1("Bob's sheet"))
	require.Equal(t, "'A1'!Z2:AA2", rect{1, 2, 25, 27}.a1("A1"))
	for column, name := range map[int]string{0: "A", 25: "Z", 26: "AA", 701: "ZZ", 702: "AAA", 18277: "ZZZ"} {
		require.Equal(t, name, letters(column))
		require.Equal(t, column, columnOf(name))
	}
}

func TestRects(t *testing.T) {
	t.Parallel()
	require.Equal(t, everything, rectOf(&sheets.GridRange{SheetId: 4}))
	require.Equal(t, rect{2, unbounded, 1, 3}, rectOf(&sheets.GridRange{StartRowIndex: 2, StartColumnIndex: 1, EndColumnIndex: 3}))
	require.Equal(t, rect{2, 1000, 1, 26}, rect{2, unbounded, 1, unbounded}.within(1000, 26))
	require.True(t, rect{1000, unbounded, 0, 1}.within(1000, 26).empty(), "it starts outside the grid")
}
