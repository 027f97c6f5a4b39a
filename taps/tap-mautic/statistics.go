package main

import "time"

// The record types of the tables that the statistics endpoint gives, one line per column, as Mautic names them.
//
// https://devdocs.mautic.org/en/latest/rest_api/stats.html

// EmailStat is one mail to one contact. Opens and bounces change it later.
type EmailStat struct {
	ID              int64     `json:"id" tap:"key"`
	EmailID         int64     `json:"email_id"`
	LeadID          int64     `json:"lead_id"`
	ListID          int64     `json:"list_id"`
	IPID            int64     `json:"ip_id"`
	EmailAddress    string    `json:"email_address"`
	DateSent        time.Time `json:"date_sent"`
	IsRead          bool      `json:"is_read"`
	IsFailed        bool      `json:"is_failed"`
	ViewedInBrowser bool      `json:"viewed_in_browser"`
	DateRead        time.Time `json:"date_read"`
	TrackingHash    string    `json:"tracking_hash"`
	RetryCount      int64     `json:"retry_count"`
	Source          string    `json:"source"`
	SourceID        int64     `json:"source_id"`
	OpenCount       int64     `json:"open_count"`
	LastOpened      time.Time `json:"last_opened"`
	OpenDetails     string    `json:"open_details" tap:"unselected"` // PHP's serialisation, up to 1,000 opens
}

// EmailStatDevice is one open on one device.
type EmailStatDevice struct {
	ID         int64     `json:"id" tap:"key"`
	StatID     int64     `json:"stat_id"`
	DeviceID   int64     `json:"device_id"`
	IPID       int64     `json:"ip_id"`
	DateOpened time.Time `json:"date_opened"`
}

// EmailStatReply is an answer to a mail. Its id is a UUID.
type EmailStatReply struct {
	ID          string    `json:"id" tap:"key"`
	StatID      int64     `json:"stat_id"`
	MessageID   string    `json:"message_id"`
	DateReplied time.Time `json:"date_replied"`
}

// CampaignEvent is one event of a campaign for one contact, done or still to come.
type CampaignEvent struct {
	ID                 int64     `json:"id" tap:"key"`
	CampaignID         int64     `json:"campaign_id"`
	EventID            int64     `json:"event_id"`
	LeadID             int64     `json:"lead_id"`
	Rotation           int64     `json:"rotation"`
	DateTriggered      time.Time `json:"date_triggered"`
	IsScheduled        bool      `json:"is_scheduled"`
	TriggerDate        time.Time `json:"trigger_date"`
	SystemTriggered    bool      `json:"system_triggered"`
	Metadata           string    `json:"metadata"` // PHP's serialisation
	Channel            string    `json:"channel"`
	ChannelID          int64     `json:"channel_id"`
	NonActionPathTaken bool      `json:"non_action_path_taken"`
	IPID               int64     `json:"ip_id"`
}

// CampaignMember is a contact in a campaign.
type CampaignMember struct {
	CampaignID      int64     `json:"campaign_id" tap:"key"`
	LeadID          int64     `json:"lead_id" tap:"key"`
	DateAdded       time.Time `json:"date_added"`
	DateLastExited  time.Time `json:"date_last_exited"`
	ManuallyAdded   bool      `json:"manually_added"`
	ManuallyRemoved bool      `json:"manually_removed"`
	Rotation        int64     `json:"rotation"`
}

// SegmentMember is a contact in a segment, or kept out of it by hand.
type SegmentMember struct {
	LeadlistID      int64     `json:"leadlist_id" tap:"key"`
	LeadID          int64     `json:"lead_id" tap:"key"`
	DateAdded       time.Time `json:"date_added"`
	ManuallyAdded   bool      `json:"manually_added"`
	ManuallyRemoved bool      `json:"manually_removed"`
}

// CompanyMember is a contact in a company.
type CompanyMember struct {
	CompanyID int64     `json:"company_id" tap:"key"`
	LeadID    int64     `json:"lead_id" tap:"key"`
	DateAdded time.Time `json:"date_added"`
	IsPrimary bool      `json:"is_primary"`
}

