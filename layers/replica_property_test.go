package layers

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

// scope is a reader's rights in these tests: the area paths it sees, with everything below.
type scope []string

func (s scope) sees(l *Layer, f *Feature) bool {
	area := l.Area(f)
	return slices.ContainsFunc(s, func(a string) bool {
		return a == "*" || area == a || strings.HasPrefix(area, a+".")
	})
}

// reader keeps a copy as a client does, by the rules that Diff states.
type reader struct {
	scope     scope
	replica   *Replica // a reader may move between nodes
	at        Position
	copy      map[int64]*Feature
	drawings  map[int64]orb.Geometry // what the tiles it holds show
	snapshots int
}

func (r *reader) snapshot() {
	l, fs, at := r.replica.Read("plot")
	r.at, r.copy, r.drawings = at, map[int64]*Feature{}, map[int64]orb.Geometry{}
	r.snapshots++
	for _, f := range fs {
		if r.scope.sees(l, f) {
			r.copy[f.ID] = f
			r.drawings[f.ID] = f.Geometry
		}
	}
}

func (r *reader) ask(t *rapid.T) {
	d, ok := r.replica.Since("plot", r.at)
	if !ok {
		r.snapshot()
		return
	}
	touched := map[int64]bool{}
	for _, f := range d.Touched {
		if r.scope.sees(d.Layer, f) {
			touched[f.ID] = true
		}
	}
	for _, f := range d.Gone {
		if r.scope.sees(d.Layer, f) {
			delete(r.copy, f.ID)
		}
	}
	for _, f := range d.Set {
		if r.scope.sees(d.Layer, f) {
			r.copy[f.ID] = f
		}
	}
	r.at = d.Position
	for id, f := range r.copy {
		if touched[id] {
			r.drawings[id] = f.Geometry
		}
	}
	for id := range r.drawings {
		if r.copy[id] == nil {
			if touched[id] {
				delete(r.drawings, id)
			}
		}
	}
	for id, f := range r.copy {
		if drawn, ok := r.drawings[id]; !sameGeometry(drawn, f.Geometry) || !ok && f.Geometry != nil {
			t.Fatalf("feature %d is drawn as %v and lies at %v: no tile was named", id, drawn, f.Geometry)
		}
	}
	for id, g := range r.drawings {
		if r.copy[id] == nil && g != nil {
			t.Fatalf("feature %d is drawn and gone: no tile was named", id)
		}
	}
}

// model is the truth: the rows of the database.
type model struct {
	layer   *Layer
	rows    map[int64]*Feature
	version Version
}

func (m *model) snapshot() Snapshot {
	var fs []*Feature
	for _, f := range m.rows {
		g := *f
		fs = append(fs, &g)
	}
	return snapshotOf(m.version, m.layer, fs...)
}

// commit draws a random transaction, makes it in the model and returns it.
func (m *model) commit(t *rapid.T) Commit {
	m.version += Version(rapid.IntRange(1, 3).Draw(t, "step"))
	c := Commit{Version: m.version}
	for range rapid.IntRange(0, 4).Draw(t, "changes") {
		id := rapid.Int64Range(1, 8).Draw(t, "id")
		switch kind := rapid.IntRange(0, 9).Draw(t, "kind"); {
		case kind == 0 && len(c.Changes) == 0:
			clear(m.rows)
			c.Changes = append(c.Changes, Change{Layer: "plot", Kind: Truncate})
		case kind < 4:
			delete(m.rows, id)
			c.Changes = append(c.Changes, gone(id))
		default:
			f := plot(id, rapid.SampledFrom([]string{"online", "offline"}).Draw(t, "status"),
				rapid.SampledFrom([]string{"c", "c.a", "c.b", "c.b.d", ""}).Draw(t, "area"), drawGeometry(t))
			ch := set(f)
			if old := m.rows[id]; old != nil && kind < 7 { // the source does not send the geometry again
				f.Geometry = nil
				ch.Unchanged = []int{-1}
				m.rows[id] = &Feature{ID: id, Values: slices.Clone(f.Values), Geometry: old.Geometry}
			} else {
				m.rows[id] = &Feature{ID: id, Values: slices.Clone(f.Values), Geometry: f.Geometry}
			}
			c.Changes = append(c.Changes, ch)
		}
	}
	return c
}

