package postgis_test

import (
	"testing"

	"wanglou/layers"
	"wanglou/layers/camera"
	"wanglou/postgis"
)

var _ camera.Patrols = (*postgis.Patrols)(nil)

// A patrol is of cameras that its maker sees; it is seen where all that he sees may be seen, and changed by him and by administrators.
func TestPatrols(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := postgis.NewPatrols(w.db)
	w.exec(t, `INSERT INTO camera (name, area_path, geom) VALUES ('a', '330122.330122001', 'SRID=4326;POINT(119.65 29.75)'), ('b', '330122.330122002', 'SRID=4326;POINT(119.75 29.75)')`)
	patrol := func(cameras ...int64) *camera.Patrol {
		p := &camera.Patrol{Name: "x"}
		for _, id := range cameras {
			p.Stops = append(p.Stops, camera.PatrolStop{CameraID: id, DwellS: 10})
		}
		return p
	}
	west, both := patrol(1, 1), patrol(2, 1)
	if err := s.Create(w.as(t, "west"), west); err != nil || west.ID == 0 || west.Revision != 1 || !west.Mine {
		t.Fatalf("%+v, %v", west, err)
	}
	if err := s.Create(w.as(t, "duty"), both); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, "a neighbour's camera", s.Create(w.as(t, "west"), patrol(1, 2)), layers.CodeInvalid, "stops", "unknown_camera")
	wantRefusal(t, "no camera", s.Create(w.as(t, "duty"), patrol(99)), layers.CodeInvalid, "stops", "unknown_camera")
	wantRefusal(t, "by a unit", s.Create(w.as(t, "unit-w1"), patrol(1)), layers.CodeForbidden, "", "role")
	for login, want := range map[string]int{"west": 1, "east": 0, "duty": 2, "viewer": 2, "admin": 2} {
		if got, err := s.Patrols(w.as(t, login)); err != nil || len(got) != want {
			t.Errorf("%s sees %d, want %d: %v", login, len(got), want, err)
		}
	}
	if got, _ := s.Patrols(w.as(t, "duty")); got[1].Stops[0].CameraID != 2 || got[1].Stops[1] != (camera.PatrolStop{CameraID: 1, DwellS: 10}) || got[0].Mine {
		t.Errorf("%+v %+v", got[0], got[1])
	}
	west.Name, west.Stops = "y", patrol(1).Stops
	if err := s.Update(w.as(t, "west"), west); err != nil || west.Revision != 2 {
		t.Errorf("%+v, %v", west, err)
	}
	west.Revision = 1
	wantRefusal(t, "an old state", s.Update(w.as(t, "west"), west), layers.CodeConflict, "revision", "stale_revision")
	wantRefusal(t, "another's", s.Delete(w.as(t, "duty"), west.ID), layers.CodeForbidden, "", "not_your_patrol")
	if err := s.Delete(w.as(t, "east"), west.ID); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Errorf("a neighbour's: %v", err)
	}
	if err := s.Delete(w.as(t, "admin"), west.ID); err != nil {
		t.Error(err)
	}
	if n := queryOne[int64](t, w, `SELECT count(*) FROM audit_log WHERE action LIKE 'patrol.%'`); n != 4 {
		t.Errorf("%d audit rows for two made, one changed and one deleted", n)
	}
}
