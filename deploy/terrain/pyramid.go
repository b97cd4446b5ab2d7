package terrain

import (
	"encoding/binary"
	"math"
	"os"

	"wanglou/tiles"
)

// heights are the pixels of one tile, row by row from the north; NaN is unknown.
type heights []float32

// pyramid keeps tiles in a scratch file, each in a slot of its own. It is not safe for concurrent use.
type pyramid struct {
	f     *os.File
	slots map[tiles.Coord]int64
	raw   []byte

	// recent are the tiles read last: filling a tile asks for its parent and the parent's neighbours, which its siblings ask for too.
	recent map[tiles.Coord]heights
	order  []tiles.Coord
}

const recentTiles = 16

func newPyramid(path string) (*pyramid, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	return &pyramid{f: f, slots: map[tiles.Coord]int64{}, raw: make([]byte, tileBytes), recent: map[tiles.Coord]heights{}}, nil
}

func (p *pyramid) close() { _ = p.f.Close() }

func (p *pyramid) has(c tiles.Coord) bool { _, ok := p.slots[c]; return ok }

func (p *pyramid) put(c tiles.Coord, h heights) error {
	slot, ok := p.slots[c]
	if !ok {
		slot = int64(len(p.slots))
	}
	for i, v := range h {
		binary.LittleEndian.PutUint32(p.raw[4*i:], math.Float32bits(v))
	}
	if _, err := p.f.WriteAt(p.raw, slot*tileBytes); err != nil {
		return err
	}
	p.slots[c] = slot
	if _, ok := p.recent[c]; ok {
		p.recent[c] = h
	}
	return nil
}

// get returns a tile, which is not to be written to; nil when there is none.
func (p *pyramid) get(c tiles.Coord) (heights, error) {
	if h, ok := p.recent[c]; ok {
		return h, nil
	}
	slot, ok := p.slots[c]
	if !ok {
		return nil, nil
	}
	if _, err := p.f.ReadAt(p.raw, slot*tileBytes); err != nil {
		return nil, err
	}
	h := make(heights, tileSize*tileSize)
	for i := range h {
		h[i] = math.Float32frombits(binary.LittleEndian.Uint32(p.raw[4*i:]))
	}
	if len(p.order) == recentTiles {
		delete(p.recent, p.order[0])
		p.order = p.order[1:]
	}
	p.recent[c] = h
	p.order = append(p.order, c)
	return h, nil
}

// shrink averages a tile's known heights, four pixels to one, into the quarter of the parent that it covers.
func shrink(child heights, c tiles.Coord, parent heights) {
	left, top := int(c.X&1)*tileSize/2, int(c.Y&1)*tileSize/2
	for y := range tileSize / 2 {
		for x := range tileSize / 2 {
			at := 2*y*tileSize + 2*x
			var sum, n float32
			for _, v := range [4]float32{child[at], child[at+1], child[at+tileSize], child[at+tileSize+1]} {
				if v == v {
					sum, n = sum+v, n+1
				}
			}
			if n > 0 {
				parent[(top+y)*tileSize+left+x] = sum / n
			}
		}
	}
}

// patch is the part of the zoom above that lies under one tile, with a pixel more on every side.
const patchSize = tileSize/2 + 2

func (p *pyramid) patch(c tiles.Coord) (heights, error) {
	parent := tiles.Coord{Z: c.Z - 1, X: c.X / 2, Y: c.Y / 2}
	out := make(heights, patchSize*patchSize)
	left, top := int(c.X&1)*tileSize/2-1, int(c.Y&1)*tileSize/2-1
	for y := range patchSize {
		for x := range patchSize {
			px, py := left+x, top+y
			at := parent
			if dx := floorDiv(px); dx != 0 {
				at.X += uint32(dx)
			}
			if dy := floorDiv(py); dy != 0 {
				at.Y += uint32(dy)
			}
			if at != parent && !p.has(at) { // nothing is known there: the edge goes on
				px, py, at = min(max(px, 0), tileSize-1), min(max(py, 0), tileSize-1), parent
			}
			h, err := p.get(at)
			if err != nil {
				return nil, err
			}
			out[y*patchSize+x] = h[(py&(tileSize-1))*tileSize+px&(tileSize-1)]
		}
	}
	return out, nil
}

func floorDiv(px int) int {
	switch {
	case px < 0:
		return -1
	case px >= tileSize:
		return 1
	}
	return 0
}

// relaxations is how often filled heights are drawn towards their neighbours, so that a void's rim has no step.
const relaxations = 12

// fillFrom gives unknown heights of a tile those of the zoom above, between whose pixels it interpolates. It changes h.
func fillFrom(h, patch heights) {
	var void []int
	for i, v := range h {
		if v == v {
			continue
		}
		x, y := i%tileSize, i/tileSize
		// The middle of pixel x lies at (x+½)/2 − ½ of the zoom above; the patch begins one pixel before.
		px, py := (x+1)/2, (y+1)/2
		fx, fy := float32(0.75-0.5*float64(x&1)), float32(0.75-0.5*float64(y&1))
		at := py*patchSize + px
		north := patch[at]*(1-fx) + patch[at+1]*fx
		south := patch[at+patchSize]*(1-fx) + patch[at+patchSize+1]*fx
		h[i] = north*(1-fy) + south*fy
		if x > 0 && y > 0 && x < tileSize-1 && y < tileSize-1 { // at the tile's rim the neighbour tile finds the same
			void = append(void, i)
		}
	}
	for range relaxations {
		for _, i := range void {
			h[i] = (h[i-1] + h[i+1] + h[i-tileSize] + h[i+tileSize]) / 4
		}
	}
}
