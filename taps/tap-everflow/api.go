package main

import (
	"cmp"
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/auth"
	"github.com/signalroom/signalroom/taps/tap/rest"
)

// limitSpan is what Everflow counts requests in, over all keys, users and tools of a network, without saying when to come back.
// https://developers.everflow.io/user-guide/rate-limiting
const limitSpan = 30 * time.Second

// clickCap is how many clicks an answer holds at the most, without a word of the rest; an affiliate's half as many.
const clickCap = 10_000

// An account is a key that is read with.
type account struct {
	Account
	client     *rest.Client
	granular   *rest.Client // for reports by more than day, offer and affiliate, which are counted by the hour too
	clickCap   int
	asked      bool // NetworkID and CurrencyID are known
	timezoneID int  // of the setting timezone, once it is known
}

func newAccount(a Account, settings tap.HTTPSettings, run *tap.Run) (*account, error) {
	opened := &account{Account: a, clickCap: clickCap}
	requests := 600
	if a.Portal == portalAffiliate {
		opened.clickCap, requests = clickCap/2, 150
	}
	if settings.RequestsPerMinute == 0 {
		settings.RequestsPerMinute = min(requests, 600) // others have to live with what is left
	}
	settings.BaseURL = a.BaseURL
	limits := rest.Limits{Rates: []rest.Rate{{Requests: requests, Per: limitSpan}}, Parallel: 4}
	client, err := rest.New(run, &settings, rest.API{Name: "Everflow", Base: hosts[a.Region], Auth: auth.Header("X-Eflow-API-Key", a.APIKey), Limits: limits, Judge: judge})
	if err != nil {
		return nil, err
	}
	opened.client = client
	limits.Rates = append(limits.Rates, rest.Rate{Requests: 1000, Per: time.Hour})
	opened.granular = client.Within(limits)
	return opened, nil
}

// judge says what Everflow's statuses mean. https://developers.everflow.io/user-guide/errors
func judge(f *rest.Failure, v *rest.Verdict) {
	said := f.Message()
	switch {
	case f.Status == http.StatusTooManyRequests && v.Wait == 0:
		v.Wait = limitSpan
	case f.Status == http.StatusUnauthorized:
		v.Fault.Hint = "the key is wrong, revoked, or of the other region: see api_key and region"
	case f.Status == http.StatusForbidden && strings.Contains(strings.ToLower(said), "realm"):
		v.Fault.Hint = "set portal to whose key it is: network or affiliate"
	case f.Status == http.StatusForbidden:
		v.Fault.Hint = "give the key this permission under Control Center, Security, or leave the stream out with --select"
	case f.Status == http.StatusNotFound:
		v.Fault.Hint = "is base_url complete? It ends with /v1"
	case strings.Contains(said, "code=8"): // passes within a few tries, and comes with large pages
		v.Retry = true
		v.Fault.Hint = "try again later, or set page_size to 100"
	}
}

// path is that of an endpoint which both portals have.
func (a *account) path(endpoint string) string {
	if a.Portal == portalAffiliate {
		return "affiliates/" + endpoint
	}
	return "networks/" + endpoint
}

// ask finds out what rows cannot be told apart without. It is the cheapest request that needs the key.
func (a *account) ask(ctx context.Context) error {
	if a.asked {
		return nil
	}
	if a.Portal == portalAffiliate {
		one := rest.Request{Path: a.path("offersrunnable"), Query: map[string][]string{"page": {"1"}, "page_size": {"1"}}}
		for row, err := range a.client.Rows(ctx, rest.List{Request: one, Rows: []string{"offers"}}) {
			if err != nil {
				return err
			}
			id, _ := strconv.ParseInt(rest.Text(rest.Member(row, "network_id")), 10, 64)
			a.NetworkID = cmp.Or(a.NetworkID, id)
		}
	} else {
		var network struct {
			NetworkID  int64  `json:"network_id"`
			CurrencyID string `json:"default_currency_id"`
		}
		if err := a.client.JSON(ctx, &rest.Request{Path: "networks"}, &network); err != nil {
			return err
		}
		a.NetworkID, a.CurrencyID = cmp.Or(a.NetworkID, network.NetworkID), cmp.Or(a.CurrencyID, network.CurrencyID)
	}
	if a.NetworkID == 0 {
		return protocol.ConfigFault("give network_id", "the account does not tell its network's id")
	}
	a.CurrencyID = cmp.Or(a.CurrencyID, "USD")
	a.asked = true
	return nil
}

// splits are what rows can be told apart by where time alone does not do: columns of reports that are filters too.
func (a *account) splits() []string {
	if a.Portal == portalAffiliate {
		return []string{"offer", "country_code"}
	}
	return []string{"offer", "affiliate", "country_code"}
}

// name stands for the account in bookmarks and shards.
func (a *account) name() string { return strconv.FormatInt(a.NetworkID, 10) }

// utc is Everflow's number for it.
const utc = 67

// timezone is Everflow's number for a zone. https://developers.everflow.io/user-guide/timezones
func (a *account) timezone(ctx context.Context, zone string) (int, error) {
	if zone == "UTC" || a.timezoneID != 0 {
		return cmp.Or(a.timezoneID, utc), nil
	}
	var answer struct {
		Timezones []struct {
			ID    int    `json:"timezone_id"`
			Name  string `json:"timezone_name"`
			Other string `json:"timezone"`
		} `json:"timezones"`
	}
	if err := a.client.JSON(ctx, &rest.Request{Path: "meta/timezones"}, &answer); err != nil {
		return 0, err
	}
	for _, t := range answer.Timezones {
		if strings.EqualFold(t.Name, zone) || strings.EqualFold(t.Other, zone) {
			a.timezoneID = t.ID
			return t.ID, nil
		}
	}
	return 0, protocol.ConfigFault("take one that Everflow lists, such as America/New_York", "setting timezone: Everflow does not know %q", zone)
}
