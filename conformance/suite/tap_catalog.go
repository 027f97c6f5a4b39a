package suite

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// discovered is the outcome of --discover, unless the tap says that it cannot discover.
func (s *session) discovered(args ...string) (outcome, *catalog, error) {
	a, err := s.describe()
	if err != nil {
		return outcome{}, nil, err
	}
	if !a.can("discover") {
		return outcome{}, nil, notApplicable("it says that it does not discover")
	}
	e, err := s.discover(args...)
	if err != nil {
		return e, nil, err
	}
	if err := e.succeeded(); err != nil {
		return e, nil, err
	}
	c, err := parseCatalog([]byte(e.stdout))
	return e, c, err
}

func discoverCatalog(s *session) error {
	_, c, err := s.discovered()
	if err != nil {
		return err
	}
	var p problems
	ids := map[string]bool{}
	for i, stream := range c.streams {
		id := text(stream, "tap_stream_id")
		switch {
		case id == "":
			p.add("entry %d has no tap_stream_id", i)
		case ids[id]:
			p.add("two streams have the tap_stream_id %q", id)
		}
		ids[id] = true
		schema, ok := stream["schema"].(map[string]any)
		if !ok || schema["properties"] == nil {
			p.add("stream %q has no schema with properties", id)
		} else if _, err := compile(schema); err != nil {
			p.add("stream %q: no valid JSON Schema", id)
		}
	}
	if len(c.streams) == 0 {
		p.add("no stream")
	}
	return p.err()
}

func discoverKeys(s *session) error {
	_, c, err := s.discovered()
	if err != nil {
		return err
	}
	r, err := s.complete()
	if err != nil {
		return err
	}
	var p problems
	found := false
	for _, stream := range c.streams {
		keys := names(metadata(stream)["table-key-properties"])
		if keys == nil {
			keys = names(stream["key_properties"])
		}
		schema, _ := stream["schema"].(map[string]any)
		properties, _ := schema["properties"].(map[string]any)
		for _, key := range keys {
			found = true
			if _, ok := properties[key]; !ok {
				p.add("stream %q: key %q is no field", text(stream, "tap_stream_id"), key)
			}
		}
		for _, m := range r.of("SCHEMA") {
			if m.stream == text(stream, "stream") && keys != nil && !slices.Equal(slices.Sorted(slices.Values(keys)), slices.Sorted(slices.Values(m.keys))) {
				p.add("stream %q: its SCHEMA names another key", m.stream)
				break
			}
		}
	}
	if !found && len(p.told) == 0 {
		return notApplicable("the catalog names no key")
	}
	return p.err()
}

func names(list any) []string {
	var found []string
	entries, _ := list.([]any)
	for _, entry := range entries {
		name, _ := entry.(string)
		found = append(found, name)
	}
	return found
}

func discoverStable(s *session) error {
	_, first, err := s.discovered()
	if err != nil {
		return err
	}
	_, second, err := s.discovered()
	if err != nil {
		return err
	}
	return sameCatalog(first.members, second.members)
}

func discoverWithState(s *session) error {
	state, err := s.file("state.json", `{"bookmarks":{}}`)
	if err != nil {
		return err
	}
	_, _, err = s.discovered("--state", state)
	return err
}

// choosable is the catalog, if the tap takes one, and the complete run.
func (s *session) choosable() (*catalog, *reading, error) {
	c, err := s.selected()
	if err != nil {
		return nil, nil, err
	}
	a, err := s.describe()
	if err != nil {
		return nil, nil, err
	}
	if !a.can("catalog") && !a.can("properties") {
		return nil, nil, notApplicable("it says that it takes no catalog")
	}
	r, err := s.complete()
	return c, r, err
}

func catalogAccepted(s *session) error {
	c, _, err := s.choosable()
	if err != nil {
		return err
	}
	args, err := s.sync(c)
	if err != nil {
		return err
	}
	r, err := s.read(nil, args...)
	if err != nil {
		return err
	}
	if len(r.of("SCHEMA")) == 0 {
		return errors.Join(r.succeeded(), errors.New("no stream of it is read"))
	}
	return errors.Join(r.succeeded(), r.grammar())
}

