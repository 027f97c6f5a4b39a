package tap_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap"
)

func TestNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Product Sku #": "product_sku", "CostUSD": "cost_usd", "Rate %": "rate_pct", "Größe": "größe", " A  b ": "a_b", "#": "",
	} {
		require.Equal(t, want, tap.SnakeCase(name))
	}
	require.Equal(t, []string{"a", "A_3", "a_2", "b"}, tap.DistinctNames([]string{"a", "A", "a_2", "b"}))
}
