package main

import (
	"strings"
	"time"

	"github.com/signalroom/signalroom/protocol/settings"
	"github.com/signalroom/signalroom/taps/tap"
)

// Config is what tap-mautic can be told.
type Config struct {
	tap.Settings
	tap.HTTPSettings
	BaseURL           string `json:"base_url" required:"" env:"MAUTIC_BASE_URL,MAUTIC_URL" help:"Address of your Mautic, with the folder that it is installed in if there is one." example:"https://mautic.example.com" group:"Mautic"`
	OAuthClientID     string `json:"oauth_client_id" env:"MAUTIC_CLIENT_ID,MAUTIC_PUBLIC_KEY" help:"Public key of API credentials for OAuth 2, made by an administrator under Settings, API Credentials. It has nothing to do with client_id." example:"7_4k3jexample" group:"Mautic"`
	OAuthClientSecret string `json:"oauth_client_secret" secret:"" env:"MAUTIC_CLIENT_SECRET,MAUTIC_SECRET_KEY" help:"Secret key of the same." group:"Mautic"`
	Username          string `json:"username" env:"MAUTIC_USERNAME,MAUTIC_USER" help:"Mautic user, in the place of API credentials; basic authentication must be enabled in Mautic." group:"Mautic"`
	Password          string `json:"password" secret:"" env:"MAUTIC_PASSWORD" help:"The user's password." group:"Mautic"`
	TokenCache        string `json:"token_cache" airbyte:"-" help:"File that keeps the access token between runs. Default: a token for each run." group:"Mautic"`

	SweepInterval  time.Duration `json:"sweep_interval" default:"168h" min:"0s" help:"How often the streams that are read by change are read whole, so that what was deleted is seen; 0s: in every run." group:"Reading"`
	Lookback       time.Duration `json:"lookback" default:"168h" min:"0s" help:"How far back statistics are read again for opens, bounces and other late changes. With 0s they are never read again, and appended rather than merged." group:"Reading"`
	IdentifiedOnly bool          `json:"identified_only" help:"Leave out the contacts that are anonymous visitors." group:"Reading"`
	LateOpens      bool          `json:"late_opens" help:"Look for further opens of mails older than lookback too: a slow question, as Mautic has no index for it." group:"Reading"`
	PageSize       int           `json:"page_size" default:"100" min:"1" max:"1000" help:"Contacts and other entities in one answer." group:"Reading"`
	StatsPageSize  int           `json:"stats_page_size" default:"1000" min:"1" max:"10000" help:"Rows of statistics in one answer." group:"Reading"`
}

// check reports what the tags cannot say.
func (c *Config) check(problems *settings.Problems) {
	oauth, basic := c.OAuthClientID != "" || c.OAuthClientSecret != "", c.Username != "" || c.Password != ""
	switch {
	case !oauth && !basic:
		problems.Add("oauth_client_id", "is missing: give oauth_client_id and oauth_client_secret, or username and password")
	case oauth && basic:
		problems.Add("username", "give either oauth_client_id and oauth_client_secret, or username and password")
	case oauth && c.OAuthClientSecret == "":
		problems.Add("oauth_client_secret", "is missing beside oauth_client_id")
	case oauth && c.OAuthClientID == "":
		problems.Add("oauth_client_id", "is missing beside oauth_client_secret")
	case basic && (c.Username == "" || c.Password == ""):
		problems.Add("password", "username and password go together")
	}
}

// root is the address of the Mautic itself: users give it with or without the API's path, in any folder, or below index.php.
func root(address string) string {
	address = strings.TrimRight(strings.TrimSpace(address), "/")
	return strings.TrimRight(strings.TrimSuffix(address, "/api"), "/")
}
