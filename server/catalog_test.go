package server_test

import (
	"slices"
	"testing"
	"time"

	"wanglou/layers"
	"wanglou/server/servertest"
)

func TestCatalogue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(cameraAt(1, "一", "c.t1", 119.68, 29.79), cameraAt(2, "二", "c.t2", 119.69, 29.79))
	c := w.as("duty")
	var got struct {
		County struct {
			Name layers.Text
			Bbox []float64
			View struct {
				Center []float64
				Zoom   float64
			}
			Demo bool
		}
		Basemap struct{ Source, Attribution string }
	}
	c.Get("/api/catalog").Want(200).Into(&got)
	if got.County.Name != (layers.Text{ZH: "桐庐县", EN: "桐庐县"}) || !got.County.Demo || got.County.View.Zoom != 11 || !slices.Equal(got.County.Bbox, []float64{119.1, 29.5, 120, 30.1}) {
		t.Errorf("%+v", got.County)
	}
	if got.Basemap.Source != "basemap" || got.Basemap.Attribution != "示意" {
		t.Errorf("%+v", got.Basemap)
	}
	ls := catalogue(c)
	i := slices.IndexFunc(ls, func(l layerOf) bool { return l.Name == "camera" })
	if i < 0 || ls[i].Count != 2 || ls[i].Title.EN != "Cameras" || len(ls[i].Columns) != 4 || ls[i].Columns[0] != (layers.Column{Name: "name", Type: "text"}) {
		t.Errorf("%+v", ls)
	}
	// What one sees of a layer is counted anew after a moment.
	town := w.as("town")
	count := func() int {
		ls := catalogue(town)
		return ls[slices.IndexFunc(ls, func(l layerOf) bool { return l.Name == "camera" })].Count
	}
	if count() != 1 {
		t.Errorf("the town counts %d", count())
	}
	w.put(cameraAt(3, "三", "c.t1", 119.68, 29.79))
	w.clock.Add(2 * time.Second)
	if count() != 2 {
		t.Errorf("the town counts %d", count())
	}
}

func TestAreasAndCategories(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.as("viewer")
	var areas struct {
		Items []struct {
			Path, Level string
			NameEN      string `json:"name_en"`
			Bbox        []float64
		}
	}
	c.Get("/api/areas").Want(200).Into(&areas)
	if len(areas.Items) != 2 || areas.Items[0].Path != "c" || areas.Items[0].NameEN != "Tonglu" || len(areas.Items[1].Bbox) != 4 {
		t.Errorf("%+v", areas)
	}
	var categories struct{ Items []struct{ Code string } }
	c.Get("/api/categories").Want(200).Into(&categories)
	if len(categories.Items) != 1 || categories.Items[0].Code != "09012" {
		t.Errorf("%+v", categories)
	}
}

func TestStatistics(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.as("viewer")
	var got struct {
		Hours        []struct{ Start time.Time }
		CreatedToday int `json:"created_today"`
	}
	c.Get("/api/statistics").Want(200).Into(&got)
	if got.CreatedToday != 3 || got.Hours[0].Start.Location() != time.UTC {
		t.Errorf("%+v", got)
	}
	wantServiceErrors(t, w, func() *servertest.Response { return c.Get("/api/statistics") })
}
