package layers

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"
)

// plots is the layer of the tests: polygons and points that belong to areas.
func plots(delivery Delivery) *Layer {
	return NewLayer(Layer{Name: "plot", Geometry: GeometryAny, Delivery: delivery, MaxZoom: 16, Columns: []Column{
		{Name: "name", Type: ColumnText}, {Name: "status", Type: ColumnText}, {Name: AreaColumn, Type: ColumnText}}})
}

func plot(id int64, status, area string, g orb.Geometry) *Feature {
	return &Feature{ID: id, Geometry: g, Values: []any{"plot", status, area}}
}

const epoch = "7.1"

func loaded(t *testing.T, o ReplicaOptions, l *Layer, fs ...*Feature) *Replica {
	t.Helper()
	r := NewReplica(o)
	r.Load(snapshotOf(1, l, fs...))
	return r
}

func snapshotOf(v Version, l *Layer, fs ...*Feature) Snapshot {
	return Snapshot{Position: Position{Epoch: epoch, Version: v}, Layers: []*Layer{l}, Features: map[string][]*Feature{l.Name: fs}}
}

func set(f *Feature, unchanged ...int) Change {
	return Change{Layer: "plot", Kind: Upsert, Feature: f, Unchanged: unchanged}
}

func gone(id int64) Change {
	return Change{Layer: "plot", Kind: Delete, Feature: &Feature{ID: id}}
}

func ids(fs []*Feature) []int64 {
	out := []int64{}
	for _, f := range fs {
		out = append(out, f.ID)
	}
	slices.Sort(out)
	return out
}

func since(t *testing.T, r *Replica, v Version) Diff {
	t.Helper()
	d, ok := r.Since("plot", Position{Epoch: epoch, Version: v})
	if !ok {
		t.Fatalf("no diff since %d", v)
	}
	return d
}

func wantIDs(t *testing.T, what string, got []*Feature, want ...int64) {
	t.Helper()
	if !slices.Equal(ids(got), append([]int64{}, want...)) {
		t.Errorf("%s: got ids %v, want %v", what, ids(got), want)
	}
}

var (
	here  = orb.Point{119.68, 29.79}
	there = orb.Point{119.90, 29.90}
)

func TestReplicaLoad(t *testing.T) {
	t.Parallel()
	r := loaded(t, ReplicaOptions{}, plots(DeliverTiles), plot(1, "online", "a", here), plot(2, "online", "b", nil), plot(3, "x", "c", orb.MultiPolygon{}))
	if got := r.Len("plot"); got != 3 {
		t.Fatalf("Len = %d, want 3", got)
	}
	f := r.Get("plot", 1)
	if f.Version != 1 || f.Bound != here.Bound() {
		t.Errorf("feature 1 = %+v", f)
	}
	if r.Get("plot", 3).Geometry != nil {
		t.Error("an empty geometry is kept, want nil")
	}
	var near, all []*Feature
	r.Search("plot", here.Bound(), func(f *Feature) bool { near = append(near, f); return true })
	r.All("plot", func(f *Feature) bool { all = append(all, f); return true })
	wantIDs(t, "Search", near, 1)
	wantIDs(t, "All", all, 1, 2, 3)
	if r.Layer("plot") == nil || r.Layer("none") != nil || len(r.Layers()) != 1 {
		t.Error("layers are not those of the snapshot")
	}
	if d := since(t, r, 1); !d.Empty() {
		t.Errorf("diff since the load = %+v, want none", d)
	}
	if _, ok := r.Since("plot", Position{Epoch: epoch}); ok {
		t.Error("a reader from before the load got a diff, want a snapshot")
	}
}

