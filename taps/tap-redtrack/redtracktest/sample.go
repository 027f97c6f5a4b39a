package redtracktest

import (
	"fmt"
	"time"
)

// Fill stores an account of two campaigns with conversions, clicks and costs on some days, and one of each list with all that is awkward
// about it: numbers as text, times in the account's zone, Go's zero time, and credentials of other systems. Every credential holds the
// word [Secret].
func (a *Account) Fill(days ...string) {
	a.Put("campaigns",
		Row{"id": "64f0aa11bb22cc33dd44ee55", "title": "Demo EU", "status": 1, "cost_model": "cpc", "cpc": 0.4, "source_id": "64f0aa11bb22cc33dd44ee77", "tags": []string{"eu"},
			"postback_url": "https://demo.example/pb?cid={clickid}&keyword=a&api_key=" + Secret + "&token={token}", "created_at": "2025-09-01T08:00:00.123Z", "updated_at": "2025-12-30T15:10:44.5+01:00",
			"expires_at": "0001-01-01T00:00:00Z", "stat": Row{"clicks": 7}, "integration_postback": Row{"key": Secret}, "streams": []Row{{"id": "64f0aa11bb22cc33dd44ee99", "weight": 100}}},
		Row{"id": "64f0aa11bb22cc33dd44ee56", "title": "Demo US", "status": "2", "cpc": "0.25", "serial_number": "12", "created_at": ""})
	a.Put("offers", Row{"id": "64f0aa11bb22cc33dd44ee66", "title": "Demo offer", "status": 1, "url": "https://shop.example/?cid={clickid}", "program_id": "64f0aa11bb22cc33dd44eeaa",
		"network_title": "Demo Net", "payment": Row{"amount": 35.5}, "country_codes": []string{"PT"}, "cap": 0, "cap_alert": false, "pixels": []Row{{"access_token": Secret}}})
	a.Put("landings",
		Row{"id": "64f0aa11bb22cc33dd44eeb1", "title": "Lander", "type": "landing", "url": "https://demo.example/l", "listicle": true},
		Row{"id": "64f0aa11bb22cc33dd44eeb2", "title": "Prelander", "type": "prelanding", "url": "https://demo.example/p", "tags": nil})
	a.Put("networks", Row{"id": "64f0aa11bb22cc33dd44eeaa", "title": "Demo Net", "status": "active", "currency": "EUR", "sum": 12.5, "postback_protected": 1, "postback_token": Secret,
		"postback_url": "https://track.example/postback?clickid={cid}&token=" + Secret, "subs": []Row{{"alias": "sub1", "hint": "{ad_id}", "role": "rt_ad", "value": ""}}})
	a.Put("sources", Row{"id": "64f0aa11bb22cc33dd44ee77", "title": "Demo Ads", "alias": "demo", "status": "active", "campaign_count": 2, "google_analytics_key": Secret,
		"integrations": Row{"fraudscore": true, "params": Row{"key": Secret}, "source_name": "demo"}, "pixels": []Row{{"token": Secret}}, "subs": []Row{{"alias": "sub1", "role": "rt_ad"}}})
	a.Put("streams", Row{"id": "64f0aa11bb22cc33dd44ee99", "title": "Split", "template": true, "offers": []Row{{"id": "64f0aa11bb22cc33dd44ee66"}}})
	a.Put("domains", Row{"id": "64f0aa11bb22cc33dd44ee88", "url": "track.example", "type": "tracker", "use_auto_generated_ssl": "true", "ssl": Row{"key": Secret}, "acme": Row{"key": Secret}})
	a.Put("scripts", Row{"id": "64f0aa11bb22cc33dd44eed1", "name": "Shop", "script_type": 1, "campaign_id": "64f0aa11bb22cc33dd44ee55", "domain_id": "64f0aa11bb22cc33dd44ee88",
		"cookie_domain": "shop.example", "attribution_type": "2", "attribution_window": 30, "reg_view_once": true, "is_auto_generated": 0,
		"script_code": `<script src="https://track.example/unilpclick.js?attribution=2&key=` + Secret + `"></script>`})
	a.Put("browsers", Row{"id": "1", "title": "Chrome"})
	a.Put("categories", Row{"id": "1", "name": "Finance", "alias": "finance", "sub_categories": []Row{{"name": "Loans", "alias": "loans"}}})
	a.Put("cities", Row{"id": "1", "name": "Porto", "region": "Porto", "country_iso": "PT"})
	a.Put("countries", Row{"id": 1, "iso": "PT", "title": "Portugal"})
	a.Put("currencies", Row{"letter_code": "EUR", "aliases": []string{"€"}, "exchange_rate": Row{"source": "ecb", "value": 1.085, "updated_at": "2026-01-02T00:00:00Z"}})
	a.Put("devices", Row{"id": "1", "code": "mobile", "title": "Mobile"})
	a.Put("languages", Row{"code": "pt", "alpha3": "por", "title": "Portuguese"})
	a.Put("os", Row{"id": "1", "title": "Android"})
	for _, day := range days {
		a.Day(day)
	}
}

// Secret is in every credential of the sample.
const Secret = "s3cr3t"

// Day stores two clicks, a conversion, and the costs of both campaigns for a day.
func (a *Account) Day(text string) {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		a.t.Fatal(err)
	}
	n := day.YearDay()
	for i, campaign := range []string{"64f0aa11bb22cc33dd44ee55", "64f0aa11bb22cc33dd44ee56"} {
		title := [...]string{"Demo EU", "Demo US"}[i]
		at := day.Add(time.Duration(10+i) * time.Hour)
		a.Put("tracks", Row{"id": fmt.Sprintf("65a1%04d%d", n, i), "track_time": at.Format(time.RFC3339), "type": "click", "campaign_id": campaign, "campaign": title,
			"source_id": "64f0aa11bb22cc33dd44ee77", "country": "PT", "device": "mobile", "ip": "192.0.2.7", "cost": 0.42, "cost_default": "0.42", "uniq": 1, "is_ok": true, "sub1": 17, "rt_source": "demo"})
		a.Put("report", Row{"date": day.Format(time.DateOnly), "campaign": title, "campaign_id": campaign, "offer": "Demo offer", "offer_id": "64f0aa11bb22cc33dd44ee66",
			"source": "Demo Ads", "source_id": "64f0aa11bb22cc33dd44ee77", "country": "PT", "clicks": 412.0 + float64(n), "cost": 88.25, "conversions": 9.0, "total_conversions": 11.0,
			"revenue": 0.0, "total_revenue": 186.75})
	}
	a.Put("conversions", Row{"id": fmt.Sprintf("65b1%04d", n), "clickid": fmt.Sprintf("65a1%04d0", n), "campaign_id": "64f0aa11bb22cc33dd44ee55", "campaign": "Demo EU", "status": "pending", "type": "Purchase",
		"conv_time": day.Add(11 * time.Hour).Format("2006-01-02T15:04:05+00:00"), "track_time": day.Add(10 * time.Hour).Format(time.RFC3339), "created_at": day.Add(11 * time.Hour).Format(time.DateTime),
		"currency": "EUR", "payout": 35.5, "payout_network": "38.20", "cost": 0.42, "sub1": "ad-17", "default_type": 0, "type1": 1, "is_transaction": true, "duplicate_status": "0", "ip": "192.0.2.7"})
}
