package main

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
)

// A source is the accounts to read and how.
type source struct {
	config   *Config
	run      *tap.Run
	accounts []*account
	columns  []string       // of daily_report
	zone     *time.Location // of its days
}

func open(config *Config, run *tap.Run) (*tap.Source, error) {
	problems := run.Problems()
	s := &source{config: config, run: run}
	accounts := config.accounts(problems)
	s.columns = config.reportColumns(accounts, problems)
	var err error
	if s.zone, err = time.LoadLocation(config.Timezone); err != nil || config.Timezone == "Local" {
		problems.Add("timezone", "%q is not known; use a name such as America/New_York", config.Timezone)
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	for _, a := range accounts {
		opened, err := newAccount(a, config.HTTPSettings, run)
		if err != nil {
			return nil, err
		}
		s.accounts = append(s.accounts, opened)
	}
	return &tap.Source{Check: s.check, Streams: s.streams, Close: s.close}, nil
}

func (s *source) check(ctx context.Context) error {
	_, err := s.identified(ctx)
	return err
}

func (s *source) close() error {
	var errs []error
	for _, a := range s.accounts {
		errs = append(errs, a.client.Close())
	}
	return errors.Join(errs...)
}

// ids are columns that stand deeper in conversions and clicks.
var ids = []lift{
	{"network_offer_id", "relationship.offer.network_offer_id"},
	{"network_affiliate_id", "relationship.affiliate.network_affiliate_id"},
	{"network_advertiser_id", "relationship.advertiser.network_advertiser_id"},
}

func (s *source) streams(context.Context, func(string) json.RawMessage) ([]tap.Stream, error) {
	conversion := tap.Typed[Conversion](tap.Stream{Name: "conversions", Description: "Base conversions", Disposition: protocol.Disposition(s.config.Conversions)})
	event := conversion
	event.Name, event.Description = "events", "Events after a conversion"
	times := append([]lift{{"conversion_time", "conversion_unix_timestamp"}, {"click_time", "click_unix_timestamp"}}, ids...)
	show := func(base, events bool) func(*account) map[string]any {
		return func(*account) map[string]any {
			return map[string]any{"timezone_id": utc, "show_conversions": base, "show_events": events}
		}
	}
	conversion.Read = s.conversions("reporting/conversions", "conversion_id", show(true, false), conversion.Columns, times...)
	event.Read = s.conversions("reporting/conversions", "conversion_id", show(false, true), conversion.Columns, times...)

	held := tap.Typed[OnHoldConversion](tap.Stream{Name: "on_hold_conversions", Description: "Conversions and events that are held back, or were", Disposition: protocol.Merge, Unselected: true})
	heldLifts := []lift{{"conversion_id", "conversion.conversion_id"}, {"transaction_id", "conversion.transaction_id"}, {"conversion_time", "conversion.conversion_unix_timestamp"}}
	for _, l := range ids {
		heldLifts = append(heldLifts, lift{l.column, "conversion." + l.path})
	}
	held.Read = s.conversions("reporting/onhold", "on_hold_conversion_id", func(a *account) map[string]any {
		body := show(true, true)(a)
		if a.Portal == portalNetwork {
			body["on_hold_status_filter"] = ""
		}
		return body
	}, held.Columns, heldLifts...)

	click := tap.Typed[Click](tap.Stream{Name: "clicks", Description: "Clicks of the last three months", Disposition: protocol.Append})
	click.Read = s.clicks(click.Columns, append([]lift{{"click_time", "unix_timestamp"}}, ids...)...)

	report, err := s.dailyReport()
	if err != nil {
		return nil, err
	}
	streams := []tap.Stream{conversion, event, held, click, report,
		list[Offer](s, listing{name: "offers", description: "Offers and their configuration", id: "network_offer_id", path: "offers", affiliatePath: "offersrunnable"}),
		list[CouponCode](s, listing{name: "coupon_codes", description: "Codes by which conversions are known", id: "network_coupon_code_id", path: "couponcodes", affiliatePath: "couponcodes", repeats: true}),
	}
	if !slices.ContainsFunc(s.accounts, func(a *account) bool { return a.Portal == portalNetwork }) {
		return streams, nil
	}
	return append(streams,
		list[Affiliate](s, listing{name: "affiliates", description: "Partners", id: "network_affiliate_id", path: "affiliates"}),
		list[Advertiser](s, listing{name: "advertisers", description: "Brands", id: "network_advertiser_id", path: "advertisers"}),
		list[OfferGroup](s, listing{name: "offer_groups", description: "Offers that share caps", id: "network_offer_group_id", path: "offergroups"}),
		list[Campaign](s, listing{name: "campaigns", description: "Smart links", id: "network_campaign_id", path: "campaigns"}),
		list[Creative](s, listing{name: "creatives", description: "Banners, mails and links of offers", id: "network_offer_creative_id", path: "creativestable", body: map[string]any{"search_terms": []any{}}}),
		list[Category](s, listing{name: "categories", description: "Categories of offers", id: "network_category_id", path: "categories", repeats: true}),
		list[Label](s, listing{name: "labels", description: "Labels, and what has them", id: "label", path: "labels", repeats: true}),
		list[TrafficSource](s, listing{name: "traffic_sources", description: "Parameters for the links of partners", id: "network_traffic_source_id", path: "trafficsource", repeats: true}),
		list[TrafficControl](s, listing{name: "traffic_controls", description: "Rules that keep traffic out", id: "network_traffic_control_id", path: "trafficcontrols", repeats: true}),
		list[Employee](s, listing{name: "employees", description: "People who work for the network", id: "network_employee_id", path: "employees", repeats: true, unselected: true,
			lifts: []lift{{"network_employee_id", "employee_id"}}}),
	), nil
}
