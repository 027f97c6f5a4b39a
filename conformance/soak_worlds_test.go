package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/signalroom/signalroom/taps/tap-everflow/everflowtest"
	"github.com/signalroom/signalroom/taps/tap-google-sheets/sheetstest"
	"github.com/signalroom/signalroom/taps/tap-mautic/mautictest"
	"github.com/signalroom/signalroom/taps/tap-posthog/posthogtest"
	"github.com/signalroom/signalroom/taps/tap-redtrack/redtracktest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// newWorlds are the sources of a life. What happens in each depends on the seed alone.
func newWorlds(t *testing.T, b *base, seed uint64) []*world {
	makers := []func(*testing.T, *base, *rand.Rand) *world{s3World, everflowWorld, redtrackWorld, mauticWorld, sheetsWorld, posthogWorld}
	var worlds []*world
	for i, make := range makers {
		w := make(t, b, rand.New(rand.NewPCG(seed, uint64(2*i+1))))
		w.rng = rand.New(rand.NewPCG(seed, uint64(2*i+2)))
		w.settle(t, b)
		worlds = append(worlds, w)
	}
	return worlds
}

func serve(api *taptest.API) (source, string) { return &apiSource{API: api}, api.Listen() }

// amount is a sum of money that has the same text as a JSON number and in PostgreSQL.
func amount(rng *rand.Rand) float64 { return float64(1+rng.IntN(4000)) / 4 }

// s3World gets files of lines that are appended, and of orders that are merged, with more columns from some day on.
func s3World(_ *testing.T, b *base, rng *rand.Rand) *world {
	lines, orders := newTruth("lines", "n", "text"), newTruth("orders", "order_id", "status total")
	number := 0
	return &world{
		program: "tap-s3-exports",
		source:  s3Source{b},
		tables:  []truth{lines, orders},
		keyless: "lines", // so that only the state keeps a line from coming twice
		step: func(step int) {
			for file := range 1 + rng.IntN(3) {
				var text strings.Builder
				text.WriteString("n,text\n")
				for range 1 + rng.IntN(2000) {
					number++
					lines.rows[fmt.Sprint(number)] = fmt.Sprintf("line %d", number)
					fmt.Fprintf(&text, "%d,line %d\n", number, number)
				}
				b.store.Put(bucket, fmt.Sprintf("acme/lines_%04d_%d.csv", step, file), []byte(text.String()))
			}
			var text strings.Builder
			text.WriteString("order_id,status,total")
			if step > 4 {
				text.WriteString(",note")
			}
			for range 500 {
				id, status, total := fmt.Sprint(rng.IntN(20*(step+40))), [...]string{"new", "paid", "refunded"}[rng.IntN(3)], fmt.Sprint(rng.IntN(9000))
				orders.rows[id] = status + " " + total
				fmt.Fprintf(&text, "\n%s,%s,%s", id, status, total)
				if step > 4 {
					text.WriteString(",x")
				}
			}
			b.store.Put(bucket, fmt.Sprintf("acme/orders_%04d.csv", step), []byte(text.String()))
		},
		settings: func(bool) map[string]any {
			return map[string]any{"bucket": bucket, "prefix": "acme/", "client_id": "acme", "endpoint_url": b.proxy.Endpoint, "region": b.store.Region,
				"aws_access_key_id": b.store.AccessKeyID, "aws_secret_access_key": b.store.SecretAccessKey, "streams": []any{
					map[string]any{"name": "lines", "pattern": "lines_*", "types": "text"},
					map[string]any{"name": "orders", "pattern": "orders_*", "types": "text", "key_properties": []string{"order_id"}, "disposition": "merge"},
				}}
		},
	}
}