func TestReplicaApplyAndSince(t *testing.T) {
	t.Parallel()
	r := loaded(t, ReplicaOptions{}, plots(DeliverTiles), plot(1, "online", "a", here), plot(2, "online", "a", there), plot(3, "online", "a", there))
	r.Apply(Commit{Version: 5, Changes: []Change{set(plot(1, "offline", "a", here)), set(plot(4, "online", "a", here)), gone(3), gone(99)}})
	r.Apply(Commit{Version: 6, Changes: []Change{set(plot(2, "online", "a", here))}})

	d := since(t, r, 1)
	wantIDs(t, "Set", d.Set, 1, 2, 4)
	wantIDs(t, "Gone", d.Gone, 3)
	wantIDs(t, "Touched: the new one, the deleted one, and both places of the moved one", d.Touched, 2, 2, 3, 4)
	if d.Position != (Position{Epoch: epoch, Version: 6}) || d.Layer != r.Layer("plot") {
		t.Errorf("diff ends at %v of layer %v", d.Position, d.Layer)
	}
	d = since(t, r, 5)
	wantIDs(t, "Set since 5", d.Set, 2)
	wantIDs(t, "Gone since 5", d.Gone)
	if got := r.Get("plot", 1).Version; got != 5 {
		t.Errorf("version of 1 = %d, want 5", got)
	}
	var near []*Feature
	r.Search("plot", there.Bound(), func(f *Feature) bool { near = append(near, f); return true })
	wantIDs(t, "Search at the old place", near)
}

func TestReplicaIgnores(t *testing.T) {
	t.Parallel()
	early := NewReplica(ReplicaOptions{})
	early.Apply(Commit{Version: 5, Changes: []Change{set(plot(1, "x", "a", here))}})
	if p := early.Position(); p != (Position{}) {
		t.Errorf("a commit before the load moved the replica to %v", p)
	}
	r := loaded(t, ReplicaOptions{}, plots(DeliverTiles), plot(1, "online", "a", here))
	r.Apply(Commit{Version: 1, Changes: []Change{gone(1)}})
	if r.Get("plot", 1) == nil {
		t.Error("a commit at the replica's version was applied")
	}
	r.Apply(Commit{Version: 2, Changes: []Change{{Layer: "other", Kind: Truncate}, set(plot(1, "online", "a", here))}})
	if d := since(t, r, 1); !d.Empty() || d.Position.Version != 2 {
		t.Errorf("an update without a difference made %+v", d)
	}
}

func TestReplicaAreaChange(t *testing.T) {
	t.Parallel()
	r := loaded(t, ReplicaOptions{}, plots(DeliverTiles), plot(1, "online", "a", here))
	r.Apply(Commit{Version: 2, Changes: []Change{set(plot(1, "online", "b", here))}})
	d := since(t, r, 1)
	wantIDs(t, "Set", d.Set, 1)
	wantIDs(t, "Gone", d.Gone, 1)
	wantIDs(t, "Touched", d.Touched, 1, 1)
	if a, b := d.Layer.Area(d.Gone[0]), d.Layer.Area(d.Set[0]); a != "a" || b != "b" {
		t.Errorf("gone from %q, set in %q; want a, b", a, b)
	}
}

func TestReplicaMovingLayersKeepNoEarlierPlaces(t *testing.T) {
	t.Parallel()
	r := loaded(t, ReplicaOptions{}, plots(DeliverMoving), plot(1, "x", "a", here))
	r.Apply(Commit{Version: 2, Changes: []Change{set(plot(1, "x", "a", there))}})
	d := since(t, r, 1)
	wantIDs(t, "Set", d.Set, 1)
	wantIDs(t, "Gone", d.Gone)
}

func TestReplicaUnchangedColumns(t *testing.T) {
	t.Parallel()
	area := orb.Polygon{{{119, 29}, {120, 29}, {120, 30}, {119, 29}}}
	r := loaded(t, ReplicaOptions{}, plots(DeliverTiles), &Feature{ID: 1, Geometry: area, Values: []any{"long", "new", "a"}})
	r.Apply(Commit{Version: 2, Changes: []Change{set(&Feature{ID: 1, Values: []any{nil, "done", "a"}}, 0, -1)}})
	f := r.Get("plot", 1)
	if !orb.Equal(f.Geometry, area) || f.Bound != area.Bound() || !slices.Equal(f.Values, []any{"long", "done", "a"}) {
		t.Errorf("merged feature = %+v", f)
	}
	if d := since(t, r, 1); len(d.Touched) != 0 || len(d.Set) != 1 {
		t.Errorf("diff = %+v, want one set, nothing touched", d)
	}
}

