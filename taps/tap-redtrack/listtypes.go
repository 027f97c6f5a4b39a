package main

import (
	"encoding/json"
	"time"
)

// The reference lists. Whatever can hold a credential of another system is no column, and is left out of the rows: see secrets.
// https://api.redtrack.io/docs/index.html

// An Entity is what all of them have.
type Entity struct {
	ID           string          `json:"id" tap:"key"`
	Title        string          `json:"title"`
	CreatedAt    time.Time       `json:"created_at"`
	UpdatedAt    time.Time       `json:"updated_at"`
	UserID       string          `json:"user_id"`
	SerialNumber int64           `json:"serial_number"`
	WorkspaceIDs json.RawMessage `json:"workspace_ids"`
}

// A Campaign is one of GET /campaigns. Status is 1 for active and 2 for paused; 3 seems to mean deleted.
type Campaign struct {
	Entity
	Status             int64           `json:"status"`
	Type               string          `json:"type"`
	CostModel          string          `json:"cost_model"`
	Coupon             string          `json:"coupon"`
	ExpiresAt          time.Time       `json:"expires_at"`
	DomainID           string          `json:"domain_id"`
	SourceID           string          `json:"source_id"`
	SourceTitle        string          `json:"source_title"`
	SourceCampaignID   string          `json:"source_campaign_id"`
	ImpressionURL      string          `json:"impression_url"`
	PostbackURL        string          `json:"postback_url"`
	TrackbackURL       string          `json:"trackback_url"`
	RedirectType       int64           `json:"redirect_type"`
	CPC                float64         `json:"cpc"`
	RevShare           float64         `json:"rev_share"`
	CacheBusterEnabled bool            `json:"cache_buster_enabled"`
	RsocEnabled        bool            `json:"rsoc_enabled"`
	Tags               json.RawMessage `json:"tags"`
	Notes              json.RawMessage `json:"notes"`
	SourceCampaigns    json.RawMessage `json:"source_campaigns"`
	PublisherDetails   json.RawMessage `json:"publisher_details"`
	Integrations       json.RawMessage `json:"integrations"`
	Notifications      json.RawMessage `json:"notifications"`
	Streams            json.RawMessage `json:"streams"`
	Creatives          json.RawMessage `json:"creatives"`
}

// An Offer is one of GET /offers. ProgramID is the id of its network.
type Offer struct {
	Entity
	Status                  int64           `json:"status"`
	URL                     string          `json:"url"`
	Category                string          `json:"category"`
	Subcategory             string          `json:"subcategory"`
	NetworkTitle            string          `json:"network_title"`
	ProgramID               string          `json:"program_id"`
	PostbackURL             string          `json:"postback_url"`
	Notes                   string          `json:"notes"`
	ScriptID                string          `json:"script_id"`
	ClickCapPeriod          string          `json:"click_cap_period"`
	ClickCapType            string          `json:"click_cap_type"`
	DefaultConversionStatus string          `json:"default_conversion_status"`
	ExpiresAt               time.Time       `json:"expires_at"`
	Cap                     int64           `json:"cap"`
	Clcap                   int64           `json:"clcap"`
	ClickCap                int64           `json:"click_cap"`
	CapAlert                bool            `json:"cap_alert"`
	ClcapAlert              bool            `json:"clcap_alert"`
	CountryCodes            json.RawMessage `json:"country_codes"`
	Tags                    json.RawMessage `json:"tags"`
	Payment                 json.RawMessage `json:"payment"`
	FingerprintSettings     json.RawMessage `json:"fingerprint_settings"`
}

// A Landing is one of GET /landings, a landing or a prelanding.
type Landing struct {
	Entity
	Type     string          `json:"type"`
	URL      string          `json:"url"`
	DomainID string          `json:"domain_id"`
	Listicle bool            `json:"listicle"`
	Tags     json.RawMessage `json:"tags"`
}

// A Network is one of GET /networks: an offer source, or a brand.
type Network struct {
	Entity
	Alias                         string          `json:"alias"`
	Status                        string          `json:"status"`
	Currency                      string          `json:"currency"`
	Clickid                       string          `json:"clickid"`
	Sum                           string          `json:"sum"`
	Notes                         string          `json:"notes"`
	OfferURL                      string          `json:"offer_url"`
	PostbackURL                   string          `json:"postback_url"`
	PostbackMode                  string          `json:"postback_mode"`
	PostbackStatus                string          `json:"postback_status"`
	PresetID                      string          `json:"preset_id"`
	IPWhitelist                   string          `json:"ip_whitelist"`
	OfferCount                    int64           `json:"offer_count"`
	ClickExpiration               int64           `json:"click_expiration"`
	PostbackProtected             bool            `json:"postback_protected"`
	EnableIPWhitelist             bool            `json:"enable_ip_whitelist"`
	EventTracking                 bool            `json:"event_tracking"`
	CdpHashingPersonalDataEnabled bool            `json:"cdp_hashing_personal_data_enabled"`
	CustomerFields                json.RawMessage `json:"customer_fields"`
	Subs                          json.RawMessage `json:"subs"`
	CustomerSubs                  json.RawMessage `json:"customer_subs"`
	CustomRates                   json.RawMessage `json:"custom_rates"`
	Hints                         json.RawMessage `json:"hints"`
}

