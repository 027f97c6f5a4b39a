package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap/kinds"
)

// A rowSchema is the user's JSON Schema of a stream's rows: the types of columns, and the rules that rows are held against.
type rowSchema struct {
	columns  map[string]column
	order    []string
	compiled *jsonschema.Schema
}

func parseRowSchema(text []byte) (*rowSchema, error) {
	parsed, err := protocol.ParseSchema(text)
	if err != nil {
		return nil, err
	}
	if len(parsed.Properties) == 0 {
		return nil, fmt.Errorf("it has no properties; name at least one column")
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("schema.json", document); err != nil {
		return nil, err
	}
	compiled, err := compiler.Compile("schema.json")
	if err != nil {
		return nil, fmt.Errorf("not a JSON Schema: %w", err)
	}
	var raw struct {
		Properties map[string]json.RawMessage `json:"properties"`
	}
	if err := json.Unmarshal(text, &raw); err != nil {
		return nil, err
	}
	s := &rowSchema{columns: map[string]column{}, compiled: compiled}
	for _, p := range parsed.Properties {
		k := declaredKind(p.Schema)
		c := column{name: p.Name, kind: k, declared: true}
		if own := raw.Properties[p.Name]; own != nil {
			c.schema = nullable(own)
		}
		s.columns[p.Name] = c
		s.order = append(s.order, p.Name)
	}
	return s, nil
}

// declaredKind is the kind that a declared schema stands for.
func declaredKind(s protocol.Schema) kinds.Kind {
	switch values := s.Kinds &^ protocol.Null; {
	case values == protocol.Integer:
		return kinds.Integer
	case values == protocol.Number, values == protocol.Number|protocol.Integer:
		return kinds.Number
	case values == protocol.Boolean:
		return kinds.Boolean
	case values == protocol.String && s.Format == "date":
		return kinds.Date
	case values == protocol.String && s.Format == "date-time":
		return kinds.DateTime
	}
	return kinds.Text
}

// nullable adds null to a property's types, since any cell can be empty. What has no plain type is left as it is.
func nullable(schema json.RawMessage) json.RawMessage {
	var members map[string]json.RawMessage
	if json.Unmarshal(schema, &members) != nil {
		return schema
	}
	var one string
	var many []string
	switch {
	case json.Unmarshal(members["type"], &one) == nil:
		many = []string{one}
	case json.Unmarshal(members["type"], &many) != nil:
		return schema
	}
	if slices.Contains(many, "null") {
		return schema
	}
	types, err := json.Marshal(append([]string{"null"}, many...))
	if err != nil {
		return schema
	}
	members["type"] = types
	delete(members, "enum") // null would not be among them
	delete(members, "const")
	widened, err := json.Marshal(members)
	if err != nil {
		return schema
	}
	return widened
}

// broken holds a row, given as the members of a JSON object in which empty cells are left out, against the schema. It gives the
// column and the keyword that the row breaks; the reason is empty when the row is fine.
func (s *rowSchema) broken(members []byte) (name, reason string, err error) {
	row, err := jsonschema.UnmarshalJSON(bytes.NewReader(slices.Concat([]byte("{"), members, []byte("}"))))
	if err != nil {
		return "", "", fmt.Errorf("row for validation: %w", err)
	}
	problem, ok := s.compiled.Validate(row).(*jsonschema.ValidationError)
	if !ok {
		return "", "", nil
	}
	for len(problem.Causes) > 0 {
		problem = problem.Causes[0]
	}
	if len(problem.InstanceLocation) > 0 {
		name = problem.InstanceLocation[0]
	} else if missing, ok := problem.ErrorKind.(*kind.Required); ok {
		name = missing.Missing[0]
	}
	return name, strings.Join(problem.ErrorKind.KeywordPath(), "/"), nil
}
