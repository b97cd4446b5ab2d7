package pmtiles

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sort"
	"sync"
)

// entry says where the tiles id … id+run-1 are (they share their bytes), or with run 0 which leaf directory knows of
// the tiles from id on.
type entry struct {
	id     uint64
	offset uint64 // of tiles from the start of the tile data, of leaves from the start of the leaf directories
	length uint32
	run    uint32
}

// directory is sorted by id.
type directory []entry

// find returns the entry that covers id: its run holds it, or it is the leaf to look into.
func (d directory) find(id uint64) (entry, bool) {
	i := sort.Search(len(d), func(i int) bool { return d[i].id > id }) - 1
	if i < 0 {
		return entry{}, false
	}
	e := d[i]
	return e, e.run == 0 || id-e.id < uint64(e.run)
}

var errCut = errors.New("ends in the middle of an entry")

// parseDirectory reads a decompressed directory: a count, then one column after the other (ids as differences, runs, lengths,
// offsets where 0 means "right behind the one before").
func parseDirectory(b []byte) (directory, error) {
	next := func() (uint64, bool) {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			return 0, false
		}
		b = b[n:]
		return v, true
	}
	count, ok := next()
	if !ok {
		return nil, errCut
	}
	// Every entry takes at least four bytes: a count that cannot be true does not get memory.
	if count == 0 || count > uint64(len(b))/4 {
		return nil, fmt.Errorf("%d entries in %d bytes", count, len(b))
	}
	d := make(directory, count)
	var id uint64
	for i := range d {
		delta, ok := next()
		if !ok {
			return nil, errCut
		}
		if i > 0 && delta == 0 || delta > math.MaxUint64-id {
			return nil, fmt.Errorf("entry %d: tile ids do not rise", i)
		}
		id += delta
		d[i].id = id
	}
	for i := range d {
		run, ok := next()
		if !ok {
			return nil, errCut
		}
		if run > math.MaxUint32 {
			return nil, fmt.Errorf("entry %d: a run of %d tiles", i, run)
		}
		d[i].run = uint32(run)
	}
	for i := range d {
		length, ok := next()
		if !ok {
			return nil, errCut
		}
		if length == 0 || length > math.MaxUint32 {
			return nil, fmt.Errorf("entry %d: a length of %d bytes", i, length)
		}
		d[i].length = uint32(length)
	}
	for i := range d {
		offset, ok := next()
		if !ok {
			return nil, errCut
		}
		switch {
		case offset > 0:
			d[i].offset = offset - 1
		case i == 0:
			return nil, errors.New("entry 0: no offset")
		default:
			d[i].offset = d[i-1].offset + uint64(d[i-1].length)
		}
	}
	return d, nil
}

// leafCache keeps the leaf directories that were read lately. The zero value is usable.
type leafCache struct {
	mu      sync.Mutex
	entries int
	order   []uint64 // offsets, oldest first
	byStart map[uint64]directory
}

// maxCachedEntries bounds the cache: about 24 MB.
const maxCachedEntries = 1 << 20

func (c *leafCache) get(offset uint64) (directory, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d, ok := c.byStart[offset]
	return d, ok
}

// put adds a directory and forgets the oldest ones above the bound. Readers hold what they were given.
func (c *leafCache) put(offset uint64, d directory) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.byStart[offset]; ok {
		return
	}
	if c.byStart == nil {
		c.byStart = make(map[uint64]directory)
	}
	c.byStart[offset] = d
	c.order = append(c.order, offset)
	c.entries += len(d)
	for c.entries > maxCachedEntries && len(c.order) > 1 {
		oldest := c.order[0]
		c.order = c.order[1:]
		c.entries -= len(c.byStart[oldest])
		delete(c.byStart, oldest)
	}
}
