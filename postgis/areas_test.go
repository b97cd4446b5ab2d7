package postgis_test

import (
	"testing"

	"github.com/paulmach/orb"

	"wanglou/layers/area"
	"wanglou/postgis"
)

var _ area.Service = (*postgis.Areas)(nil)

func TestAreas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	list, err := w.areas.Areas(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, a := range list {
		paths = append(paths, a.Path)
		if !a.Bound.Contains(a.Center) {
			t.Errorf("%s: %v is not in %v", a.Code, a.Center, a.Bound)
		}
	}
	wantStrings(t, paths, []string{county, west, east, village})
	want := area.Area{
		ID: 4, Code: "330122001007", Path: village, Level: "village", Name: "七村", NameEN: "Seven", Center: list[3].Center,
		Bound: orb.Bound{Min: orb.Point{119.5, 29.6}, Max: orb.Point{119.6, 29.7}},
	}
	if list[3] != want {
		t.Errorf("%+v; want %+v", list[3], want)
	}
}

func TestCounty(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, err := w.areas.County(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	bound := orb.Bound{Min: orb.Point{119.5, 29.6}, Max: orb.Point{119.9, 30}}
	if c.Name != "桐庐县" || c.NameEN != "Tonglu" || c.Bound != bound || c.View != nil || c.Demo {
		t.Errorf("from the areas: %+v", c)
	}
	w.exec(t, `INSERT INTO setting (key, value) VALUES ('county', $1)`, `{"name": "桐庐", "demo": true, "attribution": "示意",
		"bbox": [119, 29, 120, 30], "view": {"center": [119.68, 29.79], "zoom": 10.5, "pitch": 40, "bearing": -10}}`)
	c, err = w.areas.County(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	view := area.View{Center: orb.Point{119.68, 29.79}, Zoom: 10.5, Pitch: 40, Bearing: -10}
	if c.Name != "桐庐" || c.NameEN != "Tonglu" || !c.Demo || c.Attribution != "示意" || c.Bound.Min != (orb.Point{119, 29}) || c.View == nil || *c.View != view {
		t.Errorf("from the setting: %+v", c)
	}
	w.exec(t, `DELETE FROM setting; DELETE FROM area`)
	if c, err = w.areas.County(t.Context()); err != nil || c.Bound.IsZero() || c.Bound.IsEmpty() {
		t.Errorf("with nothing loaded: %+v, %v", c, err)
	}
}

// Places are listed whole; whoever keeps them sees by their version when to read them again.
func TestPlaces(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before, err := w.areas.PlacesVersion(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	list, err := w.areas.Places(t.Context())
	if err != nil || list == nil {
		t.Fatal(list, err)
	}
	w.exec(t, `INSERT INTO basemap_place (kind, name, name_en, rank, geom)
		SELECT kind, name, name_en, rank, 'SRID=4326;POINT(119.68 29.79)' FROM (VALUES
			('hamlet', '桐洲岛', 'Tongzhou', 600), ('town', '桐君街道', 'Tongjun', 3), ('village', '新桐村', '', 2)
		) v (kind, name, name_en, rank)`)
	list, err = w.areas.Places(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range list {
		names = append(names, p.Name)
	}
	wantStrings(t, names, []string{"新桐村", "桐君街道", "桐洲岛"})
	if p := list[1]; p.Kind != "town" || p.NameEN != "Tongjun" || p.Rank != 3 || p.Point != (orb.Point{119.68, 29.79}) || list[2].Rank != 255 {
		t.Errorf("%+v", list)
	}
	if after, err := w.areas.PlacesVersion(t.Context()); err != nil || after == before {
		t.Errorf("version %d after a change, %d before: %v", after, before, err)
	}
}
