package tiles

import (
	"container/list"
	"sync"
	"time"
)

// Cache keeps finished tiles within a bound of bytes; what nobody used for longest goes first. Of one tile and class of
// readers it keeps the latest content alone, packed in each way that somebody asked for: who hits it gets bytes that are
// ready to be sent. It is safe for concurrent use; a hit costs two map look-ups and allocates nothing.
type Cache struct {
	max int

	mu    sync.Mutex
	bytes int
	order *list.List // of *kept, the latest used first
	items map[cacheKey]*list.Element

	polishing chan struct{}  // one at a time, and never more than one waits
	polishers sync.WaitGroup // for tests
}

type cacheKey struct {
	source string
	coord  Coord
	class  string // of the scopes and selections that share the tile
}

// kept is one tile in the cache.
type kept struct {
	key    cacheKey
	tile   Tile // without Body and Encoding
	bodies [encodings][]byte
	empty  bool
	hits   int       // by clients that take Brotli, of this content
	until  time.Time // when sources that cannot follow their data ask again
}

// keptOverhead is what a tile takes beside its bytes: an empty one is not free.
const keptOverhead = 448

// hotHits is from how many hits on a tile's Brotli is worth its time.
const hotHits = 8

// NewCache returns a cache of at most maxBytes.
func NewCache(maxBytes int) *Cache {
	return &Cache{max: maxBytes, order: list.New(), items: map[cacheKey]*list.Element{}, polishing: make(chan struct{}, 1)}
}

// Bytes returns how much the cache holds, its own needs included.
func (c *Cache) Bytes() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bytes
}

// get returns the tile of a key if its content is that of etag, packed in a way that accept holds.
func (c *Cache) get(key cacheKey, etag string, accept Encodings) (Tile, bool) {
	c.mu.Lock()
	k := c.find(key)
	if k == nil || k.tile.ETag != etag {
		c.mu.Unlock()
		return Tile{}, false
	}
	return c.answer(k, accept)
}

// latest returns the tile of a key whatever its content, and until when it is to be believed.
func (c *Cache) latest(key cacheKey, accept Encodings) (t Tile, until time.Time, ok bool) {
	c.mu.Lock()
	k := c.find(key)
	if k == nil {
		c.mu.Unlock()
		return Tile{}, time.Time{}, false
	}
	until = k.until
	t, ok = c.answer(k, accept)
	return t, until, ok
}

// find returns what is kept under a key and marks it as used. The caller holds mu.
func (c *Cache) find(key cacheKey) *kept {
	e, ok := c.items[key]
	if !ok {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*kept)
}

// answer packs what k holds in a way that accept holds, and keeps that too. It gives mu back.
func (c *Cache) answer(k *kept, accept Encodings) (Tile, bool) {
	t := k.tile
	var hot bool
	if accept.Has(Brotli) {
		k.hits++
		hot = k.hits >= hotHits && k.bodies[brotliIndex] == nil && k.packed()
	}
	e, ok := k.best(accept)
	if ok {
		t.Body, t.Encoding = k.bodies[e], byIndex[e]
	}
	key := k.key
	from := k.any()
	c.mu.Unlock()
	if hot {
		c.polish(key, from)
	}
	if ok {
		return t, true
	}
	packed, err := from.repack(accept)
	if err != nil {
		return Tile{}, false // it is made anew
	}
	c.add(key, packed)
	return packed, true
}

// packed reports whether the tile is large enough to be packed.
func (k *kept) packed() bool { return !k.empty && k.bodies[0] == nil }

// best returns the smallest of the bodies that accept holds.
func (k *kept) best(accept Encodings) (e int, ok bool) {
	if k.empty {
		return 0, true
	}
	for _, e := range smallestFirst {
		if k.bodies[e] != nil && accept.Has(byIndex[e]) {
			return e, true
		}
	}
	return 0, false
}

// any returns the tile in one of the ways in which it is packed.
func (k *kept) any() Tile {
	t := k.tile
	for e, b := range k.bodies {
		if b != nil {
			t.Body, t.Encoding = b, byIndex[e]
			break
		}
	}
	return t
}

// put keeps a tile in place of an earlier content, unless it alone is more than the bound.
func (c *Cache) put(key cacheKey, t Tile, until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.items[key]; ok {
		if k := e.Value.(*kept); k.tile.ETag == t.ETag { // equal data: what was packed before still holds
			k.tile, k.until = t.bare(), until
			return
		}
		c.drop(e)
	}
	if len(t.Body)+keptOverhead > c.max {
		return
	}
	k := &kept{key: key, tile: t.bare(), empty: len(t.Body) == 0, until: until}
	if !k.empty {
		k.bodies[t.Encoding.index()] = t.Body
	}
	c.items[key] = c.order.PushFront(k)
	c.grow(len(t.Body) + keptOverhead)
}

// add keeps another way in which the content of a key is packed.
func (c *Cache) add(key cacheKey, t Tile) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.items[key]
	if !ok {
		return
	}
	k := e.Value.(*kept)
	if i := t.Encoding.index(); k.tile.ETag == t.ETag && k.bodies[i] == nil && t.Encoding != "" && len(t.Body) > 0 {
		k.bodies[i] = t.Body
		c.grow(len(t.Body))
	}
}

// polish packs a tile that many ask for by Brotli, beside the requests: who comes meanwhile gets what there is.
func (c *Cache) polish(key cacheKey, t Tile) {
	select {
	case c.polishing <- struct{}{}:
	default:
		return // the next hit asks again
	}
	c.polishers.Go(func() {
		defer func() { <-c.polishing }()
		if packed, err := t.repack(acceptBrotli); err == nil {
			c.add(key, packed)
		}
	})
}

// grow counts n bytes more, and drops what nobody used for longest. The caller holds mu.
func (c *Cache) grow(n int) {
	c.bytes += n
	for c.bytes > c.max && c.order.Len() > 0 {
		c.drop(c.order.Back())
	}
}

// drop forgets one tile. The caller holds mu.
func (c *Cache) drop(e *list.Element) {
	k := c.order.Remove(e).(*kept)
	delete(c.items, k.key)
	c.bytes -= keptOverhead
	for _, b := range k.bodies {
		c.bytes -= len(b)
	}
}
