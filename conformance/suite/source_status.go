package suite

import (
	"slices"
	"strings"
)

// progress is what a read says about one stream.
type progress struct {
	statuses []string
	states   int
	late     int // number of records after COMPLETE
}

func (t *transcript) progress() map[streamName]*progress {
	found := map[streamName]*progress{}
	at := func(p streamName) *progress {
		if found[p] == nil {
			found[p] = &progress{}
		}
		return found[p]
	}
	for i := range t.messages {
		m := &t.messages[i]
		switch m.kind {
		case "RECORD":
			if p := at(m.recordStream()); slices.Contains(p.statuses, "COMPLETE") {
				p.late++
			}
		case "STATE":
			if global, ok := m.payload["global"].(map[string]any); ok {
				list, _ := global["stream_states"].([]any)
				for _, entry := range list {
					stream, _ := entry.(map[string]any)
					descriptor, _ := stream["stream_descriptor"].(map[string]any)
					at(streamNameOf(descriptor)).states++
				}
			} else if stream, ok := m.stateStream(); ok {
				at(stream).states++
			}
		case "TRACE":
			if status, ok := m.payload["stream_status"].(map[string]any); ok {
				descriptor, _ := status["stream_descriptor"].(map[string]any)
				p := at(streamNameOf(descriptor))
				p.statuses = append(p.statuses, text(status, "status"))
			}
		}
	}
	return found
}

// onProgress is a check of what came of each stream of the catalog in the complete read.
func onProgress(check func(p *problems, name streamName, of progress)) func(*session) error {
	return func(s *session) error {
		t, streams, err := s.readByStream()
		if err != nil {
			return err
		}
		var p problems
		found := t.progress()
		for _, name := range inOrder(streams) {
			of := progress{}
			if found[name] != nil {
				of = *found[name]
			}
			check(&p, name, of)
		}
		return p.err()
	}
}

func statuses(p *problems, name streamName, of progress) {
	if got := strings.Join(slices.Compact(of.statuses), " "); got != "STARTED RUNNING COMPLETE" {
		p.add("%v: the statuses are %q", name, got)
	}
	if of.late > 0 {
		p.add("%v: %d records after COMPLETE", name, of.late)
	}
}

func stateOfEachStream(p *problems, name streamName, of progress) {
	if of.states == 0 {
		p.add("%v: no state", name)
	}
}
