package suite

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

func (s *session) sourceCatalog() ([]map[string]any, error) {
	t, err := s.configured("discover")
	if err != nil {
		return nil, err
	}
	if err := errors.Join(t.succeeded(), t.grammar()); err != nil {
		return nil, err
	}
	catalog, err := t.one("CATALOG")
	if err != nil {
		return nil, err
	}
	return streamsOf(catalog)
}

// streams are those of the catalog, which is discovered once.
func (s *session) streams() ([]map[string]any, error) {
	if s.source == nil {
		streams, err := s.sourceCatalog()
		if err != nil {
			return nil, err
		}
		s.source = &source{catalog: streams}
	}
	return s.source.catalog, nil
}

func sourceDiscovers(s *session) error {
	streams, err := s.streams()
	if err != nil {
		return err
	}
	var p problems
	seen := map[streamName]bool{}
	for i, stream := range streams {
		at := streamNameOf(stream)
		switch {
		case at.name == "":
			p.add("stream %d has no name", i)
		case seen[at]:
			p.add("%v is there twice", at)
		}
		seen[at] = true
	}
	if len(streams) == 0 {
		p.add("no stream")
	}
	return p.err()
}

// onEachStream is a check of each stream of the catalog.
func onEachStream(check func(p *problems, name streamName, stream map[string]any)) func(*session) error {
	return func(s *session) error {
		streams, err := s.streams()
		if err != nil {
			return err
		}
		var p problems
		for _, stream := range streams {
			check(&p, streamNameOf(stream), stream)
		}
		return p.err()
	}
}

func streamSchemas(p *problems, at streamName, stream map[string]any) {
	schema, _ := stream["json_schema"].(map[string]any)
	if !isObject(schema["properties"]) {
		p.add("%v: json_schema has no properties", at)
		return
	}
	if _, err := compile(schema); err != nil {
		p.add("%v: no JSON Schema", at)
	}
	eachNode(schema, nil, func(_ []string, node map[string]any) {
		for _, word := range []string{"$ref", "allOf", "not"} {
			if _, ok := node[word]; ok {
				p.add("%v: %s", at, word)
			}
		}
		if node["additionalProperties"] == false {
			p.add("%v: additionalProperties is false", at)
		}
	})
}

func streamModes(p *problems, at streamName, stream map[string]any) {
	modes := names(stream["supported_sync_modes"])
	if len(modes) == 0 {
		p.add("%v: no supported_sync_modes", at)
	}
	for _, mode := range modes {
		if mode != "full_refresh" && mode != "incremental" {
			p.add("%v: sync mode %q", at, mode)
		}
	}
}

func streamCursors(p *problems, at streamName, stream map[string]any) {
	if path := names(stream["default_cursor_field"]); len(path) > 0 && field(stream, path) == nil {
		p.add("%v: the cursor is no field", at)
	}
}

func streamKeys(p *problems, at streamName, stream map[string]any) {
	for _, path := range keyPaths(stream) {
		found := field(stream, path)
		if found == nil {
			p.add("%v: the key is no field", at)
			continue
		}
		kinds := names(found["type"])
		if kind := text(found, "type"); kind != "" {
			kinds = []string{kind}
		}
		if slices.Contains(kinds, "object") || slices.Contains(kinds, "array") {
			p.add("%v: the key is an object or a list", at)
		}
	}
}

func keyPaths(stream map[string]any) [][]string {
	var paths [][]string
	list, _ := stream["source_defined_primary_key"].([]any)
	for _, entry := range list {
		paths = append(paths, names(entry))
	}
	return paths
}

// field is the schema of the field at a path; nil when there is none.
func field(stream map[string]any, path []string) map[string]any {
	at, _ := stream["json_schema"].(map[string]any)
	for _, name := range path {
		properties, _ := at["properties"].(map[string]any)
		at, _ = properties[name].(map[string]any)
	}
	return at
}

func catalogStable(s *session) error {
	first, err := s.streams()
	if err != nil {
		return err
	}
	second, err := s.sourceCatalog()
	if err != nil {
		return err
	}
	return sameCatalog(first, second)
}

// configure is the configured catalog: the user's, or all streams, incremental where they can be.
func (s *session) configure() ([]map[string]any, error) {
	if s.Catalog != "" {
		catalog, err := readJSON(s.Catalog)
		if err != nil {
			return nil, err
		}
		streams, err := streamsOf(catalog)
		if err != nil {
			return nil, machineError{fmt.Errorf("%s: %w", s.Catalog, err)}
		}
		return streams, nil
	}
	streams, err := s.streams()
	if err != nil {
		return nil, err
	}
	var configured []map[string]any
	for _, stream := range streams {
		mode, destination := "full_refresh", "append"
		if slices.Contains(names(stream["supported_sync_modes"]), "incremental") {
			mode = "incremental"
		}
		if len(keyPaths(stream)) > 0 {
			destination = "append_dedup"
		}
		entry := map[string]any{"stream": stream, "sync_mode": mode, "destination_sync_mode": destination}
		for from, to := range map[string]string{"default_cursor_field": "cursor_field", "source_defined_primary_key": "primary_key"} {
			if value, ok := stream[from]; ok {
				entry[to] = value
			}
		}
		configured = append(configured, entry)
	}
	return configured, nil
}

