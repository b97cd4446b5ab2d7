package layerstest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/paulmach/orb"

	"wanglou/layers"
)

// Exercise runs the suite of [layers.Source] over fresh harnesses, one a test.
func Exercise(t *testing.T, newHarness func(t *testing.T) Harness) {
	for name, test := range map[string]func(*testing.T, Harness){
		"snapshot":               exerciseSnapshot,
		"insert update delete":   exerciseChanges,
		"commits keep order":     exerciseOrder,
		"commits are whole":      exerciseWhole,
		"large commit":           exerciseLargeCommit,
		"rollback is not seen":   exerciseRollback,
		"truncate":               exerciseTruncate,
		"unchanged large column": exerciseUnchanged,
		"area change":            exerciseAreaChange,
		"reconnect without loss": exerciseReconnect,
		"status":                 exerciseStatus,
		"nodes agree":            exerciseNodes,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newHarness(t))
		})
	}
}

func exerciseSnapshot(t *testing.T, h Harness) {
	rows := []Row{
		{ID: 1, Name: "一号地块", Status: "open", Area: "a.b", Geometry: Square(119.6, 29.8, 0.01)},
		{ID: 2, Name: `quote ' and \ and "`, Status: "", Geometry: Square(119.7, 29.8, 0.01)},
		{ID: 1 << 52, Name: "no place", Status: "open", Area: "a"},
	}
	h.Commit(t, Insert(rows[0]), Insert(rows[1]), Insert(rows[2]))
	n := start(t, h, rows...)
	l := n.replica.Layer(LayerName)
	if !slices.Equal(l.Columns, PlotColumns) || l.Geometry != layers.GeometryPolygon {
		t.Errorf("layer has columns %v and geometry %q", l.Columns, l.Geometry)
	}
	if p := n.replica.Position(); p.Epoch == "" || p.Version == 0 {
		t.Errorf("position after the snapshot = %v", p)
	}
}

func exerciseChanges(t *testing.T, h Harness) {
	a, b, c := plain(1), plain(2), plain(3)
	h.Commit(t, Insert(a), Insert(b))
	n := start(t, h, a, b)
	before := n.replica.Position()
	b.Name, b.Geometry = "moved", Square(120, 30, 0.5)
	h.Commit(t, Insert(c), Update(b), Delete(a.ID))
	n.want(t, b, c)
	d, ok := n.replica.Since(LayerName, before)
	if !ok || len(d.Set) != 2 || len(d.Gone) != 1 || len(d.Touched) != 4 {
		t.Errorf("diff = %+v, %v; want 2 set, 1 gone, 4 touched", d, ok)
	}
}

func exerciseOrder(t *testing.T, h Harness) {
	const last = 50
	h.Commit(t, Insert(plain(1)))
	n := start(t, h, plain(1))
	begun := n.replica.Position().Version
	for i := range last {
		h.Commit(t, SetStatus(1, strconv.Itoa(i+1)))
	}
	n.until(t, "the last status", func() bool { return n.status(1) == strconv.Itoa(last) })
	version, status := n.loadedAt(), 0
	for _, c := range n.commits() {
		if c.version <= version {
			t.Errorf("commit at version %d after version %d", c.version, version)
		}
		version = c.version
		if version <= begun {
			continue // how the row itself came, where it was not in the snapshot
		}
		for _, s := range c.statuses {
			if i, err := strconv.Atoi(s); err != nil || i != status+1 {
				t.Errorf("status %q after %d", s, status)
			}
			status++
		}
	}
	if status != last {
		t.Errorf("%d commits arrived, want %d", status, last)
	}
}

func exerciseWhole(t *testing.T, h Harness) {
	h.Commit(t, Insert(plain(1)), Insert(plain(2)))
	n := start(t, h, plain(1), plain(2))
	for i := range 20 {
		s := strconv.Itoa(i)
		h.Commit(t, SetStatus(1, s), SetStatus(2, s))
	}
	n.until(t, "the last status", func() bool {
		_, fs, _ := n.replica.Read(LayerName)
		if len(fs) != 2 || fs[0].Values[1] != fs[1].Values[1] {
			t.Fatalf("half a commit is visible: %v", fs)
		}
		return fs[0].Values[1] == "19"
	})
}

func exerciseLargeCommit(t *testing.T, h Harness) {
	const count = 20_000
	n := start(t, h)
	ops := make([]Op, count)
	for i := range ops {
		ops[i] = Insert(Row{ID: int64(i + 1), Name: fmt.Sprintf("plot number %d", i), Status: "new", Geometry: Square(119+float64(i%200)/1e3, 29+float64(i/200)/1e3, 1e-3)})
	}
	h.Commit(t, ops...)
	n.until(t, "the large commit", func() bool { return n.replica.Len(LayerName) > 0 })
	if got := n.replica.Len(LayerName); got != count {
		t.Errorf("%d features became visible at first, want all %d at once", got, count)
	}
}

func exerciseRollback(t *testing.T, h Harness) {
	h.Commit(t, Insert(plain(1)))
	n := start(t, h, plain(1))
	h.Rollback(t, SetStatus(1, "never"), Insert(plain(2)))
	h.Commit(t, Insert(plain(3)))
	n.want(t, plain(1), plain(3))
}

