package suite

import (
	"encoding/json"
	"errors"
	"maps"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// A pair is a JSON Schema compiled twice: without its formats, and with them.
type pair struct{ withoutFormats, withFormats *jsonschema.Schema }

// compile takes a schema that names no draft for draft 7, and where that fails for draft 4, which old taps write.
func compile(schema map[string]any) (p pair, err error) {
	if p.withoutFormats, err = compileAs(schema, jsonschema.Draft7, false); err != nil {
		older := maps.Clone(schema)
		delete(older, "$schema")
		var another error
		if p.withoutFormats, another = compileAs(older, jsonschema.Draft4, false); another != nil {
			return p, err
		}
		schema = older
		p.withFormats, err = compileAs(schema, jsonschema.Draft4, true)
		return p, err
	}
	p.withFormats, err = compileAs(schema, jsonschema.Draft7, true)
	return p, err
}

// types is an error when a value breaks the schema, formats aside.
func (p pair) types(value any) error {
	if p.withoutFormats == nil || p.withFormats == nil {
		return nil
	}
	if err := p.withoutFormats.Validate(value); err != nil {
		return errors.New(breach(err))
	}
	return nil
}

// formats is an error when a value breaks nothing but a format.
func (p pair) formats(value any) error {
	if p.withoutFormats == nil || p.withFormats == nil || p.withoutFormats.Validate(value) != nil {
		return nil
	}
	if err := p.withFormats.Validate(value); err != nil {
		return errors.New(breach(err))
	}
	return nil
}

func compileAs(schema map[string]any, draft *jsonschema.Draft, formats bool) (*jsonschema.Schema, error) {
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(draft)
	compiler.AssertFormat() // newer drafts ignore formats unless told
	// By way of JSON text, as the compiler wants json.Number.
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

// withoutFormats removes all formats, since old drafts always assert them; or only those of Airbyte's times without a time zone, which JSON
// Schema's formats do not know.
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

// breach names the place where a value breaks a schema. It holds no value.
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
