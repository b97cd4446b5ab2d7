package postgis_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/camera"
	"wanglou/layers/camera/sight"
	"wanglou/postgis"
	"wanglou/postgis/postgistest"
)

func TestBuildings(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	s := postgis.NewBuildings(db)
	run(t, db, `INSERT INTO basemap_building (height_m, min_height_m, geom) VALUES
		(12, 0, 'SRID=4326;POLYGON((119.68 29.79,119.6802 29.79,119.6802 29.7901,119.68 29.7901,119.68 29.79))'),
		(0, 0, 'SRID=4326;POLYGON((119.69 29.79,119.6902 29.79,119.6902 29.7901,119.69 29.7901,119.69 29.79))')`)
	scene, err := s.Scene(t.Context())
	if err != nil || scene.Len() != 1 {
		t.Fatalf("%v, %v", scene, err)
	}
	if at, blocked := scene.Blocked(orb.Point{119.6801, 29.789}, 6, orb.Point{119.6801, 29.791}, sight.EyeHeight); !blocked || at < 0.49 || at > 0.51 {
		t.Errorf("%v at %g", blocked, at)
	}
	for _, sql := range []string{`UPDATE basemap_building SET height_m = 13`, `DELETE FROM basemap_building WHERE height_m = 13`, `TRUNCATE basemap_building`} {
		before, err := s.Version(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		run(t, db, sql)
		if after, err := s.Version(t.Context()); err != nil || after == before {
			t.Errorf("%s: version %d after %d, %v", sql, after, before, err)
		}
	}
}

func TestStreams(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	keys := &camera.KeyRing{}
	if err := keys.Rotate(); err != nil {
		t.Fatal(err)
	}
	s := postgis.NewStreams(db, keys, camera.MediaServer{})
	run(t, db, `INSERT INTO camera (name, area_path, stream_url, geom) VALUES ('a', 'c.t1', 'rtsp://u:p@h/1', 'SRID=4326;POINT(119.68 29.79)'), ('b', 'c.t2', '', 'SRID=4326;POINT(119.69 29.79)')`)
	as := func(role auth.Role, area string) *auth.Actor {
		return &auth.Actor{User: &auth.User{Login: "x", Name: "x"}, Scope: (&auth.User{Roles: []auth.Role{role}, Areas: []string{area}}).Scope()}
	}
	duty, admin, unit := as(auth.RoleDuty, "c.t1"), as(auth.RoleAdmin, "*"), as(auth.RoleUnit, "*")
	ctx := t.Context()
	if got, err := s.Playable(ctx, []int64{1, 2, 3}); err != nil || !got[1] || got[2] || got[3] {
		t.Errorf("%v, %v", got, err)
	}
	media, err := camera.ParseMediaServer("rtsp://media/{id}/{stream}")
	if err != nil {
		t.Fatal(err)
	}
	through := postgis.NewStreams(db, keys, media)
	if got, err := through.Playable(ctx, []int64{1, 2, 3}); err != nil || !got[1] || !got[2] || got[3] {
		t.Errorf("by a media server: %v, %v", got, err)
	}
	if got, err := through.Stream(auth.WithActor(ctx, duty), 1); err != nil || got.URL != "rtsp://media/1/main" || got.Sub != "rtsp://media/1/sub" {
		t.Errorf("by a media server: %v, %v", got, err)
	}
	if _, err := through.Stream(auth.WithActor(ctx, duty), 2); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Errorf("the neighbour's by a media server: %v", err)
	}
	masks := camera.Masks{{{0, 0}, {0.5, 0}, {0.5, 0.5}}}
	for _, tc := range []struct {
		name  string
		actor *auth.Actor
		id    int64
		want  layers.Code
	}{{"in the area", duty, 1, ""}, {"the neighbour's", duty, 2, layers.CodeNotFound}, {"a unit", unit, 1, layers.CodeForbidden}, {"none", admin, 3, layers.CodeNotFound}} {
		if got, err := s.Stream(auth.WithActor(ctx, tc.actor), tc.id); layers.ErrorCode(err) != tc.want || err == nil && got.URL != "rtsp://u:p@h/1" {
			t.Errorf("%s: %v, %v", tc.name, got, err)
		}
	}
	for _, tc := range []struct {
		name  string
		actor *auth.Actor
		id    int64
		masks camera.Masks
		want  layers.Code
	}{{"duty", duty, 1, masks, layers.CodeForbidden}, {"neighbour", duty, 2, masks, layers.CodeNotFound}, {"wrong", admin, 1, camera.Masks{{{0, 0}}}, layers.CodeInvalid}, {"admin", admin, 1, masks, ""}, {"again", admin, 1, masks, ""}} {
		if err := s.SetMasks(auth.WithActor(ctx, tc.actor), tc.id, tc.masks, nil); layers.ErrorCode(err) != tc.want {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
	if got, err := s.Stream(auth.WithActor(ctx, duty), 1); err != nil || len(got.Masks) != 1 || got.Masks[0][1] != (orb.Point{0.5, 0}) {
		t.Errorf("%+v, %v", got, err)
	}
	from := time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)
	for _, w := range []camera.Viewing{{CameraID: 1, Kind: "live", From: from}, {CameraID: 1, Kind: "live", From: from, To: from.Add(time.Minute), Frames: 1500}} {
		if err := s.Watched(auth.WithActor(ctx, duty), w); err != nil {
			t.Fatal(err)
		}
	}
	var n int
	if err := db.Pool.QueryRow(ctx, `SELECT count(*) FROM audit_log WHERE subject = 'camera/1' AND action IN ('camera.watch', 'camera.unwatch', 'camera.masks')`).Scan(&n); err != nil || n != 4 {
		t.Errorf("%d rows in the audit log, %v", n, err)
	}
	for _, seen := range []camera.Masks{nil, {{{0, 0}, {0.5, 0}, {0.5, 0.6}}}} {
		if err := s.SetMasks(auth.WithActor(ctx, admin), 1, nil, &seen); layers.ErrorCode(err) != layers.CodeConflict {
			t.Errorf("others than those that were seen: %v", err)
		}
	}
	if err := s.SetMasks(auth.WithActor(ctx, admin), 1, nil, &masks); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Stream(auth.WithActor(ctx, duty), 1); err != nil || got.Masks != nil {
		t.Errorf("%+v, %v", got, err)
	}
}

// What a camera is told to do is in the audit log as it was told, before the device is; of others' cameras, and for those who only watch, nothing is.
func TestControlled(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	s := postgis.NewStreams(db, &camera.KeyRing{}, camera.MediaServer{})
	run(t, db, `INSERT INTO camera (name, area_path, geom) VALUES ('a', 'c.t1', 'SRID=4326;POINT(119.68 29.79)'), ('b', 'c.t2', 'SRID=4326;POINT(119.69 29.79)')`)
	as := func(role auth.Role, area string) *auth.Actor {
		return &auth.Actor{User: &auth.User{Login: "x", Name: "x"}, Scope: (&auth.User{Roles: []auth.Role{role}, Areas: []string{area}}).Scope()}
	}
	move := &camera.Control{Command: camera.Move, Pan: -0.5, Zoom: 1, For: 500 * time.Millisecond}
	for _, tc := range []struct {
		name    string
		actor   *auth.Actor
		id      int64
		control *camera.Control
		want    layers.Code
	}{
		{"the duty officer", as(auth.RoleDuty, "c.t1"), 1, move, ""},
		{"a dispatcher", as(auth.RoleDispatcher, "c"), 2, &camera.Control{Command: camera.PresetGo, Preset: 7}, ""},
		{"the neighbour's", as(auth.RoleDuty, "c.t1"), 2, move, layers.CodeNotFound},
		{"who only watches", as(auth.RoleViewer, "c.t1"), 1, move, layers.CodeForbidden},
		{"none", as(auth.RoleAdmin, "*"), 9, move, layers.CodeNotFound},
	} {
		if err := s.Controlled(auth.WithActor(t.Context(), tc.actor), tc.id, tc.control); layers.ErrorCode(err) != tc.want {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
	var told string
	if err := db.Pool.QueryRow(t.Context(), `SELECT string_agg(subject || ' ' || details::text, '; ' ORDER BY id) FROM audit_log WHERE action = 'camera.control'`).Scan(&told); err != nil {
		t.Fatal(err)
	}
	if want := `camera/1 {"pan": -0.5, "tilt": 0, "zoom": 1, "command": "move"}; camera/2 {"preset": 7, "command": "preset_go"}`; told != want {
		t.Errorf("%s, want %s", told, want)
	}
}

// Whoever sealed the password of a camera, its picture is had with it; the table holds it no more.
func TestSealedStreamIsPlayed(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	keys := &camera.KeyRing{}
	if err := keys.Rotate(); err != nil {
		t.Fatal(err)
	}
	run(t, db, `INSERT INTO camera (name, area_path, stream_url, geom) VALUES ('a', 'c.t1', 'rtsp://u:p%40/ss@h:554/1', 'SRID=4326;POINT(119.68 29.79)')`)
	if err := postgis.NewWatches(db, keys, slog.New(slog.DiscardHandler)).Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	var kept string
	if err := db.Pool.QueryRow(t.Context(), `SELECT stream_url FROM camera`).Scan(&kept); err != nil || kept != "rtsp://h:554/1" {
		t.Errorf("%q, %v", kept, err)
	}
	ctx := auth.WithActor(t.Context(), &auth.Actor{User: &auth.User{Login: "x"}, Scope: (&auth.User{Roles: []auth.Role{auth.RoleDuty}, Areas: []string{"c"}}).Scope()})
	got, err := postgis.NewStreams(db, keys, camera.MediaServer{}).Stream(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	if bare, login, ok := camera.SplitAddress(got.URL); !ok || bare != kept || login != (camera.Login{User: "u", Password: "p@/ss"}) {
		t.Errorf("%q", got.URL)
	}
}
