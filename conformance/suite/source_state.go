package suite

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
)

// identities counts the rows of each stream: by key where the catalog names one, otherwise by all that they hold.
func (t *transcript) identities(streams map[place]map[string]any) map[place]map[string]int {
	rows := map[place]map[string]int{}
	for _, m := range t.of("RECORD") {
		at := m.recordPlace()
		identity := m.payload["data"]
		if paths := keyPaths(streams[at]); len(paths) > 0 {
			var values []any
			for _, path := range paths {
				values = append(values, follow(identity, path))
			}
			identity = values
		}
		text, _ := json.Marshal(identity) // it was JSON before
		if rows[at] == nil {
			rows[at] = map[string]int{}
		}
		rows[at][string(text)]++
	}
	return rows
}

func stateForm(s *session) error {
	t, err := s.readAllOnce()
	if err != nil {
		return err
	}
	var p problems
	kinds := map[string]bool{}
	for _, m := range t.of("STATE") {
		kind := text(m.payload, "type")
		kinds[kind] = true
		_, ofStream := m.statePlace()
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

func stateCounts(s *session) error {
	t, err := s.readAllOnce()
	if err != nil {
		return err
	}
	var p problems
	since, all := map[place]int{}, 0
	for i := range t.messages {
		m := &t.messages[i]
		switch m.kind {
		case "RECORD":
			since[m.recordPlace()]++
			all++
		case "STATE":
			want := all
			if at, ok := m.statePlace(); ok {
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

func statesDiffer(s *session) error {
	t, err := s.readAllOnce()
	if err != nil {
		return err
	}
	var p problems
	last := map[place]string{}
	for _, m := range t.of("STATE") {
		at, ok := m.statePlace()
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
	last, global := map[place]json.RawMessage{}, json.RawMessage(nil)
	var order []place
	for i := range messages {
		m := &messages[i]
		if m.kind != "STATE" {
			continue
		}
		at, ok := m.statePlace()
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
	whole, err := s.readAllOnce()
	if err != nil {
		return err
	}
	if err := whole.succeeded(); err != nil {
		return notApplicable("the complete read does not end well")
	}
	streams, err := s.byPlace()
	if err != nil {
		return err
	}
	if s.source.again, err = s.readEverything(""); err != nil {
		return err
	}
	want, settled := whole.identities(streams), s.source.again.identities(streams)
	var p problems
	for _, n := range spread(len(whole.of("STATE")), stops) {
		got, err := s.resumeSource(n, streams)
		if err != nil {
			p.add("killed after state %d: %v", n, err)
			continue
		}
		for _, at := range inOrder(want) {
			keyed := len(keyPaths(streams[at])) > 0
			if lost := missing(want[at], got[at], keyed, keyed || maps.Equal(want[at], settled[at])); lost > 0 {
				p.add("killed after state %d: %d of %d rows of %v never come", n, lost, len(want[at]), at)
			}
		}
	}
	return p.err()
}

// resumeSource kills a read after its n-th STATE, goes on from the states so far, and gives the rows that both sent. Of each stream those
// count that came before its last state.
func (s *session) resumeSource(n int, streams map[place]map[string]any) (map[place]map[string]int, error) {
	l, err := s.amidst()
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
	before := transcribe(ended{stdout: printed})
	second, err := s.readEverything(resumption(before.messages))
	if err != nil {
		return nil, err
	}
	if err := errors.Join(second.succeeded(), second.grammar()); err != nil {
		return nil, err
	}
	rows := before.covered().identities(streams)
	for at, more := range second.identities(streams) {
		if rows[at] == nil {
			rows[at] = map[string]int{}
		}
		for row, n := range more {
			rows[at][row] += n
		}
	}
	return rows, nil
}

// covered is the transcript without the records that no state of their stream follows.
func (t *transcript) covered() *transcript {
	last, global := map[place]int{}, -1
	for i := range t.messages {
		if m := &t.messages[i]; m.kind == "STATE" {
			if at, ok := m.statePlace(); ok {
				last[at] = i
			} else {
				global = i
			}
		}
	}
	kept := &transcript{}
	for i, m := range t.messages {
		if m.kind != "RECORD" || i < last[m.recordPlace()] || i < global {
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
	streams, err := s.byPlace()
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
