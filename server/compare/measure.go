package compare

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/crs"
	"wanglou/layers/survey"
	"wanglou/layers/survey/dsm"
	"wanglou/layers/survey/earthwork"
	"wanglou/layers/survey/raster"
)

const (
	finestMeasured = 0.05 // metres
	mostMeasured   = 24e6 // pixels of a window: coarser ones are taken where it would be more
	mostSamples    = 1000 // of a profile
	// around is how far beyond an outline the ground is looked at, in metres and as a share of its size.
	around      = 15.0
	aroundShare = 0.15
	// How far models lie beside each other at most, in metres and in pixels, that are laid onto each other, and how far they may without that.
	mostBeside       = 5.0
	mostBesidePixels = 12
	leastBeside      = 0.1
)

// windowOf is a grid over a bound, grown by a margin in metres, at the models' own pixels or as coarse as the limit makes them.
func windowOf(bound orb.Bound, pixel, margin float64) (*grid, error) {
	ref, ok := crs.Find("EPSG:" + strconv.Itoa(4534+int(math.Round(bound.Center()[0]/3))-25))
	if !ok {
		return nil, layers.Invalid("line", "outside_world", "heights are measured between 73° and 136° east")
	}
	g := &grid{ref: ref}
	west, south, east, north := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, p := range []orb.Point{bound.Min, bound.Max, {bound.Min[0], bound.Max[1]}, {bound.Max[0], bound.Min[1]}} {
		q := g.project(p)
		west, east, south, north = min(west, q[0]), max(east, q[0]), min(south, q[1]), max(north, q[1])
	}
	margin += max(east-west, north-south) * aroundShare
	west, south, east, north = west-margin, south-margin, east+margin, north+margin
	g.pixel = max(pixel, finestMeasured, math.Sqrt((east-west)*(north-south)/mostMeasured))
	west, north = math.Floor(west/g.pixel)*g.pixel, math.Ceil(north/g.pixel)*g.pixel
	g.w, g.h = int(math.Ceil((east-west)/g.pixel)), int(math.Ceil((north-south)/g.pixel))
	g.geo = raster.Transform{west, g.pixel, 0, north, 0, -g.pixel}
	return g, nil
}

// read brings a side's heights onto the grid. The file ends with the folder.
func (g *grid) read(ctx context.Context, dir, name string, s Side) (*raster.Raw, *os.File, error) {
	out := filepath.Join(dir, name)
	if err := g.warp(ctx, s.Heights, out, false); err != nil {
		return nil, nil, err
	}
	f, err := os.Open(out)
	if err != nil {
		return nil, nil, err
	}
	return &raster.Raw{R: f, W: g.w, H: g.h, Geo: g.geo, None: noHeight}, f, nil
}

// Profile returns the heights of models along a line (EPSG:4326), at up to a thousand places.
func Profile(ctx context.Context, sides []Side, line orb.LineString) (*survey.HeightProfile, error) {
	pixel := 0.0
	for _, s := range sides {
		pixel = max(pixel, s.Pixel)
	}
	g, err := windowOf(line.Bound(), pixel, 4*pixel)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "wanglou-measure-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	out := &survey.HeightProfile{Pixel: g.pixel, Length: survey.Length(line)}
	places := g.sample(line, out)
	for i, s := range sides {
		src, f, err := g.read(ctx, dir, strconv.Itoa(i), s)
		if err != nil {
			return nil, err
		}
		heights, err := earthwork.Along(src, places)
		_ = f.Close() // it was only read
		if err != nil {
			return nil, err
		}
		told := make([]*float64, len(heights))
		for k, h := range heights {
			if !math.IsNaN(h) {
				told[k] = new(math.Round(h*1000) / 1000)
			}
		}
		out.Series = append(out.Series, survey.ProfileHeight{Heights: told})
	}
	return out, nil
}