// LeadEvent is an entry of a contact's log: imports, field changes.
type LeadEvent struct {
	ID         int64     `json:"id" tap:"key"`
	LeadID     int64     `json:"lead_id"`
	UserID     int64     `json:"user_id"`
	UserName   string    `json:"user_name"`
	Bundle     string    `json:"bundle"`
	Object     string    `json:"object"`
	ObjectID   int64     `json:"object_id"`
	Action     string    `json:"action"`
	DateAdded  time.Time `json:"date_added"`
	Properties string    `json:"properties"` // JSON text
}

// PageHit is a visit of a page. Its date_left comes later.
type PageHit struct {
	ID               int64     `json:"id" tap:"key"`
	PageID           int64     `json:"page_id"`
	RedirectID       int64     `json:"redirect_id"`
	EmailID          int64     `json:"email_id"`
	LeadID           int64     `json:"lead_id"`
	DeviceID         int64     `json:"device_id"`
	IPID             int64     `json:"ip_id"`
	DateHit          time.Time `json:"date_hit"`
	DateLeft         time.Time `json:"date_left"`
	Code             int64     `json:"code"`
	URL              string    `json:"url"`
	URLTitle         string    `json:"url_title"`
	Referer          string    `json:"referer"`
	Country          string    `json:"country"`
	Region           string    `json:"region"`
	City             string    `json:"city"`
	ISP              string    `json:"isp"`
	Organization     string    `json:"organization"`
	UserAgent        string    `json:"user_agent"`
	RemoteHost       string    `json:"remote_host"`
	PageLanguage     string    `json:"page_language"`
	BrowserLanguages string    `json:"browser_languages"` // PHP's serialisation
	TrackingID       string    `json:"tracking_id"`
	Source           string    `json:"source"`
	SourceID         int64     `json:"source_id"`
	Query            string    `json:"query"` // PHP's serialisation
}

// DoNotContact is a contact that is not to be written to on a channel. Reason: 1 unsubscribed, 2 bounced, 3 by hand.
type DoNotContact struct {
	ID        int64     `json:"id" tap:"key"`
	LeadID    int64     `json:"lead_id"`
	Channel   string    `json:"channel"`
	ChannelID int64     `json:"channel_id"`
	Reason    int64     `json:"reason"`
	Comments  string    `json:"comments"`
	DateAdded time.Time `json:"date_added"`
}

// PointsChange is a change of a contact's points.
type PointsChange struct {
	ID         int64     `json:"id" tap:"key"`
	LeadID     int64     `json:"lead_id"`
	Type       string    `json:"type"`
	EventName  string    `json:"event_name"`
	ActionName string    `json:"action_name"`
	Delta      int64     `json:"delta"`
	GroupID    int64     `json:"group_id"` // since Mautic 5
	IPID       int64     `json:"ip_id"`
	DateAdded  time.Time `json:"date_added"`
}

// StageChange is a change of a contact's stage.
type StageChange struct {
	ID         int64     `json:"id" tap:"key"`
	LeadID     int64     `json:"lead_id"`
	StageID    int64     `json:"stage_id"`
	EventName  string    `json:"event_name"`
	ActionName string    `json:"action_name"`
	DateAdded  time.Time `json:"date_added"`
}

// CompanyChange is a change of a contact's companies.
type CompanyChange struct {
	ID         int64     `json:"id" tap:"key"`
	LeadID     int64     `json:"lead_id"`
	CompanyID  int64     `json:"company_id"`
	Type       string    `json:"type"`
	EventName  string    `json:"event_name"`
	ActionName string    `json:"action_name"`
	DateAdded  time.Time `json:"date_added"`
}

