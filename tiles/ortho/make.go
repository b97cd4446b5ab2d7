package ortho

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"

	"wanglou/layers"
	"wanglou/tiles/gdal"
)

// Made is what became of a picture.
type Made struct {
	Path      string           `json:"-"`
	Width     int              `json:"width"`
	Height    int              `json:"height"`
	MinZoom   int              `json:"min_zoom"` // of the tiles that are in the file
	MaxZoom   int              `json:"max_zoom"`
	GSD       float64          `json:"gsd_m"`
	EPSG      int              `json:"epsg"` // of the original
	Collar    string           `json:"collar,omitempty"`
	Footprint orb.MultiPolygon `json:"-"`
	Bands     []BandStats      `json:"bands"`
}

// BandStats describe a band as it is shown, 0 to 255, or the heights of a model in metres.
type BandStats struct {
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
	Mean   float64 `json:"mean"`
	StdDev float64 `json:"stddev"`
}

// Options bound the making.
type Options struct {
	Dir      string // for what is made and all that is temporary; it is the caller's to remove
	Threads  int
	Quality  int   // of WebP, 0: 85
	Spare    int64 // bytes that are left free on the disk, 0: a gigabyte
	Progress func(step string, share float64)
}

func (o *Options) tell(step string, share float64) {
	if o.Progress != nil {
		o.Progress(step, share)
	}
}

// room refuses what would fill the disk before it is begun: CodeStorageFull.
func (o *Options) room(wanted int64) error {
	spare := cmp.Or(o.Spare, 1<<30)
	var disk syscall.Statfs_t
	if err := syscall.Statfs(o.Dir, &disk); err != nil {
		return nil // writing will tell
	}
	if free := int64(disk.Bavail) * disk.Bsize; free < wanted+spare {
		return &layers.Error{Code: layers.CodeStorageFull, Msg: fmt.Sprintf("the disk has room for %d MB, %d MB are needed", free>>20, (wanted+spare)>>20)}
	}
	return nil
}

// Make makes the picture of which tiles are served: what is no picture becomes transparent first, then the whole is brought onto the Web Mercator grid as WebP.
// The original is only read. Errors are those of gdal.Run, besides CodeInvalid with "capture_empty" for a file that shows nothing.
func Make(ctx context.Context, path string, l *Looked, o Options) (*Made, error) {
	if err := o.room(l.Raster.Pixels() * 2); err != nil {
		return nil, err
	}
	o.tell("prepare", 0)
	prepared, collar, err := prepare(ctx, path, l, &o)
	if err != nil {
		return nil, err
	}
	zoom, levels := plan(l)
	warped, err := warp(ctx, prepared, zoom, levels, &o)
	if err != nil {
		return nil, err
	}
	out := filepath.Join(o.Dir, "ortho.tif")
	quality := o.Quality
	if quality == 0 {
		quality = 85
	}
	args := append(append([]string{"-of", "COG", "-co", "TILING_SCHEME=GoogleMapsCompatible", "-co", "COMPRESS=WEBP", "-co", "QUALITY=" + strconv.Itoa(quality), "-co", "SPARSE_OK=YES",
		"-co", "ADD_ALPHA=YES", "-co", "ZOOM_LEVEL=" + strconv.Itoa(zoom), "-co", "ALIGNED_LEVELS=" + strconv.Itoa(levels), "-co", "OVERVIEW_COUNT=" + strconv.Itoa(levels-1),
		"-co", "WARP_RESAMPLING=BILINEAR", "-co", "OVERVIEW_RESAMPLING=AVERAGE", "-co", "BIGTIFF=IF_SAFER", "-co", "NUM_THREADS=" + threads(o.Threads)}, gdal.Input(warped)...), out)
	if _, err := gdal.Run(ctx, "gdal_translate", args, gdal.Options{Dir: o.Dir, Threads: o.Threads, CacheMB: 512, MemoryMB: 8192,
		Progress: func(f float64) { o.tell("tiles", 0.55+0.4*f) }}); err != nil {
		return nil, err
	}
	if err := os.Remove(warped); err != nil { // it is as large as the picture
		return nil, err
	}
	if err := flush(out); err != nil {
		return nil, err
	}
	o.tell("measure", 0.96)
	m, err := Measure(out)
	if err != nil {
		return nil, err
	}
	m.GSD, m.EPSG, m.Collar = l.GSD, l.EPSG, collar
	return m, nil
}

