package main

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/lenient"
	"github.com/signalroom/signalroom/taps/tap/rest"
	"github.com/signalroom/signalroom/taps/tap/windows"
)

// Figures are those of a day and of what report_columns name. Amounts are in currency_id. They change while conversions of that
// day come in and are approved. https://developers.everflow.io/docs/network/reporting/aggregated_data
type Figures struct {
	Imp                    float64         `json:"imp"`
	TotalClick             float64         `json:"total_click"`
	UniqueClick            float64         `json:"unique_click"`
	InvalidClick           float64         `json:"invalid_click"`
	DuplicateClick         float64         `json:"duplicate_click"`
	GrossClick             float64         `json:"gross_click"`
	CTR                    float64         `json:"ctr"`
	CV                     float64         `json:"cv"`
	InvalidCVScrub         float64         `json:"invalid_cv_scrub"`
	ViewThroughCV          float64         `json:"view_through_cv"`
	TotalCV                float64         `json:"total_cv"`
	Event                  float64         `json:"event"`
	CVR                    float64         `json:"cvr"`
	EVR                    float64         `json:"evr"`
	CPC                    float64         `json:"cpc"`
	CPM                    float64         `json:"cpm"`
	CPA                    float64         `json:"cpa"`
	EPC                    float64         `json:"epc"`
	RPC                    float64         `json:"rpc"`
	RPA                    float64         `json:"rpa"`
	RPM                    float64         `json:"rpm"`
	Payout                 float64         `json:"payout"`
	Revenue                float64         `json:"revenue"`
	EventRevenue           float64         `json:"event_revenue"`
	GrossSales             float64         `json:"gross_sales"`
	Profit                 float64         `json:"profit"`
	Margin                 float64         `json:"margin"`
	ROAS                   float64         `json:"roas"`
	AvgSaleValue           float64         `json:"avg_sale_value"`
	MediaBuyingCost        float64         `json:"media_buying_cost"`
	OnHoldPotentialRevenue float64         `json:"on_hold_potential_revenue"`
	OnHoldPotentialPayout  float64         `json:"on_hold_potential_payout"`
	OnHoldConversionCount  float64         `json:"on_hold_conversion_count"`
	RedirectTrafficRevenue float64         `json:"redirect_traffic_revenue"`
	PublicEvents           json.RawMessage `json:"public_events"`
	UsmColumns             json.RawMessage `json:"usm_columns"`
	CustomMetricColumns    json.RawMessage `json:"custom_metric_columns"`
}

// reportCap is how many rows an answer of the daily figures holds; incomplete_results says that there are more.
const reportCap = 10_000

// reportHead are the columns that each row of daily_report begins with. They are its key, with those of report_columns.
var reportHead = []string{"network_id", "timezone_id", "currency_id", "date"}

// A reportColumn is what a row is about.
type reportColumn struct {
	Type  string          `json:"column_type"`
	ID    json.RawMessage `json:"id"`
	Label json.RawMessage `json:"label"`
}

// text is a value's text, empty for null.
func text(value json.RawMessage) string {
	if rawjson.KindOf(value) == rawjson.Null {
		return ""
	}
	return rest.Text(value)
}

func columnsOf(names ...string) []map[string]string {
	var list []map[string]string
	for _, name := range names {
		list = append(list, map[string]string{"column": name})
	}
	return list
}

// dailyReport declares the stream: its columns are those of the settings.
func (s *source) dailyReport() (tap.Stream, error) {
	record, err := tap.Columns[Figures]()
	stream := tap.Stream{Name: "daily_report", Description: "Clicks, conversions and amounts by day", Disposition: protocol.Merge, Key: slices.Clone(reportHead)}
	column := func(name, schema string) {
		stream.Columns = append(stream.Columns, tap.Column{Name: name, Schema: json.RawMessage(schema)})
	}
	column("network_id", `{"type":"integer"}`)
	column("timezone_id", `{"type":"integer"}`)
	column("currency_id", `{"type":"string"}`)
	column("date", `{"type":"string","format":"date"}`)
	for _, name := range s.columns {
		column(name+"_id", `{"type":"string"}`)
		column(name, `{"type":["null","string"]}`)
		stream.Key = append(stream.Key, name+"_id")
	}
	stream.Columns = append(stream.Columns, record.Columns...)
	stream.Read = s.readReport(stream.Columns)
	return stream, err
}

