package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strconv"
)

const (
	tiles3DLevels  = 5    // of a quadtree: 341 tiles
	tiles3DSide    = 4000 // metres that the landscape is wide
	tiles3DPicture = 1024 // pixels of each tile's picture, to a side
	tiles3DError   = 320  // metres by which the root is wrong; half as much a level down
	tiles3DName    = "fly-over"

	// What docs/sources.md promises of all tilesets together. The last tile that fits may reach beyond it.
	tiles3DMost = 256 << 20
	tiles3DKept = 128 << 20
	// The map keeps drawn ground of where it came by, whether there is a landscape or not.
	tiles3DGround = 16 << 20
)

// tiles3D flies over a landscape of 1.9 GB, most of which its views want at once, on a screen of a wall, and reads how much is held: by what the map says of itself, and by what was given to the
// graphics context and not taken back. Both must go when the camera leaves, when the landscape is put off and when the context is lost. The reference is the whole landscape.
var tiles3D = bench{figures: []string{"tiles3d-memory", "tiles3d-graphics"}, run: func(ctx context.Context, e *env) (figures []figure, err error) {
	folder := filepath.Join(e.dir, "data", "tilesets", tiles3DName)
	all, err := writeLandscape(folder, 119.685, 29.797)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	srv, end, err := e.serveCounty(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	var seen struct {
		Most, Away, Off, Lost, Again float64    // bytes that the map says it holds
		Graphics                     [3]float64 // bytes in the graphics context: the most, after leaving, put off; less what was there before
		Fetched                      int        // files of the landscape
	}
	if err := srv.page(ctx, e, "tiles3d.mjs", &seen, tiles3DName); err != nil {
		return nil, err
	}
	e.say("tiles3d-memory: %+v", seen)
	tile := float64(all) / tiles3DTiles()
	for _, c := range []struct {
		when       string
		held, most float64
	}{
		{"in flight", seen.Most, tiles3DMost + tile},
		{"when the camera left", seen.Away, tiles3DKept + tile},
		{"put off", seen.Off, 0},
		{"without a graphics context", seen.Lost, 0},
		{"with a new graphics context", seen.Again, tiles3DMost + tile},
		{"by the graphics context, in flight", seen.Graphics[0], 1.1 * (tiles3DMost + tile)},
		{"by the graphics context, put off", seen.Graphics[2], tiles3DGround},
	} {
		if c.held > c.most {
			return nil, fmt.Errorf("%.0f MiB are held %s, %.0f are allowed", c.held/(1<<20), c.when, c.most/(1<<20))
		}
	}
	if seen.Again == 0 || seen.Most < tiles3DMost/2 {
		return nil, fmt.Errorf("the landscape was not shown: %+v", seen)
	}
	one := func(name string, v float64) figure {
		return figure{name: name, value: v / (1 << 20), unit: "MiB", ratio: v / float64(all), against: "all-tiles"}
	}
	return []figure{one("tiles3d-memory", seen.Most), one("tiles3d-graphics", seen.Graphics[0])}, nil
}}

func tiles3DTiles() float64 { return float64((1<<(2*tiles3DLevels) - 1) / 3) }

// writeLandscape makes a tileset: a quadtree of squares with a picture each, around a place. It tells how many bytes all of its pictures take in memory, with their smaller copies.
func writeLandscape(folder string, lon, lat float64) (bytesOfAll int64, err error) {
	if err := os.MkdirAll(folder, 0o755); err != nil { // #nosec G301 -- a folder of the bench
		return 0, err
	}
	model, err := groundModel()
	if err != nil {
		return 0, err
	}
	var tile func(level, x, y int) map[string]any
	tile = func(level, x, y int) map[string]any {
		side := float64(tiles3DSide) / float64(int(1)<<level)
		east, north := (float64(x)+0.5)*side-tiles3DSide/2, (float64(y)+0.5)*side-tiles3DSide/2
		name := strconv.Itoa(level) + "-" + strconv.Itoa(x) + "-" + strconv.Itoa(y) + ".glb"
		if e := os.WriteFile(filepath.Join(folder, name), model(side, east, north), 0o644); e != nil { // #nosec G306 -- as above
			err = e
		}
		t := map[string]any{
			"boundingVolume": map[string]any{"box": []float64{east, north, 10, side / 2, 0, 0, 0, side / 2, 0, 0, 0, 10}},
			"geometricError": float64(tiles3DError) / float64(int(1)<<level),
			"refine":         "REPLACE",
			"content":        map[string]any{"uri": name},
		}
		if level == tiles3DLevels-1 {
			t["geometricError"] = 0
			return t
		}
		t["children"] = []any{tile(level+1, 2*x, 2*y), tile(level+1, 2*x+1, 2*y), tile(level+1, 2*x, 2*y+1), tile(level+1, 2*x+1, 2*y+1)}
		return t
	}
	root := tile(0, 0, 0)
	if err != nil {
		return 0, err
	}
	root["transform"] = eastNorthUp(lon, lat)
	text, err := json.Marshal(map[string]any{"asset": map[string]any{"version": "1.1"}, "geometricError": 2 * tiles3DError, "root": root})
	if err != nil {
		return 0, err
	}
	const picture = tiles3DPicture * tiles3DPicture * 4 * 4 / 3
	return int64(tiles3DTiles()) * picture, os.WriteFile(filepath.Join(folder, "tileset.json"), text, 0o644) // #nosec G306 -- as above
}

// eastNorthUp leads from metres around a place to those of the earth's centre, column by column.
func eastNorthUp(lon, lat float64) []float64 {
	const a, e2 = 6378137.0, 0.00669437999014
	sl, cl := math.Sincos(lon * math.Pi / 180)
	sp, cp := math.Sincos(lat * math.Pi / 180)
	n := a / math.Sqrt(1-e2*sp*sp)
	return []float64{-sl, cl, 0, 0, -sp * cl, -sp * sl, cp, 0, cp * cl, cp * sl, sp, 0, n * cp * cl, n * cp * sl, n * (1 - e2) * sp, 1}
}

// groundModel makes models (glTF, binary) of a level square with a picture on it. glTF's up is y: east is x, and north is -z.
func groundModel() (func(side, east, north float64) []byte, error) {
	img := image.NewNRGBA(image.Rect(0, 0, tiles3DPicture, tiles3DPicture))
	for y := range tiles3DPicture {
		for x := range tiles3DPicture {
			grey := uint8(90 + 60*((x/64+y/64)%2) + x%16) // #nosec G115 -- below 170
			img.SetNRGBA(x, y, color.NRGBA{grey, grey, grey - 20, 255})
		}
	}
	var picture bytes.Buffer
	if err := png.Encode(&picture, img); err != nil {
		return nil, err
	}
	for picture.Len()%4 != 0 {
		picture.WriteByte(0)
	}
	return func(side, east, north float64) []byte {
		h := side / 2
		var points bytes.Buffer
		put := func(v ...float64) {
			for _, f := range v {
				_ = binary.Write(&points, binary.LittleEndian, float32(f))
			}
		}
		for _, c := range [4][2]float64{{-h, -h}, {h, -h}, {h, h}, {-h, h}} {
			put(east+c[0], 10, -(north + c[1]))
		}
		put(0, 1, 1, 1, 1, 0, 0, 0)
		for _, i := range [6]uint16{0, 1, 2, 0, 2, 3} {
			_ = binary.Write(&points, binary.LittleEndian, i)
		}
		body := append(points.Bytes(), picture.Bytes()...)
		type m = map[string]any
		head, err := json.Marshal(m{
			"asset": m{"version": "2.0"}, "scene": 0, "scenes": []m{{"nodes": []int{0}}}, "nodes": []m{{"mesh": 0}},
			"meshes":    []m{{"primitives": []m{{"attributes": m{"POSITION": 0, "TEXCOORD_0": 1}, "indices": 2, "material": 0}}}},
			"materials": []m{{"pbrMetallicRoughness": m{"baseColorTexture": m{"index": 0}, "metallicFactor": 0}}},
			"textures":  []m{{"source": 0}}, "images": []m{{"bufferView": 3, "mimeType": "image/png"}},
			"accessors": []m{
				{"bufferView": 0, "componentType": 5126, "count": 4, "type": "VEC3", "min": []float64{east - h, 10, -north - h}, "max": []float64{east + h, 10, -north + h}},
				{"bufferView": 1, "componentType": 5126, "count": 4, "type": "VEC2"},
				{"bufferView": 2, "componentType": 5123, "count": 6, "type": "SCALAR"},
			},
			"bufferViews": []m{{"buffer": 0, "byteLength": 48}, {"buffer": 0, "byteOffset": 48, "byteLength": 32}, {"buffer": 0, "byteOffset": 80, "byteLength": 12}, {"buffer": 0, "byteOffset": 92, "byteLength": picture.Len()}},
			"buffers":     []m{{"byteLength": len(body)}},
		})
		if err != nil {
			panic(err) // numbers and strings alone
		}
		for len(head)%4 != 0 {
			head = append(head, ' ')
		}
		var out bytes.Buffer
		words := func(v ...int) {
			for _, n := range v {
				_ = binary.Write(&out, binary.LittleEndian, uint32(n)) // #nosec G115 -- sizes of a file of kilobytes
			}
		}
		words(0x46546c67, 2, 12+8+len(head)+8+len(body), len(head), 0x4e4f534a)
		out.Write(head)
		words(len(body), 0x004e4942)
		out.Write(body)
		return out.Bytes()
	}, nil
}
