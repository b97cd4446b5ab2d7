package postgis_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"wanglou/layers/auth"
	"wanglou/layers/camera"
	"wanglou/postgis"
	"wanglou/postgis/postgistest"
)

var (
	_ camera.Watches = (*postgis.Watches)(nil)
	_ camera.Repairs = (*postgis.Repairs)(nil)
)

func newKeys(t *testing.T) *camera.KeyRing {
	t.Helper()
	keys := &camera.KeyRing{}
	if err := keys.Rotate(); err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestPasswordsAreSealedAndStatusReachesTheWall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	keys := newKeys(t)
	watches := postgis.NewWatches(w.db, keys, postgistest.Log(t))
	w.exec(t, `INSERT INTO camera (name, stream_url, geom) VALUES ('a', 'rtsp://admin:geheim@10.0.0.1/1', ST_Point(119.68, 29.79, 4326)), ('b', 'http://10.0.0.2/snap.jpg', ST_Point(119.68, 29.79, 4326)),
		('none', '', ST_Point(119.68, 29.79, 4326))`)
	r := follow(t, w.db)
	targets, err := watches.Targets(t.Context())
	if err != nil || len(targets) != 2 {
		t.Fatalf("%v, %v", targets, err)
	}
	a, b := targets[0], targets[1]
	if a.Probe != camera.ProbeRTSP || a.Address != "rtsp://10.0.0.1/1" || a.Login.Password != "geheim" || b.Probe != camera.ProbeHTTP || b.Login.User != "" {
		t.Errorf("%+v %+v", a, b)
	}
	if n := queryOne[int](t, w, `SELECT count(*)::int FROM camera c JOIN camera_secret s ON s.camera_id = c.id WHERE c.stream_url LIKE '%geheim%' OR position('geheim'::bytea IN s.sealed) > 0`); n != 0 {
		t.Error("a password is readable")
	}
	was := queryOne[string](t, w, `SELECT key_id FROM camera_secret`)
	if err := keys.Rotate(); err != nil {
		t.Fatal(err)
	}
	if targets, err = watches.Targets(t.Context()); err != nil || targets[0].Login.Password != "geheim" || queryOne[string](t, w, `SELECT key_id FROM camera_secret`) == was {
		t.Errorf("after a new key: %v", err)
	}

	at := time.Now().Truncate(time.Second)
	a.Watch.Observe(camera.Observation{At: at, Origin: camera.FromProbe, Sight: camera.SeenOK}, &camera.Usual)
	seen := []camera.Seen{{CameraID: a.ID, Watch: a.Watch, Turned: true, Codec: "H265", Took: 12 * time.Millisecond}, {CameraID: 9999, Watch: a.Watch, Turned: true}}
	if err := watches.Record(t.Context(), seen); err != nil {
		t.Fatal(err)
	}
	r.until(t, "the status on the wall", func() bool {
		l, fs, _ := r.Read("camera")
		for _, f := range fs {
			if f.ID == a.ID {
				return f.Values[l.Index("status")] == "online"
			}
		}
		return false
	})
	if targets, err = watches.Targets(t.Context()); err != nil || !targets[0].Watch.LastOK.Equal(at) || targets[0].Watch.Status != camera.Online || targets[0].Codec != "H265" {
		t.Errorf("%+v, %v", targets[0], err)
	}
	if n := queryOne[int](t, w, `SELECT count(*)::int FROM camera_log WHERE to_status = 'online'`); n != 1 {
		t.Errorf("%d rows in the log", n)
	}
	for _, l := range r.Layers() {
		if strings.HasPrefix(l.Name, "camera_") || l.Index("stream_sub") >= 0 || l.Index("codec") >= 0 {
			t.Errorf("%s is published", l.Name)
		}
	}
}

func TestOneRecorderIsOneOutage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	watches := postgis.NewWatches(w.db, newKeys(t), postgistest.Log(t))
	w.exec(t, `INSERT INTO device_parent (kind, name) VALUES ('recorder', '甲')`)
	w.exec(t, `INSERT INTO camera (name, department, parent_id, status, area_path, geom) SELECT 'c' || i, 'zf', CASE WHEN i <= 300 THEN 1 END, 'online', $1, ST_Point(119.68, 29.79, 4326) FROM generate_series(1, 301) i`, village)
	regroup := func(after time.Duration) {
		t.Helper()
		if err := watches.Regroup(t.Context(), time.Now().Add(after), &camera.UsualGrouping); err != nil {
			t.Fatal(err)
		}
	}
	count := func(sql string) int { return queryOne[int](t, w, `SELECT count(*)::int FROM `+sql) }
	w.exec(t, `UPDATE camera SET status = 'offline' WHERE name = 'c1'`)
	regroup(0)
	w.exec(t, `UPDATE camera SET status = 'offline' WHERE parent_id = 1`)
	regroup(0)
	regroup(time.Hour)
	if n, told := count(`camera_outage WHERE ended_at IS NULL`), count(`report WHERE source = 'camera_outage'`); n != 1 || told != 1 {
		t.Errorf("%d outages, %d proposals", n, told)
	}
	if got := queryOne[string](t, w, `SELECT title FROM report WHERE source = 'camera_outage'`); got != `录像机“甲”疑似故障：300 路摄像机离线` {
		t.Error(got)
	}
	for _, step := range []string{`id % 2 = 0`, `TRUE`} {
		w.exec(t, `UPDATE camera SET status = 'online' WHERE `+step)
		regroup(0)
	}
	if open, told := count(`camera_outage WHERE ended_at IS NULL`), count(`report WHERE source = 'camera_outage'`); open != 0 || told != 1 || count(`camera_outage_member WHERE until IS NULL`) != 0 {
		t.Errorf("%d open, %d proposals", open, told)
	}
	// Who announced it wakes nobody.
	w.exec(t, `INSERT INTO camera_maintenance (parent_id, starts_at, ends_at) VALUES (1, now() - interval '1 hour', now() + interval '2 hours')`)
	w.exec(t, `UPDATE camera SET status = 'offline'`)
	regroup(0)
	if n := count(`camera_outage WHERE ended_at IS NULL`); n != 1 {
		t.Errorf("%d outages during maintenance, want that of the camera that hangs on nothing", n)
	}
	repairs, err := postgis.NewRepairs(w.db).Repairs(w.as(t, "admin"), time.Now().UTC().AddDate(0, 0, -1))
	if err != nil || len(repairs) != 1 || repairs[0].Down != 301 || len(repairs[0].Outages) != 1 || repairs[0].Outages[0].Name != "c301" || len(repairs[0].Outages[0].Cameras) != 1 {
		t.Errorf("%+v, %v", repairs, err)
	}
	if none, err := postgis.NewRepairs(w.db).Repairs(w.as(t, "east"), time.Now().UTC()); err != nil || len(none) != 0 {
		t.Errorf("the east sees %+v, %v", none, err)
	}
}

