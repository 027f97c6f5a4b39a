package main

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/target-postgres/server/servertest"
)

// Loaders that merge the same keys at once, each in an order of its own, lock rows in the order of the keys: none has to begin again,
// and the newest row of every key wins.
func TestMergesSideBySide(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	const keys, rounds, loaders = 400, 4, 3
	strides := [loaders]int{1, keys - 1, 7} // up, down, and across
	schema := `{"type":"SCHEMA","stream":"shared","key_properties":["id"],"bookmark_properties":["seen"],"schema":{"properties":{"id":{"type":"integer"},"seen":{"type":"integer"},"by":{"type":"string"}}}}` + "\n"
	require.Zero(t, run(t, dsn, input{stdin: schema + `{"type":"RECORD","stream":"shared","record":{"id":0,"seen":0,"by":"first"}}` + "\n"}).code)
	var together sync.WaitGroup
	results := make([]result, loaders)
	for i := range loaders {
		var in strings.Builder
		in.WriteString(schema)
		for round := range rounds {
			for k := range keys {
				id := k * strides[i] % keys
				fmt.Fprintf(&in, `{"type":"RECORD","stream":"shared","record":{"id":%d,"seen":%d,"by":"%d"}}`+"\n", id, 10*round+i, i)
			}
			fmt.Fprintf(&in, `{"type":"STATE","value":%d}`+"\n", round)
		}
		together.Go(func() {
			results[i] = run(t, dsn, input{stdin: in.String(), args: []string{fmt.Sprintf("--pipeline=%d", i), "--batch-wait-seconds=0"}})
		})
	}
	together.Wait()
	for _, r := range results {
		require.Zero(t, r.code, r.stderr)
		require.NotContains(t, r.stderr, "deadlock")
	}
	newest := fmt.Sprintf("%d | %d | %d\n", keys, 10*(rounds-1)+loaders-1, loaders-1)
	require.Equal(t, newest, answers(t, dsn, "SELECT count(*), min(seen), min(by) FROM shared"))
}
