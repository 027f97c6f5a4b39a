package protocol

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
)

// A State is what a tap keeps from run to run: `{"bookmarks":{"<stream>":{…}}}`. Bookmarks, and keys beside them, are kept byte
// for byte; only currently_syncing is forgotten. The zero value is a first run. One goroutine at a time may use it.
type State struct {
	bookmarks []Member
	others    []Member
}

const stateHint = "restore it, or start anew without --state"

// ParseState reads a state file. It may be the output of a target, with a state on each line: the last one counts. `{}` is a first run; an
// empty or damaged file is a Config fault.
func ParseState(data []byte) (*State, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	var latest json.RawMessage
	for {
		var value json.RawMessage
		err := d.Decode(&value)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, ConfigFault(stateHint, "the state file is damaged: %w", err)
		}
		latest = value
	}
	if latest == nil {
		return nil, ConfigFault("the command that should have written it failed; "+stateHint, "the state file is empty")
	}
	members, err := Members(latest)
	if err != nil {
		return nil, ConfigFault(stateHint, "the state file is damaged: it holds no object")
	}
	s := &State{}
	found := false
	for _, m := range members {
		switch m.Name {
		case "currently_syncing":
		case "bookmarks":
			found = true
			if bytes.Equal(m.Value, []byte("null")) {
				continue
			}
			if s.bookmarks, err = Members(m.Value); err != nil {
				return nil, ConfigFault(stateHint, "the state file is damaged: its bookmarks are no object")
			}
		default:
			s.others = append(s.others, m)
		}
	}
	if !found && len(s.others) > 0 {
		hint := stateHint
		if slices.ContainsFunc(s.others, func(m Member) bool { return m.Name == "value" }) {
			hint = "give what stands in value"
		}
		return nil, ConfigFault(hint, "the state file has no bookmarks")
	}
	return s, nil
}

// Bookmark is a stream's bookmark as it was written, nil at first.
func (s *State) Bookmark(stream string) json.RawMessage {
	for i := range s.bookmarks {
		if s.bookmarks[i].Name == stream {
			return s.bookmarks[i].Value
		}
	}
	return nil
}

// SetBookmark replaces a stream's bookmark, which must be valid JSON; nil removes it. The state keeps the slice.
func (s *State) SetBookmark(stream string, bookmark json.RawMessage) {
	i := slices.IndexFunc(s.bookmarks, func(m Member) bool { return m.Name == stream })
	switch {
	case bookmark == nil && i >= 0:
		s.bookmarks = slices.Delete(s.bookmarks, i, i+1)
	case bookmark == nil:
	case i >= 0:
		s.bookmarks[i].Value = bookmark
	default:
		s.bookmarks = append(s.bookmarks, Member{stream, bookmark})
	}
}

// Streams are those that have a bookmark, in order.
func (s *State) Streams() []string {
	names := make([]string, len(s.bookmarks))
	for i := range s.bookmarks {
		names[i] = s.bookmarks[i].Name
	}
	return names
}

// AppendJSON appends the state as one line, without its end.
func (s *State) AppendJSON(dst []byte) []byte {
	start := len(dst)
	dst = appendMembers(append(dst, `{"bookmarks":{`...), s.bookmarks)
	dst = append(dst, '}')
	if len(s.others) > 0 {
		dst = appendMembers(append(dst, ','), s.others)
	}
	dst = append(dst, '}')
	if bytes.IndexByte(dst[start:], '\n') < 0 {
		return dst
	}
	var line bytes.Buffer // somebody has indented the file
	if json.Compact(&line, dst[start:]) != nil {
		return dst
	}
	return append(dst[:start], line.Bytes()...)
}

// Members splits a JSON object; of members with one name the last counts.
func Members(object []byte) ([]Member, error) {
	d := json.NewDecoder(bytes.NewReader(object))
	if token, err := d.Token(); err != nil || token != json.Delim('{') {
		return nil, errors.New("no object")
	}
	var members []Member
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, _ := token.(string)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(members, func(m Member) bool { return m.Name == name }); i >= 0 {
			members[i].Value = value
		} else {
			members = append(members, Member{name, value})
		}
	}
	return members, nil
}
