package main

import "time"

// A Click is one row of GET /tracks: a visit by redirect or by script. It has no status, revenue or currency; its cost is synchronised
// for some days. https://api.redtrack.io/docs/index.html, models.TrackView
type Click struct {
	ID        string    `json:"id" tap:"key"` // what clickid of a conversion refers to
	TrackTime time.Time `json:"track_time"`
	Touch
	UserID        string `json:"user_id" tap:"unselected"`
	Uniq          int64  `json:"uniq"`
	IsOk          int64  `json:"is_ok"`
	IsAttribution int64  `json:"is_attribution"`
	IsBaddevice   int64  `json:"is_baddevice"`
	IsBlacklist   int64  `json:"is_blacklist"`
	IsDatacenter  int64  `json:"is_datacenter"`
	IsLPTrack     int64  `json:"is_lp_track"`
	IsPrelpTrack  int64  `json:"is_prelp_track"`
	Subs
	Attribution
}

// A Touch is what clicks and conversions both say of the visit.
type Touch struct {
	Type           string  `json:"type"`
	Campaign       string  `json:"campaign"`
	CampaignID     string  `json:"campaign_id"`
	Offer          string  `json:"offer"`
	OfferID        string  `json:"offer_id"`
	Source         string  `json:"source"`
	SourceID       string  `json:"source_id"`
	Network        string  `json:"network"`
	Landing        string  `json:"landing"`
	LandingID      string  `json:"landing_id"`
	Prelanding     string  `json:"prelanding"`
	PrelandingID   string  `json:"prelanding_id"`
	ProgramID      string  `json:"program_id"`
	Country        string  `json:"country"`
	Region         string  `json:"region"`
	City           string  `json:"city"`
	IP             string  `json:"ip" tap:"unselected"`
	ISP            string  `json:"isp"`
	ConnectionType string  `json:"connection_type"`
	OS             string  `json:"os"`
	Browser        string  `json:"browser"`
	Device         string  `json:"device"`
	DeviceBrand    string  `json:"device_brand"`
	DeviceFullname string  `json:"device_fullname"`
	UserAgent      string  `json:"user_agent" tap:"unselected"`
	Referer        string  `json:"referer"`
	Page           string  `json:"page"`
	Deeplink       string  `json:"deeplink"`
	Server         string  `json:"server"`
	Fingerprint    string  `json:"fingerprint" tap:"unselected"`
	ExternalID     string  `json:"external_id"`
	RefID          string  `json:"ref_id"`
	Cost           float64 `json:"cost"`
	CostDefault    float64 `json:"cost_default"`
	CostSource     float64 `json:"cost_source"`
}

// Subs are the parameters of the traffic source; what each means stands in subs of the source.
type Subs struct {
	Sub1  string `json:"sub1"`
	Sub2  string `json:"sub2"`
	Sub3  string `json:"sub3"`
	Sub4  string `json:"sub4"`
	Sub5  string `json:"sub5"`
	Sub6  string `json:"sub6"`
	Sub7  string `json:"sub7"`
	Sub8  string `json:"sub8"`
	Sub9  string `json:"sub9"`
	Sub10 string `json:"sub10"`
	Sub11 string `json:"sub11"`
	Sub12 string `json:"sub12"`
	Sub13 string `json:"sub13"`
	Sub14 string `json:"sub14"`
	Sub15 string `json:"sub15"`
	Sub16 string `json:"sub16"`
	Sub17 string `json:"sub17"`
	Sub18 string `json:"sub18"`
	Sub19 string `json:"sub19"`
	Sub20 string `json:"sub20"`
}

// Attribution is what RedTrack made of them.
type Attribution struct {
	RtSource          string `json:"rt_source"`
	RtMedium          string `json:"rt_medium"`
	RtCampaign        string `json:"rt_campaign"`
	RtCampaignID      string `json:"rt_campaign_id"`
	RtAdgroup         string `json:"rt_adgroup"`
	RtAdgroupID       string `json:"rt_adgroup_id"`
	RtAd              string `json:"rt_ad"`
	RtAdID            string `json:"rt_ad_id"`
	RtPlacement       string `json:"rt_placement"`
	RtPlacementID     string `json:"rt_placement_id"`
	RtPlacementHashed string `json:"rt_placement_hashed"`
	RtKeyword         string `json:"rt_keyword"`
	RtRole1           string `json:"rt_role_1"`
	RtRole2           string `json:"rt_role_2"`
}
