package tap

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestProgressText(t *testing.T) {
	t.Parallel()
	p := newProgress(&bytes.Buffer{}, &bytes.Buffer{})
	p.add(1000, 2_500_000)
	p.add(1000, 5_000_000)
	require.Equal(t, "2000 rows  5.0 MB  1000 rows/s  2s", p.text(2*time.Second))
	require.False(t, p.live.On(), "stdout is no file")
}
