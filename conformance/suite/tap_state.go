package suite

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// onStates is a check of the complete run. It is not applicable to a tap that sends no STATE.
func onStates(check func(s *session, whole *reading) error) func(*session) error {
	return func(s *session) error {
		whole, err := s.complete()
		if err != nil {
			return err
		}
		if whole.lastState() == nil {
			return notApplicable("it sends no STATE")
		}
		return check(s, whole)
	}
}

func stateShape(_ *session, whole *reading) error {
	var p problems
	for _, m := range whole.of("STATE") {
		var value map[string]any
		if json.Unmarshal(m.members["value"], &value) != nil {
			p.add("line %d: the state is no object", m.line)
		} else if bookmarks, ok := value["bookmarks"]; ok {
			if _, ok := bookmarks.(map[string]any); !ok {
				p.add("line %d: bookmarks is no object", m.line)
			}
		}
	}
	return p.err()
}

func stateLast(_ *session, whole *reading) error {
	// A stream that is replaced as a whole is read again with every run in any case.
	after := map[string]int{}
	for _, m := range whole.messages {
		switch m.kind {
		case "RECORD", "BATCH":
			after[m.stream]++
		case "ACTIVATE_VERSION":
			delete(after, m.stream)
		case "STATE":
			clear(after)
		}
	}
	var p problems
	for _, stream := range slices.Sorted(maps.Keys(after)) {
		p.add("stream %q: %d records come after the last STATE", stream, after[stream])
	}
	return p.err()
}

func stateFinal(_ *session, whole *reading) error {
	var value struct {
		Bookmarks map[string]map[string]json.RawMessage `json:"bookmarks"`
	}
	if json.Unmarshal(whole.lastState(), &value) != nil {
		return notApplicable("the state is of another form")
	}
	var p problems
	for _, stream := range slices.Sorted(maps.Keys(value.Bookmarks)) {
		if _, ok := value.Bookmarks[stream]["progress_markers"]; ok {
			p.add("stream %q has progress_markers", stream)
		}
	}
	return p.err()
}

func stateResumes(s *session, whole *reading) error {
	if err := whole.succeeded(); err != nil {
		return notApplicable("the complete run does not end well")
	}
	if len(whole.of("BATCH")) > 0 {
		return notApplicable("its rows are in files")
	}
	again, err := s.repeat()
	if err != nil {
		return err
	}
	keyed := whole.keyed()
	c := complete{whole.rows(), again.rows(), func(stream streamName) bool { return keyed[stream] }}
	return c.afterKills(len(whole.of("STATE")), s.resume)
}

// repeat is a second complete run.
func (s *session) repeat() (*reading, error) {
	if s.again == nil {
		r, err := s.readAll(nil)
		if err != nil {
			return nil, err
		}
		s.again = r
	}
	return s.again, nil
}

// resume kills a run after its n-th STATE, goes on from there, and returns the rows of both parts. Rows after that STATE do not count.
func (s *session) resume(n int) (tally, error) {
	args, err := s.arguments(nil)
	if err != nil {
		return nil, err
	}
	first, err := s.start(nil, args...)
	if err != nil {
		return nil, err
	}
	first.stdin.Close()
	covered := ""
	for states := 0; states < n; {
		line, whole := first.line()
		if !whole {
			break
		}
		covered += line + "\n"
		if m, ok := parseMessage(line); ok && m.kind == "STATE" {
			states++
		}
	}
	first.kill()
	first.end()
	before := parse(outcome{stdout: covered})
	state := before.lastState()
	if state == nil {
		return nil, errors.New("this time no state comes")
	}
	second, err := s.readAll(state)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(second.succeeded(), second.grammar()); err != nil {
		return nil, err
	}
	rows := before.rows()
	rows.addAll(second.rows())
	return rows, nil
}

func stateFromEnd(s *session, whole *reading) error {
	next, err := s.readAll(whole.lastState())
	if err != nil {
		return err
	}
	if err := errors.Join(next.succeeded(), next.grammar()); err != nil {
		return err
	}
	if before, now := len(whole.of("RECORD")), len(next.of("RECORD")); now > before {
		return fmt.Errorf("%d records, and %d in the run before", now, before)
	}
	return nil
}

func stateEmpty(s *session, whole *reading) error {
	if s.State != "" {
		return notApplicable("the runs begin from a state that was given")
	}
	r, err := s.readAll(json.RawMessage("{}"))
	if err != nil {
		return err
	}
	if err := r.succeeded(); err != nil {
		return err
	}
	return sameStreams(whole, r)
}

// sameStreams compares two runs by their number of rows in each stream.
func sameStreams(want, got *reading) error {
	var p problems
	a, b := want.rows(), got.rows()
	for _, stream := range inOrder(a) {
		if len(a[stream]) != len(b[stream]) {
			p.add("%v: %d rows, and %d in the first run", stream, len(b[stream]), len(a[stream]))
		}
	}
	return p.err()
}

func stateDamaged(s *session, _ *reading) error {
	r, err := s.readAll(json.RawMessage(`{"bookmarks":{"`))
	if err != nil {
		return err
	}
	if len(r.of("RECORD")) > 0 {
		return errors.New("it reads as if there were no state")
	}
	return r.refused()
}

func repeatable(s *session) error {
	whole, err := s.complete()
	if err != nil {
		return err
	}
	if len(whole.of("RECORD")) == 0 {
		return notApplicable("it sends no record")
	}
	again, err := s.repeat()
	if err != nil {
		return err
	}
	if err := again.succeeded(); err != nil {
		return err
	}
	return sameStreams(whole, again)
}
