package camera_test

import (
	"errors"
	"strings"
	"testing"

	"wanglou/layers"
	"wanglou/layers/camera"
)

func TestPatrolValidate(t *testing.T) {
	t.Parallel()
	stops := func(n, dwell int) (out []camera.PatrolStop) {
		for i := range n {
			out = append(out, camera.PatrolStop{CameraID: int64(i + 1), DwellS: dwell})
		}
		return out
	}
	for _, c := range []struct {
		name          string
		stops         []camera.PatrolStop
		field, reason string
	}{
		{" 学校周边 ", stops(3, 10), "", ""},
		{"a", stops(100, 5), "", ""},
		{"a", stops(1, 600), "", ""},
		{" ", stops(1, 10), "name", "required"},
		{strings.Repeat("桥", 81), stops(1, 10), "name", "too_long"},
		{"a", nil, "stops", "required"},
		{"a", stops(101, 10), "stops", "too_many"},
		{"a", stops(2, 4), "stops", "out_of_range"},
		{"a", stops(2, 601), "stops", "out_of_range"},
	} {
		p := camera.Patrol{Name: c.name, Stops: c.stops}
		err := p.Validate()
		var is *layers.Error
		if c.field == "" && (err != nil || p.Name != strings.TrimSpace(c.name)) || c.field != "" && (!errors.As(err, &is) || is.Field != c.field || is.Reason != c.reason) {
			t.Errorf("%q with %d stops: %v", c.name, len(c.stops), err)
		}
	}
	for _, c := range []struct {
		layout, cameras int
		field           string
	}{{0, 5, ""}, {4, 4, ""}, {16, 1, ""}, {4, 5, "stops"}, {5, 5, "layout"}, {-1, 1, "layout"}} {
		p := camera.Patrol{Name: "a", Layout: c.layout, Stops: stops(c.cameras, 10)}
		var is *layers.Error
		if err := p.Validate(); (err == nil) != (c.field == "") || errors.As(err, &is) && is.Field != c.field {
			t.Errorf("%d cameras in %d tiles: %v", c.cameras, c.layout, err)
		}
	}
}
