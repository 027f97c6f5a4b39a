package main

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/signalroom/signalroom/protocol/settings"
	"github.com/signalroom/signalroom/taps/tap"
)

// Config is what tap-redtrack can be told.
type Config struct {
	tap.Settings `required:"start_date"` // the API does not tell how far back its rows go

	APIKey     string              `json:"api_key" secret:"" required:"" env:"REDTRACK_API_KEY" help:"Key of RedTrack's API, from Tools, Integrations."`
	Timezone   string              `json:"timezone" help:"Zone of the account, which its days are of; reports are made in it. Without it, reports are of days in UTC, and the days of conversions and clicks count as over when they are over everywhere." example:"America/New_York"`
	Lookback   *time.Duration      `json:"lookback" min:"0s" help:"How far behind the bookmark to read again, as rows change for weeks. Default: 30 days for conversions and reports, 3 days for clicks." example:"1440h"`
	Reports    map[string][]string `json:"reports" help:"More reports: an object of stream name and groups, beside the date." example:"{\"report_geo\":[\"country\",\"device\"]}"`
	IncludePII bool                `json:"include_pii" help:"Select IP addresses, user agents, fingerprints and user ids too, where no catalog decides."`
	tap.HTTPSettings
}

// check reports what the tags cannot say.
func (c *Config) check(problems *settings.Problems) (zone *time.Location) {
	zone, err := time.LoadLocation(c.Timezone)
	if err != nil || c.Timezone == "Local" {
		problems.Add("timezone", "expected the name of a zone, such as Europe/Berlin")
	}
	for _, name := range slices.Sorted(maps.Keys(c.Reports)) {
		if len(c.Reports[name]) == 0 {
			problems.Add("reports", "%s has no groups", name)
		}
		for _, group := range c.Reports[name] {
			if !isGroup(group) {
				problems.Add("reports", "%s: there is no group %q; there are %s, and sub1 to sub20", name, group, strings.Join(groups(), ", "))
			}
		}
	}
	return zone
}

// lookback is that of the settings, or the stream's own.
func (c *Config) lookback(days int) time.Duration {
	if c.Lookback != nil {
		return *c.Lookback
	}
	return time.Duration(days) * day
}
