package postgis_test

import (
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers/auth"
	"wanglou/layers/camera"
	"wanglou/layers/report"
	"wanglou/postgis"
	"wanglou/postgis/postgistest"
)

var _ camera.Signals = (*postgis.Signals)(nil)

func TestDevicesTellOfTheirCameras(t *testing.T) {
	t.Parallel()
	const (
		nvr, other = "34020000001180000001", "34020000001180000002"
		one, two   = "34020000001310000001", "34020000001310000002"
		placeless  = "34020000001310000003"
		group      = "34020000002150000001"
	)
	w := newWorld(t)
	keys := newKeys(t)
	s := postgis.NewSignals(w.db, keys, postgistest.Log(t))
	admin := auth.WithActor(t.Context(), auth.Operator("gb28181"))
	at, now := orb.Point{119.68, 29.79}, time.Now().Truncate(time.Second)
	w.exec(t, `INSERT INTO camera (device_id, name, geom) VALUES ($1, 'by hand', ST_Point(119.68, 29.79, 4326))`, two)
	device := func(id string) camera.Device {
		return camera.Device{ID: id, Address: "10.0.0.1:5060", Transport: "udp", Agent: "x", RegisteredAt: now, ExpiresAt: now.Add(time.Hour), HeardAt: now}
	}
	for range 2 { // a repeat changes nothing
		if err := s.Heard(admin, []camera.Device{device(nvr), device(other)}); err != nil {
			t.Fatal(err)
		}
	}
	channels := []camera.DeviceChannel{{ID: one, Name: "人民路", Camera: true, Point: &at}, {ID: two, Name: "told", Camera: true, Off: true, Point: &at}, {ID: placeless, Name: "nowhere", Camera: true}, {ID: group, Name: "组", Point: &at}}
	for range 2 {
		ids, err := s.Catalog(admin, nvr, channels, true)
		if err != nil || !slices.Equal(ids, []string{one, two, placeless, group}) {
			t.Fatalf("%v, %v", ids, err)
		}
	}
	if ids, err := s.Catalog(admin, other, channels[:1], true); err != nil || len(ids) != 0 {
		t.Errorf("another's camera was given away: %v, %v", ids, err)
	}
	if n := queryOne[string](t, w, `SELECT string_agg(c.name || '/' || p.name, ' ' ORDER BY c.device_id) FROM camera c JOIN device_parent p ON p.id = c.parent_id WHERE p.source = 'gb28181'`); n != "人民路/"+nvr+" by hand/"+nvr {
		t.Errorf("cameras: %s", n)
	}
	if n := queryOne[int](t, w, `SELECT count(*)::int FROM audit_log WHERE action = 'camera.catalog'`); n != 1 {
		t.Errorf("%d entries of the audit", n)
	}
	found, err := s.Devices(admin)
	if err != nil || len(found) != 2 || found[0].Channels != 3 || !found[0].HeardAt.Equal(now) {
		t.Errorf("%+v, %v", found, err)
	}
	if _, err := s.Devices(w.as(t, "viewer")); err == nil {
		t.Error("a viewer reads addresses of devices")
	}

	targets, err := postgis.NewWatches(w.db, keys, postgistest.Log(t)).Targets(t.Context())
	if err != nil || len(targets) != 2 {
		t.Fatalf("%+v, %v", targets, err)
	}
	for _, target := range targets {
		name := queryOne[string](t, w, `SELECT device_id FROM camera WHERE id = $1`, target.ID)
		if target.Probe != camera.ProbeNone || !target.Told.At.Equal(now) || target.Told.Off != (name == two) || target.Told.Gone {
			t.Errorf("%s: %+v", name, target)
		}
	}

	// Its cameras are played by it, where the registry has no address; while it is registered they are playable.
	streams := postgis.NewStreams(w.db, keys, camera.MediaServer{})
	id := queryOne[int64](t, w, `SELECT id FROM camera WHERE device_id = $1`, two)
	playable := func(want bool) {
		t.Helper()
		if got, err := streams.Playable(admin, []int64{id}); err != nil || got[id] != want {
			t.Errorf("playable: %v, %v", got, err)
		}
	}
	playable(true)
	if got, err := streams.Stream(admin, id); err != nil || got.Device != nvr || got.Channel != two || got.URL != "" || !got.Playable() || got.Of(camera.SubStream) != "gb28181:"+nvr+"/"+two {
		t.Errorf("%+v, %v", got, err)
	}
	w.exec(t, `UPDATE gb_device SET gone = true WHERE id = $1`, nvr)
	playable(false)
	w.exec(t, `UPDATE camera SET stream_url = 'rtsp://10.0.0.9/1' WHERE id = $1`, id)
	playable(true)
	if got, err := streams.Stream(admin, id); err != nil || got.Of(camera.MainStream) != "rtsp://10.0.0.9/1" {
		t.Errorf("%+v, %v", got, err)
	}
	w.exec(t, `UPDATE camera SET stream_url = '' WHERE id = $1`, id)

	// An alarm of a camera that hangs on it comes to the intake once, however often it is told.
	alarm := &report.Alarm{Channel: report.Camera, Source: "gb28181", SourceID: one + "-1-5-6", Kind: "camera_alarm", Device: one, Time: now}
	for range 2 {
		if _, err := postgis.NewReports(w.db).Alarm(admin, alarm, nil); err != nil {
			t.Fatal(err)
		}
	}
	if n := queryOne[int](t, w, `SELECT count(*)::int FROM report WHERE source = 'gb28181'`); n != 1 {
		t.Errorf("%d reports", n)
	}

	if ids, err := s.Catalog(admin, nvr, channels[1:2], true); err != nil || !slices.Equal(ids, []string{two}) {
		t.Errorf("%v, %v", ids, err)
	}
	if all, err := s.Channels(admin); err != nil || len(all[nvr]) != 1 {
		t.Errorf("%v, %v", all, err)
	}
}

func TestDevicePasswords(t *testing.T) {
	t.Parallel()
	const nvr = "34020000001180000001"
	w := newWorld(t)
	keys := newKeys(t)
	s := postgis.NewSignals(w.db, keys, postgistest.Log(t))
	admin := auth.WithActor(t.Context(), auth.Operator("test"))
	if err := s.SetPassword(admin, nvr, "geheim"); err != nil {
		t.Fatal(err)
	}
	if err := s.SetPassword(admin, "1", "geheim"); err == nil {
		t.Error("no id")
	}
	if err := s.SetPassword(w.as(t, "viewer"), nvr, "x"); err == nil {
		t.Error("a viewer sets passwords")
	}
	if queryOne[bool](t, w, `SELECT position('geheim'::bytea IN sealed) > 0 FROM gb_secret`) {
		t.Error("it is readable")
	}
	was := queryOne[string](t, w, `SELECT key_id FROM gb_secret`)
	if err := keys.Rotate(); err != nil {
		t.Fatal(err)
	}
	watches := postgis.NewWatches(w.db, keys, postgistest.Log(t))
	if err := watches.Seal(t.Context()); err != nil || queryOne[string](t, w, `SELECT key_id FROM gb_secret`) == was {
		t.Errorf("after a new key: %v", err)
	}
	keys.Keep()
	if all, err := s.Passwords(admin); err != nil || all[nvr].Password != "geheim" {
		t.Errorf("%v", err)
	}
	if err := s.SetPassword(admin, nvr, ""); err != nil || queryOne[int](t, w, `SELECT count(*)::int FROM gb_secret`) != 0 {
		t.Errorf("taken away: %v", err)
	}
}
