package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/coder/websocket"

	"wanglou/postgis"
	"wanglou/postgis/postgistest"
	"wanglou/server/relay/relaytest"
	"wanglou/server/servertest"
)

// restart shuts PostgreSQL down and returns when the cluster has started it again.
func restart(t testing.TB, c *postgis.Cluster) {
	t.Helper()
	before := c.PID()
	postgistest.Signal(t, before, syscall.SIGINT)
	eventually(t, "PostgreSQL to run again", func() bool {
		if c.PID() == before {
			return false
		}
		db, err := postgis.Open(t.Context(), c.URL())
		if err == nil {
			db.Close()
		}
		return err == nil
	})
}

// The whole way: a person logs in, sees the county, and a change by plain SQL reaches the screen.
func TestServe(t *testing.T) {
	t.Parallel()
	n := serve(t, county(t))
	guest := servertest.NewClient(t, n.url)
	guest.Get("/healthz").Want(200)
	eventually(t, "the server to be ready", func() bool { return guest.Get("/readyz").Status == 200 })
	c := n.as("duty")
	var catalogue struct {
		Layers []struct {
			Name  string
			Count int
		}
		County struct{ Demo bool }
	}
	c.Get("/api/catalog").Want(200).Into(&catalogue)
	count := map[string]int{}
	for _, l := range catalogue.Layers {
		count[l.Name] = l.Count
	}
	if !catalogue.County.Demo || count["camera"] != 2000 || count["incident"] == 0 || count["unit"] != 26 {
		t.Errorf("%+v", catalogue)
	}
	if tile := c.Get("/tiles/camera/12/3410/1693").Want(200); len(tile.Body) < 100 {
		t.Errorf("a tile of %d bytes over the county town", len(tile.Body))
	}
	c.Get("/tiles/basemap/12/3410/1693").Want(200)
	c.Get("/api/layers/camera/features/17").Want(200)
	c.Get("/api/statistics").Want(200)

	live := follow(t, c, nil, "camera")
	cameras := live.Layers["camera"]
	until(t, live, "the cameras", func() bool { return cameras.Loaded })
	if len(cameras.Rows) != 2000 {
		t.Errorf("%d cameras in the copy", len(cameras.Rows))
	}
	n.exec(`UPDATE camera SET status = CASE status WHEN 'offline' THEN 'fault' ELSE 'offline' END WHERE id = 17`)
	was := cameras.Rows[17].Values["status"]
	until(t, live, "the change", func() bool { return cameras.Rows[17].Values["status"] != was })
	var f struct{ Properties map[string]any }
	c.Get("/api/layers/camera/features/17").Want(200).Into(&f)
	if got, _ := json.Marshal(f.Properties["status"]); string(got) != cameras.Rows[17].Values["status"] {
		t.Errorf("the stream says %s, the API %s", cameras.Rows[17].Values["status"], got)
	}
	n.exec(`DELETE FROM camera WHERE id = 18`)
	until(t, live, "the deletion", func() bool { _, there := cameras.Rows[18]; return !there })

	go n.stop()
	if err := live.Until(t.Context(), func() bool { return false }); websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Errorf("the stream ended with %v", err)
	}
	n.stop()
	if _, err := http.Get(n.url + "/healthz"); err == nil {
		t.Error("a stopped server answers")
	}
}

// Two servers on one database, which each follows by itself: a client goes on at the other one where it stopped.
func TestTwoServers(t *testing.T) {
	t.Parallel()
	testTwoServers(t, 2, func(*ServeCmd) {})
}

// The same over NATS: one of them follows, and when it stops the other one does.
func TestTwoServersOverARelay(t *testing.T) {
	t.Parallel()
	nats := relaytest.New(t)
	testTwoServers(t, 1, func(c *ServeCmd) { c.Relay = RelayFlags{Servers: nats.URL(), Replicas: 1, MB: 64} })
}

func testTwoServers(t *testing.T, slots int64, change func(*ServeCmd)) {
	url := county(t)
	a, b := serve(t, url, change), serve(t, url, change)
	if n := number(t, a.DB, `SELECT count(*) FROM pg_replication_slots WHERE database = current_database()`); n != slots {
		t.Errorf("%d slots for two servers, want %d", n, slots)
	}
	c := a.as("duty")
	live := follow(t, c, nil, "incident", "camera")
	until(t, live, "both layers", func() bool { return live.Layers["incident"].Loaded && live.Layers["camera"].Loaded })
	a.exec(`UPDATE camera SET name = 'seen at a' WHERE id = 1`)
	until(t, live, "the change at a", func() bool { return live.Layers["camera"].Rows[1].Values["name"] == `"seen at a"` })
	a.stop()
	b.exec(`UPDATE camera SET name = 'missed' WHERE id = 2`)
	b.exec(`DELETE FROM camera WHERE id = 3`)

	// The session is the database's: the cookie holds at the other server too.
	other := servertest.NewClient(t, b.url)
	other.HTTP.Jar = c.HTTP.Jar
	other.Get("/api/session").Want(200)
	cameras := live.Layers["camera"]
	resumed := follow(t, other, live.Layers, "camera")
	snapshots := 0
	for {
		f, err := resumed.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if f.Type == "snapshot" {
			snapshots++
		}
		if _, there := cameras.Rows[3]; !there && cameras.Rows[2].Values["name"] == `"missed"` {
			break
		}
	}
	if snapshots > 0 || len(cameras.Rows) != 1999 {
		t.Errorf("%d snapshots on the way, %d cameras", snapshots, len(cameras.Rows))
	}
	// What one server's user does is seen at the other: dispatch is the database's, not a server's.
	second := serve(t, url)
	desk := follow(t, b.as("dispatch"), nil, "incident")
	until(t, desk, "the cases", func() bool { return desk.Layers["incident"].Loaded })
	var made struct{ ID int64 }
	second.as("duty").Do("POST", "/api/incidents", map[string]any{"title": "两台服务器", "category": "09012", "severity": 1, "point": []float64{119.69, 29.8}}).Want(201).Into(&made)
	until(t, desk, "the other server's case", func() bool { _, there := desk.Layers["incident"].Rows[made.ID]; return there })
}

// A wall that slept through everything comes back with a token that nobody can resume from, and is given the whole.
func TestAWallThatSlept(t *testing.T) {
	t.Parallel()
	n := serve(t, county(t))
	c := n.as("viewer")
	live := follow(t, c, nil, "incident")
	cases := live.Layers["incident"]
	until(t, live, "the cases", func() bool { return cases.Loaded })
	live.Cut()
	token := cases.Token
	for name, old := range map[string]string{
		"another history": "7000000000000000001.1" + token[strings.Index(token, "/"):], "nonsense": "x", "before everything": token[:strings.Index(token, "/")] + "/1" + token[strings.LastIndex(token, "/"):],
	} {
		cases.Token = old
		back := follow(t, c, live.Layers, "incident")
		first := ""
		for first == "" {
			f, err := back.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if f.Layer == "incident" {
				first = f.Type
			}
		}
		if first != "snapshot" {
			t.Errorf("%s: the wall got a %s", name, first)
		}
		until(t, back, "the whole", func() bool { return cases.Token != old })
		if got, want := len(cases.Rows), n.Replica.Len("incident"); got != want {
			t.Errorf("%s: %d cases on the wall, %d in the database", name, got, want)
		}
		back.Cut()
	}
}
