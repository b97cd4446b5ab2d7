package postgis_test

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/postgis"
	"wanglou/postgis/postgistest"
)

func TestClusterIsPrivateAndReadyToBeFollowed(t *testing.T) {
	t.Parallel()
	c := postgistest.Cluster(t)
	db := open(t, c)
	for setting, want := range map[string]string{
		"wal_level": "logical", "listen_addresses": "", "server_encoding": "UTF8", "max_replication_slots": "64", "data_checksums": "on",
	} {
		var got string
		if err := db.Pool.QueryRow(t.Context(), `SELECT current_setting($1)`, setting).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%s = %q, want %q", setting, got, want)
		}
	}
	st, err := os.Stat(filepath.Join("/proc", strconv.Itoa(c.PID())))
	if err != nil {
		t.Fatal(err)
	}
	if st.Sys().(*syscall.Stat_t).Uid == 0 {
		t.Error("PostgreSQL runs as root")
	}
}

func TestClusterIsSharedAndTheLastOneStopsIt(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "pg")
	first := start(t, dir)
	second := start(t, dir)
	if first.PID() != second.PID() {
		t.Fatalf("two servers run in one folder: %d and %d", first.PID(), second.PID())
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	ping(t, second)
	pid := second.PID()
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "PostgreSQL to end with its last user", func(context.Context) bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) })
}

func TestClusterComesBackAfterKill(t *testing.T) {
	t.Parallel()
	c, err := postgis.StartCluster(t.Context(), filepath.Join(t.TempDir(), "pg"), postgistest.Log(t)) // durable, as in earnest
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeCluster(t, c) })
	db := open(t, c)
	run(t, db, `CREATE TABLE written (n int PRIMARY KEY)`)
	var acknowledged []int
	for round := range 3 {
		for i := range 50 {
			write(t, db, round*100+i)
			acknowledged = append(acknowledged, round*100+i)
		}
		busy := keepBusy(t, c)
		crash(t, c)
		<-busy
	}
	var n int
	write(t, db, -1) // the pool has a living connection again
	if err := db.Pool.QueryRow(t.Context(), `SELECT count(*) FROM written WHERE n = ANY ($1)`, acknowledged).Scan(&n); err != nil {
		t.Fatal(err)
	}
	if n != len(acknowledged) {
		t.Errorf("%d of %d committed rows are there after three crashes", n, len(acknowledged))
	}
}

// keepBusy runs a query that computes and so does not notice by itself that the postmaster is gone; the channel closes when it was cut off.
func keepBusy(t *testing.T, c *postgis.Cluster) <-chan struct{} {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), c.URL())
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if _, err := conn.Exec(t.Context(), `SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b`); err == nil {
			t.Error("a query outlived the crash of its server")
		}
		conn.Close(context.WithoutCancel(t.Context()))
	}()
	var active bool
	eventually(t, "the query to compute", func(ctx context.Context) bool {
		db, err := postgis.Open(ctx, c.URL())
		if err != nil {
			return false
		}
		defer db.Close()
		err = db.Pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE 'SELECT count(*) FROM generate_series%' AND state = 'active')`).Scan(&active)
		return err == nil && active
	})
	return ended
}

// write inserts n, and again while the server is away.
func write(t *testing.T, db *postgis.DB, n int) {
	t.Helper()
	eventually(t, "a row to be written", func(ctx context.Context) bool {
		_, err := db.Pool.Exec(ctx, `INSERT INTO written VALUES ($1) ON CONFLICT DO NOTHING`, n)
		if code := layers.ErrorCode(postgis.Wrap(err)); err != nil && code != layers.CodeUnavailable {
			t.Fatalf("error while the server is away is %q: %v", code, err)
		}
		return err == nil
	})
}

func TestClusterOutlivesItsKilledOwner(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "pg")
	owner := exec.Command(os.Args[0], "-test.run=^TestOwnerProcess$", "-test.v")
	owner.Env = append(os.Environ(), ownerFolder+"="+dir)
	out, err := owner.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	pid := 0
	for lines := bufio.NewScanner(out); pid == 0 && lines.Scan(); {
		if s, ok := strings.CutPrefix(lines.Text(), "postmaster "); ok {
			pid, err = strconv.Atoi(s)
		}
	}
	if pid == 0 || err != nil {
		t.Fatalf("the owner did not start PostgreSQL: %v", err)
	}
	if err := owner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = owner.Wait() // killed
	c := start(t, dir)
	defer closeCluster(t, c)
	if c.PID() != pid {
		t.Errorf("PostgreSQL is process %d, want the running %d", c.PID(), pid)
	}
	ping(t, c)
	crash(t, c) // also one that is nobody's child any more is supervised
	ping(t, c)
}

const ownerFolder = "WANGLOU_TEST_CLUSTER_OWNER"

// TestOwnerProcess is the process that TestClusterOutlivesItsKilledOwner kills; it does nothing otherwise.
func TestOwnerProcess(t *testing.T) {
	dir := os.Getenv(ownerFolder)
	if dir == "" {
		t.Skip("started by TestClusterOutlivesItsKilledOwner")
	}
	c, err := postgis.StartCluster(t.Context(), dir, postgistest.Log(t), postgis.WithoutDurability())
	if err != nil {
		t.Fatal(err)
	}
	os.Stdout.WriteString("\npostmaster " + strconv.Itoa(c.PID()) + "\n")
	<-t.Context().Done()
}

func TestClusterInAwkwardFolders(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a-long-name/", 12)
	for name, prepare := range map[string]func(t *testing.T, dir string) string{
		"path too long for a socket": func(t *testing.T, dir string) string { return filepath.Join(dir, long) },
		"spaces and quotes":          func(t *testing.T, dir string) string { return filepath.Join(dir, "it's 数据 here") },
		"closed to other users": func(t *testing.T, dir string) string {
			closed := filepath.Join(dir, "closed")
			if err := os.Mkdir(closed, 0o700); err != nil {
				t.Fatal(err)
			}
			return filepath.Join(closed, "pg")
		},
		"half made before": func(t *testing.T, dir string) string {
			if err := os.MkdirAll(filepath.Join(dir, "pg/data.new/base"), 0o755); err != nil {
				t.Fatal(err)
			}
			return filepath.Join(dir, "pg")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := prepare(t, t.TempDir())
			c := start(t, dir)
			run(t, open(t, c), `CREATE EXTENSION postgis`)
			crash(t, c)
			ping(t, c)
			closeCluster(t, c)
			again := start(t, dir)
			ping(t, again)
			closeCluster(t, again)
		})
	}
}

func TestClusterIsNotFooledByAStaleProcessNumber(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "pg")
	closeCluster(t, start(t, dir))
	// As after a restart of a container, where the same number is another program now: here it is this test.
	stale := strconv.Itoa(os.Getpid()) + "\n" + filepath.Join(dir, "data") + "\n1700000000\n5432\n" + filepath.Join(dir, "socket") + "\n\n  0  0\nready   \n"
	if err := os.WriteFile(filepath.Join(dir, "data/postmaster.pid"), []byte(stale), 0o644); err != nil {
		t.Fatal(err)
	}
	c := start(t, dir)
	ping(t, c)
	closeCluster(t, c)
}

func TestClusterOfAnotherVersionIsRefused(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "pg")
	if err := os.MkdirAll(filepath.Join(dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "data/PG_VERSION"), []byte("99\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := postgis.StartCluster(t.Context(), dir, postgistest.Log(t))
	if err == nil || !strings.Contains(err.Error(), "apt-get install postgresql-99 postgresql-99-postgis-3") {
		t.Errorf("error = %v, want the packages' names", err)
	}
}
