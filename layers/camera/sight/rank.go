package sight

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/camera"
)

// What is taken where the registry does not say, metres and degrees.
const (
	UsualHeight = 6.0
	UsualRange  = 100.0
	UsualFOV    = 60.0
	EyeHeight   = 1.5 // of what is looked at
)

// Camera is what is known of one for this question.
type Camera struct {
	ID       int64
	Name     string
	Point    orb.Point
	Status   camera.Status
	Height   *float64 // metres above the ground; these four nil where unknown
	Azimuth  *float64 // degrees clockwise from north
	FOV      *float64 // degrees
	Range    *float64 // metres
	Playable bool     // there is a stream
}

// Reason says why a camera does not see a place; "" where it does. The first that holds is given, in this order.
type Reason string

const (
	TooFar  Reason = "too_far"      // further than its range
	Hidden  Reason = "hidden"       // a building stands between
	Outside Reason = "outside_view" // it looks elsewhere: turned to Aim it would see
)

// Aim is how a camera would have to be turned to have the place in the middle of its picture.
type Aim struct {
	Azimuth float64 `json:"azimuth_deg"` // clockwise from true north, 0 ≤ Azimuth < 360
	Tilt    float64 `json:"tilt_deg"`    // below the horizon is negative
}

// View is one camera's answer.
type View struct {
	Camera   *Camera
	Distance float64 // metres over the ground
	Reach    float64 // metres: its range, or the usual one
	OffAxis  float64 // degrees between where it looks and the place, 0 to 180; 0 where unknown
	Sees     bool
	Reason   Reason
	HiddenAt float64 // metres from the camera at which the first building begins; of Hidden
	Aim      Aim
	Guessed  []string // names of what the registry does not say and the usual is taken for: height_m, azimuth_deg, fov_deg, range_m
}

// Usable reports whether its picture can be looked at now.
func (v *View) Usable() bool { return v.Camera.Status == camera.Online && v.Camera.Playable }

// Look answers for one camera and a place at a height above the ground, metres.
func (s *Scene) Look(c *Camera, p orb.Point, height float64) View {
	v := View{Camera: c, Distance: layers.Distance(c.Point, p)}
	known := func(value *float64, usual float64, name string) float64 {
		if value == nil {
			v.Guessed = append(v.Guessed, name)
			return usual
		}
		return *value
	}
	own := known(c.Height, UsualHeight, "height_m")
	v.Reach = known(c.Range, UsualRange, "range_m")
	v.Aim = Aim{Azimuth: bearing(c.Point, p), Tilt: math.Atan2(height-own, math.Max(v.Distance, 0.01)) * 180 / math.Pi}
	fov := 360.0
	if c.Azimuth == nil {
		v.Guessed = append(v.Guessed, "azimuth_deg") // it may look anywhere
	} else {
		fov = known(c.FOV, UsualFOV, "fov_deg")
		v.OffAxis = apart(*c.Azimuth, v.Aim.Azimuth)
	}
	if v.Distance > v.Reach {
		v.Reason = TooFar
		return v
	}
	if at, blocked := s.Blocked(c.Point, own, p, height); blocked {
		v.Reason, v.HiddenAt = Hidden, at*v.Distance
		return v
	}
	if v.OffAxis > fov/2 && v.Distance > 0.5 { // below the mast there is no bearing
		v.Reason = Outside
		return v
	}
	v.Sees = true
	return v
}

// Rank orders answers: those that see and can be looked at, then those that see, then those that would if they were turned, then the rest; the nearer first.
func Rank(views []View) {
	slices.SortFunc(views, func(a, b View) int {
		return cmp.Or(cmp.Compare(class(&a), class(&b)), cmp.Compare(len(a.Guessed)/4, len(b.Guessed)/4), cmp.Compare(a.Distance, b.Distance), cmp.Compare(a.Camera.ID, b.Camera.ID))
	})
}

func class(v *View) int {
	switch {
	case v.Sees && v.Usable():
		return 0
	case v.Sees:
		return 1
	case v.Reason == Outside:
		return 2
	}
	return 3
}

// bearing is where q lies as seen from p, degrees clockwise from true north, 0 ≤ bearing < 360.
func bearing(p, q orb.Point) float64 {
	east, north := metres(p, q)
	deg := math.Atan2(east, north) * 180 / math.Pi
	if deg < 0 {
		deg += 360
	}
	return math.Mod(deg, 360)
}

// apart is the angle between two bearings, 0 to 180 degrees.
func apart(a, b float64) float64 {
	d := math.Abs(math.Mod(a-b, 360))
	return math.Min(d, 360-d)
}

// metres returns where q lies as seen from p, on the plane that touches the ellipsoid at p's latitude.
func metres(p, q orb.Point) (east, north float64) {
	x, y := scaleAt(p[1])
	return (q[0] - p[0]) * x, (q[1] - p[1]) * y
}

// scaleAt returns the metres in a degree of longitude and of latitude.
func scaleAt(lat float64) (x, y float64) {
	phi := lat * math.Pi / 180
	return 111412.84*math.Cos(phi) - 93.5*math.Cos(3*phi), 111132.954 - 559.822*math.Cos(2*phi) + 1.175*math.Cos(4*phi)
}
