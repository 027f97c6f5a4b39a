package main

import (
	"encoding/json"
	"time"
)

// An Offer with its configuration. time_saved does not move when a part in relationship changes.
// https://developers.everflow.io/docs/network/offers
type Offer struct {
	NetworkID                                       int64  `json:"network_id" tap:"key"`
	NetworkOfferID                                  int64  `json:"network_offer_id" tap:"key"`
	Name                                            string `json:"name"`
	OfferStatus                                     string `json:"offer_status"`
	Visibility                                      string `json:"visibility"`
	CurrencyID                                      string `json:"currency_id"`
	NetworkAdvertiserID                             int64  `json:"network_advertiser_id"`
	NetworkOfferGroupID                             int64  `json:"network_offer_group_id"`
	NetworkCategoryID                               int64  `json:"network_category_id"`
	NetworkTrackingDomainID                         int64  `json:"network_tracking_domain_id"`
	ProjectID                                       string `json:"project_id"`
	DestinationURL                                  string `json:"destination_url"`
	PreviewURL                                      string `json:"preview_url"`
	ServerSideURL                                   string `json:"server_side_url"`
	ViewThroughDestinationURL                       string `json:"view_through_destination_url"`
	ThumbnailURL                                    string `json:"thumbnail_url"`
	InternalNotes                                   string `json:"internal_notes"`
	HTMLDescription                                 string `json:"html_description"`
	TermsAndConditions                              string `json:"terms_and_conditions"`
	RedirectMode                                    string `json:"redirect_mode"`
	DuplicateFilterTargetingAction                  string `json:"duplicate_filter_targeting_action"`
	SessionTrackingStartOn                          string `json:"session_tracking_start_on"`
	AlreadyConvertedAction                          string `json:"already_converted_action"`
	RedirectRoutingMethod                           string `json:"redirect_routing_method"`
	RedirectInternalRoutingType                     string `json:"redirect_internal_routing_type"`
	ConversionMethod                                string `json:"conversion_method"`
	ScrubRateStatus                                 string `json:"scrub_rate_status"`
	SessionDefinition                               string `json:"session_definition"`
	AppIdentifier                                   string `json:"app_identifier"`
	EncodedValue                                    string `json:"encoded_value"`
	EmailAttributionMethod                          string `json:"email_attribution_method"`
	AttributionMethod                               string `json:"attribution_method"`
	EmailAttributionWindowType                      string `json:"email_attribution_window_type"`
	DateLiveUntil                                   string `json:"date_live_until"`
	CapsTimezoneID                                  int64  `json:"caps_timezone_id"`
	SuppressionListID                               int64  `json:"suppression_list_id"`
	SessionTrackingLifespanHour                     int64  `json:"session_tracking_lifespan_hour"`
	SessionTrackingMinimumLifespanSecond            int64  `json:"session_tracking_minimum_lifespan_second"`
	ViewThroughSessionTrackingLifespanMinute        int64  `json:"view_through_session_tracking_lifespan_minute"`
	ViewThroughSessionTrackingMinimalLifespanSecond int64  `json:"view_through_session_tracking_minimal_lifespan_second"`
	SessionDuration                                 int64  `json:"session_duration"`
	ScrubRatePercentage                             int64  `json:"scrub_rate_percentage"`
	EmailAttributionWindowMinute                    int64  `json:"email_attribution_window_minute"`
	Caps
	IsViewThroughEnabled                bool            `json:"is_view_through_enabled"`
	IsUsingExplicitTermsAndConditions   bool            `json:"is_using_explicit_terms_and_conditions"`
	IsForceTermsAndConditions           bool            `json:"is_force_terms_and_conditions"`
	IsCapsEnabled                       bool            `json:"is_caps_enabled"`
	IsUsingSuppressionList              bool            `json:"is_using_suppression_list"`
	IsMustApproveConversion             bool            `json:"is_must_approve_conversion"`
	IsAllowDuplicateConversion          bool            `json:"is_allow_duplicate_conversion"`
	IsDuplicateFilterEnabled            bool            `json:"is_duplicate_filter_enabled"`
	IsUseSecureLink                     bool            `json:"is_use_secure_link"`
	IsSEOFriendly                       bool            `json:"is_seo_friendly"`
	IsAllowDeepLink                     bool            `json:"is_allow_deep_link"`
	IsSessionTrackingEnabled            bool            `json:"is_session_tracking_enabled"`
	IsViewThroughSessionTrackingEnabled bool            `json:"is_view_through_session_tracking_enabled"`
	IsBlockAlreadyConverted             bool            `json:"is_block_already_converted"`
	IsFailTrafficEnabled                bool            `json:"is_fail_traffic_enabled"`
	IsWhitelistCheckEnabled             bool            `json:"is_whitelist_check_enabled"`
	IsUseScrubRate                      bool            `json:"is_use_scrub_rate"`
	IsDescriptionPlainText              bool            `json:"is_description_plain_text"`
	IsUseDirectLinking                  bool            `json:"is_use_direct_linking"`
	IsLockedCurrency                    bool            `json:"is_locked_currency"`
	IsLockedCapsTimezone                bool            `json:"is_locked_caps_timezone"`
	IsEmailAttributionEnabled           bool            `json:"is_email_attribution_enabled"`
	IsEmailAttributionWindowEnabled     bool            `json:"is_email_attribution_window_enabled"`
	IsSoftCap                           bool            `json:"is_soft_cap"`
	TimeCreated                         time.Time       `json:"time_created"`
	TimeSaved                           time.Time       `json:"time_saved"`
	Relationship                        json.RawMessage `json:"relationship"`
}

