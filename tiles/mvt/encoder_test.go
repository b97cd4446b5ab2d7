package mvt

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"
	orbmvt "github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"
)

var update = flag.Bool("update", false, "write the golden files anew")

// decode reads a tile with an independent reader.
func decode(t testing.TB, tile []byte) orbmvt.Layers {
	t.Helper()
	ls, err := orbmvt.Unmarshal(tile)
	if err != nil {
		t.Fatalf("tile of %d bytes cannot be read: %v", len(tile), err)
	}
	return ls
}

// add draws g with its own bound.
func add(e *Encoder, id int64, g orb.Geometry, values []any) bool {
	var b orb.Bound
	if g != nil {
		b = g.Bound()
	}
	return e.Add(id, g, b, values)
}

// one encodes a single geometry without attributes and returns what a reader sees of it, nil when nothing.
func one(t testing.TB, z uint8, x, y uint32, o Options, g orb.Geometry) orb.Geometry {
	t.Helper()
	var e Encoder
	e.Reset(z, x, y, o)
	e.Layer("l", nil)
	drawn := add(&e, 1, g, nil)
	tile := e.AppendTile(nil)
	if !drawn {
		if len(tile) != 0 {
			t.Fatalf("nothing is drawn, but the tile has %d bytes", len(tile))
		}
		return nil
	}
	return decode(t, tile)[0].Features[0].Geometry
}

// at returns the place of tile units in the world's only tile.
func at(x, y float64) orb.Point {
	return orb.Point{x/Extent*360 - 180, math.Atan(math.Sinh(math.Pi*(1-2*y/Extent))) * 180 / math.Pi}
}

func line(xy ...float64) orb.LineString {
	var l orb.LineString
	for i := 0; i < len(xy); i += 2 {
		l = append(l, at(xy[i], xy[i+1]))
	}
	return l
}

func ring(xy ...float64) orb.Ring { return orb.Ring(append(line(xy...), at(xy[0], xy[1]))) }

