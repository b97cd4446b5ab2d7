// Package postgistest gives every test a database of its own.
//
// The databases live in one throw-away cluster a machine, which the first test process starts in memory or, where there is little,
// under the temporary folder, and which goes some seconds after the last one has ended, however it ended. WANGLOU_TEST_DATABASE_URL
// names another server (a superuser's, with wal_level=logical) instead.
package postgistest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sys/unix"

	"wanglou/postgis"
)

// New returns a fresh, migrated database that is dropped when the test ends. The test fails when PostgreSQL is not installed.
func New(t testing.TB) *postgis.DB {
	t.Helper()
	db, err := postgis.Open(t.Context(), NewURL(t), postgis.WithMaxConnections(10))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

// NewURL is New for those who open the database themselves.
func NewURL(t testing.TB) string {
	t.Helper()
	return fresh(t, template)
}

// Empty returns the address of a fresh database without any schema.
func Empty(t testing.TB) string {
	t.Helper()
	return fresh(t, func() (string, error) { return "template0", nil })
}

// Cluster returns a cluster of the test's own, to be killed and hurt. Its database is empty.
func Cluster(t testing.TB, opts ...postgis.ClusterOption) *postgis.Cluster {
	t.Helper()
	c, err := postgis.StartCluster(t.Context(), filepath.Join(Folder(t), "pg"), Log(t), append([]postgis.ClusterOption{postgis.WithoutDurability()}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// Folder returns an empty folder for a database, which goes with the test.
func Folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp(volatile(), "wanglou-test-")
	if err == nil {
		err = os.Chmod(dir, 0o755) // PostgreSQL may run as somebody else
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// Log returns a logger that writes to the test's output.
func Log(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

var serial atomic.Int64

func fresh(t testing.TB, source func() (string, error)) string {
	t.Helper()
	server, err := server()
	if err != nil {
		t.Fatal(err)
	}
	from, err := source()
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("test_%d_%d", os.Getpid(), serial.Add(1))
	if err := run(t.Context(), server, `CREATE DATABASE `+name+` TEMPLATE `+from+` STRATEGY file_copy`); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// The test's own context has ended by now.
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := drop(ctx, server, name); err != nil {
			t.Error(err)
		}
	})
	return withDatabase(server, name)
}

// volatile is the folder of what need not outlive the machine. A database is some hundred small files, made and removed for every test: in
// memory this takes a quarter of the time. A few gigabytes are the most that all tests at once have filled.
var volatile = sync.OnceValue(func() string {
	const shm, enough = "/dev/shm", 10 << 30
	var st syscall.Statfs_t
	if syscall.Statfs(shm, &st) == nil && int64(st.Type) == unix.TMPFS_MAGIC && st.Bavail*uint64(st.Bsize) > enough {
		return shm
	}
	return os.TempDir()
})

// server returns the address of the server, started once a process.
var server = sync.OnceValues(func() (string, error) {
	if u := os.Getenv("WANGLOU_TEST_DATABASE_URL"); u != "" {
		return u, nil
	}
	dir := filepath.Join(volatile(), fmt.Sprintf("wanglou-test-%d", os.Geteuid()))
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	// Never closed: the process holds it until it ends, then the janitor sees that nobody does.
	c, err := postgis.StartCluster(ctx, dir, slog.New(slog.DiscardHandler), postgis.WithoutDurability())
	if err != nil { // the janitor took the folder away under us: the next one is ours
		c, err = postgis.StartCluster(ctx, dir, slog.New(slog.DiscardHandler), postgis.WithoutDurability())
	}
	if err != nil {
		return "", err
	}
	return c.URL(), startJanitor(dir)
})

// template returns the name of a migrated database, made once for each version of the migrations.
var template = sync.OnceValues(func() (string, error) {
	server, err := server()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	return makeTemplate(ctx, server)
})

func makeTemplate(ctx context.Context, server string) (string, error) {
	hash, err := hashMigrations()
	if err != nil {
		return "", err
	}
	name := "template_" + hash
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	// One process makes it, the others wait. The lock goes with the connection.
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock(7203554)`); err != nil {
		return "", err
	}
	var exists bool
	if err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, name).Scan(&exists); err != nil || exists {
		return name, err
	}
	making := name + "_making"
	for _, sql := range []string{`DROP DATABASE IF EXISTS ` + making + ` WITH (FORCE)`, `CREATE DATABASE ` + making + ` TEMPLATE template0`} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return "", err
		}
	}
	db, err := postgis.Open(ctx, withDatabase(server, making))
	if err != nil {
		return "", err
	}
	err = db.Migrate(ctx)
	db.Close()
	if err != nil {
		return "", err
	}
	_, err = conn.Exec(ctx, `ALTER DATABASE `+making+` RENAME TO `+name)
	return name, err
}

func hashMigrations() (string, error) {
	h := sha256.New()
	files := postgis.MigrationFiles()
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(files, path)
		h.Write(b)
		return err
	})
	return hex.EncodeToString(h.Sum(nil)[:8]), err
}

// drop removes a database together with whoever still uses it. A replication slot in use is not cut off by WITH (FORCE), so its process
// is ended first; that takes effect a moment later.
func drop(ctx context.Context, server, name string) error {
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for {
		_, err := conn.Exec(ctx, `SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity WHERE datname = $1`, name)
		if err != nil {
			return err
		}
		_, err = conn.Exec(ctx, `DROP DATABASE `+name+` WITH (FORCE)`)
		var pg *pgconn.PgError
		if errors.As(err, &pg) && pg.Code == "55006" { // object_in_use
			continue
		}
		return err
	}
}

func run(ctx context.Context, server, sql string) error {
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	return err
}

// withDatabase returns the address of another database on the same server.
func withDatabase(server, name string) string {
	u, err := url.Parse(server)
	if err != nil {
		return server + " dbname=" + name
	}
	u.Path = "/" + name
	return u.String()
}
