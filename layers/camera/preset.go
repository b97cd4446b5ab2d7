package camera

import (
	"context"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"wanglou/layers"
)

// Limits of presets.
const (
	maxPresetNumber = 255 // GB/T 28181 has one byte for it
	maxPresetName   = 60
)

// Preset 预置位 is where a camera that turns looks when it is told to.
type Preset struct {
	Number  int      `json:"number"` // that the device knows it by
	Name    string   `json:"name"`
	Azimuth float64  `json:"azimuth_deg"`        // clockwise from true north, 0 ≤ Azimuth < 360
	Tilt    *float64 `json:"tilt_deg,omitempty"` // below the horizon is negative
	FOV     *float64 `json:"fov_deg,omitempty"`
}

// Presets are those of one camera, by number.
type Presets []Preset

// Validate tidies presets and reports the first wrong field: CodeInvalid.
func (p Presets) Validate() error {
	slices.SortFunc(p, func(a, b Preset) int { return a.Number - b.Number })
	for i := range p {
		each := &p[i]
		each.Name = strings.TrimSpace(each.Name)
		n := utf8.RuneCountInString(each.Name)
		switch {
		case each.Number < 1 || each.Number > maxPresetNumber:
			return layers.Invalid("number", "out_of_range", "a preset's number is 1 to %d, not %d", maxPresetNumber, each.Number)
		case i > 0 && each.Number == p[i-1].Number:
			return layers.Invalid("number", "already_exists", "the number %d is given twice", each.Number)
		case n == 0:
			return layers.Invalid("name", "required", "preset %d needs a name", each.Number)
		case n > maxPresetName:
			return layers.Invalid("name", "too_long", "the name of preset %d has %d characters, at most %d are kept", each.Number, n, maxPresetName)
		case !(each.Azimuth >= 0 && each.Azimuth < 360):
			return layers.Invalid("azimuth_deg", "out_of_range", "%g is not at least 0 and under 360", each.Azimuth)
		case each.Tilt != nil && !(*each.Tilt >= -90 && *each.Tilt <= 90):
			return layers.Invalid("tilt_deg", "out_of_range", "%g is not within 90 degrees of the horizon", *each.Tilt)
		case each.FOV != nil && !(*each.FOV > 0 && *each.FOV <= 360):
			return layers.Invalid("fov_deg", "out_of_range", "%g is not over 0 and at most 360", *each.FOV)
		}
	}
	return nil
}

// Toward returns the preset that has a direction nearest to the middle of its picture, nil where none has it in its picture. fov is what is taken where a preset does not say how wide it is.
func (p Presets) Toward(azimuth, fov float64) *Preset {
	var best *Preset
	least := math.Inf(1)
	for i := range p {
		wide := fov
		if p[i].FOV != nil {
			wide = *p[i].FOV
		}
		if off := math.Abs(math.Remainder(azimuth-p[i].Azimuth, 360)); off <= wide/2 && off < least {
			best, least = &p[i], off
		}
	}
	return best
}

// Equal reports whether both say the same.
func (p Presets) Equal(other Presets) bool {
	return slices.EqualFunc(p, other, func(a, b Preset) bool {
		return a.Number == b.Number && a.Name == b.Name && float32(a.Azimuth) == float32(b.Azimuth) && SameDegrees(a.Tilt, b.Tilt) && SameDegrees(a.FOV, b.FOV)
	})
}

// PresetStore keeps presets. Callers are told by their context: who may read of a camera may read them; to change them the action is auth.ActionManageCameras. CodeNotFound,
// CodeForbidden.
type PresetStore interface {
	Presets(ctx context.Context, cameraID int64) (Presets, error)
	// SetPresets replaces those of a camera that were validated. CodeConflict with reason "stale_revision" where they are not any more what the caller saw.
	SetPresets(ctx context.Context, cameraID int64, p, seen Presets) error
	// PresetsOf returns those of several cameras, without asking for rights: the caller has chosen what he may see.
	PresetsOf(ctx context.Context, ids []int64) (map[int64]Presets, error)
}
