package settings

import (
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"

	"github.com/signalroom/signalroom/protocol"
)

// ConnectionSpecification is the settings as an Airbyte SPEC describes them: JSON Schema, draft 7, in the part of it that the platform's
// form can draw. A setting that has no form of its own there, such as an object whose names are the user's, is a text that holds its JSON.
// The form: https://docs.airbyte.com/platform/connector-development/connector-specification-reference
//
// The tag airbyte says what is different there: "-" leaves a setting out, another name (one that the setting has as an alias) takes the
// place of its own, ",required" asks for it, and ",only" shows it nowhere else.
func ConnectionSpecification(config any) (json.RawMessage, error) {
	t, err := tableOf(config)
	if err != nil {
		return nil, protocol.SystemFault("", "%w", err)
	}
	type group struct {
		ID    string `json:"id"`
		Title string `json:"title"`
	}
	var groups []group
	root := newForm()
	root.Version, root.Extras = "http://json-schema.org/draft-07/schema#", map[string]any{}
	blocks := map[string]*jsonschema.Schema{}
	for i := range t.settings {
		s := &t.settings[i]
		if s.hidden && !s.airbyte.only || s.airbyte.omit {
			continue
		}
		into, name := root, s.key
		if block, rest, nested := strings.Cut(s.key, "."); nested {
			if blocks[block] == nil {
				blocks[block] = newForm()
				blocks[block].Title = title(block)
				place(root, block, blocks[block])
			}
			into, name = blocks[block], rest
		} else if s.airbyte.name != "" {
			name = s.airbyte.name
		}
		property := formOf(s.typ, s.facets)
		property.Title, property.Description = title(name), description(property, s.help)
		if s.hasDefault && s.byDefault != "" {
			property.Default = s.formValue(property, s.byDefault)
		}
		if s.example != "" {
			property.Examples = []any{s.formValue(property, s.example)}
		}
		if s.required || s.airbyte.required {
			into.Required = append(into.Required, name)
		}
		place(into, name, property)
		if s.group != "" && into == root {
			id := strings.ToLower(strings.ReplaceAll(s.group, " ", "_"))
			extra(property)["group"] = id
			if !slices.Contains(groups, group{id, s.group}) {
				groups = append(groups, group{id, s.group})
			}
		}
	}
	if len(groups) > 0 {
		root.Extras["groups"] = groups
	}
	return json.Marshal(root)
}

// description says of a text that it holds JSON.
func description(form *jsonschema.Schema, help string) string {
	if form.Extras["multiline"] == true {
		help += " As JSON."
	}
	return help
}

func newForm() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "object", Properties: jsonschema.NewProperties()}
}

// place puts a property last.
func place(into *jsonschema.Schema, name string, property *jsonschema.Schema) {
	extra(property)["order"] = into.Properties.Len()
	into.Properties.Set(name, property)
}

// Patterns of what is written as text. An instant is in UTC, as the form's own picker writes it.
const (
	durationPattern = `^([0-9]+(\.[0-9]+)?(ms|s|m|h|d)?)+$`
	instantPattern  = `^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z$`
	dayPattern      = `^[0-9]{4}-[0-9]{2}-[0-9]{2}$`
)

// formOf is the schema of one value.
func formOf(t reflect.Type, f facets) *jsonschema.Schema {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	s := schemaOf(t, f)
	delete(s.Extras, "secret")
	switch {
	case f.kind == durationKind:
		s = &jsonschema.Schema{Type: "string", Pattern: durationPattern, Extras: map[string]any{"pattern_descriptor": "90s, 5m, 12h, 7d"}}
	case f.kind == instantKind:
		s.Pattern = instantPattern
		extra(s)["pattern_descriptor"] = "YYYY-MM-DDTHH:mm:ssZ"
	case f.kind == dayKind:
		s.Pattern = dayPattern
		extra(s)["pattern_descriptor"] = "YYYY-MM-DD"
	case f.kind == listKind:
		f.secret = false
		s.Items = formOf(t.Elem(), elementFacets(t, f))
	case f.kind == jsonKind && t != rawType && t.Kind() == reflect.Slice && elementOf(t).Kind() == reflect.Struct:
		of := elementFacets(t, f)
		of.secret = false // its members are
		return &jsonschema.Schema{Type: "array", Items: formOf(t.Elem(), of)}
	case f.kind == jsonKind && t.Kind() == reflect.Struct:
		if own := customSchema(t); len(own.OneOf) > 0 {
			return own // it draws itself
		}
		s = newForm()
		structForm(s, t)
		return s
	case f.kind == customKind && s.Type == "object" && (len(s.OneOf) > 0 || s.Properties.Len() > 0):
		return s // it draws itself
	case f.kind == pairsKind, f.kind == jsonKind:
		s = &jsonschema.Schema{Type: "string", Extras: map[string]any{"multiline": true}}
	case f.kind == customKind && !slices.Contains([]string{"string", "integer", "number", "boolean"}, s.Type):
		s = &jsonschema.Schema{Type: "string"}
	}
	if f.secret {
		extra(s)["airbyte_secret"] = true
	}
	return s
}

func elementOf(t reflect.Type) reflect.Type {
	if e := t.Elem(); e.Kind() != reflect.Pointer {
		return e
	}
	return t.Elem().Elem()
}

func structForm(s *jsonschema.Schema, t reflect.Type) {
	for _, field := range membersOf(t) {
		own := airbyteTag(field)
		if own.omit {
			continue
		}
		f := facetsOf(field)
		member := formOf(field.Type, f)
		member.Title, member.Description = title(field.Name), description(member, field.Tag.Get("help"))
		value := setting{facets: f, typ: field.Type}
		if byDefault := field.Tag.Get("default"); byDefault != "" {
			member.Default = value.formValue(member, byDefault)
		}
		if example := field.Tag.Get("example"); example != "" {
			member.Examples = []any{value.formValue(member, example)}
		}
		if _, required := field.Tag.Lookup("required"); required || own.required {
			s.Required = append(s.Required, field.Name)
		}
		place(s, field.Name, member)
	}
}

// dateOnly is an instant that is written as its day.
var dateOnly = regexp.MustCompile(dayPattern)

// formValue is a default or an example as the form has it.
func (s *setting) formValue(form *jsonschema.Schema, text string) any {
	switch {
	case s.kind == instantKind && dateOnly.MatchString(text):
		return text + "T00:00:00Z"
	case form.Type == "string":
		return text
	case s.kind == customKind:
		return text
	}
	return s.typed(text)
}

// airbyteFacets are what the tag airbyte says.
type airbyteFacets struct {
	omit     bool
	name     string
	required bool
	only     bool
}

func airbyteTag(field reflect.StructField) airbyteFacets {
	name, option, _ := strings.Cut(field.Tag.Get("airbyte"), ",")
	if name == "-" {
		return airbyteFacets{omit: true}
	}
	return airbyteFacets{name: name, required: option == "required", only: option == "only"}
}
