// Package ortho makes map tiles of what drones bring home: it looks at a GeoTIFF before anything is done with it ([Gate]), makes a picture of which the
// tiles can be copied ([Make]), and serves them ([Shelf]). Coordinates are EPSG:4326, longitude first, unless a name says otherwise.
package ortho

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"

	"wanglou/layers"
	"wanglou/layers/crs"
	"wanglou/tiles/gdal"
)

// Kind is what a raster holds.
type Kind string

const (
	KindOrtho Kind = "ortho"
	KindDSM   Kind = "dsm" // heights of what one sees from above, metres
	KindDTM   Kind = "dtm" // heights of the ground, metres
)

// Limits are what is taken.
type Limits struct {
	Pixels int64 // of one band
	Side   int   // pixels
	Bands  int
	Bytes  int64 // of the file
}

// DefaultLimits hold for a machine of moderate size.
var DefaultLimits = Limits{Pixels: 2_500_000_000, Side: 150_000, Bands: 8, Bytes: 200 << 30}

// Looked is what the gate found out about a file that may pass.
type Looked struct {
	Raster *gdal.Raster
	Kind   Kind
	EPSG   int // of the file, or the one that was chosen; 0 for one without a number, see Raster.WKT
	Chosen bool
	GSD    float64  // metres a pixel, on the ground, in the middle
	Bound  orb.Ring // corners, closed
}

// Gate looks at a file and refuses what cannot become a capture: CodeInvalid or CodeTooLarge, with a reason that says how to export it right. epsg is what a person chose
// for a file that does not say, 0 for none: then a file without a reference system is refused with "no_crs". kind is what it is meant to be, "" to find out.
func Gate(ctx context.Context, path string, kind Kind, epsg int, l Limits) (*Looked, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > l.Bytes {
		return nil, tooLarge("raster_file_bytes", info.Size(), l.Bytes)
	}
	x, err := readIndex(f, info.Size())
	if err != nil {
		if errors.Is(err, errEnds) {
			return nil, refuse("capture_truncated", nil, err)
		}
		return nil, refuse("capture_not_a_geotiff", nil, err)
	}
	if err := l.check(&x.pictures[0]); err != nil { // before any program opens it
		return nil, err
	}
	if missing, all := x.truncated(info.Size()); missing > 0 {
		return nil, refuse("capture_truncated", map[string]string{"missing": strconv.Itoa(missing), "of": strconv.Itoa(all)}, nil)
	}
	r, err := gdal.Info(ctx, path)
	if err != nil {
		return nil, err
	}
	return judge(r, kind, epsg, l)
}

func (l *Limits) check(p *picture) error {
	switch {
	case int64(p.Width)*int64(p.Height) > l.Pixels:
		return tooLarge("raster_pixels", int64(p.Width)*int64(p.Height), l.Pixels)
	case max(p.Width, p.Height) > l.Side:
		return tooLarge("raster_side", int64(max(p.Width, p.Height)), int64(l.Side))
	case p.Samples > l.Bands:
		return tooLarge("raster_bands", int64(p.Samples), int64(l.Bands))
	}
	return nil
}

func tooLarge(reason string, is, most int64) error {
	return &layers.Error{Code: layers.CodeTooLarge, Field: "file", Reason: reason, Params: map[string]string{"is": strconv.FormatInt(is, 10), "most": strconv.FormatInt(most, 10)},
		Msg: fmt.Sprintf("%d %s are more than the %d that are taken", is, strings.ReplaceAll(strings.TrimPrefix(reason, "raster_"), "_", " "), most)}
}

// hints say what to do about each refusal, for logs and the command line; the console has its own words.
var hints = map[string]string{
	"capture_not_a_geotiff":    "this is no GeoTIFF: export the orthophoto as GeoTIFF (.tif)",
	"capture_truncated":        "the file is not whole: its end is missing; copy it again from where it was made",
	"capture_no_crs":           "the file does not say in which coordinate system it lies: export it with its coordinate system (EPSG), or choose one",
	"capture_no_transform":     "the file does not say where it lies: export it georeferenced, as an orthophoto, not as a photo",
	"capture_gcps_only":        "the file has ground control points and was not rectified: export the orthophoto",
	"capture_palette":          "the file has a palette: export it with red, green and blue",
	"capture_two_bands":        "a picture has one, three or more bands",
	"capture_band_types":       "the bands are of different types",
	"capture_bad_type":         "a picture has 8 or 16 bits a band",
	"capture_not_heights":      "a model of heights has one band of numbers",
	"capture_heights_as_photo": "one band of floating-point numbers is a model of heights: send it as DSM or DTM",
	"capture_scaled":           "its values are scaled: export heights in metres",
	"capture_coarse":           "a pixel is larger than 100 m on the ground: this is no picture of a drone, or its coordinate system is wrong",
	"capture_fine":             "a pixel is smaller than 0.1 mm on the ground: its coordinate system is wrong",
	"capture_off_the_map":      "it lies where a web map does not reach: its coordinate system is wrong",
}

