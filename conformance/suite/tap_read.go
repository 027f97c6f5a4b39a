package suite

import (
	"errors"
	"maps"
	"slices"
)

// onRun is a check of the complete run.
func onRun(check func(*reading) error) func(*session) error {
	return func(s *session) error {
		r, err := s.complete()
		if err != nil {
			return err
		}
		return check(r)
	}
}

// overRecords visits each record of the complete run that has a SCHEMA before it.
func overRecords(s *session, visit func(p *problems, record, schema *message)) error {
	r, err := s.complete()
	if err != nil {
		return err
	}
	var p problems
	seen := false
	for record, schema := range r.records {
		seen = true
		if schema != nil {
			visit(&p, record, schema)
		}
	}
	if !seen {
		return notApplicable("it sends no record")
	}
	return p.err()
}

func endsWell(r *reading) error {
	if err := r.succeeded(); err != nil {
		return err
	}
	if len(r.of("RECORD")) == 0 && len(r.of("BATCH")) == 0 {
		return errors.New("it sends no record: point it at a source that has rows")
	}
	return nil
}

func (r *reading) shape() error {
	var p problems
	for _, m := range r.messages {
		for _, fault := range m.faults {
			p.add("line %d, %s: %s", m.line, m.kind, fault)
		}
	}
	return p.err()
}

func (r *reading) schemaFirst() error {
	var p problems
	known := map[string]bool{}
	for _, m := range r.messages {
		switch m.kind {
		case "SCHEMA":
			known[m.stream] = true
		case "RECORD", "BATCH":
			if !known[m.stream] {
				p.add("line %d: a %s of stream %q before its SCHEMA", m.line, m.kind, m.stream)
			}
		}
	}
	return p.err()
}

// grammar holds for every run: whole lines of messages, each with the members that it needs, and no record before its SCHEMA.
func (r *reading) grammar() error { return errors.Join(r.pure(), r.shape(), r.schemaFirst()) }

func schemaValid(r *reading) error {
	var p problems
	for _, m := range r.of("SCHEMA") {
		if _, err := compile(m.schema); err != nil {
			p.add("line %d, stream %q: no valid JSON Schema", m.line, m.stream)
		}
		if m.properties() == nil {
			p.add("line %d, stream %q: no properties", m.line, m.stream)
		}
	}
	return p.err()
}

// recordsMatch is the check of each record against its schema: of the types or of the formats.
func recordsMatch(breach func(pair, any) error) func(*session) error {
	return func(s *session) error {
		compiled := map[*message]pair{}
		return overRecords(s, func(p *problems, record, schema *message) {
			both, ok := compiled[schema]
			if !ok {
				both, _ = compile(schema.schema) // read/schema-valid reports it
				compiled[schema] = both
			}
			if err := breach(both, record.record); err != nil {
				p.add("line %d, stream %q: %v", record.line, record.stream, err)
			}
		})
	}
}

func fieldsDeclared(s *session) error {
	type column struct{ stream, name string }
	told := map[column]bool{}
	return overRecords(s, func(p *problems, record, schema *message) {
		declared := schema.properties()
		for _, name := range slices.Sorted(maps.Keys(record.record)) {
			at := column{record.stream, name}
			if _, ok := declared[name]; !ok && !told[at] {
				told[at] = true
				p.add("line %d, stream %q: field %q is not declared", record.line, record.stream, name)
			}
		}
	})
}

func keysPresent(s *session) error {
	return overRecords(s, func(p *problems, record, schema *message) {
		for _, key := range schema.keys {
			if record.record[key] == nil {
				p.add("line %d, stream %q: no value of key %q", record.line, record.stream, key)
			}
		}
	})
}

func keysUnique(r *reading) error {
	var p problems
	keyed, rows, found := r.keyed(), r.rows(), false
	for _, stream := range inOrder(rows) {
		if !keyed[stream] {
			continue
		}
		found = true
		if doubled := sum(rows[stream]) - len(rows[stream]); doubled > 0 {
			p.add("%v: %d records bear a key that another has", stream, doubled)
		}
	}
	if !found {
		return notApplicable("no stream with records has a key")
	}
	return p.err()
}

func bookmarksDeclared(r *reading) error {
	var p problems
	found := false
	for _, m := range r.of("SCHEMA") {
		for _, name := range m.bookmarks {
			found = true
			if _, ok := m.properties()[name]; !ok {
				p.add("stream %q: bookmark property %q is no field", m.stream, name)
			}
		}
	}
	if !found {
		return notApplicable("no SCHEMA has bookmark_properties")
	}
	return p.err()
}

func versionsAgree(r *reading) error {
	var p problems
	versions := map[string]string{} // of the last record of each stream
	found := false
	for _, m := range r.messages {
		switch m.kind {
		case "RECORD":
			versions[m.stream] = m.version()
		case "ACTIVATE_VERSION":
			found = true
			if sent, ok := versions[m.stream]; ok && sent != m.version() {
				p.add("line %d, stream %q: the version differs from that of the records before", m.line, m.stream)
			}
		}
	}
	if !found {
		return notApplicable("it sends no ACTIVATE_VERSION")
	}
	return p.err()
}
