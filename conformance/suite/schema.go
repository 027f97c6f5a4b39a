package suite

import (
	"encoding/json"
	"errors"
	"maps"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// A pair are two readings of a JSON Schema: of the types alone, and with the formats of texts.
type pair struct{ types, formats *jsonschema.Schema }

// compile reads a schema as draft 7 where it does not say, and as draft 4, which the first taps write, where that fails.
func compile(schema map[string]any) (p pair, err error) {
	if p.types, err = compileAs(schema, jsonschema.Draft7, false); err != nil {
		older := maps.Clone(schema)
		delete(older, "$schema")
		var another error
		if p.types, another = compileAs(older, jsonschema.Draft4, false); another != nil {
			return p, err
		}
		schema = older
		p.formats, err = compileAs(schema, jsonschema.Draft4, true)
		return p, err
	}
	p.formats, err = compileAs(schema, jsonschema.Draft7, true)
	return p, err
}

// breach is where a value breaks the types, or else, of a value that keeps to them, the formats.
func (p pair) breach(value any, formats bool) error {
	if p.types == nil || p.formats == nil {
		return nil
	}
	err := p.types.Validate(value)
	if formats {
		if err != nil {
			return nil
		}
		err = p.formats.Validate(value)
	}
	if err != nil {
		return errors.New(breach(err))
	}
	return nil
}

func compileAs(schema map[string]any, draft *jsonschema.Draft, formats bool) (*jsonschema.Schema, error) {
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(draft)
	compiler.AssertFormat() // newer drafts do not by themselves
	// Through JSON, since numbers must be as they are written.
	text, err := json.Marshal(schema)
	if err != nil {
		return nil, err
	}
	var plain any
	if err := decode(text, &plain); err != nil {
		return nil, err
	}
	withoutFormats(plain, !formats)
	if err := compiler.AddResource("schema.json", plain); err != nil {
		return nil, err
	}
	return compiler.Compile("schema.json")
}

// withoutFormats takes every format out, which the older drafts always assert; or those alone that mean another thing here: a time or
// an instant that Airbyte knows to be without a time zone.
func withoutFormats(node any, all bool) {
	switch node := node.(type) {
	case map[string]any:
		local := strings.HasSuffix(text(node, "airbyte_type"), "_without_timezone")
		if _, is := node["format"].(string); is && (all || local) {
			delete(node, "format")
		}
		for _, inner := range node {
			withoutFormats(inner, all)
		}
	case []any:
		for _, inner := range node {
			withoutFormats(inner, all)
		}
	}
}

// breach says where a value breaks a schema, without the value.
func breach(err error) string {
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return "it cannot be validated"
	}
	for len(invalid.Causes) > 0 {
		invalid = invalid.Causes[0]
	}
	where := "/" + strings.Join(invalid.InstanceLocation, "/")
	return where + " breaks " + strings.Join(invalid.ErrorKind.KeywordPath(), "/")
}