// own copies a commit for one replica, which will own its features.
func own(c Commit) Commit {
	c.Changes = slices.Clone(c.Changes)
	for i, ch := range c.Changes {
		if ch.Feature != nil {
			f := *ch.Feature
			f.Values = slices.Clone(f.Values)
			c.Changes[i].Feature = &f
		}
	}
	return c
}

func drawGeometry(t *rapid.T) orb.Geometry {
	lon := rapid.SampledFrom([]float64{-180, 0, 90, 119.5, 119.6, 119.60001}).Draw(t, "lon")
	lat := rapid.SampledFrom([]float64{-85, 0, 29.7, 29.70001, 66.5}).Draw(t, "lat")
	side := rapid.SampledFrom([]float64{0, 0, 1e-5, 0.01, 3, 40}).Draw(t, "side")
	switch {
	case rapid.IntRange(0, 19).Draw(t, "none") == 0:
		return nil
	case side == 0:
		return orb.Point{lon, lat}
	}
	return orb.Bound{Min: orb.Point{lon, lat}, Max: orb.Point{lon + side, lat + side}}.ToPolygon()
}

// Any reader, of whatever scope, however rarely it asks and whichever node answers, ends with what it may see.
func TestReadersConverge(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(0, 0)
		options := ReplicaOptions{TombstoneCount: rapid.IntRange(1, 12).Draw(t, "horizon"), TombstoneAge: time.Minute, Now: func() time.Time { return now }}
		m := &model{layer: plots(DeliverTiles), rows: map[int64]*Feature{}, version: 1}
		nodes := []*Replica{NewReplica(options), NewReplica(options)}
		behind := [][]Commit{nil, nil}
		for _, n := range nodes {
			n.Load(m.snapshot())
		}
		var readers []*reader
		for i, s := range []scope{{"*"}, {"c"}, {"c.b"}, {"c.a", "c.b.d"}, {}} {
			r := &reader{scope: s, replica: nodes[i%2]}
			r.snapshot()
			readers = append(readers, r)
		}
		catchUp := func(i int) {
			for _, c := range behind[i] {
				nodes[i].Apply(c)
			}
			behind[i] = nil
		}
		t.Repeat(map[string]func(*rapid.T){
			"commit": func(t *rapid.T) {
				c := m.commit(t)
				for i := range nodes {
					behind[i] = append(behind[i], own(c))
				}
			},
			"node hears": func(t *rapid.T) { catchUp(rapid.IntRange(0, 1).Draw(t, "node")) },
			"node reconnects": func(t *rapid.T) {
				i := rapid.IntRange(0, 1).Draw(t, "node")
				m.version++ // taking a snapshot writes into the log itself
				behind[i] = nil
				nodes[i].Load(m.snapshot())
			},
			"time passes": func(t *rapid.T) { now = now.Add(40 * time.Second) },
			"reader asks": func(t *rapid.T) { rapid.SampledFrom(readers).Draw(t, "reader").ask(t) },
			"reader moves": func(t *rapid.T) {
				rapid.SampledFrom(readers).Draw(t, "reader").replica = rapid.SampledFrom(nodes).Draw(t, "node")
			},
		})
		for i := range nodes {
			catchUp(i)
		}
		for _, r := range readers {
			r.ask(t)
			want := map[int64]string{}
			for id, f := range m.rows {
				if r.scope.sees(m.layer, f) {
					want[id] = fmt.Sprint(f.Values, f.Geometry)
				}
			}
			got := map[int64]string{}
			for id, f := range r.copy {
				got[id] = fmt.Sprint(f.Values, f.Geometry)
			}
			if !maps.Equal(got, want) {
				t.Fatalf("scope %v after %d snapshots holds %v, may see %v", r.scope, r.snapshots, got, want)
			}
		}
		for _, n := range nodes {
			checkWhole(t, n, m)
		}
	})
}

