package tiles

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"
	"google.golang.org/protobuf/encoding/protowire"

	"wanglou/layers"
	"wanglou/layers/auth"
)

// MaxParts is how many sources one composite tile may be made of.
const MaxParts = 16

// Composite is the [Source] "a,b,…": the layers of several vector sources in one tile, in the order of their names. Each part
// decides by itself what the scope sees. It is safe for concurrent use.
type Composite struct {
	name            string
	parts           []Source
	cache, selected *Cache
	flight          *flight
}

// newComposite returns the source of parts, whose names joined by commas are name.
func newComposite(name string, parts []Source, cache, selected *Cache, flight *flight) (*Composite, error) {
	for _, p := range parts {
		if info := p.Info(); info.Format != FormatMVT {
			return nil, layers.Invalid("source", "not_vector", "%s has no vector tiles: it cannot be part of another tile", info.Name)
		}
	}
	c := &Composite{name: name, cache: cache, selected: selected, flight: flight}
	for _, p := range parts {
		if n := len(c.parts); n > 0 {
			if j, ok := c.parts[n-1].(Joiner); ok {
				if joined, ok := j.Join(p); ok {
					c.parts[n-1] = joined
					continue
				}
			}
		}
		c.parts = append(c.parts, p)
	}
	return c, nil
}

// Info implements [Source]: all layers, all zooms and the whole bound of the parts.
func (c *Composite) Info() Info {
	infos := make([]Info, len(c.parts))
	for i, p := range c.parts {
		infos[i] = p.Info()
	}
	return joinInfos(c.name, infos)
}

// InfoFor implements [Private]: nobody knows of the whole who may not know of each part, and without the extent of one there is none.
func (c *Composite) InfoFor(scope *auth.Scope) (Info, error) {
	infos := make([]Info, len(c.parts))
	whole := true
	for i, p := range c.parts {
		var err error
		if infos[i], err = InfoFor(p, scope); err != nil {
			return Info{}, err
		}
		_, known := p.(*Vector) // its extent is always that of what the scope sees
		whole = whole && (known || infos[i].Bound == p.Info().Bound)
	}
	out := joinInfos(c.name, infos)
	if !whole {
		out.Bound = orb.Bound{}
	}
	return out, nil
}

// joinInfos describes a tile of several sources.
func joinInfos(name string, infos []Info) Info {
	out := Info{Name: name, Format: FormatMVT, Layers: []LayerInfo{}}
	var zh, en, attributions []string
	for i, info := range infos {
		if i == 0 {
			out.MinZoom, out.MaxZoom = info.MinZoom, info.MaxZoom
		}
		out.MinZoom, out.MaxZoom = min(out.MinZoom, info.MinZoom), max(out.MaxZoom, info.MaxZoom)
		out.Bound = unite(out.Bound, info.Bound)
		out.Layers = append(out.Layers, info.Layers...)
		zh, en = append(zh, info.Title.ZH), append(en, info.Title.EN)
		if info.Attribution != "" && !slices.Contains(attributions, info.Attribution) {
			attributions = append(attributions, info.Attribution)
		}
	}
	out.Title = layers.Text{ZH: strings.Join(zh, "、"), EN: strings.Join(en, ", ")}
	out.Attribution = strings.Join(attributions, ", ")
	return out
}

// unite returns the bound of two, of which one may be that of nothing.
func unite(a, b orb.Bound) orb.Bound {
	switch {
	case b == orb.Bound{} || b.IsEmpty():
		return a
	case a == orb.Bound{} || a.IsEmpty():
		return b
	}
	return a.Union(b)
}

// Tile implements [Source]. It costs what the parts cost, and packing the whole; when nothing changed it costs their ETags.
func (c *Composite) Tile(ctx context.Context, r Request) (Tile, error) {
	tag, known, err := c.tag(ctx, r)
	if err != nil {
		return Tile{}, err
	}
	if r.ETag == tag {
		return Tile{ETag: tag, Unchanged: true}, nil
	}
	key := cacheKey{source: c.name, coord: r.Coord, class: r.Scope.Class() + "\n" + r.Select.Class()}
	cache := c.cache
	if !r.Select.All() {
		cache = c.selected
	}
	if t, ok := cache.get(key, tag, r.Accept); ok {
		return t, nil
	}
	return c.flight.do(ctx, flightKey{cacheKey: key, tag: tag, accept: r.Accept}, func(ctx context.Context) (Tile, error) {
		if t, ok := cache.get(key, tag, r.Accept); ok {
			return t, nil
		}
		t, err := c.make(ctx, r, known)
		if err != nil {
			return Tile{}, err
		}
		t.ETag = tag
		if !t.Stale {
			cache.put(key, t, time.Time{})
		}
		return t.For(r.Accept)
	})
}

