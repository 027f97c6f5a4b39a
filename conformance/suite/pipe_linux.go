package suite

import (
	"os"

	"golang.org/x/sys/unix"
)

// shrink makes a pipe hold one page.
func shrink(pipe *os.File) {
	raw, err := pipe.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, os.Getpagesize()) // a larger pipe does too
	})
}
