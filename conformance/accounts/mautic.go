package accounts

import (
	"slices"
	"testing"
	"time"

	"github.com/signalroom/signalroom/taps/tap-mautic/mautictest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// Mautic has in its second run a contact that is new, one that was changed and one that was deleted, which the third run sees, as it reads
// all contacts; a mail that was opened and one more that was sent; a contact that left a campaign; and a mail without its variant.
func Mautic() Account {
	return Account{
		Program: "tap-mautic",
		Serve: func(t testing.TB) (*taptest.API, func(int)) {
			m := mautictest.New("5.1.1")
			at := func(run int) time.Time { return mautictest.Today.AddDate(0, 0, run-1) }
			return m.Serve(t), func(run int) {
				m.Now = func() time.Time { return at(run) }
				changed := mautictest.Row{"dateModified": at(run).Add(-time.Hour).Format("2006-01-02T15:04:05+00:00")}
				contacts, stats := m.Entities["contacts"], m.Tables["email_stats"]
				switch run {
				case 2:
					values := mautictest.Row{"firstname": "Kim", "email": "kim@new.test", "vip": "0"}
					kim := mautictest.Contact(9, "2026-04-01T09:00:00+00:00", nil, values).With(changed)
					m.Entities["contacts"] = []mautictest.Row{kim, contacts[2], mautictest.Contact(101, "2026-04-01T09:00:00+00:00", nil, nil).With(changed)}
					stats[1] = stats[1].With(mautictest.Row{"is_read": 1, "date_read": at(run).Add(-time.Hour).Format(time.DateTime), "open_count": 1})
					m.Tables["email_stats"] = append(stats, mautictest.Stat(102, 8, 9, 10))
					m.Tables["campaign_leads"] = m.Tables["campaign_leads"][1:]
				case 3:
					m.Entities["contacts"] = append(contacts, mautictest.Contact(102, "2026-04-01T09:00:00+00:00", nil, nil))
					m.Entities["emails"] = slices.Delete(m.Entities["emails"], 1, 2)
				}
			}
		},
		Settings: func(run int) map[string]any {
			settings := map[string]any{"oauth_client_id": mautictest.KeyID, "oauth_client_secret": mautictest.KeySecret, "client_id": "acme", "page_size": 2, "stats_page_size": 2,
				"select": "contacts,emails,campaigns,email_stats,campaign_members,form_submissions", "columns": map[string]any{"emails": map[string]any{"lists": "drop"}}}
			if run == 3 {
				settings["sweep_interval"] = "0s"
			}
			return settings
		},
		Tables: []string{"contacts", "emails", "campaigns", "email_stats", "campaign_members", "form_submissions"},
	}
}
