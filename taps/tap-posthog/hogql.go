package main

import (
	"fmt"
	"strings"
	"time"
)

// Queries on events. Instants are spelt out with their zone, since PostHog reads a bare one in the project's. There is never an OFFSET:
// PostHog refuses it for personal keys. See https://posthog.com/docs/api/queries and https://posthog.com/docs/hogql.

// maxPage is where PostHog cuts a larger LIMIT without a word.
const maxPage = 50000

// A column of events is asked for by an expression.
type column struct {
	name, expression string
	json             bool // JSON text, which becomes the value that it spells
}

// eventColumns are those of [Event], in its order. The first is the uuid.
var eventColumns = [...]column{
	{"uuid", "uuid", false}, {"event", "event", false}, {"timestamp", "timestamp", false}, {"created_at", "created_at", false},
	{"distinct_id", "distinct_id", false}, {"person_id", "person_id", false}, {"properties", "properties", true}, {"elements_chain", "elements_chain", false},
	{"session_id", "`$session_id`", false}, {"window_id", "`$window_id`", false}, {"person_mode", "person_mode", false},
	{"person_properties", "person.properties", true},
	{"group_0", "`$group_0`", false}, {"group_1", "`$group_1`", false}, {"group_2", "`$group_2`", false}, {"group_3", "`$group_3`", false}, {"group_4", "`$group_4`", false},
}

// A filter is what the settings say of the events wanted.
type filter struct {
	cursor   string // timestamp or created_at
	names    []string
	lateness time.Duration // of created_at: how far the sender's clock may lie behind; 0 is any distance
	// start and before bound the timestamp beside created_at; zero: they do not.
	start, before time.Time
}

// instant is a HogQL expression for an instant in UTC.
func instant(at time.Time) string {
	return "toDateTime64('" + at.UTC().Format("2006-01-02 15:04:05.000000") + "', 6, 'UTC')"
}

// quote is a HogQL string.
func quote(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}

// where selects the events behind a position and before an instant. The bound on the cursor alone lets ClickHouse skip what is older.
func (f *filter) where(from position, to time.Time) string {
	conditions := []string{f.cursor + " >= " + instant(from.At), f.cursor + " < " + instant(to),
		fmt.Sprintf("(%s > %s OR toString(uuid) > %s)", f.cursor, instant(from.At), quote(from.UUID))}
	since := f.start
	if oldest := from.At.Add(-f.lateness); f.cursor != "timestamp" && f.lateness > 0 && oldest.After(since) {
		since = oldest
	}
	if !since.IsZero() {
		conditions = append(conditions, "timestamp >= "+instant(since))
	}
	if !f.before.IsZero() {
		conditions = append(conditions, "timestamp < "+instant(f.before))
	}
	if len(f.names) > 0 {
		var quoted []string
		for _, name := range f.names {
			quoted = append(quoted, quote(name))
		}
		conditions = append(conditions, "event IN ("+strings.Join(quoted, ", ")+")")
	}
	return strings.Join(conditions, " AND ")
}

// page asks for the first events behind a position. The order of uuids is that of their text, so that it can be checked here.
func (f *filter) page(columns []column, from position, to time.Time, limit int) string {
	var expressions []string
	for _, c := range columns {
		expressions = append(expressions, c.expression)
	}
	return fmt.Sprintf("SELECT %s FROM events WHERE %s ORDER BY %s, toString(uuid) LIMIT %d", strings.Join(expressions, ", "), f.where(from, to), f.cursor, limit)
}

// buckets asks how many events each unit holds: a cheap query, as it reads one narrow column.
func (f *filter) buckets(u unit, from position, to time.Time) string {
	return fmt.Sprintf("SELECT %s(%s) AS bucket, count() AS events FROM events WHERE %s GROUP BY bucket ORDER BY bucket LIMIT %d", u.function, f.cursor, f.where(from, to), maxPage)
}

// distinct asks how many events there are, each counted once, however often the table still holds it.
func (f *filter) distinct(from position, to time.Time) string {
	return "SELECT count(DISTINCT uuid) AS events FROM events WHERE " + f.where(from, to) + " LIMIT 1"
}

// instantOf reads an instant as PostHog spells it: RFC 3339 with any fraction, or the way of ClickHouse, which is UTC here.
func instantOf(text string) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at.UTC(), nil
	}
	return time.Parse("2006-01-02 15:04:05", text)
}