// sample spreads places evenly over a line, its corners among them, and fills in how far each is from its beginning.
func (g *grid) sample(line orb.LineString, out *survey.HeightProfile) []orb.Point {
	step := max(out.Length/mostSamples, g.pixel)
	places := []orb.Point{g.project(line[0])}
	out.At = []float64{0}
	sum := 0.0
	for i := 1; i < len(line); i++ {
		long := layers.Distance(line[i-1], line[i])
		a, b := g.project(line[i-1]), g.project(line[i])
		n := max(1, int(long/step))
		for k := 1; k <= n; k++ {
			t := float64(k) / float64(n)
			places = append(places, orb.Point{a[0] + (b[0]-a[0])*t, a[1] + (b[1]-a[1])*t})
			out.At = append(out.At, math.Round((sum+long*t)*1000)/1000)
		}
		sum += long
	}
	return places
}

// Earthwork measures inside an outline (EPSG:4326), later over earlier. CodeInvalid with "no_overlap" where one of both knows nothing there.
func Earthwork(ctx context.Context, earlier, later Side, outline orb.MultiPolygon) (*survey.Earthwork, error) {
	g, err := windowOf(outline.Bound(), max(earlier.Pixel, later.Pixel), around)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "wanglou-measure-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	a, fa, err := g.read(ctx, dir, "a", earlier)
	if err != nil {
		return nil, err
	}
	defer func() { _ = fa.Close() }()
	b, fb, err := g.read(ctx, dir, "b", later)
	if err != nil {
		return nil, err
	}
	defer func() { _ = fb.Close() }()
	flat := make(orb.MultiPolygon, len(outline))
	for i, p := range outline {
		flat[i] = g.fromWGS84(p)
	}
	middle := int(g.geoCol(flat.Bound().Center()))
	shift, err := dsm.Register(a, b, min(mostBeside, mostBesidePixels*g.pixel), flat)
	if err != nil { // a window that is too small to tell by, or pixels too coarse
		shift = dsm.Shift{}
	}
	var laid raster.Source = b
	moved := shift.Known && math.Hypot(shift.East, shift.North) >= leastBeside*g.pixel
	if moved {
		laid = &raster.Moved{Source: b, Right: shift.East / g.pixel, Down: -shift.North / g.pixel}
	}
	v, err := earthwork.Between(ctx, a, laid, flat, func(row int) float64 { return g.cell(middle, row) })
	if err != nil {
		return nil, err
	}
	if v.Known == 0 {
		return nil, layers.Invalid("outline", "no_overlap", "the two surface models know nothing there together")
	}
	out := &survey.Earthwork{Cut: v.Cut, Fill: v.Fill, Net: v.Fill - v.Cut, Area: v.Area, Known: v.Known, Deepest: v.Deepest, Highest: v.Highest, Pixel: g.pixel}
	if shift.Known {
		out.East, out.North, out.Moved = new(shift.East), new(shift.North), moved
	}
	if v.Level {
		out.Around, out.Spread = new(v.Around), new(v.Spread)
		out.Level = new(out.Net - v.Around*v.Area*v.Known)
	}
	return out, nil
}

func (g *grid) geoCol(p orb.Point) float64 {
	col, _ := g.geo.Invert(p)
	return col
}

// The ellipsoid of CGCS2000, metres; that of WGS 84 to a tenth of a millimetre.
const (
	axis       = 6378137.0
	eccentric2 = 0.00669438002290
)

// cell returns the area of a pixel on the ellipsoid, m²: a projection in metres stretches it by up to a tenth of a percent.
func (g *grid) cell(col, row int) float64 {
	var at [4]orb.Point
	for i, c := range [4][2]float64{{0, 0}, {1, 0}, {1, 1}, {0, 1}} {
		q := g.geo.Apply(float64(col)+c[0], float64(row)+c[1])
		if g.ref.Swap {
			q[0], q[1] = q[1], q[0]
		}
		at[i] = g.ref.ToWGS84(q)
	}
	const degree = math.Pi / 180
	sin, cos := math.Sincos((at[0][1] + at[2][1]) / 2 * degree)
	k := 1 - eccentric2*sin*sin
	east, north := axis/math.Sqrt(k)*cos*degree, axis*(1-eccentric2)/math.Pow(k, 1.5)*degree
	sum := 0.0
	for i := range at {
		p, q := at[i], at[(i+1)%4]
		sum += (p[0]-at[0][0])*(q[1]-at[0][1]) - (q[0]-at[0][0])*(p[1]-at[0][1])
	}
	return math.Abs(sum) / 2 * east * north
}
