package terrain_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	_ "golang.org/x/image/webp" // terrain tiles

	"wanglou/deploy/terrain"
	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/realdata"
	"wanglou/tiles"
)

func needGDAL(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("gdalwarp"); err != nil {
		t.Skipf("GDAL is not here: %v", err)
	}
}

// built is an archive that was made and is read as the server reads it.
type built struct {
	t      *testing.T
	result terrain.Result
	source tiles.Source
	kept   map[tiles.Coord]image.Image
}

func build(t *testing.T, o terrain.Options, form string) *built {
	t.Helper()
	needGDAL(t)
	dir := t.TempDir()
	o.Output = filepath.Join(dir, "terrain"+form)
	var last terrain.Progress
	o.Progress = func(p terrain.Progress) {
		if p.Step == last.Step && p.Done <= last.Done {
			t.Errorf("progress goes back from %+v to %+v", last, p)
		}
		last = p
	}
	result, err := terrain.Build(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if last.Step != "writing" || last.Done != last.Total || last.Total != result.Tiles {
		t.Errorf("the last progress is %+v of %d tiles", last, result.Tiles)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("left beside the archive: %v, %v", entries, err)
	}
	folder, err := tiles.OpenFolder(t.Context(), dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = folder.Close() })
	s, ok := folder.Source("terrain")
	if !ok {
		t.Fatalf("the archive is not served: %v", folder.Broken())
	}
	return &built{t: t, result: result, source: s, kept: map[tiles.Coord]image.Image{}}
}

var viewer = (&auth.User{ID: 1, Roles: []auth.Role{auth.RoleViewer}, Areas: []string{"*"}}).Scope()

// body returns a tile's picture as it is in the archive, nil when it has none.
func (b *built) body(c tiles.Coord) []byte {
	b.t.Helper()
	tile, err := b.source.Tile(b.t.Context(), tiles.Request{Scope: viewer, Coord: c})
	if err != nil {
		b.t.Fatal(err)
	}
	return tile.Body
}

// pixel returns the height at a pixel of a zoom's whole picture, NaN outside of the archive.
func (b *built) pixel(z, x, y int) float64 {
	b.t.Helper()
	c := tiles.Coord{Z: uint8(z), X: uint32(x / 512), Y: uint32(y / 512)}
	img, ok := b.kept[c]
	if !ok {
		if body := b.body(c); body != nil {
			var err error
			if img, _, err = image.Decode(bytes.NewReader(body)); err != nil {
				b.t.Fatal(err)
			}
			if img.Bounds().Dx() != 512 || img.Bounds().Dy() != 512 {
				b.t.Fatalf("%v is %v", c, img.Bounds())
			}
		}
		b.kept[c] = img
	}
	if img == nil {
		return math.NaN()
	}
	red, green, blue, _ := img.At(x%512, y%512).RGBA()
	return float64(red>>8)*256 + float64(green>>8) + float64(blue>>8)/256 - 32768
}

// height interpolates at a place, as a renderer does.
func (b *built) height(z int, at orb.Point) float64 {
	b.t.Helper()
	n := 512 * math.Exp2(float64(z))
	s := math.Sin(at[1] * math.Pi / 180)
	x, y := (at[0]+180)/360*n-0.5, (0.5-math.Log((1+s)/(1-s))/4/math.Pi)*n-0.5
	x0, y0 := int(math.Floor(x)), int(math.Floor(y))
	fx, fy := x-float64(x0), y-float64(y0)
	return (b.pixel(z, x0, y0)*(1-fx)+b.pixel(z, x0+1, y0)*fx)*(1-fy) + (b.pixel(z, x0, y0+1)*(1-fx)+b.pixel(z, x0+1, y0+1)*fx)*fy
}

// asked returns the heights of a model in the middles of its pixels, by gdallocationinfo.
func asked(t *testing.T, path string, pixels [][2]int) []float64 {
	t.Helper()
	cmd := exec.Command("gdallocationinfo", "-valonly", path)
	var in strings.Builder
	for _, p := range pixels {
		fmt.Fprintln(&in, p[0], p[1])
	}
	cmd.Stdin = strings.NewReader(in.String())
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var heights []float64
	for _, field := range strings.Fields(string(out)) {
		v, err := strconv.ParseFloat(field, 64)
		if err != nil {
			t.Fatal(err)
		}
		heights = append(heights, v)
	}
	if len(heights) != len(pixels) {
		t.Fatalf("%d heights of %d", len(heights), len(pixels))
	}
	return heights
}

