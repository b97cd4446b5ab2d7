package server_test

import (
	"testing"
	"time"
)

func TestUnits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var got struct {
		Items []struct {
			ID      int64
			Skills  []string
			Point   []float64
			FixedAt *time.Time `json:"fixed_at"`
		}
	}
	w.as("viewer").Get("/api/units").Want(200).Into(&got)
	if len(got.Items) != 2 || got.Items[0].Skills == nil || got.Items[0].FixedAt.Location() != time.UTC || got.Items[1].Point != nil || got.Items[1].FixedAt != nil {
		t.Errorf("%+v", got)
	}
}

func TestRecommendations(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var got struct {
		Items []struct {
			Unit     struct{ ID int64 }
			Picked   bool
			Distance float64 `json:"distance_m"`
			Reasons  []struct{ Code string }
		}
		Wanted, Shortfall int
		Basis             string
	}
	c := w.as("duty")
	c.Get("/api/incidents/7/recommendations").Want(200).Into(&got)
	if got.Wanted != 3 || got.Shortfall != 2 || got.Basis != "straight_line" || len(got.Items) != 2 || !got.Items[0].Picked || got.Items[0].Reasons[0].Code != "nearest" ||
		got.Items[1].Distance != -1 || got.Items[1].Reasons == nil {
		t.Errorf("%+v", got)
	}
	c.Get("/api/incidents/x/recommendations").WantError(404, "not_found", "", "")
}
