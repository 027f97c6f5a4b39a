package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/conformance/accounts"
	"github.com/signalroom/signalroom/conformance/suite"
	"github.com/signalroom/signalroom/target-postgres/server/servertest"
)

// mustConform makes the checks. Those that do not pass are named, so that nothing drops out unseen. A signal may come too late for a small
// source; that is nobody's fault.
func mustConform(t *testing.T, subject suite.Subject, checks []suite.Check, but ...string) {
	t.Helper()
	results, err := suite.Run(t.Context(), subject, checks, func(suite.Result) {})
	require.NoError(t, err)
	for _, r := range results {
		if r.Status == suite.NotApplicable && strings.HasPrefix(r.Name, "end/sig") {
			continue
		}
		if r.Status != suite.Passed && !slices.Contains(but, r.Name) {
			t.Errorf("%s %s %s: %s", r.Status, r.Level, r.Name, r.Detail)
		}
		if r.Status == suite.Passed && slices.Contains(but, r.Name) {
			t.Errorf("%s passes", r.Name)
		}
	}
}

// overTaps runs the checks over each of our taps, before the servers that stand for their sources. write says how settings are written;
// but are the checks that a tap does not pass.
func overTaps(t *testing.T, checks []suite.Check, write func(map[string]any), but map[string][]string) {
	store := newStore(t)
	putDays(store, 1, 3, 200)
	t.Run("tap-s3-exports", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, store)
		config := s.file(t, "config.json", map[string]any{"prefix": "acme/", "presets": []string{"sticky_orders", "sticky_prospects"}, "client_id": "acme",
			"bucket": bucket, "aws_access_key_id": store.AccessKeyID, "aws_secret_access_key": store.SecretAccessKey})
		mustConform(t, suite.Subject{Command: []string{"tap-s3-exports"}, Configs: []string{config}, Env: s.env}, checks, but["tap-s3-exports"]...)
	})
	eachAccount(t, func(t *testing.T, a accounts.Account) {
		s := newSite(t, store)
		api, change := a.Serve(t)
		for run := 1; run <= accounts.Runs; run++ {
			change(run)
		}
		settings := a.Settings(accounts.Runs)
		settings["base_url"] = api.Listen() + a.Path
		write(settings)
		mustConform(t, suite.Subject{Command: []string{a.Program}, Configs: []string{s.file(t, "config.json", settings)}, Env: s.env}, checks, but[a.Program]...)
	})
}

func TestTapsConform(t *testing.T) {
	t.Parallel()
	overTaps(t, suite.Tap(), func(map[string]any) {}, map[string][]string{
		"tap-s3-exports": {
			"read/bookmarks-declared", // which files were read is no field
			"read/versions-agree",     // it appends
		},
		// What an API sends beyond its documentation is passed on, for the target to keep. Here it sends some.
		"tap-everflow": {"read/fields-declared"},
		"tap-redtrack": {"read/fields-declared", "read/bookmarks-declared"},
		"tap-mautic":   {"read/fields-declared", "read/bookmarks-declared"},
		// A tab is replaced as a whole.
		"tap-google-sheets": {"read/bookmarks-declared"},
	})
}

func TestSourcesConform(t *testing.T) {
	t.Parallel()
	overTaps(t, suite.Source(), accounts.Form, nil)
}

// TestLoadersConform makes the checks of our own target, under both protocols, some at a time.
func TestLoadersConform(t *testing.T) {
	t.Parallel()
	for name, list := range map[string]func() ([]suite.Check, error){"target": suite.Target, "destination": suite.Destination} {
		checks, err := list()
		require.NoError(t, err)
		for some := range slices.Chunk(checks, 25) {
			t.Run(name+" from "+some[0].Name, func(t *testing.T) {
				t.Parallel()
				mustConform(t, suite.Subject{Command: []string{"target-postgres"}, DSN: servertest.Database(t), Env: bare(t).env}, some)
			})
		}
	}
}
