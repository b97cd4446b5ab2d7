package basemap

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/clip/smartclip"
	"github.com/paulmach/orb/geojson"
	"google.golang.org/protobuf/encoding/protowire"
)

// An extract has no sea, only its coastline: ways with the land on their left. We make areas of it for the extract's box, by ogr2ogr and
// orb, and tilemaker draws them from a Shapefile.

// osmConf makes ogr2ogr read coastlines as lines, those of islands too.
const osmConf = "closed_ways_are_polygons=none\nattribute_name_laundering=no\n[points]\n[lines]\nattributes=natural\n[multipolygons]\n[multilinestrings]\n[other_relations]\n"

// errOpenCoast is why no sea can be made of a coastline that ends before the box does.
var errOpenCoast = errors.New("the coastline ends inside the extract")

// makeSea writes the extract's sea into a Shapefile in dir. It returns its path, or "" when the extract has no coast.
func makeSea(ctx context.Context, extract, dir string) (string, error) {
	box, ok, err := extractBound(extract)
	if err != nil || !ok {
		return "", err
	}
	ogr2ogr, err := exec.LookPath("ogr2ogr")
	if err != nil {
		return "", errors.New("ogr2ogr is not installed (apt install gdal-bin)")
	}
	lines, err := coastlines(ctx, ogr2ogr, extract, dir)
	if err != nil || len(lines) == 0 {
		return "", err
	}
	areas, err := sea(box, lines)
	if err != nil || len(areas) == 0 {
		return "", err
	}
	collection := geojson.NewFeatureCollection()
	for _, p := range areas {
		f := geojson.NewFeature(p)
		f.Properties["kind"] = "sea"
		collection.Append(f)
	}
	b, err := collection.MarshalJSON()
	if err != nil {
		return "", err
	}
	from, to := filepath.Join(dir, "sea.geojson"), filepath.Join(dir, "sea.shp")
	if err := os.WriteFile(from, b, 0o600); err != nil {
		return "", err
	}
	if out, err := exec.CommandContext(ctx, ogr2ogr, to, from).CombinedOutput(); err != nil {
		return "", fmt.Errorf("ogr2ogr: %w: %s", err, bytes.TrimSpace(out))
	}
	return to, nil
}

// coastlines reads the ways with natural=coastline.
func coastlines(ctx context.Context, ogr2ogr, extract, dir string) ([]orb.LineString, error) {
	conf := filepath.Join(dir, "osmconf.ini")
	if err := os.WriteFile(conf, []byte(osmConf), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, ogr2ogr, "-f", "GeoJSONSeq", "/vsistdout/", extract, "-oo", "CONFIG_FILE="+conf, "-where", "natural = 'coastline'", "lines")
	var complaint tail
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("ogr2ogr: %w: %s", err, &complaint)
	}
	var lines []orb.LineString
	rows := bufio.NewScanner(bytes.NewReader(out))
	rows.Buffer(nil, 64<<20) // one coastline a row
	for rows.Scan() {
		row := bytes.TrimSpace(rows.Bytes())
		if len(row) == 0 {
			continue
		}
		f, err := geojson.UnmarshalFeature(row)
		if err != nil {
			return nil, err
		}
		if l, ok := f.Geometry.(orb.LineString); ok && len(l) > 1 {
			lines = append(lines, l)
		}
	}
	return lines, rows.Err()
}

// sea returns the areas of a box that lie on the right of the coastlines. It is empty when no coastline comes near, and errOpenCoast when one ends
// inside the box.
func sea(box orb.Bound, lines []orb.LineString) (orb.MultiPolygon, error) {
	var shores orb.MultiPolygon // what crosses the rim of the box, and seas inside it
	var islands []orb.Ring
	crossing := false
	for _, l := range chain(lines) {
		ring := orb.Ring(l)
		b := l.Bound()
		switch {
		case !b.Intersects(box):
			continue
		case !ring.Closed() && (inside(box, l[0]) || inside(box, l[len(l)-1])):
			return nil, errOpenCoast
		case ring.Closed() && box.Contains(b.Min) && box.Contains(b.Max) && ring.Orientation() == orb.CCW:
			islands = append(islands, ring)
			continue
		case !box.Contains(b.Min) || !box.Contains(b.Max):
			crossing = true
		}
		shores = append(shores, orb.Polygon{ring})
	}
	switch {
	case crossing:
		for _, island := range islands {
			shores[0] = append(shores[0], island) // clipping finds the area that each lies in
		}
		return smartclip.MultiPolygon(box, shores, orb.CW), nil
	case len(islands) > 0: // and no mainland in the box: everything around them is sea
		rim := box.ToRing()
		rim.Reverse()
		return append(shores, append(orb.Polygon{rim}, islands...)), nil
	}
	return shores, nil
}

