package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// reference is this program once more, in a process of its own, as a server that ours is measured beside.
type reference struct {
	address string
	cmd     *exec.Cmd
}

// startReference starts it with arguments that make it be the server; it prints its address first. The caller stops it.
func startReference(ctx context.Context, e *env, args ...string) (*reference, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	r := &reference{cmd: exec.CommandContext(ctx, self, args...)}
	r.cmd.Stderr = e.progress
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := r.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("the reference server did not start: %w", err)
	}
	r.address = strings.TrimSpace(line)
	return r, nil
}

func (r *reference) stop() {
	_ = r.cmd.Process.Signal(syscall.SIGTERM)
	_ = r.cmd.Wait() // killed by the signal
}
