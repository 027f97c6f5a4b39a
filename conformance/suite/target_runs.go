package suite

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"syscall"
)

// Two streams in turns, the first with a key, and a state after every few rows of both.
const (
	turns      = 6000
	turnsState = 200
	turnsHead  = `{"type":"SCHEMA","stream":"keyed","key_properties":["n"],"schema":{"type":"object","properties":{"n":{"type":"integer"},"text":{"type":["null","string"]}}}}
{"type":"SCHEMA","stream":"keyless","key_properties":[],"schema":{"type":"object","properties":{"n":{"type":"integer"},"text":{"type":["null","string"]}}}}
`
)

// A point is how many rows of each stream of the turns have been sent, or are in the tables.
type point struct{ keyed, keyless int }

var all = point{turns, turns}

// turnsFrom is the input of a tap that has sent what the point says, in pieces of which each ends with a state.
func turnsFrom(from point) []string {
	pieces := []string{turnsHead}
	var b strings.Builder
	for n := min(from.keyed, from.keyless) + 1; n <= turns; n++ {
		for _, s := range []struct {
			name string
			sent int
		}{{"keyed", from.keyed}, {"keyless", from.keyless}} {
			if n > s.sent {
				fmt.Fprintf(&b, `{"type":"RECORD","stream":"%s","record":{"n":%d,"text":"%s"}}`+"\n", s.name, n, strings.Repeat("row ", 12))
			}
		}
		if n%turnsState == 0 {
			fmt.Fprintf(&b, `{"type":"STATE","value":{"bookmarks":{"keyed":{"n":%d},"keyless":{"n":%d}}}}`+"\n", max(n, from.keyed), max(n, from.keyless))
			pieces = append(pieces, b.String())
			b.Reset()
		}
	}
	return pieces
}

// reached is what a state speaks for. Some targets join the bookmarks of several states, so each counts by itself, and one that is not
// there speaks for nothing.
func reached(state string) (point, error) {
	var value struct {
		Bookmarks struct{ Keyed, Keyless struct{ N int } }
	}
	b := &value.Bookmarks
	if json.Unmarshal([]byte(state), &value) != nil || b.Keyed.N%turnsState != 0 || b.Keyless.N%turnsState != 0 || b.Keyed.N+b.Keyless.N == 0 {
		return point{}, errors.New("a line of standard output holds no bookmark that was sent")
	}
	return point{b.Keyed.N, b.Keyless.N}, nil
}

// eager are settings that make states come early, of those that the program has.
func (s *session) eager() (map[string]any, error) {
	a, err := s.describe()
	if err != nil {
		return nil, err
	}
	settings := map[string]any{}
	for name, value := range map[string]any{"batch_size_rows": turnsState, "batch_wait_seconds": 0} {
		if holds(s.config, name) || len(a.Settings.Properties) > 0 && s.has(a, name) {
			settings[name] = value
		}
	}
	return settings, nil
}

// feed starts the target and sends it the pieces, until it takes no more. end closes its input.
func (s *session) feed(pieces []string) (l *live, fed *sync.WaitGroup, err error) {
	settings, err := s.eager()
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
	fed = &sync.WaitGroup{}
	fed.Go(func() {
		for _, piece := range pieces {
			if _, err := io.WriteString(l.stdin, piece); err != nil {
				return
			}
		}
	})
	return l, fed, nil
}

// holdsRows is an error where a table has fewer of its first rows than the point says.
func (s *session) holdsRows(at point) error {
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
	l, fed, err := s.feed(turnsFrom(point{}))
	if err != nil {
		return err
	}
	go func() {
		fed.Wait()
		l.stdin.Close()
	}()
	var p problems
	states := 0
	for {
		line, ok := l.line()
		if !ok {
			break
		}
		n, err := reached(line)
		if err == nil {
			states++
			err = s.holdsRows(n)
		}
		if err != nil {
			p.add("state %d: %v", states, err)
		}
	}
	e := l.end()
	fed.Wait()
	p.addError(e.succeeded())
	if states == 0 {
		p.add("no state comes out")
	}
	p.addError(s.holdsRows(all))
	return p.err()
}