// tag returns the ETag of the whole, and the parts that had to be made to know it.
func (c *Composite) tag(ctx context.Context, r Request) (tag string, known []*Tile, err error) {
	r.ETag, r.Accept, r.part = "", 0, true
	known = make([]*Tile, len(c.parts))
	sum := sha256.New()
	for i, p := range c.parts {
		var part string
		if v, ok := p.(Validator); ok {
			if part, err = v.Tag(ctx, r); err != nil {
				return "", nil, naming(p, err)
			}
		} else {
			t, err := p.Tile(ctx, r)
			if err != nil {
				return "", nil, naming(p, err)
			}
			part, known[i] = t.ETag, &t
		}
		_, _ = fmt.Fprintf(sum, "%s %s\n", p.Info().Name, part)
	}
	return `"` + hex.EncodeToString(sum.Sum(nil)[:12]) + `"`, known, nil
}

// naming says which part an error is about.
func naming(p Source, err error) error {
	var e *layers.Error
	if !errors.As(err, &e) {
		return err
	}
	named := *e
	named.Msg = p.Info().Name + ": " + e.Msg
	return &named
}

// make puts the parts' layers one behind the other, which is what a tile of several layers is.
func (c *Composite) make(ctx context.Context, r Request, known []*Tile) (Tile, error) {
	accept := r.Accept
	r.ETag, r.Accept, r.part = "", 0, true
	var raw []byte
	var out Tile
	names := map[string]bool{}
	for i, p := range c.parts {
		if known[i] == nil {
			t, err := p.Tile(ctx, r)
			if err != nil {
				return Tile{}, naming(p, err)
			}
			known[i] = &t
		}
		t := known[i]
		if err := distinct(names, t.Body); err != nil {
			return Tile{}, naming(p, err)
		}
		raw = append(raw, t.Body...)
		out.Dropped = out.Dropped.plus(t.Dropped)
		out.Stale = out.Stale || t.Stale
		if !t.Made.IsZero() && (out.Made.IsZero() || t.Made.Before(out.Made)) {
			out.Made = t.Made
		}
	}
	if len(raw) == 0 {
		return out, nil
	}
	var err error
	out.Body, out.Encoding, err = pack(raw, accept)
	return out, err
}

// distinct adds the names of a tile's layers to names; the format has each only once in a tile.
func distinct(names map[string]bool, tile []byte) error {
	unreadable := layers.Errorf(layers.CodeUnavailable, "its tile cannot be read")
	for len(tile) > 0 {
		num, kind, n := protowire.ConsumeTag(tile)
		if n < 0 {
			return unreadable
		}
		if num != 3 || kind != protowire.BytesType {
			skipped := protowire.ConsumeFieldValue(num, kind, tile[n:])
			if skipped < 0 {
				return unreadable
			}
			tile = tile[n+skipped:]
			continue
		}
		layer, m := protowire.ConsumeBytes(tile[n:])
		if m < 0 {
			return unreadable
		}
		tile = tile[n+m:]
		name, ok := layerName(layer)
		if !ok {
			return unreadable
		}
		if names[name] {
			return layers.Invalid("source", "same_layer", "two sources have a layer %q: they cannot be one tile", name)
		}
		names[name] = true
	}
	return nil
}

// layerName finds the name of a layer, wherever its writer put it.
func layerName(layer []byte) (string, bool) {
	for len(layer) > 0 {
		num, kind, n := protowire.ConsumeTag(layer)
		if n < 0 {
			return "", false
		}
		if num == 1 && kind == protowire.BytesType {
			name, m := protowire.ConsumeBytes(layer[n:])
			return string(name), m >= 0
		}
		m := protowire.ConsumeFieldValue(num, kind, layer[n:])
		if m < 0 {
			return "", false
		}
		layer = layer[n+m:]
	}
	return "", false
}
