package tap

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
)

// TestPaceKeepsToTheBudget runs checkpoints of many shapes, and wants few bytes of state, a line for every MiB or second of
// a small state, and never a long silence.
func TestPaceKeepsToTheBudget(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		checkpoints int
		size        func(i int) int64 // of the state after checkpoint i
		bytes       int64             // of records between two checkpoints
		took        time.Duration
		least, most int           // lines
		silence     time.Duration // the longest wait for a line, among checkpoints
	}{
		"10,000 small files, large state": {
			checkpoints: 10_000, size: func(i int) int64 { return int64(i) * 150 }, bytes: 10 << 10, took: 20 * time.Millisecond,
			least: 30, most: 500, silence: 12 * time.Second},
		"10,000 large files, large state": {
			checkpoints: 10_000, size: func(i int) int64 { return int64(i) * 150 }, bytes: 50 << 20, took: 500 * time.Millisecond,
			least: 100, most: 2000, silence: time.Hour},
		"a long run of small checkpoints": {
			checkpoints: 100_000, size: func(int) int64 { return 200 }, bytes: 16 << 20, took: 100 * time.Millisecond,
			least: 95_000, most: 100_000, silence: 2 * time.Second},
		"a slow source": {
			checkpoints: 1000, size: func(int) int64 { return 200 }, bytes: 500, took: 2 * time.Second,
			least: 1000, most: 1000, silence: 2 * time.Second},
		"a fast source": {
			checkpoints: 10_000, size: func(int) int64 { return 200 }, bytes: 1000, took: time.Microsecond,
			least: 9, most: 11, silence: time.Second},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Unix(0, 0)
			p := pace{last: now}
			var sent int64
			lines, last := 0, now
			silence := time.Duration(0)
			for i := range test.checkpoints {
				sent += test.bytes
				now = now.Add(test.took)
				if p.due(sent, now) {
					p.size = test.size(i)
					if p.affords() {
						p.printed(sent, now)
						lines++
						silence = max(silence, now.Sub(last))
						last = now
					}
				}
			}
			p.size = test.size(test.checkpoints)
			p.printed(sent, now) // the end of the run
			require.LessOrEqual(t, p.spent, int64(stateBudget))
			require.GreaterOrEqual(t, lines, test.least)
			require.LessOrEqual(t, lines, test.most)
			require.LessOrEqual(t, max(silence, now.Sub(last)), test.silence)
		})
	}
}

func TestBookmarksSayNothingTwice(t *testing.T) {
	t.Parallel()
	state, err := protocol.ParseState([]byte(`{"bookmarks":{"a":{"id":1},"other":{"kept":1.0}}}`))
	require.NoError(t, err)
	b := bookmarks{state: state}

	set := func(bookmark any) error {
		_, err := b.set("a", bookmark)
		return err
	}
	require.NoError(t, set(map[string]int{"id": 1}))
	_, ok := b.render(false)
	require.False(t, ok, "nothing has changed")
	line, ok := b.render(true)
	require.True(t, ok, "the end of a run repeats a state that was given")
	require.JSONEq(t, `{"bookmarks":{"a":{"id":1},"other":{"kept":1.0}}}`, string(line))
	b.sent(0, time.Now())
	_, ok = b.render(true)
	require.False(t, ok, "it stands there already")

	require.NoError(t, set(map[string]int{"id": 2}))
	line, ok = b.render(false)
	require.True(t, ok)
	require.Contains(t, string(line), `"kept":1.0`, "the bookmarks of others pass byte for byte")
	b.sent(0, time.Now())

	require.NoError(t, set(strings.Repeat("x", stateBudget/2)))
	_, ok = b.render(false)
	require.False(t, ok, "the budget has no room for two of these")
	_, ok = b.render(true)
	require.True(t, ok, "the end of the run needs no budget")

	require.ErrorContains(t, set(func() {}), `stream "a"`)
}

func TestShardsPartitionAndStay(t *testing.T) {
	t.Parallel()
	units := map[string]func(i int) string{
		"files":   func(i int) string { return fmt.Sprintf("exports/2026-01-%02d/orders_%d.csv", i%28+1, i) },
		"days":    func(i int) string { return time.Unix(int64(i)*86_400, 0).UTC().Format(time.DateOnly) },
		"windows": func(i int) string { return time.Unix(int64(i)*3600, 0).UTC().Format(time.RFC3339) },
		"ids":     func(i int) string { return fmt.Sprint("email_stats ", i) },
		"weeks": func(i int) string {
			return fmt.Sprint("1 ", time.Unix(int64(i)*7*86_400, 0).UTC().Format(time.DateOnly))
		},
	}
	for kind, unit := range units {
		names := make([]string, 1000)
		for i := range names {
			names[i] = unit(i)
		}
		for shards := 1; shards <= 64; shards++ {
			sizes := make([]int, shards)
			for _, name := range names {
				owners := 0
				for s := range shards {
					if (Shard{s, shards}).Owns(name) {
						owners++
						sizes[s]++
					}
				}
				if owners != 1 {
					t.Fatalf("%s %s is read by %d of %d shards", kind, name, owners, shards)
				}
			}
			for s, size := range sizes {
				require.InDelta(t, 1, float64(size)*float64(shards)/float64(len(names)), 1, "%s: share of %d of %d", kind, s, shards)
			}
		}
	}
	require.True(t, Shard{}.Owns("any"), "without --shard everything is ours")
	// A change of the hash would make shards of an old run overlap with those of a new one.
	require.True(t, Shard{3, 4}.Owns("a.csv"))
	require.True(t, Shard{2, 4}.Owns("b.csv"))

	for _, wrong := range []string{"", "1", "4/4", "-1/4", "0/0", "a/b", "0/4/1"} {
		var s Shard
		require.Error(t, s.UnmarshalText([]byte(wrong)), wrong)
	}
}