// Caps end an offer for a span of time; 0 is none.
type Caps struct {
	DailyConversionCap   float64 `json:"daily_conversion_cap"`
	WeeklyConversionCap  float64 `json:"weekly_conversion_cap"`
	MonthlyConversionCap float64 `json:"monthly_conversion_cap"`
	GlobalConversionCap  float64 `json:"global_conversion_cap"`
	DailyPayoutCap       float64 `json:"daily_payout_cap"`
	WeeklyPayoutCap      float64 `json:"weekly_payout_cap"`
	MonthlyPayoutCap     float64 `json:"monthly_payout_cap"`
	GlobalPayoutCap      float64 `json:"global_payout_cap"`
	DailyRevenueCap      float64 `json:"daily_revenue_cap"`
	WeeklyRevenueCap     float64 `json:"weekly_revenue_cap"`
	MonthlyRevenueCap    float64 `json:"monthly_revenue_cap"`
	GlobalRevenueCap     float64 `json:"global_revenue_cap"`
	DailyClickCap        float64 `json:"daily_click_cap"`
	WeeklyClickCap       float64 `json:"weekly_click_cap"`
	MonthlyClickCap      float64 `json:"monthly_click_cap"`
	GlobalClickCap       float64 `json:"global_click_cap"`
}

// An Affiliate is a partner of the network. https://developers.everflow.io/docs/network/affiliates
type Affiliate struct {
	NetworkID                    int64           `json:"network_id" tap:"key"`
	NetworkAffiliateID           int64           `json:"network_affiliate_id" tap:"key"`
	Name                         string          `json:"name"`
	AccountStatus                string          `json:"account_status"`
	NetworkEmployeeID            int64           `json:"network_employee_id"`
	AccountExecutiveID           int64           `json:"account_executive_id"`
	NetworkAffiliateTierID       int64           `json:"network_affiliate_tier_id"`
	NetworkTrafficSourceID       int64           `json:"network_traffic_source_id"`
	ReferrerID                   int64           `json:"referrer_id"`
	DefaultCurrencyID            string          `json:"default_currency_id"`
	EnableMediaCostTrackingLinks bool            `json:"enable_media_cost_tracking_links"`
	HasNotifications             bool            `json:"has_notifications"`
	IsContactAddressEnabled      bool            `json:"is_contact_address_enabled"`
	InternalNotes                string          `json:"internal_notes"`
	Labels                       json.RawMessage `json:"labels"`
	TimeCreated                  time.Time       `json:"time_created"`
	TimeSaved                    time.Time       `json:"time_saved"`
	Relationship                 json.RawMessage `json:"relationship"`
}

// An Advertiser is a brand whose offers the network runs. https://developers.everflow.io/docs/network/advertisers
type Advertiser struct {
	NetworkID                      int64           `json:"network_id" tap:"key"`
	NetworkAdvertiserID            int64           `json:"network_advertiser_id" tap:"key"`
	Name                           string          `json:"name"`
	AccountStatus                  string          `json:"account_status"`
	NetworkEmployeeID              int64           `json:"network_employee_id"`
	SalesManagerID                 int64           `json:"sales_manager_id"`
	AddressID                      int64           `json:"address_id"`
	ReportingTimezoneID            int64           `json:"reporting_timezone_id"`
	DefaultCurrencyID              string          `json:"default_currency_id"`
	PlatformName                   string          `json:"platform_name"`
	PlatformURL                    string          `json:"platform_url"`
	PlatformUsername               string          `json:"platform_username"`
	AccountingContactEmail         string          `json:"accounting_contact_email"`
	OfferIDMacro                   string          `json:"offer_id_macro"`
	AffiliateIDMacro               string          `json:"affiliate_id_macro"`
	AttributionMethod              string          `json:"attribution_method"`
	EmailAttributionMethod         string          `json:"email_attribution_method"`
	AttributionPriority            string          `json:"attribution_priority"`
	InternalNotes                  string          `json:"internal_notes"`
	IsContactAddressEnabled        bool            `json:"is_contact_address_enabled"`
	IsExposePublisherReportingData bool            `json:"is_expose_publisher_reporting_data"`
	TimeCreated                    time.Time       `json:"time_created"`
	TimeSaved                      time.Time       `json:"time_saved"`
	Relationship                   json.RawMessage `json:"relationship"`
}

