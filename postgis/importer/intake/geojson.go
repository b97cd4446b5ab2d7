package intake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"wanglou/layers"
)

// GeoJSON reads a FeatureCollection, a Feature, or a sequence of features one after the other (GeoJSONSeq, with or without record separators). A
// collection may be wrapped as the value of a JavaScript variable, as map examples and some portals have it.
type GeoJSON struct {
	s        *scanner
	encoding string
	row      Row
	fields   map[string]any
	kind     string // "type" of the outermost object
	declared string // "EPSG:n" of an old-style crs member, or ""
	state    int
	inside   bool // of the features array, behind its first element
	wrapped  bool // in JavaScript
	single   feature
	seq      bool
}

const (
	atStart = iota
	inMembers
	inFeatures
	atEnd
)

// feature is a GeoJSON feature as it is decoded.
type feature struct {
	Type       string          `json:"type"`
	ID         any             `json:"id"`
	Geometry   json.RawMessage `json:"geometry"`
	Properties map[string]any  `json:"properties"`
}

// NewGeoJSON reads one collection or feature.
func NewGeoJSON(t *Text, l Limits) *GeoJSON {
	return &GeoJSON{s: newScanner(t, l), encoding: t.Encoding, fields: map[string]any{}}
}

// NewGeoJSONSeq reads features that stand one after the other.
func NewGeoJSONSeq(t *Text, l Limits) *GeoJSON {
	g := NewGeoJSON(t, l)
	g.seq = true
	return g
}

// CRS returns the "EPSG:n" that the file names in its crs member (GeoJSON of before 2016), as far as it was read; "" for none or WGS 84.
func (g *GeoJSON) CRS() string { return g.declared }

// Next implements Reader.
func (g *GeoJSON) Next() (*Row, error) {
	if g.seq {
		return g.nextOfSequence()
	}
	for {
		switch g.state {
		case atStart:
			if err := g.open(); err != nil {
				return nil, err
			}
			g.state = inMembers
		case inMembers:
			row, err := g.members()
			if row != nil || err != nil {
				return row, err
			}
		case inFeatures:
			more, err := g.s.next(!g.inside, ']', "the features")
			if err != nil {
				return nil, err
			}
			if more {
				g.inside = true
				return g.feature()
			}
			g.state, g.inside = inMembers, true
		case atEnd:
			return nil, g.close()
		}
	}
}

func (g *GeoJSON) nextOfSequence() (*Row, error) {
	c, err := g.s.peek()
	if err != nil {
		return nil, err // io.EOF is the end
	}
	if c != '{' {
		_, _ = g.s.read()
		return nil, g.s.fail("malformed_json", "there is "+quoteByte(c)+" where a feature is expected")
	}
	return g.feature()
}

// script is what may stand before a collection: var dataset =
var script = regexp.MustCompile(`^(?:(?:var|let|const)\s+)?[A-Za-z_$][\w$.]*\s*(?:=|\()\s*$`)

// open takes everything up to the first brace.
func (g *GeoJSON) open() error {
	c, err := g.s.peek()
	if errors.Is(err, io.EOF) {
		return layers.Invalid("file", "empty_file", "the file is empty")
	}
	if err != nil {
		return err
	}
	var before []byte
	for c != '{' {
		if c, err = g.s.read(); err != nil {
			return g.s.ended(err, "what should be a FeatureCollection")
		}
		if before = append(before, c); len(before) > 200 {
			break
		}
		next, err := g.s.r.Peek(1)
		if err != nil {
			break
		}
		c = next[0]
	}
	if c != '{' || len(before) > 0 && !script.Match(before) {
		return g.s.fail("not_geojson", "this is not GeoJSON: a FeatureCollection begins with {")
	}
	g.wrapped = len(before) > 0
	_, err = g.s.read()
	return err
}

// members walks the members of the outermost object until there is a row, the features begin, or it ends. It returns a row for a lone Feature.
func (g *GeoJSON) members() (*Row, error) {
	for {
		more, err := g.s.next(!g.inside, '}', "the collection")
		if err != nil {
			return nil, err
		}
		if !more {
			g.state = atEnd
			return g.whole()
		}
		g.inside = true
		name, err := g.s.key()
		if err != nil {
			return nil, err
		}
		if name == "features" {
			if err := g.s.take('[', "the features"); err != nil {
				return nil, err
			}
			g.state, g.inside = inFeatures, false
			return nil, nil
		}
		if err := g.member(name); err != nil {
			return nil, err
		}
	}
}

