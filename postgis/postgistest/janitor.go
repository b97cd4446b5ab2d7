package postgistest

import (
	"os/exec"
	"syscall"
)

// sweep stops and removes the shared cluster once no test process has held users.lock for a while. The locks are those of
// postgis.StartCluster: start.lock keeps a new process from joining a cluster that is being stopped. The folder goes in one step:
// who comes while it is being removed makes a new one, not one among ruins.
const sweep = `
cd "$1" || exit
exec 7>janitor.lock; flock -n 7 || exit 0
exec 8>start.lock 9>users.lock
while sleep 15; do
  flock 8
  if flock -n 9; then
    pid=$(head -n 1 data/postmaster.pid 2>/dev/null)
    if [ -n "$pid" ] && [ "$(readlink "/proc/$pid/cwd")" = "$1/data" ]; then
      kill -INT "$pid"
      while [ -d "/proc/$pid/fd" ] && [ -e data/postmaster.pid ]; do sleep 0.1; done
    fi
    cd /; mv "$1" "$1.gone.$$" && rm -rf "$1.gone.$$"
    exit 0
  fi
  flock -u 8
done`

// startJanitor leaves a process behind that outlives this one. A second one finds the first one's lock and goes.
func startJanitor(dir string) error {
	cmd := exec.Command("/bin/sh", "-c", sweep, "sh", dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Dir = "/"
	if err := cmd.Start(); err != nil {
		return err
	}
	return cmd.Process.Release()
}
