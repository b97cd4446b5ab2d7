package cql2

import (
	"math"
	"strings"

	"github.com/paulmach/orb"
	"github.com/peterstace/simplefeatures/geom"
)

// wkt reads the geometry literal that begins with name; the next token is "(", or Z before it. Heights are read and left out.
func (p *parser) wkt(name token, nested bool) (orb.Geometry, error) {
	dims := 2
	switch {
	case p.tok.is("z"), p.tok.is("m"):
		dims = 3
	case p.tok.is("zm"):
		dims = 4
	}
	if dims > 2 {
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	c := &corners{p, dims}
	switch strings.ToUpper(name.text) {
	case "POINT":
		if err := p.expect("("); err != nil {
			return nil, err
		}
		pt, err := c.corner()
		if err != nil {
			return nil, err
		}
		return pt, p.expect(")")
	case "LINESTRING":
		l, err := c.line()
		return orb.LineString(l), err
	case "POLYGON":
		return c.polygon()
	case "MULTIPOINT":
		m, err := listOf(p, func() (orb.Point, error) { // both POINT forms: (1 2, 3 4) and ((1 2), (3 4))
			wrapped, err := p.take("(")
			if err != nil {
				return orb.Point{}, err
			}
			pt, err := c.corner()
			if err == nil && wrapped {
				err = p.expect(")")
			}
			return pt, err
		})
		return orb.MultiPoint(m), err
	case "MULTILINESTRING":
		m, err := listOf(p, func() (orb.LineString, error) { return c.line() })
		return orb.MultiLineString(m), err
	case "MULTIPOLYGON":
		m, err := listOf(p, c.polygon)
		return orb.MultiPolygon(m), err
	}
	m, err := listOf(p, func() (orb.Geometry, error) {
		t := p.tok
		if t.kind != tokenName || !isShape(t.text) || strings.EqualFold(t.text, "GEOMETRYCOLLECTION") {
			return nil, p.unexpected("a geometry that is no collection")
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
		return p.wkt(t, false)
	})
	return orb.Collection(m), err
}

// listOf reads "(" item "," … ")".
func listOf[T any](p *parser, item func() (T, error)) ([]T, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	var out []T
	for {
		v, err := item()
		if err != nil {
			return nil, err
		}
		out = append(out, v)
		if ok, err := p.take(","); err != nil {
			return nil, err
		} else if !ok {
			return out, p.expect(")")
		}
	}
}

type corners struct {
	p    *parser
	dims int
}

// corner reads two numbers, or as many as the first corner had that told.
func (c *corners) corner() (orb.Point, error) {
	var pt orb.Point
	if err := c.p.budget.vertex(c.p.tok.pos); err != nil {
		return pt, err
	}
	for i := range c.dims {
		f, err := c.p.coordinate()
		if err != nil {
			return pt, err
		}
		if i < 2 {
			pt[i] = f
		}
	}
	if c.dims == 2 && (c.p.tok.kind == tokenNumber || c.p.tok.sign("-")) { // a height without the letter Z
		c.dims = 3
		_, err := c.p.coordinate()
		return pt, err
	}
	return pt, nil
}

func (c *corners) line() ([]orb.Point, error) { return listOf(c.p, c.corner) }

func (c *corners) polygon() (orb.Polygon, error) {
	rings, err := listOf(c.p, func() (orb.Ring, error) { r, err := c.line(); return r, err })
	return rings, err
}

// newBBox reads four or six numbers; heights are left out.
func newBBox(pos int, n []float64) (BBox, error) {
	var b BBox
	switch len(n) {
	case 4:
		b = BBox{n[0], n[1], n[2], n[3]}
	case 6:
		b = BBox{n[0], n[1], n[3], n[4]}
	default:
		return b, fail(pos, "filter_geometry", "a box has four or six numbers")
	}
	if b.South > b.North {
		return b, fail(pos, "filter_geometry", "the box has its south above its north")
	}
	return b, nil
}

// checkShape refuses geometries that no predicate has an answer for.
func checkShape(pos int, g orb.Geometry) error {
	short := false
	finite := true
	eachLine(g, func(l []orb.Point, least int, closed bool) {
		short = short || len(l) < least || closed && l[0] != l[len(l)-1]
		for _, p := range l {
			finite = finite && !math.IsInf(p[0], 0) && !math.IsInf(p[1], 0) && !math.IsNaN(p[0]) && !math.IsNaN(p[1])
		}
	})
	if short || !finite {
		return fail(pos, "filter_geometry", "a line needs two corners, a ring four of which the last is the first")
	}
	if err := toSimple(g).Validate(); err != nil {
		e := fail(pos, "filter_geometry", "the geometry is not valid: %v", err)
		return e
	}
	return nil
}

// eachLine visits every run of corners of g with how many it needs at least and whether it has to end where it begins.
func eachLine(g orb.Geometry, visit func(l []orb.Point, least int, closed bool)) {
	switch g := g.(type) {
	case orb.Point:
		visit([]orb.Point{g}, 1, false)
	case orb.MultiPoint:
		visit(g, 1, false)
	case orb.LineString:
		visit(g, 2, false)
	case orb.MultiLineString:
		for _, l := range g {
			visit(l, 2, false)
		}
	case orb.Polygon:
		for _, r := range g {
			visit(r, 4, true)
		}
	case orb.MultiPolygon:
		for _, p := range g {
			eachLine(p, visit)
		}
	case orb.Collection:
		for _, m := range g {
			eachLine(m, visit)
		}
	}
}

// toSimple converts for the library that relates geometries. It copies.
func toSimple(g orb.Geometry) geom.Geometry {
	sequence := func(ps []orb.Point) geom.Sequence {
		flat := make([]float64, 0, 2*len(ps))
		for _, p := range ps {
			flat = append(flat, p[0], p[1])
		}
		return geom.NewSequence(flat, geom.DimXY)
	}
	line := func(ps []orb.Point) geom.LineString { return geom.NewLineString(sequence(ps)) }
	polygon := func(p orb.Polygon) geom.Polygon {
		rings := make([]geom.LineString, len(p))
		for i, r := range p {
			rings[i] = line(r)
		}
		return geom.NewPolygon(rings)
	}
	switch g := g.(type) {
	case orb.Point:
		return geom.NewPoint(geom.Coordinates{XY: geom.XY{X: g[0], Y: g[1]}}).AsGeometry()
	case orb.MultiPoint:
		ps := make([]geom.Point, len(g))
		for i, p := range g {
			ps[i] = geom.NewPoint(geom.Coordinates{XY: geom.XY{X: p[0], Y: p[1]}})
		}
		return geom.NewMultiPoint(ps).AsGeometry()
	case orb.LineString:
		return line(g).AsGeometry()
	case orb.Ring:
		return polygon(orb.Polygon{g}).AsGeometry()
	case orb.MultiLineString:
		ls := make([]geom.LineString, len(g))
		for i, l := range g {
			ls[i] = line(l)
		}
		return geom.NewMultiLineString(ls).AsGeometry()
	case orb.Polygon:
		return polygon(g).AsGeometry()
	case orb.MultiPolygon:
		ps := make([]geom.Polygon, len(g))
		for i, p := range g {
			ps[i] = polygon(p)
		}
		return geom.NewMultiPolygon(ps).AsGeometry()
	case orb.Bound:
		return polygon(g.ToPolygon()).AsGeometry()
	case orb.Collection:
		gs := make([]geom.Geometry, len(g))
		for i, m := range g {
			gs[i] = toSimple(m)
		}
		return geom.NewGeometryCollection(gs).AsGeometry()
	}
	return geom.Geometry{}
}