// A Source is one of GET /sources, a traffic channel. Subs says what sub1 to sub20 of its clicks mean.
type Source struct {
	Entity
	Alias                  string          `json:"alias"`
	Type                   string          `json:"type"`
	Status                 string          `json:"status"`
	Currency               string          `json:"currency"`
	CostLevel              string          `json:"cost_level"`
	CostID                 string          `json:"cost_id"`
	ExternalID             string          `json:"external_id"`
	ExternalIDAlias        string          `json:"external_id_alias"`
	ImpID                  string          `json:"imp_id"`
	ImpCostID              string          `json:"imp_cost_id"`
	IntegrationID          string          `json:"integration_id"`
	PostbackURL            string          `json:"postback_url"`
	PresetID               string          `json:"preset_id"`
	RefID                  string          `json:"ref_id"`
	RefIDAlias             string          `json:"ref_id_alias"`
	CampaignCount          int64           `json:"campaign_count"`
	EnableDirectTraffic    bool            `json:"enable_direct_traffic"`
	EnableImpressions      bool            `json:"enable_impressions"`
	EnableParallelTracking bool            `json:"enable_parallel_tracking"`
	CostModels             json.RawMessage `json:"cost_models"`
	Formats                json.RawMessage `json:"formats"`
	Subs                   json.RawMessage `json:"subs"`
	IntegrationTypes       json.RawMessage `json:"integration_types"`
	Integrations           json.RawMessage `json:"integrations"`
	CustomRates            json.RawMessage `json:"custom_rates"`
}

// A Flow is one of GET /streams: landings and offers that campaigns share.
type Flow struct {
	ID          string          `json:"id" tap:"key"`
	Title       string          `json:"title"`
	Template    bool            `json:"template"`
	ExpiresAt   time.Time       `json:"expires_at"`
	Filters     json.RawMessage `json:"filters"`
	Offers      json.RawMessage `json:"offers"`
	Landings    json.RawMessage `json:"landings"`
	Prelandings json.RawMessage `json:"prelandings"`
	UserID      string          `json:"user_id"`
}

// A Domain is one of GET /domains.
type Domain struct {
	ID                  string    `json:"id" tap:"key"`
	URL                 string    `json:"url"`
	Type                string    `json:"type"`
	FallbackURL         string    `json:"fallback_url"`
	UseAutoGeneratedSSL bool      `json:"use_auto_generated_ssl"`
	RegistryExpiryDate  time.Time `json:"registry_expiry_date"`
	CreatedAt           time.Time `json:"created_at"`
}

// A Script is one of GET /scripts: what a website loads to tell RedTrack of its visits. ScriptCode is its text.
type Script struct {
	ID                string `json:"id" tap:"key"`
	Name              string `json:"name"`
	ScriptType        int64  `json:"script_type"`
	CampaignID        string `json:"campaign_id"`
	DomainID          string `json:"domain_id"`
	CookieDomain      string `json:"cookie_domain"`
	AttributionType   int64  `json:"attribution_type"`
	AttributionWindow int64  `json:"attribution_window"`
	RegViewOnce       bool   `json:"reg_view_once"`
	IsAutoGenerated   bool   `json:"is_auto_generated"`
	ScriptCode        string `json:"script_code" tap:"unselected"`
}

// The dictionaries, by the paths of the same names.
type (
	Browser struct {
		ID    string `json:"id" tap:"key"`
		Title string `json:"title"`
	}
	Category struct {
		ID            string          `json:"id" tap:"key"`
		Name          string          `json:"name"`
		Alias         string          `json:"alias"`
		SubCategories json.RawMessage `json:"sub_categories"`
	}
	City struct {
		ID         string `json:"id" tap:"key"`
		Name       string `json:"name"`
		Region     string `json:"region"`
		CountryISO string `json:"country_iso"`
	}
	Country struct {
		ID    string `json:"id" tap:"key"`
		ISO   string `json:"iso"`
		Title string `json:"title"`
	}
	Currency struct {
		LetterCode   string          `json:"letter_code" tap:"key"`
		Aliases      json.RawMessage `json:"aliases"`
		ExchangeRate json.RawMessage `json:"exchange_rate"`
	}
	Device struct {
		ID    string `json:"id" tap:"key"`
		Code  string `json:"code"`
		Title string `json:"title"`
	}
	Language struct {
		Code   string `json:"code" tap:"key"`
		Alpha3 string `json:"alpha3"`
		Title  string `json:"title"`
	}
	OperatingSystem struct {
		ID    string `json:"id" tap:"key"`
		Title string `json:"title"`
	}
)
