package main

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/require"
)

// A soak runs lives of many rounds for SOAK, a time such as 1h; without SOAK there is one short life.
const (
	soakRounds      = 10
	soakShortRounds = 3
	soakWaves       = 2 // of faults, in each round
)

// TestSoak lets all taps load into one server at once, while their sources change and everything that can break does: programs are killed and
// stopped; sources, the database and the connections to them fail. After each round every table must hold what its source does, row for row. A
// life has new sources and servers, and its seed decides what happens in it: SEED=7 begins with that one.
func TestSoak(t *testing.T) {
	t.Parallel()
	seed, err := strconv.ParseUint(cmp.Or(os.Getenv("SEED"), "1"), 10, 64)
	require.NoError(t, err)
	rounds, lasts := soakShortRounds, time.Duration(0)
	if text := os.Getenv("SOAK"); text != "" {
		rounds = soakRounds
		lasts, err = time.ParseDuration(text)
		require.NoError(t, err)
	}
	tallies := newTallies()
	start := time.Now()
	for passed := true; passed; seed++ {
		passed = t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { live(t, seed, rounds, tallies) })
		if time.Since(start) >= lasts {
			break
		}
		t.Logf("after %v\n%s", time.Since(start).Round(time.Second), tallies)
	}
	t.Logf("%v\n%s", time.Since(start).Round(time.Second), tallies)
	require.Greater(t, tallies.sum(), 6, "faults should come before the end of what they are to hit")
}

// live runs the life of a seed.
func live(t *testing.T, seed uint64, rounds int, tallies *tallies) {
	b := newBase(t)
	b.rng = rand.New(rand.NewPCG(seed, 0))
	weathers, way := deck{rng: b.rng, kinds: b.weathers()}, deck{rng: b.rng, kinds: ways}
	worlds := newWorlds(t, b, seed)
	for round := range rounds {
		way := way.draw()
		for _, w := range worlds {
			w.take(way)
		}
		for range soakWaves {
			weather := weathers.draw()
			var struck []*world
			wave(t, worlds, func(w *world) string { return w.faults.draw() }, func() { struck = b.strike(t, weather, worlds) })
			for _, w := range struck {
				w.hits = append(w.hits, weather)
			}
			b.repair(t)
		}
		wave(t, worlds, func(*world) string { return "" }, func() {})
		for _, w := range worlds {
			tallies.add(way, w.hits, w.compare(t))
			w.hits = nil
		}
		require.False(t, t.Failed(), "round %d: the tables are not as their sources; SEED=%d begins with this life", round+1, seed)
	}
}

// wave changes every source and lets all taps load at once, in some weather.
func wave(t *testing.T, worlds []*world, fault func(*world) string, weather func()) {
	t.Helper()
	faults := map[*world]string{}
	for _, w := range worlds {
		faults[w] = fault(w)
		w.change()
		w.prepare(t, faults[w] == "")
		w.running.Store(true)
	}
	var all sync.WaitGroup
	for _, w := range worlds {
		all.Go(func() {
			defer w.running.Store(false)
			w.load(t, faults[w])
		})
	}
	all.Go(weather)
	all.Wait()
	require.False(t, t.Failed())
}

// A deck deals every kind once before it deals one again.
type deck struct {
	rng   *rand.Rand
	kinds []string
	left  []int
}

func (d *deck) draw() string {
	if len(d.left) == 0 {
		d.left = d.rng.Perm(len(d.kinds))
	}
	kind := d.kinds[d.left[0]]
	d.left = d.left[1:]
	return kind
}

// A difference counts the rows that were compared with the truth, and those that differ.
type difference struct{ checked, lost, doubled, stale int }

// A tally counts faults of a kind, and the rows that were compared after them.
type tally struct {
	survived int
	difference
}

// tallies has one for each kind of fault, and for each way. Rows that saw several faults count for each of them.
type tallies struct {
	of, by map[string]*tally
	total  difference
}

func newTallies() *tallies {
	t := &tallies{of: map[string]*tally{}, by: map[string]*tally{}}
	for _, way := range ways {
		t.by[way] = &tally{}
	}
	for _, kind := range slices.Concat(tapFaults, weathers) {
		t.of[kind] = &tally{}
	}
	return t
}

func (t *tallies) add(way string, hits []string, d difference) {
	t.total.add(d)
	t.by[way].survived += len(hits)
	t.by[way].add(d)
	seen := map[string]bool{}
	for _, kind := range hits {
		t.of[kind].survived++
		if !seen[kind] {
			t.of[kind].add(d)
		}
		seen[kind] = true
	}
}

func (d *difference) add(more difference) {
	d.checked += more.checked
	d.lost += more.lost
	d.doubled += more.doubled
	d.stale += more.stale
}

func (t *tallies) sum() (survived int) {
	for _, one := range t.of {
		survived += one.survived
	}
	return survived
}

func (t *tallies) String() string {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "fault\tsurvived\trows checked\tlost\tdoubled\tstale\t")
	line := func(name string, survived int, d difference) {
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t\n", name, survived, d.checked, d.lost, d.doubled, d.stale)
	}
	for _, kind := range slices.Concat(tapFaults, weathers) {
		line(kind, t.of[kind].survived, t.of[kind].difference)
	}
	for _, way := range []string{inPipe, inShards, byAirbyte} {
		line("by "+way, t.by[way].survived, t.by[way].difference)
	}
	line("all", t.sum(), t.total)
	table.Flush()
	return text.String()
}
