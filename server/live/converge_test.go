package live_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/layerstest"
	"wanglou/server/geojson"
	"wanglou/server/live"
	"wanglou/server/live/livetest"
)

// reader is a client that comes and goes and keeps its copies.
type reader struct {
	peer   live.Peer
	views  []view
	copies map[string]*livetest.Layer
	client *livetest.Client
	asked  int // subscriptions on this connection; each is answered
}

type view struct {
	layer    string
	geometry bool
	columns  []string
	box      []float64 // nil: everywhere
	filter   any       // CQL2 text or JSON; nil: everything
	zoom     any       // of the map; nil: not said
}

// anySelection draws what a view shows of its rows.
func (v view) anySelection(t *rapid.T) view {
	v.box = rapid.SampledFrom([][]float64{nil, {118.5, 28.5, 119.5, 29.5}, {119.5, 28, 123, 30}, {121.5, 28, 119.5, 30}, {0, 0, 1, 1}}).Draw(t, "box")
	v.filter = rapid.SampledFrom([]any{nil, "status = 'open'", "name = 'two' OR id > 4", map[string]any{"op": "not", "args": []any{map[string]any{"op": "=", "args": []any{map[string]any{"property": "status"}, "open"}}}}}).Draw(t, "filter")
	v.zoom = rapid.SampledFrom([]any{nil, 3, 12.5}).Draw(t, "zoom")
	return v
}

// shows reports whether a row is in the view, by the plainest reading of what the protocol says.
func (v view) shows(f *layers.Feature) bool {
	open, two := f.Values[1] == "open", f.Values[0] == "two"
	switch filter := v.filter.(type) {
	case string:
		if strings.HasPrefix(filter, "status") && !open || strings.HasPrefix(filter, "name") && !two && f.ID <= 4 {
			return false
		}
	case map[string]any:
		if open {
			return false
		}
	}
	if v.box == nil {
		return true
	}
	if f.Geometry == nil {
		return false
	}
	b := f.Geometry.Bound()
	if b.Max[1] < v.box[1] || b.Min[1] > v.box[3] {
		return false
	}
	if west, east := v.box[0], v.box[2]; west > east {
		return b.Max[0] >= west || b.Min[0] <= east
	}
	return b.Max[0] >= v.box[0] && b.Min[0] <= v.box[2]
}

// Any client, whoever it is, however it reads and however often it is cut off, ends with what it may see and nothing else.
func TestAnyClientConverges(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		source := layerstest.NewSource(plots(), points())
		nodes := []*node{newNode(t, source, live.Options{}), newNode(t, source, live.Options{})}
		defer func() {
			for _, n := range nodes {
				n.stop()
			}
		}()
		truth := table{"plot": {}, "point": {}}
		var readers []*reader
		for i := range rapid.IntRange(1, 4).Draw(rt, "readers") {
			r := &reader{copies: map[string]*livetest.Layer{}}
			r.peer = live.Peer{Session: fmt.Sprint(i), UserID: int64(i), Scope: scope(rapid.SampledFrom([]string{"*", "a", "a.x", "b"}).Draw(rt, "area"))}
			for _, layer := range []string{"plot", "point"} {
				v := view{layer: layer, geometry: rapid.Bool().Draw(rt, "geometry"), columns: rapid.SampledFrom([][]string{nil, {"status"}, {"area_path", "name"}}).Draw(rt, "columns")}
				r.views = append(r.views, v.anySelection(rt))
			}
			readers = append(readers, r)
		}
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			r := rapid.SampledFrom(readers).Draw(rt, "reader")
			switch rapid.IntRange(0, 13).Draw(rt, "step") {
			case 0, 1, 2, 3:
				changes := rapid.SliceOfN(rapid.Custom(anyChange), 1, 4).Draw(rt, "changes")
				truth.apply(changes)
				source.Commit(changes...)
			case 4, 5:
				r.connect(t, rapid.SampledFrom(nodes).Draw(rt, "node"))
			case 6:
				r.read(t, rapid.IntRange(1, 5).Draw(rt, "frames"))
			case 7:
				r.cut()
			case 8:
				source.Cut()
			case 10, 11: // the map moves, or another filter is chosen, with or without a connection
				i := rapid.IntRange(0, len(r.views)-1).Draw(rt, "view")
				r.views[i] = r.views[i].anySelection(rt)
				r.subscribe(t, r.views[i])
			case 12, 13: // what it is told on this connection is enough
				if r.client != nil {
					if err := r.client.Until(within(t), func() bool { return r.equals(truth) }); err != nil {
						rt.Fatalf("%v with areas %v has %v: %v", r.views, r.peer.Scope.Areas, r.copies["plot"], err)
					}
				}
			case 9:
				if rapid.IntRange(0, 4).Draw(rt, "failover") == 0 {
					source.SetEpoch(fmt.Sprint("test.", rapid.IntRange(2, 1000).Draw(rt, "epoch")))
				}
			}
		}
		for _, r := range readers {
			n := rapid.SampledFrom(nodes).Draw(rt, "last node")
			r.connect(t, n)
			if err := r.client.Until(within(t), func() bool { return r.equals(truth) }); err != nil {
				rt.Fatalf("%v with areas %v ended with %v: %v", r.views, r.peer.Scope.Areas, r.copies["plot"], err)
			}
			r.cut()
		}
	})
}

