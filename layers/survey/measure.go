package survey

import (
	"context"
	"math"

	"github.com/paulmach/orb"

	"wanglou/layers"
)

// Limits of what is measured at once.
const (
	MaxLinePoints   = 100
	MaxLineLength   = 5000.0 // metres
	MaxOutlineEdges = 500
	MaxMeasured     = 1e6 // m²
)

// HeightProfile is the ground along a line in one or two surface models.
type HeightProfile struct {
	Pixel  float64         `json:"pixel_m"` // of the grid on which both were read
	Length float64         `json:"length_m"`
	At     []float64       `json:"at_m"` // metres from the line's beginning
	Series []ProfileHeight `json:"series"`
}

// ProfileHeight is one model's heights, null where it knows nothing.
type ProfileHeight struct {
	CaptureID int64      `json:"capture_id"`
	Heights   []*float64 `json:"heights_m"`
}

// Earthwork is what was cut and filled inside an outline between two surface models. Positive volumes in m³.
type Earthwork struct {
	Cut     float64 `json:"cut_m3"`
	Fill    float64 `json:"fill_m3"`
	Net     float64 `json:"net_m3"` // fill less cut
	Area    float64 `json:"area_m2"`
	Known   float64 `json:"known"` // share of the area that both models know
	Deepest float64 `json:"deepest_m"`
	Highest float64 `json:"highest_m"`
	Pixel   float64 `json:"pixel_m"`
	// How far the later model lies beside the earlier one, by the ground around the outline; null where that does not tell. Moved: it was moved by this before it was measured.
	East  *float64 `json:"shift_east_m"`
	North *float64 `json:"shift_north_m"`
	Moved bool     `json:"moved"`
	// How far the ground around lies higher in the later model, where nothing should have changed, and how much that differs from place to place; null where too little is known.
	Around *float64 `json:"around_m"`
	Spread *float64 `json:"spread_m"`
	Level  *float64 `json:"level_net_m3"` // Net, were the two models on one level
}

// Measures measures on the surface models of captures. Every method asks what the actor of ctx may see: CodeNotFound; CodeConflict with "no_dsm" or "capture_withdrawn".
type Measures interface {
	// Profile returns the heights along a line in captures, one or two; those without a surface model are left out.
	Profile(ctx context.Context, captures []int64, line orb.LineString) (*HeightProfile, error)
	// Earthwork returns what was cut and filled between an earlier and a later capture. CodeInvalid with "no_overlap".
	Earthwork(ctx context.Context, before, after int64, outline orb.MultiPolygon) (*Earthwork, error)
}

// ValidateLine reports the first mistake of a line that is to be measured: CodeInvalid.
func ValidateLine(line orb.LineString) error {
	if len(line) < 2 || len(line) > MaxLinePoints {
		return layers.Invalid("line", "out_of_range", "a line has 2 to %d points", MaxLinePoints)
	}
	for _, p := range line {
		if err := layers.ValidatePoint("line", p); err != nil {
			return err
		}
	}
	switch l := Length(line); {
	case l > MaxLineLength:
		return layers.Invalid("line", "too_large", "%.0f m are over %.0f", l, MaxLineLength)
	case l < 0.5:
		return layers.Invalid("line", "too_small", "the line has no length")
	}
	return nil
}

// Length is a line's length over the ground in metres.
func Length(line orb.LineString) (sum float64) {
	for i := 1; i < len(line); i++ {
		sum += layers.Distance(line[i-1], line[i])
	}
	return sum
}

// ValidateMeasured reports the first mistake of an outline that is to be measured: CodeInvalid. Beside what an outline has to be, it is no larger than a square kilometre.
func ValidateMeasured(outline orb.MultiPolygon) error {
	n := 0
	for _, p := range outline {
		for _, r := range p {
			n += len(r) - 1
		}
	}
	if n > MaxOutlineEdges {
		return layers.Invalid("outline", "too_many", "%d edges, at most %d", n, MaxOutlineEdges)
	}
	b := outline.Bound()
	at := b.Center()
	wide := layers.Distance(orb.Point{b.Min[0], at[1]}, orb.Point{b.Max[0], at[1]})
	deep := layers.Distance(orb.Point{at[0], b.Min[1]}, orb.Point{at[0], b.Max[1]})
	switch {
	case wide*deep > 4*MaxMeasured:
		return layers.Invalid("outline", "too_large", "%.1f km² around it are over 4", wide*deep/1e6)
	case math.Min(wide, deep) < 0.5:
		return layers.Invalid("outline", "too_small", "the outline encloses nothing")
	}
	return nil
}
