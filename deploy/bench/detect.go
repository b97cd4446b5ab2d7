package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers/survey/dsm"
	"wanglou/layers/survey/made"
	"wanglou/layers/survey/score"
)

// dsmF1 measures how much of what is known to have changed between two surface models is found, over twelve scenes that no test looks at, and how long a square kilometre
// at 0.5 m takes. The reference is the plain difference: the same threshold and outlines, without registration, trend and plants.
var dsmF1 = bench{figures: []string{"dsm-f1", "dsm-time"}, run: func(ctx context.Context, e *env) ([]figure, error) {
	var ours, bare, blind []score.Scene
	var took, tookBare time.Duration
	for seed := uint64(101); seed <= 112; seed++ {
		s := made.Make(made.Usual(seed))
		truth := &score.Label{W: s.Side, H: s.Side, Geo: s.Earlier.Geo, Pixel: s.Pixel, Objects: s.Stamped}
		try := func(o dsm.Options) (score.Scene, time.Duration, error) {
			began := time.Now()
			r, err := dsm.Find(ctx, s.Earlier, s.Later, o)
			if err != nil {
				return score.Scene{}, 0, err
			}
			took := time.Since(began)
			return truth.Score(fmt.Sprint(seed), bySurest(r.Changes)), took, nil
		}
		with, t, err := try(dsm.Options{VegetationBefore: s.Green[0], VegetationAfter: s.Green[1]})
		if err != nil {
			return nil, err
		}
		ours, took = append(ours, with), took+t
		without, _, err := try(dsm.Options{})
		if err != nil {
			return nil, err
		}
		blind = append(blind, without)
		plain, t, err := try(dsm.Options{Plain: true})
		if err != nil {
			return nil, err
		}
		bare, tookBare = append(bare, plain), tookBare+t
	}
	sum, ref, noPicture := score.Sum(ours), score.Sum(bare), score.Sum(blind)
	for _, s := range []struct {
		name string
		score.Scene
	}{{"with an index of plants", sum}, {"heights alone", noPicture}, {"plain difference", ref}} {
		e.say("%s: objects precision %.2f recall %.2f F1 %.2f, pixels F1 %.2f, %.0f false a km²", s.name, s.Objects.Precision(), s.Objects.Recall(), s.Objects.F1(), s.Pixels.F1(), s.FalsePerKM2())
	}
	perKM := took.Seconds() / sum.Area
	return []figure{
		{name: "dsm-f1", value: sum.Objects.F1(), unit: "F1", ratio: sum.Objects.F1() / ref.Objects.F1(), against: "plain-difference"},
		{name: "dsm-time", value: perKM, unit: "s/km²", ratio: perKM / (tookBare.Seconds() / sum.Area), against: "plain-difference"},
	}, nil
}}

// bySurest returns the outlines, the highest score first.
func bySurest(changes []dsm.Change) []orb.Polygon {
	slices.SortFunc(changes, func(a, b dsm.Change) int { return cmp.Compare(b.Score, a.Score) })
	var out []orb.Polygon
	for _, c := range changes {
		out = append(out, c.Outline)
	}
	return out
}