func TestReplicaTruncate(t *testing.T) {
	t.Parallel()
	r := loaded(t, ReplicaOptions{}, plots(DeliverTiles), plot(1, "x", "a", here), plot(2, "x", "a", there))
	r.Apply(Commit{Version: 2, Changes: []Change{{Layer: "plot", Kind: Truncate}, set(plot(2, "x", "a", here))}})
	d := since(t, r, 1)
	wantIDs(t, "Set", d.Set, 2)
	wantIDs(t, "Gone", d.Gone, 1, 2)
	var all []*Feature
	r.Search("plot", orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}, func(f *Feature) bool { all = append(all, f); return true })
	wantIDs(t, "Search", all, 2)
	if v := r.TileVersion("plot", 3, 0, 0); v != 2 {
		t.Errorf("version of a far tile after truncate = %d, want 2", v)
	}
}

func TestReplicaReloadSameEpoch(t *testing.T) {
	t.Parallel()
	r := loaded(t, ReplicaOptions{}, plots(DeliverTiles), plot(1, "x", "a", here), plot(2, "x", "a", there), plot(3, "x", "a", here))
	same := r.Get("plot", 3)
	r.Load(snapshotOf(9, plots(DeliverTiles), plot(1, "y", "a", here), plot(3, "x", "a", here), plot(4, "x", "a", here)))
	d := since(t, r, 1)
	wantIDs(t, "Set", d.Set, 1, 4)
	wantIDs(t, "Gone", d.Gone, 2)
	if r.Get("plot", 3) != same || d.Position.Version != 9 {
		t.Errorf("position %v; an equal feature was replaced: %v", d.Position, r.Get("plot", 3) != same)
	}
}

func TestReplicaReloadNewDefinition(t *testing.T) {
	t.Parallel()
	r := loaded(t, ReplicaOptions{}, plots(DeliverTiles), plot(1, "x", "a", here))
	titled := *plots(DeliverTiles)
	titled.Title = Text{ZH: "图斑", EN: "Plots"}
	r.Load(snapshotOf(2, NewLayer(titled), plot(1, "x", "a", here)))
	if d := since(t, r, 1); !d.Empty() || d.Layer.Title.EN != "Plots" {
		t.Errorf("a new title made %+v", d)
	}
	wider := *plots(DeliverTiles)
	wider.Columns = append(slices.Clone(wider.Columns), Column{Name: "note", Type: ColumnText})
	r.Load(snapshotOf(3, NewLayer(wider), plot(1, "x", "a", here)))
	if _, ok := r.Since("plot", Position{Epoch: epoch, Version: 2}); ok {
		t.Error("a reader of the old columns got a diff")
	}
	if got := len(r.Get("plot", 1).Values); got != 4 {
		t.Errorf("feature has %d values for 4 columns", got)
	}
	r.Load(Snapshot{Position: Position{Epoch: epoch, Version: 4}})
	if _, ok := r.Since("plot", Position{Epoch: epoch, Version: 3}); ok || r.Layer("plot") != nil {
		t.Error("a layer that is not published any more still answers")
	}
}

func TestReplicaOtherHistory(t *testing.T) {
	t.Parallel()
	r := loaded(t, ReplicaOptions{}, plots(DeliverTiles), plot(1, "x", "a", here))
	r.Apply(Commit{Version: 8, Changes: []Change{gone(1)}})
	old := r.Position()

	r.Load(snapshotOf(4, plots(DeliverTiles), plot(1, "x", "a", here))) // an older copy was put back
	rewound := r.Position()
	if rewound.Epoch == epoch || rewound.Version != 4 {
		t.Errorf("position after a rewound history = %v, want another epoch at 4", rewound)
	}
	if _, ok := r.Since("plot", old); ok {
		t.Error("a reader of the old history got a diff")
	}
	if p, err := r.WaitPast(t.Context(), old); err != nil || p != rewound {
		t.Errorf("WaitPast the old history = %v, %v", p, err)
	}
	s := snapshotOf(2, plots(DeliverTiles))
	s.Position.Epoch = "7.2"
	r.Load(s)
	if p := r.Position(); p != (Position{Epoch: "7.2", Version: 2}) || r.Len("plot") != 0 {
		t.Errorf("after the load of a new epoch: %v with %d features", p, r.Len("plot"))
	}
}

