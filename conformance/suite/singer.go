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
	faults    []string // what is wrong with its members
}

// A reading is a run of a tap, as its messages tell it.
type reading struct {
	output
	messages []message
}

// read runs the tap to its end.
func (s *session) read(env []string, args ...string) (*reading, error) {
	e, err := s.run("", env, args...)
	return parse(e), err
}

func parse(e outcome) *reading {
	r := &reading{}
	r.output = e.eachLine(func(line string, number int) bool {
		m, ok := parseMessage(line)
		if m.line = number; ok {
			r.messages = append(r.messages, m)
		}
		return ok
	})
	return r
}

// singerTypes are the members that each message must have. Two types are not of the specification: Meltano's SDK has added them.
var singerTypes = map[string][]string{
	"SCHEMA":           {"stream", "schema", "key_properties"},
	"RECORD":           {"stream", "record"},
	"STATE":            {"value"},
	"ACTIVATE_VERSION": {"stream", "version"},
	"BATCH":            {"stream", "encoding", "manifest"},
}

// parseMessage returns false for a line that is no JSON object with a type.
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

// take decodes a member, unless it is missing or null.
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

// records are all RECORDs, each with the SCHEMA before it; nil when there is none.
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

// lastState is the value of the last STATE; nil when there is none.
func (r *reading) lastState() json.RawMessage {
	states := r.of("STATE")
	if len(states) == 0 {
		return nil
	}
	return states[len(states)-1].members["value"]
}

// rows counts the rows of each stream.
func (r *reading) rows() tally {
	rows := tally{}
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
		rows.add(streamName{name: record.stream}, identity)
	}
	return rows
}

// keyed tells of each stream whether its last SCHEMA names a key.
func (r *reading) keyed() map[streamName]bool {
	keyed := map[streamName]bool{}
	for _, schema := range r.of("SCHEMA") {
		keyed[streamName{name: schema.stream}] = len(schema.keys) > 0
	}
	return keyed
}
