package ogc

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/crs"
	"wanglou/server/geojson"
	"wanglou/server/strictjson"
)

// featureBody is what a client may send of a feature: what it got, changed. links, bbox and timeStamp are ours and mean nothing here.
type featureBody struct {
	Type       string                     `json:"type"`
	ID         json.RawMessage            `json:"id"`
	Geometry   json.RawMessage            `json:"geometry"`
	Properties map[string]json.RawMessage `json:"properties"`
	Links      json.RawMessage            `json:"links"`
	BBox       json.RawMessage            `json:"bbox"`
	TimeStamp  json.RawMessage            `json:"timeStamp"`
}

// Draft is a feature as a client wants it. An [Editor] takes its values one by one; afterwards [Draft.Err] tells the first that was wrong, and every property
// that nobody took.
type Draft struct {
	layer *layers.Layer
	was   *layers.Feature // nil for a new one
	whole bool            // what is not named has no value; otherwise it stays what it was

	geometry   json.RawMessage // nil: not named
	properties map[string]json.RawMessage
	reference  *crs.Reference
	err        error
}

// newDraft reads a body. Coordinates come in the reference system.
func newDraft(raw []byte, l *layers.Layer, was *layers.Feature, whole bool, ref *crs.Reference) (*Draft, error) {
	var b featureBody
	if err := strictjson.Unmarshal(raw, &b); err != nil {
		return nil, err
	}
	if b.Type != "Feature" && (whole || b.Type != "") {
		return nil, layers.Invalid("type", "not_a_value", "a GeoJSON Feature is wanted, not %.40q", b.Type)
	}
	if was != nil && b.ID != nil && string(b.ID) != strconv.FormatInt(was.ID, 10) {
		return nil, layers.Invalid("id", "not_a_value", "the body is of feature %.40s, the address of %d", b.ID, was.ID)
	}
	return &Draft{layer: l, was: was, whole: whole, geometry: b.Geometry, properties: b.Properties, reference: ref}, nil
}

// take returns what the client says of a property, and whether it says anything.
func (d *Draft) take(name string) (raw json.RawMessage, named bool) {
	raw, named = d.properties[name]
	delete(d.properties, name)
	return raw, named
}

// before returns what stays where the client says nothing.
func (d *Draft) before(name string) any {
	if i := d.layer.Index(name); i >= 0 && d.was != nil && !d.whole {
		return d.was.Values[i]
	}
	return nil
}

func value[T any](d *Draft, name string) (v T, ok bool) {
	raw, named := d.take(name)
	if !named {
		v, ok = d.before(name).(T)
		return v, ok
	}
	if string(raw) == "null" {
		return v, false
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		d.fail(layers.Invalid(name, "wrong_type", "%.60s is not what belongs here", raw))
		return v, false
	}
	return v, true
}

func (d *Draft) fail(err error) {
	if d.err == nil {
		d.err = err
	}
}

// Text returns a property, "" for none.
func (d *Draft) Text(name string) string { v, _ := value[string](d, name); return v }

// Number returns a property, nil for none.
func (d *Draft) Number(name string) *float64 {
	if v, ok := value[float64](d, name); ok {
		return &v
	}
	return nil
}

// Integer returns a property, 0 for none.
func (d *Draft) Integer(name string) int64 { v, _ := value[int64](d, name); return v }

// Point returns the geometry, which is a point of EPSG:4326. A height is left out.
func (d *Draft) Point() orb.Point {
	if d.geometry == nil && !d.whole {
		p, _ := d.was.Geometry.(orb.Point)
		return p
	}
	if d.geometry == nil || string(d.geometry) == "null" {
		d.fail(layers.Invalid("geometry", "required", "a point is required"))
		return orb.Point{}
	}
	var g struct {
		Type        string          `json:"type"`
		Coordinates json.RawMessage `json:"coordinates"`
		BBox        json.RawMessage `json:"bbox"`
	}
	if err := strictjson.Unmarshal(d.geometry, &g); err != nil {
		d.fail(err)
		return orb.Point{}
	}
	if g.Type != "Point" {
		d.fail(layers.Invalid("geometry", "wrong_type", "a point belongs here, not %.40q", g.Type))
		return orb.Point{}
	}
	var numbers []float64
	if err := json.Unmarshal(g.Coordinates, &numbers); err != nil || len(numbers) < 2 || len(numbers) > 4 {
		d.fail(layers.Invalid("geometry.coordinates", "wrong_type", "a point has two numbers, or three with a height"))
		return orb.Point{}
	}
	p := d.reference.ToWGS84(orb.Point{numbers[0], numbers[1]})
	if err := layers.ValidatePoint("geometry.coordinates", p); err != nil {
		d.fail(err)
	}
	return p
}

// Err returns the first value that was wrong. A property that nobody took is one that the system gives, and may be named only as it is; or there is none of that name.
func (d *Draft) Err() error {
	if d.err != nil {
		return d.err
	}
	names := make([]string, 0, len(d.properties))
	for name := range d.properties {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		i := d.layer.Index(name)
		if i < 0 {
			return layers.Invalid(name, "unknown_column", "there is no property %.60q", name)
		}
		is := []byte("null")
		if d.was != nil {
			is = geojson.AppendValue(nil, d.layer.Columns[i].Type, d.was.Values[i])
		}
		if !sameJSON(is, d.properties[name]) {
			return layers.Invalid(name, "system_value", "%s is given by the system", name)
		}
	}
	return nil
}

// sameJSON compares values, not how they are written.
func sameJSON(a, b []byte) bool {
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return false
	}
	p, errP := json.Marshal(x)
	q, errQ := json.Marshal(y)
	return errP == nil && errQ == nil && bytes.Equal(p, q)
}
