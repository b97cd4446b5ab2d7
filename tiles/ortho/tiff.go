package ortho

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// index is where the pixels of a TIFF lie in its file: classic or BigTIFF, either byte order. Nothing is decoded.
type index struct {
	pictures []picture // in the order of the file: the full one first in a COG
}

// picture is one of a TIFF's pictures: the whole, an overview, or a mask.
type picture struct {
	Width, Height         int
	TileWidth, TileHeight int // of strips: the whole width, the rows of one
	Tiled                 bool
	Samples               int
	Planar                bool // each band by itself
	Compression           int
	Subfile               uint32 // bit 0: an overview, bit 2: a mask
	offsets, counts       []uint64
	scale, tie            []float64 // ModelPixelScale, ModelTiepoint
}

const (
	compressionWebP = 50001

	maxPictures = 64
	maxTags     = 4096
)

var (
	errTIFF = errors.New("not a TIFF")
	errEnds = errors.New("it ends early")
)

// tiff reads numbers of a TIFF.
type tiff struct {
	r     io.ReaderAt
	size  int64
	order binary.ByteOrder
	big   bool
}

// readIndex reads where the pixels of a TIFF lie. What the file claims is believed only as far as it fits into the file.
func readIndex(r io.ReaderAt, size int64) (*index, error) {
	t := &tiff{r: r, size: size}
	head, err := t.bytes(0, 8)
	if err != nil {
		return nil, errTIFF
	}
	switch string(head[:2]) {
	case "II":
		t.order = binary.LittleEndian
	case "MM":
		t.order = binary.BigEndian
	default:
		return nil, errTIFF
	}
	var next uint64
	switch t.order.Uint16(head[2:]) {
	case 42:
		next = uint64(t.order.Uint32(head[4:]))
	case 43:
		t.big = true
		b, err := t.bytes(8, 8)
		if err != nil || t.order.Uint16(head[4:]) != 8 {
			return nil, errTIFF
		}
		next = t.order.Uint64(b)
	default:
		return nil, errTIFF
	}
	x := &index{}
	for next != 0 {
		if len(x.pictures) == maxPictures {
			return nil, fmt.Errorf("%w: more than %d pictures, or a circle of them", errTIFF, maxPictures)
		}
		var p picture
		if p, next, err = t.picture(next); err != nil {
			return nil, err
		}
		x.pictures = append(x.pictures, p)
	}
	if len(x.pictures) == 0 {
		return nil, errTIFF
	}
	return x, nil
}

func (t *tiff) bytes(at uint64, n int) ([]byte, error) {
	if at > uint64(t.size) || uint64(n) > uint64(t.size)-at {
		return nil, fmt.Errorf("%w: %w, before byte %d", errTIFF, errEnds, at+uint64(n))
	}
	b := make([]byte, n)
	if _, err := t.r.ReadAt(b, int64(at)); err != nil {
		return nil, err
	}
	return b, nil
}

// picture reads one directory, and where the next one is.
func (t *tiff) picture(at uint64) (p picture, next uint64, err error) {
	countSize, entrySize, wordSize := 2, 12, 4
	if t.big {
		countSize, entrySize, wordSize = 8, 20, 8
	}
	b, err := t.bytes(at, countSize)
	if err != nil {
		return p, 0, err
	}
	n := uint64(t.order.Uint16(b))
	if t.big {
		n = t.order.Uint64(b)
	}
	if n == 0 || n > maxTags {
		return p, 0, fmt.Errorf("%w: a directory of %d entries", errTIFF, n)
	}
	entries, err := t.bytes(at+uint64(countSize), int(n)*entrySize+wordSize)
	if err != nil {
		return p, 0, err
	}
	p = picture{Samples: 1, Compression: 1}
	rows := uint64(math.MaxUint32)
	for i := range int(n) {
		e := entries[i*entrySize : (i+1)*entrySize]
		read := func(most uint64) []uint64 {
			v, e2 := t.values(e, most)
			err = errors.Join(err, e2)
			return v
		}
		one := func() int {
			if v := read(1); len(v) == 1 && v[0] <= math.MaxInt32 {
				return int(v[0])
			}
			err = errors.Join(err, fmt.Errorf("%w: a bad tag", errTIFF))
			return 0
		}
		switch t.order.Uint16(e) {
		case 254:
			p.Subfile = uint32(one())
		case 256:
			p.Width = one()
		case 257:
			p.Height = one()
		case 259:
			p.Compression = one()
		case 277:
			p.Samples = one()
		case 278:
			if v := read(1); len(v) == 1 {
				rows = v[0]
			}
		case 284:
			p.Planar = one() == 2
		case 322:
			p.TileWidth, p.Tiled = one(), true
		case 323:
			p.TileHeight = one()
		case 273, 324:
			p.offsets = read(math.MaxUint32)
		case 279, 325:
			p.counts = read(math.MaxUint32)
		case 33550:
			p.scale = t.doubles(e)
		case 33922:
			p.tie = t.doubles(e)
		}
		if err != nil {
			return p, 0, err
		}
	}
	if !p.Tiled {
		p.TileWidth, p.TileHeight = p.Width, int(min(rows, uint64(max(p.Height, 0))))
	}
	if tail := entries[int(n)*entrySize:]; t.big {
		next = t.order.Uint64(tail)
	} else {
		next = uint64(t.order.Uint32(tail))
	}
	return p, next, p.check()
}

