package posthogtest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/signalroom/signalroom/protocol/rawjson"
)

// An Event is a row of the table events.
type Event struct {
	UUID, Name       string
	Timestamp        time.Time // microseconds
	CreatedAt        time.Time
	DistinctID       string
	Properties       string // JSON text
	PersonProperties string
}

// MaxRows is what a LIMIT is cut to.
const MaxRows = 50000

var (
	pageShape    = regexp.MustCompile(`^SELECT (.+) FROM events WHERE (.+) ORDER BY (timestamp|created_at), toString\(uuid\) LIMIT ([0-9]+)$`)
	bucketsShape = regexp.MustCompile(`^SELECT toStartOf(Day|Hour|Minute)\((timestamp|created_at)\) AS bucket, count\(\) AS events FROM events WHERE (.+) GROUP BY bucket ORDER BY bucket LIMIT 50000$`)
	countShape   = regexp.MustCompile(`^SELECT count\(DISTINCT uuid\) AS events FROM events WHERE (.+) LIMIT 1$`)
	sqlInstant   = `toDateTime64\('([0-9-]{10} [0-9:]{8}\.[0-9]{6})', 6, 'UTC'\)`
	boundShape   = regexp.MustCompile(`^(timestamp|created_at) (>=|<) ` + sqlInstant + `$`)
	tieShape     = regexp.MustCompile(`^\((timestamp|created_at) > ` + sqlInstant + ` OR toString\(uuid\) > '([0-9a-f-]*)'\)$`)
	namesShape   = regexp.MustCompile(`^event IN \(('(?:[^'\\]|\\.)*'(?:, '(?:[^'\\]|\\.)*')*)\)$`)
	nameShape    = regexp.MustCompile(`'((?:[^'\\]|\\.)*)'`)
)

