package wall

import (
	"context"
	"time"

	"wanglou/layers"
)

// Screen is what one of a wall's browsers last told of itself.
type Screen struct {
	Row        int       `json:"row"`
	Column     int       `json:"column"`
	SeenAt     time.Time `json:"seen_at"`
	FrameAgeMS int       `json:"frame_age_ms"` // since its last picture was drawn
	Width      int       `json:"width"`        // CSS pixels of its window
	Height     int       `json:"height"`
	Version    string    `json:"version"`
}

// Validate reports the first wrong field of what a screen tells of itself: CodeInvalid.
func (s *Screen) Validate() error {
	switch {
	case s.FrameAgeMS < 0 || s.FrameAgeMS > 1<<30:
		return layers.Invalid("frame_age_ms", "out_of_range", "that is no age")
	case s.Width < 0 || s.Width > 1<<16 || s.Height < 0 || s.Height > 1<<16:
		return layers.Invalid("width", "out_of_range", "that is no window")
	case len(s.Version) > 80:
		return layers.Invalid("version", "too_long", "a version has at most 80 bytes")
	}
	return nil
}

// Service keeps walls. Every method asks what the actor of ctx may do, and writes audit rows for what people change. Implemented by postgis.Walls.
type Service interface {
	// Walls lists those whose area the actor sees, by name.
	Walls(ctx context.Context) ([]*Wall, error)
	// Wall returns one. CodeNotFound.
	Wall(ctx context.Context, id int64) (*Wall, error)
	// Create stores a wall that was validated. CodeForbidden; CodeConflict with reason "too_many_walls".
	Create(ctx context.Context, w *Wall) error
	// Update replaces name, area, layout, playlist and rules. CodeNotFound, CodeForbidden; CodeConflict with reason "stale_revision".
	Update(ctx context.Context, w *Wall) error
	// Delete forgets one. CodeNotFound, CodeForbidden.
	Delete(ctx context.Context, id int64) error
	// Do runs a command. cases are those that may jump in. Errors are those of Wall.Do, and CodeConflict with reason "stale_revision".
	Do(ctx context.Context, id int64, c Command, cases []Case) (*Wall, error)
	// Beat notes what a screen tells of itself.
	Beat(ctx context.Context, id int64, s Screen) error
}
