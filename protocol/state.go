package protocol

import "encoding/json"

// A State is what a tap keeps from run to run: `{"bookmarks":{"<stream>":{…}}}`. Bookmarks and keys that it does not know are
// kept byte for byte. It is no lock: one goroutine at a time.
type State struct{}

// ParseState reads a state file: a state, or a target's output, of which the last line counts. `{}` is a first run; an
// empty or damaged file is a Config fault.
func ParseState(data []byte) (*State, error) { return &State{}, nil }

// Bookmark is a stream's bookmark as it was written, nil at first.
func (s *State) Bookmark(stream string) json.RawMessage { return nil }

// SetBookmark replaces a stream's bookmark, which must be valid JSON; nil removes it. The state keeps the slice.
func (s *State) SetBookmark(stream string, bookmark json.RawMessage) {}

// Streams are those that have a bookmark, in order.
func (s *State) Streams() []string { return nil }

// AppendJSON appends the state as one line, without its end.
func (s *State) AppendJSON(dst []byte) []byte { return dst }