func (g *GeoJSON) member(name string) error {
	var into any
	switch name {
	case "type":
		into = &g.kind
	case "crs":
	case "id":
		into = &g.single.ID
	case "geometry":
		into = &g.single.Geometry
	case "properties":
		into = &g.single.Properties
	default:
		return g.s.skip()
	}
	raw, err := g.s.value()
	if err != nil {
		return err
	}
	if name == "crs" {
		return g.crs(raw)
	}
	if err := decode(raw, into); err != nil {
		return g.s.fail("malformed_json", "member "+name+" is not what GeoJSON has there: "+err.Error())
	}
	return nil
}

var epsgURN = regexp.MustCompile(`(?i)(?:EPSG:+|/EPSG/0/)(\d+)`)

// crs reads {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4549"}}.
func (g *GeoJSON) crs(raw []byte) error {
	var crs struct {
		Properties struct {
			Name string `json:"name"`
		} `json:"properties"`
	}
	if err := json.Unmarshal(raw, &crs); err != nil {
		return g.s.fail("malformed_json", "member crs is not what GeoJSON has there")
	}
	m := epsgURN.FindStringSubmatch(crs.Properties.Name)
	if m == nil || m[1] == "4326" {
		return nil
	}
	if g.row.Number > 0 {
		return g.s.fail("late_crs", "the file names its coordinate system ("+crs.Properties.Name+") behind its features: say --crs EPSG:"+m[1])
	}
	g.declared = "EPSG:" + m[1]
	return nil
}

// whole ends the outermost object: a collection has had its features, a Feature is a row now.
func (g *GeoJSON) whole() (*Row, error) {
	switch {
	case g.kind == "FeatureCollection":
		return nil, nil
	case g.kind == "Feature" && g.row.Number == 0:
		g.single.Type = "Feature"
		g.row = Row{Number: 1, Line: 1}
		g.fill(&g.single)
		return &g.row, nil
	}
	return nil, g.s.fail("not_geojson", fmt.Sprintf("the type of the outermost object is %q, not FeatureCollection", g.kind))
}

// close sees that nothing comes behind.
func (g *GeoJSON) close() error {
	for {
		c, err := g.s.peek()
		if err != nil {
			return err // io.EOF is the end
		}
		_, _ = g.s.read()
		if !g.wrapped || c != ';' && c != ')' {
			return g.s.fail("malformed_json", "there is "+quoteByte(c)+" behind the end of the collection")
		}
	}
}

// feature takes the next feature.
func (g *GeoJSON) feature() (*Row, error) {
	if _, err := g.s.peek(); err != nil {
		return nil, g.s.ended(err, "the features")
	}
	line, start, offset := g.s.line, g.s.lineStart, g.s.offset
	raw, err := g.s.value()
	if err != nil {
		return nil, err
	}
	g.row = Row{Number: g.row.Number + 1, Line: line}
	clear(g.fields)
	f := feature{Properties: g.fields}
	if badText(raw, g.encoding) {
		g.row.Err = wrongEncoding(g.encoding)
		return &g.row, nil
	}
	if err := decode(raw, &f); err != nil {
		l, c, o := within(raw, syntaxOffset(err), line, start, offset)
		if g.encoding != "utf-8" {
			o = -1 // bytes are counted behind the conversion
		}
		g.row.Err = invalidAt("malformed_json", strings.TrimPrefix(err.Error(), "json: "), l, c, o)
		return &g.row, nil
	}
	g.fill(&f)
	return &g.row, nil
}

// fill makes the row of a feature.
func (g *GeoJSON) fill(f *feature) {
	if f.Type != "Feature" {
		g.row.Err = layers.Invalid("type", "not_geojson", "the type is %q, not Feature", f.Type)
		return
	}
	g.row.ID, g.row.Fields = f.ID, f.Properties
	geometry, err := ParseGeometry(f.Geometry)
	if err != nil {
		g.row.Err = asError(err)
		return
	}
	g.row.Geometry = geometry
}

// decode reads one JSON value and keeps numbers as they are written.
func decode(raw []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return d.Decode(into)
}

// syntaxOffset is where in its text a value could not be decoded.
func syntaxOffset(err error) int64 {
	var syntax *json.SyntaxError
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return syntax.Offset
	case errors.As(err, &wrong):
		return wrong.Offset
	}
	return 0
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