// The heights of the tiles are those of the models: SRTM of the Alps and the Pyrenees, which have voids and steep slopes.
func TestRealHeights(t *testing.T) {
	t.Parallel()
	needGDAL(t)
	for _, c := range []struct {
		name        string
		west, north float64 // of the middle of the first pixel
	}{{"dem/N43E007.hgt.zip", 7, 44}, {"dem/N42E001.hgt.zip", 1, 43}} {
		t.Run(filepath.Base(c.name), func(t *testing.T) {
			t.Parallel()
			path := realdata.Path(t, c.name)
			b := build(t, terrain.Options{Inputs: []string{path}, Attribution: "SRTM"}, ".pmtiles")
			info := b.source.Info()
			if info.Encoding != "terrarium" || info.MaxZoom != b.result.MaxZoom || info.MaxZoom != 10 || info.MinZoom != 0 || info.TileSize != 512 || info.Attribution != "SRTM" {
				t.Errorf("info = %+v", info)
			}
			r := rand.New(rand.NewPCG(1, 2))
			pixels := make([][2]int, 3000)
			for i := range pixels {
				pixels[i] = [2]int{5 + r.IntN(1190), 5 + r.IntN(1190)}
			}
			var off []float64
			voids := 0
			for i, want := range asked(t, path, pixels) {
				at := orb.Point{c.west + float64(pixels[i][0])/1200, c.north - float64(pixels[i][1])/1200}
				got := b.height(10, at)
				if want == -32768 {
					voids++
					if !(got >= 0 && got < 3200) {
						t.Errorf("a void at %v was filled with %.1f m", at, got)
					}
					continue
				}
				off = append(off, math.Abs(got-want))
			}
			slices.Sort(off)
			p50, p95, most := off[len(off)/2], off[len(off)*95/100], off[len(off)-1]
			t.Logf("difference to gdallocationinfo: median %.2f m, 95 %% below %.2f m, at most %.2f m; %d of %d points are voids", p50, p95, most, voids, len(pixels))
			// Two interpolations between points 92 m apart round off ridges; they do not shift.
			if p50 > 2 || p95 > 8 || most > 60 {
				t.Errorf("median %.2f m, 95 %% below %.2f m, at most %.2f m", p50, p95, most)
			}
		})
	}
}

// grid writes an ESRI ASCII grid of EPSG:4326: rows from the north.
func grid(t *testing.T, west, south, cell float64, rows [][]float64) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "ncols %d\nnrows %d\nxllcorner %v\nyllcorner %v\ncellsize %v\nNODATA_value -9999\n", len(rows[0]), len(rows), west, south, cell)
	for _, row := range rows {
		for _, v := range row {
			fmt.Fprintf(&b, "%v ", v)
		}
		b.WriteString("\n")
	}
	path := filepath.Join(t.TempDir(), "dem.asc")
	const wgs84 = `GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]`
	for name, text := range map[string]string{path: b.String(), strings.TrimSuffix(path, ".asc") + ".prj": wgs84} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// plane is a model that rises to the east, 10 m a cell from 100 m on, with a hole.
func plane(t *testing.T) string {
	rows := make([][]float64, 200)
	for y := range rows {
		rows[y] = make([]float64, 200)
		for x := range rows[y] {
			rows[y][x] = 100 + 10*float64(x)
			if x >= 90 && x < 110 && y >= 90 && y < 110 {
				rows[y][x] = -9999
			}
		}
	}
	return grid(t, 119.6, 29.7, 0.001, rows)
}