func TestReplicaHorizon(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	r := loaded(t, ReplicaOptions{TombstoneCount: 2, TombstoneAge: time.Minute, Now: func() time.Time { return now }}, plots(DeliverTiles),
		plot(1, "x", "a", here), plot(2, "x", "a", here), plot(3, "x", "a", here), plot(4, "x", "a", here))
	for v := Version(2); v <= 4; v++ {
		r.Apply(Commit{Version: v, Changes: []Change{gone(int64(v) - 1)}})
	}
	if _, ok := r.Since("plot", Position{Epoch: epoch, Version: 1}); ok {
		t.Error("the third tombstone did not move the horizon of two")
	}
	wantIDs(t, "Gone at the horizon", since(t, r, 2).Gone, 2, 3)

	now = now.Add(time.Hour)
	r.Apply(Commit{Version: 5, Changes: []Change{set(plot(4, "y", "a", here))}})
	if _, ok := r.Since("plot", Position{Epoch: epoch, Version: 3}); ok {
		t.Error("tombstones older than the age are still remembered")
	}
	wantIDs(t, "Set after forgetting", since(t, r, 4).Set, 4)
}

func TestReplicaGap(t *testing.T) {
	t.Parallel()
	r := loaded(t, ReplicaOptions{}, plots(DeliverTiles), plot(1, "x", "a", here))
	for i := range Version(maxGaps + 1) { // loaded anew at 11, 21, …
		r.Load(snapshotOf(11+10*i, plots(DeliverTiles), plot(1, "y", "a", here)))
	}
	for v, want := range map[Version]bool{1: false, 11: true, 15: false, 21: true, 28: false, 31: true, 10*maxGaps + 11: true} {
		if _, ok := r.Since("plot", Position{Epoch: epoch, Version: v}); ok != want {
			t.Errorf("Since(%d) = %v, want %v: only places this replica was at can be continued, and not the oldest", v, ok, want)
		}
	}
}

func TestReplicaReaderAhead(t *testing.T) {
	t.Parallel()
	r := loaded(t, ReplicaOptions{}, plots(DeliverTiles))
	d := since(t, r, 7)
	if !d.Empty() || d.Position.Version != 7 {
		t.Errorf("a reader that is ahead got %+v, want nothing at its own version", d)
	}
}

func TestReplicaVisitors(t *testing.T) {
	t.Parallel()
	r := loaded(t, ReplicaOptions{}, plots(DeliverTiles), plot(1, "x", "a", here), plot(2, "x", "a", here))
	visits := 0
	r.All("plot", func(f *Feature) bool {
		visits++
		r.Apply(Commit{Version: r.Position().Version + 1, Changes: []Change{gone(f.ID)}}) // would deadlock under a lock
		return false
	})
	if visits != 1 || r.Len("plot") != 1 {
		t.Errorf("%d visits, %d left; want 1, 1", visits, r.Len("plot"))
	}
	if l, fs := r.Find("plot", here.Bound(), nil); l == nil || len(fs) != 1 {
		t.Errorf("Find = %v, %v", l, fs)
	}
	if l, fs := r.Find("none", here.Bound(), nil); l != nil || fs != nil {
		t.Errorf("Find in an unknown layer = %v, %v", l, fs)
	}
	if b, ok := r.Bound("plot"); !ok || b != here.Bound() {
		t.Errorf("Bound = %v, %v", b, ok)
	}
	if _, ok := r.Bound("none"); ok {
		t.Error("an unknown layer has a bound")
	}
	l, fs, at := r.Read("plot")
	if l == nil || len(fs) != 1 || at != r.Position() {
		t.Errorf("Read = %v, %v, %v", l, fs, at)
	}
	if l, fs, _ := r.Read("none"); l != nil || fs != nil {
		t.Error("Read of an unknown layer is not nil")
	}
}

