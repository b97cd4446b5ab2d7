package postgis_test

import (
	"testing"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/wall"
	"wanglou/postgis"
)

var _ wall.Service = (*postgis.Walls)(nil)

// A wall is seen where its area is seen, changed by who shows walls there, and never over another's change.
func TestWalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := postgis.NewWalls(w.db)
	made := &wall.Wall{Name: "大厅", Layout: wall.Layout{Rows: 1, Columns: 2, Width: 1920, Height: 1080, Unit: "px"},
		Playlist: []wall.Scene{{Name: "全县", View: wall.View{Camera: wall.Camera{Center: orb.Point{119.7, 29.8}, Zoom: 11}, Hidden: []string{}}, Theme: "dark", Lang: "zh", DwellS: 20}}, Rules: []wall.Rule{}}
	wantRefusal(t, "by a viewer", service.Create(w.as(t, "viewer"), made), layers.CodeForbidden, "", "role")
	if err := service.Create(w.as(t, "duty"), made); err != nil {
		t.Fatal(err)
	}
	if _, err := service.Wall(w.as(t, "west"), made.ID); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Errorf("a town's user sees the county's wall: %v", err)
	}
	seen, err := service.Wall(w.as(t, "viewer"), made.ID)
	if err != nil || seen.Playlist[0].Center != (orb.Point{119.7, 29.8}) || seen.Revision != 1 || seen.Zone.String() != "Asia/Shanghai" {
		t.Fatalf("%+v, %v", seen, err)
	}
	after, err := service.Do(w.as(t, "duty"), made.ID, wall.Command{Command: wall.Hold, Revision: 1}, nil)
	if err != nil || !after.State.Held || after.Revision != 2 {
		t.Fatalf("%+v, %v", after, err)
	}
	_, err = service.Do(w.as(t, "admin"), made.ID, wall.Command{Command: wall.Next}, nil)
	wantRefusal(t, "a held wall", err, layers.CodeConflict, "", "wall_held")
	wantRefusal(t, "an old copy", service.Update(w.as(t, "duty"), made), layers.CodeConflict, "revision", "stale_revision")
	if err := service.Beat(w.as(t, "viewer"), made.ID, wall.Screen{Row: 1, Column: 2, FrameAgeMS: 12, Version: "x"}); err != nil {
		t.Fatal(err)
	}
	if seen, err = service.Wall(w.as(t, "viewer"), made.ID); err != nil || len(seen.Screens) != 1 || seen.Screens[0].FrameAgeMS != 12 || seen.Screens[0].SeenAt.IsZero() {
		t.Errorf("%+v, %v", seen.Screens, err)
	}
	seen.Layout.Columns = 1
	if err := service.Update(w.as(t, "duty"), seen); err != nil || seen.Revision != 3 || !seen.State.Held {
		t.Errorf("%+v, %v", seen, err)
	}
	if err := service.Delete(w.as(t, "duty"), made.ID); err != nil {
		t.Error(err)
	}
	if n := queryOne[int64](t, w, `SELECT count(*) FROM audit_log WHERE action LIKE 'wall.%'`); n != 4 {
		t.Errorf("%d audit rows", n)
	}
}