// An OfferGroup shares caps. https://developers.everflow.io/api-reference/get-networksoffergroups
type OfferGroup struct {
	NetworkID           int64  `json:"network_id" tap:"key"`
	NetworkOfferGroupID int64  `json:"network_offer_group_id" tap:"key"`
	NetworkAdvertiserID int64  `json:"network_advertiser_id"`
	Name                string `json:"name"`
	OfferGroupStatus    string `json:"offer_group_status"`
	InternalNotes       string `json:"internal_notes"`
	IsCapsEnabled       bool   `json:"is_caps_enabled"`
	Caps
	TimeCreated  time.Time       `json:"time_created"`
	TimeSaved    time.Time       `json:"time_saved"`
	Relationship json.RawMessage `json:"relationship"`
}

// A Campaign is a smart link: one link over several offers. https://developers.everflow.io/docs/network/smart_links
type Campaign struct {
	NetworkID               int64           `json:"network_id" tap:"key"`
	NetworkCampaignID       int64           `json:"network_campaign_id" tap:"key"`
	CampaignName            string          `json:"campaign_name"`
	CampaignStatus          string          `json:"campaign_status"`
	NetworkTrackingDomainID int64           `json:"network_tracking_domain_id"`
	CatchAllNetworkOfferID  int64           `json:"catch_all_network_offer_id"`
	RedirectRoutingType     string          `json:"redirect_routing_type"`
	RunFrequency            string          `json:"run_frequency"`
	Metric                  string          `json:"metric"`
	OptimizationGoal        float64         `json:"optimization_goal"`
	DataLookbackWindow      string          `json:"data_lookback_window"`
	DataCollectionThreshold float64         `json:"data_collection_threshold"`
	IsUseSecureLink         bool            `json:"is_use_secure_link"`
	IsOpenToAffiliates      bool            `json:"is_open_to_affiliates"`
	TimeCreated             time.Time       `json:"time_created"`
	TimeSaved               time.Time       `json:"time_saved"`
	Relationship            json.RawMessage `json:"relationship"`
}

// A Creative is a banner, a mail or a link of an offer. https://developers.everflow.io/api-reference/post-networkscreatives
type Creative struct {
	NetworkID                 int64           `json:"network_id" tap:"key"`
	NetworkOfferCreativeID    int64           `json:"network_offer_creative_id" tap:"key"`
	NetworkOfferID            int64           `json:"network_offer_id"`
	Name                      string          `json:"name"`
	CreativeType              string          `json:"creative_type"`
	CreativeStatus            string          `json:"creative_status"`
	IsPrivate                 bool            `json:"is_private"`
	ResourceURL               string          `json:"resource_url"`
	HTMLCode                  string          `json:"html_code"`
	Width                     int64           `json:"width"`
	Height                    int64           `json:"height"`
	EmailFrom                 string          `json:"email_from"`
	EmailSubject              string          `json:"email_subject"`
	EmailFromLines            string          `json:"email_from_lines"`
	EmailSubjectLines         string          `json:"email_subject_lines"`
	AdditionalOfferIDs        json.RawMessage `json:"additional_offer_ids"`
	IsApplySpecificAffiliates bool            `json:"is_apply_specific_affiliates"`
	TimeCreated               time.Time       `json:"time_created"`
	TimeSaved                 time.Time       `json:"time_saved"`
	Relationship              json.RawMessage `json:"relationship"`
}

// A CouponCode is a code by which conversions are known. TrackingLink comes with an affiliate's key alone.
// https://developers.everflow.io/docs/network/coupon_codes
type CouponCode struct {
	NetworkID              int64           `json:"network_id" tap:"key"`
	NetworkCouponCodeID    int64           `json:"network_coupon_code_id" tap:"key"`
	NetworkOfferID         int64           `json:"network_offer_id"`
	NetworkAffiliateID     int64           `json:"network_affiliate_id"`
	CouponCode             string          `json:"coupon_code"`
	CouponStatus           string          `json:"coupon_status"`
	StartDate              string          `json:"start_date"`
	EndDate                string          `json:"end_date"`
	Description            string          `json:"description"`
	IsDescriptionPlainText bool            `json:"is_description_plain_text"`
	InternalNotes          string          `json:"internal_notes"`
	TrackingLink           string          `json:"tracking_link"`
	TimeCreated            time.Time       `json:"time_created"`
	TimeSaved              time.Time       `json:"time_saved"`
	TimeDeleted            time.Time       `json:"time_deleted"`
	Relationship           json.RawMessage `json:"relationship"`
}