// everflowWorld has conversions that come late and are approved, clicks, and offers that are renamed and deleted.
func everflowWorld(t *testing.T, _ *base, rng *rand.Rand) *world {
	s := everflowtest.New(t)
	s.Now, s.Limit = time.Now(), 1<<30
	conversions, clicks, offers := newTruth("conversions", "conversion_id", "status payout"), newTruth("clicks", "transaction_id", "revenue"), newTruth("offers", "network_offer_id", "name")
	first := s.Now.UTC().Truncate(24*time.Hour).AddDate(0, 0, -25)
	day := 0 // the last day that is read, counted from 0
	source, url := serve(s.API())
	return &world{
		program: "tap-everflow", path: "/v1", source: source, url: url,
		tables: []truth{conversions, clicks, offers},
		step: func(step int) {
			day = step/2 + 2
			recently := func() time.Time {
				return first.AddDate(0, 0, day-rng.IntN(3)).Add(time.Duration(rng.IntN(86400)) * time.Second)
			}
			s.Do(func() {
				for range 40 {
					n := len(s.Conversions)
					c, k := s.Conversion(n, recently(), 31, 8, "pending", amount(rng)), s.Click(n, recently(), 31, 8, "PT")
					k["revenue"] = amount(rng)
					s.Conversions, s.Clicks = append(s.Conversions, c), append(s.Clicks, k)
					conversions.rows[fmt.Sprint(c["conversion_id"])] = fmt.Sprint(c["status"], " ", c["payout"])
					clicks.rows[fmt.Sprint(k["transaction_id"])] = fmt.Sprint(k["revenue"])
				}
				for range 10 {
					c := s.Conversions[rng.IntN(len(s.Conversions))]
					if everflowtest.Seconds(c["conversion_unix_timestamp"]) >= first.AddDate(0, 0, day-2).Unix() {
						c["status"], c["payout"] = "approved", amount(rng)
						conversions.rows[fmt.Sprint(c["conversion_id"])] = fmt.Sprint(c["status"], " ", c["payout"])
					}
				}
				clear(offers.rows)
				s.Lists["offers"] = nil
				for id := range 30 {
					if rng.IntN(3) > 0 {
						offer := s.Offer(id + 1)
						offer["name"] = fmt.Sprint("Offer in step ", step)
						s.Lists["offers"] = append(s.Lists["offers"], offer)
						offers.rows[fmt.Sprint(id+1)] = fmt.Sprint(offer["name"])
					}
				}
			})
		},
		settings: func(bool) map[string]any {
			return map[string]any{"api_key": s.Key, "client_id": "acme", "start_date": first, "end_date": first.AddDate(0, 0, day+1), "conversions_disposition": "merge", "page_size": 25,
				"lookback": "96h", "click_lookback": "96h", "request_timeout": "3s", "select": "conversions,clicks,offers,!conversions.*unix*,!clicks.*unix*"}
		},
	}
}

// redtrackWorld has conversions that are approved, clicks whose cost is synchronised, and campaigns that are renamed and deleted.
func redtrackWorld(t *testing.T, _ *base, rng *rand.Rand) *world {
	a := redtracktest.New(t)
	conversions, clicks, campaigns := newTruth("conversions", "id", "status payout"), newTruth("clicks", "id", "cost"), newTruth("campaigns", "id", "title")
	first := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	day, number := 0, 0
	recent := map[string][]redtracktest.Row{}
	source, url := serve(a.API)
	return &world{
		program: "tap-redtrack", source: source, url: url,
		tables: []truth{conversions, clicks, campaigns},
		step: func(step int) {
			day = step/2 + 2
			recently := func() string {
				return first.AddDate(0, 0, day-rng.IntN(3)).Add(time.Duration(rng.IntN(86400)) * time.Second).Format(time.RFC3339)
			}
			if step%2 == 0 {
				clear(recent)
			}
			put := func(table string, row redtracktest.Row) {
				a.Put(table, row)
				id := fmt.Sprint(row["id"])
				if table == "conversions" {
					conversions.rows[id] = fmt.Sprint(row["status"], " ", row["payout"])
				} else {
					clicks.rows[id] = fmt.Sprint(row["cost"])
				}
			}
			for range 40 {
				number++
				c := redtracktest.Row{"id": fmt.Sprintf("65b%06d", number), "clickid": fmt.Sprintf("65a%06d", number), "conv_time": recently(), "status": "pending", "payout": amount(rng)}
				k := redtracktest.Row{"id": fmt.Sprintf("65a%06d", number), "track_time": recently(), "cost": amount(rng)}
				put("conversions", c)
				put("tracks", k)
				recent["conversions"], recent["tracks"] = append(recent["conversions"], c), append(recent["tracks"], k)
			}
			for range 10 {
				c, k := maps.Clone(recent["conversions"][rng.IntN(40)]), maps.Clone(recent["tracks"][rng.IntN(40)])
				c["status"], c["payout"], k["cost"] = "approved", amount(rng), amount(rng)
				put("conversions", c)
				put("tracks", k)
			}
			a.Delete("campaigns", func(redtracktest.Row) bool { return true })
			clear(campaigns.rows)
			for id := range 30 {
				if rng.IntN(3) > 0 {
					row := redtracktest.Row{"id": fmt.Sprintf("64f0%04d", id), "title": fmt.Sprint("Campaign in step ", step), "status": 1}
					a.Put("campaigns", row)
					campaigns.rows[fmt.Sprint(row["id"])] = fmt.Sprint(row["title"])
				}
			}
		},
		settings: func(bool) map[string]any {
			return map[string]any{"api_key": redtracktest.Key, "client_id": "acme", "timezone": "UTC", "start_date": first, "end_date": first.AddDate(0, 0, day+1).Format(time.DateOnly),
				"lookback": "96h", "request_timeout": "3s", "select": "conversions,clicks,campaigns"}
		},
	}
}

