package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/target-postgres/server/proxy"
)

// A world is a source that changes by its own rules, and what the tables should then hold.
type world struct {
	program string
	path    string // of the API below its host
	source  source
	url     string // of the source
	// step changes the source and the truth. Its number counts from 0.
	step     func(step int)
	settings func(faultless bool) map[string]any
	tables   []truth
	keyless  string // the stream whose key is removed before a Singer target loads it; empty: none

	site    *site
	dsn     string // of the database, through the link
	way     string // taken in this round
	shares  []share
	states  map[string]json.RawMessage // that Airbyte's platform keeps, by stream
	rng     *rand.Rand
	faults  deck
	link    link
	running atomic.Bool
	hits    []string // faults since the tables were compared
	steps   int
	// How long the last run without a fault took, and its requests and messages.
	took     time.Duration
	requests int
	messages int64
}

// A truth is what a table should hold: values by key. Both are the texts of the columns, joined by spaces.
type truth struct {
	table       string
	key, values string // columns
	rows        map[string]string
	deletes     bool // rows are deleted, which Airbyte's incremental mode cannot tell
}

func newTruth(table, key, values string) truth {
	return truth{table: table, key: key, values: values, rows: map[string]string{}}
}

// settle gives the world its site, proxy and faults.
func (w *world) settle(t *testing.T, b *base) {
	w.site = newSiteAt(t, b.store, b.dsn)
	w.states = map[string]json.RawMessage{}
	w.dsn = proxy.Start(t, b.dsn, w.link.watch)
	w.site.env = append(w.site.env, "DATABASE_URL="+w.dsn)
	w.faults = deck{rng: w.rng, kinds: tapFaults}
	w.took, w.requests, w.messages = time.Second, 10, 100
}

func (w *world) change() {
	w.step(w.steps)
	w.steps++
}

// signalled are the exit codes after a signal. One that comes before the program handles signals kills it.
var signalled = []int{-int(syscall.SIGKILL), -int(syscall.SIGTERM), 128 + int(syscall.SIGTERM)}

// load runs what prepare has readied, with a fault or without. A signal hits one share.
func (w *world) load(t *testing.T, fault string) {
	var hit atomic.Bool
	victim := w.rng.IntN(len(w.shares))
	p := &w.shares[victim].pipe
	where, what, _ := strings.Cut(fault, " ")
	switch where {
	case "tap", "target", "both":
		p.kill = some(w.rng, w.took)
		p.killTap, p.killTarget = where != "target", where != "tap"
		if what == "terminated" {
			p.signal = syscall.SIGTERM
		}
	case "source":
		w.source.fail(fault, int(w.rng.Float64()*float64(w.requests)), &hit)
	case "database":
		w.link.hit.Store(false)
		if what == "cut" {
			w.link.cutIn.Store(1 + int64(w.rng.Float64()*float64(w.messages)))
		} else {
			w.link.pace.Store(20000 + int64(w.rng.Float64()*80000))
		}
	}
	requests, messages, start := w.source.requests(), w.link.messages.Load(), time.Now()
	taps, targets := make([]ended, len(w.shares)), make([]ended, len(w.shares))
	var all sync.WaitGroup
	for i, s := range w.shares {
		all.Go(func() { taps[i], targets[i] = w.site.loadFrom(t, s.pipe, s.state) })
	}
	all.Wait()
	w.source.heal()
	w.link.cutIn.Store(0)
	w.link.pace.Store(0)
	if w.way == byAirbyte {
		w.keep(t, targets[0].stdout)
	}
	switch where {
	case "":
		w.took, w.requests, w.messages = time.Since(start), w.source.requests()-requests, w.link.messages.Load()-messages
	case "tap", "target", "both":
		hit.Store(p.killTap && slices.Contains(signalled, taps[victim].code) || p.killTarget && slices.Contains(signalled, targets[victim].code))
	case "database":
		hit.Store(w.link.hit.Load())
	}
	if hit.Load() {
		w.hits = append(w.hits, fault)
	}
	// A run that failed says that it can be retried (4), or that a stream ended incomplete (3), unless a signal ended it or its reader was gone.
	codes := append([]int{0, 3, 4}, signalled...)
	if fault == "" {
		codes = codes[:1]
	}
	for i := range w.shares {
		said := fmt.Sprintf("%s, %s, %s\ntap: %s\ntarget: %s%s", w.program, w.way, fault, taps[i].stderr, targets[i].stdout, targets[i].stderr)
		require.NotContains(t, said, "DATA RACE")
		for _, end := range []ended{taps[i], targets[i]} {
			if end.code != 1 || !strings.Contains(end.stderr, "standard output was closed") {
				require.Contains(t, codes, end.code, said)
			}
		}
	}
}

// compare compares the tables with the truth.
func (w *world) compare(t *testing.T) (d difference) {
	for _, table := range w.tables {
		text := func(columns string) string {
			var parts []string
			for column := range strings.FieldsSeq(columns) {
				parts = append(parts, "j ->> '"+column+"'")
			}
			return "concat_ws(' ', " + strings.Join(parts, ", ") + ")"
		}
		rows := w.site.texts(t, fmt.Sprintf(`SELECT %s || E'\t' || %s FROM "%s"."%s" t, to_jsonb(t) j WHERE j ->> '_sdc_deleted_at' IS NULL`, text(table.key), text(table.values), w.schema(), table.table))
		seen := map[string]bool{}
		var first string
		for _, row := range rows {
			key, values, _ := strings.Cut(row, "\t")
			want, there := table.rows[key]
			switch {
			case seen[key] || !there:
				d.doubled++
				first = "one too many: " + row
			case values != want:
				d.stale++
				first = "stale: " + row + ", should be " + want
			}
			seen[key] = true
		}
		for key := range table.rows {
			if d.checked++; !seen[key] {
				d.lost++
				first = "lost: " + key
			}
		}
		if first != "" {
			t.Errorf("%s, table %s.%s after %q: %d rows, %d in the source; %s", w.program, w.schema(), table.table, w.hits, len(rows), len(table.rows), first)
		}
	}
	return d
}
