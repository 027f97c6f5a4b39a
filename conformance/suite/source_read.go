package suite

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"syscall"
)

// readAllOnce is the complete read that several checks look at.
func (s *session) readAllOnce() (*transcript, error) {
	if _, err := s.streams(); err != nil {
		return nil, err
	}
	if s.source.whole == nil {
		t, err := s.readEverything("")
		if err != nil {
			return nil, err
		}
		s.source.whole = t
	}
	return s.source.whole, nil
}

func sourceEndsWell(s *session) error {
	t, err := s.readAllOnce()
	if err != nil {
		return err
	}
	if err := t.succeeded(); err != nil {
		return err
	}
	if len(t.of("RECORD")) == 0 {
		return errors.New("it sends no record: point it at a source that has rows")
	}
	return nil
}

func sourceGrammar(s *session) error {
	t, err := s.readAllOnce()
	if err != nil {
		return err
	}
	return t.grammar()
}

// counts are the records of each stream that has some.
func (t *transcript) counts() map[place]int {
	counts := map[place]int{}
	for _, m := range t.of("RECORD") {
		counts[m.recordPlace()]++
	}
	return counts
}

func sameCounts(want, got *transcript) error {
	var p problems
	a, b := want.counts(), got.counts()
	for _, at := range inOrder(a) {
		if a[at] != b[at] {
			p.add("%v: %d records, and %d in the first read", at, b[at], a[at])
		}
	}
	return p.err()
}

// byPlace are the streams of the configured catalog.
func (s *session) byPlace() (map[place]map[string]any, error) {
	configured, err := s.configure()
	if err != nil {
		return nil, err
	}
	found := map[place]map[string]any{}
	for _, entry := range configured {
		stream, _ := entry["stream"].(map[string]any)
		found[placeOf(stream)] = stream
	}
	return found, nil
}

// overSent looks at each record of the complete read, given its stream of the catalog; nil where there is none.
func overSent(s *session, visit func(p *problems, m *envelope, stream map[string]any)) error {
	t, err := s.readAllOnce()
	if err != nil {
		return err
	}
	streams, err := s.byPlace()
	if err != nil {
		return err
	}
	records := t.of("RECORD")
	if len(records) == 0 {
		return notApplicable("it sends no record")
	}
	var p problems
	for _, m := range records {
		visit(&p, m, streams[m.recordPlace()])
	}
	return p.err()
}

func knownStreams(s *session) error {
	return overSent(s, func(p *problems, m *envelope, stream map[string]any) {
		if stream == nil {
			p.add("line %d: %v is not in the catalog", m.line, m.recordPlace())
		}
	})
}

func recordsNotEmpty(s *session) error {
	return overSent(s, func(p *problems, m *envelope, _ map[string]any) {
		if data, _ := m.payload["data"].(map[string]any); len(data) == 0 {
			p.add("line %d, %v: no data", m.line, m.recordPlace())
		}
	})
}

func sourceRecordsMatch(s *session) error { return matchSent(s, false) }

func sourceFormatsMatch(s *session) error { return matchSent(s, true) }

func matchSent(s *session, formats bool) error {
	compiled := map[place]pair{}
	return overSent(s, func(p *problems, m *envelope, stream map[string]any) {
		at := m.recordPlace()
		both, ok := compiled[at]
		if !ok {
			schema, _ := stream["json_schema"].(map[string]any)
			both, _ = compile(schema) // discover/schemas tells of it
			compiled[at] = both
		}
		if err := both.breach(m.payload["data"], formats); err != nil {
			p.add("line %d, %v: %v", m.line, at, err)
		}
	})
}

func sourceKeysPresent(s *session) error {
	return overSent(s, func(p *problems, m *envelope, stream map[string]any) {
		for _, path := range keyPaths(stream) {
			if follow(m.payload["data"], path) == nil {
				p.add("line %d, %v: no value of key %q", m.line, m.recordPlace(), strings.Join(path, "."))
			}
		}
	})
}

func follow(value any, path []string) any {
	for _, name := range path {
		members, _ := value.(map[string]any)
		value = members[name]
	}
	return value
}

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

func sourceDebug(s *session) error {
	streams, err := s.configure()
	if err != nil {
		return err
	}
	args, err := s.readArguments(streams, "")
	if err != nil {
		return err
	}
	t, err := s.verb([]string{"LOG_LEVEL=DEBUG"}, append(args, "--debug")...)
	if err != nil {
		return err
	}
	return errors.Join(t.succeeded(), t.grammar())
}

// amidst starts a read and waits for its first line.
func (s *session) amidst() (*live, error) {
	streams, err := s.configure()
	if err != nil {
		return nil, err
	}
	args, err := s.readArguments(streams, "")
	if err != nil {
		return nil, err
	}
	l, err := s.start(nil, args...)
	if err != nil {
		return nil, err
	}
	l.stdin.Close()
	if _, ok := l.line(); !ok {
		l.end()
		return nil, notApplicable("it prints nothing")
	}
	return l, nil
}

func sourceSigterm(s *session) error {
	whole, err := s.readAllOnce()
	if err != nil {
		return err
	}
	l, err := s.amidst()
	if err != nil {
		return err
	}
	l.signal(syscall.SIGTERM)
	t := transcribe(l.end())
	var p problems
	finished := t.code == 0 && len(t.of("RECORD")) >= len(whole.of("RECORD"))
	if finished && len(t.stdout) >= buffered || t.timedOut {
		p.add("it goes on to the end")
	}
	p.addError(t.grammar())
	if stackTrace.MatchString(t.stderr) {
		p.add("a stack trace")
	}
	if finished && len(p.told) == 0 {
		return notApplicable("the read is over before the signal comes; give it more to read")
	}
	return p.err()
}

func sourceClosedPipe(s *session) error {
	l, err := s.amidst()
	if err != nil {
		return err
	}
	l.deaf()
	e := l.end()
	switch {
	case e.timedOut:
		return errors.New("it goes on")
	case stackTrace.MatchString(e.stderr):
		return errors.New("a stack trace")
	}
	return nil
}

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
