package main

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap/kinds"
)

// TestSpool keeps rows in memory alone, at the edge, and in a file, and is filled again.
func TestSpool(t *testing.T) {
	t.Parallel()
	var s spool
	defer func() { require.NoError(t, s.close()) }()
	sums := map[string]bool{}
	for _, count := range []int{0, 1, 3000, 40_000, 3000, 0} {
		require.NoError(t, s.reset())
		for n := range count {
			cell := fmt.Appendf(nil, `"%0300d"`, n)
			require.NoError(t, s.add(appendRow(nil, n+1, 2, appendCell(appendCell(nil, kinds.Blank, nil), kinds.Text, cell))))
		}
		require.Equal(t, int64(count), s.rows)
		n := 0
		require.NoError(t, s.each(func(number, cells int, encoded []byte) error {
			n++
			k, raw, rest := nextCell(encoded)
			require.Equal(t, kinds.Blank, k)
			require.Nil(t, raw)
			k, raw, rest = nextCell(rest)
			require.Equal(t, kinds.Text, k)
			require.True(t, bytes.Equal(fmt.Appendf(nil, `"%0300d"`, n-1), raw))
			require.Empty(t, rest)
			require.Equal(t, []int{n, 2}, []int{number, cells})
			return nil
		}))
		require.Equal(t, count, n)
		sums[s.sum(nil)] = true
	}
	require.Len(t, sums, 4, "the same rows have the same hash")
}
