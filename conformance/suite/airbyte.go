package suite

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// An envelope is a message of the Airbyte protocol.
type envelope struct {
	line    int // from 1
	kind    string
	payload map[string]any
	raw     json.RawMessage // the payload, as it was sent
	faults  []string        // what is wrong with its members
}

// payloads are the members that hold the content of a message, by its type.
var payloads = map[string]string{
	"SPEC": "spec", "CONNECTION_STATUS": "connectionStatus", "CATALOG": "catalog", "RECORD": "record", "STATE": "state", "TRACE": "trace",
	"CONTROL": "control", "LOG": "log", "DESTINATION_CATALOG": "destination_catalog",
}

// A transcript is a run of an Airbyte connector, as its messages tell it.
type transcript struct {
	output
	messages []envelope
}

func transcribe(e outcome) *transcript {
	t := &transcript{}
	t.output = e.eachLine(func(line string, number int) bool {
		m, ok := parseEnvelope(line)
		if m.line = number; ok {
			t.messages = append(t.messages, m)
		}
		return ok
	})
	return t
}

// parseEnvelope returns false for a line that is no JSON object with one of the protocol's types.
func parseEnvelope(line string) (m envelope, ok bool) {
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(line), &members) != nil || json.Unmarshal(members["type"], &m.kind) != nil {
		return m, false
	}
	name, known := payloads[m.kind]
	if !known {
		return m, false
	}
	m.raw = members[name]
	if decode(m.raw, &m.payload) != nil || m.payload == nil {
		m.faults = append(m.faults, fmt.Sprintf("no object %s", name))
		return m, true
	}
	switch m.kind {
	case "RECORD":
		m.needs("stream", isText)
		m.needs("data", isObject)
		m.needs("emitted_at", isInteger)
	case "TRACE":
		m.needs("type", isText)
		m.needs("emitted_at", isNumber)
		m.needs(strings.ToLower(text(m.payload, "type")), isObject)
	case "LOG":
		m.needs("level", isOneOf("FATAL", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"))
		m.needs("message", isText)
	case "CONNECTION_STATUS":
		m.needs("status", isOneOf("SUCCEEDED", "FAILED"))
	}
	return m, true
}

func (m *envelope) needs(name string, is func(any) bool) {
	if !is(m.payload[name]) {
		m.faults = append(m.faults, fmt.Sprintf("%s is missing or of another type", name))
	}
}

func isText(v any) bool   { _, ok := v.(string); return ok }
func isObject(v any) bool { _, ok := v.(map[string]any); return ok }
func isNumber(v any) bool { _, ok := v.(json.Number); return ok }

func isInteger(v any) bool {
	n, ok := v.(json.Number)
	if !ok {
		return false
	}
	_, err := n.Int64()
	return err == nil
}

func isOneOf(words ...string) func(any) bool {
	return func(v any) bool {
		word, ok := v.(string)
		return ok && slices.Contains(words, word)
	}
}

func (t *transcript) of(kind string) []*envelope {
	var found []*envelope
	for i := range t.messages {
		if t.messages[i].kind == kind {
			found = append(found, &t.messages[i])
		}
	}
	return found
}

// traces are the contents of the TRACE messages of a type. The member that holds one has the type's name in small letters.
func (t *transcript) traces(kind string) []map[string]any {
	var found []map[string]any
	for _, m := range t.of("TRACE") {
		if text(m.payload, "type") == kind {
			payload, _ := m.payload[strings.ToLower(kind)].(map[string]any)
			found = append(found, payload)
		}
	}
	return found
}

// grammar holds for every run: whole lines of messages, each with the members that it needs.
func (t *transcript) grammar() error {
	var p problems
	p.addError(t.pure())
	for _, m := range t.messages {
		for _, fault := range m.faults {
			p.add("line %d, %s: %s", m.line, m.kind, fault)
		}
	}
	return p.err()
}

// one is the payload of the only message of a kind.
func (t *transcript) one(kind string) (map[string]any, error) {
	found := t.of(kind)
	if len(found) != 1 {
		return nil, fmt.Errorf("%s: %d messages %s instead of one%s", t.title(), len(found), kind, t.lastWords())
	}
	return found[0].payload, nil
}

// failed is an error unless the run failed in a way that the platform understands: a TRACE ERROR with a message, and another exit code than 0.
func (t *transcript) failed() error {
	if err := t.refused(); err != nil {
		return err
	}
	traces := t.traces("ERROR")
	if len(traces) == 0 {
		return fmt.Errorf("%s: no TRACE ERROR", t.title())
	}
	for _, trace := range traces {
		if text(trace, "message") == "" {
			return fmt.Errorf("%s: a TRACE ERROR without a message", t.title())
		}
		if kind, ok := trace["failure_type"]; ok && !isOneOf("system_error", "config_error", "transient_error")(kind) {
			return fmt.Errorf("%s: a failure_type that there is not", t.title())
		}
	}
	return nil
}

// streamNameOf reads the members of a stream or of its descriptor.
func streamNameOf(members map[string]any) streamName {
	return streamName{text(members, "namespace"), text(members, "name")}
}

// recordStream is the stream of a RECORD, stateStream that of a STATE. stateStream returns false for a state of all streams.
func (m *envelope) recordStream() streamName {
	return streamName{text(m.payload, "namespace"), text(m.payload, "stream")}
}

func (m *envelope) stateStream() (streamName, bool) {
	stream, _ := m.payload["stream"].(map[string]any)
	descriptor, ok := stream["stream_descriptor"].(map[string]any)
	return streamNameOf(descriptor), ok
}
