package suite

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// specChecks are those of sources and destinations alike.
func specChecks() []Check {
	return []Check{
		{"spec/printed", Must, "spec prints one SPEC, without config and without environment.", onSpec(specPrinted)},
		{"spec/protocol-version", Must, "The platform refuses a protocol_version beyond those that it supports, 0.0.0 to 0.3.0.", onSpec(specVersion)},
		{"spec/schema", Must, "connectionSpecification is a JSON Schema of an object; the form is drawn from it.", specSchema},
		{"spec/open", Must, "additionalProperties is true or absent: the platform may add keys of its own.", onEachNode(specOpen)},
		{"spec/keywords", Must, "allOf, anyOf, not, conditions and references cannot be drawn as a form.", onEachNode(specKeywords)},
		{"spec/one-type", Must, "A field has one type, for one kind of input.", onEachNode(specTypes)},
		{"spec/one-of", Must, "The branches of oneOf are objects that one constant tells apart.", onEachNode(specOneOf)},
		{"spec/secrets", Must, "Passwords, tokens and keys are marked airbyte_secret; otherwise the platform stores and shows them as they are.", onEachNode(specSecrets)},
		{"spec/enums", Must, "The values of an enum differ.", onEachNode(specEnums)},
		{"spec/order", Should, "No two fields side by side have the same order.", onEachNode(specOrder)},
		{"spec/documentation", Should, "documentationUrl is where the form's help leads.", onSpec(specDocumentation)},
		{"spec/config-valid", Must, "The config that works keeps to the specification.", specConfig},
	}
}

func (s *session) spec() (map[string]any, error) {
	t, err := s.verb(nil, "spec")
	if err != nil {
		return nil, err
	}
	if err := errors.Join(t.succeeded(), t.grammar()); err != nil {
		return nil, err
	}
	return t.one("SPEC")
}

func specPrinted(spec map[string]any) error {
	if !isObject(spec["connectionSpecification"]) {
		return errors.New("no connectionSpecification")
	}
	return nil
}

func specVersion(spec map[string]any) error {
	version := text(spec, "protocol_version")
	parts := strings.Split(version, ".")
	if version == "" {
		return nil // the platform takes it for 0.2.0
	}
	minor, err := strconv.Atoi(parts[min(1, len(parts)-1)])
	if len(parts) != 3 || parts[0] != "0" || err != nil || minor > 3 || minor == 3 && parts[2] != "0" {
		return fmt.Errorf("protocol_version is %q", version)
	}
	return nil
}

// connection is the schema of the config.
func (s *session) connection() (map[string]any, error) {
	spec, err := s.spec()
	if err != nil {
		return nil, err
	}
	schema, _ := spec["connectionSpecification"].(map[string]any)
	return schema, nil
}

func specSchema(s *session) error {
	schema, err := s.connection()
	if err != nil {
		return err
	}
	var p problems
	if text(schema, "type") != "object" {
		p.add("its type is not object")
	}
	if !isObject(schema["properties"]) {
		p.add("it has no properties")
	}
	if _, err := compile(schema); err != nil {
		p.add("it is no JSON Schema")
	}
	return p.err()
}

// eachNode visits a schema and those inside it, each with the names of the properties that lead to it.
func eachNode(schema map[string]any, path []string, visit func(path []string, node map[string]any)) {
	visit(path, schema)
	if properties, ok := schema["properties"].(map[string]any); ok {
		for _, name := range slices.Sorted(maps.Keys(properties)) {
			if inner, ok := properties[name].(map[string]any); ok {
				eachNode(inner, append(slices.Clone(path), name), visit)
			}
		}
	}
	if items, ok := schema["items"].(map[string]any); ok {
		eachNode(items, path, visit)
	}
	branches, _ := schema["oneOf"].([]any)
	for _, branch := range branches {
		if inner, ok := branch.(map[string]any); ok {
			eachNode(inner, path, visit)
		}
	}
}

// onSpec is a check of the specification.
func onSpec(check func(spec map[string]any) error) func(*session) error {
	return func(s *session) error {
		spec, err := s.spec()
		if err != nil {
			return err
		}
		return check(spec)
	}
}