// A blow is when a target is killed: when it has printed so many states, or has been sent so many pieces.
type blow struct{ states, pieces int }

func (b blow) String() string {
	if b.states > 0 {
		return fmt.Sprintf("killed at state %d", b.states)
	}
	return fmt.Sprintf("killed at %d of %d pieces", b.pieces, turns/turnsState)
}

func killed(s *session) error {
	var p problems
	for _, b := range []blow{{states: 1}, {states: 2}, {states: 5}, {pieces: 5}, {pieces: 15}, {pieces: 30}} {
		err := inSchema(singerTarget(), func(s *session) error { return s.strike(b) })(s)
		if err == nil {
			continue
		}
		if _, ours := err.(machineError); ours {
			return err
		}
		p.add("%v: %v", b, err)
	}
	return p.err()
}

func (s *session) strike(b blow) error {
	pieces := turnsFrom(point{})
	if b.pieces > 0 {
		pieces = pieces[:b.pieces+1]
	}
	l, fed, err := s.feed(pieces)
	if err != nil {
		return err
	}
	var from point
	if b.pieces > 0 {
		fed.Wait()
		l.kill()
	} else {
		go func() { // a target may print its states only at the end
			fed.Wait()
			l.stdin.Close()
		}()
		for range b.states {
			if _, ok := l.line(); !ok {
				break
			}
		}
		l.kill()
	}
	e := l.end()
	fed.Wait()
	if e.code != 0 && e.signal != syscall.SIGKILL {
		return fmt.Errorf("it ends by itself: %w", e.succeeded())
	}
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
	args, err := s.with(nil)
	if err != nil {
		return err
	}
	again, err := s.run(strings.Join(turnsFrom(from), ""), nil, args...)
	if err != nil {
		return err
	}
	if err := again.succeeded(); err != nil {
		return fmt.Errorf("the run after it: %w", err)
	}
	return s.holdsRows(all)
}

func drained(s *session) error {
	pieces := turnsFrom(point{})[:turns/turnsState/2]
	l, fed, err := s.feed(pieces)
	if err != nil {
		return err
	}
	fed.Wait()
	l.signal(syscall.SIGTERM)
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
	args, err := s.with(nil)
	if err != nil {
		return err
	}
	const size = 20 << 20
	e, err := s.run(`{"type":"SCHEMA","stream":"long","key_properties":["id"],"schema":{"type":"object","properties":{"id":{"type":"integer"},"text":{"type":["null","string"]}}}}`+"\n"+
		`{"type":"RECORD","stream":"long","record":{"id":1,"text":"`+strings.Repeat("x", size)+`"}}`+"\n"+`{"type":"STATE","value":{"bookmarks":{}}}`+"\n", nil, args...)
	if err != nil {
		return err
	}
	if err := e.succeeded(); err != nil {
		return err
	}
	return s.expect("SELECT id::int, length(text) FROM long", fmt.Sprintf("1 | %d\n", size))
}

func (s *session) expect(query, want string) error {
	got, err := s.answers(query)
	if err != nil {
		return fmt.Errorf("looking into the tables: %w", err)
	}
	if got != want {
		return fmt.Errorf("the tables hold\n%s\ninstead of\n%s", indent(got), indent(want))
	}
	return nil
}

func manyStreams(s *session) error {
	args, err := s.with(nil)
	if err != nil {
		return err
	}
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
	e, err := s.run(b.String(), nil, args...)
	if err != nil {
		return err
	}
	if err := e.succeeded(); err != nil {
		return err
	}
	return s.expect("SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema AND table_name LIKE 'stream\\_%';\nSELECT count(*) FROM stream_199", "200\n3\n")
}
