package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/conformance/sample"
	"github.com/signalroom/signalroom/taps/tap-s3-exports/s3test"
)

// kills is how many instants are tried for each disposition; KILLS sets the sum.
func kills(t *testing.T, dispositions int) int {
	t.Helper()
	total := 24
	if text, ok := os.LookupEnv("KILLS"); ok {
		var err error
		total, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	return (total + dispositions - 1) / dispositions
}

// A killCase is a disposition: the tap's streams, and the tables to compare.
type killCase struct {
	name   string
	tap    []string
	tables []string
}

func killCases() []killCase {
	merge := `[{"name":"orders","pattern":"orders_*","key_properties":["Order Id"],"disposition":"merge"},
		{"name":"prospects","pattern":"prospects_*","key_properties":["Prospect Id"],"disposition":"merge"}]`
	return []killCase{
		{"append", []string{"--presets", "sticky_orders,sticky_prospects"}, []string{"sticky_orders", "sticky_prospects", "_rejected_rows"}},
		{"merge", []string{"--streams", merge}, []string{"orders", "prospects", "_rejected_rows"}},
	}
}

// Whenever the tap or the target dies, the rerun leaves the tables as an undisturbed run does.
func TestKill(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	putDays(store, 1, 5, 600)
	cases := killCases()
	n := kills(t, len(cases)+1)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { // one after another: an instant is a share of the undisturbed run's time
			p := pipe{
				tap:      append([]string{"--prefix", "acme/", "--client-id", "acme"}, c.tap...),
				target:   []string{"--add-record-metadata=false"},
				pipeline: "killed",
			}
			var undisturbed *site
			took := time.Minute
			for range 3 { // the shortest, so that few of the instants lie behind the end
				undisturbed = newSite(t, store)
				start := time.Now()
				undisturbed.mustLoad(t, p)
				took = min(took, time.Since(start))
			}
			want := map[string][]string{}
			for _, table := range c.tables {
				want[table] = undisturbed.rows(t, table)
				require.NotEmpty(t, want[table], table)
			}
			landed := 0
			for i := range n {
				t.Run(fmt.Sprint(i), func(t *testing.T) {
					if killed := killAndRerun(t, store, p, took, i, want); killed {
						landed++
					}
				})
			}
			t.Logf("%d of %d kills came before the end; an undisturbed run took %v", landed, n, took)
			require.Greater(t, landed, n/3, "the instants should lie within the run")
		})
	}
}

// Whenever the source or the target dies while a table is replaced, the table holds all of the old rows or all of the new ones, and
// after a rerun the new ones.
func TestKillReplace(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	lines := func(version, first, last int) string {
		text := sample.EventSchema("events", true)
		text = append(bytes.TrimSuffix(text, []byte("}}}\n")), `},"x-write-disposition":"replace"}}`+"\n"...)
		for n := first; n < last; n++ {
			text = sample.AppendEventRecord(text, "events", n)
			text = append(bytes.TrimSuffix(text, []byte("}\n")), fmt.Sprintf(`,"version":%d}`+"\n", version)...)
			if n%500 == 0 {
				text = sample.AppendEventState(text, "events", n)
			}
		}
		text = fmt.Appendf(text, `{"type":"ACTIVATE_VERSION","stream":"events","version":%d}`+"\n", version)
		return string(sample.AppendEventState(text, "events", last))
	}
	const table = "events"
	args := []string{"--add-record-metadata=false", "--pipeline", "killed"}
	reference := newSite(t, store)
	oldLines, newLines := reference.file(t, "old.singer", lines(1, 0, 2000)), reference.file(t, "new.singer", lines(2, 1000, 21000))
	var took time.Duration
	run := func(s *site, path string) []string {
		start := time.Now()
		end := s.run(t, "", "target-postgres", append([]string{"--input", path}, args...)...)
		took = time.Since(start)
		require.Zero(t, end.code, end.stderr)
		return s.rows(t, table)
	}
	oldRows := run(reference, oldLines)
	newRows := run(reference, newLines)
	whole := took
	require.Len(t, oldRows, 2000)
	require.Len(t, newRows, 20000)

	landed := 0
	for seed := range kills(t, len(killCases())+1) {
		rng := rand.New(rand.NewPCG(uint64(seed), 2))
		s := newSite(t, store)
		run(s, oldLines)
		source := exec.Command("cat", newLines)
		target := exec.Command("target-postgres", args...)
		s.connect(t, source, target)
		victim := [...]*exec.Cmd{source, target}[rng.IntN(2)]
		timer := time.AfterFunc(1+time.Duration(rng.Int64N(int64(whole))), func() { _ = victim.Process.Kill() })
		source.Wait()
		if exitCode(t, target.Wait()) != 0 {
			landed++
		}
		timer.Stop()
		// A commit of the killed run may still be under way; the state waits for it.
		require.Zero(t, s.run(t, "", "target-postgres", "state", "--pipeline", "killed").code)
		rows := s.rows(t, table)
		require.True(t, slices.Equal(rows, oldRows) || slices.Equal(rows, newRows), "seed %d: %d rows, neither the old nor the new", seed, len(rows))
		require.True(t, slices.Equal(run(s, newLines), newRows), "seed %d: the rerun completes the replacement", seed)
	}
	require.Positive(t, landed, "the instants should lie within the run")
}

// killAndRerun kills at the seed's instant, now and then the rerun too, and compares after an undisturbed rerun.
func killAndRerun(t *testing.T, store *s3test.Server, p pipe, took time.Duration, seed int, want map[string][]string) (killed bool) {
	rng := rand.New(rand.NewPCG(uint64(seed), 1))
	s := newSite(t, store)
	for range 1 + rng.IntN(2) {
		p := p
		p.kill = 1 + time.Duration(rng.Int64N(int64(took)))
		victim := rng.IntN(5)
		p.killTap, p.killTarget = victim != 0 && victim != 1, victim != 2 && victim != 3
		tap, target := s.load(t, p)
		killed = killed || tap.code == -9 || target.code == -9
	}
	tap, target := s.mustLoad(t, p)
	for table, rows := range want {
		if !slices.Equal(rows, s.rows(t, table)) {
			require.Equal(t, rows, s.rows(t, table), "table %s, seed %d\ntap: %s\ntarget: %s", table, seed, tap.stderr, target.stderr)
		}
	}
	return killed
}