// A Category is one of offers. https://developers.everflow.io/docs/network/categories
type Category struct {
	NetworkID         int64     `json:"network_id" tap:"key"`
	NetworkCategoryID int64     `json:"network_category_id" tap:"key"`
	Name              string    `json:"name"`
	Status            string    `json:"status"`
	TimeCreated       time.Time `json:"time_created"`
	TimeSaved         time.Time `json:"time_saved"`
}

// A Label with the ids of what has it. https://developers.everflow.io/docs/network/labels
type Label struct {
	NetworkID     int64           `json:"network_id" tap:"key"`
	Label         string          `json:"label" tap:"key"`
	AdvertiserIDs json.RawMessage `json:"advertiser_ids"`
	AffiliateIDs  json.RawMessage `json:"affiliate_ids"`
	CampaignIDs   json.RawMessage `json:"campaign_ids"`
	OfferIDs      json.RawMessage `json:"offer_ids"`
	OfferGroupIDs json.RawMessage `json:"offer_group_ids"`
	Relationship  json.RawMessage `json:"relationship"`
}

// A TrafficSource is what partners may append to their links. https://developers.everflow.io/docs/network/traffic_sources
type TrafficSource struct {
	NetworkID              int64           `json:"network_id" tap:"key"`
	NetworkTrafficSourceID int64           `json:"network_traffic_source_id" tap:"key"`
	Name                   string          `json:"name"`
	PostbackURL            string          `json:"postback_url"`
	IsPublic               bool            `json:"is_public"`
	TimeCreated            time.Time       `json:"time_created"`
	TimeSaved              time.Time       `json:"time_saved"`
	Relationship           json.RawMessage `json:"relationship"`
}

// A TrafficControl is a rule that keeps traffic out. https://developers.everflow.io/api-reference/get-networkstrafficcontrols
type TrafficControl struct {
	NetworkID               int64           `json:"network_id" tap:"key"`
	NetworkTrafficControlID int64           `json:"network_traffic_control_id" tap:"key"`
	Status                  string          `json:"status"`
	ControlType             string          `json:"control_type"`
	IsApplyAllOffers        bool            `json:"is_apply_all_offers"`
	ComparisonMethod        string          `json:"comparison_method"`
	Variables               json.RawMessage `json:"variables"`
	DateValidFrom           string          `json:"date_valid_from"`
	DateValidTo             string          `json:"date_valid_to"`
	TimeCreated             time.Time       `json:"time_created"`
	TimeSaved               time.Time       `json:"time_saved"`
}

// An Employee works for the network; the id of an employee stands in offers, affiliates and advertisers. Some pages of the reference call it
// employee_id. https://developers.everflow.io/api-reference/get-networksemployees
type Employee struct {
	NetworkID               int64           `json:"network_id" tap:"key"`
	NetworkEmployeeID       int64           `json:"network_employee_id" tap:"key"`
	NetworkBusinessUnitID   int64           `json:"network_business_unit_id"`
	NetworkRoleID           int64           `json:"network_role_id"`
	FirstName               string          `json:"first_name"`
	LastName                string          `json:"last_name"`
	FullName                string          `json:"full_name"`
	Title                   string          `json:"title"`
	Email                   string          `json:"email"`
	WorkPhone               string          `json:"work_phone"`
	CellPhone               string          `json:"cell_phone"`
	AccountStatus           string          `json:"account_status"`
	IsAdmin                 bool            `json:"is_admin"`
	IsAffiliateManager      bool            `json:"is_affiliate_manager"`
	IsAdvertiserManager     bool            `json:"is_advertiser_manager"`
	IsLimitedAffiliateScope bool            `json:"is_limited_affiliate_scope"`
	LanguageID              int64           `json:"language_id"`
	TimezoneID              int64           `json:"timezone_id"`
	CurrencyID              string          `json:"currency_id"`
	City                    string          `json:"city"`
	CountryCode             string          `json:"country_code"`
	RegionCode              string          `json:"region_code"`
	InternalNotes           string          `json:"internal_notes"`
	TimeCreated             time.Time       `json:"time_created"`
	TimeSaved               time.Time       `json:"time_saved"`
	Relationship            json.RawMessage `json:"relationship"`
}
