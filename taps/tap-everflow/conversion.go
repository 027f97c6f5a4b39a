package main

import (
	"encoding/json"
	"time"
)

// A Conversion is a base conversion, or an event after one: the same report gives both, each with an id of its own. Amounts are in
// currency_id. What else the API says of it, such as sub6, is kept undeclared.
// https://developers.everflow.io/docs/network/reporting/raw_conversions
type Conversion struct {
	ConversionID                string          `json:"conversion_id" tap:"key"`
	TransactionID               string          `json:"transaction_id"`               // of the click; several conversions may have it
	ConversionTime              time.Time       `json:"conversion_time" tap:"cursor"` // conversion_unix_timestamp
	ClickTime                   time.Time       `json:"click_time"`                   // click_unix_timestamp; null without a click
	NetworkID                   int64           `json:"network_id"`
	NetworkOfferID              int64           `json:"network_offer_id"`
	NetworkAffiliateID          int64           `json:"network_affiliate_id"`
	NetworkAdvertiserID         int64           `json:"network_advertiser_id"`
	Status                      string          `json:"status"`
	Event                       string          `json:"event"`
	IsEvent                     bool            `json:"is_event"`
	IsScrub                     bool            `json:"is_scrub"`
	IsViewThrough               bool            `json:"is_view_through"`
	ErrorCode                   int64           `json:"error_code"`
	ErrorMessage                string          `json:"error_message"`
	Notes                       string          `json:"notes"`
	Payout                      float64         `json:"payout"`
	Revenue                     float64         `json:"revenue"`
	SaleAmount                  float64         `json:"sale_amount"`
	PayoutType                  string          `json:"payout_type"`
	RevenueType                 string          `json:"revenue_type"`
	CurrencyID                  string          `json:"currency_id"`
	NetworkOfferPayoutRevenueID int64           `json:"network_offer_payout_revenue_id"`
	CouponCode                  string          `json:"coupon_code"`
	OrderID                     string          `json:"order_id"`
	Sub1                        string          `json:"sub1"`
	Sub2                        string          `json:"sub2"`
	Sub3                        string          `json:"sub3"`
	Sub4                        string          `json:"sub4"`
	Sub5                        string          `json:"sub5"`
	Adv1                        string          `json:"adv1"`
	Adv2                        string          `json:"adv2"`
	Adv3                        string          `json:"adv3"`
	Adv4                        string          `json:"adv4"`
	Adv5                        string          `json:"adv5"`
	SourceID                    string          `json:"source_id"`
	URL                         string          `json:"url"`
	Referer                     string          `json:"referer"`
	AppID                       string          `json:"app_id"`
	PreviousNetworkOfferID      int64           `json:"previous_network_offer_id"`
	Email                       string          `json:"email" tap:"unselected"`
	SessionUserIP               string          `json:"session_user_ip" tap:"unselected"`
	ConversionUserIP            string          `json:"conversion_user_ip" tap:"unselected"`
	Country                     string          `json:"country"`
	Region                      string          `json:"region"`
	City                        string          `json:"city"`
	DMA                         int64           `json:"dma"`
	Carrier                     string          `json:"carrier"`
	ISP                         string          `json:"isp"`
	Platform                    string          `json:"platform"`
	OSVersion                   string          `json:"os_version"`
	DeviceType                  string          `json:"device_type"`
	DeviceModel                 string          `json:"device_model"`
	Brand                       string          `json:"brand"`
	Browser                     string          `json:"browser"`
	Language                    string          `json:"language"`
	HTTPUserAgent               string          `json:"http_user_agent"`
	IDFA                        string          `json:"idfa"`
	IDFAMD5                     string          `json:"idfa_md5"`
	IDFASHA1                    string          `json:"idfa_sha1"`
	GoogleAdID                  string          `json:"google_ad_id"`
	GoogleAdIDMD5               string          `json:"google_ad_id_md5"`
	GoogleAdIDSHA1              string          `json:"google_ad_id_sha1"`
	AndroidID                   string          `json:"android_id"`
	AndroidIDMD5                string          `json:"android_id_md5"`
	AndroidIDSHA1               string          `json:"android_id_sha1"`
	ConversionUnixTimestamp     int64           `json:"conversion_unix_timestamp"`
	ClickUnixTimestamp          int64           `json:"click_unix_timestamp"`
	Relationship                json.RawMessage `json:"relationship"`
}

// An OnHoldConversion is one that is held back. When it is released, a conversion with the old time comes in.
// https://developers.everflow.io/docs/network/reporting/raw_on_hold_conversions
type OnHoldConversion struct {
	OnHoldConversionID  string          `json:"on_hold_conversion_id" tap:"key"`
	NetworkID           int64           `json:"network_id"`
	Status              string          `json:"status"`
	HoldingPeriodEnd    time.Time       `json:"holding_period_end"`
	Note                string          `json:"note"`
	ConversionID        string          `json:"conversion_id"`
	TransactionID       string          `json:"transaction_id"`
	ConversionTime      time.Time       `json:"conversion_time"`
	NetworkOfferID      int64           `json:"network_offer_id"`
	NetworkAffiliateID  int64           `json:"network_affiliate_id"`
	NetworkAdvertiserID int64           `json:"network_advertiser_id"`
	Conversion          json.RawMessage `json:"conversion"`
}
