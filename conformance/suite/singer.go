package suite

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// A message is a line of Singer, as it was sent.
type message struct {
	line      int    // from 1
	kind      string // in capitals
	stream    string
	members   map[string]json.RawMessage
	record    map[string]any
	schema    map[string]any
	keys      []string
	bookmarks []string
	faults    []string // of its own shape
}

// A reading is all that a run of a tap printed.
type reading struct {
	ended
	messages []message
	strays   []int // lines that are no message
	cut      bool  // the last line has no end
}

// read runs the tap to its end.
func (s *session) read(env []string, args ...string) (*reading, error) {
	e, err := s.run("", env, args...)
	return parse(e), err
}

func parse(e ended) *reading {
	r := &reading{ended: e}
	number := 0
	for line := range strings.Lines(e.stdout) {
		number++
		if !strings.HasSuffix(line, "\n") {
			r.cut = true
			break
		}
		m, ok := parseMessage(line)
		m.line = number
		if !ok {
			r.strays = append(r.strays, number)
			continue
		}
		r.messages = append(r.messages, m)
	}
	return r
}

// singerTypes are the messages of the specification, and the two that all have added. Meltano's taps send no other.
var singerTypes = map[string][]string{
	"SCHEMA":           {"stream", "schema", "key_properties"},
	"RECORD":           {"stream", "record"},
	"STATE":            {"value"},
	"ACTIVATE_VERSION": {"stream", "version"},
	"BATCH":            {"stream", "encoding", "manifest"},
}

// parseMessage is false for a line that is no JSON object with a type.
func parseMessage(line string) (m message, ok bool) {
	if json.Unmarshal([]byte(line), &m.members) != nil || json.Unmarshal(m.members["type"], &m.kind) != nil {
		return m, false
	}
	m.kind = strings.ToUpper(m.kind)
	needed, known := singerTypes[m.kind]
	if !known {
		m.fault("the type %s is in no specification", m.kind)
	}
	for _, name := range needed {
		if _, there := m.members[name]; !there {
			m.fault("no member %s", name)
		}
	}
	m.take("stream", &m.stream)
	m.take("record", &m.record)
	m.take("schema", &m.schema)
	m.take("key_properties", &m.keys)
	m.take("bookmark_properties", &m.bookmarks)
	m.take("version", new(int64))
	m.take("manifest", new([]string))
	var extracted string
	if m.take("time_extracted", &extracted); extracted != "" {
		if _, err := time.Parse(time.RFC3339, extracted); err != nil {
			m.fault("time_extracted is no RFC 3339 instant with an offset")
		}
	}
	return m, true
}

func (m *message) fault(format string, args ...any) {
	m.faults = append(m.faults, fmt.Sprintf(format, args...))
}

// take decodes a member where it is there and not null.
func (m *message) take(name string, into any) {
	raw, ok := m.members[name]
	if ok && string(raw) != "null" && decode(raw, into) != nil {
		m.fault("%s has another type", name)
	}
}

func (m *message) version() string { return string(m.members["version"]) }

// properties are the fields that the SCHEMA declares.
func (m *message) properties() map[string]any {
	p, _ := m.schema["properties"].(map[string]any)
	return p
}

// records are all RECORDs, with the SCHEMA that each is under; nil where there was none.
func (r *reading) records(yield func(record, schema *message) bool) {
	schemas := map[string]*message{}
	for i := range r.messages {
		m := &r.messages[i]
		switch m.kind {
		case "SCHEMA":
			schemas[m.stream] = m
		case "RECORD":
			if !yield(m, schemas[m.stream]) {
				return
			}
		}
	}
}

// of are the messages of a kind.
func (r *reading) of(kind string) []*message {
	var found []*message
	for i := range r.messages {
		if r.messages[i].kind == kind {
			found = append(found, &r.messages[i])
		}
	}
	return found
}

// lastState is the value of the last STATE; nil where there is none.
func (r *reading) lastState() json.RawMessage {
	states := r.of("STATE")
	if len(states) == 0 {
		return nil
	}
	return states[len(states)-1].members["value"]
}

// rows counts the rows of each stream: by key where it has one, otherwise by all that they hold.
func (r *reading) rows() map[string]map[string]int {
	rows := map[string]map[string]int{}
	for record, schema := range r.records {
		if schema == nil {
			continue
		}
		var identity any = record.record
		if len(schema.keys) > 0 {
			values := make([]any, len(schema.keys))
			for i, key := range schema.keys {
				values[i] = record.record[key]
			}
			identity = values
		}
		text, _ := json.Marshal(identity) // it was JSON before
		if rows[record.stream] == nil {
			rows[record.stream] = map[string]int{}
		}
		rows[record.stream][string(text)]++
	}
	return rows
}

// keyed tells of each stream whether its last SCHEMA names a key.
func (r *reading) keyed() map[string]bool {
	keyed := map[string]bool{}
	for _, schema := range r.of("SCHEMA") {
		keyed[schema.stream] = len(schema.keys) > 0
	}
	return keyed
}