// warp brings a picture onto the grid of the tiles, and fills its sides up to whole tiles of the coarsest level that lies on it. The COG's own driver would do the same, into a file that it packs and unpacks
// twice; this one is not packed, which takes a quarter less of processor time.
func warp(ctx context.Context, prepared string, zoom, levels int, o *Options) (string, error) {
	pixel := 2 * half / tileSize / math.Exp2(float64(zoom))
	grid := []string{"-q", "-if", "VRT", "-t_srs", "EPSG:3857", "-r", "bilinear", "-dstalpha"}
	sketch := filepath.Join(o.Dir, "sketch.vrt") // says where the picture comes to lie; nothing is read for it
	if _, err := gdal.Run(ctx, "gdalwarp", append(slices.Clone(grid), "-of", "VRT", "-tr", number(pixel), number(pixel), prepared, sketch), gdal.Options{Dir: o.Dir}); err != nil {
		return "", err
	}
	west, north, east, south, err := extent(sketch)
	if err != nil {
		return "", err
	}
	step := pixel * tileSize * math.Exp2(float64(levels-1))
	const near = 1e-6 // of a step: what ends on a border does not begin another tile
	left, top := math.Floor((west+half)/step+near), math.Floor((half-north)/step+near)
	right, bottom := math.Ceil((east+half)/step-near), math.Ceil((half-south)/step-near)
	width, height := (right-left)*step/pixel, (bottom-top)*step/pixel
	if err := o.room(int64(width*height) * 5); err != nil { // four bytes a pixel, and what becomes of it
		return "", err
	}
	out := filepath.Join(o.Dir, "warped.tif")
	args := append(grid[1:], "-te", number(left*step-half), number(half-bottom*step), number(right*step-half), number(half-top*step), "-ts", number(math.Round(width)), number(math.Round(height)), "-multi", "-wo", "NUM_THREADS="+threads(o.Threads),
		"-of", "GTiff", "-co", "TILED=YES", "-co", "SPARSE_OK=YES", "-co", "BIGTIFF=YES", prepared, out)
	_, err = gdal.Run(ctx, "gdalwarp", args, gdal.Options{Dir: o.Dir, Threads: o.Threads, CacheMB: 512, MemoryMB: 8192, Progress: func(f float64) { o.tell("tiles", 0.2+0.35*f) }})
	return out, err
}

var (
	vrtSize      = regexp.MustCompile(`<VRTDataset rasterXSize="(\d+)" rasterYSize="(\d+)"`)
	vrtTransform = regexp.MustCompile(`<GeoTransform>([^<]+)</GeoTransform>`)
)

// extent reads where a VRT of ours lies that is not turned.
func extent(vrt string) (west, north, east, south float64, err error) {
	text, err := os.ReadFile(vrt)
	if err != nil {
		return 0, 0, 0, 0, err
	}
	size, at := vrtSize.FindSubmatch(text), vrtTransform.FindSubmatch(text)
	if size == nil || at == nil {
		return 0, 0, 0, 0, fmt.Errorf("a VRT of GDAL's does not say where it lies")
	}
	var t [6]float64
	if _, err := fmt.Sscanf(strings.ReplaceAll(string(at[1]), ",", " "), "%g %g %g %g %g %g", &t[0], &t[1], &t[2], &t[3], &t[4], &t[5]); err != nil {
		return 0, 0, 0, 0, err
	}
	width, _ := strconv.ParseFloat(string(size[1]), 64) // digits
	height, _ := strconv.ParseFloat(string(size[2]), 64)
	return t[0], t[3], t[0] + width*t[1], t[3] + height*t[5], nil
}

// Measure says what a made picture shows.
func Measure(path string) (*Made, error) {
	c, err := openCOG(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.close() }()
	view, err := c.overview(1024)
	if err != nil {
		return nil, err
	}
	m := &Made{Path: path, Width: c.levels[0].picture.Width, Height: c.levels[0].picture.Height, MinZoom: int(c.minZoom()), MaxZoom: int(c.maxZoom()), Footprint: view.footprint(), Bands: view.stats()}
	if len(m.Footprint) == 0 {
		return nil, &layers.Error{Code: layers.CodeInvalid, Field: "file", Reason: "capture_empty", Msg: "the file shows nothing: all of it is nodata or transparent"}
	}
	return m, nil
}

