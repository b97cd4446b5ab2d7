package tiles

import (
	"fmt"
	"math"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"

	"wanglou/layers"
	"wanglou/layers/auth"
)

// county is a replica with 100,000 cameras in clusters, as towns are, and 20,000 buildings between them.
func county(tb testing.TB) *layers.Replica {
	tb.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	var towns []orb.Point
	for range 230 {
		towns = append(towns, orb.Point{119.2 + rng.Float64()*0.8, 29.5 + rng.Float64()*0.6})
	}
	place := func() orb.Point {
		t := towns[rng.IntN(len(towns))]
		return orb.Point{t[0] + rng.NormFloat64()*0.012, t[1] + rng.NormFloat64()*0.012}
	}
	cameras := make([]*layers.Feature, 100_000)
	for i := range cameras {
		cameras[i] = &layers.Feature{ID: int64(i + 1), Geometry: place(), Values: []any{
			fmt.Sprintf("330122%014d", i), fmt.Sprintf("摄像机 %d", i), []string{"traffic", "police", "school", "river"}[rng.IntN(4)],
			fmt.Sprintf("330122.3301220%02d", i%14), []string{"online", "online", "online", "offline"}[rng.IntN(4)],
			time.Unix(1.7e9+int64(rng.IntN(1e6)), 0), 4 + float64(rng.IntN(5)), float64(rng.IntN(360)), 60.0, 120.0}}
	}
	buildings := make([]*layers.Feature, 20_000)
	for i := range buildings {
		p, turn := place(), rng.Float64()
		var ring orb.Ring
		for k := range 8 {
			sin, cos := math.Sincos(turn + float64(k)*math.Pi/4)
			d := 0.00008 + 0.00008*rng.Float64()
			ring = append(ring, orb.Point{p[0] + d*cos, p[1] + d*sin})
		}
		buildings[i] = &layers.Feature{ID: int64(i + 1), Geometry: orb.Polygon{append(ring, ring[0])}, Values: []any{
			fmt.Sprintf("JZ-%05d", i), "detected", 3 * float64(1+rng.IntN(9)), fmt.Sprintf("330122.3301220%02d", i%14)}}
	}
	text, number := layers.ColumnText, layers.ColumnFloat
	camera := layers.NewLayer(layers.Layer{Name: "camera", Geometry: layers.GeometryPoint, Delivery: layers.DeliverTiles, MaxZoom: 16, Columns: []layers.Column{
		{Name: "device_id", Type: text}, {Name: "name", Type: text}, {Name: "department", Type: text}, {Name: layers.AreaColumn, Type: text},
		{Name: "status", Type: text}, {Name: "status_since", Type: layers.ColumnTime}, {Name: "height_m", Type: number},
		{Name: "azimuth_deg", Type: number}, {Name: "fov_deg", Type: number}, {Name: "range_m", Type: number}}})
	building := layers.NewLayer(layers.Layer{Name: "building", Geometry: layers.GeometryPolygon, Delivery: layers.DeliverTiles, MaxZoom: 16, Columns: []layers.Column{
		{Name: "number", Type: text}, {Name: "state", Type: text}, {Name: "height_m", Type: number}, {Name: layers.AreaColumn, Type: text}}})
	r := layers.NewReplica(layers.ReplicaOptions{})
	r.Load(layers.Snapshot{Position: layers.Position{Epoch: "1.1", Version: 1}, Layers: []*layers.Layer{camera, building},
		Features: map[string][]*layers.Feature{"camera": cameras, "building": buildings}})
	return r
}

// tilesAt draws tiles that hold something, a place with its neighbours as a map asks for them.
func tilesAt(r *layers.Replica, minZoom, maxZoom, n int) []Coord {
	rng := rand.New(rand.NewPCG(3, 4))
	out := make([]Coord, n)
	for i := range out {
		p := r.Get("camera", rng.Int64N(100_000)+1).Geometry.(orb.Point)
		t := maptile.At(p, maptile.Zoom(minZoom+rng.IntN(maxZoom-minZoom+1)))
		out[i] = Coord{Z: uint8(t.Z), X: t.X, Y: t.Y}
	}
	return out
}

var everywhere = (&auth.User{ID: 1, Roles: []auth.Role{auth.RoleViewer}, Areas: []string{auth.Everywhere}}).Scope()

// cpuSeconds returns the processor time that the program has used.
func cpuSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

// BenchmarkVectorMiss draws tiles that no cache holds, on one processor.
func BenchmarkVectorMiss(b *testing.B) {
	r := county(b)
	scopes := map[string]*auth.Scope{
		"everywhere": everywhere,
		"town":       (&auth.User{ID: 2, Roles: []auth.Role{auth.RoleViewer}, Areas: []string{"330122.330122003"}}).Scope(),
	}
	for _, c := range []struct {
		name             string
		minZoom, maxZoom int
		scope            string
	}{{"z13-16", 13, 16, "everywhere"}, {"z8-16", 8, 16, "everywhere"}, {"z8", 8, 8, "everywhere"}, {"z13-16/town", 13, 16, "town"}} {
		for _, layer := range []string{"camera", "building"} {
			b.Run(c.name+"/"+layer, func(b *testing.B) {
				v := NewVector(r, layer)
				coords := tilesAt(r, c.minZoom, c.maxZoom, 1024)
				size, i := 0, 0
				before := cpuSeconds()
				b.ReportAllocs()
				for b.Loop() {
					raw, err := v.Encode(scopes[c.scope], coords[i%len(coords)])
					if err != nil {
						b.Fatal(err)
					}
					size += len(raw)
					i++
				}
				b.ReportMetric(float64(b.N)/(cpuSeconds()-before), "tiles/cpu-s")
				b.ReportMetric(float64(size)/float64(b.N)/1000, "kB/tile")
			})
		}
	}
}

// BenchmarkVectorKept asks for tiles that are kept, and for tiles that the client holds.
func BenchmarkVectorKept(b *testing.B) {
	v := NewVector(county(b), "camera")
	coords := tilesAt(v.replica, 12, 16, 256)
	tags := make([]string, len(coords))
	for _, properties := range [][]string{nil, {}} {
		sel := NewSelection(nil, time.Time{}, time.Time{}, properties)
		for i, c := range coords {
			t, err := v.Tile(b.Context(), Request{Scope: everywhere, Coord: c, Select: sel, Accept: acceptGzip})
			if err != nil {
				b.Fatal(err)
			}
			tags[i] = t.ETag
		}
		for _, held := range []bool{false, true} {
			b.Run(fmt.Sprintf("values=%v/held=%v", properties == nil, held), func(b *testing.B) {
				b.ReportAllocs()
				i := 0
				for b.Loop() {
					r := Request{Scope: everywhere, Coord: coords[i%len(coords)], Select: sel, Accept: acceptGzip}
					if held {
						r.ETag = tags[i%len(coords)]
					}
					if t, err := v.Tile(b.Context(), r); err != nil || t.Unchanged != held {
						b.Fatal(err)
					}
					i++
				}
			})
		}
	}
}
