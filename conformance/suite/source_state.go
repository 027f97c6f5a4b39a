package suite

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// rows counts the rows of each stream, given the streams of the catalog.
func (t *transcript) rows(streams map[streamName]map[string]any) tally {
	rows := tally{}
	for _, m := range t.of("RECORD") {
		at := m.recordStream()
		identity := m.payload["data"]
		if paths := keyPaths(streams[at]); len(paths) > 0 {
			var values []any
			for _, path := range paths {
				values = append(values, follow(identity, path))
			}
			identity = values
		}
		rows.add(at, identity)
	}
	return rows
}

func stateForm(t *transcript) error {
	var p problems
	kinds := map[string]bool{}
	for _, m := range t.of("STATE") {
		kind := text(m.payload, "type")
		kinds[kind] = true
		_, ofStream := m.stateStream()
		_, global := m.payload["global"].(map[string]any)
		if kind != "STREAM" && kind != "GLOBAL" || kind == "STREAM" && !ofStream || kind == "GLOBAL" && !global {
			p.add("line %d: a state of type %q, or without what the type asks for", m.line, kind)
		}
		if _, own := m.payload["id"]; own {
			p.add("line %d: a state with an id of its own", m.line)
		}
	}
	if len(kinds) > 1 {
		p.add("states of several types")
	}
	if len(kinds) == 0 {
		p.add("no state")
	}
	return p.err()
}

func stateCounts(t *transcript) error {
	var p problems
	since, all := map[streamName]int{}, 0
	for i := range t.messages {
		m := &t.messages[i]
		switch m.kind {
		case "RECORD":
			since[m.recordStream()]++
			all++
		case "STATE":
			want := all
			if at, ok := m.stateStream(); ok {
				want = since[at]
				since[at] = 0
			}
			all = 0
			stats, _ := m.payload["sourceStats"].(map[string]any)
			count, _ := stats["recordCount"].(json.Number)
			if got, err := count.Float64(); err != nil || got != float64(want) {
				p.add("line %d: recordCount is %q after %d records", m.line, count, want)
			}
		}
	}
	if len(t.of("STATE")) == 0 {
		return notApplicable("it sends no state")
	}
	return p.err()
}

func statesDiffer(t *transcript) error {
	var p problems
	last := map[streamName]string{}
	for _, m := range t.of("STATE") {
		at, ok := m.stateStream()
		if !ok {
			continue
		}
		stream, _ := m.payload["stream"].(map[string]any)
		value, _ := json.Marshal(stream["stream_state"]) // it was JSON before
		if last[at] == string(value) {
			p.add("line %d, %v: the state of before", m.line, at)
		}
		last[at] = string(value)
	}
	return p.err()
}

// resumption is the list of states that the platform would send after these messages.
func resumption(messages []envelope) string {
	last, global := map[streamName]json.RawMessage{}, json.RawMessage(nil)
	var order []streamName
	for i := range messages {
		m := &messages[i]
		if m.kind != "STATE" {
			continue
		}
		at, ok := m.stateStream()
		if !ok {
			global = m.raw
			continue
		}
		if last[at] == nil {
			order = append(order, at)
		}
		last[at] = m.raw
	}
	states := []json.RawMessage{}
	for _, at := range order {
		states = append(states, last[at])
	}
	if global != nil {
		states = []json.RawMessage{global}
	}
	text, _ := json.Marshal(states) // they were JSON before
	return string(text)
}

func sourceResumes(s *session) error {
	whole, streams, err := s.readByStream()
	if err != nil {
		return err
	}
	if err := whole.succeeded(); err != nil {
		return notApplicable("the complete read does not end well")
	}
	again, err := s.readEverything("")
	if err != nil {
		return err
	}
	c := complete{whole.rows(streams), again.rows(streams), func(name streamName) bool { return len(keyPaths(streams[name])) > 0 }}
	return c.afterKills(len(whole.of("STATE")), func(n int) (tally, error) { return s.resumeSource(n, streams) })
}

// resumeSource kills a read after its n-th STATE, goes on from the states so far, and returns the rows of both parts. Of the first part only
// the rows before the last state of their stream count.
func (s *session) resumeSource(n int, streams map[streamName]map[string]any) (tally, error) {
	l, err := s.startedRead()
	if err != nil {
		return nil, err
	}
	printed := l.seen.String()
	for states := strings.Count(printed, `"STATE"`); states < n; {
		line, whole := l.line()
		if !whole {
			break
		}
		printed += line + "\n"
		if m, ok := parseEnvelope(line); ok && m.kind == "STATE" {
			states++
		}
	}
	l.kill()
	l.end()
	before := transcribe(outcome{stdout: printed})
	second, err := s.readEverything(resumption(before.messages))
	if err != nil {
		return nil, err
	}
	if err := errors.Join(second.succeeded(), second.grammar()); err != nil {
		return nil, err
	}
	rows := before.covered().rows(streams)
	rows.addAll(second.rows(streams))
	return rows, nil
}

// covered is the transcript without the records after the last state of their stream.
func (t *transcript) covered() *transcript {
	last, global := map[streamName]int{}, -1
	for i := range t.messages {
		if m := &t.messages[i]; m.kind == "STATE" {
			if at, ok := m.stateStream(); ok {
				last[at] = i
			} else {
				global = i
			}
		}
	}
	kept := &transcript{}
	for i, m := range t.messages {
		if m.kind != "RECORD" || i < last[m.recordStream()] || i < global {
			kept.messages = append(kept.messages, m)
		}
	}
	return kept
}

func sourceFromEnd(s *session) error {
	whole, err := s.readAllOnce()
	if err != nil {
		return err
	}
	next, err := s.readEverything(resumption(whole.messages))
	if err != nil {
		return err
	}
	if err := errors.Join(next.succeeded(), next.grammar()); err != nil {
		return err
	}
	if before, now := len(whole.of("RECORD")), len(next.of("RECORD")); now > before {
		return fmt.Errorf("%d records, and %d in the read before", now, before)
	}
	return nil
}

func sourceStateEmpty(s *session) error {
	if s.State != "" {
		return notApplicable("the reads begin from a state that was given")
	}
	whole, err := s.readAllOnce()
	if err != nil {
		return err
	}
	var p problems
	for _, state := range []string{"[]", "{}"} {
		t, err := s.readEverything(state)
		if err != nil {
			return err
		}
		if err := errors.Join(t.succeeded(), sameCounts(whole, t)); err != nil {
			p.add("from %s: %v", state, err)
		}
	}
	return p.err()
}

func sourceStateForeign(s *session) error {
	streams, err := s.byStreamName()
	if err != nil {
		return err
	}
	var states []any
	for at := range streams {
		descriptor := map[string]any{"name": at.name}
		if at.namespace != "" {
			descriptor["namespace"] = at.namespace
		}
		states = append(states, map[string]any{"type": "STREAM", "stream": map[string]any{"stream_descriptor": descriptor,
			"stream_state": map[string]any{"no_such_member_of_a_state": []any{"of", map[string]any{"another": "source"}}}}})
	}
	text, _ := json.Marshal(states) // of plain values
	t, err := s.readEverything(string(text))
	if err != nil {
		return err
	}
	return t.failed()
}
