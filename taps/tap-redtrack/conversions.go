package main

import "time"

// A Conversion is one row of GET /conversions. One click may have several. Columns that end in _default are in the account's
// currency, _network and _source in that of the network and the source. https://api.redtrack.io/docs/index.html, models.ConversionView
type Conversion struct {
	ID        string    `json:"id" tap:"key"`
	Clickid   string    `json:"clickid"`
	ConvTime  time.Time `json:"conv_time"`
	TrackTime time.Time `json:"track_time"`
	CreatedAt time.Time `json:"created_at"`
	Status    string    `json:"status"`
	Event     string    `json:"event"`
	Currency  string    `json:"currency"`
	Touch
	Payout            float64 `json:"payout"`
	PayoutDefault     float64 `json:"payout_default"`
	PayoutNetwork     float64 `json:"payout_network"`
	PubRevenue        float64 `json:"pub_revenue"`
	PubRevenueDefault float64 `json:"pub_revenue_default"`
	PubRevenueSource  float64 `json:"pub_revenue_source"`
	PostbackIP        string  `json:"postback_ip" tap:"unselected"`
	PageURL           string  `json:"page_url"`
	Order             string  `json:"order"`
	Coupon            string  `json:"coupon"`
	DeduplicateToken  string  `json:"deduplicate_token"`
	AttributionType   string  `json:"attribution_type"`
	DefaultType       int64   `json:"default_type"`
	IsTransaction     int64   `json:"is_transaction"`
	DuplicateStatus   int64   `json:"duplicate_status"`
	Subs
	PSub1  string `json:"p_sub1"`
	PSub2  string `json:"p_sub2"`
	PSub3  string `json:"p_sub3"`
	PSub4  string `json:"p_sub4"`
	PSub5  string `json:"p_sub5"`
	PSub6  string `json:"p_sub6"`
	PSub7  string `json:"p_sub7"`
	PSub8  string `json:"p_sub8"`
	PSub9  string `json:"p_sub9"`
	PSub10 string `json:"p_sub10"`
	PSub11 string `json:"p_sub11"`
	PSub12 string `json:"p_sub12"`
	PSub13 string `json:"p_sub13"`
	PSub14 string `json:"p_sub14"`
	PSub15 string `json:"p_sub15"`
	PSub16 string `json:"p_sub16"`
	PSub17 string `json:"p_sub17"`
	PSub18 string `json:"p_sub18"`
	PSub19 string `json:"p_sub19"`
	PSub20 string `json:"p_sub20"`
	Attribution
	ConversionTypes
}

// ConversionTypes are the account's own conversion types, numbered.
type ConversionTypes struct {
	Type1  int64 `json:"type1"`
	Type2  int64 `json:"type2"`
	Type3  int64 `json:"type3"`
	Type4  int64 `json:"type4"`
	Type5  int64 `json:"type5"`
	Type6  int64 `json:"type6"`
	Type7  int64 `json:"type7"`
	Type8  int64 `json:"type8"`
	Type9  int64 `json:"type9"`
	Type10 int64 `json:"type10"`
	Type11 int64 `json:"type11"`
	Type12 int64 `json:"type12"`
	Type13 int64 `json:"type13"`
	Type14 int64 `json:"type14"`
	Type15 int64 `json:"type15"`
	Type16 int64 `json:"type16"`
	Type17 int64 `json:"type17"`
	Type18 int64 `json:"type18"`
	Type19 int64 `json:"type19"`
	Type20 int64 `json:"type20"`
	Type21 int64 `json:"type21"`
	Type22 int64 `json:"type22"`
	Type23 int64 `json:"type23"`
	Type24 int64 `json:"type24"`
	Type25 int64 `json:"type25"`
	Type26 int64 `json:"type26"`
	Type27 int64 `json:"type27"`
	Type28 int64 `json:"type28"`
	Type29 int64 `json:"type29"`
	Type30 int64 `json:"type30"`
	Type31 int64 `json:"type31"`
	Type32 int64 `json:"type32"`
	Type33 int64 `json:"type33"`
	Type34 int64 `json:"type34"`
	Type35 int64 `json:"type35"`
	Type36 int64 `json:"type36"`
	Type37 int64 `json:"type37"`
	Type38 int64 `json:"type38"`
	Type39 int64 `json:"type39"`
	Type40 int64 `json:"type40"`
}
