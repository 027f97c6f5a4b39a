package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/taps/tap/kinds"
)

// FuzzA1 reads back the range that it has read.
func FuzzA1(f *testing.F) {
	f.Add("'Bob''s tab'!B3:F20")
	f.Add("$C$7:a1")
	f.Add("!:")
	f.Fuzz(func(t *testing.T, text string) {
		_, r, ok := parseA1(text)
		if !ok {
			return
		}
		require.False(t, r.empty(), text)
		r = r.within(1000, 1000)
		if r.empty() {
			return
		}
		tab, again, ok := parseA1(r.a1("it's"))
		require.True(t, ok)
		require.Equal(t, "it's", tab)
		require.Equal(t, r, again)
	})
}

// FuzzCell makes valid JSON of any number by any format of a cell.
func FuzzCell(f *testing.F) {
	f.Add("46204.395833333336", "DATE_TIME", "")
	f.Add("1.5", "TIME", "[h]:mm")
	f.Add("-1e308", "DATE", "")
	zone, err := time.LoadLocation("America/New_York")
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, number, format, pattern string) {
		if !json.Valid([]byte(number)) || rawjson.KindOf([]byte(number)) != rawjson.Number || strings.TrimSpace(number) != number {
			return
		}
		cell := numberKind([]byte(number), format, pattern)
		for _, column := range []kinds.Kind{cell, kinds.Text} {
			require.True(t, json.Valid(appendValue(nil, column, cell, []byte(number), zone)), "%s %s %s", number, format, pattern)
		}
	})
}
