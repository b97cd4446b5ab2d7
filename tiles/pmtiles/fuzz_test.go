package pmtiles

import (
	"bytes"
	"math"
	"reflect"
	"runtime"
	"testing"

	"pgregory.net/rapid"
)

// FuzzDirectory feeds directories of any content. What is taken is in order, and says the same when it is written and read again.
func FuzzDirectory(f *testing.F) {
	f.Add(directory{{id: 0, offset: 0, length: 5, run: 1}, {id: 1, offset: 5, length: 3, run: 7}, {id: 90, offset: 0, length: 5, run: 0}}.bytes())
	f.Add([]byte{})
	f.Add([]byte{1, 0, 0, 5, 1})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := parseDirectory(b)
		if err != nil {
			return
		}
		for i, e := range d {
			if e.length == 0 || i > 0 && e.id <= d[i-1].id {
				t.Fatalf("entry %d: %+v after %+v", i, e, d[max(i-1, 0)])
			}
			if got, ok := d.find(e.id); !ok || got != e {
				t.Fatalf("entry %d is %+v, found %+v, %v", i, e, got, ok)
			}
		}
		if d[len(d)-1].offset == math.MaxUint64 {
			return // which the format cannot write
		}
		again, err := parseDirectory(d.bytes())
		if err != nil || !reflect.DeepEqual(d, again) {
			t.Fatalf("%+v was written and read as %+v, %v", d, again, err)
		}
	})
}

// FuzzHeader feeds headers of any content: every part of one that is taken lies in the file.
func FuzzHeader(f *testing.F) {
	good := make([]byte, headerSize)
	copy(good, "PMTiles\x03")
	good[8], good[16], good[97], good[99] = headerSize, 5, 1, 2
	f.Add(good, uint64(500))
	f.Add(bytes.Repeat([]byte{0xff}, headerSize), uint64(math.MaxUint64))
	f.Fuzz(func(t *testing.T, b []byte, size uint64) {
		if len(b) < headerSize {
			return
		}
		h, err := parseHeader(b, size)
		if err != nil {
			return
		}
		for _, part := range [][2]uint64{{h.rootOffset, h.rootLength}, {h.metadataOffset, h.metadataLength}, {h.leavesOffset, h.leavesLength}, {h.dataOffset, h.dataLength}} {
			if end := part[0] + part[1]; end < part[0] || end > size {
				t.Fatalf("%+v of %d bytes", part, size)
			}
		}
		if h.MinZoom > h.MaxZoom || h.MaxZoom > maxZoom {
			t.Fatalf("zooms %d to %d", h.MinZoom, h.MaxZoom)
		}
	})
}

// FuzzSection unpacks any bytes: never more than the limit comes out.
func FuzzSection(f *testing.F) {
	f.Add(packed(make([]byte, 100_000)))
	f.Add(packed([]byte(`{"name":"x"}`)))
	f.Fuzz(func(t *testing.T, b []byte) {
		const limit = 1000
		if out, err := decompress(b, CompressionGzip, limit); err == nil && len(out) > limit {
			t.Fatalf("%d bytes", len(out))
		}
	})
}

// A directory or metadata that unpack to gigabytes cost neither time nor memory.
func TestBombs(t *testing.T) {
	zeros := packed(make([]byte, 1<<27))
	if len(zeros) > maxDirectory {
		t.Fatalf("the bomb is %d bytes", len(zeros))
	}
	file := func(root, meta []byte) []byte {
		head := make([]byte, headerSize)
		copy(head, "PMTiles\x03")
		head[97], head[99] = byte(CompressionGzip), byte(TypePNG)
		at := uint64(headerSize)
		for i, part := range [][]byte{root, meta} {
			put64(head[8+16*i:], at)
			put64(head[16+16*i:], uint64(len(part)))
			at += uint64(len(part))
		}
		return append(append(head, root...), meta...)
	}
	good := packed(directory{{length: 1, run: 1}}.bytes())
	for name, b := range map[string][]byte{"directory": file(zeros, nil), "metadata": file(good, zeros)} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := New(bytes.NewReader(b), int64(len(b)))
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Errorf("%s: taken", name)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 100<<20 {
			t.Errorf("%s: %d MB were allocated", name, took>>20)
		}
	}
}

func put64(b []byte, v uint64) {
	for i := range 8 {
		b[i] = byte(v >> (8 * i))
	}
}

// Leaves that lead in circles end, whatever the circle's length, and so do leaves that lie about where they are.
func TestLeavesThatLeadNowhere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 5).Draw(t, "leaves")
		const size = 16
		var leaves []byte
		for range n {
			to := rapid.IntRange(0, n).Draw(t, "next") // n lies behind the last one
			leaf := directory{{id: 0, offset: uint64(to) * size, length: size, run: 0}}.bytes()
			leaves = append(leaves, append(leaf, make([]byte, size-len(leaf))...)...)
		}
		root := directory{{id: 0, offset: 0, length: size, run: 0}}.bytes()
		head := make([]byte, headerSize)
		copy(head, "PMTiles\x03")
		head[97], head[99] = byte(CompressionNone), byte(TypePNG)
		put64(head[8:], headerSize)
		put64(head[16:], uint64(len(root)))
		put64(head[40:], headerSize+uint64(len(root)))
		put64(head[48:], uint64(len(leaves)))
		b := append(append(head, root...), leaves...)
		a, err := New(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		if _, ok, err := a.Find(0, 0, 0); ok || err == nil {
			t.Fatalf("found something: %v, %v", ok, err)
		}
	})
}

// A file that is cut off at any byte after it was opened gives errors, and never a tile of zeros.
func TestCutOffWhileOpen(t *testing.T) {
	t.Parallel()
	root := directory{{id: 0, offset: 0, length: 100, run: 1}}.bytes()
	head := make([]byte, headerSize)
	copy(head, "PMTiles\x03")
	head[97], head[99] = byte(CompressionNone), byte(TypePNG)
	put64(head[8:], headerSize)
	put64(head[16:], uint64(len(root)))
	put64(head[56:], headerSize+uint64(len(root)))
	put64(head[64:], 100)
	b := append(append(head, root...), bytes.Repeat([]byte{1}, 100)...)
	r := &shrinking{b: b}
	a, err := New(r, int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(b) + 1 {
		r.b = b[:n]
		loc, ok, err := a.Find(0, 0, 0)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		if tile, err := a.Read(loc); (err == nil) != (n == len(b)) {
			t.Fatalf("cut at %d: %d bytes, %v", n, len(tile), err)
		}
	}
}

type shrinking struct{ b []byte }

func (s *shrinking) ReadAt(p []byte, at int64) (int, error) {
	return bytes.NewReader(s.b).ReadAt(p, at)
}