func TestGeometry(t *testing.T) {
	t.Parallel()
	box := ring(100, 100, 100, 300, 300, 300, 300, 100) // anticlockwise on the map
	hole := ring(150, 150, 150, 200, 200, 200, 200, 150)
	clockwise := orb.Ring{{100, 100}, {300, 100}, {300, 300}, {100, 300}, {100, 100}}
	holeBack := orb.Ring{{150, 150}, {150, 200}, {200, 200}, {200, 150}, {150, 150}}
	for name, c := range map[string]struct{ in, want orb.Geometry }{
		"point":                     {at(10, 20), orb.Point{10, 20}},
		"point in the buffer":       {at(-60, 4150), orb.Point{-60, 4150}},
		"point outside":             {at(-80, 20), nil},
		"multipoint":                {orb.MultiPoint{at(1, 2), at(-100, 0), at(3, 4)}, orb.MultiPoint{{1, 2}, {3, 4}}},
		"line":                      {line(10, 10, 20, 30, 40, 50), orb.LineString{{10, 10}, {20, 30}, {40, 50}}},
		"line through":              {line(-400, 200, 4500, 200), orb.LineString{{-64, 200}, {4160, 200}}},
		"line that leaves and ends": {line(0, 100, 0, 4300), orb.LineString{{0, 100}, {0, 4160}}},
		"line that comes back": {line(100, 100, -200, 100, -200, 300, 100, 300),
			orb.MultiLineString{{{100, 100}, {-64, 100}}, {{-64, 300}, {100, 300}}}},
		"line that touches nothing":    {line(-100, -40, -40, -100), nil},
		"line of one place":            {line(10, 10, 10.2, 10.1), nil},
		"line with repeated places":    {line(10, 10, 10.1, 10.1, 20, 20, 20, 20), orb.LineString{{10, 10}, {20, 20}}},
		"polygon turned the map's way": {orb.Polygon{box}, orb.Polygon{clockwise}},
		"polygon with a hole":          {orb.Polygon{box, hole}, orb.Polygon{clockwise, holeBack}},
		"hole without area":            {orb.Polygon{box, ring(150, 150, 150.2, 150, 150, 150.2)}, orb.Polygon{clockwise}},
		"holes of a lost ring":         {orb.Polygon{ring(1, 1, 1.2, 1, 1, 1.2), hole}, nil},
		"polygon without area":         {orb.Polygon{ring(10, 10, 50, 50, 90, 90)}, nil},
		"polygon around the tile":      {orb.Polygon{ring(-500, -500, 5000, -500, 5000, 5000, -500, 5000)}, orb.Polygon{{{-64, -64}, {4160, -64}, {4160, 4160}, {-64, 4160}, {-64, -64}}}},
		"polygon outside":              {orb.Polygon{ring(-500, -500, -100, -500, -100, -100)}, nil},
		"multipolygon":                 {orb.MultiPolygon{{box}, {hole}}, orb.MultiPolygon{{clockwise}, {{{150, 150}, {200, 150}, {200, 200}, {150, 200}, {150, 150}}}}},
		"bound":                        {orb.MultiPoint{at(100, 300), at(300, 100)}.Bound(), orb.Polygon{{{100, 300}, {100, 100}, {300, 100}, {300, 300}, {100, 300}}}},
		"not a place":                  {orb.Point{math.NaN(), 1}, nil},
		"line of no places":            {orb.LineString{{math.Inf(1), 1}, {math.NaN(), 2}}, nil},
		"no geometry":                  {nil, nil},
		"empty polygon":                {orb.Polygon{}, nil},
		"empty collection":             {orb.Collection{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := one(t, 0, 0, 0, Options{}, c.in)
			if c.want == nil || got == nil {
				if got != c.want {
					t.Errorf("got %v, want %v", got, c.want)
				}
				return
			}
			if !equalUpToStart(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// equalUpToStart compares geometries; polygons' rings may begin anywhere.
func equalUpToStart(a, b orb.Geometry) bool {
	if ma, ok := a.(orb.MultiPolygon); ok {
		mb, _ := b.(orb.MultiPolygon)
		return slices.EqualFunc(ma, mb, func(a, b orb.Polygon) bool { return equalUpToStart(a, b) })
	}
	pa, ok := a.(orb.Polygon)
	pb, _ := b.(orb.Polygon)
	if !ok {
		return orb.Equal(a, b)
	}
	if len(pa) != len(pb) {
		return false
	}
	for i := range pa {
		same := false
		n := len(pa[i]) - 1
		for turn := range n {
			turned := append(append(orb.Ring{}, pa[i][turn:n]...), pa[i][:turn+1]...)
			same = same || orb.Equal(turned, pb[i])
		}
		if !same {
			return false
		}
	}
	return true
}

func TestCollectionBecomesOneFeatureAKind(t *testing.T) {
	t.Parallel()
	var e Encoder
	e.Reset(0, 0, 0, Options{})
	e.Layer("l", []string{"name"})
	add(&e, 7, orb.Collection{at(1, 2), line(1, 1, 9, 9), orb.Polygon{ring(0, 0, 0, 9, 9, 9)}, at(3, 4)}, []any{"all"})
	var kinds []string
	for _, f := range decode(t, e.AppendTile(nil))[0].Features {
		kinds = append(kinds, f.Geometry.GeoJSONType())
		if f.ID != 7.0 || f.Properties["name"] != "all" {
			t.Errorf("feature %v with %v, want 7 and its name", f.ID, f.Properties)
		}
	}
	if fmt.Sprint(kinds) != "[MultiPoint LineString Polygon]" {
		t.Errorf("kinds %v", kinds)
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	keys := []string{"text", "int", "minus", "float", "exact", "yes", "no", "time", "list", "null", "nan", "unknown"}
	values := []any{"望楼", int64(1 << 50), int64(-5), 0.1, 60.0, true, false, time.Unix(1_700_000_000, 5), []string{"a", "", "c"}, nil, math.NaN(), struct{}{}}
	var e Encoder
	e.Reset(0, 0, 0, Options{})
	e.Layer("l", keys)
	for id := range int64(3) {
		add(&e, id, at(1, 1), values)
	}
	add(&e, -4, at(1, 1), []any{"other"})
	l := decode(t, e.AppendTile(nil))[0]
	if l.Name != "l" || l.Version != 2 || l.Extent != 4096 || len(l.Features) != 4 {
		t.Fatalf("layer %q version %d extent %d with %d features", l.Name, l.Version, l.Extent, len(l.Features))
	}
	want := geojson.Properties{"text": "望楼", "int": float64(1 << 50), "minus": -5.0, "float": 0.1, "exact": 60.0, "yes": true, "no": false, "time": 1_700_000_000.0, "list": "a,,c"}
	for _, f := range l.Features[:3] {
		if fmt.Sprint(f.Properties) != fmt.Sprint(want) {
			t.Errorf("values %v, want %v", f.Properties, want)
		}
	}
	if f := l.Features[3]; f.ID != nil || f.Properties["text"] != "other" {
		t.Errorf("a negative id became %v; values %v", f.ID, f.Properties)
	}
}

func TestValuesAreWrittenOnce(t *testing.T) {
	t.Parallel()
	var e Encoder
	e.Reset(0, 0, 0, Options{})
	e.Layer("l", []string{"number", "status"})
	for i := range 3000 { // far beyond the first table
		add(&e, int64(i), at(1, 1), []any{fmt.Sprint("camera ", i), []any{"online", "offline"}[i%2]})
	}
	tile := e.AppendTile(nil)
	if n := bytes.Count(tile, []byte("offline")); n != 1 {
		t.Errorf("a value stands %d times in the tile", n)
	}
	for i, f := range decode(t, tile)[0].Features {
		if f.Properties["number"] != fmt.Sprint("camera ", i) {
			t.Fatalf("feature %d has %v", i, f.Properties)
		}
	}
}

func TestLayers(t *testing.T) {
	t.Parallel()
	var e Encoder
	e.Reset(0, 0, 0, Options{})
	e.Layer("a", []string{"k"})
	add(&e, 1, at(1, 1), []any{"one"})
	e.Layer("empty", []string{"k"})
	add(&e, 2, at(-500, 0), []any{"outside"})
	e.Layer("b", []string{"j"})
	add(&e, 3, at(2, 2), []any{"three"})
	ls := decode(t, e.AppendTile([]byte{}))
	if len(ls) != 2 || ls[0].Name != "a" || ls[1].Name != "b" || ls[1].Features[0].Properties["j"] != "three" {
		t.Errorf("layers %v", ls)
	}
}

func TestSpotsAndSquares(t *testing.T) {
	t.Parallel()
	var e Encoder
	e.Reset(0, 0, 0, Options{})
	e.Layer("l", []string{"count"})
	e.AddSpot(7, 100, 200, []any{int64(3)})
	e.AddSquare(8, 100, 200, 8, []any{int64(4)})
	ls, err := orbmvt.Unmarshal(e.AppendTile(nil))
	if err != nil {
		t.Fatal(err)
	}
	f := ls[0].Features
	if f[0].Geometry != (orb.Point{100, 200}) || f[0].Properties["count"] != 3. || f[0].ID != 7. {
		t.Errorf("spot %+v", f[0])
	}
	want := orb.Polygon{{{96, 196}, {104, 196}, {104, 204}, {96, 204}, {96, 196}}}
	if !orb.Equal(f[1].Geometry, want) || f[1].Properties["count"] != 4. {
		t.Errorf("square %+v", f[1])
	}
	g := NewGrid(0, 0, 0)
	if x, y, ok := g.Place(at(100, 200)); x != 100 || y != 200 || !ok {
		t.Errorf("placed at %d, %d, %v", x, y, ok)
	}
	if _, _, ok := g.Place(at(5000, 200)); ok {
		t.Error("a point outside of the buffer has a place")
	}
	if w, h := g.Size(orb.Bound{Min: at(10, 50), Max: at(30, 20)}); math.Abs(w-20) > 0.01 || math.Abs(h-30) > 0.01 {
		t.Errorf("size %v × %v", w, h)
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	inputs, err := filepath.Glob("testdata/*.geojson")
	if err != nil || len(inputs) == 0 {
		t.Fatalf("no golden inputs: %v", err)
	}
	for _, in := range inputs {
		t.Run(filepath.Base(in), func(t *testing.T) {
			t.Parallel()
			base := in[:len(in)-len(".geojson")]
			var z uint8
			var x, y uint32
			if _, err := fmt.Sscanf(base[bytes.IndexByte([]byte(base), '-')+1:], "%d-%d-%d", &z, &x, &y); err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(in)
			if err != nil {
				t.Fatal(err)
			}
			fc, err := geojson.UnmarshalFeatureCollection(data)
			if err != nil {
				t.Fatal(err)
			}
			var e Encoder
			e.Reset(z, x, y, Options{Tolerance: 2})
			e.Layer("plot", []string{"name", "status", "height_m"})
			for _, f := range fc.Features {
				add(&e, int64(f.ID.(float64)), f.Geometry, []any{f.Properties["name"], f.Properties["status"], f.Properties["height_m"]})
			}
			tile := e.AppendTile(nil)
			if *update {
				if err := os.WriteFile(base+".mvt", tile, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(base + ".mvt")
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(tile, want) {
				got, _ := json.Marshal(decode(t, tile))
				t.Errorf("the tile differs from its golden file; it shows %s", got)
			}
		})
	}
}

func TestNothingIsAllocated(t *testing.T) {
	var e Encoder
	var plot orb.Geometry = orb.Polygon{ring(-100, -100, 300, 100, 300, 300, 5000, 300, 100, 500)}
	values := []any{"a name", "online", 1.5, int64(3), true, time.Unix(5, 0)}
	keys := []string{"a", "b", "c", "d", "e", "f"}
	var out []byte
	draw := func() {
		e.Reset(0, 0, 0, Options{Tolerance: 2})
		e.Layer("l", keys)
		for i := range int64(50) {
			add(&e, i, plot, values)
		}
		out = e.AppendTile(out[:0])
	}
	draw()
	if n := testing.AllocsPerRun(20, draw); n > 0 {
		t.Errorf("a warm encoder allocates %v times a tile", n)
	}
}
