package postgis

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"wanglou/layers"
)

// folder is where a cluster lives:
//
//	data/          PostgreSQL's own
//	socket/        where it listens, unless the path is too long or closed to its user
//	start.lock     held by who looks at or changes whether PostgreSQL runs
//	users.lock     shared by every process that uses the cluster; who gets it alone is the last
//	postgres.log   what PostgreSQL says before its own log is open
type folder struct {
	dir     string
	account account
	closed  bool // the account may not enter dir: see dataArgument
}

func (f folder) data() string            { return filepath.Join(f.dir, "data") }
func (f folder) file(name string) string { return filepath.Join(f.dir, name) }
func (f folder) exists() bool {
	_, err := os.Stat(filepath.Join(f.data(), "PG_VERSION"))
	return err == nil
}

// maxSocketPath is what fits into sockaddr_un with its final zero byte.
const maxSocketPath = 107

// socketDir returns the folder of the socket. A path that is too long for a socket, or closed to the account, is
// replaced by a private folder whose name follows from dir, so that every process finds the same one.
func (f folder) socketDir() string {
	dir := f.file("socket")
	if len(filepath.Join(dir, ".s.PGSQL.5432")) <= maxSocketPath && !f.closed {
		return dir
	}
	h := fnv.New64a()
	h.Write([]byte(f.dir))
	parent := os.TempDir()
	if f.account.borrowed {
		parent = "/run"
	}
	return filepath.Join(parent, fmt.Sprintf("wanglou-%x", h.Sum64()))
}

// removeSocketDir takes away what is outside of the folder; another program's file there keeps it.
func (f folder) removeSocketDir() error {
	err := os.Remove(f.socketDir())
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTEMPTY) {
		return nil
	}
	return err
}

// openFolder makes dir and its lock files and decides who runs PostgreSQL there.
func openFolder(ctx context.Context, dir string) (folder, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return folder{}, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return folder{}, folderError(dir, err)
	}
	f := folder{dir: dir}
	if f.account, err = chooseAccount(ctx, f.data()); err != nil {
		return folder{}, err
	}
	f.closed = !f.account.reaches(dir)
	return f, nil
}

// prepare makes the socket's folder and, on the first start, the cluster itself.
func (f folder) prepare(ctx context.Context, bin binaries, o clusterOptions) error {
	if err := f.privateDir(f.socketDir()); err != nil {
		return err
	}
	if !f.exists() {
		if err := f.initdb(ctx, bin, o); err != nil {
			return err
		}
	}
	return f.configure(o)
}

// privateDir makes dir for the account alone, and refuses one that somebody else has put there before.
func (f folder) privateDir(dir string) error {
	err := os.Mkdir(dir, 0o700)
	if err == nil {
		return f.account.own(dir)
	}
	if !errors.Is(err, fs.ErrExist) {
		return folderError(dir, err)
	}
	st, err := os.Lstat(dir)
	if err != nil {
		return folderError(dir, err)
	}
	if uid := int(st.Sys().(*syscall.Stat_t).Uid); !st.IsDir() || uid != f.account.uid {
		return layers.Errorf(layers.CodeForbidden, "%s is in the way: it belongs to user %s, not to %s", dir, userName(uid), f.account.name)
	}
	return nil
}

// initdb makes the cluster beside its final place and renames it, so that a kill in the middle leaves nothing half made.
func (f folder) initdb(ctx context.Context, bin binaries, o clusterOptions) error {
	tmp := f.file("data.new")
	if err := os.RemoveAll(tmp); err != nil {
		return folderError(tmp, err)
	}
	if err := f.privateDir(tmp); err != nil {
		return err
	}
	args := []string{"--username=" + clusterRole, "--encoding=UTF8", "--locale=C.UTF-8", "--auth-local=peer", "--auth-host=reject",
		"--data-checksums", "--no-instructions"}
	if o.volatile {
		args = append(args, "--no-sync")
	}
	cmd, release, err := f.command(bin.path("initdb"), tmp, args...)
	if err != nil {
		return err
	}
	defer release()
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	stop := context.AfterFunc(ctx, func() {
		if cmd.Process != nil {
			_ = cmd.Process.Kill()
		}
	})
	defer stop()
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		code := layers.CodeUnavailable
		if bytes.Contains(said.Bytes(), []byte("No space left")) {
			code = layers.CodeStorageFull
		}
		return &layers.Error{Code: code, Msg: "initdb could not make the database in " + f.dir + ": " + lastLines(said.String(), 3), Err: err}
	}
	if err := os.Rename(tmp, f.data()); err != nil {
		return folderError(f.data(), err)
	}
	return nil
}

// configure writes our settings beside PostgreSQL's, before every start; ALTER SYSTEM wins over them.
func (f folder) configure(o clusterOptions) error {
	write := func(name, text string) error {
		path := filepath.Join(f.data(), name)
		if old, err := os.ReadFile(path); err == nil && string(old) == text {
			return nil
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return folderError(path, err)
		}
		return f.account.own(path)
	}
	main, err := os.ReadFile(filepath.Join(f.data(), "postgresql.conf"))
	if err != nil {
		return folderError(f.data(), err)
	}
	const include = "include 'wanglou.conf'\n"
	if !bytes.Contains(main, []byte(include)) {
		if err := write("postgresql.conf", string(main)+"\n"+include); err != nil {
			return err
		}
	}
	// The peer's operating-system user is the password: us, root, and who runs the server.
	users := []string{f.account.name, userName(os.Geteuid()), "root"}
	slices.Sort(users)
	var ident strings.Builder
	for _, u := range slices.Compact(users) {
		fmt.Fprintf(&ident, "%s \"%s\" %s\n", clusterRole, u, clusterRole)
	}
	return errors.Join(
		write("wanglou.conf", o.conf(f.socketDir())),
		write("pg_hba.conf", "local all "+clusterRole+" peer map="+clusterRole+"\n"),
		write("pg_ident.conf", ident.String()),
	)
}

// command prepares a PostgreSQL program on a data folder. Where the account may not enter the folders above, it gets the open
// folder itself as a file descriptor: a link under /proc/self/fd is followed without asking for the way to it. release is to be called
// after the program was started.
func (f folder) command(name, data string, args ...string) (cmd *exec.Cmd, release func(), err error) {
	if !f.closed {
		return f.account.command(name, append([]string{"-D", data}, args...)...), func() {}, nil
	}
	open, err := os.Open(data)
	if err != nil {
		return nil, nil, folderError(data, err)
	}
	cmd = f.account.command(name, append([]string{"-D", "/proc/self/fd/3"}, args...)...)
	cmd.ExtraFiles = []*os.File{open}
	return cmd, func() { open.Close() }, nil
}

func lastLines(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "; ")
}

// major returns the version that made the data folder, 0 when there is none yet.
func (f folder) major() int {
	b, err := os.ReadFile(filepath.Join(f.data(), "PG_VERSION"))
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return 0
	}
	return n
}
