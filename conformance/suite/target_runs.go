package suite

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/signalroom/signalroom/conformance/cases"
)

// The input of most checks here: two streams whose records alternate, the first with a key, and a state after every few records of both.
const (
	lastRow    = 6000
	stateEvery = 200
	schemas    = `{"type":"SCHEMA","stream":"keyed","key_properties":["n"],"schema":{"type":"object","properties":{"n":{"type":"integer"},"text":{"type":["null","string"]}}}}
{"type":"SCHEMA","stream":"keyless","key_properties":[],"schema":{"type":"object","properties":{"n":{"type":"integer"},"text":{"type":["null","string"]}}}}
`
)

// A position is how many rows of each stream have been sent, or are in the tables.
type position struct{ keyed, keyless int }

// inputFrom is what a tap sends that goes on from a position, in pieces that each end with a state.
func inputFrom(from position) []string {
	pieces := []string{schemas}
	var b strings.Builder
	for n := min(from.keyed, from.keyless) + 1; n <= lastRow; n++ {
		for _, s := range []struct {
			name string
			sent int
		}{{"keyed", from.keyed}, {"keyless", from.keyless}} {
			if n > s.sent {
				fmt.Fprintf(&b, `{"type":"RECORD","stream":"%s","record":{"n":%d,"text":"%s"}}`+"\n", s.name, n, strings.Repeat("row ", 12))
			}
		}
		if n%stateEvery == 0 {
			fmt.Fprintf(&b, `{"type":"STATE","value":{"bookmarks":{"keyed":{"n":%d},"keyless":{"n":%d}}}}`+"\n", max(n, from.keyed), max(n, from.keyless))
			pieces = append(pieces, b.String())
			b.Reset()
		}
	}
	return pieces
}

// reached is the position that a printed state stands for. Some targets merge the bookmarks of several states, so each bookmark counts by
// itself; one that is missing stands for no rows.
func reached(state string) (position, error) {
	var value struct {
		Bookmarks struct{ Keyed, Keyless struct{ N int } }
	}
	b := &value.Bookmarks
	if json.Unmarshal([]byte(state), &value) != nil || b.Keyed.N%stateEvery != 0 || b.Keyless.N%stateEvery != 0 || b.Keyed.N+b.Keyless.N == 0 {
		return position{}, errors.New("a line of standard output holds no bookmark that was sent")
	}
	return position{b.Keyed.N, b.Keyless.N}, nil
}

// smallBatches are the settings that make states come early, of those that the program has.
func (s *session) smallBatches() (map[string]any, error) {
	a, err := s.describe()
	if err != nil {
		return nil, err
	}
	settings := map[string]any{}
	for name, value := range map[string]any{"batch_size_rows": stateEvery, "batch_wait_seconds": 0} {
		if holds(s.config, name) || len(a.Settings.Properties) > 0 && s.has(a, name) {
			settings[name] = value
		}
	}
	return settings, nil
}

// feed starts the target, and sends it the pieces until it takes no more. Its input stays open.
func (s *session) feed(pieces []string) (l *running, fed *sync.WaitGroup, err error) {
	settings, err := s.smallBatches()
	if err != nil {
		return nil, nil, err
	}
	args, err := s.with(settings)
	if err != nil {
		return nil, nil, err
	}
	if l, err = s.start(nil, args...); err != nil {
		return nil, nil, err
	}
	return l, l.feed(pieces), nil
}

func (l *running) feed(pieces []string) *sync.WaitGroup {
	fed := &sync.WaitGroup{}
	fed.Go(func() {
		for _, piece := range pieces {
			if _, err := io.WriteString(l.stdin, piece); err != nil {
				return
			}
		}
	})
	return fed
}

// closeInput closes the input when all is fed.
func (l *running) closeInput(fed *sync.WaitGroup) {
	go func() {
		fed.Wait()
		l.stdin.Close()
	}()
}

// holdsRows is an error when rows up to the position are missing from the tables.
func (s *session) holdsRows(at position) error {
	for _, t := range []struct {
		table string
		rows  int
	}{{"keyed", at.keyed}, {"keyless", at.keyless}} {
		if t.rows == 0 {
			continue // the table may not be there yet
		}
		got, err := s.answers(fmt.Sprintf("SELECT count(DISTINCT n) FROM %s WHERE n::bigint <= %d", t.table, t.rows))
		if err != nil {
			return fmt.Errorf("looking into the tables: %w", err)
		}
		if got != fmt.Sprintf("%d\n", t.rows) {
			return fmt.Errorf("%s of %d rows are in %s", strings.TrimSpace(got), t.rows, t.table)
		}
	}
	return nil
}

func neverAhead(s *session) error {
	l, fed, err := s.feed(inputFrom(position{}))
	if err != nil {
		return err
	}
	l.closeInput(fed)
	if err := s.statesHold(l, func(line string) (*position, error) {
		at, err := reached(line)
		return &at, err
	}); err != nil {
		return err
	}
	return s.holdsRows(position{lastRow, lastRow})
}

// statesHold looks into the tables at the moment in which each state comes out, until the program ends. position reads a line of the
// output; nil is no state.
func (s *session) statesHold(l *running, position func(line string) (*position, error)) error {
	var p problems
	states := 0
	for {
		line, ok := l.line()
		if !ok {
			break
		}
		at, err := position(line)
		if err == nil && at == nil {
			continue
		}
		states++
		if err == nil {
			err = s.holdsRows(*at)
		}
		if err != nil {
			p.add("state %d: %v", states, err)
		}
	}
	p.addError(l.end().succeeded())
	if states == 0 {
		p.add("no state comes out")
	}
	return p.err()
}

