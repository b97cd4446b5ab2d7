package tiles

import (
	"bytes"
	"io"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"wanglou/layers"
)

// Encoding is the Content-Encoding of a tile's bytes; "" is none.
type Encoding string

// Tiles are packed by gzip first, which every client takes: on tiles zstd is neither smaller nor faster to write
// (docs/performance.md). Zstd is for clients that take nothing else; Brotli is a fifth smaller and ten times slower, so
// it is made for tiles that many ask for, beside the requests.
const (
	Gzip   Encoding = "gzip"
	Zstd   Encoding = "zstd"
	Brotli Encoding = "br"
)

// encodings is how many ways there are, none among them; byIndex lists them.
const (
	encodings   = 4
	brotliIndex = 3
)

var byIndex = [encodings]Encoding{"", Gzip, Zstd, Brotli}

// smallestFirst is the order in which a client gets what it takes; unpacked bodies are of tiles too small for packing.
var smallestFirst = [encodings]int{brotliIndex, 1, 2, 0}

func (e Encoding) index() int {
	for i, known := range byIndex {
		if e == known {
			return i
		}
	}
	return 0
}

// Encodings is a set of them. The zero value takes nothing that is packed.
type Encodings uint8

const (
	acceptGzip Encodings = 1 << iota
	acceptZstd
	acceptBrotli

	// AcceptAll takes a tile as it is kept.
	AcceptAll = acceptGzip | acceptZstd | acceptBrotli
)

// Has reports whether e is in the set; no encoding at all always is.
func (s Encodings) Has(e Encoding) bool {
	switch e {
	case "":
		return true
	case Gzip:
		return s&acceptGzip != 0
	case Zstd:
		return s&acceptZstd != 0
	case Brotli:
		return s&acceptBrotli != 0
	}
	return false
}

// ParseAccept reads an Accept-Encoding header as far as tiles need it: a list of names, of which some may be refused with q=0.
func ParseAccept(header string) Encodings {
	var taken, refused Encodings
	for len(header) > 0 {
		var part string
		part, header, _ = strings.Cut(header, ",")
		name, weight, _ := strings.Cut(part, ";")
		var e Encodings
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "gzip", "x-gzip":
			e = acceptGzip
		case "zstd":
			e = acceptZstd
		case "br":
			e = acceptBrotli
		case "*":
			e = AcceptAll &^ (taken | refused)
		}
		if q, ok := strings.CutPrefix(strings.TrimSpace(weight), "q="); ok && strings.Trim(q, "0.") == "" {
			refused |= e
		} else {
			taken |= e
		}
	}
	return taken &^ refused
}

// For returns the tile packed in a way that accept holds: as it is, or else not at all.
func (t Tile) For(accept Encodings) (Tile, error) {
	if accept.Has(t.Encoding) {
		return t, nil
	}
	raw, err := unpack(t)
	if err != nil {
		return Tile{}, err
	}
	t.Body, t.Encoding = raw, ""
	return t, nil
}

// repack returns the tile packed by the best that accept holds, or not at all.
func (t Tile) repack(accept Encodings) (Tile, error) {
	raw, err := unpack(t)
	if err != nil {
		return Tile{}, err
	}
	if accept == 0 {
		t.Body, t.Encoding = raw, ""
		return t, nil
	}
	t.Body, t.Encoding, err = pack(raw, accept)
	return t, err
}

// bare returns the tile without its bytes.
func (t Tile) bare() Tile {
	t.Body, t.Encoding = nil, ""
	return t
}

// maxUnpacked bounds what a packed tile may grow to: files are made by strangers.
const maxUnpacked = 64 << 20

// unpack returns the bytes of a tile as they were before they were packed.
func unpack(t Tile) ([]byte, error) {
	var r io.Reader = bytes.NewReader(t.Body)
	switch t.Encoding {
	case "":
		return t.Body, nil
	case Gzip:
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, err
		}
		r = z
	case Zstd:
		return unzstd.DecodeAll(t.Body, nil)
	case Brotli:
		r = brotli.NewReader(r)
	default:
		return nil, layers.Errorf(layers.CodeUnavailable, "tiles packed as %s are not read", t.Encoding)
	}
	raw, err := io.ReadAll(io.LimitReader(r, maxUnpacked+1))
	if err == nil && len(raw) > maxUnpacked {
		err = layers.Errorf(layers.CodeTooLarge, "the tile is larger than %d MiB", maxUnpacked>>20)
	}
	return raw, err
}

var unzstd, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxUnpacked)) // fails for wrong options alone

// packer is a compressor that can be used again.
type packer interface {
	io.WriteCloser
	Reset(io.Writer)
}

// packing keeps a compressor and its buffer between tiles.
type packing struct {
	buffer bytes.Buffer
	packer packer
}

func packings(make func() packer) *sync.Pool {
	return &sync.Pool{New: func() any { return &packing{packer: make()} }}
}

// Levels trade the server's time for the line's. Gzip's 5 took twice the time of 3 and saved 4 % of cameras' tiles; Brotli's 7 twice the time
// of 5 and saved nothing. Windows of zstd may not be larger than 8 MiB on the web; few tiles are larger than one.
var packers = [encodings]*sync.Pool{
	1: packings(func() packer { w, _ := gzip.NewWriterLevel(nil, 3); return w }), // fails for unknown levels alone
	2: packings(func() packer {
		w, _ := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20), zstd.WithEncoderCRC(false))
		return w
	}),
	brotliIndex: packings(func() packer { return brotli.NewWriterLevel(nil, 5) }),
}

// minPacked is the size below which a tile is not worth packing.
const minPacked = 256

// pack makes raw ready to be sent and kept: a copy, compressed where that pays. Clients that take nothing packed get it
// unpacked from what is kept.
func pack(raw []byte, accept Encodings) (body []byte, encoding Encoding, err error) {
	if len(raw) < minPacked {
		return bytes.Clone(raw), "", nil
	}
	e := 1
	switch {
	case accept.Has(Gzip):
	case accept.Has(Zstd):
		e = 2
	case accept.Has(Brotli):
		e = brotliIndex
	}
	p := packers[e].Get().(*packing)
	defer packers[e].Put(p)
	p.buffer.Reset()
	p.packer.Reset(&p.buffer)
	if _, err := p.packer.Write(raw); err != nil {
		return nil, "", err
	}
	if err := p.packer.Close(); err != nil {
		return nil, "", err
	}
	return bytes.Clone(p.buffer.Bytes()), byIndex[e], nil
}
