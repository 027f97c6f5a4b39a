package suite

import (
	"errors"
	"maps"
	"slices"
)

func readEndsWell(s *session) error {
	r, err := s.complete()
	if err != nil {
		return err
	}
	if err := r.succeeded(); err != nil {
		return err
	}
	if len(r.of("RECORD")) == 0 && len(r.of("BATCH")) == 0 {
		return errors.New("it sends no record: point it at a source that has rows")
	}
	return nil
}

// overRecords is a check of each record of the complete run, given the SCHEMA that the record is under.
func overRecords(s *session, p *problems, check func(record, schema *message)) error {
	r, err := s.complete()
	if err != nil {
		return err
	}
	seen := false
	for record, schema := range r.records {
		seen = true
		if schema != nil {
			check(record, schema)
		}
	}
	if !seen {
		return notApplicable("it sends no record")
	}
	return p.err()
}

func onlyMessages(s *session) error {
	r, err := s.complete()
	if err != nil {
		return err
	}
	return r.pure()
}

func (r *reading) pure() error {
	var p problems
	for _, line := range r.strays {
		p.add("line %d is no message", line)
	}
	if r.cut {
		p.add("the last line has no end")
	}
	return p.err()
}

func messageShape(s *session) error {
	r, err := s.complete()
	if err != nil {
		return err
	}
	return r.shape()
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

func schemaFirst(s *session) error {
	r, err := s.complete()
	if err != nil {
		return err
	}
	return r.inOrder()
}

func (r *reading) inOrder() error {
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

// grammar is all that must hold of any run.
func (r *reading) grammar() error { return errors.Join(r.pure(), r.shape(), r.inOrder()) }

func schemaValid(s *session) error {
	r, err := s.complete()
	if err != nil {
		return err
	}
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

func recordsMatch(s *session) error { return match(s, false) }

func formatsMatch(s *session) error { return match(s, true) }

func match(s *session, formats bool) error {
	var p problems
	compiled := map[*message]pair{}
	return overRecords(s, &p, func(record, schema *message) {
		both, ok := compiled[schema]
		if !ok {
			both, _ = compile(schema.schema) // schema-valid tells of it
			compiled[schema] = both
		}
		if err := both.breach(record.record, formats); err != nil {
			p.add("line %d, stream %q: %v", record.line, record.stream, err)
		}
	})
}

func fieldsDeclared(s *session) error {
	var p problems
	told := map[string]bool{}
	return overRecords(s, &p, func(record, schema *message) {
		declared := schema.properties()
		for _, name := range slices.Sorted(maps.Keys(record.record)) {
			if _, ok := declared[name]; !ok && !told[record.stream+"\x00"+name] {
				told[record.stream+"\x00"+name] = true
				p.add("line %d, stream %q: field %q is not declared", record.line, record.stream, name)
			}
		}
	})
}

func keysPresent(s *session) error {
	var p problems
	return overRecords(s, &p, func(record, schema *message) {
		for _, key := range schema.keys {
			if record.record[key] == nil {
				p.add("line %d, stream %q: no value of key %q", record.line, record.stream, key)
			}
		}
	})
}

func keysUnique(s *session) error {
	r, err := s.complete()
	if err != nil {
		return err
	}
	var p problems
	keyed, found := r.keyed(), false
	rows := r.rows()
	for _, stream := range slices.Sorted(maps.Keys(rows)) {
		if !keyed[stream] {
			continue
		}
		found = true
		doubled := 0
		for _, n := range rows[stream] {
			doubled += n - 1
		}
		if doubled > 0 {
			p.add("stream %q: %d records bear a key that another has", stream, doubled)
		}
	}
	if !found {
		return notApplicable("no stream with records has a key")
	}
	return p.err()
}

func bookmarksDeclared(s *session) error {
	r, err := s.complete()
	if err != nil {
		return err
	}
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

func versionsAgree(s *session) error {
	r, err := s.complete()
	if err != nil {
		return err
	}
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