// readArguments are those of a read of these streams from a state; an empty state is the user's, if any.
func (s *session) readArguments(streams []map[string]any, state string) ([]string, error) {
	config, err := s.configFile(nil)
	if err != nil {
		return nil, err
	}
	catalog, err := s.file("catalog.json", map[string]any{"streams": streams})
	if err != nil {
		return nil, err
	}
	args := []string{"read", "--config", config, "--catalog", catalog}
	if state == "" && s.State != "" {
		return append(args, "--state", s.State), nil
	}
	if state == "" {
		return args, nil
	}
	path, err := s.file("state.json", state)
	return append(args, "--state", path), err
}

func (s *session) readStreams(streams []map[string]any, state string) (*transcript, error) {
	args, err := s.readArguments(streams, state)
	if err != nil {
		return nil, err
	}
	return s.verb(nil, args...)
}

// readEverything is a read of all streams, from that state.
func (s *session) readEverything(state string) (*transcript, error) {
	streams, err := s.configure()
	if err != nil {
		return nil, err
	}
	return s.readStreams(streams, state)
}

// changed is a read with an altered copy of the configured catalog.
func (s *session) changed(alter func(streams []map[string]any) []map[string]any) (*transcript, error) {
	streams, err := s.configure()
	if err != nil {
		return nil, err
	}
	copies := make([]map[string]any, len(streams))
	for i, stream := range streams {
		copies[i] = maps.Clone(stream)
		inner, _ := stream["stream"].(map[string]any)
		copies[i]["stream"] = maps.Clone(inner)
	}
	return s.readStreams(alter(copies), "")
}

func catalogNulls(s *session) error {
	whole, err := s.readAllOnce()
	if err != nil {
		return err
	}
	t, err := s.changed(func(streams []map[string]any) []map[string]any {
		for _, stream := range streams {
			inner, _ := stream["stream"].(map[string]any)
			for _, name := range []string{"namespace", "is_resumable", "is_file_based", "default_cursor_field", "source_defined_primary_key", "source_defined_cursor"} {
				if _, there := inner[name]; !there {
					inner[name] = nil
				}
			}
			for _, name := range []string{"cursor_field", "primary_key", "generation_id", "minimum_generation_id", "sync_id", "include_files", "destination_object_name"} {
				if _, there := stream[name]; !there {
					stream[name] = nil
				}
			}
		}
		return streams
	})
	if err != nil {
		return err
	}
	return errors.Join(t.succeeded(), t.grammar(), sameCounts(whole, t))
}

func catalogOneStream(s *session) error {
	whole, err := s.readAllOnce()
	if err != nil {
		return err
	}
	sent := inOrder(whole.counts())
	if len(sent) < 2 {
		return notApplicable("fewer than two streams have records")
	}
	out := sent[0]
	t, err := s.changed(func(streams []map[string]any) []map[string]any {
		return slices.DeleteFunc(streams, func(stream map[string]any) bool {
			inner, _ := stream["stream"].(map[string]any)
			return streamNameOf(inner) == out
		})
	})
	if err != nil {
		return err
	}
	if err := errors.Join(t.succeeded(), t.grammar()); err != nil {
		return err
	}
	counts := t.counts()
	if counts[out] > 0 {
		return fmt.Errorf("%v is read, and is not configured", out)
	}
	if len(counts) == 0 {
		return errors.New("the other streams are not read either")
	}
	return nil
}

func catalogUnknownStream(s *session) error {
	t, err := s.changed(func(streams []map[string]any) []map[string]any {
		return append(streams, map[string]any{"sync_mode": "full_refresh", "destination_sync_mode": "overwrite", "stream": map[string]any{
			"name": "no_such_stream", "json_schema": map[string]any{"type": "object", "properties": map[string]any{}}, "supported_sync_modes": []string{"full_refresh"}}})
	})
	if err != nil {
		return err
	}
	return t.failed()
}

func catalogBadMode(s *session) error {
	t, err := s.changed(func(streams []map[string]any) []map[string]any {
		for _, stream := range streams {
			stream["sync_mode"], stream["destination_sync_mode"] = "INVALID", "INVALID"
		}
		return streams
	})
	if err != nil {
		return err
	}
	return t.failed()
}
