package postgistest

import (
	"syscall"
	"testing"
)

// Signal sends a signal to one process, from any goroutine; the test fails when it cannot. A number of zero or below, as which a missing pid
// file reads, would reach the whole group of processes that this test belongs to, and with it whatever runs the tests: it is refused.
func Signal(t testing.TB, pid int, sig syscall.Signal) {
	t.Helper()
	if pid <= 1 {
		t.Errorf("%v is for one process, and %d is none", sig, pid)
		return
	}
	if err := syscall.Kill(pid, sig); err != nil {
		t.Errorf("%v to process %d: %v", sig, pid, err)
	}
}
