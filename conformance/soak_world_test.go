package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/target-postgres/server/proxy"
)

// A world is a source that changes by rules of its own, with what the tables should hold beside it.
type world struct {
	program string
	path    string // of the API below its host
	source  source
	url     string // of the source
	// step changes the source and the truth. Its number counts from 0.
	step     func(step int)
	settings func(faultless bool) map[string]any
	tables   []truth
	filter   string // of the messages, as pipe has it

	site    *site
	rng     *rand.Rand
	faults  deck
	link    link
	running atomic.Bool
	hits    []string // faults since the tables were compared
	steps   int
	// How long a run without a fault takes, and how much it says.
	took     time.Duration
	requests int
	messages int64
}

// A truth is what a table should hold: values by key, both as the columns' texts joined by spaces.
type truth struct {
	table       string
	key, values string // columns
	rows        map[string]string
}

func newTruth(table, key, values string) truth { return truth{table, key, values, map[string]string{}} }

// settle gives the world its place beside the others.
func (w *world) settle(t *testing.T, b *base) {
	w.site = newSiteAt(t, b.store, b.dsn)
	w.site.env = append(w.site.env, "DATABASE_URL="+proxy.Start(t, b.dsn, w.link.watch), "AWS_ENDPOINT_URL_S3="+b.proxy.Endpoint,
		"TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA="+w.program)
	w.faults = deck{rng: w.rng, kinds: tapFaults}
	w.took, w.requests, w.messages = time.Second, 10, 100
}

func (w *world) change() {
	w.step(w.steps)
	w.steps++
}

func (w *world) pipe() pipe {
	return pipe{program: w.program, pipeline: "soak", filter: w.filter}
}

// signalled are the ends by a signal. One that comes before the program looks out for it ends it at once.
var signalled = []int{-int(syscall.SIGKILL), -int(syscall.SIGTERM), 128 + int(syscall.SIGTERM)}

// load makes one run, with a fault or without, from a state.
func (w *world) load(t *testing.T, fault, state string) {
	p := w.pipe()
	settings := w.settings(fault == "")
	if w.url != "" {
		settings["base_url"] = w.url + w.path
	}
	p.tap = []string{"--config", w.site.file(t, "config.json", settings)}
	p.target = []string{"--add-record-metadata=false"}
	var hit atomic.Bool
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
	tap, target := w.site.loadFrom(t, p, state)
	w.source.heal()
	w.link.cutIn.Store(0)
	w.link.pace.Store(0)
	switch where {
	case "":
		w.took, w.requests, w.messages = time.Since(start), w.source.requests()-requests, w.link.messages.Load()-messages
		require.Zero(t, tap.code, "%s\n%s", w.program, tap.stderr)
		require.Zero(t, target.code, "%s\n%s", w.program, target.stderr)
		return
	case "tap", "target", "both":
		hit.Store(p.killTap && slices.Contains(signalled, tap.code) || p.killTarget && slices.Contains(signalled, target.code))
	case "database":
		hit.Store(w.link.hit.Load())
	}
	if hit.Load() {
		w.hits = append(w.hits, fault)
	}
	// A run that failed says that it can be made again (4), or that a stream ended incomplete (3), unless a signal ended it or its reader did.
	for _, end := range []ended{tap, target} {
		if end.code != 1 || !strings.Contains(end.stderr, "standard output was closed") {
			require.Contains(t, append([]int{0, 3, 4}, signalled...), end.code, "%s: %s\ntap: %s\ntarget: %s", w.program, fault, tap.stderr, target.stderr)
		}
	}
}

// compare holds the tables against the truth.
func (w *world) compare(t *testing.T) (d difference) {
	for _, table := range w.tables {
		text := func(columns string) string {
			var parts []string
			for column := range strings.FieldsSeq(columns) {
				parts = append(parts, "j ->> '"+column+"'")
			}
			return "concat_ws(' ', " + strings.Join(parts, ", ") + ")"
		}
		rows := w.site.texts(t, fmt.Sprintf(`SELECT %s || E'\t' || %s FROM "%s"."%s" t, to_jsonb(t) j WHERE j ->> '_sdc_deleted_at' IS NULL`, text(table.key), text(table.values), w.program, table.table))
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
			t.Errorf("%s, table %s after %q: %d rows, %d in the source; %s", w.program, table.table, w.hits, len(rows), len(table.rows), first)
		}
	}
	return d
}
