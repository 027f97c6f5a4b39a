package pipe_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/signalroom/signalroom/protocol/pipe"
)

func TestWiden(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	defer w.Close()
	size := func() int {
		n, err := unix.FcntlInt(w.Fd(), unix.F_GETPIPE_SZ, 0)
		require.NoError(t, err)
		return n
	}
	pipe.Widen(r)
	require.GreaterOrEqual(t, size(), 256<<10)
	_, err = unix.FcntlInt(w.Fd(), unix.F_SETPIPE_SZ, 512<<10)
	require.NoError(t, err)
	pipe.Widen(r)
	require.Equal(t, 512<<10, size(), "a larger one is left as it is")
	pipe.Widen(os.NewFile(^uintptr(0), "no file"))
}
