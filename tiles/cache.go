package tiles

import (
	"container/list"
	"sync"
)

// Cache keeps finished tiles within a bound of bytes; what nobody used for longest goes first. Of one tile and class of
// readers it keeps the latest content alone. It is safe for concurrent use.
type Cache struct {
	max int

	mu    sync.Mutex
	bytes int
	order *list.List // of *kept, the latest used first
	items map[cacheKey]*list.Element
}

type cacheKey struct {
	source string
	coord  Coord
	class  string // of the scopes and selections that share the tile
}

type kept struct {
	key  cacheKey
	tile Tile
}

// keptOverhead is what a tile takes beside its bytes: an empty one is not free.
const keptOverhead = 384

// NewCache returns a cache of at most maxBytes.
func NewCache(maxBytes int) *Cache {
	return &Cache{max: maxBytes, order: list.New(), items: map[cacheKey]*list.Element{}}
}

// Bytes returns how much the cache holds, its own needs included.
func (c *Cache) Bytes() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bytes
}

// get returns the tile of a key if its content is that of etag.
func (c *Cache) get(key cacheKey, etag string) (Tile, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.items[key]
	if !ok {
		return Tile{}, false
	}
	k := e.Value.(*kept)
	if k.tile.ETag != etag {
		return Tile{}, false
	}
	c.order.MoveToFront(e)
	return k.tile, true
}

// put keeps a tile in place of an earlier content, unless it alone is more than the bound.
func (c *Cache) put(key cacheKey, t Tile) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.items[key]; ok {
		c.drop(e)
	}
	if len(t.Body)+keptOverhead > c.max {
		return
	}
	c.items[key] = c.order.PushFront(&kept{key: key, tile: t})
	c.bytes += len(t.Body) + keptOverhead
	for c.bytes > c.max {
		c.drop(c.order.Back())
	}
}

// drop forgets one tile. The caller holds mu.
func (c *Cache) drop(e *list.Element) {
	k := c.order.Remove(e).(*kept)
	delete(c.items, k.key)
	c.bytes -= len(k.tile.Body) + keptOverhead
}
