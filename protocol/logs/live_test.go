package logs

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLiveStandsBelowTheLog(t *testing.T) {
	t.Parallel()
	var terminal bytes.Buffer
	l := &Live{w: &terminal, on: true}
	l.Draw("one")
	l.Draw("two")
	_, err := l.Write([]byte("INFO a line\n"))
	require.NoError(t, err)
	l.Erase()
	l.Draw("three")
	l.Erase()
	require.Equal(t, "one\r\x1b[Ktwo\r\x1b[KINFO a line\nthree\r\x1b[K", terminal.String(), "the line is cleared once each time")
}

func TestLiveIsForTerminalsAlone(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	l := NewLive(&stderr, true)
	l.Draw("one")
	l.Erase()
	_, err := l.Write([]byte("INFO a line\n"))
	require.NoError(t, err)
	require.Equal(t, "INFO a line\n", stderr.String())
	require.False(t, l.On())
	require.Equal(t, ^uintptr(0), l.Fd())
}