func refuse(reason string, params map[string]string, cause error) error {
	return &layers.Error{Code: layers.CodeInvalid, Field: "file", Reason: reason, Params: params, Msg: hints[reason], Err: cause}
}

// judge is the gate's part that needs no file.
func judge(r *gdal.Raster, kind Kind, epsg int, l Limits) (*Looked, error) {
	if err := l.check(&picture{Width: r.Width, Height: r.Height, Samples: max(1, len(r.Bands))}); err != nil {
		return nil, err
	}
	if len(r.Bands) == 0 {
		return nil, refuse("capture_not_a_geotiff", nil, nil)
	}
	first := r.Bands[0]
	float := first.Type == "Float32" || first.Type == "Float64"
	for _, b := range r.Bands {
		if b.Type != first.Type {
			return nil, refuse("capture_band_types", map[string]string{"types": first.Type + ", " + b.Type}, nil)
		}
	}
	if kind == "" {
		if kind = KindOrtho; float && len(r.Bands) == 1 {
			kind = KindDSM
		}
	}
	if kind == KindOrtho {
		switch {
		case float && len(r.Bands) == 1:
			return nil, refuse("capture_heights_as_photo", nil, nil)
		case first.Type != "Byte" && first.Type != "UInt16" && first.Type != "Int16":
			return nil, refuse("capture_bad_type", map[string]string{"type": first.Type}, nil)
		case first.Palette:
			return nil, refuse("capture_palette", nil, nil)
		case len(r.Bands) == 2 && r.Bands[1].Color != "Alpha":
			return nil, refuse("capture_two_bands", nil, nil)
		}
	} else {
		switch {
		case len(r.Bands) != 1 || first.Type == "Byte":
			return nil, refuse("capture_not_heights", map[string]string{"bands": strconv.Itoa(len(r.Bands)), "type": first.Type}, nil)
		case first.Scale != 1 || first.Offset != 0:
			return nil, refuse("capture_scaled", nil, nil)
		}
	}
	if r.Transform == nil {
		if r.GCPs > 0 || r.RPC {
			return nil, refuse("capture_gcps_only", nil, nil)
		}
		return nil, refuse("capture_no_transform", nil, nil)
	}
	out := &Looked{Raster: r, Kind: kind, EPSG: r.EPSG, Bound: r.Corners}
	if r.WKT == "" {
		if epsg == 0 {
			return nil, refuse("capture_no_crs", nil, nil)
		}
		ring, ok := corners(r, epsg)
		if !ok {
			return nil, layers.Invalid("epsg", "unknown_crs", "EPSG:%d is not among the coordinate systems to choose from", epsg)
		}
		out.EPSG, out.Chosen, out.Bound = epsg, true, ring
	}
	if len(out.Bound) != 5 {
		return nil, refuse("capture_off_the_map", nil, nil)
	}
	for _, p := range out.Bound {
		if !(math.Abs(p[0]) <= 180 && math.Abs(p[1]) <= 85) {
			return nil, refuse("capture_off_the_map", nil, nil)
		}
	}
	out.GSD = math.Sqrt(geo.Distance(out.Bound[0], out.Bound[3]) / float64(r.Width) * geo.Distance(out.Bound[0], out.Bound[1]) / float64(r.Height))
	switch {
	case !(out.GSD <= 100):
		return nil, refuse("capture_coarse", map[string]string{"gsd": strconv.FormatFloat(out.GSD, 'g', 3, 64)}, nil)
	case out.GSD < 1e-4:
		return nil, refuse("capture_fine", map[string]string{"gsd": strconv.FormatFloat(out.GSD, 'g', 3, 64)}, nil)
	}
	return out, nil
}

// pixel returns the coordinates of a corner of a pixel in the file's own system.
func pixel(t *[6]float64, x, y float64) orb.Point {
	return orb.Point{t[0] + x*t[1] + y*t[2], t[3] + x*t[4] + y*t[5]}
}