func exerciseTruncate(t *testing.T, h Harness) {
	h.Commit(t, Insert(plain(1)), Insert(plain(2)))
	n := start(t, h, plain(1), plain(2))
	before := n.replica.Position()
	h.Commit(t, Truncate(), Insert(plain(3)))
	n.want(t, plain(3))
	if d, ok := n.replica.Since(LayerName, before); !ok || len(d.Gone) != 2 || len(d.Set) != 1 {
		t.Errorf("diff = %+v, %v; want 2 gone, 1 set", d, ok)
	}
}

func exerciseUnchanged(t *testing.T, h Harness) {
	row := Row{ID: 1, Name: "large", Status: "new", Area: "a", Geometry: Large(119.7, 29.8, 3000)}
	h.Commit(t, Insert(row))
	n := start(t, h, row)
	before := n.replica.Position()
	row.Status = "done"
	h.Commit(t, SetStatus(1, "done"))
	n.want(t, row)
	if d, ok := n.replica.Since(LayerName, before); !ok || len(d.Touched) != 0 {
		t.Errorf("a change of status touched tiles: %+v, %v", d, ok)
	}
	// Also for a row that came by the stream, not by the snapshot.
	second := Row{ID: 2, Name: "large too", Status: "new", Geometry: Large(119.8, 29.8, 3000)}
	h.Commit(t, Insert(second), SetStatus(2, "done"))
	second.Status = "done"
	n.want(t, row, second)
}

func exerciseAreaChange(t *testing.T, h Harness) {
	row := plain(1)
	row.Area = "a.one"
	h.Commit(t, Insert(row))
	n := start(t, h, row)
	before := n.replica.Position()
	row.Area = "a.two"
	h.Commit(t, Update(row))
	n.want(t, row)
	d, ok := n.replica.Since(LayerName, before)
	if !ok || len(d.Gone) != 1 || len(d.Set) != 1 || d.Layer.Area(d.Gone[0]) != "a.one" || d.Layer.Area(d.Set[0]) != "a.two" {
		t.Errorf("diff = %+v, %v; want gone from a.one, set in a.two", d, ok)
	}
}

func exerciseReconnect(t *testing.T, h Harness) {
	h.Commit(t, Insert(plain(1)), Insert(plain(2)))
	n := start(t, h, plain(1), plain(2))
	before := n.replica.Position()
	for i := range 3 {
		h.Commit(t, SetStatus(1, fmt.Sprintf("before cut %d", i)))
		h.Cut(t)
		h.Commit(t, SetStatus(1, fmt.Sprintf("after cut %d", i)), Delete(2), Insert(plain(2)))
		n.until(t, "the change after the cut", func() bool { return n.status(1) == fmt.Sprintf("after cut %d", i) })
	}
	h.Commit(t, Delete(2))
	changed := plain(1)
	changed.Status = "after cut 2"
	n.want(t, changed)
	if d, ok := n.replica.Since(LayerName, before); !ok || len(d.Set) != 1 {
		t.Errorf("a reader from before the cuts got %+v, %v; want a diff", d, ok)
	}
}

func exerciseStatus(t *testing.T, h Harness) {
	n := start(t, h)
	for range 2 {
		h.Cut(t)
		n.next(t, layers.SourceLost)
		n.next(t, layers.SourceLive)
	}
	if s := n.replica.Status(); s.Heard.IsZero() || s.Err != nil {
		t.Errorf("status of a live source = %+v", s)
	}
	n.stop()
	if err := <-n.ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Run returned %v, want the context's error", err)
	}
}

func exerciseNodes(t *testing.T, h Harness) {
	h.Commit(t, Insert(plain(1)), Insert(plain(2)))
	rows := []Row{plain(1), plain(2)}
	a, b := start(t, h, rows...), start(t, h, rows...)
	h.Commit(t, SetStatus(1, "first"))
	reader := a.until(t, "the first change", func() bool { return a.status(1) == "first" })
	h.Commit(t, SetStatus(2, "second"))
	for _, n := range []*node{a, b} {
		n.until(t, "the second change", func() bool { return n.status(2) == "second" })
	}
	d, ok := b.replica.Since(LayerName, reader)
	if !ok || len(d.Set) != 1 || d.Set[0].ID != 2 {
		t.Errorf("a token of one node on another gave %+v, %v; want the second change alone", d, ok)
	}
	for id := int64(1); id <= 2; id++ {
		if x, y := a.replica.Get(LayerName, id), b.replica.Get(LayerName, id); x.Version != y.Version {
			t.Errorf("feature %d has version %d on one node, %d on another", id, x.Version, y.Version)
		}
	}
}

func plain(id int64) Row {
	return Row{ID: id, Name: fmt.Sprintf("plot %d", id), Status: "open", Area: "a", Geometry: Square(119+float64(id)/100, 29, 0.01)}
}

// sameRow compares a feature with the row it should show.
func sameRow(f *layers.Feature, r Row) bool {
	want := r.feature()
	if f == nil || !slices.Equal(f.Values, want.Values) {
		return false
	}
	if want.Geometry == nil || f.Geometry == nil {
		return want.Geometry == nil && f.Geometry == nil
	}
	return orb.Equal(f.Geometry, want.Geometry) && f.Bound == r.Geometry.Bound()
}