// onEachNode is a check of the config's schema and of each schema inside it.
func onEachNode(check func(p *problems, where string, node map[string]any)) func(*session) error {
	return func(s *session) error {
		schema, err := s.connection()
		if err != nil {
			return err
		}
		var p problems
		eachNode(schema, nil, func(path []string, node map[string]any) { check(&p, "/"+strings.Join(path, "/"), node) })
		return p.err()
	}
}

func specOpen(p *problems, where string, node map[string]any) {
	if more, ok := node["additionalProperties"]; ok && more == false {
		p.add("%s: additionalProperties is false", where)
	}
}

func specKeywords(p *problems, where string, node map[string]any) {
	for _, word := range []string{"$ref", "allOf", "anyOf", "not", "if", "then", "else", "patternProperties", "prefixItems", "dependentSchemas", "dependentRequired"} {
		if _, ok := node[word]; ok {
			p.add("%s: %s", where, word)
		}
	}
}

func specTypes(p *problems, where string, node map[string]any) {
	switch kind := node["type"].(type) {
	case []any:
		p.add("%s: a list of types", where)
	case string:
		if kind == "array" && node["items"] == nil {
			p.add("%s: a list of what is not said", where)
		}
	}
}

func specOneOf(p *problems, where string, node map[string]any) {
	branches, ok := node["oneOf"].([]any)
	if !ok {
		return
	}
	if text(node, "type") != "object" {
		p.add("%s: the type is not object", where)
	}
	if len(branches) == 0 {
		p.add("%s: no branch", where)
		return
	}
	type constant struct{ name, word string }
	seen := map[constant]bool{}
	differ := map[string]int{} // in how many words, by property
	for _, branch := range branches {
		inner, _ := branch.(map[string]any)
		properties, _ := inner["properties"].(map[string]any)
		for name, property := range properties {
			members, _ := property.(map[string]any)
			if word, ok := members["const"].(string); ok && !seen[constant{name, word}] {
				seen[constant{name, word}] = true
				differ[name]++
			}
		}
	}
	common := 0
	for _, words := range differ {
		if words == len(branches) {
			common++
		}
	}
	if common != 1 {
		p.add("%s: %d properties tell the branches apart, instead of one", where, common)
	}
}

// secretNames are the names that Airbyte's own acceptance tests look for.
var secretNames = regexp.MustCompile(`^(token|access_token|api_token|refresh_token|client_token|secret|client_secret|app_id|appid|password|key|jwt|certificate|credentials|service_account|service_account_info|tenant_id|api_key)$`)

func specSecrets(p *problems, where string, node map[string]any) {
	name := where[strings.LastIndexByte(where, '/')+1:]
	if kind := text(node, "type"); secretNames.MatchString(name) && (kind == "string" || kind == "integer") && node["airbyte_secret"] != true {
		p.add("%s is not marked airbyte_secret", where)
	}
}

func specEnums(p *problems, where string, node map[string]any) {
	values, _ := node["enum"].([]any)
	seen := map[string]bool{}
	for _, value := range values {
		word, _ := json.Marshal(value) // it was JSON before
		if seen[string(word)] {
			p.add("%s: two values are the same", where)
		}
		seen[string(word)] = true
	}
}

func specOrder(p *problems, where string, node map[string]any) {
	properties, _ := node["properties"].(map[string]any)
	seen := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		inner, _ := properties[name].(map[string]any)
		order, ok := inner["order"]
		if ok && seen[fmt.Sprint(order)] {
			p.add("%s: another field has the order of %s", where, name)
		}
		if ok {
			seen[fmt.Sprint(order)] = true
		}
	}
}

func specDocumentation(spec map[string]any) error {
	if u, err := url.Parse(text(spec, "documentationUrl")); err != nil || u.Host == "" {
		return errors.New("documentationUrl is no URL")
	}
	return nil
}

func specConfig(s *session) error {
	schema, err := s.connection()
	if err != nil {
		return err
	}
	compiled, err := compileAs(schema, jsonschema.Draft7, true)
	if err != nil {
		return notApplicable("the specification is no JSON Schema")
	}
	path, err := s.configFile(nil)
	if err != nil {
		return err
	}
	config, err := readJSON(path)
	if err != nil {
		return err
	}
	if err := compiled.Validate(config); err != nil {
		return errors.New(breach(err))
	}
	return nil
}
