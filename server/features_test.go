package server_test

import (
	"encoding/json"
	"slices"
	"strconv"
	"testing"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/server"
	"wanglou/server/servertest"
)

func itoa(n int) string { return strconv.Itoa(n) }

type collection struct {
	Matched  int `json:"number_matched"`
	Features []struct {
		ID         int64
		Geometry   json.RawMessage
		Properties map[string]any
		Distance   *float64 `json:"distance_m"`
	}
}

func features(c *servertest.Client, query string) (out collection) {
	c.T.Helper()
	c.Get("/api/layers/" + query).Want(200).Into(&out)
	return out
}

func (c collection) ids() []int64 {
	var out []int64
	for _, f := range c.Features {
		out = append(out, f.ID)
	}
	return out
}

func TestFeaturesInABox(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(cameraAt(3, "三", "c.t1", 119.70, 29.80), cameraAt(1, "一", "c.t1", 119.68, 29.79), cameraAt(2, "二", "c.t2", 119.69, 29.79),
		feature("area", 9, orb.Polygon{{{119.6, 29.7}, {119.8, 29.7}, {119.8, 29.9}, {119.6, 29.9}, {119.6, 29.7}}}, "城南", "c.t1"))
	c := w.as("duty")
	for query, want := range map[string][]int64{
		"camera/features?bbox=119,29,120,30":                        {1, 2, 3},
		"camera/features?bbox=119.68,29.79,119.69,29.79":            {1, 2}, // the edge belongs to it
		"camera/features?bbox=119.68,29.79,119.68,29.79":            {1},
		"camera/features?bbox=0,0,1,1":                              nil,
		"camera/features?bbox=-180,-90,180,90&limit=2":              {1, 2},
		"area/features?bbox=119.75,29.75,119.76,29.76":              {9},
		"camera/features?near=119.68,29.79&radius=1":                {1},
		"camera/features?near=119.68,29.79":                         {1, 2},
		"camera/features?near=119.70,29.80&radius=50000":            {3, 2, 1},
		"camera/features?near=119.70%EF%BC%8C29.80&radius=1":        {3},
		"area/features?near=119.7,29.8&radius=1":                    {9},
		"area/features?near=119.81,29.8&radius=500":                 nil,
		"area/features?near=119.81,29.8&radius=1000":                {9},
		"unit/features?bbox=-180,-90,180,90":                        nil, // has no geometry
		"camera/features?near=119.70,29.80&radius=50000&limit=1000": {3, 2, 1},
	} {
		if got := features(c, query); !slices.Equal(got.ids(), want) {
			t.Errorf("%s: %d, want %d", query, got.ids(), want)
		}
	}
	got := features(c, "camera/features?near=119.69,29.79&radius=2000&limit=2")
	if got.Matched != 3 || len(got.Features) != 2 || *got.Features[0].Distance != 0 || *got.Features[1].Distance < 960 || *got.Features[1].Distance > 970 {
		t.Errorf("%+v", got)
	}
	if got := features(c, "camera/features?bbox=119,29,120,30&limit=1"); got.Matched != 3 || got.Features[0].Distance != nil || got.Features[0].Properties["name"] != "一" ||
		string(got.Features[0].Geometry) != `{"type":"Point","coordinates":[119.68,29.79]}` {
		t.Errorf("%+v", got)
	}
}

func TestRefusedFeatures(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(cameraAt(1, "一", "c.t1", 119.68, 29.79))
	c := w.as("duty")
	for query, want := range map[string][2]string{
		"": {"bbox", "required"}, "bbox=1,2,3,4&near=1,2": {"near", "not_allowed"}, "bbox=1,2,3": {"bbox", "wrong_type"}, "bbox=3,2,1,4": {"bbox", "swapped_coordinates"},
		"bbox=1,2,3,400": {"bbox", "outside_world"}, "near=29.8,119.7": {"near", "swapped_coordinates"}, "near=119.7,29.8&radius=0": {"radius", "out_of_range"},
		"near=119.7,29.8&radius=50001": {"radius", "out_of_range"}, "bbox=1,2,3,4&limit=1001": {"limit", "out_of_range"}, "bbox=1,2,3,4&filter=x": {"filter", "unknown_field"},
	} {
		c.Get("/api/layers/camera/features?"+query).WantError(400, "invalid", want[0], want[1])
	}
	c.Get("/api/layers/app_user/features?bbox=1,2,3,4").WantError(404, "not_found", "", "unknown_layer")
	c.Get("/api/layers/app_user/features/1").WantError(404, "not_found", "", "unknown_layer")
	for _, id := range []string{"2", "0", "-1", "x", "1.5", "99999999999999999999", "1%20"} {
		c.Get("/api/layers/camera/features/"+id).WantError(404, "not_found", "", "")
	}
	var f struct{ Properties map[string]any }
	c.Get("/api/layers/camera/features/1").Want(200).Into(&f)
	if f.Properties["name"] != "一" || f.Properties["device_id"] != nil {
		t.Errorf("%+v", f)
	}
}

// Before the first load nobody knows what there is: nothing is said to be missing.
func TestLoading(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *server.Options) { o.Replica = layers.NewReplica(layers.ReplicaOptions{}) })
	c := w.as("duty")
	for _, path := range []string{"/api/layers/camera/features?bbox=1,2,3,4", "/api/layers/camera/features/1", "/api/search?q=x", "/api/catalog"} {
		if res := c.Get(path).WantError(503, "unavailable", "", "loading"); res.Header.Get("Retry-After") != "1" {
			t.Errorf("%s: wait %q", path, res.Header.Get("Retry-After"))
		}
	}
}
