package marking

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"wanglou/layers"
)

var (
	a, b, c = orb.Point{119.68, 29.79}, orb.Point{119.69, 29.79}, orb.Point{119.69, 29.80}
	way     = orb.LineString{a, b, c}
	field   = orb.Polygon{{a, b, c, a}}
)

func of(k Kind, g orb.Geometry) Content {
	m := Content{Kind: k, Standing: Planned, Size: 1, Label: "甲"}
	if g != nil {
		m.Geometry = geojson.NewGeometry(g)
	}
	return m
}

func with(m Content, change func(*Content)) Content { change(&m); return m }

func TestValidate(t *testing.T) {
	t.Parallel()
	long := func(n int) (out orb.LineString) {
		for i := range n {
			out = append(out, orb.Point{119.6 + float64(i)/1e4, 29.79})
		}
		return out
	}
	for i, x := range []struct {
		m             Content
		field, reason string
	}{
		{of("roadblock", a), "", ""},
		{of("cordon", long(200)), "", ""},
		{of("straight_arrow", way[:2]), "", ""},
		{of("search_sector", field), "", ""},
		{with(of("hazard", a), func(m *Content) { m.RadiusM, m.Rotation, m.Size, m.Standing = 500, 360, 3, Actual }), "", ""},
		{of("tank", a), "kind", "unknown_value"},
		{with(of("roadblock", a), func(m *Content) { m.Standing = "" }), "standing", "unknown_value"},
		{with(of("text", a), func(m *Content) { m.Label = " " }), "label", "required"},
		{with(of("roadblock", a), func(m *Content) { m.Label = strings.Repeat("甲", 41) }), "label", "too_long"},
		{with(of("roadblock", a), func(m *Content) { m.Label = "a\nb" }), "label", "not_a_value"},
		{with(of("roadblock", a), func(m *Content) { m.Note = strings.Repeat("甲", 501) }), "note", "too_long"},
		{with(of("roadblock", a), func(m *Content) { m.Rotation = 361 }), "rotation_deg", "out_of_range"},
		{with(of("roadblock", a), func(m *Content) { m.Size = math.NaN() }), "size", "out_of_range"},
		{with(of("hazard", a), func(m *Content) { m.RadiusM = 20001 }), "radius_m", "out_of_range"},
		{with(of("cordon", way), func(m *Content) { m.RadiusM = 1 }), "radius_m", "out_of_range"},
		{of("roadblock", nil), "geometry", "required"},
		{of("roadblock", way), "geometry", "wrong_type"},
		{of("cordon", field), "geometry", "wrong_type"},
		{of("search_sector", orb.Polygon{field[0], field[0]}), "geometry", "wrong_type"},
		{of("search_sector", orb.MultiPolygon{field}), "geometry", "wrong_type"},
		{of("cordon", way[:1]), "geometry", "too_few_points"},
		{of("search_sector", orb.Polygon{{a, b, a}}), "geometry", "too_few_points"},
		{of("straight_arrow", way), "geometry", "too_many_points"},
		{of("cordon", long(201)), "geometry", "too_many_points"},
		{of("search_sector", orb.Polygon{{a, b, c, {119.6, 29.7}}}), "geometry", "open_ring"},
		{of("cordon", orb.LineString{a, a, b}), "geometry", "same_point"},
		{of("roadblock", orb.Point{29.79, 119.68}), "geometry", "swapped_coordinates"},
		{of("cordon", orb.LineString{a, {125, 29.79}}), "geometry", "too_large"},
	} {
		err := x.m.Validate()
		var e *layers.Error
		switch {
		case x.reason == "" && err != nil:
			t.Errorf("%d: %v", i, err)
		case x.reason != "" && (!errors.As(err, &e) || e.Field != x.field || e.Reason != x.reason):
			t.Errorf("%d: %v; want %s of %s", i, err, x.reason, x.field)
		}
	}
}

func TestKindsHaveAShape(t *testing.T) {
	t.Parallel()
	shapes := map[Shape]orb.Geometry{Point: a, Line: way[:2], Area: field}
	for k := range forms {
		m := of(k, shapes[k.Shape()])
		if err := m.Validate(); err != nil {
			t.Errorf("%s: %v", k, err)
		}
		if got := m.Anchor(); got != a {
			t.Errorf("%s: anchor %v", k, got)
		}
	}
	if s := fmt.Sprint(Kind("x").Shape()); s != "" {
		t.Errorf("no kind has the shape %q", s)
	}
}