// A void is filled from its rim without a step; beside the model the ground falls to sea level at last.
func TestVoids(t *testing.T) {
	t.Parallel()
	b := build(t, terrain.Options{Inputs: []string{plane(t)}}, ".mbtiles")
	z := b.result.MaxZoom
	before := math.NaN()
	for x := 119.62; x < 119.78; x += 0.0001 {
		got := b.height(z, orb.Point{x, 29.8})
		want := 100 + 10*((x-119.6)/0.001-0.5)
		limit := 1.0
		if x > 119.688 && x < 119.712 {
			limit = 60 // inside the void, which is 200 m of rise wide
		}
		if !(math.Abs(got-want) < limit) {
			t.Fatalf("%.4f: %.1f m, want %.1f", x, got, want)
		}
		if math.Abs(got-before) > 25 {
			t.Fatalf("%.4f: a step from %.1f to %.1f m", x, before, got)
		}
		before = got
	}
	if got := b.height(0, orb.Point{-60, -30}); got != 0 {
		t.Errorf("the other side of the world is %.1f m high", got)
	}
	if b.result.Filled <= 0 || b.result.Filled >= 1 {
		t.Errorf("filled = %v", b.result.Filled)
	}
}

// Neighbour tiles agree where they meet, also where both were filled.
func TestNoSeams(t *testing.T) {
	t.Parallel()
	b := build(t, terrain.Options{Inputs: []string{plane(t)}, MaxZoom: 12}, ".pmtiles")
	low, high := tileOf(b.source.Info().Bound.Min, 12), tileOf(b.source.Info().Bound.Max, 12)
	for y := high[1] * 512; y < (low[1]+1)*512; y++ {
		for x := (low[0] + 1) * 512; x <= high[0]*512; x += 512 {
			west, east := b.pixel(12, x-1, y), b.pixel(12, x, y)
			if math.Abs(west-east) > 30 {
				t.Fatalf("at %d, %d: %.1f m meets %.1f m", x, y, west, east)
			}
		}
	}
}

func tileOf(p orb.Point, z int) [2]int {
	n := math.Exp2(float64(z))
	s := math.Sin(p[1] * math.Pi / 180)
	return [2]int{int((p[0] + 180) / 360 * n), int((0.5 - math.Log((1+s)/(1-s))/4/math.Pi) * n)}
}

// Both archives and both pictures say the same.
func TestForms(t *testing.T) {
	t.Parallel()
	path := plane(t)
	want := build(t, terrain.Options{Inputs: []string{path}, MaxZoom: 9}, ".pmtiles")
	for name, other := range map[string]*built{
		"mbtiles": build(t, terrain.Options{Inputs: []string{path}, MaxZoom: 9}, ".mbtiles"),
		"webp":    build(t, terrain.Options{Inputs: []string{path}, MaxZoom: 9, WebP: true}, ".pmtiles"),
	} {
		if other.result.Tiles != want.result.Tiles {
			t.Errorf("%s: %d tiles, want %d", name, other.result.Tiles, want.result.Tiles)
		}
		if a, b := want.source.Info(), other.source.Info(); a.Bound != b.Bound || a.MaxZoom != b.MaxZoom || a.Encoding != b.Encoding || a.TileSize != b.TileSize {
			t.Errorf("%s: %+v, want %+v", name, b, a)
		}
		at := tileOf(orb.Point{119.7, 29.8}, 9)
		for i := range 512 {
			x, y := at[0]*512+i, at[1]*512+i
			if a, b := want.pixel(9, x, y), other.pixel(9, x, y); a != b {
				t.Fatalf("%s: %v m at %d, want %v", name, b, i, a)
			}
		}
	}
	if f := want.source.Info().Format; f != tiles.FormatPNG {
		t.Errorf("format = %v", f)
	}
}

