package everflowtest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// zones are some of Everflow's numbers for time zones.
var zones = map[int]string{67: "UTC", 80: "America/New_York", 85: "America/Chicago", 87: "America/Denver", 90: "America/Los_Angeles", 40: "Asia/Tokyo"}

func (s *Server) timezones(*http.Request) (any, error) {
	list := []Row{}
	for _, id := range slices.Sorted(maps.Keys(zones)) {
		list = append(list, Row{"timezone_id": id, "timezone_name": "(" + zones[id] + ")", "timezone": zones[id], "utc_offset": 0})
	}
	return Row{"timezones": list}, nil
}

// A query narrows a report.
type query struct {
	Filters []struct {
		ResourceType  string `json:"resource_type"`
		FilterIDValue string `json:"filter_id_value"`
	} `json:"filters"`
	Exclusions    []json.RawMessage `json:"exclusions"`
	SearchTerms   []json.RawMessage `json:"search_terms"`
	MetricFilters []json.RawMessage `json:"metric_filters"`
	Settings      json.RawMessage   `json:"settings"`
}

// accepts tells whether a row passes: the same type is OR, different types are AND.
func (q *query) accepts(row Row) bool {
	passed := map[string]bool{}
	for _, f := range q.Filters {
		passed[f.ResourceType] = passed[f.ResourceType] || dimension(row, f.ResourceType) == f.FilterIDValue
	}
	for _, ok := range passed {
		if !ok {
			return false
		}
	}
	return true
}

func (q *query) check() error {
	for _, f := range q.Filters {
		if !slices.Contains([]string{"offer", "affiliate", "advertiser", "offer_group", "campaign", "creative", "country_code", "country", "status", "transaction_id", "sub1", "source_id"}, f.ResourceType) {
			return fmt.Errorf("filter by %q", f.ResourceType)
		}
	}
	return nil
}

// dimension is a row's value of a report column.
func dimension(row Row, column string) string {
	relationship, _ := row["relationship"].(Row)
	below := func(object, member string) string {
		o, _ := relationship[object].(Row)
		if o[member] == nil {
			return "0"
		}
		return fmt.Sprint(o[member])
	}
	switch column {
	case "offer", "affiliate", "advertiser":
		return below(column, "network_"+column+"_id")
	case "country_code":
		if code := below("geolocation", "country_code"); code != "0" {
			return code
		}
		return "N/A"
	}
	text, _ := row[column].(string)
	return text
}

// span reads from and to in the zone. Both ends are in it; a day alone is all of it.
func span(from, to string, timezone int) (first, last time.Time, err error) {
	name, ok := zones[timezone]
	if !ok {
		return first, last, fmt.Errorf("timezone_id %d", timezone)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return first, last, err
	}
	parse := func(text string, end bool) (time.Time, error) {
		if at, err := time.ParseInLocation(time.DateTime, text, zone); err == nil {
			return at, nil
		}
		at, err := time.ParseInLocation(time.DateOnly, text, zone)
		if err != nil {
			return at, fmt.Errorf("%q is no date", text)
		}
		if end {
			at = at.AddDate(0, 0, 1).Add(-time.Second)
		}
		return at, nil
	}
	if first, err = parse(from, false); err != nil {
		return first, last, err
	}
	if last, err = parse(to, true); err != nil {
		return first, last, err
	}
	if last.Before(first) {
		return first, last, fmt.Errorf("to is before from")
	}
	return first, last, nil
}

func within(row Row, member string, first, last time.Time) bool {
	at := Seconds(row[member])
	return at >= first.Unix() && at <= last.Unix()
}

// Seconds reads an instant of a row.
func Seconds(value any) int64 {
	switch v := value.(type) {
	case int64:
		return v
	case int:
		return int64(v)
	}
	return 0
}

type conversionsBody struct {
	From               string  `json:"from"`
	To                 string  `json:"to"`
	TimezoneID         int     `json:"timezone_id"`
	ShowConversions    *bool   `json:"show_conversions"`
	ShowEvents         *bool   `json:"show_events"`
	CurrencyID         string  `json:"currency_id"`
	Query              query   `json:"query"`
	OnHoldStatusFilter *string `json:"on_hold_status_filter"`
}

