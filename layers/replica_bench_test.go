package layers

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/paulmach/orb"
)

const benchFeatures = 100_000

// cameras makes n points in a county, with the values of a camera.
func cameras(n int) []*Feature {
	rng := rand.New(rand.NewPCG(1, 2))
	since := time.Unix(1.7e9, 0)
	out := make([]*Feature, n)
	for i := range out {
		out[i] = &Feature{ID: int64(i + 1), Geometry: orb.Point{119.2 + rng.Float64()*0.8, 29.5 + rng.Float64()*0.6}, Values: []any{
			fmt.Sprintf("%020d", i), fmt.Sprintf("camera %d", i), "traffic", fmt.Sprintf("330122.3301220%02d", i%14), "online", since, 4.5, float64(i % 360), 60.0, 120.0}}
	}
	return out
}

func cameraLayer() *Layer {
	l := Layer{Name: "camera", Geometry: GeometryPoint, Delivery: DeliverTiles, MaxZoom: 16}
	for _, c := range []string{"device_id", "name", "department", AreaColumn, "status"} {
		l.Columns = append(l.Columns, Column{Name: c, Type: ColumnText})
	}
	l.Columns = append(l.Columns, Column{Name: "status_since", Type: ColumnTime})
	for _, c := range []string{"height_m", "azimuth_deg", "fov_deg", "range_m"} {
		l.Columns = append(l.Columns, Column{Name: c, Type: ColumnFloat})
	}
	return NewLayer(l)
}

func benchReplica(b *testing.B) *Replica {
	b.Helper()
	r := NewReplica(ReplicaOptions{})
	r.Load(snapshotOf(1, cameraLayer(), cameras(benchFeatures)...))
	return r
}

// flip is a commit that turns the status of n cameras, without their geometry.
func flip(r *Replica, v Version, n int) Commit {
	c := Commit{Version: v, Changes: make([]Change, n)}
	for i := range c.Changes {
		old := r.Get("camera", int64(uint64(v)*uint64(n)+uint64(i))%benchFeatures+1)
		f := &Feature{ID: old.ID, Values: append([]any(nil), old.Values...)}
		if f.Values[4] = "offline"; old.Values[4] == "offline" {
			f.Values[4] = "online"
		}
		c.Changes[i] = Change{Layer: "camera", Feature: f, Unchanged: []int{-1}}
	}
	return c
}

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		s := snapshotOf(1, cameraLayer(), cameras(benchFeatures)...)
		b.StartTimer()
		NewReplica(ReplicaOptions{}).Load(s)
	}
}

// BenchmarkMemory reports what one camera costs: the feature with its values, and what the replica adds.
func BenchmarkMemory(b *testing.B) {
	for b.Loop() {
		start := heapBytes()
		s := snapshotOf(1, cameraLayer(), cameras(benchFeatures)...)
		features := heapBytes()
		r := NewReplica(ReplicaOptions{})
		r.Load(s)
		s = Snapshot{}
		b.ReportMetric(float64(features-start)/benchFeatures, "B/feature")
		b.ReportMetric(float64(heapBytes()-features)/benchFeatures, "B/feature-index")
		runtime.KeepAlive(r)
	}
}

func heapBytes() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func BenchmarkApply(b *testing.B) {
	for _, n := range []int{1, 100} {
		b.Run(fmt.Sprintf("status/changes=%d", n), func(b *testing.B) {
			r := benchReplica(b)
			v := r.Position().Version
			b.ReportAllocs()
			for b.Loop() {
				v++
				r.Apply(flip(r, v, n))
			}
			b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "changes/s")
		})
	}
	b.Run("moved/changes=1", func(b *testing.B) {
		r := benchReplica(b)
		rng := rand.New(rand.NewPCG(3, 4))
		v := r.Position().Version
		b.ReportAllocs()
		for b.Loop() {
			v++
			f := *r.Get("camera", rng.Int64N(benchFeatures)+1)
			p := f.Geometry.(orb.Point)
			f.Geometry = orb.Point{p[0] + (rng.Float64()-0.5)*0.001, p[1]}
			r.Apply(Commit{Version: v, Changes: []Change{{Layer: "camera", Feature: &f}}})
		}
	})
}

func BenchmarkSince(b *testing.B) {
	for _, n := range []int{0, 50, 5000} {
		b.Run(fmt.Sprintf("changes=%d", n), func(b *testing.B) {
			r := benchReplica(b)
			from := r.Position()
			r.Apply(flip(r, from.Version+1, n))
			b.ReportAllocs()
			for b.Loop() {
				if d, ok := r.Since("camera", from); !ok || len(d.Set) != n {
					b.Fatalf("diff of %d changes, %v", len(d.Set), ok)
				}
			}
		})
	}
}

func BenchmarkSearch(b *testing.B) {
	r := benchReplica(b)
	for _, side := range []float64{0.005, 0.05, 0.8} {
		b.Run(fmt.Sprintf("degrees=%v", side), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(5, 6))
			found := 0
			b.ReportAllocs()
			for b.Loop() {
				p := orb.Point{119.2 + rng.Float64()*(0.8-side), 29.5 + rng.Float64()*max(0, 0.6-side)}
				r.Search("camera", orb.Bound{Min: p, Max: orb.Point{p[0] + side, p[1] + side}}, func(*Feature) bool { found++; return true })
			}
			b.ReportMetric(float64(found)/float64(b.N), "features/op")
		})
	}
}

func BenchmarkTileVersion(b *testing.B) {
	r := benchReplica(b)
	r.Apply(flip(r, 2, 10_000))
	in := TilesOver(orb.Point{119.6, 29.8}.Bound(), 16)
	b.ReportAllocs()
	for b.Loop() {
		r.TileVersion("camera", 16, in.MinX, in.MinY)
	}
}
