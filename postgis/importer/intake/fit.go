package intake

import (
	"github.com/paulmach/orb"

	"wanglou/layers"
)

// Shape is what a geometry column takes.
type Shape string

const (
	AnyShape        Shape = "geometry"
	Point           Shape = "point"
	MultiPoint      Shape = "multipoint"
	LineString      Shape = "linestring"
	MultiLineString Shape = "multilinestring"
	Polygon         Shape = "polygon"
	MultiPolygon    Shape = "multipolygon"
)

// Fit brings a geometry into the shape of a column. Single ones become multiple, multiple ones of one part become single; those of several parts become
// several geometries where apart is true, and are CodeInvalid otherwise. Collections are taken for what they hold.
func Fit(g orb.Geometry, want Shape, apart bool) ([]orb.Geometry, error) {
	if want == AnyShape {
		return []orb.Geometry{g}, nil
	}
	pieces := flatten(g, nil)
	var out []orb.Geometry
	switch want {
	case Point, MultiPoint:
		var all orb.MultiPoint
		for _, p := range pieces {
			if p, ok := p.(orb.Point); ok {
				all = append(all, p)
				out = append(out, p)
			}
		}
		if want == MultiPoint && len(out) == len(pieces) {
			return []orb.Geometry{all}, nil
		}
	case LineString, MultiLineString:
		var all orb.MultiLineString
		for _, p := range pieces {
			if p, ok := p.(orb.LineString); ok {
				all = append(all, p)
				out = append(out, p)
			}
		}
		if want == MultiLineString && len(out) == len(pieces) {
			return []orb.Geometry{all}, nil
		}
	case Polygon, MultiPolygon:
		var all orb.MultiPolygon
		for _, p := range pieces {
			if p, ok := p.(orb.Polygon); ok {
				all = append(all, p)
				out = append(out, p)
			}
		}
		if want == MultiPolygon && len(out) == len(pieces) {
			return []orb.Geometry{all}, nil
		}
	}
	if len(out) != len(pieces) || len(out) == 0 {
		e := layers.Invalid("geometry", "geometry_type", "a %s cannot stand in a layer of %ss", g.GeoJSONType(), want)
		e.Params = map[string]string{"type": g.GeoJSONType(), "want": string(want)}
		return nil, e
	}
	if len(out) > 1 && !apart {
		return nil, layers.Invalid("geometry", "multipart", "it has %d parts, the layer takes one: --split makes a row of each", len(out))
	}
	return out, nil
}

// flatten takes collections and multiple geometries apart.
func flatten(g orb.Geometry, to []orb.Geometry) []orb.Geometry {
	switch g := g.(type) {
	case orb.MultiPoint:
		for _, p := range g {
			to = append(to, p)
		}
	case orb.MultiLineString:
		for _, l := range g {
			to = append(to, l)
		}
	case orb.MultiPolygon:
		for _, p := range g {
			to = append(to, p)
		}
	case orb.Collection:
		for _, part := range g {
			to = flatten(part, to)
		}
	default:
		to = append(to, g)
	}
	return to
}

// CheckRings reports CodeInvalid for the first ring of g that is not closed or has fewer than four corners. With mend, open rings are closed in place
// instead, and mended says so.
func CheckRings(g orb.Geometry, mend bool) (mended bool, err error) {
	check := func(p orb.Polygon) error {
		if len(p) == 0 {
			return layers.Invalid("geometry", "empty_polygon", "a polygon has no ring")
		}
		for i, r := range p {
			if len(r) > 2 && r[0] != r[len(r)-1] {
				if !mend {
					e := layers.Invalid("geometry", "open_ring", "a ring does not end where it begins (%g %g)", r[0][0], r[0][1])
					return e
				}
				r = append(r, r[0])
				p[i], mended = r, true
			}
			if len(r) < 4 {
				return layers.Invalid("geometry", "too_few_points", "a ring has %d points, 4 are the least", len(r))
			}
		}
		return nil
	}
	for _, piece := range flatten(g, nil) {
		switch piece := piece.(type) {
		case orb.Polygon:
			err = check(piece)
		case orb.LineString:
			if len(piece) < 2 {
				err = layers.Invalid("geometry", "too_few_points", "a line has %d points, 2 are the least", len(piece))
			}
		}
		if err != nil {
			return mended, err
		}
	}
	return mended, nil
}