// A killPoint is when a target is killed: when it has printed so many states, or has been sent so many pieces.
type killPoint struct{ states, pieces int }

func (k killPoint) String() string {
	if k.states > 0 {
		return fmt.Sprintf("killed at state %d", k.states)
	}
	return fmt.Sprintf("killed at %d of %d pieces", k.pieces, lastRow/stateEvery)
}

func killed(s *session) error {
	var p problems
	for _, at := range []killPoint{{states: 1}, {states: 2}, {states: 5}, {pieces: 5}, {pieces: 15}, {pieces: 30}} {
		err := s.inSchema(func(s *session) error { return s.killAt(at) })
		if err == nil {
			continue
		}
		if _, ours := err.(machineError); ours {
			return err
		}
		p.add("%v: %v", at, err)
	}
	return p.err()
}

// killAt kills a target, compares the tables with its last state, and has another run go on from there.
func (s *session) killAt(at killPoint) error {
	pieces := inputFrom(position{})
	if at.pieces > 0 {
		pieces = pieces[:at.pieces+1]
	}
	l, fed, err := s.feed(pieces)
	if err != nil {
		return err
	}
	if at.pieces > 0 {
		fed.Wait()
	} else {
		l.closeInput(fed) // a target may print its states only at the end
		for range at.states {
			if _, ok := l.line(); !ok {
				break
			}
		}
	}
	l.kill()
	e := l.end()
	fed.Wait()
	if e.code != 0 && e.signal != syscall.SIGKILL {
		return fmt.Errorf("it ends by itself: %w", e.succeeded())
	}
	var from position
	for line := range strings.Lines(e.stdout) {
		if !strings.HasSuffix(line, "\n") {
			break
		}
		if from, err = reached(line); err != nil {
			return err
		}
	}
	if err := s.holdsRows(from); err != nil {
		return fmt.Errorf("the last state runs ahead: %w", err)
	}
	if err := s.loads(strings.Join(inputFrom(from), "")); err != nil {
		return fmt.Errorf("the run after it: %w", err)
	}
	return s.holdsRows(position{lastRow, lastRow})
}

// loads is a run of a target over an input, which must end well.
func (s *session) loads(input string) error {
	e, err := s.loadInto(nil, cases.Step{Input: input})
	if err != nil {
		return err
	}
	return e.succeeded()
}

func drained(s *session) error {
	pieces := inputFrom(position{})[:lastRow/stateEvery/2]
	l, fed, err := s.feed(pieces)
	if err != nil {
		return err
	}
	fed.Wait()
	// A target that is still connecting has loaded nothing. One that prints its states late gives no sign, so the wait is bounded.
	const longest = 10 * time.Second
	begun := make(chan struct{})
	go func() {
		l.line()
		close(begun)
	}()
	select {
	case <-begun:
	case <-time.After(longest):
	}
	l.signal(syscall.SIGTERM)
	<-begun
	e := l.end()
	l.stdin.Close()
	var p problems
	switch {
	case e.timedOut:
		p.add("it goes on")
	case e.signal != 0:
		p.add("the signal kills it where it stands")
	case e.code != 0 && e.code != 128+int(syscall.SIGTERM):
		p.add("exit code %d", e.code)
	}
	if stackTrace.MatchString(e.stderr) {
		p.add("a stack trace")
	}
	last := ""
	for line := range strings.Lines(e.stdout) {
		last = line
	}
	if last == "" {
		p.add("no state comes out")
	} else if n, err := reached(last); err != nil {
		p.addError(err)
	} else {
		p.addError(s.holdsRows(n))
	}
	return p.err()
}

func longRecord(s *session) error {
	const size = 20 << 20
	if err := s.loads(`{"type":"SCHEMA","stream":"long","key_properties":["id"],"schema":{"type":"object","properties":{"id":{"type":"integer"},"text":{"type":["null","string"]}}}}` + "\n" +
		`{"type":"RECORD","stream":"long","record":{"id":1,"text":"` + strings.Repeat("x", size) + `"}}` + "\n" + `{"type":"STATE","value":{"bookmarks":{}}}` + "\n"); err != nil {
		return err
	}
	return s.expect("SELECT id::int, length(text) FROM long", fmt.Sprintf("1 | %d\n", size))
}

func manyStreams(s *session) error {
	const streams = 200
	var b strings.Builder
	for i := range streams {
		fmt.Fprintf(&b, `{"type":"SCHEMA","stream":"stream_%d","key_properties":["id"],"schema":{"type":"object","properties":{"id":{"type":"integer"}}}}`+"\n", i)
	}
	for row := range 3 {
		for i := range streams {
			fmt.Fprintf(&b, `{"type":"RECORD","stream":"stream_%d","record":{"id":%d}}`+"\n", i, row)
		}
	}
	b.WriteString(`{"type":"STATE","value":{"bookmarks":{}}}` + "\n")
	if err := s.loads(b.String()); err != nil {
		return err
	}
	return s.expect("SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema AND table_name LIKE 'stream\\_%';\nSELECT count(*) FROM stream_199", "200\n3\n")
}
