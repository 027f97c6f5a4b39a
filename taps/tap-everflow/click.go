package main

import (
	"encoding/json"
	"time"
)

// A Click is known by its transaction id, which its conversions carry too. has_conversion may become true later.
// https://developers.everflow.io/docs/network/reporting/raw_clicks
type Click struct {
	TransactionID          string          `json:"transaction_id" tap:"key"`
	ClickTime              time.Time       `json:"click_time" tap:"cursor"` // unix_timestamp
	NetworkID              int64           `json:"network_id"`
	NetworkOfferID         int64           `json:"network_offer_id"`
	NetworkAffiliateID     int64           `json:"network_affiliate_id"`
	NetworkAdvertiserID    int64           `json:"network_advertiser_id"`
	IsUnique               int64           `json:"is_unique"`
	HasConversion          bool            `json:"has_conversion"`
	ErrorCode              int64           `json:"error_code"`
	ErrorMessage           string          `json:"error_message"`
	ErrorFilterID          string          `json:"error_filter_id"`
	ProjectID              string          `json:"project_id"`
	CreativeID             int64           `json:"creative_id"`
	CategoryID             int64           `json:"category_id"`
	CustomLandingPageID    int64           `json:"custom_landing_page_id"`
	PreviousNetworkOfferID int64           `json:"previous_network_offer_id"`
	Payout                 float64         `json:"payout"`
	Revenue                float64         `json:"revenue"`
	PayoutType             string          `json:"payout_type"`
	RevenueType            string          `json:"revenue_type"`
	CurrencyID             string          `json:"currency_id"`
	TrackingURL            string          `json:"tracking_url"`
	URL                    string          `json:"url"`
	Referer                string          `json:"referer"`
	SourceID               string          `json:"source_id"`
	Sub1                   string          `json:"sub1"`
	Sub2                   string          `json:"sub2"`
	Sub3                   string          `json:"sub3"`
	Sub4                   string          `json:"sub4"`
	Sub5                   string          `json:"sub5"`
	CouponCode             string          `json:"coupon_code"`
	RedirectMethod         string          `json:"redirect_method"`
	ServerSideURL          string          `json:"server_side_url"`
	ServerSideOutput       string          `json:"server_side_output"`
	UserIP                 string          `json:"user_ip" tap:"unselected"`
	IDFA                   string          `json:"idfa"`
	IDFAMD5                string          `json:"idfa_md5"`
	IDFASHA1               string          `json:"idfa_sha1"`
	GoogleAdID             string          `json:"google_ad_id"`
	GoogleAdIDMD5          string          `json:"google_ad_id_md5"`
	GoogleAdIDSHA1         string          `json:"google_ad_id_sha1"`
	AndroidID              string          `json:"android_id"`
	AndroidIDMD5           string          `json:"android_id_md5"`
	AndroidIDSHA1          string          `json:"android_id_sha1"`
	IsViewThrough          bool            `json:"is_view_through"`
	IsAsync                bool            `json:"is_async"`
	IsTestMode             bool            `json:"is_test_mode"`
	IsPassThrough          bool            `json:"is_pass_through"`
	IsSdkClick             bool            `json:"is_sdk_click"`
	UnixTimestamp          int64           `json:"unix_timestamp"`
	Relationship           json.RawMessage `json:"relationship"`
}