func TestReplicaWait(t *testing.T) {
	t.Parallel()
	r := loaded(t, ReplicaOptions{}, plots(DeliverTiles))
	const readers = 1000
	var woken sync.WaitGroup
	for range readers {
		woken.Go(func() {
			if p, err := r.Wait(t.Context(), 1); err != nil || p.Version < 2 {
				t.Errorf("Wait = %v, %v", p, err)
			}
		})
	}
	r.Apply(Commit{Version: 2})
	woken.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if p, err := r.Wait(ctx, 2); err == nil || p.Version != 2 {
		t.Errorf("Wait with an ended context = %v, %v", p, err)
	}
}

func TestReplicaStatus(t *testing.T) {
	t.Parallel()
	start := time.Unix(100, 0)
	r := NewReplica(ReplicaOptions{Now: func() time.Time { return start }})
	if s := r.Status(); s.State != SourceConnecting || !s.Since.Equal(start) {
		t.Errorf("first status = %+v", s)
	}
	changed := r.StatusChanged()
	r.SetStatus(SourceStatus{State: SourceLive, Since: start.Add(1), Heard: start.Add(1)})
	<-changed
	changed = r.StatusChanged()
	r.SetStatus(SourceStatus{State: SourceLive, Since: start.Add(2), Heard: start.Add(2)})
	select {
	case <-changed:
		t.Error("hearing the source again counts as a change of state")
	default:
	}
	r.SetStatus(SourceStatus{State: SourceLost, Err: context.DeadlineExceeded})
	<-changed
	if s := r.Status(); !s.Since.Equal(start) || !s.Heard.Equal(start.Add(2)) || s.Err == nil {
		t.Errorf("last status = %+v", s)
	}
}

func TestParseToken(t *testing.T) {
	t.Parallel()
	p := Position{Epoch: "7301.1", Version: 0xabc}
	if got, ok := ParseToken(p.Token()); !ok || got != p {
		t.Errorf("ParseToken(%q) = %v, %v", p.Token(), got, ok)
	}
	for _, bad := range []string{"", "7301.1", "/1", "7301.1/", "7301.1/xyz", "7301.1/fffffffffffffffff"} {
		if _, ok := ParseToken(bad); ok {
			t.Errorf("ParseToken(%q) is accepted", bad)
		}
	}
}

// Pages that follow the ids hold every feature that stays, once, in order, however many come and go between them.
func TestAfterFollowsTheIDs(t *testing.T) {
	t.Parallel()
	l := NewLayer(Layer{Name: "p", Geometry: GeometryPoint})
	r := NewReplica(ReplicaOptions{})
	var features []*Feature
	for _, id := range rand.Perm(3000) {
		features = append(features, &Feature{ID: int64(id) - 1500, Geometry: orb.Point{0, 0}})
	}
	r.Load(Snapshot{Position: Position{Epoch: "e", Version: 1}, Layers: []*Layer{l}, Features: map[string][]*Feature{"p": features}})
	var got []int64
	r.After("p", math.MinInt64, func(f *Feature) bool {
		if len(got)%100 == 0 { // the one at hand goes, and one comes before it
			r.Apply(Commit{Version: r.Position().Version + 1, Changes: []Change{{Layer: "p", Kind: Delete, Feature: &Feature{ID: f.ID}}, {Layer: "p", Kind: Upsert, Feature: &Feature{ID: f.ID - 10_000, Geometry: orb.Point{0, 0}}}}})
		}
		got = append(got, f.ID)
		return true
	})
	if len(got) != 3000 || !slices.IsSorted(got) || got[0] != -1500 || got[2999] != 1499 {
		t.Errorf("%d ids from %d to %d, sorted %t", len(got), got[0], got[len(got)-1], slices.IsSorted(got))
	}
	got = got[:0]
	r.After("p", 1000, func(f *Feature) bool { got = append(got, f.ID); return len(got) < 3 })
	if !slices.Equal(got, []int64{1001, 1002, 1003}) {
		t.Errorf("after 1000: %v", got)
	}
	r.After("p", math.MaxInt64, func(f *Feature) bool { t.Errorf("after the last: %d", f.ID); return true })
	if n := r.Near("p", orb.Bound{Min: orb.Point{-1, -1}, Max: orb.Point{1, 1}}, 50); n != 50 {
		t.Errorf("Near counts %d", n)
	}
}
