package suite

import (
	"slices"
	"strings"
)

// progress is what came of a stream, in order: statuses and, between them, whether there were records and states.
type progress struct {
	statuses []string
	states   int
	late     int // records after COMPLETE
}

func (t *transcript) progress() map[place]*progress {
	found := map[place]*progress{}
	at := func(p place) *progress {
		if found[p] == nil {
			found[p] = &progress{}
		}
		return found[p]
	}
	for i := range t.messages {
		m := &t.messages[i]
		switch m.kind {
		case "RECORD":
			if p := at(m.recordPlace()); slices.Contains(p.statuses, "COMPLETE") {
				p.late++
			}
		case "STATE":
			if global, ok := m.payload["global"].(map[string]any); ok {
				list, _ := global["stream_states"].([]any)
				for _, entry := range list {
					stream, _ := entry.(map[string]any)
					descriptor, _ := stream["stream_descriptor"].(map[string]any)
					at(placeOf(descriptor)).states++
				}
			} else if stream, ok := m.statePlace(); ok {
				at(stream).states++
			}
		case "TRACE":
			if status, ok := m.payload["stream_status"].(map[string]any); ok {
				descriptor, _ := status["stream_descriptor"].(map[string]any)
				p := at(placeOf(descriptor))
				p.statuses = append(p.statuses, text(status, "status"))
			}
		}
	}
	return found
}

func statuses(s *session) error {
	t, err := s.readAllOnce()
	if err != nil {
		return err
	}
	streams, err := s.byPlace()
	if err != nil {
		return err
	}
	var p problems
	found := t.progress()
	for _, at := range inOrder(streams) {
		one := found[at]
		if one == nil {
			one = &progress{}
		}
		if got := strings.Join(slices.Compact(one.statuses), " "); got != "STARTED RUNNING COMPLETE" {
			p.add("%v: the statuses are %q", at, got)
		}
		if one.late > 0 {
			p.add("%v: %d records after COMPLETE", at, one.late)
		}
	}
	return p.err()
}

func stateOfEachStream(s *session) error {
	t, err := s.readAllOnce()
	if err != nil {
		return err
	}
	streams, err := s.byPlace()
	if err != nil {
		return err
	}
	var p problems
	found := t.progress()
	for _, at := range inOrder(streams) {
		if found[at] == nil || found[at].states == 0 {
			p.add("%v: no state", at)
		}
	}
	return p.err()
}
