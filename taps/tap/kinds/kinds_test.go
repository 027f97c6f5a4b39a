package kinds_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap/kinds"
)

func TestWidest(t *testing.T) {
	t.Parallel()
	for a := range kinds.Kind(kinds.Count) {
		require.Equal(t, a, kinds.Widest(a, kinds.Blank))
		require.Equal(t, a, kinds.Widest(kinds.Blank, a))
		require.Equal(t, a, kinds.Widest(a, a))
		for b := range kinds.Kind(kinds.Count) {
			w := kinds.Widest(a, b)
			require.Equal(t, w, kinds.Widest(b, a))
			require.Equal(t, w, kinds.Widest(w, a), "a column that was widened stays as it is")
		}
	}
	require.Equal(t, kinds.Number, kinds.Widest(kinds.Integer, kinds.Number))
	require.Equal(t, kinds.DateTime, kinds.Widest(kinds.Date, kinds.DateTime))
	require.Equal(t, kinds.Text, kinds.Widest(kinds.Date, kinds.Integer))
	require.Equal(t, kinds.Text, kinds.Widest(kinds.Boolean, kinds.Integer))
	require.Equal(t, kinds.Text, kinds.Widest(kinds.Time, kinds.DateTime))
}

func TestColumnsInABookmark(t *testing.T) {
	t.Parallel()
	encoded, err := json.Marshal([]kinds.Column{{Name: "a", Kind: kinds.DateTime}, {Name: "b", Kind: kinds.Blank}})
	require.NoError(t, err)
	require.Equal(t, `[["a","date-time"],["b","blank"]]`, string(encoded))
	var back []kinds.Column
	require.NoError(t, json.Unmarshal(encoded, &back))
	require.Equal(t, []kinds.Column{{Name: "a", Kind: kinds.DateTime}, {Name: "b", Kind: kinds.Blank}}, back)
	require.Error(t, json.Unmarshal([]byte(`[["a","money"]]`), &back))
	require.Error(t, json.Unmarshal([]byte(`[["a"]]`), &back))
}