// UtmTag is where a contact came from, once.
type UtmTag struct {
	ID          int64     `json:"id" tap:"key"`
	LeadID      int64     `json:"lead_id"`
	DateAdded   time.Time `json:"date_added"`
	URL         string    `json:"url"`
	Referer     string    `json:"referer"`
	Query       string    `json:"query"` // PHP's serialisation
	RemoteHost  string    `json:"remote_host"`
	UserAgent   string    `json:"user_agent"`
	UtmCampaign string    `json:"utm_campaign"`
	UtmContent  string    `json:"utm_content"`
	UtmMedium   string    `json:"utm_medium"`
	UtmSource   string    `json:"utm_source"`
	UtmTerm     string    `json:"utm_term"`
}

// AssetDownload is one download of a file.
type AssetDownload struct {
	ID           int64     `json:"id" tap:"key"`
	AssetID      int64     `json:"asset_id"`
	LeadID       int64     `json:"lead_id"`
	EmailID      int64     `json:"email_id"`
	IPID         int64     `json:"ip_id"`
	DateDownload time.Time `json:"date_download"`
	Code         int64     `json:"code"`
	Referer      string    `json:"referer"`
	Source       string    `json:"source"`
	SourceID     int64     `json:"source_id"`
	TrackingID   string    `json:"tracking_id"`
	UtmCampaign  string    `json:"utm_campaign"` // since Mautic 5
	UtmContent   string    `json:"utm_content"`
	UtmMedium    string    `json:"utm_medium"`
	UtmSource    string    `json:"utm_source"`
	UtmTerm      string    `json:"utm_term"`
}

// SMSStat is one text message to one contact.
type SMSStat struct {
	ID           int64     `json:"id" tap:"key"`
	SMSID        int64     `json:"sms_id"`
	LeadID       int64     `json:"lead_id"`
	ListID       int64     `json:"list_id"`
	IPID         int64     `json:"ip_id"`
	DateSent     time.Time `json:"date_sent"`
	IsFailed     bool      `json:"is_failed"`
	Source       string    `json:"source"`
	SourceID     int64     `json:"source_id"`
	TrackingHash string    `json:"tracking_hash"`
	Tokens       string    `json:"tokens"`  // PHP's serialisation
	Details      string    `json:"details"` // JSON text
}

// Redirect is a link that is counted.
type Redirect struct {
	ID         int64  `json:"id" tap:"key"`
	RedirectID string `json:"redirect_id"`
	URL        string `json:"url"`
	Hits       int64  `json:"hits"`
	UniqueHits int64  `json:"unique_hits"`
}

// Trackable is a counted link in one mail or other channel.
type Trackable struct {
	RedirectID int64  `json:"redirect_id" tap:"key"`
	ChannelID  int64  `json:"channel_id" tap:"key"`
	Channel    string `json:"channel"`
	Hits       int64  `json:"hits"`
	UniqueHits int64  `json:"unique_hits"`
}

// Device is what a contact reads with.
type Device struct {
	ID                int64     `json:"id" tap:"key"`
	LeadID            int64     `json:"lead_id"`
	ClientInfo        string    `json:"client_info"` // PHP's serialisation
	Device            string    `json:"device"`
	DeviceBrand       string    `json:"device_brand"`
	DeviceModel       string    `json:"device_model"`
	DeviceOSName      string    `json:"device_os_name"`
	DeviceOSShortName string    `json:"device_os_shortname"`
	DeviceOSVersion   string    `json:"device_os_version"`
	DeviceOSPlatform  string    `json:"device_os_platform"`
	DateAdded         time.Time `json:"date_added"`
}

// IPAddress is an address that was seen.
type IPAddress struct {
	ID        int64  `json:"id" tap:"key"`
	IPAddress string `json:"ip_address"`
	IPDetails string `json:"ip_details"` // PHP's serialisation
}

// AuditEntry is who changed what in Mautic.
type AuditEntry struct {
	ID        int64     `json:"id" tap:"key"`
	UserID    int64     `json:"user_id"`
	UserName  string    `json:"user_name"`
	Bundle    string    `json:"bundle"`
	Object    string    `json:"object"`
	ObjectID  int64     `json:"object_id"`
	Action    string    `json:"action"`
	Details   string    `json:"details"` // PHP's serialisation
	DateAdded time.Time `json:"date_added"`
	IPAddress string    `json:"ip_address"`
}
