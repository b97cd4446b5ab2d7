package server_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/server/servertest"
)

type hit struct {
	Kind, Name, Detail, Area, System string
	NameEN                           string `json:"name_en"`
	Path                             string `json:"area_path"`
	ID                               int64
	Point                            []float64
	Bbox                             []float64
}

// search asks for hits.
func search(c *servertest.Client, text string, limit int) []hit {
	c.T.Helper()
	var got struct{ Items []hit }
	c.Get("/api/search?q=" + url.QueryEscape(text) + "&limit=" + itoa(limit)).Want(200).Into(&got)
	return got.Items
}

func TestSearch(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, []*layers.Layer{layers.NewLayer(layers.Layer{Name: "unit_grid", Geometry: layers.GeometryPolygon, Delivery: layers.DeliverTiles, MaxZoom: 14,
		Columns: []layers.Column{{Name: "name", Type: layers.ColumnText}, {Name: "code", Type: layers.ColumnText}, {Name: "area_path", Type: layers.ColumnText}}})})
	w.put(
		feature("unit_grid", 3, orb.Polygon{{{119.6, 29.7}, {119.7, 29.7}, {119.7, 29.8}, {119.6, 29.7}}}, "江边三格", "330122001007003", "c.t1"),
		cameraAt(1, "迎春南路路口", "c.t1", 119.68, 29.79), cameraAt(2, "春江路", "c.t1", 119.69, 29.79), cameraAt(3, "滨江公园 East Gate", "c.t1", 119.7, 29.79),
		feature("camera", 4, nil, "没有位置的春江摄像机", nil, "c.t1", "online"),
		feature("camera", 5, orb.Point{119.7, 29.8}, "x", "33012200001320000005", "c.t1", "online"),
		feature("incident", 7, orb.Point{119.68, 29.79}, "占用消防通道", "20260501-00007", "c.t1"),
		feature("unit", 5, nil, "一队", "First team", "u5", "c.t1"), feature("position", 5, orb.Point{119.71, 29.81}, "c.t1"),
		feature("unit", 6, nil, "二队", "Second team", "u6", "c.t1"), feature("unit", 8, nil, "三队", "Third", "u8", "c.nowhere"),
	)
	c := w.as("duty")
	for text, want := range map[string]string{
		"春江":                   "camera 2, place 1",
		"城南":                   "area 2",
		"tonglu":               "area 1",
		"330122001":            "area 2, unit_grid 3",
		"消防":                   "incident 7",
		"20260501-00007":       "incident 7",
		"33012200001320000005": "camera 5",
		"一队":                   "unit 5",
		"second TEAM":          "unit 6",
		"east gate":            "camera 3",
		"富春江大桥":                "place 1",
		"fcjdq":                "place 1",
		"fuchunjiang":          "place 1",
		"ycnl":                 "camera 1",
		"chunjiang":            "camera 2, place 1",
		"cnjd":                 "area 2",
		"bridge":               "place 1",
		"迎春 路口":                "camera 1",
		"xftd":                 "incident 7",
		"bd09 119.68 29.79":    "coordinate 0 bd09",
		"40469062 3296960":     "coordinate 0 EPSG:4528",
		"330122001007003":      "unit_grid 3",
		"119.68,29.79":         "coordinate 0 wgs84, coordinate 0 gcj02, coordinate 0 bd09, coordinate 0 cgcs2000",
		"119.68，29.79":         "coordinate 0 wgs84, coordinate 0 gcj02, coordinate 0 bd09, coordinate 0 cgcs2000",
		" 119.68 , 29.79 ":     "coordinate 0 wgs84, coordinate 0 gcj02, coordinate 0 bd09, coordinate 0 cgcs2000",
		"29.79,119.68":         "coordinate 0 wgs84, coordinate 0 gcj02, coordinate 0 bd09, coordinate 0 cgcs2000",
		"三队":                   "", // nobody knows where it is
		"%":                    "",
		"'; DROP TABLE x; --":  "",
	} {
		var got []string
		for _, h := range search(c, text, 50) {
			got = append(got, strings.TrimSpace(h.Kind+" "+itoa(int(h.ID))+" "+h.System))
		}
		wanted := strings.Split(want, ", ")
		slices.Sort(got)
		slices.Sort(wanted)
		if strings.Join(got, ", ") != strings.Join(wanted, ", ") {
			t.Errorf("%q finds %q, want %q", text, got, wanted)
		}
	}
}

