package main

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap-google-sheets/sheetstest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

const (
	idOne = "1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789_-ABCDE"
	idTwo = "2AbCdEfGhIjKlMnOpQrStUvWxYz0123456789_-ABCDE"
)

// day is a day from 2026-07-01 on, as a cell.
func day(n int) sheetstest.Formatted {
	return formatted(46204+n, "DATE", "yyyy-mm-dd", time.Date(2026, 7, 1+n, 0, 0, 0, 0, time.UTC).Format(time.DateOnly))
}

// costs is a spreadsheet with something of whole.
func costs() *doc {
	return &doc{ID: idOne, Title: "Costs 2026", Zone: "America/New_York", Version: 7, Modified: time.Date(1999, 12, 1, 0, 0, 0, 0, time.UTC), Tabs: []*sheet{
		{ID: 0, Title: "Campaigns", Frozen: 1, Cells: [][]any{
			{"Campaign ID", "Name", "Start", "Cost", "Share", "Active", "Updated", "At", "Took", "Note", nil, "Name"},
			{"00123", "Spring", day(0), 1234.5, formatted(0.12, "PERCENT", "0%", "12%"), true, formatted("46204.395833333336", "DATE_TIME", "", "7/1/2026 9:30:00"),
				formatted(0.5, "TIME", "h:mm", "12:00"), formatted("1.1041666667", "TIME", "[h]:mm:ss", "26:30:00"), "a \"note\"\nin two lines", nil, "x"},
			{"00124", "", day(1), 7, formatted(1, "PERCENT", "0%", "100%"), false, nil, nil, nil, 5},
			{},
			{"00125", "Autumn", nil, failed("N_A"), nil, nil, nil, nil, nil, day(2), "no header", nil, "beyond the header"},
		}},
		{ID: 1234567890, Title: `Bob's "A1"`, Cells: [][]any{{"Key", "Value"}, {"a", 1}, {"b", 2.5}}},
		{ID: 3, Title: "Chart", Kind: "OBJECT"},
		{ID: 4, Title: "Draft", Hidden: true, Cells: [][]any{{"x"}, {1}}},
	}}
}

// TestGolden is every kind of cell, header and tab in one run.
func TestGolden(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil, costs())
		out := b.run(nil)
		require.Equal(t, 0, out.Code, out.Stderr)
		require.NoError(t, out.Err)
		require.NoError(t, taptest.Validate(out.Messages, taptest.Checks{UniqueKeys: true}))
		taptest.Golden(t, out.Stdout, "sync.singer")
		require.Contains(t, out.Stderr, "cells hold an error such as #N/A")
		require.NotContains(t, out.Stderr, "Spring", "no value of a row is in the log")
		require.Equal(t, 1, b.Tokens)
		require.ElementsMatch(t, scopes, b.Scopes)
	})
}
