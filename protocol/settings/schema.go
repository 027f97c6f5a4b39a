package settings

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/invopop/jsonschema"
)

// schema is the JSON Schema of the settings in order of declaration, nested blocks as objects. A secret one has
// "secret": true, a setting without one JSON type has none. Hidden settings are left out.
func (t *table) schema() *jsonschema.Schema {
	root := &jsonschema.Schema{Type: "object", Properties: jsonschema.NewProperties()}
	for i := range t.settings {
		s := &t.settings[i]
		if s.hidden {
			continue
		}
		into, name := root, s.key
		for {
			block, rest, nested := strings.Cut(name, ".")
			if !nested {
				break
			}
			child, ok := into.Properties.Get(block)
			if !ok {
				child = &jsonschema.Schema{Type: "object", Title: title(block), Properties: jsonschema.NewProperties()}
				into.Properties.Set(block, child)
			}
			into, name = child, rest
		}
		property := schemaOf(s.typ, s.facets)
		property.Title, property.Description = title(name), s.help
		if s.hasDefault {
			property.Default = s.typed(s.byDefault)
		}
		if s.example != "" {
			property.Examples = []any{s.typed(s.example)}
		}
		if s.required {
			into.Required = append(into.Required, name)
		}
		into.Properties.Set(name, property)
	}
	return root
}

// schemaOf is the schema of one value.
func schemaOf(t reflect.Type, f facets) *jsonschema.Schema {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	s := &jsonschema.Schema{}
	switch f.kind {
	case textKind:
		s.Type = "string"
		for _, word := range f.enum {
			s.Enum = append(s.Enum, word)
		}
	case booleanKind:
		s.Type = "boolean"
	case integerKind, numberKind:
		s.Type = map[kind]string{integerKind: "integer", numberKind: "number"}[f.kind]
		s.Minimum, s.Maximum = json.Number(f.min), json.Number(f.max)
	case durationKind:
		s.Extras = map[string]any{"type": []string{"number", "string"}}
	case instantKind:
		s.Type, s.Format = "string", "date-time"
	case dayKind:
		s.Type, s.Format = "string", "date"
	case listKind:
		s.Type = "array"
		s.Items = schemaOf(t.Elem(), elementFacets(t, f))
	case pairsKind:
		s.Type = "object"
		s.AdditionalProperties = schemaOf(t.Elem(), elementFacets(t, f))
	case customKind:
		s = customSchema(t)
	case jsonKind:
		jsonSchema(s, t, f)
	}
	if f.secret {
		extra(s)["secret"] = true
	}
	return s
}

// extra are the keywords of a schema that have no field.
func extra(s *jsonschema.Schema) map[string]any {
	if s.Extras == nil {
		s.Extras = map[string]any{}
	}
	return s.Extras
}

// customSchema is what a type says of itself with a JSONSchema method.
func customSchema(t reflect.Type) *jsonschema.Schema {
	type describes interface{ JSONSchema() *jsonschema.Schema }
	if self, ok := reflect.New(t).Interface().(describes); ok {
		own := *self.JSONSchema()
		return &own
	}
	if reflect.PointerTo(t).Implements(textReaderType) {
		return &jsonschema.Schema{Type: "string"}
	}
	return &jsonschema.Schema{}
}

func jsonSchema(s *jsonschema.Schema, t reflect.Type, f facets) {
	switch {
	case t == rawType:
	case t.Kind() == reflect.Slice:
		s.Type = "array"
		s.Items = schemaOf(t.Elem(), elementFacets(t, f))
	case t.Kind() == reflect.Map:
		s.Type = "object"
		s.AdditionalProperties = schemaOf(t.Elem(), elementFacets(t, f))
	case t.Kind() == reflect.Struct:
		s.Type, s.Properties = "object", jsonschema.NewProperties()
		structSchema(s, t)
	}
}

func structSchema(s *jsonschema.Schema, t reflect.Type) {
	for _, field := range membersOf(t) {
		f := facetsOf(field)
		member := schemaOf(field.Type, f)
		member.Title, member.Description = title(field.Name), field.Tag.Get("help")
		if byDefault, ok := field.Tag.Lookup("default"); ok {
			member.Default = typed(field.Type, f, byDefault)
		}
		if _, required := field.Tag.Lookup("required"); required {
			s.Required = append(s.Required, field.Name)
		}
		s.Properties.Set(field.Name, member)
	}
}

// typed is a default or an example as JSON has it.
func (s *setting) typed(text string) any { return typed(s.typ, s.facets, text) }

func typed(t reflect.Type, f facets, text string) any {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	v := reflect.New(t).Elem()
	d := &decoder{}
	d.text("", v, f, text)
	if len(d.problems) > 0 {
		return text
	}
	switch f.kind {
	case durationKind:
		return time.Duration(v.Int()).Seconds()
	case instantKind, dayKind, customKind:
		return text
	}
	return v.Interface()
}

// title is "Page size" for page_size.
func title(name string) string {
	acronyms := []string{"api", "aws", "csv", "dsn", "etag", "http", "https", "id", "json", "s3", "sql", "ssh", "ssl", "ttl", "url", "utc"}
	parts := strings.Split(name, "_")
	for i, part := range parts {
		switch {
		case slices.Contains(acronyms, part):
			parts[i] = strings.ToUpper(part)
		case i == 0 && part != "":
			runes := []rune(part)
			runes[0] = unicode.ToUpper(runes[0])
			parts[i] = string(runes)
		}
	}
	return strings.Join(parts, " ")
}

// nullable is the schema as the SDK prints it: what is not required may be null.
func nullable(s *jsonschema.Schema) {
	for pair := s.Properties.Oldest(); pair != nil; pair = pair.Next() {
		property := pair.Value
		if property.Type == "object" && property.Properties != nil && property.Properties.Len() > 0 {
			nullable(property)
		}
		if slices.Contains(s.Required, pair.Key) {
			continue
		}
		types := []string{property.Type}
		if listed, ok := property.Extras["type"].([]string); ok {
			types = listed
		}
		if types[0] == "" {
			continue
		}
		property.Type = ""
		extra(property)["type"] = append(slices.Clone(types), "null")
	}
}
