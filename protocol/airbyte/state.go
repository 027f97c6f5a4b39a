package airbyte

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/signalroom/signalroom/protocol"
)

const stateHint = "reset the stream, or run without --state to begin again"

// inputMessage is a state message of any form, bare or inside its envelope.
type inputMessage struct {
	Stream *StreamState `json:"stream"`
	Global *struct {
		Streams []StreamState `json:"stream_states"`
	} `json:"global"`
	Data  json.RawMessage `json:"data"`
	State *inputMessage   `json:"state"`
}

// JobKey is the key of a stream's state that names the job in which the stream is read whole. Like every key that begins with two
// underscores it belongs to no bookmark.
const JobKey = "__job"

// An InputState is what a run was given: the bookmarks, and which of them belong to a full refresh.
type InputState struct {
	protocol.State
	jobs map[string]string
}

// Job is the job that was reading the stream whole when its bookmark was written, empty for none.
func (s *InputState) Job(stream string) string { return s.jobs[stream] }

// ParseState reads the file of --state: a list of state messages, one message, a legacy object of streams and their states, or the state
// of a Singer run. null, {} and [] are a first run. A stream whose state is null, or holds nothing but what the CDK puts in where there is
// no bookmark, has none. What cannot be read is a Config fault.
func ParseState(data []byte) (*InputState, error) {
	data = bytes.TrimSpace(data)
	state := &InputState{jobs: map[string]string{}}
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
		var messages []inputMessage
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
		return state, state.readObject(data)
	}
	return nil, protocol.ConfigFault(stateHint, "the state file is damaged: it holds neither a list nor an object")
}

func (s *InputState) readObject(data []byte) error {
	var form map[string]json.RawMessage
	if err := json.Unmarshal(data, &form); err != nil {
		return damaged(err)
	}
	if raw := form["type"]; len(raw) > 0 && raw[0] == '"' || form["stream"] != nil && bytes.Contains(form["stream"], []byte("stream_descriptor")) {
		var message inputMessage
		if err := json.Unmarshal(data, &message); err != nil {
			return damaged(err)
		}
		return message.addTo(s)
	}
	if form["bookmarks"] != nil {
		parsed, err := protocol.ParseState(data)
		if err != nil {
			return err
		}
		s.State = *parsed
		return nil
	}
	return addLegacy(s, data)
}

// addTo puts the bookmarks of a message into a state.
func (s *inputMessage) addTo(state *InputState) error {
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
func addLegacy(state *InputState, data []byte) error {
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

func addBookmark(state *InputState, stream string, bookmark json.RawMessage) error {
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
		} else if job := ""; m.Name == JobKey && json.Unmarshal(m.Value, &job) == nil {
			state.jobs[stream] = job
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
