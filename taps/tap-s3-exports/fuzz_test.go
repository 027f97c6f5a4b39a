package main

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// FuzzDates reads any text by any format: what it takes for a date is one in JSON.
func FuzzDates(f *testing.F) {
	f.Add("%d/%m/%Y %H:%M:%S %z", "02/11/2026 10:00:00 +0100")
	f.Add("%-d. %B %y %I %p", "2. November 26 12 PM")
	f.Add("%j %Y %f %Z", "366 2024 123456 UTC")
	f.Add("", "2026-11-02T24:00:00Z")
	f.Fuzz(func(t *testing.T, layout, text string) {
		format := isoDates(nil)
		if layout != "" {
			var err error
			if format, err = parseDateFormat(layout, time.UTC); err != nil {
				return
			}
		}
		if out, ok := format.appendDate(nil, []byte(text)); ok {
			_, err := time.Parse(`"`+time.DateOnly+`"`, string(out))
			require.NoError(t, err)
		}
		if out, ok := format.appendInstant(nil, []byte(text)); ok {
			var at time.Time
			require.NoError(t, json.Unmarshal(out, &at), "%s", out)
		}
	})
}

// FuzzFileDate finds a day in any key.
func FuzzFileDate(f *testing.F) {
	f.Add("%d-%b-%y", "exports/02-nov-26/20261103_x.csv")
	f.Add(`(?P<year>.*)(?P<month>.*)(?P<day>.*)`, "2026_13_01")
	f.Fuzz(func(t *testing.T, pattern, key string) {
		dater, err := newFileDater(pattern)
		if err != nil {
			return
		}
		day := dater.date(key, time.Unix(0, 0))
		require.True(t, day.Equal(day.Truncate(24*time.Hour)), day)
	})
}

// FuzzLedger takes no bookmark that it would print otherwise.
func FuzzLedger(f *testing.F) {
	f.Add([]byte(`{"version":1,"floor":"2026-11-02T00:00:00Z","files":{"2026-11-02T10":"AAAAAAAAAAAA"},"retry":"AAAAAAAA"}`))
	f.Add([]byte(`{"version":1,"partial":{"key":"a","position":{"offset":-1}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var l, again ledger
		if json.Unmarshal(text, &l) != nil {
			return
		}
		printed, err := json.Marshal(&l)
		if err != nil {
			return // a year that JSON has no form for
		}
		require.NoError(t, json.Unmarshal(printed, &again), "%s", printed)
		require.Equal(t, l.done, again.done)
		require.Equal(t, l.retry, again.retry)
		_ = l.String()
	})
}