func (p *picture) check() error {
	if p.Width < 1 || p.Height < 1 || p.TileWidth < 1 || p.TileHeight < 1 || p.Samples < 1 || p.Samples > 1<<16 {
		return fmt.Errorf("%w: a picture without a size", errTIFF)
	}
	want := p.Across() * p.Down()
	if p.Planar {
		want *= p.Samples
	}
	if len(p.offsets) < want || len(p.counts) < want {
		return fmt.Errorf("%w: %d parts are listed, %d are needed", errTIFF, min(len(p.offsets), len(p.counts)), want)
	}
	return nil
}

// Across and Down count the tiles.
func (p *picture) Across() int { return (p.Width + p.TileWidth - 1) / p.TileWidth }
func (p *picture) Down() int   { return (p.Height + p.TileHeight - 1) / p.TileHeight }

// widths of the types of values that are read: bytes, shorts, longs, and BigTIFF's longs.
var widths = map[uint16]int{1: 1, 3: 2, 4: 4, 12: 8, 13: 4, 16: 8, 18: 8}

// raw returns the bytes of an entry's values.
func (t *tiff) raw(e []byte, most uint64) (b []byte, width int, err error) {
	kind := t.order.Uint16(e[2:])
	width = widths[kind]
	count, inline := uint64(t.order.Uint32(e[4:])), e[8:]
	if t.big {
		count, inline = t.order.Uint64(e[4:]), e[12:]
	}
	if width == 0 || count == 0 || count > most || count > uint64(t.size)/uint64(width) {
		return nil, 0, fmt.Errorf("%w: tag %d has %d values of type %d", errTIFF, t.order.Uint16(e), count, kind)
	}
	n := int(count) * width
	if n <= len(inline) {
		return inline[:n], width, nil
	}
	at := uint64(t.order.Uint32(inline))
	if t.big {
		at = t.order.Uint64(inline)
	}
	b, err = t.bytes(at, n)
	return b, width, err
}

func (t *tiff) values(e []byte, most uint64) ([]uint64, error) {
	b, width, err := t.raw(e, most)
	if err != nil {
		return nil, err
	}
	out := make([]uint64, len(b)/width)
	for i := range out {
		switch v := b[i*width:]; width {
		case 1:
			out[i] = uint64(v[0])
		case 2:
			out[i] = uint64(t.order.Uint16(v))
		case 4:
			out[i] = uint64(t.order.Uint32(v))
		default:
			out[i] = t.order.Uint64(v)
		}
	}
	return out, nil
}

// doubles reads a few floating-point numbers; nil where they are none.
func (t *tiff) doubles(e []byte) []float64 {
	b, width, err := t.raw(e, 6000)
	if err != nil || width != 8 {
		return nil
	}
	out := make([]float64, len(b)/8)
	for i := range out {
		out[i] = math.Float64frombits(t.order.Uint64(b[i*8:]))
	}
	return out
}

// truncated returns how many of the parts that a TIFF lists lie past its end: such a file passes every look at its head.
func (x *index) truncated(size int64) (missing, all int) {
	for i := range x.pictures {
		p := &x.pictures[i]
		for j, at := range p.offsets {
			if j >= len(p.counts) || p.counts[j] == 0 {
				continue // not stored: empty
			}
			all++
			if n := p.counts[j]; at > uint64(size) || n > uint64(size)-at {
				missing++
			}
		}
	}
	return missing, all
}