func (p *plane) stats() []BandStats {
	out := make([]BandStats, 3)
	var n float64
	var sum, square [3]float64
	for i := range out {
		out[i].Min, out[i].Max = 255, 0
	}
	for i := 0; i+3 < len(p.img.Pix); i += 4 {
		if p.img.Pix[i+3] < 128 {
			continue
		}
		n++
		for b := range out {
			v := float64(p.img.Pix[i+b])
			sum[b], square[b] = sum[b]+v, square[b]+v*v
			out[b].Min, out[b].Max = min(out[b].Min, v), max(out[b].Max, v)
		}
	}
	for b := range out {
		if n > 0 {
			out[b].Mean = sum[b] / n
			out[b].StdDev = math.Sqrt(max(0, square[b]/n-out[b].Mean*out[b].Mean))
		}
	}
	return out
}

// plan chooses the zoom whose pixels are nearest to the original's, and how many levels have tiles on the grid: GDAL fills the sides up to whole tiles of the coarsest such
// level, which costs time and memory, so that there are as many as add a quarter to the picture at most. Coarser tiles are few and made of the finer ones when they are asked for.
func plan(l *Looked) (zoom, levels int) {
	bound := l.Bound.Bound()
	middle := bound.Center()
	west, north := project(orb.Point{bound.Min[0], bound.Max[1]})
	east, south := project(orb.Point{bound.Max[0], bound.Min[1]})
	onMap := l.GSD / math.Cos(middle[1]*math.Pi/180)
	zoom = min(24, max(1, int(math.Round(math.Log2(2*half/tileSize/onMap)))))
	n := math.Exp2(float64(zoom))
	tilesFor := func(step float64) float64 {
		return (math.Ceil(east*n/step) - math.Floor(west*n/step)) * step * (math.Ceil(south*n/step) - math.Floor(north*n/step)) * step
	}
	levels = 1
	for whole := tilesFor(1); levels < min(10, zoom); levels++ {
		step := math.Exp2(float64(levels))
		if tilesFor(step) > max(1.25*whole, 64) {
			break
		}
		if (east-west)*n <= step && (south-north)*n <= step { // the next one shows it all in a few tiles
			levels++
			break
		}
	}
	return zoom, levels
}

func threads(n int) string {
	if n == 0 {
		return "ALL_CPUS"
	}
	return strconv.Itoa(n)
}

// prepare describes the picture as red, green, blue with what says which pixels there are, without copying it where that can be avoided.
func prepare(ctx context.Context, path string, l *Looked, o *Options) (prepared, collar string, err error) {
	r := l.Raster
	args := []string{"-q", "-of", "VRT"}
	if l.Chosen {
		args = append(args, "-a_srs", "EPSG:"+strconv.Itoa(l.EPSG))
	}
	bands := colours(r)
	for _, b := range bands {
		args = append(args, "-b", strconv.Itoa(b+1))
	}
	deep := r.Bands[0].Type != "Byte"
	masked := r.Alpha() || r.HasNoData()
	if deep {
		lo, hi, err := stretch(ctx, path, bands, masked, o)
		if err != nil {
			return "", "", err
		}
		args = append(args, "-ot", "Byte")
		for i := range bands {
			args = append(args, "-scale_"+strconv.Itoa(i+1), number(lo[i]), number(hi[i]), "1", "255")
		}
	}
	interpretation := "red,green,blue"
	if r.Alpha() || deep && masked {
		alpha := slices.IndexFunc(r.Bands, func(b gdal.Band) bool { return b.Color == "Alpha" })
		if alpha >= 0 && !deep {
			args = append(args, "-b", strconv.Itoa(alpha+1))
		} else {
			args = append(args, "-b", "mask")
		}
		args, interpretation = append(args, "-a_nodata", "none", "-mask", "none"), interpretation+",alpha"
	}
	args = append(args, "-colorinterp", interpretation)
	if !masked {
		if collar, err = collarOf(ctx, path, r, bands, o.Dir); err != nil {
			return "", "", err
		}
	}
	prepared = filepath.Join(o.Dir, "prepared.vrt")
	if _, err := gdal.Run(ctx, "gdal_translate", append(append(args, gdal.Input(path)...), prepared), gdal.Options{Dir: o.Dir}); err != nil {
		return "", "", err
	}
	if err := alpha(prepared, interpretation); err != nil {
		return "", "", err
	}
	if r.HasNoData() && !strings.HasSuffix(interpretation, "alpha") {
		// A pixel is missing where every band says so: the brightest red alone is none. Nothing is copied; the values are looked at when they are read.
		clear := filepath.Join(o.Dir, "clear.vrt")
		_, err := gdal.Run(ctx, "gdalwarp", []string{"-q", "-if", "VRT", "-of", "VRT", "-dstalpha", "-r", "near", "-wo", "UNIFIED_SRC_NODATA=YES", prepared, clear}, gdal.Options{Dir: o.Dir})
		return clear, "", err
	}
	if collar == "" {
		return prepared, "", nil
	}
	if err := o.room(r.Pixels() * 3); err != nil {
		return "", "", err
	}
	colour := map[string][]string{"black": {"-near", "12"}, "white": {"-white", "-near", "12"}}[collar]
	bare := filepath.Join(o.Dir, "bare.tif")
	if _, err := gdal.Run(ctx, "nearblack", append(colour, "-nb", "0", "-setalpha", "-of", "GTiff", "-co", "COMPRESS=LZW", "-co", "BIGTIFF=IF_SAFER", "-o", bare, prepared),
		gdal.Options{Dir: o.Dir, Threads: o.Threads, Progress: func(f float64) { o.tell("collar", 0.2*f) }}); err != nil {
		return "", "", err
	}
	again := filepath.Join(o.Dir, "bare.vrt")
	if _, err := gdal.Run(ctx, "gdal_translate", append(append([]string{"-q", "-of", "VRT"}, gdal.Input(bare)...), again), gdal.Options{Dir: o.Dir}); err != nil {
		return "", "", err
	}
	return again, collar, nil
}

