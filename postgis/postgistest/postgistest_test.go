package postgistest_test

import (
	"testing"

	"wanglou/postgis/postgistest"
)

func TestDatabasesAreApart(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"one", "two", "three"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := postgistest.New(t)
			if _, err := db.Pool.Exec(t.Context(), `INSERT INTO setting VALUES ('who', to_jsonb($1::text))`, name); err != nil {
				t.Fatal(err)
			}
			var n int
			if err := db.Pool.QueryRow(t.Context(), `SELECT count(*) FROM setting`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			if n != 1 {
				t.Errorf("the database holds %d settings, want only this test's", n)
			}
		})
	}
}
