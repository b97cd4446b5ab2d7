package live

import (
	"sync"

	"github.com/paulmach/orb"

	"wanglou/layers"
)

// partBytes is about how large a frame becomes before the rest goes into another: small enough for a slow line to take
// one within the write timeout, and for a heartbeat to find its place between two.
const partBytes = 256 << 10

// content is what one view has to be told in one round: a snapshot, or the difference from one position to now. Its frames
// are made when the first client needs them and shared while the round lasts. It is safe for concurrent use.
type content struct {
	kind    string
	view    view
	shifted bool // a diff from another view's rows
	layer   *layers.Layer
	columns []int           // indices into layer.Columns
	from    layers.Position // of a diff
	to      layers.Position

	removed  []int64
	rows     []*layers.Feature
	tiles    []string
	allTiles bool
	cuts     []int // where each part of rows ends

	mu     sync.Mutex
	frames [][]byte // by part; nil once dropped

	lastOnce sync.Once
	last     string // token of the last frame, which every client keeps
}

// newSnapshot returns all rows of the layer that the view shows.
func newSnapshot(v view, sel selector, columns []int, features []*layers.Feature, at layers.Position) *content {
	c := &content{kind: kindSnapshot, view: v, layer: sel.layer, columns: columns, to: at}
	for _, f := range features {
		if sel.selects(f) {
			c.rows = append(c.rows, f)
		}
	}
	c.cut()
	return c
}

// newDiff returns what of the diff, which began at from, concerns the view.
func newDiff(v view, sel selector, columns []int, from layers.Position, d layers.Diff) *content {
	c := &content{kind: kindDiff, view: v, layer: d.Layer, columns: columns, from: from, to: d.Position}
	c.rows, c.removed = sel.split(&d)
	c.nameTiles(&sel, d.Touched)
	c.cut()
	return c
}

// nameTiles names the tiles in which something changed that the scope sees, within the box, as deep as the map's zoom.
func (c *content) nameTiles(sel *selector, touched []*layers.Feature) {
	if c.view.geometry || c.layer.Geometry == layers.GeometryNone || c.layer.Delivery == layers.DeliverMoving || sel.never {
		return
	}
	deepest := c.layer.MaxZoom
	if c.view.zoom > 0 {
		deepest = min(deepest, int(c.view.zoom)-1)
	}
	var bounds []orb.Bound
	for _, f := range touched {
		if sel.meets(f) && sel.scope.Sees(c.layer, f) {
			bounds = append(bounds, f.Bound)
		}
	}
	c.tiles, c.allTiles = tileNames(bounds, deepest)
}

// empty reports whether there is nothing to tell.
func (c *content) empty() bool {
	return c.kind == kindDiff && len(c.removed) == 0 && len(c.rows) == 0 && len(c.tiles) == 0 && !c.allTiles
}

// cut divides the rows into parts; there is always one.
func (c *content) cut() {
	size := 0
	for i, f := range c.rows {
		size += c.estimate(f)
		if size >= partBytes {
			c.cuts = append(c.cuts, i+1)
			size = 0
		}
	}
	if len(c.cuts) == 0 || c.cuts[len(c.cuts)-1] < len(c.rows) {
		c.cuts = append(c.cuts, len(c.rows))
	}
	c.frames = make([][]byte, len(c.cuts))
}

// estimate returns about how many bytes a row takes.
func (c *content) estimate(f *layers.Feature) int {
	n := 8
	for _, col := range c.columns {
		switch v := f.Values[col].(type) {
		case string:
			n += len(v) + 3
		case []string:
			for _, s := range v {
				n += len(s) + 3
			}
		default:
			n += 12
		}
	}
	if c.view.geometry {
		n += 40 + 24*points(f.Geometry)
	}
	return n
}

// points counts the coordinates of a geometry.
func points(g orb.Geometry) (n int) {
	switch g := g.(type) {
	case orb.MultiPoint:
		return len(g)
	case orb.LineString:
		return len(g)
	case orb.Polygon:
		for _, r := range g {
			n += len(r)
		}
		return n
	case orb.MultiLineString:
		for _, l := range g {
			n += len(l)
		}
		return n
	case orb.MultiPolygon:
		for _, p := range g {
			n += points(p)
		}
		return n
	case orb.Collection:
		for _, m := range g {
			n += points(m)
		}
		return n
	}
	return 1
}

// parts returns of how many frames the content consists.
func (c *content) parts() int { return len(c.cuts) }

// frame returns one part. Its bytes are shared: nobody writes to them.
func (c *content) frame(part int) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.frames != nil && c.frames[part] != nil {
		return c.frames[part]
	}
	start, end := 0, c.cuts[part]
	size := 512
	if part > 0 {
		start = c.cuts[part-1]
	}
	for _, f := range c.rows[start:end] {
		size += c.estimate(f)
	}
	b := c.appendRows(make([]byte, 0, size), part, c.rows[start:end], part < len(c.cuts)-1)
	if c.frames != nil {
		c.frames[part] = b
	}
	return b
}

// drop lets the made frames go. A client that is still busy with the content has each further part made for itself, so
// that many slow clients do not keep many old snapshots alive.
func (c *content) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.frames = nil
}
