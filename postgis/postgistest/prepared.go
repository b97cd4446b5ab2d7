package postgistest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Prepared is NewURL with contents that are costly to make: fill is given a migrated database once a process and key, and
// every test a copy of it.
func Prepared(t testing.TB, key string, fill func(url string) error) string {
	t.Helper()
	made, _ := prepared.LoadOrStore(key, sync.OnceValues(func() (string, error) { return prepare(key, fill) }))
	return fresh(t, made.(func() (string, error)))
}

var prepared sync.Map // key → func() (name of the database, error)

const preparedPrefix = "prepared_"

// prepare makes the database that copies are made of. It stays when the process ends; the next process takes it away.
func prepare(key string, fill func(url string) error) (string, error) {
	server, err := server()
	if err != nil {
		return "", err
	}
	empty, err := template()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	if err := dropOrphans(ctx, conn); err != nil {
		return "", err
	}
	name := fmt.Sprintf("%s%d_%s", preparedPrefix, os.Getpid(), key)
	if _, err := conn.Exec(ctx, `CREATE DATABASE `+name+` TEMPLATE `+empty); err != nil {
		return "", err
	}
	return name, fill(withDatabase(server, name))
}

// dropOrphans drops what processes prepared that have ended. Two processes may try the same one at the same time.
func dropOrphans(ctx context.Context, conn *pgx.Conn) error {
	rows, err := conn.Query(ctx, `SELECT datname FROM pg_database WHERE starts_with(datname, $1)`, preparedPrefix)
	if err != nil {
		return err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range names {
		pid, _, _ := strings.Cut(strings.TrimPrefix(name, preparedPrefix), "_")
		n, err := strconv.Atoi(pid)
		if err != nil || !errors.Is(syscall.Kill(n, 0), syscall.ESRCH) {
			continue
		}
		if _, err := conn.Exec(ctx, `DROP DATABASE IF EXISTS `+name+` WITH (FORCE)`); err != nil {
			return err
		}
	}
	return nil
}

// SmallDisk returns an empty folder of at most so many megabytes, which anybody may use. Only root can make one: the test is skipped
// for others.
func SmallDisk(t testing.TB, megabytes int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "disk")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm,mode=0755", megabytes)); err != nil {
		t.Skipf("a small disk cannot be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}