// What the database computes of a month is what the domain computes.
func TestUptimeIsThatOfTheDomain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := rand.New(rand.NewPCG(3, 4))
	month := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	moment := func() time.Time { return month.Add(time.Duration(r.IntN(50*86400)-10*86400) * time.Second) }
	w.exec(t, `INSERT INTO device_parent (kind, name, parent_id) VALUES ('switch', '上', NULL), ('recorder', '下', 1)`)
	type row struct {
		entered time.Time
		log     []camera.Change
		now     camera.Status
		work    []camera.Span
	}
	rows := map[int64]*row{}
	for i := range 60 {
		c := &row{now: camera.Statuses[r.IntN(4)]}
		if i%3 == 0 {
			c.entered = moment()
		}
		at, status := month.AddDate(0, 0, -15), camera.Statuses[r.IntN(4)]
		for range r.IntN(12) {
			at = at.Add(time.Duration(1+r.IntN(10*86400)) * time.Second)
			to := camera.Statuses[r.IntN(4)]
			c.log = append(c.log, camera.Change{At: at, From: status, To: to})
			status = to
		}
		if len(c.log) > 0 {
			c.now = status
		}
		id := queryOne[int64](t, w, `INSERT INTO camera (name, department, status, parent_id, created_at, area_path, geom) VALUES ($1, $2, $3, nullif($4, 0), $5, $6, ST_Point(119.68, 29.79, 4326)) RETURNING id`,
			fmt.Sprint(i), fmt.Sprint(i%4), string(c.now), int64(2*(i%2)), optional(c.entered), village)
		for _, l := range c.log {
			w.exec(t, `INSERT INTO camera_log (camera_id, receive_time, from_status, to_status) VALUES ($1, $2, $3, $4)`, id, l.At, string(l.From), string(l.To))
		}
		rows[id] = c
	}
	for range 25 {
		s := camera.Span{From: moment()}
		s.Until = s.From.Add(time.Duration(1+r.IntN(3*86400)) * time.Second)
		id, department, parent := int64(1+r.IntN(60)), fmt.Sprint(r.IntN(4)), 0
		args := []any{id, nil, nil}
		switch r.IntN(3) {
		case 1:
			args = []any{nil, department, nil}
		case 2:
			parent = 1 + r.IntN(2) // everything on the recorder hangs on the switch
			args = []any{nil, nil, parent}
		}
		w.exec(t, `INSERT INTO camera_maintenance (camera_id, department, parent_id, starts_at, ends_at) VALUES ($1, $2, $3, $4, $5)`, append(args, s.From, s.Until)...)
		for of, c := range rows {
			if args[0] == any(of) || args[1] == any(fmt.Sprint((of-1)%4)) || parent > 0 && (of-1)%2 == 1 {
				c.work = append(c.work, s)
			}
		}
	}
	found, err := postgis.NewRepairs(w.db).Uptimes(w.as(t, "admin"), month)
	if err != nil || len(found) != 60 {
		t.Fatalf("%d, %v", len(found), err)
	}
	var sum camera.Uptime
	for _, f := range found {
		c := rows[f.CameraID]
		u := camera.UptimeIn(camera.Span{From: month, Until: month.AddDate(0, 1, 0)}, c.entered, c.log, c.now, c.work)
		sum.Add(u)
		if got := [3]int64{f.Online, f.Expected, f.Unseen}; got != [3]int64{int64(u.Online.Seconds()), int64(u.Expected.Seconds()), int64(u.Unknown.Seconds())} {
			t.Errorf("camera %d: %v, want %v", f.CameraID, got, u)
		}
	}
	if sum.Online == 0 || sum.Unknown == 0 {
		t.Errorf("nothing was computed: %+v", sum)
	}
	if _, err := postgis.NewRepairs(w.db).Uptimes(auth.WithActor(context.Background(), &auth.Actor{User: &auth.User{}, Scope: &auth.Scope{}}), month); err == nil {
		t.Error("nobody may read it")
	}
}

func optional(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}