func (s *source) readReport(columns []tap.Column) func(context.Context, *tap.Output) error {
	return lenient.Read(columns, time.UTC, func(ctx context.Context, out *tap.Output, sender *lenient.Sender) error {
		shape := newShape(sender)
		reading := windows.Reading{Step: windows.Days(s.zone), Full: reportCap, Join: 28}
		return s.byTime(ctx, out, timed{reading: reading, zone: s.zone, lookback: s.config.Lookback, read: func(ctx context.Context, a *account, w windows.Window) (int, error) {
			c, err := s.report(ctx, a, shape)
			if err != nil {
				return 0, err
			}
			return c.read(ctx, w, !reading.Step(w.Start).Before(w.End))
		}})
	})
}

// report is the report of an account's daily figures.
func (s *source) report(ctx context.Context, a *account, shape *shape) (*capped, error) {
	timezone, err := a.timezone(ctx, s.config.Timezone)
	if err != nil {
		return nil, err
	}
	client := a.client
	if slices.ContainsFunc(s.columns, func(c string) bool { return !slices.Contains([]string{"offer", "affiliate", "advertiser"}, c) }) {
		client = a.granular
	}
	return &capped{
		account: a, client: client, path: a.path("reporting/entity/table"), rows: []string{"table"}, layout: time.DateOnly, zone: s.zone, full: reportCap,
		body: map[string]any{"timezone_id": timezone, "currency_id": a.CurrencyID, "columns": columnsOf(append([]string{"date"}, s.columns...)...)},
		send: func(row []byte) error {
			figures, about, err := s.figures(a, timezone, row)
			if err != nil {
				return err
			}
			return shape.send(figures, a.NetworkID, about...)
		},
	}, nil
}

// figures are those of a row, and what they are about.
func (s *source) figures(a *account, timezone int, row []byte) (figures json.RawMessage, about []protocol.Member, err error) {
	var figure struct {
		Columns   []reportColumn  `json:"columns"`
		Reporting json.RawMessage `json:"reporting"`
	}
	if err := json.Unmarshal(row, &figure); err != nil {
		return nil, nil, protocol.DataFault("", "a row of the daily figures is not of the expected form")
	}
	if rawjson.KindOf(figure.Reporting) != rawjson.Object {
		return nil, nil, protocol.DataFault("", "a row of the daily figures has none")
	}
	about = []protocol.Member{{Name: "timezone_id", Value: strconv.AppendInt(nil, int64(timezone), 10)}, lenient.Text("currency_id", a.CurrencyID)}
	for _, c := range figure.Columns {
		id := text(c.ID)
		if c.Type == "date" {
			about = append(about, lenient.Text("date", dayOf(id, s.zone)))
			continue
		}
		about = append(about, lenient.Text(c.Type+"_id", id), lenient.Text(c.Type, text(c.Label)))
	}
	for _, name := range []string{"usm_columns", "custom_metric_columns"} {
		if value := rest.Member(row, name); value != nil {
			about = append(about, protocol.Member{Name: name, Value: value})
		}
	}
	return figure.Reporting, about, nil
}

// dayOf reads the id of a date: the seconds of its midnight, in the zone of the report or in UTC, which nobody has written down.
func dayOf(id string, zone *time.Location) string {
	seconds, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return id
	}
	at := time.Unix(seconds, 0)
	if local := at.In(zone); local.Hour() == 0 && local.Minute() == 0 || at.UTC().Truncate(day) != at.UTC() {
		return local.Format(time.DateOnly)
	}
	return at.UTC().Format(time.DateOnly)
}
