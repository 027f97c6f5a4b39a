package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap/kinds"
)

func TestMerges(t *testing.T) {
	t.Parallel()
	m := newMerges([]rect{{5, 7, 3, 4}, {2, 5, 1, 3}, {3, 4, 3, 9}, {0, 9, 0, 1}, {1, 4, 3, 4}}, rect{2, 20, 1, 5})
	cells := func(values ...string) (cells []gridCell) {
		for _, v := range values {
			c := gridCell{}
			if v != "" {
				c = gridCell{kind: kinds.Text, raw: []byte(v)}
			}
			cells = append(cells, c)
		}
		return cells
	}
	filled := func(row int, values ...string) (texts []string) {
		for _, c := range m.fill(row, cells(values...)) {
			texts = append(texts, string(c.raw))
		}
		return texts
	}
	for range 2 { // a block that is asked for again
		require.Equal(t, []string{"a", "a", "x"}, filled(2, "a", "", "x"))
		require.Equal(t, []string{"a", "a", "b", "b"}, filled(3, "", "", "b"), "a range that goes beyond the columns, and one that began above")
		require.Equal(t, []string{"a", "a"}, filled(4))
		require.Equal(t, []string{"", "", "c"}, filled(5, "", "", "c"))
		require.Equal(t, []string{"y", "", "c"}, filled(6, "y"))
		require.Empty(t, filled(7))
	}
}