// checkWhole compares what the indexes of a replica answer with the model.
func checkWhole(t *rapid.T, r *Replica, m *model) {
	box := orb.Bound{Min: orb.Point{119, 29}, Max: orb.Point{120, 30}}
	var want, got []int64
	for id, f := range m.rows {
		if f.Geometry != nil && f.Geometry.Bound().Intersects(box) {
			want = append(want, id)
		}
	}
	r.Search("plot", box, func(f *Feature) bool { got = append(got, f.ID); return true })
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) || r.Len("plot") != len(m.rows) {
		t.Fatalf("search found %v of %v; %d features of %d", got, want, r.Len("plot"), len(m.rows))
	}
}

// The version of a tile changes whenever anything that the tile shows does.
func TestTileVersionMissesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := &model{layer: plots(DeliverTiles), rows: map[int64]*Feature{}, version: 1}
		r := NewReplica(ReplicaOptions{})
		r.Load(m.snapshot())
		content := func(z uint8, x, y uint32, values bool) string {
			var parts []string
			for id, f := range m.rows {
				if f.Geometry == nil {
					continue
				}
				if in := coveredExactly(f.Geometry.Bound(), z); x >= in.MinX && x <= in.MaxX && y >= in.MinY && y <= in.MaxY {
					if values {
						parts = append(parts, fmt.Sprint(id, f.Values, f.Geometry))
					} else {
						parts = append(parts, fmt.Sprint(id, m.layer.Area(f), f.Geometry))
					}
				}
			}
			slices.Sort(parts)
			return strings.Join(parts, ";")
		}
		type tile struct {
			z    uint8
			x, y uint32
		}
		tiles := map[tile]bool{{0, 0, 0}: true}
		watch := func(g orb.Geometry) {
			if g == nil {
				return
			}
			for _, z := range []uint8{1, 3, 7, 12, 15, 16, 17, 20} {
				in := TilesOver(g.Bound(), z)
				for _, x := range []uint32{in.MinX, in.MaxX, (in.MinX + in.MaxX) / 2} {
					tiles[tile{z, x, in.MinY}], tiles[tile{z, x, in.MaxY}] = true, true
				}
			}
		}
		for range rapid.IntRange(1, 12).Draw(t, "commits") {
			for _, f := range m.rows {
				watch(f.Geometry)
			}
			before, shapes := map[tile]string{}, map[tile]string{}
			versions, shapeVersions := map[tile]Version{}, map[tile]Version{}
			for k := range tiles {
				before[k], versions[k] = content(k.z, k.x, k.y, true), r.TileVersion("plot", k.z, k.x, k.y)
				shapes[k], shapeVersions[k] = content(k.z, k.x, k.y, false), r.ShapeVersion("plot", k.z, k.x, k.y)
			}
			c := m.commit(t)
			r.Apply(own(c))
			for k := range tiles {
				after := r.TileVersion("plot", k.z, k.x, k.y)
				if after < versions[k] || content(k.z, k.x, k.y, true) != before[k] && after != c.Version {
					t.Fatalf("tile %v changed by commit %d and has version %d, before %d", k, c.Version, after, versions[k])
				}
				shape := r.ShapeVersion("plot", k.z, k.x, k.y)
				if shape < shapeVersions[k] || shape > after || content(k.z, k.x, k.y, false) != shapes[k] && shape != c.Version {
					t.Fatalf("what tile %v shows changed by commit %d and has version %d, before %d", k, c.Version, shape, shapeVersions[k])
				}
			}
		}
	})
}

// coveredExactly is TilesOver with the buffer that tiles really have.
func coveredExactly(b orb.Bound, z uint8) TileRange {
	x0, y1 := mercator(b.Min)
	x1, y0 := mercator(b.Max)
	n := float64(uint32(1) << z)
	clamp := func(v float64) uint32 { return uint32(min(max(v, 0), n-1)) }
	return TileRange{MinX: clamp(x0*n - TileBuffer), MaxX: clamp(x1*n + TileBuffer), MinY: clamp(y0*n - TileBuffer), MaxY: clamp(y1*n + TileBuffer)}
}
