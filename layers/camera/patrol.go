package camera

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"wanglou/layers"
)

// Limits of patrols.
const (
	MaxPatrols     = 500 // in an installation
	MaxPatrolStops = 100
	MinDwell       = 5   // seconds: a shorter one shows less than it costs the camera
	MaxDwell       = 600 // seconds
	maxPatrolName  = 80
)

// Layouts are how many tiles a video wall may have.
var Layouts = []int{1, 4, 9, 16}

// Patrol 轮巡 is a list of cameras that the video wall shows one after the other; with a layout it is a group 分组, which the wall shows at once. Who may see the area that holds those of its maker may see it.
type Patrol struct {
	ID        int64        `json:"id"`
	Revision  int64        `json:"revision"`
	Name      string       `json:"name"`
	Layout    int          `json:"layout"`    // of a group, which is shown as a whole: in so many tiles; 0 of a patrol
	Stops     []PatrolStop `json:"stops"`     // those alone whose camera the caller may see
	AreaPath  string       `json:"area_path"` // "" is who sees everywhere
	Maker     string       `json:"maker"`     // name
	Mine      bool         `json:"mine"`      // the caller may change it
	CreatedAt time.Time    `json:"created_at"`
}

// PatrolStop is one camera and for how long it is shown.
type PatrolStop struct {
	CameraID int64 `json:"camera_id"`
	DwellS   int   `json:"dwell_s"` // seconds
}

// Validate tidies the patrol and reports the first wrong field: CodeInvalid.
func (p *Patrol) Validate() error {
	p.Name = strings.TrimSpace(p.Name)
	switch n := utf8.RuneCountInString(p.Name); {
	case n == 0:
		return layers.Invalid("name", "required", "a name is required")
	case n > maxPatrolName:
		return layers.Invalid("name", "too_long", "the name has %d characters, at most %d are kept", n, maxPatrolName)
	case len(p.Stops) == 0:
		return layers.Invalid("stops", "required", "a patrol needs a camera")
	case len(p.Stops) > MaxPatrolStops:
		return layers.Invalid("stops", "too_many", "a patrol has %d cameras, at most %d are kept", len(p.Stops), MaxPatrolStops)
	}
	if p.Layout != 0 && !slices.Contains(Layouts, p.Layout) {
		return layers.Invalid("layout", "unknown_value", "%d tiles are not a layout", p.Layout)
	}
	if p.Layout != 0 && len(p.Stops) > p.Layout {
		return layers.Invalid("stops", "too_many", "%d cameras do not stand in %d tiles", len(p.Stops), p.Layout)
	}
	for i, stop := range p.Stops {
		if stop.DwellS < MinDwell || stop.DwellS > MaxDwell {
			return layers.Invalid("stops", "out_of_range", "camera %d is shown for %d s; %d to %d are possible", i+1, stop.DwellS, MinDwell, MaxDwell)
		}
	}
	return nil
}

// Patrols keeps patrols. Every method asks what the actor of ctx may do (auth.ActionWatch), and writes audit rows for what it changes.
type Patrols interface {
	// Patrols lists those that the actor may see, by name.
	Patrols(ctx context.Context) ([]*Patrol, error)
	// Create stores a patrol of the actor's that was validated. CodeInvalid with reason "unknown_camera" for a camera that he may not see; CodeConflict with
	// reason "too_many_patrols".
	Create(ctx context.Context, p *Patrol) error
	// Update replaces name and stops of one of the actor's own; administrators change any that they see. CodeNotFound, CodeForbidden with reason
	// "not_your_patrol", CodeConflict with reason "stale_revision".
	Update(ctx context.Context, p *Patrol) error
	// Delete forgets one; errors as Update.
	Delete(ctx context.Context, id int64) error
}