func (s *Server) conversions(r *http.Request) (any, error) {
	var body conversionsBody
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	if body.OnHoldStatusFilter != nil {
		return nil, fmt.Errorf("on_hold_status_filter")
	}
	return s.conversionRows(r, body, s.Conversions, func(row Row) Row { return row })
}

func (s *Server) onHold(r *http.Request) (any, error) {
	var body conversionsBody
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	if body.OnHoldStatusFilter == nil && !s.Affiliate {
		return nil, fmt.Errorf("on_hold_status_filter is required")
	}
	return s.conversionRows(r, body, s.OnHold, func(row Row) Row { return row["conversion"].(Row) })
}

func (s *Server) conversionRows(r *http.Request, body conversionsBody, rows []Row, conversion func(Row) Row) (any, error) {
	first, last, err := span(body.From, body.To, body.TimezoneID)
	switch {
	case err != nil:
		return nil, err
	case body.ShowConversions == nil || body.ShowEvents == nil || !*body.ShowConversions && !*body.ShowEvents:
		return nil, fmt.Errorf("show_conversions and show_events")
	case first.Before(s.Now.AddDate(0, 0, -365)):
		return nil, fmt.Errorf("from is more than 365 days ago")
	case last.Sub(first) > 366*24*time.Hour:
		return nil, fmt.Errorf("more than a year")
	}
	var found []Row
	for _, row := range rows {
		c := conversion(row)
		event, _ := c["is_event"].(bool)
		if within(c, "conversion_unix_timestamp", first, last) && body.Query.accepts(c) && (event && *body.ShowEvents || !event && *body.ShowConversions) {
			found = append(found, row)
		}
	}
	s.sort(found, func(row Row) int64 { return Seconds(conversion(row)["conversion_unix_timestamp"]) })
	return s.page(r, "conversions", found)
}

// sort puts rows in the order that nobody has promised.
func (s *Server) sort(rows []Row, at func(Row) int64) {
	slices.SortStableFunc(rows, func(a, b Row) int { return cmp.Compare(at(b), at(a)) })
	if s.OldestFirst {
		slices.Reverse(rows)
	}
}

// page cuts the page that the query asks for.
func (s *Server) page(r *http.Request, member string, rows []Row) (any, error) {
	page, err := strconv.Atoi(r.FormValue("page"))
	if err != nil {
		return nil, err
	}
	size, err := strconv.Atoi(r.FormValue("page_size"))
	if err != nil {
		return nil, err
	}
	size = min(size, s.PageMax)
	total := len(rows)
	rows = rows[min(total, (page-1)*size):min(total, page*size)]
	if rows == nil {
		rows = []Row{}
	}
	return Row{member: rows, "paging": Row{"page": page, "page_size": size, "total_count": total}}, nil
}

func (s *Server) clicks(r *http.Request) (any, error) {
	var body struct {
		From       string `json:"from"`
		To         string `json:"to"`
		TimezoneID int    `json:"timezone_id"`
		Query      query  `json:"query"`
	}
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	if err := body.Query.check(); err != nil {
		return nil, err
	}
	if len(body.From) != len(time.DateTime) || len(body.To) != len(time.DateTime) {
		return nil, fmt.Errorf("from and to need a time of day")
	}
	first, last, err := span(body.From, body.To, body.TimezoneID)
	if err != nil {
		return nil, err
	}
	if last.Sub(first) > 14*24*time.Hour {
		return nil, fmt.Errorf("more than 14 days")
	}
	found := []Row{}
	for _, row := range s.Clicks {
		kept := time.Unix(Seconds(row["unix_timestamp"]), 0).After(s.Now.AddDate(0, -3, 0))
		if kept && within(row, "unix_timestamp", first, last) && body.Query.accepts(row) {
			found = append(found, row)
		}
	}
	s.sort(found, func(row Row) int64 { return Seconds(row["unix_timestamp"]) })
	return Row{s.TableKey: found[:min(len(found), s.ClickCap)]}, nil
}

