package camera

import (
	"math"
	"testing"

	"github.com/paulmach/orb"

	"wanglou/layers"
)

func TestMasks(t *testing.T) {
	t.Parallel()
	square := []orb.Point{{0, 0}, {1, 0}, {1, 1}, {0, 1}}
	for name, tc := range map[string]struct {
		masks Masks
		ok    bool
	}{
		"none":       {nil, true},
		"one":        {Masks{square}, true},
		"two points": {Masks{square[:2]}, false},
		"outside":    {Masks{{{0, 0}, {1.1, 0}, {1, 1}}}, false},
		"below":      {Masks{{{-0.1, 0}, {1, 0}, {1, 1}}}, false},
		"NaN":        {Masks{{{math.NaN(), 0}, {1, 0}, {1, 1}}}, false},
		"corners":    {Masks{make([]orb.Point, maxMaskCorners+1)}, false},
		"many":       {make(Masks, maxMasks+1), false},
	} {
		if err := tc.masks.Validate(); (err == nil) != tc.ok || err != nil && layers.ErrorCode(err) != layers.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}
