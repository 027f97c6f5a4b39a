package main

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/conformance/accounts"
	"github.com/signalroom/signalroom/taps/tap-everflow/everflowtest"
)

// TestRestatedConversions has a conversion whose status and payout change after it was loaded. With merge the table follows, with append it
// keeps what was seen first; either way a conversion is there once, also when all of them come again.
func TestRestatedConversions(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	for disposition, want := range map[string]string{"append": "pending 10.25", "merge": "approved 12.5"} {
		t.Run(disposition, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, store)
			all := accounts.All()
			a := all[slices.IndexFunc(all, func(a accounts.Account) bool { return a.Program == "tap-everflow" })]
			settings := a.Settings
			a.Settings = func(run int) map[string]any {
				changed := settings(run)
				changed["select"], changed["conversions_disposition"] = "conversions", disposition
				return changed
			}
			api, change := a.Serve(t)
			url := api.Listen()
			first := func() string {
				return s.value(t, `SELECT status || ' ' || payout FROM conversions WHERE conversion_id = '`+everflowtest.ID('c', 1)+`'`)
			}
			rows := func() string {
				return s.value(t, `SELECT count(*) || ' ' || count(DISTINCT conversion_id) FROM conversions`)
			}
			done := func(tap, target ended) {
				require.Zero(t, tap.code, tap.stderr)
				require.Zero(t, target.code, target.stderr)
			}

			change(1)
			done(loadAccount(t, s, a, url, 1, pipe{}))
			require.Equal(t, "pending 10.25", first())
			require.Equal(t, "6 6", rows())

			change(2)
			done(loadAccount(t, s, a, url, 2, pipe{}))
			require.Equal(t, want, first())
			require.Equal(t, "10 10", rows(), "a day more, and one that was released with an old time")

			done(s.loadFrom(t, pipe{program: a.Program, pipeline: "api", tap: []string{"--config", "run2.json"}, target: []string{"--add-record-metadata=false"}}, s.file(t, "none.json", "{}")))
			require.Equal(t, want, first())
			require.Equal(t, "10 10", rows())
		})
	}
}
