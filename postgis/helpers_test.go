package postgis_test

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"wanglou/layers"
	"wanglou/postgis"
	"wanglou/postgis/postgistest"
)

// run executes one statement.
func run(t testing.TB, db *postgis.DB, sql string, args ...any) {
	t.Helper()
	if _, err := db.Pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func start(t *testing.T, dir string) *postgis.Cluster {
	t.Helper()
	c, err := postgis.StartCluster(t.Context(), dir, postgistest.Log(t), postgis.WithoutDurability())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func open(t *testing.T, c *postgis.Cluster) *postgis.DB {
	t.Helper()
	db, err := postgis.Open(t.Context(), c.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

func ping(t *testing.T, c *postgis.Cluster) {
	t.Helper()
	db, err := postgis.Open(t.Context(), c.URL())
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
}

func closeCluster(t *testing.T, c *postgis.Cluster) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// crash kills PostgreSQL as a power cut would and returns when the cluster has started it again.
func crash(t *testing.T, c *postgis.Cluster) {
	t.Helper()
	end(t, c, syscall.SIGKILL)
}

// restart shuts PostgreSQL down and returns when the cluster has started it again.
func restart(t *testing.T, c *postgis.Cluster) {
	t.Helper()
	end(t, c, syscall.SIGINT)
}

func end(t *testing.T, c *postgis.Cluster, sig syscall.Signal) {
	t.Helper()
	before := c.PID()
	postgistest.Signal(t, before, sig)
	eventually(t, "PostgreSQL to run again", func(ctx context.Context) bool {
		if c.PID() == before {
			return false
		}
		db, err := postgis.Open(ctx, c.URL())
		if err != nil {
			return false
		}
		db.Close()
		return true
	})
}

// eventually asks until the condition holds.
func eventually(t testing.TB, what string, holds func(ctx context.Context) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds(ctx) {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain for %s", what)
		case <-tick.C:
		}
	}
}

func contains(err error, part string) bool { return strings.Contains(err.Error(), part) }

// replica is a replica with what tests ask of it.
type replica struct{ *layers.Replica }

// follow runs a follower of db until the test ends and returns its replica when it is live.
func follow(t testing.TB, db *postgis.DB) replica {
	t.Helper()
	r := replica{layers.NewReplica(layers.ReplicaOptions{})}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- postgis.NewFollower(db, postgis.Publication, postgistest.Log(t)).Run(ctx, r) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the follower ended with %v", err)
		}
	})
	eventually(t, "the follower to be live", func(context.Context) bool { return r.Status().State == layers.SourceLive })
	return r
}

// until waits for a condition, asking after every change of position.
func (r replica) until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for at := r.Position(); !holds(); {
		var err error
		if at, err = r.WaitPast(ctx, at); err != nil {
			t.Fatalf("waited in vain for %s: %+v", what, r.Status())
		}
	}
}
