package ortho

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"
	xtiff "golang.org/x/image/tiff"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/tiles"
	"wanglou/tiles/gdal"
)

func needGDAL(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("gdal_translate"); err != nil {
		t.Skip("GDAL is not installed")
	}
}

// scene draws a picture of 300 × 200 pixels: blocks and lines, within a border of one colour where border is set.
func scene(border *color.NRGBA, dx, dy int) *image.NRGBA {
	const w, h = 300, 200
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			u, v := x+dx, y+dy
			c := color.NRGBA{R: uint8(60 + (u*7+v*3)%90), G: uint8(80 + u/16*37%100), B: uint8(70 + v/16*53%110), A: 255}
			if (u/23+v/17*5)%7 == 0 {
				c = color.NRGBA{R: 200, G: 190, B: 180, A: 255}
			}
			if border != nil && (x < 60 || y < 30) {
				c = *border
			}
			img.SetNRGBA(x, y, c)
		}
	}
	return img
}

// geotiff writes a scene as GeoTIFF in EPSG:4549, ten centimetres a pixel, as gdal_translate does with some arguments.
func geotiff(t testing.TB, img image.Image, args ...string) string {
	t.Helper()
	needGDAL(t)
	dir := t.TempDir()
	raw, out := filepath.Join(dir, "raw.tif"), filepath.Join(dir, "a.tif")
	var b bytes.Buffer
	if err := xtiff.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(raw, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	all := append([]string{"-q", "-of", "GTiff", "-a_srs", "EPSG:4549", "-a_ullr", "461000", "3299020", "461030", "3299000", "-b", "1", "-b", "2", "-b", "3", "-colorinterp", "red,green,blue"}, args...)
	if len(args) > 0 && args[0] == "no reference system" {
		all = slices.Delete(all, 3, 5)[:len(all)-3]
	}
	if _, err := gdal.Run(t.Context(), "gdal_translate", append(append(all, gdal.Input(raw)...), out), gdal.Options{}); err != nil {
		t.Fatal(err)
	}
	return out
}

func made(t testing.TB, path string) *Made {
	t.Helper()
	l, err := Gate(t.Context(), path, "", 0, DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Make(t.Context(), path, l, Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func reason(err error) string {
	var e *layers.Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

// What drone teams send, in all the forms in which programs write it: the picture and its outline are the same.
func TestFormsOfFiles(t *testing.T) {
	t.Parallel()
	black, white, clear := color.NRGBA{A: 255}, color.NRGBA{R: 255, G: 255, B: 255, A: 255}, color.NRGBA{R: 90, G: 90, B: 90}
	for name, c := range map[string]struct {
		border *color.NRGBA
		args   []string
		collar string
		share  float64 // of the whole that can be seen
	}{
		"plain":            {nil, nil, "", 1},
		"LZW":              {nil, []string{"-co", "COMPRESS=LZW", "-co", "PREDICTOR=2"}, "", 1},
		"deflate, tiled":   {nil, []string{"-co", "COMPRESS=DEFLATE", "-co", "TILED=YES"}, "", 1},
		"JPEG":             {nil, []string{"-co", "COMPRESS=JPEG", "-co", "PHOTOMETRIC=YCBCR"}, "", 1},
		"BigTIFF":          {nil, []string{"-co", "BIGTIFF=YES"}, "", 1},
		"16 bits":          {nil, []string{"-ot", "UInt16", "-scale", "0", "255", "0", "4000"}, "", 1},
		"big-endian":       {nil, []string{"-co", "ENDIANNESS=BIG"}, "", 1},
		"a band besides":   {nil, []string{"-b", "1", "-colorinterp", "red,green,blue,undefined"}, "", 1},
		"black collar":     {&black, nil, "black", 0.68},
		"white collar":     {&white, nil, "white", 0.68},
		"JPEG with collar": {&black, []string{"-co", "COMPRESS=JPEG", "-co", "JPEG_QUALITY=85"}, "black", 0.68},
		"nodata":           {&black, []string{"-a_nodata", "0"}, "", 0.68},
		"16-bit nodata":    {&black, []string{"-ot", "UInt16", "-scale", "0", "255", "0", "4000", "-a_nodata", "0"}, "", 0.68},
		"internal mask":    {&clear, []string{"-mask", "4"}, "", 0.68},
		"alpha":            {&clear, []string{"-b", "4", "-colorinterp", "red,green,blue,alpha"}, "", 0.68},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := made(t, geotiff(t, scene(c.border, 0, 0), c.args...))
			if m.Collar != c.collar {
				t.Errorf("collar %q", m.Collar)
			}
			whole := geo.Area(orb.Bound{Min: m.Footprint.Bound().Min, Max: m.Footprint.Bound().Max}.ToPolygon())
			if area := Area(m.Footprint); math.Abs(area/(600*c.share)-1) > 0.06 {
				t.Errorf("the outline holds %.1f m² of 600, its bound %.1f", area, whole)
			}
			if math.Abs(m.GSD-0.1) > 0.002 {
				t.Errorf("%.4f m a pixel", m.GSD)
			}
			if m.Bands[0].Mean < 40 || m.Bands[0].Mean > 200 {
				t.Errorf("red is %.0f on average", m.Bands[0].Mean)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	plain := scene(nil, 0, 0)
	write := func(t *testing.T, b []byte) string {
		path := filepath.Join(t.TempDir(), "a.tif")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, c := range map[string]struct {
		path func(t *testing.T) string
		kind Kind
		want string
	}{
		"a VRT that is named .tif": {func(t *testing.T) string { return write(t, []byte(`<VRTDataset rasterXSize="1" rasterYSize="1"/>`)) }, "", "capture_not_a_geotiff"},
		"nothing":                  {func(t *testing.T) string { return write(t, nil) }, "", "capture_not_a_geotiff"},
		"no place": {func(t *testing.T) string {
			var b bytes.Buffer
			if err := xtiff.Encode(&b, plain, nil); err != nil {
				t.Fatal(err)
			}
			needGDAL(t)
			return write(t, b.Bytes())
		}, "", "capture_no_transform"},
		"no reference system": {func(t *testing.T) string { return geotiff(t, plain, "no reference system") }, "", "capture_no_crs"},
		"cut off": {func(t *testing.T) string {
			b, err := os.ReadFile(geotiff(t, plain))
			if err != nil {
				t.Fatal(err)
			}
			return write(t, b[:len(b)-20_000])
		}, "", "capture_truncated"},
		"two bands":          {func(t *testing.T) string { return geotiff(t, plain, "-b", "1", "-b", "1") }, "", ""},
		"heights as photo":   {func(t *testing.T) string { return geotiff(t, plain, "-ot", "Float32") }, "", "capture_bad_type"},
		"a photo as heights": {func(t *testing.T) string { return geotiff(t, plain) }, KindDSM, "capture_not_heights"},
		"a wrong system": {func(t *testing.T) string {
			return geotiff(t, plain, "-a_srs", "EPSG:4326", "-a_ullr", "10", "50", "50", "10")
		}, "", "capture_coarse"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Gate(t.Context(), c.path(t), c.kind, 0, DefaultLimits)
			if got := reason(err); got != c.want {
				t.Errorf("%q, want %q: %v", got, c.want, err)
			}
		})
	}
}

// A file of a few kilobytes that claims 3.6 thousand million pixels is refused by its head alone.
func TestABombIsRefused(t *testing.T) {
	t.Parallel()
	needGDAL(t)
	path := filepath.Join(t.TempDir(), "bomb.tif")
	if _, err := gdal.Run(t.Context(), "gdal_create", []string{"-q", "-of", "GTiff", "-outsize", "60000", "60000", "-bands", "3", "-a_srs", "EPSG:4549", "-a_ullr", "461000", "3299000", "467000", "3293000",
		"-co", "SPARSE_OK=YES", "-co", "TILED=YES", "-co", "BLOCKXSIZE=4096", "-co", "BLOCKYSIZE=4096", path}, gdal.Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := Gate(t.Context(), path, "", 0, DefaultLimits); reason(err) != "raster_pixels" || layers.ErrorCode(err) != layers.CodeTooLarge {
		t.Errorf("%v", err)
	}
}

func TestGuesses(t *testing.T) {
	t.Parallel()
	county := orb.Bound{Min: orb.Point{119.17, 29.59}, Max: orb.Point{119.97, 30.09}}
	at := func(x, y float64) *gdal.Raster {
		return &gdal.Raster{Width: 100, Height: 100, Transform: &[6]float64{x, 0.1, 0, y, 0, -0.1}}
	}
	for name, c := range map[string]struct {
		r       *gdal.Raster
		want    int
		swapped bool
	}{
		"zone before the easting": {at(40_461_000, 3_299_000), 4528, false},
		"without the zone":        {at(461_000, 3_299_000), 4549, false},
		"Web Mercator":            {at(13_313_000, 3_479_000), 3857, false},
		"degrees":                 {&gdal.Raster{Width: 100, Height: 100, Transform: &[6]float64{119.6, 1e-6, 0, 29.8, 0, -1e-6}}, 4326, false},
		"degrees, latitude first": {&gdal.Raster{Width: 100, Height: 100, Transform: &[6]float64{29.8, 1e-6, 0, 119.6, 0, -1e-6}}, 0, true},
		"UTM":                     {at(751_000, 3_299_000), 32650, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Swapped(c.r, county); got != c.swapped {
				t.Errorf("swapped: %v", got)
			}
			if c.swapped {
				return
			}
			g := Guesses(c.r, county)
			if len(g) == 0 || !g[0].Inside {
				t.Fatalf("%+v", g)
			}
			found := false
			for _, each := range g {
				found = found || each.EPSG == c.want && each.Inside
			}
			if !found {
				t.Errorf("%d is not among those inside: first %+v", c.want, g[0])
			}
		})
	}
}

// toWGS84 agrees with PROJ.
func TestUTM(t *testing.T) {
	t.Parallel()
	p, ok := toWGS84(32650, orb.Point{750_000, 3_300_000})
	if !ok || math.Abs(p[0]-119.5872) > 2e-3 || math.Abs(p[1]-29.8041) > 2e-3 {
		t.Errorf("%v %v", p, ok)
	}
}

func TestTilesAreTheFilesOwnBytes(t *testing.T) {
	t.Parallel()
	m := made(t, geotiff(t, scene(nil, 0, 0)))
	c, err := openCOG(m.Path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.close() })
	file, err := os.ReadFile(m.Path)
	if err != nil {
		t.Fatal(err)
	}
	shelf := NewShelf(func(context.Context) ([]Entry, error) {
		return []Entry{{ID: 1, Path: m.Path, Sum: "a", AreaPath: "330122.330122001", Bound: m.Footprint.Bound()}}, nil
	}, nil)
	if err := shelf.Scan(t.Context()); err != nil {
		t.Fatal(err)
	}
	src, _ := shelf.Source(Mosaic)
	scope := (&auth.User{ID: 1, Roles: []auth.Role{auth.RoleViewer}, Areas: []string{"330122"}}).Scope()
	stranger := (&auth.User{ID: 2, Roles: []auth.Role{auth.RoleViewer}, Areas: []string{"330122.330122002"}}).Scope()
	seen := 0
	for _, l := range c.levels {
		for i := range l.picture.Across() * l.picture.Down() {
			at := tiles.Coord{Z: l.zoom, X: l.x + uint32(i%l.picture.Across()), Y: l.y + uint32(i/l.picture.Across())}
			tile, err := src.Tile(t.Context(), tiles.Request{Scope: scope, Coord: at})
			if err != nil {
				t.Fatal(err)
			}
			if len(tile.Body) == 0 {
				continue
			}
			seen++
			if tile.Format != tiles.FormatWebP || string(tile.Body[:4]) != "RIFF" || !bytes.Contains(file, tile.Body) {
				t.Errorf("tile %v is not copied", at)
			}
			if again, err := src.Tile(t.Context(), tiles.Request{Scope: scope, Coord: at, ETag: tile.ETag}); err != nil || !again.Unchanged {
				t.Errorf("%v %v", again, err)
			}
			if other, err := src.Tile(t.Context(), tiles.Request{Scope: stranger, Coord: at}); err != nil || len(other.Body) != 0 {
				t.Errorf("a neighbour reads %d bytes, %v", len(other.Body), err)
			}
		}
	}
	if seen == 0 {
		t.Error("there are no tiles")
	}
	if _, err := tiles.InfoFor(src, stranger); layers.ErrorCode(err) != layers.CodeNotFound {
		t.Errorf("a neighbour learns where it is: %v", err)
	}
	// Coarser and finer ones are made of them.
	middle := m.Footprint.Bound().Center()
	for _, z := range []uint8{c.minZoom() - 2, c.maxZoom() + 2} {
		x, y := project(middle)
		n := math.Exp2(float64(z))
		tile, err := src.Tile(t.Context(), tiles.Request{Scope: scope, Coord: tiles.Coord{Z: z, X: uint32(x * n), Y: uint32(y * n)}})
		if err != nil || len(tile.Body) == 0 {
			t.Errorf("zoom %d: %d bytes, %v", z, len(tile.Body), err)
		}
	}
}

func TestOffsetIsMeasured(t *testing.T) {
	t.Parallel()
	a := made(t, geotiff(t, scene(nil, 0, 0)))
	b := made(t, geotiff(t, scene(nil, 3, -2))) // what it shows lies 3 pixels to the west, 2 to the south
	ca, err := openCOG(a.Path)
	if err != nil {
		t.Fatal(err)
	}
	cb, err := openCOG(b.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = ca.close(), cb.close() }()
	east, north, quality, err := offset(ca, cb)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(east-0.3) > 0.06 || math.Abs(north-0.2) > 0.06 || quality < 0.1 {
		t.Errorf("%.3f m to the east, %.3f to the north, quality %.2f", east, north, quality)
	}
}

func TestOutlines(t *testing.T) {
	t.Parallel()
	rows := []string{"....", ".##.", ".##.", "...#"}
	rings := outlines(4, 4, func(x, y int) bool { return x >= 0 && y >= 0 && x < 4 && y < 4 && rows[y][x] == '#' })
	if len(rings) != 2 || len(rings[0]) != 5 || len(rings[1]) != 5 {
		t.Errorf("%v", rings)
	}
	hole := []string{"###", "#.#", "###"}
	if rings = outlines(3, 3, func(x, y int) bool { return x >= 0 && y >= 0 && x < 3 && y < 3 && hole[y][x] == '#' }); len(rings) != 2 {
		t.Errorf("%v", rings)
	}
}

func zipOf(t *testing.T, files map[string][]byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.zip")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	for name, b := range files {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write(b)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(z.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestUnpack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files map[string][]byte
		want  map[string]string
		err   string
	}{
		"ODM":       {map[string][]byte{"all/odm_orthophoto/odm_orthophoto.tif": {1}, "all/odm_dem/dsm.tif": {2}, "all/odm_dem/dtm.tif": {3}, "all/odm_texturing/a.tif": {4}}, map[string]string{"ortho": "odm_orthophoto.tif", "dsm": "dsm.tif", "dtm": "dtm.tif"}, ""},
		"DJI Terra": {map[string][]byte{"p/map/result.tif": {1}, "p/map/dsm.tif": {2}, "p/map/tiles/12/1.tif": make([]byte, 99)}, map[string]string{"ortho": "result.tif", "dsm": "dsm.tif"}, ""},
		"Pix4D": {map[string][]byte{"p/3_dsm_ortho/2_mosaic/p_mosaic_group1.tif": make([]byte, 50), "p/3_dsm_ortho/2_mosaic/p_transparent_mosaic_group1.tif": {1}, "p/3_dsm_ortho/1_dsm/p_dsm.tif": {2}, "p/3_dsm_ortho/extras/dtm/p_dtm.tif": {3}},
			map[string]string{"ortho": "p_transparent_mosaic_group1.tif", "dsm": "p_dsm.tif", "dtm": "p_dtm.tif"}, ""},
		"Metashape":      {map[string][]byte{"x/orthomosaic.tif": {1}, "x/dem.tif": {2}, "x/flight.csv": {3}}, map[string]string{"ortho": "orthomosaic.tif", "dsm": "dem.tif", "track": "flight.csv"}, ""},
		"zip slip":       {map[string][]byte{"../../etc/a.tif": {1}}, nil, "capture_zip_path"},
		"Windows' slip":  {map[string][]byte{`..\a.tif`: {1}}, nil, "capture_zip_path"},
		"nothing in it":  {map[string][]byte{"readme.txt": {1}}, nil, "capture_zip_empty"},
		"bomb":           {map[string][]byte{"ortho.tif": make([]byte, 80<<20)}, nil, "capture_zip_bomb"},
		"an ortho alone": {map[string][]byte{"正射.tif": {1}}, map[string]string{"ortho": "正射.tif"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			found, err := Unpack(t.Context(), zipOf(t, c.files), dir, 1<<30)
			if reason(err) != c.err {
				t.Fatalf("%v, want %q", err, c.err)
			}
			got := map[string]string{}
			for _, f := range found {
				got[f.Kind] = f.Name
				if filepath.Dir(f.Path) != dir {
					t.Errorf("%s was written to %s", f.Name, f.Path)
				}
			}
			if len(got) != len(c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
			for k, v := range c.want {
				if got[k] != v {
					t.Errorf("%s is %s, want %s", k, got[k], v)
				}
			}
		})
	}
}

// The plan never makes a picture much larger than it is, whatever the place and size.
func TestPlan(t *testing.T) {
	t.Parallel()
	for i := range 200 {
		lon, side := 119.2+float64(i)*0.0037, 40.0*float64(1+i%50)
		dLat, dLon := side/111_320, side/(111_320*math.Cos(29.8*math.Pi/180))
		ring := orb.Bound{Min: orb.Point{lon, 29.8}, Max: orb.Point{lon + dLon, 29.8 + dLat}}.ToRing()
		z, n := plan(&Looked{GSD: 0.05, Bound: ring})
		if z != 21 || n < 1 || n > 10 {
			t.Fatalf("%s m at %f: zoom %d, %d levels", strconv.Itoa(int(side)), lon, z, n)
		}
	}
}

func FuzzIndex(f *testing.F) {
	var b bytes.Buffer
	if err := xtiff.Encode(&b, image.NewNRGBA(image.Rect(0, 0, 9, 5)), nil); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte("II*\x00\x08\x00\x00\x00\x01\x00\x00\x01\x04\x00\xff\xff\xff\xff\x00\x00\x00\x00\x08\x00\x00\x00"))
	f.Add([]byte("II+\x00\x08\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := readIndex(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		x.truncated(int64(len(b)))
		if _, err := grid(x); err == nil && len(b) < 8 {
			t.Error("a grid of nothing")
		}
	})
}
