package survey

import "time"

// What a later flight says of a detection.
const (
	Gone        = "gone"
	StillStands = "still_stands"
	CannotTell  = "cannot_tell"
)

// Wanted is a detection of which a comparison can tell whether it still stands.
type Wanted struct {
	ID      int64
	Height  *float64 // metres, of what was built
	Outline Outline
	SeenAt  time.Time // of the flight that showed it
}

// Says tells from a measured difference over the outline (metres, later over earlier) and the share of it that was measured whether it still stands. stood is whether it
// stood already in the earlier flight. Between a metre and six tenths of its height nothing is told.
func (w *Wanted) Says(difference, known float64, stood bool) string {
	h := 3.0
	if w.Height != nil {
		h = *w.Height
	}
	whole := max(0.6*h, 1.5)
	switch {
	case known < 0.6:
		return CannotTell
	case stood && difference <= -whole, !stood && difference < 1 && difference > -1:
		return Gone
	case stood && difference > -1 && difference < whole, !stood && difference >= whole:
		return StillStands
	}
	return CannotTell
}

// Compared is what a comparison of two captures found.
type Compared struct {
	Intake
	Pixel     float64     `json:"pixel_m"`
	East      float64     `json:"east_m"` // how far the later one lay beside the earlier one
	North     float64     `json:"north_m"`
	Level     bool        `json:"registered"` // false where the ground does not tell
	Noise     float64     `json:"noise_m"`
	Removed   int         `json:"removed"` // lower by the threshold: they accuse nobody and are counted alone
	Proposals []Proposing `json:"-"`
}

// Proposing is one answer about a detection.
type Proposing struct {
	DetectionID int64
	Says        string
	Height      float64
	Unmeasured  bool // no surface model shows it: people look at the pictures
}
