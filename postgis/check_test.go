package postgis_test

import (
	"strings"
	"testing"

	"wanglou/layers"
	"wanglou/postgis"
	"wanglou/postgis/postgistest"
)

func TestCheckFindsOurOwnClusterWhole(t *testing.T) {
	t.Parallel()
	db, err := postgis.Open(t.Context(), postgistest.Empty(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Check(t.Context()); err != nil {
		t.Errorf("empty database: %v", err)
	}
	if err := postgistest.New(t).Check(t.Context()); err != nil {
		t.Errorf("migrated database: %v", err)
	}
}

func TestCheckNamesEverythingAtOnce(t *testing.T) {
	t.Parallel()
	cluster := postgistest.Cluster(t)
	admin, err := postgis.Open(t.Context(), cluster.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	for _, sql := range []string{
		`ALTER SYSTEM SET wal_level = 'replica'`, `ALTER SYSTEM SET max_replication_slots = 0`,
		`CREATE ROLE nobody LOGIN`, `CREATE DATABASE plain ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0`,
	} {
		run(t, admin, sql)
	}
	restart(t, cluster)
	// Our own clusters let in one role; nobody comes by way of it.
	poor := openAs(t, cluster, "plain", "nobody")
	err = poor.Check(t.Context())
	if layers.ErrorCode(err) != layers.CodeUnavailable {
		t.Fatalf("Check = %v, want unavailable", err)
	}
	t.Log(err)
	for _, want := range []string{
		"encoding is SQL_ASCII", "CREATE EXTENSION postgis", "wal_level is replica", "ALTER ROLE nobody REPLICATION",
		"all 0 replication slots", "GRANT CREATE ON SCHEMA public TO nobody", "GRANT CREATE ON DATABASE plain TO nobody",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q", want)
		}
	}
	err = postgis.NewFollower(poor, postgis.Publication, postgistest.Log(t)).Run(t.Context(), layers.NewReplica(layers.ReplicaOptions{}))
	if layers.ErrorCode(err) != layers.CodeUnavailable {
		t.Errorf("following such a server = %v, want an error for people", err)
	}
}

// openAs opens a database of the cluster and becomes another role at once.
func openAs(t *testing.T, c *postgis.Cluster, database, role string) *postgis.DB {
	t.Helper()
	db, err := postgis.Open(t.Context(), strings.Replace(c.URL(), "/wanglou?", "/"+database+"?options=-c%20role%3D"+role+"&", 1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}
