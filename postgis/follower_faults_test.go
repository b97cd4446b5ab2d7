package postgis_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"wanglou/layers"
	"wanglou/postgis"
	"wanglou/postgis/postgistest"
)

// migrated opens the database of a cluster of the test's own and migrates it.
func migrated(t *testing.T, c *postgis.Cluster) *postgis.DB {
	t.Helper()
	db := open(t, c)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

// PostgreSQL is killed again and again while a writer goes on; whatever was acknowledged is on both replicas in the end, and they agree.
func TestNothingIsLostWhenPostgreSQLIsKilled(t *testing.T) {
	t.Parallel()
	c, err := postgis.StartCluster(t.Context(), t.TempDir()+"/pg", postgistest.Log(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeCluster(t, c) })
	db := migrated(t, c)
	run(t, db, `INSERT INTO camera (name, geom) SELECT 'c' || i, ST_Point(119 + i / 1000.0, 29, 4326) FROM generate_series(1, 200) i`)
	a, b := follow(t, db), follow(t, db)

	writing, stop := context.WithCancel(t.Context())
	defer stop()
	written := make(chan int)
	go func() {
		n := 0
		defer func() { written <- n }()
		for writing.Err() == nil {
			_, err := db.Pool.Exec(writing, `UPDATE camera SET name = $1, geom = ST_Point(119 + $2::float8, 29, 4326) WHERE id = $3`,
				fmt.Sprint(n), rand.Float64(), 1+n%200)
			if err == nil {
				n++
			}
		}
	}()
	for range 3 {
		before := a.Position()
		eventually(t, "writing to go on", func(context.Context) bool { return a.Position().Version > before.Version })
		crash(t, c)
		for _, r := range []replica{a, b} {
			eventually(t, "the replica to be live again", func(context.Context) bool {
				s := r.Status()
				return s.State == layers.SourceLive && r.Position().Version > before.Version
			})
		}
	}
	stop()
	n := <-written
	if n == 0 {
		t.Fatal("nothing was written")
	}
	sameAsDatabase(t, db, a)
	sameAsDatabase(t, db, b)
	if a.Position().Epoch != b.Position().Epoch {
		t.Errorf("epochs %q and %q", a.Position().Epoch, b.Position().Epoch)
	}
}

// sameAsDatabase waits until the replica holds every camera as the database does. The database is asked anew each time: a
// statement whose client has gone away may still commit.
func sameAsDatabase(t *testing.T, db *postgis.DB, r replica) {
	t.Helper()
	eventually(t, "the replica to equal the database", func(ctx context.Context) bool {
		want, err := camerasOf(ctx, db)
		if err != nil {
			return false
		}
		l, fs, _ := r.Read("camera")
		if len(fs) != len(want) {
			return false
		}
		for _, f := range fs {
			p := f.Bound.Min
			if want[f.ID] != fmt.Sprintf("%vPOINT(%v %v)", f.Values[l.Index("name")], p[0], p[1]) {
				return false
			}
		}
		return true
	})
}

// camerasOf reads name and place of every camera.
func camerasOf(ctx context.Context, db *postgis.DB) (map[int64]string, error) {
	rows, err := db.Pool.Query(ctx, `SELECT id, name || ST_AsText(geom) FROM camera`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[int64]string{}
	for rows.Next() {
		var id int64
		var s string
		if err := rows.Scan(&id, &s); err != nil {
			return nil, err
		}
		found[id] = s
	}
	return found, rows.Err()
}

// A server that hangs without closing anything is noticed by its silence, and heard again when it goes on.
func TestAHangingServerIsLostAfterFiveSeconds(t *testing.T) {
	t.Parallel()
	c := postgistest.Cluster(t)
	db := migrated(t, c)
	r := follow(t, db)
	var pid int
	if err := db.Pool.QueryRow(t.Context(), `SELECT pid FROM pg_stat_replication`).Scan(&pid); err != nil {
		t.Fatal(err)
	}
	postgistest.Signal(t, pid, syscall.SIGSTOP)
	eventually(t, "the source to be lost", func(context.Context) bool { return r.Status().State == layers.SourceLost })
	if s := r.Status(); s.Since.Sub(s.Heard) < 4*time.Second || s.Since.Sub(s.Heard) > 8*time.Second || s.Err == nil {
		t.Errorf("lost %v after the last sign of life: %v", s.Since.Sub(s.Heard), s.Err)
	}
	run(t, db, `INSERT INTO camera (name, geom) VALUES ('unheard', ST_Point(119.6, 29.7, 4326))`)
	postgistest.Signal(t, pid, syscall.SIGCONT)
	eventually(t, "the source to be live", func(context.Context) bool { return r.Status().State == layers.SourceLive })
	r.until(t, "the camera", func() bool { return r.Len("camera") == 1 })
}

func TestFollowingWaitsForWritersAndSaysSoByItsStatus(t *testing.T) {
	t.Parallel()
	db := migrated(t, postgistest.Cluster(t))
	tx, err := db.Pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `INSERT INTO camera (name, geom) VALUES ('late', ST_Point(119.6, 29.7, 4326))`); err != nil {
		t.Fatal(err)
	}
	r := replica{layers.NewReplica(layers.ReplicaOptions{})}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- postgis.NewFollower(db, postgis.Publication, postgistest.Log(t)).Run(ctx, r) }()
	eventually(t, "the slot to wait", func(ctx context.Context) bool {
		var waits bool
		err := db.Pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'walsender' AND wait_event_type = 'Lock')`).Scan(&waits)
		return err == nil && waits
	})
	if s := r.Status().State; s != layers.SourceConnecting {
		t.Errorf("state = %q while nothing was loaded", s)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.until(t, "the row of the transaction that was waited for", func() bool { return r.Len("camera") == 1 })
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Run = %v", err)
	}
}

func TestNoPublicationIsSaidAtOnce(t *testing.T) {
	t.Parallel()
	db, err := postgis.Open(t.Context(), postgistest.Empty(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = postgis.NewFollower(db, postgis.Publication, postgistest.Log(t)).Run(t.Context(), layers.NewReplica(layers.ReplicaOptions{}))
	if layers.ErrorCode(err) != layers.CodeUnavailable || !contains(err, "CREATE PUBLICATION") {
		t.Errorf("Run = %v", err)
	}
}
