package conformance

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap-s3-exports/s3test"
)

// kills is how many instants are tried in each disposition; KILLS sets their sum.
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

// A disposition of the kill test: the tap's streams, the target's settings, and the tables to compare.
type killCase struct {
	name        string
	tap, target []string
	tables      []string
}

func killCases() []killCase {
	merge := `[{"name":"orders","pattern":"orders_*","key_properties":["Order Id"],"disposition":"merge"},
		{"name":"prospects","pattern":"prospects_*","key_properties":["Prospect Id"],"disposition":"merge"}]`
	sticky := []string{"sticky_orders", "sticky_prospects", "_rejected_rows"}
	return []killCase{
		{"append", []string{"--presets", "sticky_orders,sticky_prospects"}, nil, sticky},
		{"merge", []string{"--streams", merge}, nil, []string{"orders", "prospects", "_rejected_rows"}},
		{"replace", []string{"--presets", "sticky_orders,sticky_prospects"}, []string{"--dispositions", `{"sticky_*":"replace"}`}, sticky},
	}
}

// Whatever instant the tap or the target dies at, the rerun leaves the tables as an undisturbed run does.
func TestKill(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	putDays(store, 1, 5, 600)
	cases := killCases()
	n := kills(t, len(cases))
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { // one after another: an instant is a share of the undisturbed run's time
			p := pipe{
				tap:      append([]string{"--prefix", "acme/", "--client-id", "acme"}, c.tap...),
				target:   append([]string{"--add-record-metadata=false"}, c.target...),
				pipeline: "killed",
			}
			undisturbed := newSite(t, store)
			start := time.Now()
			undisturbed.mustLoad(t, p)
			took := time.Since(start)
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
		if !equal(rows, s.rows(t, table)) {
			require.Equal(t, rows, s.rows(t, table), "table %s, seed %d\ntap: %s\ntarget: %s", table, seed, tap.stderr, target.stderr)
		}
	}
	return killed
}

func equal(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
