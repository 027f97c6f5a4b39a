package main

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/signalroom/signalroom/protocol/settings"
	"github.com/signalroom/signalroom/taps/tap"
)

// Config is what tap-everflow can be told.
type Config struct {
	tap.Settings
	tap.HTTPSettings
	APIKey    string    `json:"api_key" secret:"" env:"EVERFLOW_API_KEY" help:"Key of a network (Control Center, Security) or of an affiliate account (My Account, API). Either this or networks is needed."`
	Region    string    `json:"region" enum:"us,eu" default:"us" env:"EVERFLOW_REGION" help:"Where the account is hosted. The key of one region is unknown in the other."`
	Portal    string    `json:"portal" enum:"network,affiliate" default:"network" help:"Whose key it is."`
	NetworkID int64     `json:"network_id" help:"Id of the network, for an account that does not tell it: an affiliate's without offers."`
	Networks  []Account `json:"networks" secret:"" help:"Several accounts in one run, in place of api_key: [{\"api_key\": …, \"region\": \"eu\", \"portal\": \"affiliate\"}]. network_id tells their rows apart."`

	Lookback      time.Duration `json:"lookback" default:"1080h" min:"0s" max:"8736h" help:"How far behind the bookmark conversions and daily figures are read again: their status and amounts change, and they come late."`
	ClickLookback time.Duration `json:"click_lookback" default:"24h" min:"0s" max:"2136h" help:"Likewise for clicks."`
	Conversions   string        `json:"conversions_disposition" enum:"append,merge" default:"append" help:"append keeps conversions and events as they were first read, merge lets what Everflow changes later (status, payout, revenue, sale amount) overwrite them."`
	ReportColumns []string      `json:"report_columns" help:"What daily_report is broken down by beside the day, nine columns at the most. Default: offer and affiliate, and with an affiliate's key offer." example:"offer,affiliate,country_code"`
	Timezone      string        `json:"timezone" default:"UTC" help:"Zone of the days of daily_report. Everything else is in UTC." example:"America/New_York"`
	CurrencyID    string        `json:"currency_id" help:"Currency of daily_report. Default: the network's own, and with an affiliate's key USD. Conversions and clicks stay in that of their offer." example:"EUR"`
	PageSize      int           `json:"page_size" default:"2000" min:"1" max:"2000" help:"Rows per page of conversions and lists. Some accounts answer large pages with errors."`
}

// An Account is one key: an element of the setting networks.
type Account struct {
	APIKey     string `json:"api_key" secret:"" help:"Key of the account."`
	Region     string `json:"region" enum:"us,eu" help:"Default: us."`
	Portal     string `json:"portal" enum:"network,affiliate" help:"Default: network."`
	BaseURL    string `json:"base_url" help:"Default: the region's."`
	NetworkID  int64  `json:"network_id" help:"Default: what the account says."`
	CurrencyID string `json:"currency_id" help:"Default: that of the setting beside networks."`
}

// The words of region and portal.
const (
	portalNetwork   = "network"
	portalAffiliate = "affiliate"
)

var hosts = map[string]string{"us": "https://api.eflow.team/v1", "eu": "https://api-eu.eflow.team/v1"}

// accounts are the keys to read with. It reports every problem at once.
func (c *Config) accounts(problems *settings.Problems) []Account {
	list := slices.Clone(c.Networks)
	if len(list) == 0 {
		list = []Account{{APIKey: c.APIKey, Region: c.Region, Portal: c.Portal, NetworkID: c.NetworkID}}
	}
	switch {
	case len(c.Networks) > 0 && c.APIKey != "":
		problems.Add("networks", "give either networks or api_key")
	case len(c.Networks) == 0 && c.APIKey == "":
		problems.Missing("api_key", "without networks")
	}
	for i := range list {
		a := &list[i]
		a.APIKey = strings.TrimSpace(a.APIKey)
		if len(c.Networks) > 0 && a.APIKey == "" {
			problems.Add("networks", "networks[%d]: api_key is missing", i)
		}
		a.Region, a.Portal = cmp.Or(a.Region, "us"), cmp.Or(a.Portal, portalNetwork)
		a.BaseURL, a.CurrencyID = cmp.Or(a.BaseURL, c.BaseURL), cmp.Or(a.CurrencyID, c.CurrencyID)
	}
	return list
}

// timeColumns are those that daily_report has no use for: it has the day.
var timeColumns = []string{"hour", "date", "week", "month", "year"}

// reportColumns are what daily_report is broken down by.
func (c *Config) reportColumns(accounts []Account, problems *settings.Problems) []string {
	if len(c.ReportColumns) == 0 {
		if slices.ContainsFunc(accounts, func(a Account) bool { return a.Portal == portalAffiliate }) {
			return []string{"offer"}
		}
		return []string{"offer", "affiliate"}
	}
	if len(c.ReportColumns) > 9 {
		problems.Add("report_columns", "Everflow takes nine beside the day, not %d", len(c.ReportColumns))
	}
	seen := map[string]bool{}
	for _, column := range c.ReportColumns {
		switch {
		case slices.Contains(timeColumns, column):
			problems.Add("report_columns", "%q is a span of time, and the report is by day already", column)
		case strings.Trim(column, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" || column == "":
			problems.Add("report_columns", "%q is no column of Everflow's, such as offer or country_code", column)
		case seen[column]:
			problems.Add("report_columns", "%q comes twice", column)
		}
		seen[column] = true
	}
	return c.ReportColumns
}