func anyChange(t *rapid.T) layers.Change {
	area := rapid.SampledFrom([]any{"a", "a.x", "a.xy", "b", nil}).Draw(t, "area")
	ch := layers.Change{Layer: rapid.SampledFrom([]string{"plot", "point"}).Draw(t, "layer")}
	id := rapid.Int64Range(1, 8).Draw(t, "id")
	switch rapid.IntRange(0, 9).Draw(t, "kind") {
	case 0:
		ch.Kind = layers.Truncate
		return ch
	case 1, 2:
		ch.Kind, ch.Feature = layers.Delete, &layers.Feature{ID: id}
		return ch
	}
	ch.Feature = &layers.Feature{ID: id, Values: []any{rapid.SampledFrom([]string{"一", "two"}).Draw(t, "name"), rapid.SampledFrom([]string{"open", "closed"}).Draw(t, "status"), area}}
	lon := 119 + float64(rapid.IntRange(0, 3).Draw(t, "place"))
	if ch.Layer == "plot" {
		ch.Feature.Geometry = layerstest.Square(lon, 29, 0.1)
	} else if lon > 119 {
		ch.Feature.Geometry = orb.Point{lon, 29}
	}
	return ch
}

func (r *reader) connect(t *testing.T, n *node) {
	t.Helper()
	r.cut()
	n.as(r.peer)
	r.client, r.asked = n.dial(), 0
	r.client.Layers = r.copies
	for _, v := range r.views {
		r.subscribe(t, v)
	}
}

func (r *reader) subscribe(t *testing.T, v view) {
	t.Helper()
	if r.client == nil {
		return
	}
	q := map[string]any{"layer": v.layer, "geometry": v.geometry}
	if v.columns != nil {
		q["columns"] = v.columns
	}
	if v.box != nil {
		q["bbox"] = v.box
	}
	if v.filter != nil {
		q["filter"] = v.filter
	}
	if v.zoom != nil {
		q["zoom"] = v.zoom
	}
	if err := r.client.Want(within(t), q); err != nil {
		t.Fatal(err)
	}
	r.asked++
}

// read takes some frames: at most the answers to the subscriptions, which always come.
func (r *reader) read(t *testing.T, frames int) {
	t.Helper()
	if r.client == nil {
		return
	}
	for range min(frames, r.asked-r.answered()) {
		if _, err := r.client.Next(within(t)); err != nil {
			t.Fatal(err)
		}
	}
}

// answered counts the frames that were read after hello and heartbeat.
func (r *reader) answered() int { return min(r.client.Frames-2, r.asked) }

func (r *reader) cut() {
	if r.client == nil {
		return
	}
	r.client.Cut()
	r.client = nil
	for _, l := range r.copies { // half a snapshot is lost with its connection
		l.Forget()
	}
}

// table is what the rows must be, by layer and id.
type table map[string]map[int64]*layers.Feature

func (rows table) apply(changes []layers.Change) {
	for _, ch := range changes {
		switch ch.Kind {
		case layers.Upsert:
			rows[ch.Layer][ch.Feature.ID] = ch.Feature
		case layers.Delete:
			delete(rows[ch.Layer], ch.Feature.ID)
		case layers.Truncate:
			clear(rows[ch.Layer])
		}
	}
}

// equals reports whether the copies are what the reader may see.
func (r *reader) equals(truth table) bool {
	for _, v := range r.views {
		if !maps.EqualFunc(r.copies[v.layer].Rows, truth.seen(r.peer.Scope, v), func(a, b livetest.Row) bool {
			return a.Geometry == b.Geometry && maps.Equal(a.Values, b.Values)
		}) {
			return false
		}
	}
	return true
}

// seen returns the rows of a view as they must be.
func (rows table) seen(s *auth.Scope, v view) map[int64]livetest.Row {
	l := map[string]*layers.Layer{"plot": plots(), "point": points()}[v.layer]
	out := map[int64]livetest.Row{}
	for _, f := range rows[v.layer] {
		if !s.Sees(l, f) || !v.shows(f) {
			continue
		}
		row := livetest.Row{Values: map[string]string{}}
		for i, c := range l.Columns {
			if v.columns == nil || slices.Contains(v.columns, c.Name) {
				row.Values[c.Name] = string(geojson.AppendValue(nil, c.Type, f.Values[i]))
			}
		}
		if v.geometry {
			row.Geometry = string(geojson.AppendGeometry(nil, f.Geometry))
		}
		out[f.ID] = row
	}
	return out
}
