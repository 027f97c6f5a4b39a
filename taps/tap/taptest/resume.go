package taptest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/signalroom/signalroom/taps/tap"
)

// A Promise is how rows come out over several runs.
type Promise int

const (
	// Once: every row comes exactly once.
	Once Promise = iota
	// AtLeastOnce: some rows come again, as they were.
	AtLeastOnce
)

// Resume cuts the output of a run after every checkpoint, goes on from there in a new run, and compares the union with the
// uncut run. The sets of a replace stream are not resumed: a run that goes on sends all of it again, or nothing.
func Resume[C any](t testing.TB, program tap.Tap[C], in Input, promise Promise) {
	t.Helper()
	in.EveryCheckpoint = true
	whole := Sync(t, program, in)
	cuts := 0
	for i, m := range whole {
		if m.Type != "STATE" {
			continue
		}
		cuts++
		again := in
		again.State = m.Value
		if err := SameRows(whole, slices.Concat(whole[:i+1], Sync(t, program, again)), promise); err != nil {
			t.Errorf("resumed from line %d: %v", m.Line, err)
		}
	}
	if cuts < 2 {
		t.Errorf("%d STATE lines: nothing was cut in the middle", cuts)
	}
}

// SameRows compares the records of two outputs, stream by stream and in any order.
func SameRows(want, got []Message, promise Promise) error {
	wanted, have := rowCounts(want), rowCounts(got)
	for row, n := range wanted {
		if have[row] < n {
			return fmt.Errorf("stream %q: %d of a row that should come %d times: %s", row.stream, have[row], n, row.record)
		}
	}
	for row, n := range have {
		if wanted[row] == 0 {
			return fmt.Errorf("stream %q: a row that should not come: %s", row.stream, row.record)
		}
		if promise == Once && n > wanted[row] {
			return fmt.Errorf("stream %q: %d of a row that should come %d times: %s", row.stream, n, wanted[row], row.record)
		}
	}
	return nil
}

type row struct{ stream, record string }

// rowCounts counts equal records. Of a stream with versions, those of the newest activated version alone count, unless it is merged.
func rowCounts(messages []Message) map[row]int {
	active, merged := map[string]int64{}, map[string]bool{}
	for _, m := range messages {
		switch m.Type {
		case "ACTIVATE_VERSION":
			active[m.Stream] = *m.Version
		case "SCHEMA":
			merged[m.Stream] = bytes.Contains(m.Schema, []byte(`"x-write-disposition":"merge"`))
		}
	}
	counts := map[row]int{}
	for _, m := range messages {
		if m.Type != "RECORD" {
			continue
		}
		if m.Version != nil && !merged[m.Stream] && *m.Version != active[m.Stream] {
			continue
		}
		counts[row{m.Stream, canonical(m.Record)}]++
	}
	return counts
}

func canonical(record json.RawMessage) string {
	var value map[string]json.RawMessage
	if json.Unmarshal(record, &value) != nil {
		return string(record)
	}
	sorted, err := json.Marshal(value)
	if err != nil {
		return string(record)
	}
	return string(sorted)
}
