package logs

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// terminal is one whose size a test decides, and what was written to it since the last look.
type terminal struct {
	bytes.Buffer
	columns, lines int
}

func (t *terminal) live() *Live {
	return &Live{w: t, on: true, size: func() (columns, lines int) { return t.columns, t.lines }}
}

func (t *terminal) new() string {
	defer t.Reset()
	return t.String()
}

func TestLiveStandsBelowTheLog(t *testing.T) {
	t.Parallel()
	terminal := &terminal{columns: 20, lines: 10}
	l := terminal.live()
	l.Draw("one")
	require.Equal(t, "one", terminal.new())
	l.Draw("two", "three", "four")
	require.Equal(t, "\r\x1b[Jtwo\nthree\nfour", terminal.new())
	n, err := l.Write([]byte("INFO a line\n"))
	require.NoError(t, err)
	require.Equal(t, 12, n)
	require.Equal(t, "\r\x1b[2A\x1b[JINFO a line\ntwo\nthree\nfour", terminal.new(), "the log line takes their place, and they follow")
	l.Erase()
	require.Equal(t, "\r\x1b[2A\x1b[J", terminal.new())
	l.Erase()
	require.Empty(t, terminal.new(), "nothing to erase")
	_, err = l.Write([]byte("INFO the last\n"))
	require.NoError(t, err)
	require.Equal(t, "INFO the last\n", terminal.new())
}

func TestLiveFitsTheTerminal(t *testing.T) {
	t.Parallel()
	terminal := &terminal{columns: 8, lines: 3}
	l := terminal.live()
	l.Draw("0123456789", "注文注文注文", "no room")
	require.Equal(t, "0123456\n注文注", terminal.new(), "no line wraps, none scrolls away")
	l.Draw("a\x1b[2Jb\nc")
	require.Equal(t, "\r\x1b[1A\x1b[Ja [2Jb ", terminal.new(), "a name does nothing to the terminal")
	l.Draw("0123456", "012")
	terminal.columns = 4
	terminal.Reset()
	l.Erase()
	require.Equal(t, "\r\x1b[2A\x1b[J", terminal.new(), "a line that the terminal has wrapped since counts twice")
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
	columns, lines := l.Size()
	require.Equal(t, []int{79, 23}, []int{columns, lines})
}
