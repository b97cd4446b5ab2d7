package compare

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/crs"
	"wanglou/layers/survey"
	"wanglou/layers/survey/made"
	"wanglou/layers/survey/raster"
)

// write keeps a made model as GeoTIFF in EPSG:4549, which GDAL translates from plain numbers.
func write(t *testing.T, g *raster.Grid) string {
	t.Helper()
	dir := t.TempDir()
	raw := make([]byte, 4*len(g.Data))
	for i, v := range g.Data {
		binary.LittleEndian.PutUint32(raw[4*i:], math.Float32bits(v))
	}
	if err := os.WriteFile(filepath.Join(dir, "g"), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	header := fmt.Sprintf("ENVI\nsamples = %d\nlines = %d\nbands = 1\nheader offset = 0\nfile type = ENVI Standard\ndata type = 4\ninterleave = bsq\nbyte order = 0\n", g.W, g.H)
	if err := os.WriteFile(filepath.Join(dir, "g.hdr"), []byte(header), 0o600); err != nil {
		t.Fatal(err)
	}
	end := g.Geo.Apply(float64(g.W), float64(g.H))
	out := filepath.Join(dir, "g.tif")
	cmd := exec.Command("gdal_translate", "-q", "-a_srs", "EPSG:4549", "-a_ullr", fmt.Sprint(g.Geo[0]), fmt.Sprint(g.Geo[3]), fmt.Sprint(end[0]), fmt.Sprint(end[1]), filepath.Join(dir, "g"), out)
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	return out
}

func TestRun(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("gdalwarp"); err != nil {
		t.Skip("GDAL is not installed")
	}
	o := made.Usual(21)
	o.HarvestedFields = 0 // no pictures here
	s := made.Make(o)
	ref, _ := crs.Find("EPSG:4549")
	world := func(p orb.Polygon) (out orb.Polygon) {
		ring := orb.Ring{}
		for _, q := range p[0] {
			ring = append(ring, ref.ToWGS84(orb.Point{q[1], q[0]}))
		}
		return orb.Polygon{ring}
	}
	corner, end := s.Earlier.Geo.Apply(0, 0), s.Earlier.Geo.Apply(float64(o.Side), float64(o.Side))
	bound := world(orb.Polygon{{{corner[0], corner[1]}, {end[0], end[1]}}}).Bound()
	side := func(g *raster.Grid) Side { return Side{Heights: write(t, g), Pixel: 0.5, Bound: bound} }
	a, b := side(s.Earlier), side(s.Later)
	var wanted []survey.Wanted
	for i, th := range s.Truth {
		if th.Kind == survey.New && !th.Shed {
			wanted = append(wanted, survey.Wanted{ID: int64(i), Height: &s.Truth[i].Height, Outline: survey.Outline{world(th.Outline)}})
		}
	}
	steps := 0
	got, err := Run(t.Context(), filepath.Join(t.TempDir(), "x"), a, b, wanted, func(*survey.Wanted) bool { return false }, func(string, float64) { steps++ })
	if err != nil {
		t.Fatal(err)
	}
	hits := 0
	for _, th := range s.Truth {
		c := world(th.Outline).Bound().Center()
		for _, f := range got.Findings {
			if f.Outline.Bound().Contains(c) && f.Kind == th.Kind {
				hits++
				break
			}
		}
	}
	if hits < 14 || len(got.Findings) > 22 || got.Removed < 2 || !got.Level || math.Abs(got.East-o.ShiftX*o.Pixel) > 0.2 || steps < 4 {
		t.Errorf("%d of %d things were found, %d told, %+v", hits, len(s.Truth), len(got.Findings), got)
	}
	for _, p := range got.Proposals {
		if p.Says != survey.StillStands {
			t.Errorf("%+v", p)
		}
	}
	// The other way round they are gone.
	back, err := Run(t.Context(), filepath.Join(t.TempDir(), "x"), b, a, wanted, func(*survey.Wanted) bool { return true }, func(string, float64) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range back.Proposals {
		if p.Says != survey.Gone {
			t.Errorf("%+v", p)
		}
	}
	a.Bound = orb.Bound{Min: orb.Point{100, 20}, Max: orb.Point{100.1, 20.1}}
	if _, err := Run(t.Context(), t.TempDir(), a, b, nil, nil, func(string, float64) {}); layers.ErrorCode(err) != layers.CodeInvalid {
		t.Errorf("two places: %v", err)
	}
	b.Heights, a.Bound = filepath.Join(t.TempDir(), "none.tif"), bound
	if _, err := Run(t.Context(), t.TempDir(), a, b, nil, nil, func(string, float64) {}); err == nil {
		t.Error("a file that is not there")
	}
}
