package tap

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/invopop/jsonschema"
)

// A Record is what a Go struct type says of a stream: its columns, key and cursor.
type Record struct {
	Columns []Column
	Key     []string
	Cursor  string
}

// Columns reads a record type. A field's JSON name is the column, tap:"key" and tap:"cursor" mark key and cursor, and
// tap:"unselected" leaves a column out unless a catalog selects it. Columns beside the key may be null, at every depth, and so
// a pointer or an omitted field is fine. time.Time is a date-time, json.RawMessage anything.
func Columns[T any]() (Record, error) {
	record := reflect.TypeFor[T]()
	if record.Kind() != reflect.Struct {
		return Record{}, fmt.Errorf("record type %s is not a struct", record)
	}
	tags := map[string]string{}
	for _, field := range reflect.VisibleFields(record) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if tag, ok := field.Tag.Lookup("tap"); ok {
			if name == "" {
				name = field.Name
			}
			tags[name] = tag
		}
	}
	reflector := jsonschema.Reflector{Anonymous: true, DoNotReference: true, ExpandedStruct: true, AllowAdditionalProperties: true}
	var r Record
	for pair := reflector.ReflectFromType(record).Properties.Oldest(); pair != nil; pair = pair.Next() {
		column := Column{Name: pair.Key}
		key := false
		for word := range strings.SplitSeq(tags[pair.Key], ",") {
			switch word {
			case "":
			case "key":
				key = true
				r.Key = append(r.Key, pair.Key)
			case "cursor":
				if r.Cursor != "" {
					return Record{}, fmt.Errorf("record type %s has two cursors, %s and %s", record, r.Cursor, pair.Key)
				}
				r.Cursor = pair.Key
			case "unselected":
				column.Unselected = true
			default:
				return Record{}, fmt.Errorf("record type %s, field %s: unknown tag tap:%q", record, pair.Key, word)
			}
		}
		encoded, err := columnSchema(pair.Value, !key)
		if err != nil {
			return Record{}, fmt.Errorf("record type %s, field %s: %w", record, pair.Key, err)
		}
		column.Schema = encoded
		delete(tags, pair.Key)
		r.Columns = append(r.Columns, column)
	}
	for name := range tags {
		return Record{}, fmt.Errorf("record type %s: the tagged field %s has no column", record, name)
	}
	return r, nil
}

// Typed fills in a stream's columns, key and cursor from its record type. A mistake in the type is reported when the tap runs.
func Typed[T any](s Stream) Stream {
	record, err := Columns[T]()
	s.Columns, s.Key, s.Cursor, s.err = record.Columns, record.Key, record.Cursor, err
	return s
}

// columnSchema encodes a reflected schema. Properties of nested objects are never required, as null and absent are the same to a target.
func columnSchema(s *jsonschema.Schema, nullable bool) (json.RawMessage, error) {
	encoded, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	var node any
	if err := json.Unmarshal(encoded, &node); err != nil {
		return nil, err
	}
	return json.Marshal(relax(node, nullable))
}

func relax(node any, nullable bool) any {
	schema, ok := node.(map[string]any)
	if !ok { // true: anything
		return map[string]any{}
	}
	delete(schema, "required")
	delete(schema, "additionalProperties")
	if nullable {
		if kind, ok := schema["type"].(string); ok {
			schema["type"] = []any{"null", kind}
		}
		if values, ok := schema["enum"].([]any); ok {
			schema["enum"] = append(values, nil)
		}
	}
	if properties, ok := schema["properties"].(map[string]any); ok {
		for name, property := range properties {
			properties[name] = relax(property, true)
		}
	}
	if items, ok := schema["items"]; ok {
		schema["items"] = relax(items, true)
	}
	return schema
}
