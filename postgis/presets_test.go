package postgis_test

import (
	"testing"

	"wanglou/layers"
	"wanglou/layers/camera"
	"wanglou/postgis"
)

// Presets are read by who may read of the camera, and replaced by keepers of the registry who have seen the newest; each change is in the audit log.
func TestPresets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := postgis.NewPresets(w.db)
	w.exec(t, `INSERT INTO camera (name, area_path, geom) VALUES ('a', '330122.330122001', 'SRID=4326;POINT(119.65 29.75)')`)
	tilt := -10.5
	two := camera.Presets{{Number: 1, Name: "校门", Azimuth: 12.5, Tilt: &tilt}, {Number: 7, Name: "桥头", Azimuth: 200}}
	admin, duty := w.as(t, "admin"), w.as(t, "duty")
	if got, err := s.Presets(duty, 1); err != nil || len(got) != 0 {
		t.Errorf("at first: %v, %v", got, err)
	}
	if err := s.SetPresets(duty, 1, two, nil); layers.ErrorCode(err) != layers.CodeForbidden {
		t.Errorf("by a duty officer: %v", err)
	}
	if err := s.SetPresets(admin, 1, two, nil); err != nil {
		t.Fatal(err)
	}
	got, err := s.Presets(duty, 1)
	if err != nil || !got.Equal(two) {
		t.Errorf("%+v, %v", got, err)
	}
	wantRefusal(t, "what was not seen", s.SetPresets(admin, 1, nil, nil), layers.CodeConflict, "seen", "stale_revision")
	if err := s.SetPresets(admin, 1, two[:1], got); err != nil {
		t.Fatal(err)
	}
	if of, err := s.PresetsOf(duty, []int64{1, 2}); err != nil || len(of) != 1 || !of[1].Equal(two[:1]) {
		t.Errorf("%v, %v", of, err)
	}
	if _, err := s.Presets(duty, 99); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Errorf("of no camera: %v", err)
	}
	if n := queryOne[int64](t, w, `SELECT count(*) FROM audit_log WHERE action = 'camera.presets'`); n != 2 {
		t.Errorf("%d rows in the audit log", n)
	}
}
