// Package child runs other programs as processes that die with this one and take no more than they may have.
package child

import (
	"bytes"
	"cmp"
	"context"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Bounds are what a program may take. Zero is no bound, of Nice 10.
type Bounds struct {
	AddressMB int   // address space: a program may map much more than it uses
	MemoryMB  int   // private memory that can be written: heap and stacks
	MaxFile   int64 // bytes of any file it writes
	Nice      int   // priority below that of others
}

// Run starts cmd in a group of its own and waits for it. The group is killed when ctx ends, whose error is returned then.
func Run(ctx context.Context, cmd *exec.Cmd, b Bounds) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.WaitDelay = 5 * time.Second
	// The process' life is bound to the thread that started it (Pdeathsig), which therefore is kept until it has ended.
	ended := make(chan error, 1)
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			ended <- cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	bound(cmd.Process.Pid, b)
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // the whole group
		<-ended
		return ctx.Err()
	}
}

// bound limits a process that has just begun; where it has ended already there is nothing to limit.
func bound(pid int, b Bounds) {
	limit := func(resource int, n uint64) {
		if n > 0 || resource == unix.RLIMIT_CORE {
			_ = unix.Prlimit(pid, resource, &unix.Rlimit{Cur: n, Max: n}, nil)
		}
	}
	limit(unix.RLIMIT_AS, uint64(b.AddressMB)<<20)
	limit(unix.RLIMIT_DATA, uint64(b.MemoryMB)<<20)
	limit(unix.RLIMIT_CORE, 0)
	limit(unix.RLIMIT_FSIZE, uint64(b.MaxFile))
	_ = unix.Setpriority(unix.PRIO_PROCESS, pid, cmp.Or(b.Nice, 10))
}

// Tail keeps the last bytes that are written to it: what a program complained about.
type Tail struct {
	Limit int
	buf   bytes.Buffer
}

// Write implements io.Writer.
func (t *Tail) Write(p []byte) (int, error) {
	n, _ := t.buf.Write(p)
	if extra := t.buf.Len() - t.Limit; extra > 0 {
		t.buf.Next(extra)
	}
	return n, nil
}

func (t *Tail) String() string { return t.buf.String() }