// Of a hit the screen says both names, and its area in its own language.
func TestSearchNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(feature("unit", 5, nil, "一队", "First team", "u5", "c.t1"), feature("position", 5, orb.Point{119.71, 29.81}, "c.t1"))
	c := w.as("duty")
	for text, want := range map[string][3]string{"一队": {"一队", "First team", "c.t1"}, "tonglu": {"桐庐县", "Tonglu", ""}} {
		got := search(c, text, 5)
		if len(got) != 1 || [3]string{got[0].Name, got[0].NameEN, got[0].Path} != want {
			t.Errorf("%q: %+v, want %q", text, got, want)
		}
	}
}

// A search finds what there is now, whoever changed it.
func TestSearchFollows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.as("duty")
	w.put(cameraAt(1, "旧名路口", "c.t1", 119.68, 29.79))
	if got := search(c, "jmlk", 5); len(got) != 1 || got[0].Area != "城南街道" || got[0].Name != "旧名路口" {
		t.Fatalf("%+v", got)
	}
	w.put(cameraAt(1, "新名路口", "c.t1", 119.68, 29.79))
	if got := search(c, "jmlk", 5); len(got) != 0 {
		t.Errorf("its old name finds %+v", got)
	}
	if got := search(c, "xmlk", 5); len(got) != 1 {
		t.Errorf("its new name finds %+v", got)
	}
	w.put(layers.Change{Layer: "camera", Kind: layers.Delete, Feature: &layers.Feature{ID: 1}})
	if got := search(c, "路口", 5); len(got) != 0 {
		t.Errorf("finds %+v, which is gone", got)
	}
}

// Many of one kind do not hide the others.
func TestSearchShowsEachKind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range int64(30) {
		w.put(cameraAt(i+1, "城南路"+itoa(int(i)), "c.t1", 119.68, 29.79))
	}
	w.put(feature("incident", 7, orb.Point{119.68, 29.79}, "有人在城南路摆摊", "20260501-00007", "c.t1"))
	kinds := map[string]int{}
	for _, h := range search(w.as("duty"), "城南", 8) {
		kinds[h.Kind]++
	}
	if kinds["area"] != 1 || kinds["incident"] != 1 || kinds["camera"] != 6 {
		t.Errorf("finds %v", kinds)
	}
}

// The best come first: whole before beginning before middle, large before small.
func TestSearchOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(cameraAt(1, "老城南街道口", "c.t1", 119.68, 29.79), cameraAt(2, "城南街道", "c.t1", 119.68, 29.79), cameraAt(3, "城南街道东", "c.t1", 119.68, 29.79),
		feature("incident", 4, orb.Point{119.6, 29.7}, "城南街道", "n", "c.t1"))
	var got []string
	for _, h := range search(w.as("duty"), "城南街道", 50) {
		if h.Kind != "place" {
			got = append(got, h.Kind+" "+h.Name)
		}
	}
	if want := []string{"area 城南街道", "incident 城南街道", "camera 城南街道", "camera 城南街道东", "camera 老城南街道口"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := search(w.as("duty"), "城南街道", 2); len(got) != 2 || got[0].Kind != "area" || len(got[0].Bbox) != 4 {
		t.Errorf("limited to 2: %+v", got)
	}
}

func TestSearchPlacesUnits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(feature("unit", 5, nil, "一队", "", "u5", "c.t1"), feature("position", 5, orb.Point{119.71, 29.81}, "c.t1"), feature("unit", 6, nil, "二队", "", "u6", "c.t1"))
	for name, want := range map[string][]float64{"一队": {119.71, 29.81}, "二队": {119.7, 29.7}} {
		if got := search(w.as("viewer"), name, 1); len(got) != 1 || !slices.Equal(got[0].Point, want) {
			t.Errorf("%s: %+v, want it at %v", name, got, want)
		}
	}
}

func TestRefusedSearches(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.as("duty")
	for query, want := range map[string][2]string{
		"": {"q", "required"}, "q=": {"q", "required"}, "q=%20": {"q", "required"}, "q=" + strings.Repeat("x", 101): {"q", "too_long"},
		"q=x&limit=0": {"limit", "out_of_range"}, "q=x&limit=51": {"limit", "out_of_range"}, "q=x&limit=many": {"limit", "wrong_type"},
		"q=x&q=y": {"q", "repeated_field"}, "q=x&area=1": {"area", "unknown_field"},
	} {
		c.Get("/api/search?"+query).WantError(400, "invalid", want[0], want[1])
	}
	w.cases.fail(&layers.Error{Code: layers.CodeUnavailable, Msg: "away", Err: errDown})
	c.Get("/api/search?q=x").WantError(503, "unavailable", "", "")
	w.cases.fail(nil)
	c.Get("/api/search?q=" + url.QueryEscape(strings.Repeat("城", 100))).Want(200)
	w.cases.fail(&layers.Error{Code: layers.CodeUnavailable, Msg: "away", Err: errDown})
	c.Get("/api/search?q=x").Want(200) // what is known is still found
}
