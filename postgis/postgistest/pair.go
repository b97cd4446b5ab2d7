package postgistest

import (
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Pair is a primary and a standby that streams from it, two PostgreSQL servers of the test's own. A commit at the primary has reached the standby.
type Pair struct {
	t               testing.TB
	dir, bin        string
	credential      *syscall.Credential
	Primary         string // address of the one
	Standby         string // address of the other
	primary, second *exec.Cmd
}

// NewPair starts both, with an empty database.
func NewPair(t testing.TB) *Pair {
	t.Helper()
	dir, err := os.MkdirTemp("", "wanglou-pair-") // the name of a socket has at most 107 bytes: the test's own folder may be longer
	if err != nil {
		t.Fatal(err)
	}
	p := &Pair{t: t, dir: dir}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	out, err := exec.Command("pg_config", "--bindir").Output()
	if p.bin = strings.TrimSpace(string(out)); err != nil {
		found, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
		if len(found) == 0 {
			t.Fatal("PostgreSQL is not installed")
		}
		p.bin = found[len(found)-1]
	}
	if os.Geteuid() == 0 { // which PostgreSQL refuses to be
		p.borrow()
	}
	p.Primary, p.Standby = p.url("a", ""), p.url("b", "")
	p.run("initdb", "-D", p.data("a"), "--username=wanglou", "--encoding=UTF8", "--locale=C.UTF-8", "--auth=trust", "--no-sync")
	p.primary = p.start("a")
	p.sql(p.url("a", "postgres"), `CREATE DATABASE wanglou`)
	p.run("pg_basebackup", "-D", p.data("b"), "-h", p.socket("a"), "-U", "wanglou", "-X", "stream", "-c", "fast", "-R", "--no-sync")
	p.second = p.start("b")
	p.sql(p.Primary, `ALTER SYSTEM SET synchronous_standby_names = '*'`)
	p.sql(p.Primary, `SELECT pg_reload_conf()`)
	return p
}

func (p *Pair) borrow() {
	u, err := user.Lookup("postgres")
	if err != nil {
		p.t.Fatal(err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	p.credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	if err := os.Chown(p.dir, uid, gid); err != nil {
		p.t.Fatal(err)
	}
}

func (p *Pair) data(name string) string   { return filepath.Join(p.dir, name) }
func (p *Pair) socket(name string) string { return filepath.Join(p.dir, name+".s") }

func (p *Pair) url(name, database string) string {
	if database == "" {
		database = "wanglou"
	}
	return "postgres:///" + database + "?" + url.Values{"host": {p.socket(name)}, "port": {"5432"}, "user": {"wanglou"}}.Encode()
}

// URL returns the address of whichever of the two takes writes.
func (p *Pair) URL() string {
	q := url.Values{"host": {p.socket("a") + "," + p.socket("b")}, "port": {"5432,5432"}, "user": {"wanglou"}, "target_session_attrs": {"primary"}}
	return "postgres:///wanglou?" + q.Encode()
}

func (p *Pair) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(p.bin, program), args...)
	cmd.Dir = p.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: p.credential, Pdeathsig: syscall.SIGKILL}
	return cmd
}

func (p *Pair) run(program string, args ...string) {
	p.t.Helper()
	if out, err := p.command(program, args...).CombinedOutput(); err != nil {
		p.t.Fatalf("%s: %v: %s", program, err, out)
	}
}

// sql does one thing at a server.
func (p *Pair) sql(url, statement string) {
	p.t.Helper()
	p.run("psql", "-X", "-q", "-d", url, "-c", statement)
}

// start runs a server until the test ends, and returns when it answers.
func (p *Pair) start(name string) *exec.Cmd {
	p.t.Helper()
	if err := os.Mkdir(p.socket(name), 0o700); err != nil && !os.IsExist(err) {
		p.t.Fatal(err)
	}
	if p.credential != nil {
		_ = os.Chown(p.socket(name), int(p.credential.Uid), int(p.credential.Gid))
	}
	args := []string{"-D", p.data(name)}
	for _, setting := range []string{"listen_addresses=", "port=5432", "unix_socket_directories=" + p.socket(name), "wal_level=logical", "max_wal_senders=20",
		"max_replication_slots=20", "max_connections=100", "shared_buffers=32MB", "fsync=off", "timezone=UTC"} {
		args = append(args, "-c", setting)
	}
	cmd := p.command("postgres", args...)
	log, err := os.Create(filepath.Join(p.dir, name+".log"))
	if err != nil {
		p.t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGQUIT)
		_ = cmd.Wait()
		log.Close()
	})
	for end := time.Now().Add(time.Minute); p.command("pg_isready", "-q", "-d", p.url(name, "postgres")).Run() != nil; {
		if time.Now().After(end) {
			said, _ := os.ReadFile(log.Name())
			p.t.Fatalf("%s does not answer: %s", name, said)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return cmd
}

// Kill ends the primary as a power cut does.
func (p *Pair) Kill() {
	_ = p.primary.Process.Signal(syscall.SIGSTOP) // so that it starts nobody again
	_ = exec.Command("pkill", "-KILL", "-P", strconv.Itoa(p.primary.Process.Pid)).Run()
	_ = p.primary.Process.Kill()
	_ = p.primary.Wait()
}

// Promote makes the standby the primary, which waits for no other.
func (p *Pair) Promote() {
	p.t.Helper()
	p.run("pg_ctl", "promote", "-w", "-D", p.data("b"))
	p.sql(p.Standby, `ALTER SYSTEM SET synchronous_standby_names = ''`)
	p.sql(p.Standby, `SELECT pg_reload_conf()`)
}

// Return starts the old primary again, which knows nothing of a promotion and takes writes.
func (p *Pair) Return() {
	p.t.Helper()
	p.primary = p.start("a")
}