// mauticWorld has contacts that are new, changed and deleted, mails that are sent and opened, members that come and go, and submitted forms.
func mauticWorld(t *testing.T, _ *base, rng *rand.Rand) *world {
	m := mautictest.New("5.1.1")
	contacts, stats := newTruth("contacts", "id", "firstname"), newTruth("email_stats", "id", "open_count")
	members, submissions := newTruth("campaign_members", "campaign_id lead_id", "manually_added"), newTruth("form_submissions", "id", "referer")
	for _, table := range []string{"email_stats", "campaign_leads"} {
		m.Tables[table] = nil
	}
	contacts.deletes = true
	m.Entities["contacts"], m.Forms = nil, map[int][]mautictest.Row{}
	now := mautictest.Today
	m.Now = func() time.Time { return now }
	number := 200
	source, url := serve(m.Serve(t))
	change := func(step int) {
		now = mautictest.Today.Add(time.Duration(step) * time.Hour)
		stamp, naive := now.Add(-time.Minute).Format("2006-01-02T15:04:05+00:00"), now.Add(-time.Minute).Format(time.DateTime)
		for range 40 {
			number++
			name := fmt.Sprint("Kim ", step)
			m.Entities["contacts"] = append(m.Entities["contacts"], mautictest.Contact(number, stamp, nil, mautictest.Row{"firstname": name}))
			contacts.rows[fmt.Sprint(number)] = name
			m.Tables["email_stats"] = append(m.Tables["email_stats"], mautictest.Stat(number, 8, number, 1).With(mautictest.Row{"date_sent": naive}))
			stats.rows[fmt.Sprint(number)] = "0"
			m.Forms[2] = append(m.Forms[2], mautictest.Row{"id": number, "ipAddress": mautictest.Row{"ip": "192.0.2.9"}, "form": mautictest.Row{"id": 2}, "lead": mautictest.Row{"id": number},
				"trackingId": "abc", "dateSubmitted": stamp, "referer": "https://shop.test/", "page": nil, "results": mautictest.Row{"email": "kim@shop.test"}})
			submissions.rows[fmt.Sprint(number)] = "https://shop.test/"
		}
		for range 10 {
			held := m.Entities["contacts"]
			i, j := rng.IntN(len(held)), rng.IntN(len(m.Tables["email_stats"]))
			id, name := held[i]["id"].(int), fmt.Sprintf("Lea %d %d", step, i)
			held[i] = mautictest.Contact(id, fmt.Sprint(held[i]["dateAdded"]), stamp, mautictest.Row{"firstname": name})
			contacts.rows[fmt.Sprint(id)] = name
			stat := m.Tables["email_stats"][j]
			opens := stat["open_count"].(int) + 1
			m.Tables["email_stats"][j] = stat.With(mautictest.Row{"is_read": 1, "date_read": naive, "open_count": opens, "last_opened": naive})
			stats.rows[fmt.Sprint(stat["id"])] = fmt.Sprint(opens)
		}
		for range 3 {
			i := rng.IntN(len(m.Entities["contacts"]))
			delete(contacts.rows, fmt.Sprint(m.Entities["contacts"][i]["id"]))
			m.Entities["contacts"] = slices.Delete(m.Entities["contacts"], i, i+1)
		}
		clear(members.rows)
		m.Tables["campaign_leads"] = nil
		for lead := range 60 {
			if rng.IntN(3) > 0 {
				added := rng.IntN(2)
				m.Tables["campaign_leads"] = append(m.Tables["campaign_leads"], mautictest.Row{"campaign_id": 3, "lead_id": lead, "date_added": naive, "manually_added": added, "manually_removed": 0})
				members.rows[fmt.Sprint("3 ", lead)] = fmt.Sprint(added == 1)
			}
		}
	}
	return &world{
		program: "tap-mautic", source: source, url: url,
		tables: []truth{contacts, stats, members, submissions},
		step:   func(step int) { m.Change(func() { change(step) }) },
		settings: func(faultless bool) map[string]any {
			settings := map[string]any{"oauth_client_id": mautictest.KeyID, "oauth_client_secret": mautictest.KeySecret, "client_id": "acme", "page_size": 25, "stats_page_size": 25,
				"request_timeout": "3s", "select": "contacts,email_stats,campaign_members,form_submissions"}
			if faultless {
				settings["sweep_interval"] = "0s" // deletions are seen by reading all
			}
			return settings
		},
	}
}