// toWGS84 converts a place of a reference system, east first; ok is false for systems that are not known.
func toWGS84(epsg int, p orb.Point) (orb.Point, bool) {
	if epsg > 32600 && epsg <= 32660 { // UTM north: the zone of the same meridian, scaled
		meridian := 6*(epsg-32600) - 183
		r, ok := crs.Find("EPSG:" + strconv.Itoa(4534+(meridian-75)/3))
		if !ok || meridian < 75 || meridian > 135 {
			return p, false
		}
		return r.ToWGS84(orb.Point{p[1] / 0.9996, (p[0]-500_000)/0.9996 + 500_000}), true
	}
	r, ok := crs.Find("EPSG:" + strconv.Itoa(epsg))
	if !ok {
		return p, false
	}
	if r.Swap {
		p[0], p[1] = p[1], p[0]
	}
	return r.ToWGS84(p), true
}

// corners returns the corners of a raster as if it lay in a system, the north-west one first, counter-clockwise, closed.
func corners(r *gdal.Raster, epsg int) (orb.Ring, bool) {
	w, h := float64(r.Width), float64(r.Height)
	ring := make(orb.Ring, 0, 5)
	for _, c := range [][2]float64{{0, 0}, {0, h}, {w, h}, {w, 0}, {0, 0}} {
		p, ok := toWGS84(epsg, pixel(r.Transform, c[0], c[1]))
		if !ok {
			return nil, false
		}
		ring = append(ring, p)
	}
	return ring, true
}

// Guess is a reference system in which a raster may lie.
type Guess struct {
	EPSG   int      `json:"epsg"`
	Name   string   `json:"name"`
	Bound  orb.Ring `json:"ring"`   // where it would lie
	Inside bool     `json:"inside"` // its middle is in the county
}

// Guesses returns the systems in which a raster that does not say may lie, those that put it into the county first.
func Guesses(r *gdal.Raster, county orb.Bound) []Guess {
	if r.Transform == nil {
		return nil
	}
	middle := pixel(r.Transform, float64(r.Width)/2, float64(r.Height)/2)
	var candidates []int
	switch x, y := middle[0], middle[1]; {
	case math.Abs(x) <= 180 && math.Abs(y) <= 90:
		candidates = []int{4326}
	case x >= 25e6 && x < 46e6 && y > 0 && y < 7e6: // the zone's number stands before the easting
		candidates = []int{4513 + int(x/1e6) - 25}
	case x > 0 && x < 1e6 && y > 0 && y < 7e6: // the zones that could be
		for epsg := 4534; epsg <= 4554; epsg++ {
			candidates = append(candidates, epsg)
		}
		for z := 43; z <= 53; z++ {
			candidates = append(candidates, 32600+z)
		}
	case math.Abs(x) <= 20037508.4 && math.Abs(y) <= 20037508.4:
		candidates = []int{3857}
	}
	var in, out []Guess
	for _, epsg := range candidates {
		at, ok := toWGS84(epsg, middle)
		ring, ok2 := corners(r, epsg)
		if !ok || !ok2 {
			continue
		}
		g := Guess{EPSG: epsg, Name: nameOf(epsg), Bound: ring, Inside: county.Contains(at)}
		if g.Inside {
			in = append(in, g)
		} else {
			out = append(out, g)
		}
	}
	return append(in, out...)
}

func nameOf(epsg int) string {
	if epsg > 32600 && epsg <= 32660 {
		return fmt.Sprintf("WGS 84 / UTM zone %dN", epsg-32600)
	}
	if r, ok := crs.Find("EPSG:" + strconv.Itoa(epsg)); ok {
		return r.Name
	}
	return "EPSG:" + strconv.Itoa(epsg)
}

// Swapped reports whether a raster without a system has its axes the wrong way round: latitude or northing where easting belongs. Such a file is exported anew.
func Swapped(r *gdal.Raster, county orb.Bound) bool {
	if r.Transform == nil {
		return false
	}
	m := pixel(r.Transform, float64(r.Width)/2, float64(r.Height)/2)
	return math.Abs(m[0]) <= 90 && math.Abs(m[1]) <= 180 && !county.Contains(m) && county.Contains(orb.Point{m[1], m[0]})
}

// baseName is the last part of a path, for messages.
func baseName(path string) string { return filepath.Base(path) }
