package dsm_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"wanglou/layers/survey"
	"wanglou/layers/survey/dsm"
	"wanglou/layers/survey/made"
	"wanglou/layers/survey/raster"
	"wanglou/layers/survey/score"
)

func find(t *testing.T, s *made.Scene, o dsm.Options) *dsm.Result {
	t.Helper()
	r, err := dsm.Find(t.Context(), s.Earlier, s.Later, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func outlines(changes []dsm.Change) (out []orb.Polygon) {
	slices.SortFunc(changes, func(a, b dsm.Change) int { return cmp.Compare(b.Score, a.Score) })
	for _, c := range changes {
		out = append(out, c.Outline)
	}
	return out
}

func label(s *made.Scene) *score.Label {
	return &score.Label{W: s.Side, H: s.Side, Geo: s.Earlier.Geo, Pixel: s.Pixel, Objects: s.Stamped}
}

func TestUsualScenes(t *testing.T) {
	t.Parallel()
	var all []score.Scene
	for seed := uint64(1); seed <= 4; seed++ {
		s := made.Make(made.Usual(seed))
		r := find(t, s, dsm.Options{VegetationBefore: s.Green[0], VegetationAfter: s.Green[1]})
		if !r.Shift.Known || math.Abs(r.Shift.East-s.ShiftX*s.Pixel) > 0.15 || math.Abs(r.Shift.North+s.ShiftY*s.Pixel) > 0.15 {
			t.Errorf("seed %d: shift %+v, true %.2f %.2f m", seed, r.Shift, s.ShiftX*s.Pixel, -s.ShiftY*s.Pixel)
		}
		got := label(s).Score(fmt.Sprint(seed), outlines(r.Changes))
		for _, m := range label(s).Missed(outlines(r.Changes)) {
			t.Logf("seed %d: missed %s %.1f m shed %v", seed, s.Truth[m-1].Kind, s.Truth[m-1].Height, s.Truth[m-1].Shed)
		}
		t.Logf("%+v, noise %.3f", got, r.Noise)
		all = append(all, got)
	}
	sum := score.Sum(all)
	t.Logf("objects: precision %.2f, recall %.2f, F1 %.2f; pixels F1 %.2f", sum.Objects.Precision(), sum.Objects.Recall(), sum.Objects.F1(), sum.Pixels.F1())
	if sum.Objects.F1() < 0.8 {
		t.Errorf("F1 %.2f", sum.Objects.F1())
	}
}

// TestOneThing has one kind of change at a time, and says exactly what has to come of it.
func TestOneThing(t *testing.T) {
	t.Parallel()
	base := made.Options{Seed: 5, Side: 400, Pixel: 0.5, Noise: 0.05, Blur: true}
	for _, c := range []struct {
		name   string
		change func(*made.Options)
		want   map[survey.Kind]int
		most   int // that may be told beside
	}{
		{"nothing", func(*made.Options) {}, nil, 0},
		{"building", func(o *made.Options) { o.Buildings = 1 }, map[survey.Kind]int{survey.New: 1}, 0},
		{"storey", func(o *made.Options) { o.Storeys = 1 }, map[survey.Kind]int{survey.Raised: 1}, 0},
		{"shed", func(o *made.Options) { o.Sheds = 1 }, map[survey.Kind]int{survey.New: 1}, 0},
		{"removed", func(o *made.Options) { o.Removed = 1 }, map[survey.Kind]int{survey.Removed: 1}, 0},
		{"trees grow", func(o *made.Options) { o.GrownTrees = 12 }, nil, 3},
		{"harvest", func(o *made.Options) { o.HarvestedFields = 2 }, nil, 0},
		{"shadow", func(o *made.Options) { o.ShadowFields = 2 }, nil, 0},
		{"shift 1", func(o *made.Options) { o.ShiftX = 1 }, nil, 0},
		{"shift 2", func(o *made.Options) { o.ShiftX, o.ShiftY = -2, 1.5 }, nil, 0},
		{"shift 3", func(o *made.Options) { o.ShiftX, o.ShiftY = 2.6, -3 }, nil, 0},
		{"shift and shed", func(o *made.Options) { o.ShiftX, o.Sheds = 2.5, 1 }, map[survey.Kind]int{survey.New: 1}, 0},
		{"tilt and dish", func(o *made.Options) { o.Tilt, o.Dish, o.Buildings = 5, 3, 1 }, map[survey.Kind]int{survey.New: 1}, 0},
		{"noise", func(o *made.Options) { o.Noise, o.Storeys = 0.3, 1 }, map[survey.Kind]int{survey.Raised: 1}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := base
			c.change(&o)
			s := made.Make(o)
			got := map[survey.Kind]int{}
			r := find(t, s, dsm.Options{VegetationBefore: s.Green[0], VegetationAfter: s.Green[1]})
			for _, ch := range r.Changes {
				got[ch.Kind]++
			}
			if c.most > 0 && len(r.Changes) <= c.most {
				return
			}
			if len(got) != len(c.want) || got[survey.New] != c.want[survey.New] || got[survey.Raised] != c.want[survey.Raised] || got[survey.Removed] != c.want[survey.Removed] {
				t.Fatalf("%v, want %v; shift %+v noise %.2f", r.Changes, c.want, r.Shift, r.Noise)
			}
			for i, ch := range r.Changes {
				truth := s.Truth[i]
				area := truth.Outline[0]
				want := math.Hypot(area[1][0]-area[0][0], area[1][1]-area[0][1]) * math.Hypot(area[2][0]-area[1][0], area[2][1]-area[1][1])
				if math.Abs(ch.Area-want) > 0.25*want {
					t.Errorf("area %.1f m², true %.1f", ch.Area, want)
				}
				if math.Abs(ch.Height95-truth.Height) > 2.2 { // a ridge adds to the eaves
					t.Errorf("height %.2f m, true %.2f", ch.Height95, truth.Height)
				}
			}
		})
	}
}

// Strips of any height give the same, to the last digit.
func TestStripsAgree(t *testing.T) {
	t.Parallel()
	o := made.Usual(9)
	o.Side = 420
	s := made.Make(o)
	whole := find(t, s, dsm.Options{Strip: 1000})
	for _, rows := range []int{33, 64, 200} {
		got := find(t, s, dsm.Options{Strip: rows})
		if fmt.Sprint(got.Changes) != fmt.Sprint(whole.Changes) {
			t.Errorf("strips of %d rows give\n%v\nwant\n%v", rows, got.Changes, whole.Changes)
		}
	}
}

func TestUnfit(t *testing.T) {
	t.Parallel()
	geo := raster.Transform{0, 0.5, 0, 0, 0, -0.5}
	flat := func(w, h int, geo raster.Transform) *raster.Grid {
		g := raster.New(w, h, geo)
		for i := range g.Data {
			g.Data[i] = 3
		}
		return g
	}
	skew := geo
	skew[2] = 0.1
	for _, c := range []struct {
		name string
		a, b *raster.Grid
		ok   bool
	}{
		{"flat", flat(40, 40, geo), flat(40, 40, geo), true},
		{"no data", raster.New(40, 40, geo), raster.New(40, 40, geo), true},
		{"half", flat(40, 40, geo), raster.New(40, 40, geo), true},
		{"sizes", flat(40, 40, geo), flat(41, 40, geo), false},
		{"askew", flat(40, 40, skew), flat(40, 40, skew), false},
		{"tiny", flat(9, 9, geo), flat(9, 9, geo), false},
	} {
		r, err := dsm.Find(t.Context(), c.a, c.b, dsm.Options{})
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		} else if err == nil && (len(r.Changes) > 0 || r.Shift.Known) {
			t.Errorf("%s: %+v", c.name, r)
		}
	}
}
