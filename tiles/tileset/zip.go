package tileset

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/klauspost/compress/gzip"

	"wanglou/layers"
)

const (
	maxEntries = 2_000_000
	// maxInflated bounds a file that has to be unpacked to be served; stored ones may be of any size.
	maxInflated = 128 << 20
)

// index is where the files of a zip lie.
type index struct {
	stat    os.FileInfo
	entries map[string]entry // by path below tileset.json
}

type entry struct {
	offset, packed, size int64
	crc                  uint32
	deflated             bool
}

// readIndex reads a zip's directory. Zips whose names lead out of them, or that nobody could serve, are refused as a whole.
func readIndex(path string) (*index, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	z, err := zip.NewReader(f, st.Size())
	if err != nil {
		return nil, err
	}
	if len(z.File) > maxEntries {
		return nil, fmt.Errorf("%d files, more than %d", len(z.File), maxEntries)
	}
	x := &index{stat: st, entries: make(map[string]entry, len(z.File))}
	base := "\x00" // of the tileset.json that lies highest: tools put a folder around
	for _, e := range z.File {
		if e.FileInfo().IsDir() {
			continue
		}
		if !fs.ValidPath(e.Name) || strings.Contains(e.Name, `\`) || strings.Contains(e.Name, ":") {
			return nil, fmt.Errorf("the file %q leads out of the zip", e.Name)
		}
		if e.Method != zip.Store && e.Method != zip.Deflate || e.Flags&1 != 0 {
			return nil, fmt.Errorf("%s: is encrypted, or packed in another way than stored and deflated", e.Name)
		}
		at, err := e.DataOffset()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.Name, err)
		}
		packed, size := int64(e.CompressedSize64), int64(e.UncompressedSize64)
		if packed < 0 || size < 0 || at < 0 || at > st.Size() || packed > st.Size()-at || e.Method == zip.Store && packed != size {
			return nil, fmt.Errorf("%s: lies about its size", e.Name)
		}
		if _, twice := x.entries[e.Name]; twice {
			return nil, fmt.Errorf("%s: is there twice", e.Name)
		}
		x.entries[e.Name] = entry{at, packed, size, e.CRC32, e.Method == zip.Deflate}
		if above, ok := strings.CutSuffix(e.Name, "tileset.json"); ok && (above == "" || strings.HasSuffix(above, "/")) && (base == "\x00" || len(above) < len(base)) {
			base = above
		}
	}
	if base == "\x00" {
		return nil, errors.New("there is no tileset.json in it")
	}
	below := make(map[string]entry, len(x.entries))
	for name, e := range x.entries {
		if rest, ok := strings.CutPrefix(name, base); ok {
			below[rest] = e
		}
	}
	x.entries = below
	return x, nil
}

// openEntry opens a file of the zip: a stored one where it lies, a deflated one unpacked in memory.
func (s *set) openEntry(name string) (*File, error) {
	e, ok := s.zip.entries[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	f, err := os.Open(s.path)
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err == nil && (!os.SameFile(st, s.zip.stat) || st.Size() != s.zip.stat.Size() || !st.ModTime().Equal(s.zip.stat.ModTime())) {
		err = &layers.Error{Code: layers.CodeUnavailable, Params: map[string]string{"retry_after_s": "3"}, Msg: s.info.Name + " is being replaced"}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	out := &File{close: f.Close, Tag: tag(name, e.size, st.ModTime(), e.crc), Modified: st.ModTime()}
	section := io.NewSectionReader(f, e.offset, e.packed)
	if !e.deflated {
		out.ReadSeeker = section
		return out, nil
	}
	defer func() { _ = f.Close() }()
	out.close = func() error { return nil }
	if e.size > maxInflated {
		return nil, layers.Errorf(layers.CodeTooLarge, "%s has %d bytes; store files above %d MiB in the zip without packing them", name, e.size, maxInflated>>20)
	}
	var body bytes.Buffer
	n, err := io.Copy(&body, io.LimitReader(flate.NewReader(section), e.size+1)) // memory follows what comes out, not what is promised
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if n != e.size || crc32.ChecksumIEEE(body.Bytes()) != e.crc {
		return nil, fmt.Errorf("%s: does not unpack to what the zip says", name)
	}
	out.ReadSeeker = bytes.NewReader(body.Bytes())
	return out, nil
}

func gunzip(b []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(z, maxJSON+1))
	if err == nil && len(out) > maxJSON {
		err = fmt.Errorf("unpacks to more than %d MiB", maxJSON>>20)
	}
	return out, err
}
