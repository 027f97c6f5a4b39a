package airbyte

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/signalroom/signalroom/protocol"
)

const stateHint = "reset the stream, or run without --state to begin again"

// inputState is a state message of any form, bare or inside its envelope.
type inputState struct {
	Type   StateType       `json:"type"`
	Stream *StreamState    `json:"stream"`
	Global *GlobalState    `json:"global"`
	Data   json.RawMessage `json:"data"`
	State  *inputState     `json:"state"`
}

// ParseState reads the file of --state: a list of state messages, one message, a legacy object of streams and their states, or the state
// of a Singer run. null, {} and [] are a first run. A stream whose state is null, or holds nothing but what the CDK puts in where there is
// no bookmark, has none. What cannot be read is a Config fault.
func ParseState(data []byte) (*protocol.State, error) {
	data = bytes.TrimSpace(data)
	state := new(protocol.State)
	if len(data) == 0 {
		return nil, protocol.ConfigFault(stateHint, "the state file is empty")
	}
	if !json.Valid(data) {
		return nil, protocol.ConfigFault(stateHint, "the state file is damaged: it is no JSON")
	}
	switch {
	case string(data) == "null":
		return state, nil
	case data[0] == '[':
		var messages []inputState
		if err := json.Unmarshal(data, &messages); err != nil {
			return nil, damaged(err)
		}
		for i := range messages {
			if err := messages[i].addTo(state); err != nil {
				return nil, err
			}
		}
		return state, nil
	case data[0] == '{':
		return parseObject(data)
	}
	return nil, protocol.ConfigFault(stateHint, "the state file is damaged: it holds neither a list nor an object")
}

func parseObject(data []byte) (*protocol.State, error) {
	var form map[string]json.RawMessage
	if err := json.Unmarshal(data, &form); err != nil {
		return nil, damaged(err)
	}
	state := new(protocol.State)
	if raw := form["type"]; len(raw) > 0 && raw[0] == '"' || form["stream"] != nil && bytes.Contains(form["stream"], []byte("stream_descriptor")) {
		var message inputState
		if err := json.Unmarshal(data, &message); err != nil {
			return nil, damaged(err)
		}
		return state, message.addTo(state)
	}
	if form["bookmarks"] != nil {
		return protocol.ParseState(data)
	}
	return state, addLegacy(state, data)
}

// addTo puts the bookmarks of a message into a state.
func (s *inputState) addTo(state *protocol.State) error {
	if s.State != nil {
		return s.State.addTo(state)
	}
	switch {
	case s.Stream != nil:
		return addBookmark(state, s.Stream.Descriptor.Name, s.Stream.State)
	case s.Global != nil:
		for _, stream := range s.Global.Streams {
			if err := addBookmark(state, stream.Descriptor.Name, stream.State); err != nil {
				return err
			}
		}
		return nil
	case len(s.Data) > 0 && string(s.Data) != "null":
		return addLegacy(state, s.Data)
	}
	return nil
}

// addLegacy reads an object of streams and their states.
func addLegacy(state *protocol.State, data []byte) error {
	members, err := protocol.Members(data)
	if err != nil {
		return protocol.ConfigFault(stateHint, "the state file is damaged: its data is no object")
	}
	for _, m := range members {
		if err := addBookmark(state, m.Name, m.Value); err != nil {
			return err
		}
	}
	return nil
}

// synthetic begins the keys of a state that are no bookmark's, as in __ab_full_refresh_sync_complete.
const synthetic = "__"

func addBookmark(state *protocol.State, stream string, bookmark json.RawMessage) error {
	if len(bookmark) == 0 || string(bookmark) == "null" {
		return nil
	}
	members, err := protocol.Members(bookmark)
	if err != nil {
		return protocol.InStream(stream, protocol.ConfigFault(stateHint, "the state of the stream is damaged: it is no object"))
	}
	var own []protocol.Member
	for _, m := range members {
		if !strings.HasPrefix(m.Name, synthetic) {
			own = append(own, m)
		}
	}
	switch len(own) {
	case 0:
	case len(members):
		state.SetBookmark(stream, bookmark)
	default:
		state.SetBookmark(stream, protocol.AppendObject(nil, own))
	}
	return nil
}

// damaged says where a state does not fit, without its values.
func damaged(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return protocol.ConfigFault(stateHint, "the state file is damaged: %s cannot be of type %s", wrong.Field, wrong.Value)
	}
	return protocol.ConfigFault(stateHint, "the state file is damaged: %w", err)
}
