package main

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/signalroom/signalroom/taps/tap"
)

// Config is what tap-posthog can be told.
type Config struct {
	tap.Settings
	Lookback          time.Duration `json:"lookback" default:"1h" min:"0s" help:"How far behind the last run to read again, for events and recordings that have just come."`
	APIKey            string        `json:"api_key" secret:"" required:"" alias:"personal_api_key" env:"POSTHOG_API_KEY,POSTHOG_PERSONAL_API_KEY" help:"Personal API key (phx_…) with read scopes; events need query:read."`
	ProjectID         ProjectIDs    `json:"project_id" alias:"project_ids" env:"POSTHOG_PROJECT_ID" help:"Projects to read. Default: all that the key may see." example:"12345,67890"`
	EventsMode        string        `json:"events_mode" enum:"auto,hogql,file_download,rest" default:"auto" help:"How events are read: by queries, by file downloads (PostHog bills them), or from the old list. auto queries; it takes files for what is more than a week old when the key names the scope batch_export:write, and the list where a server knows nothing else." group:"Events"`
	EventNames        []string      `json:"event_names" help:"Only events of these names." example:"$pageview,order paid" group:"Events"`
	CursorField       string        `json:"cursor_field" enum:"timestamp,created_at" default:"timestamp" help:"What queries go by: the sender's clock, with a look at what arrived late, or the time of ingestion." group:"Events"`
	MaxLateness       time.Duration `json:"max_lateness" default:"7d" min:"0s" help:"How far an event's timestamp may lie before its arrival. 0s is any distance: all events are looked at in each run, which costs more." group:"Events"`
	Settle            time.Duration `json:"settle" default:"5m" min:"0s" help:"How old an event must be before it is read; 10m at least with cursor_field created_at." group:"Events"`
	PageSize          int           `json:"page_size" default:"20000" min:"1" max:"50000" help:"Events per query. It is halved by itself where queries take too long." group:"Events"`
	BaseURL           string        `json:"base_url" alias:"host" env:"POSTHOG_HOST,POSTHOG_BASE_URL" default:"https://us.posthog.com" help:"Address of PostHog: us, eu, or that of a server of your own." example:"https://eu.posthog.com"`
	EncryptedPayloads bool          `json:"encrypted_payloads" help:"Keep the payloads of flags that PostHog stores encrypted; without it their values are left out."`
	MaxWait           time.Duration `json:"max_wait" default:"10m" min:"1s" help:"Longest wait that PostHog may ask for. What would take longer ends the run with exit code 4, and the next one goes on." group:"HTTP"`
	tap.HTTPSettings
}

// ProjectIDs are the numbers of projects: one, a list, or text with commas between them.
type ProjectIDs []int64

// UnmarshalJSON reads them, each once.
func (p *ProjectIDs) UnmarshalJSON(raw []byte) error {
	for text := range strings.FieldsFuncSeq(string(raw), func(r rune) bool { return strings.ContainsRune("[]\", \t\r\n", r) }) {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil || id <= 0 {
			return errors.New("expected the number that stands in the project's address, /project/12345, or several")
		}
		if !slices.Contains(*p, id) {
			*p = append(*p, id)
		}
	}
	return nil
}

// baseURL is the address to read from, where the one given is another of PostHog's own.
func baseURL(given string) string {
	address, err := url.Parse(given)
	if err != nil {
		return given
	}
	switch strings.ToLower(given) {
	case "us", "eu":
		return "https://" + strings.ToLower(given) + ".posthog.com"
	}
	switch host := strings.ToLower(address.Host); host {
	case "app.posthog.com", "posthog.com", "app.i.posthog.com", "us.i.posthog.com", "us-assets.i.posthog.com", "us.posthog.com":
		return "https://us.posthog.com"
	case "eu.i.posthog.com", "eu-assets.i.posthog.com", "eu.posthog.com":
		return "https://eu.posthog.com"
	}
	return given
}

// check reports what the tags cannot say.
func (c *Config) check(run *tap.Run) error {
	problems := run.Problems()
	switch {
	case strings.HasPrefix(c.APIKey, "phc_"):
		problems.Add("api_key", "this is a project token (phc_…), which can only send events; make a personal API key (phx_…) in PostHog's settings")
	case strings.HasPrefix(c.APIKey, "phs_"):
		problems.Add("api_key", "this is a project secret key (phs_…), which most of the API refuses; make a personal API key (phx_…) in PostHog's settings")
	}
	if c.EventsMode == "rest" && c.CursorField == "created_at" {
		problems.Add("cursor_field", "the old list goes by timestamp alone")
	}
	return problems.Err()
}

// arrivalSettle is how long after its created_at an event may become visible.
const arrivalSettle = 10 * time.Minute

// upper is where this run ends: the events before it have been ingested, and none is changed any more.
func (c *Config) upper(start time.Time) time.Time {
	settle := c.Settle
	if c.CursorField == "created_at" {
		settle = max(settle, arrivalSettle)
	}
	return c.End(start.Add(-settle)).UTC()
}
