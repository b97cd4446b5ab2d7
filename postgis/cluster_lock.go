package postgis

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"
)

// fileLock is an advisory lock on a file. The system takes it back when the process ends, however it ends.
type fileLock struct{ f *os.File }

// lockFile waits for the lock on path (how: syscall.LOCK_SH or LOCK_EX) and makes the file where it is missing.
func lockFile(ctx context.Context, path string, how int) (*fileLock, error) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
		if err != nil {
			return nil, folderError(path, err)
		}
		err = syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
		if err == nil && isStill(path, f) {
			return &fileLock{f}, nil
		}
		f.Close()
		if err != nil && !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, folderError(path, err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
		}
	}
}

// isStill reports whether path is the file that was locked: who had the lock before may have removed it.
func isStill(path string, f *os.File) bool {
	named, err := os.Stat(path)
	if err != nil {
		return false
	}
	locked, err := f.Stat()
	return err == nil && os.SameFile(named, locked)
}

// alone tries to turn a shared lock into the only one.
func (l *fileLock) alone() bool {
	return syscall.Flock(int(l.f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}

func (l *fileLock) release() { l.f.Close() }
