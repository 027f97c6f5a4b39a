package server

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"

	"github.com/signalroom/signalroom/protocol"
)

// lock waits until this process alone holds the file. Closing the file gives it up, and so does the process's end.
func lock(ctx context.Context, path string) (*os.File, error) {
	f, err := openLock(path)
	if err != nil {
		return nil, err
	}
	wait := time.NewTicker(20 * time.Millisecond)
	defer wait.Stop()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			f.Close()
			return nil, protocol.SystemFault("name a folder on a local disk", "lock %s: %w", path, err)
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, protocol.TransientFault("", "waiting for the private server: %w", ctx.Err())
		case <-wait.C:
		}
	}
}

// lockShared marks the file as used by this process among others. Only a holder of the folder's lock asks for more than that,
// and gives it up before the lock, so this never waits.
func lockShared(path string) (*os.File, error) {
	f, err := openLock(path)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_SH); err != nil {
		f.Close()
		return nil, protocol.SystemFault("name a folder on a local disk", "lock %s: %w", path, err)
	}
	return f, nil
}

// lockedByUsAlone tells whether no other process holds the shared lock.
func lockedByUsAlone(f *os.File) bool {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}

func openLock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, protocol.ConfigFault("run as the user who made the folder, or give another folder", "private server: %w", err)
	}
	return f, nil
}