// Of two models that overlap the later one counts, and each is read in its own coordinate system.
func TestSeveralModels(t *testing.T) {
	t.Parallel()
	needGDAL(t)
	flat := func(h float64) [][]float64 {
		rows := make([][]float64, 50)
		for y := range rows {
			rows[y] = slices.Repeat([]float64{h}, 50)
		}
		return rows
	}
	first, second := grid(t, 119.60, 29.70, 0.001, flat(50)), grid(t, 119.62, 29.70, 0.001, flat(300))
	projected := filepath.Join(t.TempDir(), "cgcs.tif") // CGCS2000, three-degree zone 120°E, as surveys deliver
	if out, err := exec.Command("gdalwarp", "-q", "-t_srs", "EPSG:4549", second, projected).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	b := build(t, terrain.Options{Inputs: []string{first, projected}}, ".pmtiles")
	for lon, want := range map[float64]float64{119.61: 50, 119.64: 300, 119.66: 300} {
		if got := b.height(b.result.MaxZoom, orb.Point{lon, 29.72}); math.Abs(got-want) > 0.2 {
			t.Errorf("%.2f: %.2f m, want %.0f", lon, got, want)
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	needGDAL(t)
	dir := t.TempDir()
	model := plane(t)
	made := func(name string, args ...string) string {
		path := filepath.Join(dir, name)
		if out, err := exec.Command("gdal_translate", append(append([]string{"-q"}, args...), model, path)...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return path
	}
	text := filepath.Join(dir, "readme.tif")
	if err := os.WriteFile(text, []byte("not a picture"), 0o600); err != nil {
		t.Fatal(err)
	}
	cut := made("cut.tif", "-ot", "Float32")
	if b, err := os.ReadFile(cut); err != nil || os.WriteFile(cut, b[:len(b)/2], 0o600) != nil {
		t.Fatal(err)
	}
	bare := grid(t, 0, 0, 0.01, [][]float64{{1, 2}, {3, 4}})
	if err := os.Remove(strings.TrimSuffix(bare, ".asc") + ".prj"); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "tiles", "terrain.pmtiles")
	for _, c := range []struct {
		name   string
		o      terrain.Options
		code   layers.Code
		reason string
	}{
		{"no model", terrain.Options{}, layers.CodeInvalid, "required"},
		{"not there", terrain.Options{Inputs: []string{filepath.Join(dir, "none.tif")}}, layers.CodeNotFound, ""},
		{"no raster", terrain.Options{Inputs: []string{text}}, layers.CodeInvalid, "not_a_raster"},
		{"a picture", terrain.Options{Inputs: []string{made("picture.tif", "-ot", "Byte", "-b", "1", "-b", "1", "-b", "1")}}, layers.CodeInvalid, "not_a_dem"},
		{"bytes", terrain.Options{Inputs: []string{made("byte.tif", "-ot", "Byte")}}, layers.CodeInvalid, "not_a_dem"},
		{"nowhere", terrain.Options{Inputs: []string{bare}}, layers.CodeInvalid, "no_crs"},
		{"scaled", terrain.Options{Inputs: []string{made("scaled.tif", "-a_scale", "0.1")}}, layers.CodeInvalid, "scaled_heights"},
		{"cut off", terrain.Options{Inputs: []string{cut}}, layers.CodeInvalid, "broken_dem"},
		{"no room", terrain.Options{Inputs: []string{model}, MaxScratch: 3 << 20}, layers.CodeStorageFull, "scratch_too_small"},
		{"too deep", terrain.Options{Inputs: []string{model}, MaxZoom: 30}, layers.CodeInvalid, "out_of_range"},
		{"wrong form", terrain.Options{Inputs: []string{model}, Output: filepath.Join(dir, "terrain.zip")}, layers.CodeInvalid, "extension"},
	} {
		if c.o.Output == "" {
			c.o.Output = out
		}
		_, err := terrain.Build(t.Context(), c.o)
		var e *layers.Error
		if !errors.As(err, &e) || e.Code != c.code || e.Reason != c.reason {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if entries, _ := os.ReadDir(filepath.Dir(out)); len(entries) != 0 {
		t.Errorf("left behind: %v", entries)
	}
}

// Whoever stops a build keeps the archive that was there.
func TestCancel(t *testing.T) {
	t.Parallel()
	needGDAL(t)
	dir := t.TempDir()
	out := filepath.Join(dir, "terrain.pmtiles")
	if err := os.WriteFile(out, []byte("the old one"), 0o600); err != nil {
		t.Fatal(err)
	}
	model := plane(t)
	for _, step := range []string{"reading", "filling", "writing"} {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := terrain.Build(ctx, terrain.Options{Inputs: []string{model}, Output: out, MaxZoom: 12, Progress: func(p terrain.Progress) {
			if p.Step == step {
				cancel()
			}
		}})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", step, err)
		}
		if b, err := os.ReadFile(out); err != nil || string(b) != "the old one" {
			t.Errorf("%s: %q, %v", step, b, err)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
}
