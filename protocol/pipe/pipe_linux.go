package pipe

import (
	"os"

	"golang.org/x/sys/unix"
)

// pipeSize is what a reader takes at once. More would bring little, and all pipes of a user share 64 MiB:
// https://man7.org/linux/man-pages/man7/pipe.7.html
const pipeSize = 256 << 10

// defaultPages is how large a pipe is that nobody has given another size.
const defaultPages = 16

// Widen gives the pipe that f is an end of more room, so that its two programs wait less for each other. Any other file stays as it
// is, and so does a pipe that has another size already or may not have more.
func Widen(f *os.File) {
	raw, err := f.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		if size, err := unix.FcntlInt(fd, unix.F_GETPIPE_SZ, 0); err == nil && size == defaultPages*os.Getpagesize() {
			_, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, pipeSize)
		}
	})
}