var fourthBand = regexp.MustCompile(`<VRTRasterBand [^>]*band="4"[^>]*>`)

// alpha says in a VRT of ours that its fourth band is what can be seen: gdal_translate does not where the band is a mask.
func alpha(vrt, interpretation string) error {
	if !strings.HasSuffix(interpretation, "alpha") {
		return nil
	}
	text, err := os.ReadFile(vrt)
	if err != nil {
		return err
	}
	at := fourthBand.FindIndex(text)
	if at == nil || bytes.Contains(text[at[1]:], []byte("<ColorInterp>Alpha<")) {
		return nil
	}
	return os.WriteFile(vrt, slices.Concat(text[:at[1]], []byte("<ColorInterp>Alpha</ColorInterp>"), text[at[1]:]), 0o600)
}

// colours are the bands that are shown as red, green and blue.
func colours(r *gdal.Raster) []int {
	named := map[string]int{}
	for i := len(r.Bands) - 1; i >= 0; i-- {
		named[r.Bands[i].Color] = i
	}
	red, okR := named["Red"]
	green, okG := named["Green"]
	blue, okB := named["Blue"]
	switch {
	case okR && okG && okB:
		return []int{red, green, blue}
	case len(r.Bands) >= 3:
		return []int{0, 1, 2}
	}
	return []int{0, 0, 0}
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// sample reads a few pixels of some bands as numbers; window is in pixels of the file. "mask" as the last band says which there are.
func sample(ctx context.Context, path string, bands []string, window [4]int, width, height int, dir string) ([][]uint16, error) {
	out := filepath.Join(dir, "sample.tif")
	args := []string{"-q", "-of", "GTiff", "-ot", "UInt16", "-co", "INTERLEAVE=BAND", "-co", "PROFILE=BASELINE", "-co", "ENDIANNESS=LITTLE", "-a_nodata", "none", "-mask", "none", "-r", "nearest", "-outsize", strconv.Itoa(width), strconv.Itoa(height),
		"-srcwin", strconv.Itoa(window[0]), strconv.Itoa(window[1]), strconv.Itoa(window[2]), strconv.Itoa(window[3])}
	for _, b := range bands {
		args = append(args, "-b", b)
	}
	if _, err := gdal.Run(ctx, "gdal_translate", append(append(args, gdal.Input(path)...), out), gdal.Options{Dir: dir}); err != nil {
		return nil, err
	}
	raw, err := plain(out)
	if err != nil {
		return nil, err
	}
	if len(raw) != 2*len(bands)*width*height {
		return nil, fmt.Errorf("a sample of %d bytes", len(raw))
	}
	values := make([][]uint16, len(bands))
	for i := range values {
		values[i] = make([]uint16, width*height)
		for j := range values[i] {
			values[i][j] = binary.LittleEndian.Uint16(raw[2*(i*width*height+j):])
		}
	}
	return values, nil
}

// plain returns the pixels of a small TIFF that is not compressed, band after band.
func plain(path string) (raw []byte, err error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	x, err := readIndex(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, err
	}
	if missing, _ := x.truncated(int64(len(file))); missing > 0 {
		return nil, errTIFF
	}
	p := &x.pictures[0]
	for i, at := range p.offsets {
		raw = append(raw, file[at:at+p.counts[i]]...)
	}
	return raw, nil
}

// stretch says which values of 16 bits become black and white: all but the outermost hundredth of those that are there.
func stretch(ctx context.Context, path string, bands []int, masked bool, o *Options) (lo, hi []float64, err error) {
	l, err := gdal.Info(ctx, path)
	if err != nil {
		return nil, nil, err
	}
	names := make([]string, 0, 4)
	for _, b := range bands {
		names = append(names, strconv.Itoa(b+1))
	}
	names = append(names, "mask")
	w, h := min(512, l.Width), min(512, l.Height)
	v, err := sample(ctx, path, names, [4]int{0, 0, l.Width, l.Height}, w, h, o.Dir)
	if err != nil {
		return nil, nil, err
	}
	for i := range bands {
		var seen []uint16
		for j, x := range v[i] {
			if !masked || v[len(v)-1][j] > 0 {
				seen = append(seen, x)
			}
		}
		if len(seen) == 0 {
			return nil, nil, &layers.Error{Code: layers.CodeInvalid, Field: "file", Reason: "capture_empty", Msg: "the file shows nothing: all of it is nodata or transparent"}
		}
		slices.Sort(seen)
		a, b := float64(seen[len(seen)/100]), float64(seen[len(seen)-1-len(seen)/100])
		lo, hi = append(lo, a), append(hi, max(b, a+1))
	}
	return lo, hi, nil
}

// collarOf tells whether a picture that does not say which pixels there are has a black or white collar: a good part of its border is that colour, in one of the corners at least.
func collarOf(ctx context.Context, path string, r *gdal.Raster, bands []int, dir string) (string, error) {
	if r.Bands[0].Type != "Byte" {
		return "", nil
	}
	names := make([]string, len(bands))
	for i, b := range bands {
		names[i] = strconv.Itoa(b + 1)
	}
	var black, white, all int
	var cornerBlack, cornerWhite bool
	w, h := min(1024, r.Width), min(1024, r.Height)
	for i, side := range [4][4]int{{0, 0, r.Width, 1}, {0, r.Height - 1, r.Width, 1}, {0, 0, 1, r.Height}, {r.Width - 1, 0, 1, r.Height}} {
		nx, ny := w, 1
		if i >= 2 {
			nx, ny = 1, h
		}
		v, err := sample(ctx, path, names, side, nx, ny, dir)
		if err != nil {
			return "", err
		}
		for j := range v[0] {
			lo, hi := min(v[0][j], v[1][j], v[2][j]), max(v[0][j], v[1][j], v[2][j])
			end := j == 0 || j == len(v[0])-1
			all++
			if hi <= 12 {
				black, cornerBlack = black+1, cornerBlack || end
			}
			if lo >= 243 {
				white, cornerWhite = white+1, cornerWhite || end
			}
		}
	}
	switch {
	case cornerBlack && black*20 > all && black >= white:
		return "black", nil
	case cornerWhite && white*20 > all:
		return "white", nil
	}
	return "", nil
}

// MakeHeights keeps a model of heights as floating-point COG in its own reference system; what has no height is NaN-free nodata of -9999.
func MakeHeights(ctx context.Context, path string, l *Looked, name string, o Options) (string, error) {
	if err := o.room(l.Raster.Pixels() * 6); err != nil {
		return "", err
	}
	out := filepath.Join(o.Dir, name+".tif")
	args := []string{"-of", "COG", "-ot", "Float32", "-co", "COMPRESS=DEFLATE", "-co", "PREDICTOR=FLOATING_POINT", "-co", "BIGTIFF=IF_SAFER", "-co", "OVERVIEW_RESAMPLING=AVERAGE", "-co", "NUM_THREADS=" + threads(o.Threads)}
	if l.Chosen {
		args = append(args, "-a_srs", "EPSG:"+strconv.Itoa(l.EPSG))
	}
	_, err := gdal.Run(ctx, "gdal_translate", append(append(args, gdal.Input(path)...), out), gdal.Options{Dir: o.Dir, Threads: o.Threads, CacheMB: 512, Progress: func(f float64) { o.tell(name, f) }})
	if err != nil {
		return "", err
	}
	return out, flush(out)
}

// flush makes sure that a file is on the disk.
func flush(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	err = errors.Join(f.Sync(), f.Close())
	if errors.Is(err, syscall.ENOSPC) {
		return &layers.Error{Code: layers.CodeStorageFull, Msg: "the disk is full", Err: err}
	}
	return err
}

// Area is what a footprint covers, square metres on the ground.
func Area(mp orb.MultiPolygon) float64 { return geo.Area(mp) }
