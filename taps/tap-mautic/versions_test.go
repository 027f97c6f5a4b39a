package main

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap-mautic/mautictest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// basic are the settings for a Mautic that knows no client credentials.
func basic() map[string]any {
	return map[string]any{"username": "ann", "password": mautictest.Password, "oauth_client_id": nil, "oauth_client_secret": nil}
}

// TestVersions gets the same rows out of every version, whatever form each gives them: lists or maps, empty ones of either kind, totals
// and statistics as text or numbers, variants listed or not, mails by the page that are cut short.
func TestVersions(t *testing.T) {
	t.Parallel()
	want, _ := sync(t, mautictest.New("5.1.1"), nil, nil, "--select", "*,!point_groups.*")
	for _, version := range []string{"3.3.5", "4.2.0", "4.4.12", "5.1.1", "6.0.3", "7.1.1", "7.2.0-dev"} {
		for name, sizes := range map[string]map[string]any{"usual": {}, "one by one": {"page_size": 1, "stats_page_size": 1}, "two by two": {"page_size": 2, "stats_page_size": 2}} {
			t.Run(version+", "+name, func(t *testing.T) {
				t.Parallel()
				m := mautictest.New(version)
				if version < "4" {
					m.Basic = true
					for key, value := range basic() {
						sizes[key] = value
					}
				}
				args := "*,!point_groups.*"
				if version < "5" {
					args = "*" // it has none
				}
				got, _ := sync(t, m, sizes, nil, "--select", args, "--columns", `{"*":{"projects":"drop"}}`)
				require.NoError(t, taptest.SameRows(want, got, taptest.Once))
			})
		}
	}
}

// TestNothing is a Mautic in which nobody has done anything, with the empty lists of each version.
func TestNothing(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"4.2.0", "4.4.12", "5.1.1", "7.1.1"} {
		m := mautictest.New(version)
		for path := range m.Entities {
			m.Entities[path] = nil
		}
		for table := range m.Tables {
			m.Tables[table] = nil
		}
		m.Entities["forms"] = []mautictest.Row{mautictest.Named(2, "Newsletter", "2026-01-01T08:00:00+00:00", nil)}
		m.Forms, m.Activity = nil, nil
		messages, state := sync(t, m, nil, nil, "--select", "*")
		for _, message := range messages {
			require.False(t, message.Type == "RECORD" && message.Stream != "forms", message.Stream)
		}
		messages, _ = sync(t, m, nil, state, "--select", "*")
		require.Empty(t, records(messages, "contacts"))
	}
}

// TestOldAndNewAreSaid warns of versions that nobody has written anything about.
func TestOldAndNewAreSaid(t *testing.T) {
	t.Parallel()
	for version, warns := range map[string]bool{"2.16.5": true, "5.1.1": false, "9.0.0": true} {
		m := mautictest.New(version)
		m.Basic = true
		out := taptest.Run(t, program, input(m.Serve(t), basic(), "--select", "tags"))
		require.Equal(t, 0, out.Code, out.Stderr)
		require.Contains(t, out.Stderr, "mautic="+version)
		require.Equal(t, warns, len(out.Stderr) != len(withoutLine(out.Stderr, "not one of 3 to 7")), version)
	}
}

// TestTokens asks for one, renews it once it is refused or near its end, and loses no row over it.
func TestTokens(t *testing.T) {
	t.Parallel()
	want, _ := sync(t, mautictest.New("5.1.1"), nil, nil, "--select", "contacts,email_stats")
	small := map[string]any{"page_size": 1, "stats_page_size": 1}
	t.Run("revoked", func(t *testing.T) {
		t.Parallel()
		m := mautictest.New("5.1.1")
		api := m.Serve(t)
		m.Revoke = 9
		out := taptest.Run(t, program, input(api, small, "--select", "contacts,email_stats"))
		require.Equal(t, 0, out.Code, out.Stderr)
		require.NoError(t, taptest.SameRows(want, out.Messages, taptest.Once))
		require.Equal(t, 2, m.Tokens)
	})
	t.Run("expiring", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			m := mautictest.New("5.1.1")
			m.Lifetime = 10 * time.Minute
			small := map[string]any{"page_size": 1, "stats_page_size": 1, "requests_per_minute": 1}
			out := taptest.Run(t, program, input(m.Serve(t), small, "--select", "contacts,email_stats"))
			require.Equal(t, 0, out.Code, out.Stderr)
			require.NoError(t, taptest.SameRows(want, out.Messages, taptest.Once))
			require.Zero(t, m.Refused, "the token is renewed before its end")
			require.Greater(t, m.Tokens, 1)
		})
	})
	t.Run("kept between runs", func(t *testing.T) {
		t.Parallel()
		m := mautictest.New("5.1.1")
		api := m.Serve(t)
		settings := map[string]any{"token_cache": t.TempDir() + "/tokens"}
		for range 3 {
			out := taptest.Run(t, program, input(api, settings, "--select", "tags"))
			require.Equal(t, 0, out.Code, out.Stderr)
		}
		require.Equal(t, 1, m.Tokens)
	})
}

// TestRateLimiter uses up what the rate limiter of Mautic allows, hour after hour, and is never refused. When others use it too, the tap
// waits as long as Mautic says.
func TestRateLimiter(t *testing.T) {
	t.Parallel()
	want, _ := sync(t, mautictest.New("5.1.1"), nil, nil, "--select", "contacts,email_stats,campaign_members")
	small := map[string]any{"page_size": 1, "stats_page_size": 1}
	for name, others := range map[string]int{"alone": 0, "with others": 4} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := mautictest.New("5.1.1")
				m.Limit, m.Others = 10, others
				m.Now = time.Now
				began := time.Now()
				in := input(m.Serve(t), small, "--select", "contacts,email_stats,campaign_members")
				in.Now = time.Now
				out := taptest.Run(t, program, in)
				require.Equal(t, 0, out.Code, out.Stderr)
				require.NoError(t, taptest.SameRows(want, out.Messages, taptest.Once))
				hours := int(time.Since(began) / time.Hour)
				require.Positive(t, hours)
				t.Logf("%d requests in %d hours, of %d an hour", m.Served, hours, m.Limit)
				if others == 0 {
					require.Zero(t, m.TooMany)
					require.GreaterOrEqual(t, m.Served, hours*m.Limit, "every request that is allowed is used")
				} else {
					require.Positive(t, m.TooMany)
				}
			})
		})
	}
}
