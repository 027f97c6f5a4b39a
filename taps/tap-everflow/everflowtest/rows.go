package everflowtest

import (
	"fmt"
	"time"
)

// ID is a made-up id of 32 hexadecimal digits.
func ID(kind byte, n int) string { return fmt.Sprintf("%c%031x", kind, n) }

func relationship(network, offer, affiliate int) Row {
	return Row{
		"offer":      Row{"network_offer_id": offer, "network_id": network, "name": fmt.Sprint("Offer ", offer)},
		"affiliate":  Row{"network_affiliate_id": affiliate, "network_id": network, "name": fmt.Sprint("Partner ", affiliate)},
		"advertiser": Row{"network_advertiser_id": 4, "network_id": network, "name": "Demo brand"},
		"usm_data":   nil,
	}
}

// Conversion is a base conversion of that number.
func (s *Server) Conversion(n int, at time.Time, offer, affiliate int, status string, payout float64) Row {
	return Row{"conversion_id": ID('c', n), "transaction_id": ID('a', n), "conversion_unix_timestamp": at.Unix(), "click_unix_timestamp": at.Add(-time.Hour).Unix(),
		"status": status, "is_event": false, "event": "Base", "payout": payout, "revenue": payout * 2, "sale_amount": 0, "payout_type": "cpa",
		"currency_id": "EUR", "sub1": "newsletter", "sub2": "", "country": "Portugal", "dma": 0, "is_scrub": false, "error_code": 0,
		"relationship": relationship(s.NetworkID, offer, affiliate)}
}

// Event is an event after the conversion of that number.
func (s *Server) Event(n int, at time.Time, offer, affiliate int, name string) Row {
	row := s.Conversion(n, at, offer, affiliate, "approved", 1)
	row["conversion_id"], row["is_event"], row["event"] = ID('e', n), true, name
	return row
}

// Held is a conversion that is held back.
func (s *Server) Held(n int, at time.Time, status string) Row {
	return Row{"on_hold_conversion_id": ID('d', n), "network_id": s.NetworkID, "holding_period_end": at.AddDate(0, 0, 14).Unix(), "status": status, "note": "",
		"conversion": s.Conversion(n, at, 31, 8, "pending", 5)}
}

// Click is a click of that number.
func (s *Server) Click(n int, at time.Time, offer, affiliate int, country string) Row {
	row := Row{"transaction_id": ID('a', n), "is_unique": 1, "unix_timestamp": at.Unix(), "sub1": "newsletter", "payout_type": "cpa", "payout": 0, "revenue": 0.25,
		"error_code": 0, "has_conversion": false, "currency_id": "EUR", "user_ip": "192.0.2.1", "relationship": relationship(s.NetworkID, offer, affiliate)}
	row["relationship"].(Row)["geolocation"] = Row{"country_code": country, "carrier_code": 20, "is_mobile": true}
	return row
}

// Offer is an offer of the network.
func (s *Server) Offer(id int) Row {
	return Row{"network_offer_id": id, "network_id": s.NetworkID, "network_advertiser_id": 4, "name": fmt.Sprint("Offer ", id), "offer_status": "active", "currency_id": "EUR",
		"destination_url": "https://shop.example/lp?cid={transaction_id}", "date_live_until": "", "is_caps_enabled": false, "monthly_payout_cap": 2500.5, "caps_timezone_id": 67,
		"time_created": 1735732800, "time_saved": 1767139200, "relationship": Row{"labels": Row{"total": 1, "entries": []string{"summer"}}}}
}
