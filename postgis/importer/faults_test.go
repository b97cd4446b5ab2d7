package importer_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/postgis"
	"wanglou/postgis/importer"
	"wanglou/postgis/importer/files"
	"wanglou/postgis/postgistest"
)

// A database that is killed in the middle of an import holds nothing of it, and takes it when it is back. Its backends are killed before their postmaster: one
// that survives for a moment would still take a COMMIT that is under way.
func TestKilledDatabase(t *testing.T) {
	t.Parallel()
	cluster := postgistest.Cluster(t)
	db, err := postgis.Open(t.Context(), cluster.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	path := file(t, "cameras.csv", points(20_000, func(p orb.Point) orb.Point { return p }))
	for _, step := range []string{"reading", "checking", "writing"} {
		before := cluster.PID()
		killed := false
		_, err := do(t, db, importer.Options{File: path, Layer: "camera", Progress: func(p importer.Progress) {
			if p.Step == step && !killed {
				killed = true
				kill(t, before)
			}
		}})
		if !killed || layers.ErrorCode(err) != layers.CodeUnavailable {
			t.Fatalf("%s: %v", step, err)
		}
		back(t, cluster, before)
		is(t, db, "0 0", `SELECT (SELECT count(*) FROM camera) || ' ' || (SELECT count(*) FROM audit_log)`)
	}
	if r := must(t, db, importer.Options{File: path, Layer: "camera"}); r.Inserted != 20_000 {
		t.Errorf("%+v", r)
	}
}

// kill ends a postmaster and all its backends at once, as a power cut would.
func kill(t *testing.T, postmaster int) {
	t.Helper()
	postgistest.Signal(t, postmaster, syscall.SIGSTOP)
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", postmaster, postmaster))
	if err != nil {
		t.Error(err)
	}
	for _, field := range strings.Fields(string(children)) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			t.Error(err)
			continue
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Error(err)
		}
	}
	postgistest.Signal(t, postmaster, syscall.SIGKILL)
}

// back waits until the cluster has started its database again.
func back(t *testing.T, c *postgis.Cluster, before int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if c.PID() != before {
			if db, err := postgis.Open(ctx, c.URL()); err == nil {
				db.Close()
				return
			}
		}
		select {
		case <-ctx.Done():
			t.Fatal("the database does not come back")
		case <-tick.C:
		}
	}
}

// A disk that fills while the rows come ends the import with nothing written. The database stands on a small file system of its own, which takes root.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("a small file system can be mounted by root alone")
	}
	dir := filepath.Join(t.TempDir(), "small")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=6m,mode=0777"); err != nil {
		t.Skipf("no file system can be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	space := filepath.Join(dir, "space")
	if err := os.Mkdir(space, 0o777); err != nil {
		t.Fatal(err)
	}
	cluster := postgistest.Cluster(t)
	db, err := postgis.Open(t.Context(), cluster.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	process, err := os.Stat(fmt.Sprintf("/proc/%d", cluster.PID()))
	if err != nil {
		t.Fatal(err)
	}
	if s, ok := process.Sys().(*syscall.Stat_t); ok {
		if err := os.Chown(space, int(s.Uid), int(s.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	for parent := dir; parent != os.TempDir() && parent != "/"; parent = filepath.Dir(parent) { // the database's user has to get there
		if err := os.Chmod(parent, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	run(t, db, `CREATE TABLESPACE small LOCATION '`+space+`'`)
	run(t, db, `ALTER TABLE camera SET TABLESPACE small`)
	path := file(t, "cameras.csv", points(80_000, func(p orb.Point) orb.Point { return p }))
	_, err = do(t, db, importer.Options{File: path, Layer: "camera"})
	if layers.ErrorCode(err) != layers.CodeStorageFull {
		t.Errorf("%v", err)
	}
	is(t, db, "0 0", `SELECT (SELECT count(*) FROM camera) || ' ' || (SELECT count(*) FROM audit_log)`)
	run(t, db, `ALTER TABLE camera SET TABLESPACE pg_default`) // there is room again
	path = file(t, "cameras.csv", points(200, func(p orb.Point) orb.Point { return p }))
	if r := must(t, db, importer.Options{File: path, Layer: "camera"}); r.Inserted != 200 {
		t.Errorf("%+v", r)
	}
}

func TestTimeoutAndCancel(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	path := file(t, "cameras.csv", points(50_000, func(p orb.Point) orb.Point { return p }))
	if _, err := do(t, db, importer.Options{File: path, Layer: "camera", Timeout: 50 * time.Millisecond}); reason(err) != "timeout" || !strings.Contains(err.Error(), "nothing was imported") {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(operator(t.Context()))
	_, err := importer.Import(ctx, db, importer.Options{File: path, Layer: "camera", Progress: func(importer.Progress) { cancel() }})
	if err == nil {
		t.Error("a cancelled import ended well")
	}
	is(t, db, "0", `SELECT count(*) FROM camera`)
}

// A file that ends in the middle, however late, is not half imported.
func TestCutFile(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	feature := `{"type":"Feature","properties":{"name":"a"},"geometry":{"type":"Point","coordinates":[119.6,29.8]}}`
	path := file(t, "a.geojson", `{"type":"FeatureCollection","features":[`+strings.Repeat(feature+",\n", 3000)+feature[:50])
	r, err := do(t, db, importer.Options{File: path, Layer: "camera", Read: files.Options{}})
	if reason(err) != "truncated" || !strings.Contains(err.Error(), "line 3001") {
		t.Error(err, r.Rows)
	}
	is(t, db, "0", `SELECT count(*) FROM camera`)
}
