package postgis_test

import (
	"sync"
	"testing"

	"wanglou/layers"
	"wanglou/postgis"
	"wanglou/postgis/postgistest"
)

func TestMigrateTwiceAtOnce(t *testing.T) {
	t.Parallel()
	url := postgistest.Empty(t)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			db, err := postgis.Open(t.Context(), url)
			if err != nil {
				t.Error(err)
				return
			}
			defer db.Close()
			if err := db.Migrate(t.Context()); err != nil {
				t.Error(err)
			}
			if have, want, err := db.SchemaVersion(t.Context()); err != nil || have != want || want == 0 {
				t.Errorf("schema version %d of %d, %v", have, want, err)
			}
		})
	}
	wg.Wait()
}

func TestMigrateRefusesANewerDatabase(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	run(t, db, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (999999, true)`)
	err := db.Migrate(t.Context())
	if layers.ErrorCode(err) != layers.CodeConflict {
		t.Errorf("Migrate = %v, want a conflict that names both versions", err)
	}
}

func TestMigrateSaysWhichStepFailed(t *testing.T) {
	t.Parallel()
	db, err := postgis.Open(t.Context(), postgistest.Empty(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	run(t, db, `CREATE TABLE area (id int)`) // in the way of 00001
	err = db.Migrate(t.Context())
	if err == nil || !contains(err, "00001_schema.sql failed and was rolled back") {
		t.Errorf("Migrate = %v", err)
	}
	if have, _, err := db.SchemaVersion(t.Context()); err != nil || have != 0 {
		t.Errorf("schema version %d, %v after a failed migration", have, err)
	}
	run(t, db, `DROP TABLE area`)
	if err := db.Migrate(t.Context()); err != nil {
		t.Errorf("Migrate after the obstacle is gone = %v", err)
	}
}
