package taptest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// A Message is one line of a tap's standard output.
type Message struct {
	Type          string          `json:"type"`
	Stream        string          `json:"stream"`
	Schema        json.RawMessage `json:"schema"`
	KeyProperties []string        `json:"key_properties"`
	Bookmarks     []string        `json:"bookmark_properties"`
	Record        json.RawMessage `json:"record"`
	TimeExtracted string          `json:"time_extracted"`
	Version       *int64          `json:"version"`
	Value         json.RawMessage `json:"value"`

	Line int `json:"-"` // from 1
}

// Parse reads whole output: every line is one message of a known type, and the last line is ended.
func Parse(output []byte) ([]Message, error) {
	var messages []Message
	for line := range bytes.Lines(output) {
		number := len(messages) + 1
		if line[len(line)-1] != '\n' {
			return messages, fmt.Errorf("line %d is cut off", number)
		}
		var m Message
		decoder := json.NewDecoder(bytes.NewReader(line))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&m); err != nil {
			return messages, fmt.Errorf("line %d: %w", number, err)
		}
		if decoder.More() {
			return messages, fmt.Errorf("line %d holds more than one value", number)
		}
		if !slices.Contains([]string{"SCHEMA", "RECORD", "STATE", "ACTIVATE_VERSION"}, m.Type) {
			return messages, fmt.Errorf("line %d: unknown type %q", number, m.Type)
		}
		m.Line = number
		messages = append(messages, m)
	}
	return messages, nil
}

// Whole is the part of an output that ends with its last whole line: what a reader has when the writer was killed.
func Whole(output []byte) []byte { return output[:bytes.LastIndexByte(output, '\n')+1] }

// Records are those of a stream, in order.
func Records(messages []Message, stream string) []json.RawMessage {
	var records []json.RawMessage
	for _, m := range messages {
		if m.Type == "RECORD" && m.Stream == stream {
			records = append(records, m.Record)
		}
	}
	return records
}

// States are the values of the STATE lines, in order.
func States(messages []Message) []json.RawMessage {
	var states []json.RawMessage
	for _, m := range messages {
		if m.Type == "STATE" {
			states = append(states, m.Value)
		}
	}
	return states
}

// Covered are the messages up to the last STATE, and its value: what a reader keeps of a run that was killed. Without any
// STATE both are nil.
func Covered(messages []Message) ([]Message, json.RawMessage) {
	for i, m := range slices.Backward(messages) {
		if m.Type == "STATE" {
			return messages[:i+1], m.Value
		}
	}
	return nil, nil
}

// Streams are the names of the streams that have a SCHEMA, in order of appearance.
func Streams(messages []Message) []string {
	var streams []string
	for _, m := range messages {
		if m.Type == "SCHEMA" && !slices.Contains(streams, m.Stream) {
			streams = append(streams, m.Stream)
		}
	}
	return streams
}

// LastSchema is the newest SCHEMA of a stream.
func LastSchema(messages []Message, stream string) (Message, bool) {
	for _, m := range slices.Backward(messages) {
		if m.Type == "SCHEMA" && m.Stream == stream {
			return m, true
		}
	}
	return Message{}, false
}
