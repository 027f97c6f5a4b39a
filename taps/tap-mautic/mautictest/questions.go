package mautictest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const naive = `\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`

// parameters are those of a list that the tap may use.
func parameters(statistics bool) map[string]string {
	query := map[string]string{"start": "0", "limit": `[1-9]\d*`}
	for i := range 4 {
		at := fmt.Sprintf("where[%d]", i)
		query[at+"[col]"], query[at+"[expr]"], query[at+"[val]"] = `[a-zA-Z_.]+`, "eq|gt|gte|lt|lte|isNull|isNotNull", `[\w :.-]*`
	}
	if !statistics {
		query["orderBy"], query["orderByDir"] = `id|s\.id`, "ASC"
		return query
	}
	for i := range 3 {
		at := fmt.Sprintf("order[%d]", i)
		query[at+"[col]"], query[at+"[dir]"] = `[a-z_]+`, "ASC"
	}
	return query
}

// choose applies conditions, order and nothing else, and gives the page's size.
func (m *Mautic) choose(w http.ResponseWriter, r *http.Request, rows []Row, names []string) (chosen []Row, size int, ok bool) {
	query := r.URL.Query()
	size, _ = strconv.Atoi(query.Get("limit"))
	if !query.Has("orderBy") && !query.Has("order[0][col]") {
		m.t.Errorf("%s is asked for in no order", r.URL.Path)
	}
	chosen = slices.Clone(rows)
	for i := 0; query.Has(fmt.Sprintf("where[%d][col]", i)) && !m.Unfiltered; i++ {
		at := fmt.Sprintf("where[%d]", i)
		column, expr, value := query.Get(at+"[col]"), query.Get(at+"[expr]"), query.Get(at+"[val]")
		if !slices.Contains(names, column) || expr == "" {
			m.t.Errorf("%s knows no column %s", r.URL.Path, column)
			m.fail(w, 500, "", "Looks like I encountered an error (error #500). If I do it again, please report me to the system administrator!")
			return nil, 0, false
		}
		chosen = slices.DeleteFunc(chosen, func(e Row) bool { return !holds(e[camel(e, column)], expr, value) })
	}
	orders := []string{strings.TrimPrefix(query.Get("orderBy"), "s.")}
	if query.Has("order[0][col]") {
		orders = nil
		for i := 0; query.Has(fmt.Sprintf("order[%d][col]", i)); i++ {
			orders = append(orders, query.Get(fmt.Sprintf("order[%d][col]", i)))
		}
	}
	slices.SortStableFunc(chosen, func(a, b Row) int {
		for _, name := range orders {
			if c := compare(plain(a[name]), plain(b[name])); c != 0 {
				return c
			}
		}
		return 0
	})
	return chosen, size, true
}

// camel is the property that a column is.
func camel(e Row, column string) string {
	column = strings.TrimPrefix(column, "s.")
	if _, ok := e[column]; ok {
		return column
	}
	words := strings.Split(column, "_")
	for i, word := range words[1:] {
		words[i+1] = strings.ToUpper(word[:1]) + word[1:]
	}
	return strings.Join(words, "")
}

// plain is a value as the database compares it.
func plain(v any) string {
	text, ok := v.(string)
	if !ok {
		return fmt.Sprint(v)
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at.UTC().Format(time.DateTime)
	}
	return text
}

func compare(a, b string) int {
	x, err1 := strconv.ParseInt(a, 10, 64)
	y, err2 := strconv.ParseInt(b, 10, 64)
	if err1 == nil && err2 == nil {
		return int(x - y)
	}
	return strings.Compare(a, b)
}

func holds(v any, expr, value string) bool {
	switch {
	case expr == "isNull":
		return v == nil
	case expr == "isNotNull":
		return v != nil
	case v == nil:
		return false
	}
	c := compare(plain(v), value)
	return map[string]bool{"eq": c == 0, "gt": c > 0, "gte": c >= 0, "lt": c < 0, "lte": c <= 0}[expr]
}
