package postgis

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"

	"wanglou/layers"
)

// account is the user PostgreSQL runs as. It refuses to run as root, so root borrows another.
type account struct {
	name     string
	uid, gid int
	borrowed bool // we are root, the account is another's
}

// serverUser is who runs PostgreSQL when we are root and the data folder does not tell otherwise.
const serverUser = "postgres"

// chooseAccount returns who runs PostgreSQL on the data folder: its owner where it exists, else ourselves, else, for root,
// the user postgres, who is made where the system has none.
func chooseAccount(ctx context.Context, data string) (account, error) {
	owner := -1
	if st, err := os.Stat(data); err == nil {
		owner = int(st.Sys().(*syscall.Stat_t).Uid)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return account{}, folderError(data, err)
	}
	if me := os.Geteuid(); me != 0 {
		if owner >= 0 && owner != me {
			return account{}, layers.Errorf(layers.CodeForbidden, "%s belongs to user %s: start the program as that user or as root", data, userName(owner))
		}
		return account{name: userName(me), uid: me, gid: os.Getegid()}, nil
	}
	if owner > 0 {
		u, err := user.LookupId(strconv.Itoa(owner))
		if err != nil {
			return account{}, layers.Errorf(layers.CodeForbidden, "%s belongs to user id %d, which this system does not know", data, owner)
		}
		return borrow(u)
	}
	u, err := user.Lookup(serverUser)
	if err != nil {
		out, addErr := exec.CommandContext(ctx, "useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent",
			"--shell", "/usr/sbin/nologin", serverUser).CombinedOutput()
		if u, err = user.Lookup(serverUser); err != nil {
			return account{}, layers.Errorf(layers.CodeForbidden, "PostgreSQL does not run as root, and the user %s cannot be made (%v: %s): "+
				"make it, or start the program as an ordinary user", serverUser, addErr, out)
		}
	}
	return borrow(u)
}

func borrow(u *user.User) (account, error) {
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return account{}, fmt.Errorf("user %s: %w", u.Username, err)
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return account{}, fmt.Errorf("user %s: %w", u.Username, err)
	}
	return account{name: u.Username, uid: uid, gid: gid, borrowed: true}, nil
}

// command prepares a program that runs as the account, in a process group of its own: a Ctrl-C in our terminal is
// not a shutdown of the database.
func (a account) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Dir = "/"
	if a.borrowed {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
	return cmd
}

// reaches reports whether the account may enter dir: a folder under /root is closed to everybody else.
func (a account) reaches(dir string) bool {
	return !a.borrowed || a.command("/bin/sh", "-c", `cd "$1"`, "sh", dir).Run() == nil
}

// own gives paths to the account.
func (a account) own(paths ...string) error {
	if !a.borrowed {
		return nil
	}
	for _, p := range paths {
		if err := os.Chown(p, a.uid, a.gid); err != nil {
			return err
		}
	}
	return nil
}

func userName(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return strconv.Itoa(uid)
}

func folderError(dir string, err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return &layers.Error{Code: layers.CodeForbidden, Msg: "the database's folder " + dir + " may not be used by user " + userName(os.Geteuid()), Err: err}
	}
	if errors.Is(err, syscall.ENOSPC) {
		return &layers.Error{Code: layers.CodeStorageFull, Msg: "no room for the database's folder " + dir, Err: err}
	}
	return &layers.Error{Code: layers.CodeUnavailable, Msg: "the database's folder " + dir + " cannot be used", Err: err}
}
