package main

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/lenient"
	"github.com/signalroom/signalroom/taps/tap/rest"
)

// named are the groups that come as a name and an id, or may do so. The key is the id, as names change.
const named = "campaign source offer landing prelanding network rt_campaign rt_adgroup rt_ad rt_placement"

// groups are all that GET /report is known to take beside the date, sub1 to sub20 aside.
func groups() []string {
	return strings.Fields(named + " country region city os browser device device_brand connection_type isp hour_of_day day_of_week rt_source rt_medium rt_keyword")
}

// isGroup tells whether there is a group of that name.
func isGroup(name string) bool {
	sub, isSub := strings.CutPrefix(name, "sub")
	n, err := strconv.Atoi(sub)
	return slices.Contains(groups(), name) || isSub && err == nil && n >= 1 && n <= 20 && strconv.Itoa(n) == sub
}

// isNamed tells whether a group has an id.
func isNamed(group string) bool { return slices.Contains(strings.Fields(named), group) }

// keyOf is the column that tells the rows of a group apart.
func keyOf(group string) string {
	if isNamed(group) {
		return group + "_id"
	}
	return group
}

// reportColumns are the columns and the key of a report by date and groups.
func reportColumns(groups []string) (columns []tap.Column, key []string, err error) {
	text := func(name, schema string) { columns = append(columns, tap.Column{Name: name, Schema: []byte(schema)}) }
	text("date", `{"type":"string","format":"date","description":"Day in the zone of the column timezone."}`)
	key = []string{"date"}
	for _, group := range groups {
		key = append(key, keyOf(group))
		text(keyOf(group), `{"type":"string"}`)
		if isNamed(group) {
			text(group, `{"type":["null","string"]}`)
		}
	}
	text("timezone", `{"type":["null","string"]}`)
	metrics, err := tap.Columns[Metrics]()
	return append(columns, metrics.Columns...), key, err
}

// keys are the members that tell a report's row apart, none of them null: what has no value in a group has an empty text, and a name
// stands in for an id that is missing.
func keys(row []byte, groups []string) []protocol.Member {
	keys := []protocol.Member{lenient.Text("date", rest.Text(rest.Member(row, "date")))}
	for _, group := range groups {
		keys = append(keys, lenient.Text(keyOf(group), cmp.Or(rest.Text(rest.Member(row, keyOf(group))), rest.Text(rest.Member(row, group)))))
	}
	return keys
}

// report declares a report by date and groups.
func (s *source) report(name string, groups []string) (tap.Stream, error) {
	columns, key, err := reportColumns(groups)
	stream := tap.Stream{Name: name, Description: "Report by date, " + strings.Join(groups, ", "), Columns: columns, Key: key}
	return s.daily(stream, daily{api: s.reports, path: "report", per: 1000, lookback: 30, judge: judgeGroups(groups),
		query: url.Values{"group": {"date," + strings.Join(groups, ",")}, "timezone": {s.zone.String()}},
		key: func(rows *rows, row []byte) []protocol.Member {
			return append(append(keys(row, groups), lenient.Text("timezone", s.zone.String())), rows.always...)
		}}), err
}

// judgeGroups is about an answer of 500, by which RedTrack also refuses a group that it does not know: it is not asked for often.
func judgeGroups(groups []string) func(*rest.Failure, *rest.Verdict) {
	return func(f *rest.Failure, v *rest.Verdict) {
		if f.Status == http.StatusInternalServerError {
			v.Most = 3
			v.Fault.Hint = "run again later; if it stays so, the account may lack a group of this report: " + strings.Join(groups, ", ")
		}
	}
}

// Metrics are the columns of GET /report that every account has. Conversions and Revenue are about the default conversion type alone, and
// often 0; TotalConversions and TotalRevenue hold all. Ratios must not be summed. What else comes, such as convtype1 to
// convtype40, depends on the account and is kept undeclared. https://api.redtrack.io/docs/index.html, models.Stat
type Metrics struct {
	Clicks             float64 `json:"clicks"`
	UniqueClicks       float64 `json:"unique_clicks"`
	Impressions        float64 `json:"impressions"`
	ImpressionsVisible float64 `json:"impressions_visible"`
	Conversions        float64 `json:"conversions"`
	TotalConversions   float64 `json:"total_conversions"`
	Transactions       float64 `json:"transactions"`
	Cost               float64 `json:"cost"`
	Revenue            float64 `json:"revenue"`
	TotalRevenue       float64 `json:"total_revenue"`
	Profit             float64 `json:"profit"`
	ROI                float64 `json:"roi"`
	ROAS               float64 `json:"roas"`
	AOV                float64 `json:"aov"`
	CPA                float64 `json:"cpa"`
	CPC                float64 `json:"cpc"`
	CPT                float64 `json:"cpt"`
	CR                 float64 `json:"cr"`
	CTR                float64 `json:"ctr"`
	TR                 float64 `json:"tr"`
	EPC                float64 `json:"epc"`
	EPUC               float64 `json:"epuc"`
	EPV                float64 `json:"epv"`
	EPCLP              float64 `json:"epc_lp"`
	EPCROI             float64 `json:"epc_roi"`
	LPViews            float64 `json:"lp_views"`
	LPClicks           float64 `json:"lp_clicks"`
	LPCTR              float64 `json:"lp_ctr"`
	LPClicksCR         float64 `json:"lp_clicks_cr"`
	LPViewsCR          float64 `json:"lp_views_cr"`
	PrelpViews         float64 `json:"prelp_views"`
	PrelpClicks        float64 `json:"prelp_clicks"`
	Approved           float64 `json:"approved"`
	Pending            float64 `json:"pending"`
	Declined           float64 `json:"declined"`
	Other              float64 `json:"other"`
	ApprovedCR         float64 `json:"approved_cr"`
	PendingCR          float64 `json:"pending_cr"`
	DeclinedCR         float64 `json:"declined_cr"`
	OtherCR            float64 `json:"other_cr"`
	Ok                 float64 `json:"ok"`
	Datacenter         float64 `json:"datacenter"`
	Baddevice          float64 `json:"baddevice"`
	Blacklist          float64 `json:"blacklist"`
	Attribution        float64 `json:"attribution"`
	PubRevenue         float64 `json:"pub_revenue"`
}
