package intake

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"wanglou/layers"
)

// maxNesting is how deep geometry collections may stand in one another.
const maxNesting = 8

// ParseGeometry reads a GeoJSON geometry. null is nil. Heights are left out. It is stricter than orb's reader, which takes missing numbers for zero.
// CodeInvalid with the field in dotted form ("geometry.coordinates").
func ParseGeometry(raw []byte) (orb.Geometry, error) { return parseGeometry(raw, 0) }

func parseGeometry(raw []byte, depth int) (orb.Geometry, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	if depth > maxNesting {
		return nil, layers.Invalid("geometry", "malformed_geometry", "collections are nested more than %d deep", maxNesting)
	}
	var g struct {
		Type        string            `json:"type"`
		Coordinates json.RawMessage   `json:"coordinates"`
		Geometries  []json.RawMessage `json:"geometries"`
	}
	if err := json.Unmarshal(raw, &g); err != nil {
		return nil, layers.Invalid("geometry", "malformed_geometry", "the geometry is not a GeoJSON object: %v", err)
	}
	if g.Type == "GeometryCollection" {
		var c orb.Collection
		for _, part := range g.Geometries {
			p, err := parseGeometry(part, depth+1)
			if err != nil {
				return nil, err
			}
			if p != nil {
				c = append(c, p)
			}
		}
		if len(c) == 0 {
			return nil, nil
		}
		return c, nil
	}
	p := positions{b: g.Coordinates}
	var out orb.Geometry
	n := 1
	switch g.Type {
	case "Point":
		if string(g.Coordinates) == "[]" {
			return nil, nil
		}
		out = p.point()
	case "MultiPoint":
		v := list(&p, (*positions).point)
		out, n = orb.MultiPoint(v), len(v)
	case "LineString":
		v := list(&p, (*positions).point)
		out, n = orb.LineString(v), len(v)
	case "MultiLineString":
		v := list(&p, (*positions).line)
		out, n = orb.MultiLineString(v), len(v)
	case "Polygon":
		v := list(&p, (*positions).ring)
		out, n = orb.Polygon(v), len(v)
	case "MultiPolygon":
		v := list(&p, (*positions).polygon)
		out, n = orb.MultiPolygon(v), len(v)
	default:
		return nil, layers.Invalid("geometry.type", "unknown_value", "%q is not a type of GeoJSON geometry", g.Type)
	}
	if p.space(); p.err == "" && p.i < len(p.b) {
		p.err = "there is more than a " + g.Type + " has"
	}
	if p.err != "" {
		return nil, layers.Invalid("geometry.coordinates", "malformed_geometry", "%s", p.err)
	}
	if n == 0 {
		return nil, nil
	}
	return out, nil
}

// positions reads nested arrays of numbers. After an error everything reads as nothing.
type positions struct {
	b   []byte
	i   int
	err string
}

func (p *positions) space() {
	for p.i < len(p.b) && strings.IndexByte(" \t\r\n", p.b[p.i]) >= 0 {
		p.i++
	}
}

func (p *positions) at(c byte) bool {
	p.space()
	return p.i < len(p.b) && p.b[p.i] == c
}

func (p *positions) take(c byte, expected string) bool {
	if p.err == "" && !p.at(c) {
		p.err = expected
	}
	if p.err != "" {
		return false
	}
	p.i++
	return true
}

func (p *positions) number() float64 {
	p.space()
	start := p.i
	for p.i < len(p.b) && strings.IndexByte("+-.0123456789eE", p.b[p.i]) >= 0 {
		p.i++
	}
	v, err := strconv.ParseFloat(string(p.b[start:p.i]), 64)
	if err != nil && p.err == "" {
		p.err = "a coordinate is not a number"
	}
	return v
}

func (p *positions) point() orb.Point {
	if !p.take('[', "a position is not an array of numbers") {
		return orb.Point{}
	}
	var at orb.Point
	for n := 0; ; n++ {
		if p.at(']') && n >= 2 {
			p.i++
			return at
		}
		if n > 0 && !p.take(',', "a position has less than two numbers") {
			return at
		}
		v := p.number()
		if p.err != "" {
			return at
		}
		if n < 2 {
			at[n] = v
		}
	}
}

func (p *positions) line() orb.LineString { return list(p, (*positions).point) }
func (p *positions) ring() orb.Ring       { return list(p, (*positions).point) }
func (p *positions) polygon() orb.Polygon { return list(p, (*positions).ring) }
func list[T any](p *positions, one func(*positions) T) []T {
	if !p.take('[', "coordinates are not nested as deep as the type wants") {
		return nil
	}
	var out []T
	for p.err == "" {
		if p.at(']') {
			p.i++
			return out
		}
		if len(out) > 0 && !p.take(',', "there is no comma between coordinates") {
			return out
		}
		out = append(out, one(p))
	}
	return out
}

// corners calls f with every corner of g until it returns false.
func corners(g orb.Geometry, f func(orb.Point) bool) bool {
	switch g := g.(type) {
	case orb.Point:
		return f(g)
	case orb.MultiPoint:
		return each(g, f)
	case orb.LineString:
		return each(g, f)
	case orb.Ring:
		return each(g, f)
	case orb.MultiLineString:
		for _, l := range g {
			if !each(l, f) {
				return false
			}
		}
	case orb.Polygon:
		for _, r := range g {
			if !each(r, f) {
				return false
			}
		}
	case orb.MultiPolygon:
		for _, p := range g {
			if !corners(p, f) {
				return false
			}
		}
	case orb.Collection:
		for _, part := range g {
			if !corners(part, f) {
				return false
			}
		}
	}
	return true
}

func each[S ~[]orb.Point](s S, f func(orb.Point) bool) bool {
	for _, p := range s {
		if !f(p) {
			return false
		}
	}
	return true
}

// First returns the first corner of g; false when it has none.
func First(g orb.Geometry) (orb.Point, bool) {
	var first orb.Point
	found := !corners(g, func(p orb.Point) bool { first = p; return false })
	return first, found
}

// CheckPlaces reports CodeInvalid for the first corner of g, in EPSG:4326, that is no place in the world (see layers.ValidatePoint).
func CheckPlaces(g orb.Geometry) error {
	var err error
	corners(g, func(p orb.Point) bool { err = layers.ValidatePoint("geometry", p); return err == nil })
	return err
}

// CheckFinite reports CodeInvalid for coordinates that are not numbers, whatever system they are in.
func CheckFinite(g orb.Geometry) error {
	ok := corners(g, func(p orb.Point) bool { return !math.IsNaN(p[0]+p[1]) && !math.IsInf(p[0], 0) && !math.IsInf(p[1], 0) })
	if !ok {
		return layers.Invalid("geometry", "not_finite", "coordinates are not numbers")
	}
	return nil
}
