package taptest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Checks are what [Validate] looks at beside the protocol itself.
type Checks struct {
	UniqueKeys   bool // no key comes twice in a stream
	ExtraMembers bool // records may hold members that their schema does not name
}

// Validate reads messages as strictly as the strictest target: a SCHEMA comes before its records and names every member of
// them, every record fits its schema, formats included, keys are present and not null, versions agree, and a state is an object
// with bookmarks. It returns the first problems, each with its line.
func Validate(messages []Message, checks Checks) error {
	v := validator{checks: checks, streams: map[string]*validated{}}
	var problems []error
	for _, m := range messages {
		if err := v.message(m); err != nil {
			problems = append(problems, fmt.Errorf("line %d, %s %s: %w", m.Line, m.Type, m.Stream, err))
			if len(problems) == 10 {
				break
			}
		}
	}
	return errors.Join(problems...)
}

type validator struct {
	checks  Checks
	streams map[string]*validated
}

type validated struct {
	schema     *jsonschema.Schema
	properties map[string]json.RawMessage
	keys       []string
	seen       map[string]int
	version    *int64
}

func (v *validator) message(m Message) error {
	switch m.Type {
	case "SCHEMA":
		return v.newSchema(m)
	case "RECORD":
		return v.record(m)
	case "ACTIVATE_VERSION":
		s := v.streams[m.Stream]
		if s == nil {
			return errors.New("there is no SCHEMA yet")
		}
		if m.Version == nil || (s.version != nil && *m.Version != *s.version) {
			return errors.New("the version is not that of the records")
		}
	case "STATE":
		var state struct {
			Bookmarks map[string]json.RawMessage `json:"bookmarks"`
		}
		if err := json.Unmarshal(m.Value, &state); err != nil {
			return err
		}
		if state.Bookmarks == nil {
			return errors.New("no bookmarks")
		}
	}
	return nil
}

func (v *validator) newSchema(m Message) error {
	var root struct {
		Properties map[string]json.RawMessage `json:"properties"`
	}
	if err := json.Unmarshal(m.Schema, &root); err != nil {
		return err
	}
	if len(root.Properties) == 0 {
		return errors.New("the schema has no properties")
	}
	if m.KeyProperties == nil {
		return errors.New("no key_properties")
	}
	for _, name := range slices.Concat(m.KeyProperties, m.Bookmarks) {
		if _, ok := root.Properties[name]; !ok {
			return fmt.Errorf("%q is no property", name)
		}
	}
	schema, err := CompileSchema(m.Schema)
	if err != nil {
		return err
	}
	s := &validated{schema: schema, properties: root.Properties, keys: m.KeyProperties, seen: map[string]int{}}
	if before := v.streams[m.Stream]; before != nil {
		s.seen, s.version = before.seen, before.version
	}
	v.streams[m.Stream] = s
	return nil
}

// CompileSchema makes a validator that asserts formats.
func CompileSchema(schema json.RawMessage) (*jsonschema.Schema, error) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	compiler.RegisterFormat(&jsonschema.Format{Name: "time", Validate: isTimeOfDay})
	const address = "schema.json"
	if err := compiler.AddResource(address, document); err != nil {
		return nil, err
	}
	return compiler.Compile(address)
}

// isTimeOfDay wants no zone, unlike the format's own definition.
func isTimeOfDay(value any) error {
	text, ok := value.(string)
	if !ok {
		return nil
	}
	_, err := time.Parse(time.TimeOnly, text)
	return err
}

func (v *validator) record(m Message) error {
	s := v.streams[m.Stream]
	if s == nil {
		return errors.New("there is no SCHEMA yet")
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(m.Record))
	if err != nil {
		return err
	}
	record, ok := value.(map[string]any)
	if !ok {
		return errors.New("the record is no object")
	}
	if err := s.schema.Validate(value); err != nil {
		return err
	}
	for name := range record {
		if _, ok := s.properties[name]; !ok && !v.checks.ExtraMembers {
			return fmt.Errorf("%q is not in the schema", name)
		}
	}
	if m.TimeExtracted != "" {
		if _, err := time.Parse(time.RFC3339, m.TimeExtracted); err != nil {
			return err
		}
	}
	if m.Version != nil {
		if s.version != nil && *s.version != *m.Version {
			return errors.New("the version changes within the run")
		}
		s.version = m.Version
	}
	var key []any
	for _, name := range s.keys {
		if record[name] == nil {
			return fmt.Errorf("key %q is missing or null", name)
		}
		key = append(key, record[name])
	}
	if v.checks.UniqueKeys && len(key) > 0 {
		text, err := json.Marshal(key)
		if err != nil {
			return err
		}
		if before, ok := s.seen[string(text)]; ok {
			return fmt.Errorf("the key is that of line %d", before)
		}
		s.seen[string(text)] = m.Line
	}
	return nil
}
