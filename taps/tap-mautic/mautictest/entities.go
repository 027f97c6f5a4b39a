package mautictest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// plurals are the members with the rows, where that is not the path.
var plurals = map[string]string{"segments": "lists", "points/triggers": "triggers", "points/groups": "pointGroups", "fields/contact": "fields", "fields/company": "fields"}

// keyed are the lists that come as objects, by id.
var keyed = []string{"contacts", "companies", "emails", "campaigns", "segments", "tags", "fields/contact", "fields/company", "smses"}

// list answers a list of entities.
func (m *Mautic) list(w http.ResponseWriter, r *http.Request, path string) {
	if slices.Contains(m.Forbidden, path) {
		m.fail(w, 403, "", "You do not have access to the requested area/action.")
		return
	}
	names := []string{"id", "dateAdded", "dateModified"}
	if path == "contacts" || path == "companies" {
		names = []string{"id", "date_added", "date_modified", "date_identified", "last_active"} // of the database
	}
	rows, size, ok := m.choose(w, r, m.Entities[path], names)
	if !ok {
		return
	}
	if path == "contacts" && m.Largest != 0 && size > m.Largest {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(500)
		fmt.Fprint(w, "<html>The site is currently offline due to encountering an error.</html>")
		return
	}
	asked := r.URL.Query().Has("where[0][col]")
	rows = slices.DeleteFunc(rows, func(e Row) bool {
		hides := path == "emails" && e["variantParent"] != nil || path == "pages" && (e["variantParent"] != nil || e["translationParent"] != nil)
		return hides && (!asked || m.major() >= 7)
	})
	total := len(rows)
	if path == "emails" && m.major() <= 4 { // the limit counts mails and segments
		joined := 0
		for i, e := range rows {
			lists, _ := e["lists"].([]any)
			if joined += max(1, len(lists)); joined > size && i > 0 {
				rows = rows[:i]
				break
			}
		}
	}
	rows = rows[:min(size, len(rows))]
	isKeyed := slices.Contains(keyed, path)
	empty := "[]"
	if (path == "contacts" || path == "companies") && m.Version >= "4.4" {
		empty = "{}"
	}
	m.collection(w, rows, isKeyed, path == "contacts" || path == "companies", empty, total, cmp.Or(plurals[path], path))
}

// collection writes rows in the order that they have.
func (m *Mautic) collection(w http.ResponseWriter, rows []Row, isKeyed, textTotal bool, empty string, total int, name string) {
	var b bytes.Buffer
	if textTotal {
		fmt.Fprintf(&b, `{"total":"%d",%q:`, total, name)
	} else {
		fmt.Fprintf(&b, `{"total":%d,%q:`, total, name)
	}
	open, end := "[", "]"
	if isKeyed {
		open, end = "{", "}"
	}
	if len(rows) == 0 {
		b.WriteString(empty)
	} else {
		b.WriteString(open)
		for i, e := range rows {
			if i > 0 {
				b.WriteByte(',')
			}
			if isKeyed {
				fmt.Fprintf(&b, `"%v":`, e["id"])
			}
			if m.EmptyRows {
				b.WriteString("[]")
				continue
			}
			text, err := json.Marshal(m.dress(e))
			if err != nil {
				m.t.Error(err)
			}
			b.Write(text)
		}
		b.WriteString(end)
	}
	b.WriteByte('}')
	w.Write(b.Bytes())
}

// dress gives an entity the form of its version: lists inside of it were maps in the oldest, 7 has more properties.
func (m *Mautic) dress(e Row) Row {
	e = maps.Clone(e)
	if m.major() <= 3 {
		for _, name := range []string{"ipAddresses", "frequencyRules", "events", "tags"} {
			if elements, ok := e[name].([]any); ok && len(elements) > 0 {
				byKey := map[string]any{}
				for i, element := range elements {
					byKey[fmt.Sprint(i+7)] = element
				}
				e[name] = byKey
			}
		}
	}
	if m.major() >= 7 {
		e["projects"] = []any{}
	}
	return e
}

// one answers a single entity.
func (m *Mautic) one(w http.ResponseWriter, r *http.Request, path string) {
	for _, e := range m.Entities[path] {
		if fmt.Sprint(e["id"]) == r.PathValue("id") {
			m.write(w, map[string]any{strings.TrimSuffix(path, "s"): m.dress(e)})
			return
		}
	}
	m.fail(w, 404, "", "Item was not found.")
}

func (m *Mautic) submissions(w http.ResponseWriter, r *http.Request) {
	form, _ := strconv.Atoi(r.PathValue("id"))
	if !slices.ContainsFunc(m.Entities["forms"], func(e Row) bool { return e["id"] == form }) {
		m.fail(w, 404, "", "Item was not found.")
		return
	}
	if rows, size, ok := m.choose(w, r, m.Forms[form], []string{"s.id", "s.date_submitted"}); ok {
		m.collection(w, rows[:min(size, len(rows))], false, true, "{}", len(rows), "submissions")
	}
}

// timeline gives a page of entries: so many of each type.
func (m *Mautic) timeline(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	page, _ := strconv.Atoi(query.Get("page"))
	limit, _ := strconv.Atoi(query.Get("limit"))
	byType, events := map[any]int{}, []Row{}
	pages := 0
	for _, e := range m.Activity {
		at := plain(e["timestamp"])
		if at > query.Get("filters[dateTo]") || at < query.Get("filters[dateFrom]") {
			continue
		}
		n := byType[e["event"]]
		byType[e["event"]]++
		pages = max(pages, n/limit+1)
		if n/limit == page-1 {
			events = append(events, e)
		}
	}
	m.write(w, map[string]any{"events": events, "total": len(m.Activity), "page": page, "limit": limit, "maxPages": pages, "types": Row{}, "order": []any{}, "filters": Row{}})
}