// query answers a HogQL query, POST …/query/. See https://posthog.com/docs/api/query.
func (s *Server) query(w http.ResponseWriter, r *http.Request, project *Project) {
	body, err := io.ReadAll(r.Body)
	var request struct {
		Query struct {
			Kind      string `json:"kind"`
			Query     string `json:"query"`
			Modifiers struct {
				ConvertToProjectTimezone *bool `json:"convertToProjectTimezone"`
			} `json:"modifiers"`
		} `json:"query"`
		Refresh string `json:"refresh"`
		Name    string `json:"name"`
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err == nil {
		err = decoder.Decode(&request)
	}
	if err != nil || request.Query.Kind != "HogQLQuery" {
		s.violation(w, "query: %v, %q", err, request.Query.Kind)
		return
	}
	text := request.Query.Query
	if strings.Contains(strings.ToUpper(text), "OFFSET") {
		Fail(w, http.StatusBadRequest, "validation_error", "invalid_input", "OFFSET is not supported in queries made with a personal API key.")
		return
	}
	key := fmt.Sprint(project.ID, string(body))
	if held, ok := s.cached[key]; ok && request.Refresh != "force_blocking" {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(held)
		return
	}
	zone := project.Zone
	if request.Query.Modifiers.ConvertToProjectTimezone != nil && !*request.Query.Modifiers.ConvertToProjectTimezone {
		zone = time.UTC
	}
	project.sort()
	var out []byte
	switch {
	case text == "SELECT 1":
		out = []byte(`{"columns":["1"],"results":[[1]]}`)
	case pageShape.MatchString(text):
		m := pageShape.FindStringSubmatch(text)
		limit, _ := strconv.Atoi(m[4])
		events, err := project.where(m[2], m[3])
		if err != nil {
			break
		}
		if s.Heaviest > 0 && len(events) > s.Heaviest {
			Fail(w, 512, "server_error", "error", "Estimated query execution time is too long.")
			return
		}
		if s.Times > 0 {
			kept := slices.DeleteFunc(slices.Clone(events), func(e Event) bool { return e.UUID == s.Lost })
			if len(kept) < len(events) {
				s.Times--
			}
			events = kept
		}
		events = events[:min(len(events), limit, MaxRows)]
		if s.Clamp > 0 {
			events = events[:min(len(events), s.Clamp)]
		}
		out = appendPage(strings.Split(m[1], ", "), events, zone)
	case bucketsShape.MatchString(text):
		m := bucketsShape.FindStringSubmatch(text)
		events, err := project.where(m[3], m[2])
		if err != nil {
			break
		}
		if span := spanOf(m[3]); s.LongestCount > 0 && span > s.LongestCount {
			Fail(w, http.StatusGatewayTimeout, "server_error", "error", "Query has hit the max execution time before completing.")
			return
		}
		out = appendBuckets(m[1], m[2], events, zone)
	case countShape.MatchString(text):
		m := countShape.FindStringSubmatch(text)
		events, err := project.where(m[1], "timestamp")
		if err != nil {
			break
		}
		distinct := map[string]bool{}
		for _, e := range events {
			distinct[e.UUID] = true
		}
		out = fmt.Appendf(nil, `{"columns":["events"],"results":[[%d]],"is_cached":false}`, len(distinct))
	}
	if out == nil {
		s.violation(w, "a query that the server does not know: %s", text)
		return
	}
	s.cached[key] = out
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-PostHog-Query-Bytes-Read", strconv.Itoa(len(out)))
	s.Budget -= len(out)
	w.Header().Set("X-PostHog-Query-Budget-Remaining-Bytes", strconv.Itoa(max(0, s.Budget)))
	_, _ = w.Write(out)
}

// sort brings the events into the order that pages have.
func (p *Project) sort() {
	before := func(a, b Event) int { return cmp.Or(a.Timestamp.Compare(b.Timestamp), cmp.Compare(a.UUID, b.UUID)) }
	if !slices.IsSortedFunc(p.Events, before) {
		p.Events = slices.Clone(p.Events)
		slices.SortStableFunc(p.Events, before)
	}
}

// where gives the events that meet the conditions, ordered by the cursor and the uuid.
func (p *Project) where(conditions, cursor string) ([]Event, error) {
	at := func(e *Event) time.Time { return e.Timestamp }
	if cursor == "created_at" {
		at = func(e *Event) time.Time { return e.CreatedAt }
	}
	events := p.Events
	var tests []func(*Event) bool
	for _, condition := range strings.Split(conditions, " AND ") {
		if m := boundShape.FindStringSubmatch(condition); m != nil {
			bound, err := time.Parse("2006-01-02 15:04:05.000000", m[3])
			if err != nil || bound.Year() < 1970 {
				return nil, fmt.Errorf("an instant that ClickHouse cannot count days for: %s", m[3])
			}
			if m[1] == "timestamp" {
				n := sort.Search(len(events), func(i int) bool { return !events[i].Timestamp.Before(bound) })
				if m[2] == "<" {
					events = events[:n]
				} else {
					events = events[n:]
				}
				continue
			}
			tests = append(tests, func(e *Event) bool { return e.CreatedAt.Before(bound) == (m[2] == "<") })
		} else if m := tieShape.FindStringSubmatch(condition); m != nil {
			bound, err := time.Parse("2006-01-02 15:04:05.000000", m[2])
			if err != nil {
				return nil, err
			}
			tests = append(tests, func(e *Event) bool { return at(e).After(bound) || e.UUID > m[3] })
		} else if m := namesShape.FindStringSubmatch(condition); m != nil {
			var names []string
			for _, name := range nameShape.FindAllStringSubmatch(m[1], -1) {
				names = append(names, strings.NewReplacer(`\\`, `\`, `\'`, `'`).Replace(name[1]))
			}
			tests = append(tests, func(e *Event) bool { return slices.Contains(names, e.Name) })
		} else {
			return nil, fmt.Errorf("a condition that is not known: %s", condition)
		}
	}
	var found []Event
	for i := range events {
		if !slices.ContainsFunc(tests, func(test func(*Event) bool) bool { return !test(&events[i]) }) {
			found = append(found, events[i])
		}
	}
	if cursor == "created_at" {
		slices.SortStableFunc(found, func(a, b Event) int { return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.UUID, b.UUID)) })
	}
	return found, nil
}

// spanOf is how long a time the first two conditions leave.
func spanOf(conditions string) time.Duration {
	parts := strings.Split(conditions, " AND ")
	from, _ := time.Parse("2006-01-02 15:04:05.000000", boundShape.FindStringSubmatch(parts[0])[3])
	to, _ := time.Parse("2006-01-02 15:04:05.000000", boundShape.FindStringSubmatch(parts[1])[3])
	return to.Sub(from)
}

// stamp is how results spell an instant: a fraction of zero may be missing.
func stamp(dst []byte, at time.Time, zone *time.Location) []byte {
	return at.In(zone).AppendFormat(dst, "2006-01-02T15:04:05.999999Z07:00")
}

// appendPage answers rows; nil when a column is not known.
func appendPage(columns []string, events []Event, zone *time.Location) []byte {
	out := []byte(`{"results":[`)
	for i := range events {
		if i > 0 {
			out = append(out, ',')
		}
		for j, column := range columns {
			if j > 0 {
				out = append(out, ',')
			} else {
				out = append(out, '[')
			}
			e := &events[i]
			switch column {
			case "uuid":
				out = append(append(append(out, '"'), e.UUID...), '"')
			case "event":
				out = rawjson.AppendString(out, e.Name)
			case "timestamp":
				out = append(stamp(append(out, '"'), e.Timestamp, zone), '"')
			case "created_at":
				out = append(stamp(append(out, '"'), e.CreatedAt, zone), '"')
			case "distinct_id":
				out = rawjson.AppendString(out, e.DistinctID)
			case "properties":
				out = rawjson.AppendString(out, e.Properties)
			case "person.properties":
				out = rawjson.AppendString(out, e.PersonProperties)
			case "person_id":
				out = append(out, `"0196aaaa-0000-7000-8000-000000000001"`...)
			case "person_mode":
				out = append(out, `"full"`...)
			case "elements_chain", "`$session_id`", "`$window_id`", "`$group_0`", "`$group_1`", "`$group_2`", "`$group_3`", "`$group_4`":
				out = append(out, `""`...)
			default:
				return nil
			}
		}
		out = append(out, ']')
	}
	out = append(out, `],"columns":`...)
	names, _ := json.Marshal(columns)
	out = append(out, names...)
	return append(out, `,"types":[],"hogql":"SELECT …","timings":[],"is_cached":false,"properties::nan!":true,"limit":50000,"offset":0}`...)
}

// appendBuckets answers counts by day, hour or minute.
func appendBuckets(unit, cursor string, events []Event, zone *time.Location) []byte {
	size := map[string]time.Duration{"Day": 24 * time.Hour, "Hour": time.Hour, "Minute": time.Minute}[unit]
	counts := map[time.Time]int{}
	for i := range events {
		at := events[i].Timestamp
		if cursor == "created_at" {
			at = events[i].CreatedAt
		}
		counts[at.Truncate(size)]++
	}
	var starts []time.Time
	for at := range counts {
		starts = append(starts, at)
	}
	slices.SortFunc(starts, time.Time.Compare)
	out := []byte(`{"columns":["bucket","events"],"results":[`)
	for i, at := range starts {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(stamp(append(out, `["`...), at, zone), `",`...)
		out = append(strconv.AppendInt(out, int64(counts[at]), 10), ']')
	}
	return append(out, `],"is_cached":false}`...)
}
