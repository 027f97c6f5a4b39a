package suite

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

func (s *session) withStates() (*reading, error) {
	r, err := s.complete()
	if err != nil {
		return nil, err
	}
	if r.lastState() == nil {
		return nil, notApplicable("it sends no STATE")
	}
	return r, nil
}

func stateShape(s *session) error {
	r, err := s.withStates()
	if err != nil {
		return err
	}
	var p problems
	for _, m := range r.of("STATE") {
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

func stateLast(s *session) error {
	r, err := s.withStates()
	if err != nil {
		return err
	}
	// A stream that is replaced as a whole is sent anew in any case.
	after := map[string]int{}
	for _, m := range r.messages {
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

func stateFinal(s *session) error {
	r, err := s.withStates()
	if err != nil {
		return err
	}
	var value struct {
		Bookmarks map[string]map[string]json.RawMessage `json:"bookmarks"`
	}
	if json.Unmarshal(r.lastState(), &value) != nil {
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

// stops are at how many places a run is killed.
const stops = 12

// spread are at most so many of the numbers from 1 to n, the first and the last among them.
func spread(n, places int) []int {
	if n <= places {
		places = n
	}
	var found []int
	for i := range places {
		at := n
		if places > 1 {
			at = 1 + i*(n-1)/(places-1)
		}
		found = append(found, at)
	}
	return found
}

func stateResumes(s *session) error {
	whole, err := s.withStates()
	if err != nil {
		return err
	}
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
	want, keyed, settled := whole.rows(), whole.keyed(), again.rows()
	var p problems
	for _, n := range spread(len(whole.of("STATE")), stops) {
		got, err := s.resume(n)
		if err != nil {
			p.add("killed after state %d: %v", n, err)
			continue
		}
		for _, stream := range slices.Sorted(maps.Keys(want)) {
			// Rows of no key that differ from run to run can be counted alone.
			exact := keyed[stream] || maps.Equal(want[stream], settled[stream])
			if lost := missing(want[stream], got[stream], keyed[stream], exact); lost > 0 {
				p.add("killed after state %d: %d of %d rows of stream %q never come", n, lost, len(want[stream]), stream)
			}
		}
	}
	return p.err()
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

// resume kills a run after its n-th STATE, goes on from there, and gives the rows that both sent. What came after that STATE does not count.
func (s *session) resume(n int) (map[string]map[string]int, error) {
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
	before := parse(ended{stdout: covered})
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
	for stream, more := range second.rows() {
		if rows[stream] == nil {
			rows[stream] = map[string]int{}
		}
		for row, n := range more {
			rows[stream][row] += n
		}
	}
	return rows, nil
}

// missing counts the rows that are wanted and not among those got. Rows with a key are there or not; of others each copy counts.
func missing(want, got map[string]int, keyed, exact bool) int {
	lost, wanted, sent := 0, 0, 0
	for row, n := range want {
		switch {
		case keyed && got[row] == 0:
			lost++
		case !keyed && exact:
			lost += max(0, n-got[row])
		}
		wanted += n
	}
	if exact {
		return lost
	}
	for _, n := range got {
		sent += n
	}
	return max(0, wanted-sent)
}

func stateFromEnd(s *session) error {
	whole, err := s.withStates()
	if err != nil {
		return err
	}
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

func stateEmpty(s *session) error {
	if s.State != "" {
		return notApplicable("the runs begin from a state that was given")
	}
	whole, err := s.withStates()
	if err != nil {
		return err
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
	for _, stream := range slices.Sorted(maps.Keys(a)) {
		if len(a[stream]) != len(b[stream]) {
			p.add("stream %q: %d rows, and %d in the first run", stream, len(b[stream]), len(a[stream]))
		}
	}
	return p.err()
}

func stateDamaged(s *session) error {
	if _, err := s.withStates(); err != nil {
		return err
	}
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
