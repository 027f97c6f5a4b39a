package tap

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestProgressStandsBelowTheLog(t *testing.T) {
	t.Parallel()
	var terminal bytes.Buffer
	p := &progress{w: &terminal, live: true, began: time.Now().Add(-2 * time.Second)}
	p.add(1000, 2_500_000)
	p.draw()
	require.Regexp(t, `^1000 rows  2\.5 MB  \d+ rows/s  2s$`, terminal.String())
	terminal.Reset()
	_, err := p.Write([]byte("INFO a line\n"))
	require.NoError(t, err)
	p.erase()
	require.Equal(t, "\r\x1b[KINFO a line\n", terminal.String(), "the line is cleared once")
}

func TestProgressIsForFilesAndTerminalsAlone(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	p := newProgress(&stdout, &stderr)
	require.Same(t, &stderr, p.stderr())
	p.add(1, 1)
	p.draw()
	p.erase()
	require.Empty(t, stderr.String())
}