func inside(b orb.Bound, p orb.Point) bool {
	return p[0] > b.Min[0] && p[0] < b.Max[0] && p[1] > b.Min[1] && p[1] < b.Max[1]
}

// chain joins lines that go on where another ends.
func chain(lines []orb.LineString) []orb.LineString {
	starts := make(map[orb.Point]int, len(lines))
	ends := make(map[orb.Point]bool, len(lines))
	for i, l := range lines {
		starts[l[0]] = i
		ends[l[len(l)-1]] = true
	}
	used := make([]bool, len(lines))
	follow := func(i int) orb.LineString {
		var out orb.LineString
		for ok := true; ok && !used[i]; i, ok = starts[out[len(out)-1]] {
			used[i] = true
			if len(out) > 0 {
				out = out[:len(out)-1]
			}
			out = append(out, lines[i]...)
		}
		return out
	}
	var out []orb.LineString
	for i, l := range lines { // from those that nothing leads to
		if !used[i] && !ends[l[0]] {
			out = append(out, follow(i))
		}
	}
	for i := range lines { // what is left goes round
		if !used[i] {
			out = append(out, follow(i))
		}
	}
	return out
}

// extractBound reads the box out of a PBF file's header; ok is false when it has none.
func extractBound(path string) (b orb.Bound, ok bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return b, false, err
	}
	defer func() { _ = f.Close() }()
	broken := func(err error) error { return fmt.Errorf("%s: header: %w", path, err) }
	var size [4]byte
	if _, err := io.ReadFull(f, size[:]); err != nil {
		return b, false, broken(err)
	}
	// The format bounds the first part to 64 KiB and the second to 32 MiB.
	first := make([]byte, min(binary.BigEndian.Uint32(size[:]), 64<<10))
	if _, err := io.ReadFull(f, first); err != nil {
		return b, false, broken(err)
	}
	length, _ := field(first, 3)
	n, _ := protowire.ConsumeVarint(length)
	blob := make([]byte, min(n, 32<<20))
	if _, err := io.ReadFull(f, blob); err != nil {
		return b, false, broken(err)
	}
	block, ok := field(blob, 1) // not compressed
	if packed, isPacked := field(blob, 3); isPacked {
		z, err := zlib.NewReader(bytes.NewReader(packed))
		if err != nil {
			return b, false, broken(err)
		}
		if block, err = io.ReadAll(io.LimitReader(z, 32<<20)); err != nil {
			return b, false, broken(err)
		}
		ok = true
	}
	box, has := field(block, 1)
	if !ok || !has {
		return b, false, nil
	}
	var sides [4]float64 // left, right, top, bottom, in units of 1e-9 degrees
	for i := range sides {
		raw, has := field(box, protowire.Number(i+1))
		if !has {
			return b, false, nil
		}
		v, _ := protowire.ConsumeVarint(raw)
		sides[i] = float64(protowire.DecodeZigZag(v)) / 1e9
	}
	return orb.Bound{Min: orb.Point{sides[0], sides[3]}, Max: orb.Point{sides[1], sides[2]}}, true, nil
}

// field returns the first field of that number in a protobuf message: the bytes of one with a length, the raw value of another.
func field(message []byte, want protowire.Number) ([]byte, bool) {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return nil, false
		}
		message = message[n:]
		if n = protowire.ConsumeFieldValue(number, kind, message); n < 0 {
			return nil, false
		}
		if number == want {
			if kind == protowire.BytesType {
				b, _ := protowire.ConsumeBytes(message)
				return b, true
			}
			return message[:n], true
		}
		message = message[n:]
	}
	return nil, false
}