// chosen is a run with an altered copy of the catalog.
func (s *session) chosen(c *catalog, change func(*catalog)) (*reading, error) {
	another := c.copied()
	change(another)
	args, err := s.sync(another)
	if err != nil {
		return nil, err
	}
	r, err := s.read(nil, args...)
	if err != nil {
		return nil, err
	}
	return r, errors.Join(r.succeeded(), r.grammar())
}

func selectStream(s *session) error {
	c, whole, err := s.choosable()
	if err != nil {
		return err
	}
	streams := inOrder(whole.rows())
	if len(streams) < 2 {
		return notApplicable("fewer than two streams have records")
	}
	out := streams[0].name
	if c.find(out) == nil {
		return fmt.Errorf("stream %q is not in the catalog", out)
	}
	r, err := s.chosen(c, func(c *catalog) { mark(c.find(out), nil, false) })
	if err != nil {
		return err
	}
	var p problems
	for _, m := range r.messages {
		if m.stream == out {
			p.add("line %d: a %s of stream %q, which is not selected", m.line, m.kind, out)
		}
	}
	if len(r.rows()) == 0 {
		p.add("the other streams are not read either")
	}
	return p.err()
}

// onField is a check of a run in which one field of a stream is not selected.
func onField(check func(p *problems, m *message, field string)) func(*session) error {
	return func(s *session) error {
		c, whole, err := s.choosable()
		if err != nil {
			return err
		}
		stream, field := optional(c, whole)
		if field == "" {
			return notApplicable("no record has a field that may be left out")
		}
		r, err := s.chosen(c, func(c *catalog) { mark(c.find(stream), []string{"properties", field}, false) })
		if err != nil {
			return err
		}
		var p problems
		for _, m := range r.messages {
			if m.stream == stream {
				check(&p, &m, field)
			}
		}
		if len(r.rows()[streamName{name: stream}]) == 0 {
			p.add("the stream %q is not read any more", stream)
		}
		return p.err()
	}
}

func fieldNotSent(p *problems, m *message, field string) {
	if _, ok := m.record[field]; ok {
		p.add("line %d, stream %q: field %q is in a record", m.line, m.stream, field)
	}
	if slices.Contains(names(m.schema["required"]), field) {
		p.add("line %d, stream %q: the SCHEMA requires field %q", m.line, m.stream, field)
	}
}

func fieldNotDeclared(p *problems, m *message, field string) {
	if _, ok := m.properties()[field]; ok {
		p.add("line %d, stream %q: field %q is in the SCHEMA", m.line, m.stream, field)
	}
}

// optional is a field that may be deselected: it is in a record, is neither key nor bookmark, and the catalog does not say otherwise.
func optional(c *catalog, whole *reading) (stream, field string) {
	for record, schema := range whole.records {
		entry := c.find(record.stream)
		if schema == nil || entry == nil {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(record.record)) {
			if slices.Contains(schema.keys, name) || slices.Contains(schema.bookmarks, name) {
				continue
			}
			if inclusion := text(metadata(entry, "properties", name), "inclusion"); inclusion == "automatic" || inclusion == "unsupported" {
				continue
			}
			if properties := schema.properties(); properties[name] != nil {
				return record.stream, name
			}
		}
	}
	return "", ""
}

func selectKey(s *session) error {
	c, whole, err := s.choosable()
	if err != nil {
		return err
	}
	for record, schema := range whole.records {
		if schema == nil || len(schema.keys) == 0 || c.find(record.stream) == nil {
			continue
		}
		stream, key := record.stream, schema.keys[0]
		r, err := s.chosen(c, func(c *catalog) { mark(c.find(stream), []string{"properties", key}, false) })
		if err != nil {
			return err
		}
		for record := range r.records {
			if record.stream == stream && record.record[key] == nil {
				return fmt.Errorf("line %d, stream %q: no key %q", record.line, stream, key)
			}
		}
		return nil
	}
	return notApplicable("no stream with records has a key")
}
