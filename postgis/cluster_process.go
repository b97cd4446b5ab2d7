package postgis

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// postmaster is PostgreSQL's first process, as its own postmaster.pid tells.
type postmaster struct {
	pid    int
	socket string // folder of the socket
	port   string
}

// running returns the postmaster of the data folder, or ok false when there is none. A process that only bears the number of
// a dead one (in a container, numbers come back soon) does not count: a postmaster's working directory is its data folder.
func (f folder) running() (pm postmaster, ok bool) {
	b, err := os.ReadFile(filepath.Join(f.data(), "postmaster.pid"))
	if err != nil {
		return postmaster{}, false
	}
	lines := strings.Split(string(b), "\n")
	if len(lines) < 5 {
		return postmaster{}, false // being written
	}
	pm.pid, err = strconv.Atoi(strings.TrimSpace(lines[0]))
	if err != nil || pm.pid <= 0 {
		return postmaster{}, false
	}
	pm.port, pm.socket = strings.TrimSpace(lines[3]), strings.TrimSpace(lines[4])
	return pm, alive(pm.pid) && f.worksHere(pm.pid)
}

// alive reports whether the process exists and is more than an entry that nobody has waited for.
func alive(pid int) bool {
	if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
		return false
	}
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	_, state, _ := strings.Cut(string(b), ") ")
	return !strings.HasPrefix(state, "Z") && !strings.HasPrefix(state, "X")
}

// worksHere reports whether the process's working directory is the data folder; true where the system does not let us see.
func (f folder) worksHere(pid int) bool {
	cwd, err := os.Stat(filepath.Join("/proc", strconv.Itoa(pid), "cwd"))
	if err != nil {
		return errors.Is(err, fs.ErrPermission)
	}
	data, err := os.Stat(f.data())
	return err == nil && os.SameFile(cwd, data)
}

// removeStaleLocks removes the lock files of a postmaster that is surely gone, which PostgreSQL itself cannot tell when the number was given to
// another process or when nobody has waited for the dead one. It still refuses to start while a backend of the dead postmaster
// holds the shared memory. The caller holds the start lock and knows that no postmaster runs.
func (f folder) removeStaleLocks() error {
	for _, path := range []string{filepath.Join(f.data(), "postmaster.pid"), filepath.Join(f.socketDir(), ".s.PGSQL."+clusterPort+".lock")} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// quitOrphans ends backends of a dead postmaster that have not noticed it yet, busy as they are: they would keep a new one from
// starting. The caller holds the start lock and knows that no postmaster runs.
func (f folder) quitOrphans(ctx context.Context) error {
	pids, err := f.backends()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for _, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGQUIT); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
	}
	for _, pid := range pids {
		if err := waitGone(ctx, pid, 10*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// backends lists PostgreSQL's processes whose working directory is the data folder.
func (f folder) backends() ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	data, err := os.Stat(f.data())
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		cwd, err := os.Stat(filepath.Join("/proc", e.Name(), "cwd"))
		if err != nil || !os.SameFile(cwd, data) {
			continue
		}
		if exe, err := os.Readlink(filepath.Join("/proc", e.Name(), "exe")); err == nil && strings.HasPrefix(filepath.Base(exe), "postgres") {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// stop ends a postmaster: fast (clients are cut off, a checkpoint is written), after grace immediately, which
// costs a recovery at the next start and nothing else.
func stop(ctx context.Context, pid int, grace time.Duration) error {
	signal := func(sig syscall.Signal) error {
		if err := syscall.Kill(pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
		return nil
	}
	if err := signal(syscall.SIGINT); err != nil {
		return err
	}
	fast, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	if waitGone(fast, pid, 10*time.Millisecond) == nil {
		return nil
	}
	if err := signal(syscall.SIGQUIT); err != nil {
		return err
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return waitGone(last, pid, 10*time.Millisecond)
}

// waitGone waits until the process is no more. It asks rather than waits, because the process may be another's child.
func waitGone(ctx context.Context, pid int, every time.Duration) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for alive(pid) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}
