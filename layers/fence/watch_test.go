package fence

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
)

var (
	positions = layers.NewLayer(layers.Layer{Name: "position", Geometry: layers.GeometryPoint, Delivery: layers.DeliverMoving, Columns: []layers.Column{
		{Name: "area_path", Type: layers.ColumnText}, {Name: "kind", Type: layers.ColumnText}, {Name: "source_time", Type: layers.ColumnTime}}})
	permits = layers.NewLayer(layers.Layer{Name: "permit", Geometry: layers.GeometryPolygon, Delivery: layers.DeliverTiles, Columns: []layers.Column{
		{Name: "area_path", Type: layers.ColumnText}, {Name: "name", Type: layers.ColumnText}}})
)

func position(id int64, s int, metres float64) *layers.Feature {
	f := at(s, metres)
	return &layers.Feature{ID: id, Geometry: f.Point, Values: []any{f.Area, "team", f.Time}}
}

func permit(id int64, area string) *layers.Feature {
	return &layers.Feature{ID: id, Geometry: square(id, 120).Shape, Values: []any{area, fmt.Sprintf("P%d", id)}}
}

// world is a replica to which a test writes.
type world struct {
	*layers.Replica
	version layers.Version
}

func newWorld(moving, fences []*layers.Feature) *world {
	w := &world{layers.NewReplica(layers.ReplicaOptions{}), 1}
	w.Load(layers.Snapshot{Position: layers.Position{Epoch: "e", Version: 1}, Layers: []*layers.Layer{positions, permits},
		Features: map[string][]*layers.Feature{"position": moving, "permit": fences}})
	return w
}

func (w *world) commit(changes ...layers.Change) {
	w.version++
	w.Apply(layers.Commit{Version: w.version, Time: begin, Changes: changes})
}

func (w *world) put(layer string, f *layers.Feature) {
	w.commit(layers.Change{Layer: layer, Kind: layers.Upsert, Feature: f})
}

func (w *world) del(layer string, id int64) {
	w.commit(layers.Change{Layer: layer, Kind: layers.Delete, Feature: &layers.Feature{ID: id}})
}

// round fails the test on an error, and returns what was told.
func round(t *testing.T, w *Watch) (Outcome, string) {
	t.Helper()
	o, err := w.Round(begin.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return o, told(o)
}

func TestWatch(t *testing.T) {
	t.Parallel()
	w := newWorld([]*layers.Feature{position(1, 0, 100), position(2, 0, -100)}, []*layers.Feature{permit(10, "330122.001"), permit(11, "330122.009")})
	watch := NewWatch(&Rule{ID: 1, AreaPath: "330122.001", MovingLayer: "position", MovingFilter: "kind = 'team'", FenceLayer: "permit", Triggers: Triggers, DwellS: 600}, w.Replica, nil)
	o, got := round(t, watch)
	if got != "" || len(o.Put) != 1 || o.Put[0].MovingID != 1 || o.Put[0].FenceID != 10 {
		t.Fatalf("a rule that begins told %q and began %v", got, o.Put)
	}
	if o, _ := round(t, watch); !o.Empty() {
		t.Fatalf("nothing changed, and it says %+v", o)
	}
	w.put("position", position(2, 10, 100))
	o, got = round(t, watch)
	if got != "enter F10 10" || o.Events[0].FenceName != "P10" || o.Events[0].AreaPath != "330122" || o.Events[0].MovingID != 2 {
		t.Fatalf("told %q: %+v", got, o.Events)
	}
	w.del("position", 1)
	off := position(2, 20, 110)
	off.Values[1] = "drone_crew" // the filter does not watch it any more
	w.put("position", off)
	o, got = round(t, watch)
	if got != "" || len(o.Ended) != 2 {
		t.Fatalf("told %q and ended %v", got, o.Ended)
	}
	w.put("position", position(3, 30, 100))
	if _, got = round(t, watch); got != "enter F10 30" {
		t.Fatalf("of a thing that appears inside it told %q", got)
	}
	w.del("permit", 10)
	w.put("position", position(3, 40, 100))
	if o, got = round(t, watch); got != "" || len(o.Ended) != 1 {
		t.Fatalf("when the fence is gone it told %q and ended %v", got, o.Ended)
	}
}

// TestWatchAfterAGap: another epoch makes the watch read everything again; what left meanwhile left, and what is gone did not.
func TestWatchAfterAGap(t *testing.T) {
	t.Parallel()
	w := newWorld([]*layers.Feature{position(1, 0, 100), position(2, 0, 100)}, []*layers.Feature{permit(10, "330122")})
	watch := NewWatch(&Rule{ID: 1, MovingLayer: "position", FenceLayer: "permit", Triggers: Triggers, DwellS: 6000}, w.Replica, nil)
	round(t, watch)
	w.Load(layers.Snapshot{Position: layers.Position{Epoch: "f", Version: 1}, Layers: []*layers.Layer{positions, permits},
		Features: map[string][]*layers.Feature{"position": {position(1, 50, -200), position(3, 50, 100)}, "permit": {permit(10, "330122")}}})
	o, got := round(t, watch)
	if got != "leave F10 50, enter F10 50" || len(o.Ended) != 2 {
		t.Fatalf("told %q and ended %v", got, o.Ended)
	}
}

func TestWatchOfALayerThatIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(nil, nil)
	for _, tc := range []struct {
		rule  Rule
		code  layers.Code
		field string
	}{
		{Rule{MovingLayer: "sun", FenceLayer: "permit"}, layers.CodeNotFound, "moving_layer"},
		{Rule{MovingLayer: "position", FenceLayer: "moon"}, layers.CodeNotFound, "fence_layer"},
		{Rule{MovingLayer: "position", FenceLayer: "permit", FenceFilter: "colour = 'x'"}, layers.CodeInvalid, "fence_filter"},
	} {
		_, err := NewWatch(&tc.rule, w.Replica, nil).Round(begin)
		e := (*layers.Error)(nil)
		if !errors.As(err, &e) || e.Code != tc.code || e.Field != tc.field {
			t.Errorf("%+v: %v, want %s of %s", tc.rule, err, tc.code, tc.field)
		}
	}
}

// BenchmarkRound moves 1,000 things among 5,000 fences.
func BenchmarkRound(b *testing.B) {
	var fences []*layers.Feature
	for i := range 5000 {
		west, south := 119+float64(i%100)*0.012, 29+float64(i/100)*0.012
		fences = append(fences, &layers.Feature{ID: int64(i + 1), Geometry: orb.Bound{Min: orb.Point{west, south}, Max: orb.Point{west + 0.01, south + 0.01}}.ToPolygon(), Values: []any{"330122", "P"}})
	}
	w := newWorld(nil, fences)
	watch := NewWatch(&Rule{MovingLayer: "position", FenceLayer: "permit", Triggers: Triggers, MarginM: 20}, w.Replica, nil)
	b.ReportAllocs()
	s := 0
	for b.Loop() {
		s++
		changes := make([]layers.Change, 1000)
		for i := range changes {
			f := &layers.Feature{ID: int64(i + 1), Geometry: orb.Point{119.003 + float64(i%100)*0.012 + float64(s%2)*0.0002, 29.003 + float64(i/100)*0.012}, Values: []any{"330122", "team", begin.Add(time.Duration(s) * time.Second)}}
			changes[i] = layers.Change{Layer: "position", Kind: layers.Upsert, Feature: f}
		}
		w.commit(changes...)
		if _, err := watch.Round(begin.Add(time.Duration(s) * time.Second)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(s)/1000, "ns/fix")
}
