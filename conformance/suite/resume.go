package suite

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A streamName names a stream. Singer has no namespaces.
type streamName struct{ namespace, name string }

func (n streamName) String() string {
	if n.namespace == "" {
		return fmt.Sprintf("stream %q", n.name)
	}
	return fmt.Sprintf("stream %q of %q", n.name, n.namespace)
}

// inOrder are the streams of a map, by name.
func inOrder[V any](of map[streamName]V) []streamName {
	return slices.SortedFunc(maps.Keys(of), func(a, b streamName) int { return strings.Compare(a.String(), b.String()) })
}

// A tally counts the rows of each stream. Rows of a stream with a key are the same when their keys are, others when all their fields are.
type tally map[streamName]map[string]int

func (t tally) add(stream streamName, identity any) {
	text, _ := json.Marshal(identity) // it was JSON before
	if t[stream] == nil {
		t[stream] = map[string]int{}
	}
	t[stream][string(text)]++
}

func (t tally) addAll(more tally) {
	for stream, rows := range more {
		if t[stream] == nil {
			t[stream] = map[string]int{}
		}
		for row, n := range rows {
			t[stream][row] += n
		}
	}
}

// A complete holds the rows of a complete run, for comparison with runs that were killed and went on; and those of a second complete run, since
// rows without a key may differ from run to run.
type complete struct {
	rows, again tally
	keyed       func(streamName) bool
}

// stops is how many runs are killed.
const stops = 12

// afterKills compares the complete run with resumed ones. resume kills a run after its n-th state, goes on from that state, and returns the
// rows of both parts. Rows that differ from run to run can only be counted.
func (c complete) afterKills(states int, resume func(n int) (tally, error)) error {
	var p problems
	for _, n := range spread(states, stops) {
		got, err := resume(n)
		if err != nil {
			p.add("killed after state %d: %v", n, err)
			continue
		}
		for _, stream := range inOrder(c.rows) {
			want, keyed := c.rows[stream], c.keyed(stream)
			lost := missing(want, got[stream], keyed)
			if !keyed && !maps.Equal(want, c.again[stream]) {
				lost = max(0, sum(want)-sum(got[stream]))
			}
			if lost > 0 {
				p.add("killed after state %d: %d of %d rows of %v never come", n, lost, len(want), stream)
			}
		}
	}
	return p.err()
}

// missing counts the rows of want that got lacks. A row with a key counts once, of another row each copy does.
func missing(want, got map[string]int, keyed bool) int {
	lost := 0
	for row, n := range want {
		if keyed {
			n = 1
		}
		lost += max(0, n-got[row])
	}
	return lost
}

func sum(counts map[string]int) int {
	total := 0
	for _, n := range counts {
		total += n
	}
	return total
}

// spread are the numbers from 1 to n, or evenly chosen ones of them, with the first and the last.
func spread(n, most int) []int {
	if n <= most {
		most = n
	}
	var found []int
	for i := range most {
		at := n
		if most > 1 {
			at = 1 + i*(n-1)/(most-1)
		}
		found = append(found, at)
	}
	return found
}
