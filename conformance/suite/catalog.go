package suite

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
)

// A catalog is a Singer catalog. It keeps members that the suite does not know.
type catalog struct {
	members map[string]any
	streams []map[string]any
}

func parseCatalog(text []byte) (*catalog, error) {
	var c catalog
	if err := decode(text, &c.members); err != nil {
		return nil, fmt.Errorf("no JSON object: %w", err)
	}
	var err error
	c.streams, err = streamsOf(c.members)
	return &c, err
}

// streamsOf are the streams of a catalog, of either protocol.
func streamsOf(catalog map[string]any) ([]map[string]any, error) {
	list, ok := catalog["streams"].([]any)
	if !ok {
		return nil, errors.New("no list of streams")
	}
	var streams []map[string]any
	for _, entry := range list {
		stream, ok := entry.(map[string]any)
		if !ok {
			return nil, errors.New("an entry of streams is no object")
		}
		streams = append(streams, stream)
	}
	return streams, nil
}

// sameCatalog is an error when two discoveries differ.
func sameCatalog(first, second any) error {
	one, _ := json.Marshal(first) // they were JSON before
	two, _ := json.Marshal(second)
	if string(one) != string(two) {
		return errors.New("the second catalog differs from the first")
	}
	return nil
}

// copied is a deep copy.
func (c *catalog) copied() *catalog {
	text, _ := json.Marshal(c.members) // it was JSON before
	another, _ := parseCatalog(text)
	return another
}

// selected is the catalog that runs are given: the user's, or the discovered one with every stream selected. The error is a notApplicable
// where there is none.
func (s *session) selected() (*catalog, error) {
	if s.catalog != nil {
		return s.catalog, nil
	}
	if s.Catalog != "" {
		text, err := os.ReadFile(s.Catalog)
		if err != nil {
			return nil, machineError{err}
		}
		c, err := parseCatalog(text)
		if err != nil {
			return nil, machineError{fmt.Errorf("%s: %w", s.Catalog, err)}
		}
		s.catalog = c
		return c, nil
	}
	e, err := s.discover()
	if err != nil {
		return nil, err
	}
	c, err := parseCatalog([]byte(e.stdout))
	if e.code != 0 || err != nil {
		return nil, notApplicable("it discovers no catalog")
	}
	for _, stream := range c.streams {
		mark(stream, nil, true)
	}
	s.catalog = c
	return c, nil
}

func (s *session) discover(args ...string) (outcome, error) {
	args, err := s.with(nil, append([]string{"--discover"}, args...)...)
	if err != nil {
		return outcome{}, err
	}
	return s.run("", nil, args...)
}

// mark selects or deselects a stream, or one of its fields: in the metadata, and for a stream in its schema too, where old taps look.
func mark(stream map[string]any, breadcrumb []string, selected bool) {
	if len(breadcrumb) == 0 {
		if schema, ok := stream["schema"].(map[string]any); ok {
			if _, there := schema["selected"]; there {
				schema["selected"] = selected
			}
		}
	}
	entries, _ := stream["metadata"].([]any)
	for _, entry := range entries {
		if e, ok := entry.(map[string]any); ok && slices.Equal(crumbs(e), breadcrumb) {
			m, _ := e["metadata"].(map[string]any)
			if m == nil {
				m = map[string]any{}
				e["metadata"] = m
			}
			m["selected"] = selected
			return
		}
	}
	path := []any{}
	for _, part := range breadcrumb {
		path = append(path, part)
	}
	stream["metadata"] = append(entries, map[string]any{"breadcrumb": path, "metadata": map[string]any{"selected": selected}})
}

func crumbs(entry map[string]any) []string {
	list, _ := entry["breadcrumb"].([]any)
	var path []string
	for _, part := range list {
		text, _ := part.(string)
		path = append(path, text)
	}
	return path
}

// metadata is what the catalog says of a stream, or of one of its fields.
func metadata(stream map[string]any, breadcrumb ...string) map[string]any {
	entries, _ := stream["metadata"].([]any)
	for _, entry := range entries {
		if e, ok := entry.(map[string]any); ok && slices.Equal(crumbs(e), breadcrumb) {
			m, _ := e["metadata"].(map[string]any)
			return m
		}
	}
	return nil
}

// find is the stream with that name or id.
func (c *catalog) find(name string) map[string]any {
	for _, stream := range c.streams {
		if text(stream, "stream") == name || text(stream, "tap_stream_id") == name {
			return stream
		}
	}
	return nil
}

func text(members map[string]any, name string) string {
	text, _ := members[name].(string)
	return text
}

// sync are the arguments of a run with a catalog; nil is none.
func (s *session) sync(c *catalog, args ...string) ([]string, error) {
	if c == nil {
		return s.with(nil, args...)
	}
	path, err := s.file("catalog.json", c.members)
	if err != nil {
		return nil, err
	}
	if s.flag == "" {
		if s.flag, err = s.catalogFlag(path); err != nil {
			return nil, err
		}
	}
	return s.with(nil, append([]string{s.flag, path}, args...)...)
}

// catalogFlag is --catalog, or --properties for old taps. A tap that does not list its capabilities is tried: an old one prints nothing
// when it is given --catalog.
func (s *session) catalogFlag(path string) (string, error) {
	const usual, older = "--catalog", "--properties"
	a, err := s.describe()
	if err != nil {
		return "", err
	}
	if len(a.Capabilities) > 0 {
		if !a.can("catalog") && a.can("properties") {
			return older, nil
		}
		return usual, nil
	}
	args, err := s.with(nil, usual, path)
	if err != nil {
		return "", err
	}
	r, err := s.read(nil, args...)
	if err != nil {
		return "", err
	}
	if len(r.messages) == 0 {
		return older, nil
	}
	return usual, nil
}

// complete is a run over everything, which is made once. A tap that has no catalog runs without one.
func (s *session) complete() (*reading, error) {
	if s.whole == nil {
		r, err := s.readAll(nil)
		if err != nil {
			return nil, err
		}
		s.whole = r
	}
	return s.whole, nil
}

// readAll is a run from the user's state, or from the one given.
func (s *session) readAll(state json.RawMessage, env ...string) (*reading, error) {
	args, err := s.arguments(state)
	if err != nil {
		return nil, err
	}
	return s.read(env, args...)
}

func (s *session) arguments(state json.RawMessage) ([]string, error) {
	c, err := s.selected()
	if _, none := err.(notApplicable); err != nil && !none {
		return nil, err
	}
	var args []string
	if state != nil {
		path, err := s.file("state.json", string(state))
		if err != nil {
			return nil, err
		}
		args = []string{"--state", path}
	} else if s.State != "" {
		args = []string{"--state", s.State}
	}
	return s.sync(c, args...)
}
