package compare

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/survey"
)

// orthophoto is a picture of 400 × 320 pixels of half a metre in EPSG:4549 with a roof of 24 × 16 m at a place, in metres from the corner, and black east of an edge.
func orthophoto(t *testing.T, roof orb.Point, edge int) string {
	t.Helper()
	const w, h = 400, 320
	r := rand.New(rand.NewPCG(7, 7))
	raw := make([]byte, 3*w*h)
	for y := range h {
		for x := range w {
			v := byte(90 + r.IntN(20))
			p := [3]byte{v, v + 15, v - 20}
			if dx, dy := float64(x)/2-roof[0], float64(y)/2-roof[1]; dx > 0 && dx < 24 && dy > 0 && dy < 16 {
				p = [3]byte{230, 225, 235}
			}
			if x >= edge {
				p = [3]byte{}
			}
			for band := range p {
				raw[band*w*h+y*w+x] = p[band]
			}
		}
	}
	dir := t.TempDir()
	header := fmt.Sprintf("ENVI\nsamples = %d\nlines = %d\nbands = 3\nheader offset = 0\nfile type = ENVI Standard\ndata type = 1\ninterleave = bsq\nbyte order = 0\n", w, h)
	for name, data := range map[string][]byte{"p": raw, "p.hdr": []byte(header)} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(dir, "p.tif")
	if said, err := exec.Command("gdal_translate", "-q", "-a_srs", "EPSG:4549", "-a_ullr", "470000", "3297000", "470200", "3296840", filepath.Join(dir, "p"), out).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	return out
}

// A roof that came is the first place of the list; where one of the two shows nothing there is none; of heights nothing is said.
func TestLook(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("gdalwarp"); err != nil {
		t.Skip("GDAL is not installed")
	}
	bound := orb.MultiPoint(world(t, orb.Point{0, 0}, orb.Point{200, 0}, orb.Point{200, 160}, orb.Point{0, 160})).Bound()
	before := Side{Ortho: orthophoto(t, orb.Point{-100, -100}, 300), Bound: bound}
	after := Side{Ortho: orthophoto(t, orb.Point{60, 70}, 400), Bound: bound}
	got, err := Look(t.Context(), filepath.Join(t.TempDir(), "x"), before, after, []survey.Wanted{{ID: 7}}, func(string, float64) {})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Findings) == 0 || got.Model != Looker || len(got.Proposals) != 1 || got.Proposals[0].Says != survey.CannotTell || !got.Proposals[0].Unmeasured {
		t.Fatalf("%+v", got)
	}
	roof := world(t, orb.Point{72, 78})[0]
	if first := got.Findings[0]; first.Kind != survey.Look || first.Height != nil || !first.Outline.Bound().Contains(roof) {
		t.Errorf("the first place is %+v, not over %v", first, roof)
	}
	dark := world(t, orb.Point{155, 80})[0]
	for _, f := range got.Findings {
		if b := f.Outline.Bound(); b.Min[0] > dark[0] {
			t.Errorf("a place where one of the two shows nothing: %+v", f)
		}
	}
	after.Bound = orb.Bound{Min: orb.Point{100, 20}, Max: orb.Point{100.1, 20.1}}
	if _, err := Look(t.Context(), filepath.Join(t.TempDir(), "x"), before, after, nil, func(string, float64) {}); layers.ErrorCode(err) != layers.CodeInvalid {
		t.Errorf("two places: %v", err)
	}
}
