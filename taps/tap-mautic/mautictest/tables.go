package mautictest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
)

// columns are those of a table that some row has.
func (m *Mautic) columns(table string) []string {
	names := map[string]bool{}
	for _, e := range m.Tables[table] {
		for name := range e {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func (m *Mautic) available(w http.ResponseWriter, _ *http.Request) {
	all := map[string]any{}
	for name := range m.Tables {
		all[name] = m.columns(name)
	}
	m.write(w, map[string]any{"availableTables": slices.Sorted(maps.Keys(m.Tables)), "tableColumns": all})
}

// table answers rows of statistics: without what is null, all of them text in 5 and 6.
func (m *Mautic) table(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("table")
	if _, ok := m.Tables[name]; !ok {
		m.t.Errorf("there is no table %s", name)
		m.available(w, r)
		return
	}
	if slices.Contains(m.Forbidden, name) {
		m.write(w, map[string]any{"errors": []any{map[string]any{"code": 403, "message": "You do not have access to view this area."}}})
		return
	}
	query := r.URL.Query()
	for i := 0; query.Has(fmt.Sprintf("where[%d][col]", i)); i++ {
		if column := query.Get(fmt.Sprintf("where[%d][col]", i)); !slices.Contains(m.columns(name), column) && len(m.Tables[name]) > 0 {
			m.t.Errorf("table %s has no column %s", name, column)
		}
	}
	var names []string
	for i := range 4 {
		names = append(names, query.Get(fmt.Sprintf("where[%d][col]", i)))
	}
	rows, size, ok := m.choose(w, r, m.Tables[name], names)
	if !ok {
		return
	}
	answer := []Row{}
	for _, e := range rows[:min(size, len(rows))] {
		sent := Row{}
		for name, value := range e {
			switch {
			case value == nil:
			case m.major() == 5 || m.major() == 6:
				sent[name] = fmt.Sprint(value)
			default:
				sent[name] = value
			}
		}
		answer = append(answer, sent)
	}
	m.write(w, map[string]any{"total": strconv.Itoa(len(rows)), "stats": answer})
}
