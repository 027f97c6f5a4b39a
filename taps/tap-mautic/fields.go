package main

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/rest"
)

// customPrefix begins the column of a custom field whose alias is the name of another column.
const customPrefix = "field_"

// sameTwice are the aliases under which a record says again what it says itself.
var sameTwice = []string{"id", "points", "last_active"}

// customField is what the columns need to know of one.
type customField struct {
	Alias string `json:"alias"`
	Type  string `json:"type"`
}

// customFields are the columns of the custom fields of contacts or companies, the oldest first, so that a new one comes last. Whose role
// may not see the list of fields gets those of the first record.
func (s *source) customFields(ctx context.Context, l *listing) ([]tap.Column, error) {
	var fields []customField
	keep := func(row []byte) (int64, error) {
		var field customField
		if err := json.Unmarshal(row, &field); err != nil {
			return 0, err
		}
		fields = append(fields, field)
		return idOf(row)
	}
	list := &listing{member: "fields", keys: []string{"id"}, size: s.config.PageSize}
	err := s.walk(ctx, walk{listing: list, path: "fields/" + l.custom, send: keep})
	if rest.Status(err) == http.StatusForbidden {
		s.run.Log.Warn("the role of the API's user may not list fields: those of the first record are taken", "fields", l.custom)
		fields, err = s.fieldsOfOne(ctx, l)
	}
	if rest.Status(err) == http.StatusForbidden {
		return nil, nil // the stream says so itself, if it is read
	}
	if err != nil {
		return nil, err
	}
	return columnsOf(fields, l.stream.Columns), nil
}

// fieldsOfOne looks at one record, which says of each field what it is.
func (s *source) fieldsOfOne(ctx context.Context, l *listing) (fields []customField, err error) {
	list := rest.List{Request: question(l.path, nil, l.keys, 1), Rows: []string{l.member}}
	for row, err := range s.client.Rows(ctx, list) {
		if err != nil {
			return nil, err
		}
		var groups, inner rawjson.Scanner
		all, _ := groups.Fields(rest.Member(row, "fields"))
		for _, group := range all {
			members, _ := inner.Fields(group.Value)
			for _, m := range members {
				var field customField
				if json.Unmarshal(m.Value, &field) == nil && field.Alias != "" {
					fields = append(fields, field)
				}
			}
		}
	}
	return fields, nil
}

// columnsOf makes columns of fields, beside those that the record has itself.
func columnsOf(fields []customField, own []tap.Column) (columns []tap.Column) {
	taken := map[string]bool{}
	for _, c := range own {
		taken[c.Name] = true
	}
	for _, f := range fields {
		if slices.Contains(sameTwice, f.Alias) {
			continue
		}
		name := f.Alias
		if taken[name] {
			name = customPrefix + name
		}
		if taken[name] {
			continue
		}
		taken[name] = true
		columns = append(columns, tap.Column{Name: name, Schema: json.RawMessage(schemaOf(f.Type))})
	}
	return columns
}

// schemaOf is the form of a custom field's type. What a list of choices holds is text: a|b|c for several.
func schemaOf(kind string) string {
	switch kind {
	case "number":
		return `{"type":["null","number"]}`
	case "boolean":
		return `{"type":["null","boolean"]}`
	case "date":
		return `{"type":["null","string"],"format":"date"}`
	case "datetime":
		return `{"type":["null","string"],"format":"date-time"}`
	}
	return `{"type":["null","string"]}`
}
