package video

import "time"

const (
	// ClockRate is that of cameras' clocks, ticks a second.
	ClockRate = 90_000
	jump      = 10 * ClockRate // of a camera's clock: more is another clock
	least     = ClockRate / 1000
)

// Clock measures a camera's pictures by its own clock, as long as that goes forward.
type Clock struct {
	begun  bool
	camera uint32 // of the last picture
	came   time.Time
}

// Passed returns the ticks since the picture before, 0 of the first one: by the camera's clock, or, where that is another one than before or goes backwards, by ours.
func (c *Clock) Passed(f *Frame) uint32 {
	passed := f.Time - c.camera
	switch {
	case !c.begun:
		passed = 0
	case passed == 0 || passed > jump:
		passed = uint32(min(jump, max(least, f.Came.Sub(c.came)*ClockRate/time.Second))) // #nosec G115 -- bounded
	}
	c.begun, c.camera, c.came = true, f.Time, f.Came
	return passed
}