// sheetsWorld has a plan whose rows come and go, and rates that are merged by key.
func sheetsWorld(t *testing.T, _ *base, rng *rand.Rand) *world {
	plan, rates := newTruth("plan", "campaign", "budget"), newTruth("rates", "code", "rate")
	docs := []*sheetstest.Doc{
		{ID: "1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789_-ABCDE", Title: "Targets", Zone: "Europe/Zurich", Tabs: []*sheetstest.Sheet{{ID: 0, Title: "Plan"}}},
		{ID: "2AbCdEfGhIjKlMnOpQrStUvWxYz0123456789_-ABCDE", Title: "Rates", Zone: "Europe/Zurich", Tabs: []*sheetstest.Sheet{{ID: 0, Title: "Rates"}}},
	}
	server := sheetstest.New(t, docs...)
	server.Endless = true
	source, url := serve(server.API)
	key := sheetstest.ServiceKey(t, url+"/token")
	return &world{
		program: "tap-google-sheets", source: source, url: url,
		tables: []truth{plan, rates},
		step: func(step int) {
			server.Change(func() {
				clear(plan.rows)
				cells := [][]any{{"Campaign", "Budget"}}
				for n := range 200 {
					if rng.IntN(3) > 0 {
						name, budget := fmt.Sprint("Campaign ", n), amount(rng)
						plan.rows[name] = fmt.Sprint(budget)
						cells = append(cells, []any{name, budget})
					}
				}
				docs[0].Tabs[0].Cells = cells
				for range 10 {
					rates.rows[fmt.Sprint("C", rng.IntN(20*(step+1)))] = fmt.Sprint(amount(rng))
				}
				cells = [][]any{{"Code", "Rate"}}
				for _, code := range slices.Sorted(maps.Keys(rates.rows)) {
					var rate float64
					fmt.Sscan(rates.rows[code], &rate)
					cells = append(cells, []any{code, rate})
				}
				docs[1].Tabs[0].Cells = cells
			}, docs...)
		},
		settings: func(bool) map[string]any {
			return map[string]any{"credentials_json": key, "client_id": "acme", "stream_names": "snake_case", "column_names": "snake_case", "request_timeout": "3s", "streams": []any{
				map[string]any{"spreadsheet": docs[0].ID, "tab": "Plan"},
				map[string]any{"spreadsheet": docs[1].ID, "tab": "Rates", "key_properties": []string{"code"}},
			}}
		},
	}
}

// posthogWorld has events, some of which come late, and flags that are changed and deleted.
func posthogWorld(t *testing.T, _ *base, rng *rand.Rand) *world {
	server := posthogtest.New(t)
	server.Limits, server.Budget = nil, 1<<60
	projects := []*posthogtest.Project{server.Project(9), server.Project(12)}
	events, flags := newTruth("events", "project_id uuid", "distinct_id properties"), newTruth("feature_flags", "project_id id", "active")
	first := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	days, number := 0, 0
	source, url := serve(server.API)
	return &world{
		program: "tap-posthog", source: source, url: url,
		tables: []truth{events, flags},
		step: func(step int) {
			days = step + 1
			end := first.AddDate(0, 0, days)
			server.Change(func() {
				for _, p := range projects {
					for n := range 80 {
						number++
						back := time.Duration(rng.IntN(86400)) * time.Second
						if n%20 == 0 { // late; by lookback, as the clock that arrivals go by is the tap's own
							back += time.Duration(rng.IntN(2*86400)) * time.Second
						}
						e := posthogtest.Event{UUID: fmt.Sprintf("%08x-0000-4000-8000-%012x", rng.Uint32(), number), Name: "$pageview", Timestamp: end.Add(-back - time.Second),
							CreatedAt: end, DistinctID: fmt.Sprint("user", number), Properties: fmt.Sprintf(`{"n": %d}`, number)}
						if e.Timestamp.Before(first) {
							e.Timestamp = first
						}
						p.Events = append(p.Events, e)
						events.rows[fmt.Sprint(p.ID, " ", e.UUID)] = e.DistinctID + " " + e.Properties
					}
				}
				clear(flags.rows)
				projects[0].Lists["feature_flags"] = nil
				for id := range 30 {
					if active := rng.IntN(2) == 0; rng.IntN(3) > 0 {
						projects[0].Lists["feature_flags"] = append(projects[0].Lists["feature_flags"], fmt.Sprintf(`{"id":%d,"key":"f%d","active":%t,"archived":false}`, id, id, active))
						flags.rows[fmt.Sprint("9 ", id)] = fmt.Sprint(active)
					}
				}
			})
		},
		settings: func(bool) map[string]any {
			return map[string]any{"api_key": posthogtest.Key, "project_id": []int{9, 12}, "client_id": "acme", "start_date": first, "end_date": first.AddDate(0, 0, days),
				"lookback": "96h", "page_size": 30, "request_timeout": "3s", "select": "events,feature_flags"}
		},
	}
}