func (s *Server) entity(r *http.Request) (any, error) {
	var body struct {
		From       string `json:"from"`
		To         string `json:"to"`
		TimezoneID int    `json:"timezone_id"`
		CurrencyID string `json:"currency_id"`
		Columns    []struct {
			Column string `json:"column"`
		} `json:"columns"`
		Query query `json:"query"`
	}
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	first, last, err := span(body.From, body.To, body.TimezoneID)
	if err != nil {
		return nil, err
	}
	if err := body.Query.check(); err != nil {
		return nil, err
	}
	times := 0
	for _, c := range body.Columns {
		if slices.Contains([]string{"hour", "date", "week", "month", "year"}, c.Column) {
			times++
		} else if !slices.Contains([]string{"offer", "affiliate", "advertiser", "country_code", "sub1"}, c.Column) || s.Affiliate && (c.Column == "affiliate" || c.Column == "advertiser") {
			return nil, fmt.Errorf("column %q", c.Column)
		}
	}
	switch {
	case len(body.Columns) < 1 || len(body.Columns) > 10 || times > 1:
		return nil, fmt.Errorf("one to ten columns, one of them a time")
	case body.CurrencyID == "":
		return nil, fmt.Errorf("currency_id is required")
	case last.Sub(first) > 367*24*time.Hour:
		return nil, fmt.Errorf("more than 367 days")
	}
	figures := map[string]Row{}
	add := func(row Row, member string, count func(reporting Row)) {
		if !within(row, member, first, last) || !body.Query.accepts(row) {
			return
		}
		var key []string
		var columns []Row
		for _, c := range body.Columns {
			id := dimension(row, c.Column)
			if c.Column == "date" {
				y, m, d := time.Unix(Seconds(row[member]), 0).In(first.Location()).Date()
				id = fmt.Sprint(time.Date(y, m, d, 0, 0, 0, 0, first.Location()).Unix())
			}
			key = append(key, id)
			columns = append(columns, Row{"column_type": c.Column, "id": id, "label": label(c.Column, id)})
		}
		joined := strings.Join(key, "\x00")
		if figures[joined] == nil {
			figures[joined] = Row{"columns": columns, "usm_columns": []any{}, "custom_metric_columns": []any{},
				"reporting": Row{"total_click": 0, "unique_click": 0, "cv": 0, "event": 0, "payout": 0.0, "revenue": 0.0, "cvr": 0}}
		}
		count(figures[joined]["reporting"].(Row))
	}
	for _, click := range s.Clicks {
		add(click, "unix_timestamp", func(figure Row) { figure["total_click"] = figure["total_click"].(int) + 1 })
	}
	for _, conversion := range s.Conversions {
		if conversion["status"] != "approved" {
			continue
		}
		add(conversion, "conversion_unix_timestamp", func(figure Row) {
			figure["cv"] = figure["cv"].(int) + 1
			figure["payout"] = figure["payout"].(float64) + conversion["payout"].(float64)
		})
	}
	table := []Row{}
	for _, key := range slices.Sorted(maps.Keys(figures)) {
		table = append(table, figures[key])
	}
	return Row{"table": table[:min(len(table), s.ReportCap)], "incomplete_results": len(table) > s.ReportCap}, nil
}

func label(column, id string) string {
	if column == "date" {
		return id
	}
	return column + " " + id
}

func (s *Server) network(*http.Request) (any, error) {
	return Row{"network_id": s.NetworkID, "name": "Demo network", "status": "active", "default_currency_id": s.Currency, "reporting_timezone_id": 80}, nil
}

func (s *Server) list(r *http.Request, member string) (any, error) {
	if r.Method == http.MethodPost {
		var body struct {
			Filters     json.RawMessage `json:"filters"`
			SearchTerms json.RawMessage `json:"search_terms"`
		}
		if err := decode(r, &body); err != nil {
			return nil, err
		}
	}
	if s.WholeLists {
		return Row{member: s.Lists[member]}, nil
	}
	answer, err := s.page(r, member, s.Lists[member])
	if err == nil && s.BareLists {
		return answer.(Row)[member], nil
	}
	return answer, err
}
