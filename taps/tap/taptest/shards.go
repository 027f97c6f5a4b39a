package taptest

import (
	"fmt"
	"testing"
)

// Shards reads with --shard in so many runs, for each count, and compares their union with the run that read everything: every
// row comes from one of them alone.
func Shards(t testing.TB, whole []Message, read func(shard string) []Message, counts ...int) {
	t.Helper()
	for _, count := range counts {
		var union []Message
		shares := 0
		for index := range count {
			part := read(fmt.Sprintf("%d/%d", index, count))
			if len(rowCounts(part)) > 0 {
				shares++
			}
			union = append(union, part...)
		}
		if err := SameRows(whole, union, Once); err != nil {
			t.Errorf("%d shards: %v", count, err)
		}
		if count > 1 && shares < 2 {
			t.Errorf("%d shards: one of them read everything", count)
		}
	}
}
