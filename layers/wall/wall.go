// Package wall is walls 大屏墙: grids of screens that together show one view of the map, from one document that all of them read.
//
//	wall.go     a wall, its layout, scenes and rules, and their limits
//	part.go     screens that show something else than the others
//	shown.go    what a wall shows at a moment
//	hours.go    scenes that have a time of day
//	command.go  what operators do to it
//	service.go  where walls are kept
package wall

import (
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"wanglou/layers"
)

// Limits of walls.
const (
	Max             = 50 // in an installation
	maxName         = 60
	maxScreens      = 64
	maxSide         = 16
	maxEntries      = 100
	maxRules        = 20
	maxPixels       = 16384 // of a screen's side
	minPixels       = 240
	maxGap          = 2000 // pixels
	MinDwell        = 5 * time.Second
	MaxDwell        = 24 * time.Hour
	maxAcknowledged = 200
)

// Layout is a grid of equal screens. Sizes are CSS pixels of a screen; the gap is what two neighbours' bezels hide together.
type Layout struct {
	Rows    int     `json:"rows"`
	Columns int     `json:"columns"`
	Width   int     `json:"width"`
	Height  int     `json:"height"`
	GapX    float64 `json:"gap_x"`    // in Unit
	GapY    float64 `json:"gap_y"`    // in Unit
	Unit    string  `json:"unit"`     // px or mm
	PitchMM float64 `json:"pitch_mm"` // millimetres from pixel to pixel; of unit mm
}

// Gap returns how many whole pixels lie hidden between two neighbours, so that no screen stands between pixels.
func (l Layout) Gap() (x, y int) {
	k := 1.0
	if l.Unit == "mm" {
		k = 1 / l.PitchMM
	}
	return int(math.Round(l.GapX * k)), int(math.Round(l.GapY * k))
}

// Size returns the pixels of the whole view, hidden ones included.
func (l Layout) Size() (width, height int) {
	x, y := l.Gap()
	return l.Columns*l.Width + (l.Columns-1)*x, l.Rows*l.Height + (l.Rows-1)*y
}

// Origin returns the view's pixel at the upper left of a screen; rows and columns count from 1.
func (l Layout) Origin(row, column int) (x, y int) {
	gx, gy := l.Gap()
	return (column - 1) * (l.Width + gx), (row - 1) * (l.Height + gy)
}

// Has reports whether the wall has such a screen.
func (l Layout) Has(row, column int) bool {
	return row >= 1 && row <= l.Rows && column >= 1 && column <= l.Columns
}

func (l *Layout) validate() error {
	if l.Unit == "" {
		l.Unit = "px"
	}
	switch {
	case l.Rows < 1 || l.Rows > maxSide:
		return layers.Invalid("layout.rows", "out_of_range", "a wall has 1 to %d rows", maxSide)
	case l.Columns < 1 || l.Columns > maxSide:
		return layers.Invalid("layout.columns", "out_of_range", "a wall has 1 to %d columns", maxSide)
	case l.Rows*l.Columns > maxScreens:
		return layers.Invalid("layout.columns", "out_of_range", "a wall has at most %d screens", maxScreens)
	case l.Width < minPixels || l.Width > maxPixels:
		return layers.Invalid("layout.width", "out_of_range", "a screen is %d to %d pixels wide", minPixels, maxPixels)
	case l.Height < minPixels || l.Height > maxPixels:
		return layers.Invalid("layout.height", "out_of_range", "a screen is %d to %d pixels high", minPixels, maxPixels)
	case l.Unit != "px" && l.Unit != "mm":
		return layers.Invalid("layout.unit", "not_a_value", "the unit of gaps is px or mm")
	case l.Unit == "mm" && !(l.PitchMM >= 0.01 && l.PitchMM <= 50):
		return layers.Invalid("layout.pitch_mm", "out_of_range", "pixels are 0.01 to 50 mm apart")
	case !(l.GapX >= 0 && l.GapX <= maxGap):
		return layers.Invalid("layout.gap_x", "out_of_range", "a gap is 0 to %d", maxGap)
	case !(l.GapY >= 0 && l.GapY <= maxGap):
		return layers.Invalid("layout.gap_y", "out_of_range", "a gap is 0 to %d", maxGap)
	}
	if x, y := l.Gap(); x > maxGap || y > maxGap {
		return layers.Invalid("layout.gap_x", "out_of_range", "a gap is at most %d pixels", maxGap)
	}
	return nil
}

// Camera is from where the map is seen. Zoom is that of a map 960 pixels high: higher walls show the same ground, larger.
type Camera struct {
	Center  orb.Point `json:"center"`  // EPSG:4326
	Zoom    float64   `json:"zoom"`    // 3 to 20
	Pitch   float64   `json:"pitch"`   // degrees from straight down, 0 to 70
	Bearing float64   `json:"bearing"` // degrees clockwise from north, -180 to 180

	Elevation float64 `json:"elevation"` // of the ground at the centre, as it is drawn, metres: no screen asks its own heights

	FollowUnit int64 `json:"follow_unit,omitempty"` // whose place is the centre, where it is known: the camera goes with it, and leaves from where it is
}

// View is what is seen of the map from a camera.
type View struct {
	Camera
	Hidden   []string `json:"hidden"`             // parts of the map that are not drawn
	Picture  string   `json:"picture,omitempty"`  // source in place of the ground
	Tilesets []string `json:"tilesets,omitempty"` // photographed landscapes that stand on it
	Severity int      `json:"severity,omitempty"` // cases of this severity and graver ones alone; 0 shows all
}

func (v *View) validate() error {
	if v.Hidden == nil {
		v.Hidden = []string{}
	}
	switch {
	case !(math.Abs(v.Center[0]) <= 180 && math.Abs(v.Center[1]) <= 85):
		return layers.Invalid("center", "out_of_range", "the centre is a longitude and a latitude")
	case !(v.Zoom >= 3 && v.Zoom <= 20):
		return layers.Invalid("zoom", "out_of_range", "the zoom is 3 to 20")
	case !(v.Pitch >= 0 && v.Pitch <= 70):
		return layers.Invalid("pitch", "out_of_range", "the pitch is 0 to 70 degrees")
	case !(v.Bearing >= -180 && v.Bearing <= 180):
		return layers.Invalid("bearing", "out_of_range", "the bearing is -180 to 180 degrees")
	case !(v.Elevation >= -1000 && v.Elevation <= 50000):
		return layers.Invalid("elevation", "out_of_range", "the elevation is -1000 to 50000 metres")
	case len(v.Hidden) > 30 || slices.ContainsFunc(v.Hidden, func(h string) bool { return h == "" || len(h) > 40 }):
		return layers.Invalid("hidden", "not_a_value", "at most 30 names of parts of the map")
	case len(v.Picture) > 100:
		return layers.Invalid("picture", "too_long", "the name of a picture has at most 100 bytes")
	case len(v.Tilesets) > 8 || slices.ContainsFunc(v.Tilesets, func(name string) bool { return name == "" || len(name) > 100 }):
		return layers.Invalid("tilesets", "not_a_value", "at most 8 names of tilesets")
	case v.FollowUnit < 0:
		return layers.Invalid("follow_unit", "not_a_value", "that is no unit")
	case v.Severity < 0 || v.Severity > 3:
		return layers.Invalid("severity", "out_of_range", "severity is 1, 2 or 3; 0 shows all")
	}
	return nil
}

// Scene is what a wall shows at once: a view of the map, and parts that show something else.
type Scene struct {
	Name string `json:"name"`
	View
	Theme  string `json:"theme"`            // dark or light
	Lang   string `json:"lang"`             // zh or en
	Parts  []Part `json:"parts,omitempty"`  // no screen belongs to two
	DwellS int    `json:"dwell_s"`          // how long a playlist stays, seconds
	Begins string `json:"begins,omitempty"` // time of day in the county's zone, "08:00": it is in the playlist from then
	Ends   string `json:"ends,omitempty"`   // until then; both or neither
}

func (s *Scene) validate() error {
	s.Name = strings.TrimSpace(s.Name)
	if s.Theme == "" {
		s.Theme = "dark"
	}
	if s.Lang == "" {
		s.Lang = "zh"
	}
	switch n := utf8.RuneCountInString(s.Name); {
	case n == 0:
		return layers.Invalid("name", "required", "a scene needs a name")
	case n > maxName:
		return layers.Invalid("name", "too_long", "the name has %d characters, at most %d are kept", n, maxName)
	case s.Theme != "dark" && s.Theme != "light":
		return layers.Invalid("theme", "not_a_value", "the theme is dark or light")
	case s.Lang != "zh" && s.Lang != "en":
		return layers.Invalid("lang", "not_a_value", "the language is zh or en")
	case s.DwellS < int(MinDwell/time.Second) || s.DwellS > int(MaxDwell/time.Second):
		return layers.Invalid("dwell_s", "out_of_range", "a scene stays %v to %v", MinDwell, MaxDwell)
	}
	if err := s.View.validate(); err != nil {
		return err
	}
	if s.Begins != "" || s.Ends != "" {
		if _, err := clockMinutes(s.Begins); err != nil {
			return layers.Invalid("begins", "not_a_value", "a scene's hours are two times of day, 08:00 and 18:00")
		}
		if _, err := clockMinutes(s.Ends); err != nil || s.Ends == s.Begins {
			return layers.Invalid("ends", "not_a_value", "a scene's hours are two times of day, 08:00 and 18:00")
		}
	}
	return s.validateParts()
}

// Rule lets cases jump in, until somebody acknowledges them at the wall.
type Rule struct {
	Severity int     `json:"severity"`  // this one and graver ones, 1 to 3
	AreaPath string  `json:"area_path"` // "" is wherever the wall's area is
	Zoom     float64 `json:"zoom"`      // of a map 960 pixels high
}

func (r *Rule) validate() error {
	switch {
	case r.Severity < 1 || r.Severity > 3:
		return layers.Invalid("severity", "out_of_range", "severity is 1, 2 or 3")
	case r.AreaPath != "" && !layers.IsAreaPath(r.AreaPath):
		return layers.Invalid("area_path", "bad_area_path", "%q is not the path of an area", r.AreaPath)
	case !(r.Zoom >= 3 && r.Zoom <= 20):
		return layers.Invalid("zoom", "out_of_range", "the zoom is 3 to 20")
	}
	return nil
}

// State is where a wall stands. It is changed by [Wall.Do] alone.
type State struct {
	Entry        int       `json:"entry"` // of the playlist, at Since
	Since        time.Time `json:"since"`
	Held         bool      `json:"held"` // the playlist does not go on
	By           string    `json:"by"`   // name of who holds the wall
	ByID         int64     `json:"by_id"`
	Shown        *Scene    `json:"shown"`        // in the playlist's stead
	From         *Camera   `json:"from"`         // where the movement at Since began
	Acknowledged []int64   `json:"acknowledged"` // cases that jump in no more
	RulesSince   time.Time `json:"rules_since"`  // earlier cases do not jump in
}

// Wall is one document: what its screens are, and what they show.
type Wall struct {
	ID       int64    `json:"id"`
	Revision int64    `json:"revision"`
	Name     string   `json:"name"`
	AreaPath string   `json:"area_path"` // who sees this area sees the wall; "" is who sees everywhere
	Layout   Layout   `json:"layout"`
	Playlist []Scene  `json:"playlist"`
	Rules    []Rule   `json:"rules"`
	State    State    `json:"state"`
	Screens  []Screen `json:"screens"`

	Zone *time.Location `json:"-"` // in which scenes have their hours; nil is UTC
}

// Validate tidies what people enter and reports the first wrong field: CodeInvalid.
func (w *Wall) Validate() error {
	w.Name = strings.TrimSpace(w.Name)
	switch n := utf8.RuneCountInString(w.Name); {
	case n == 0:
		return layers.Invalid("name", "required", "a wall needs a name")
	case n > maxName:
		return layers.Invalid("name", "too_long", "the name has %d characters, at most %d are kept", n, maxName)
	case w.AreaPath != "" && !layers.IsAreaPath(w.AreaPath):
		return layers.Invalid("area_path", "bad_area_path", "%q is not the path of an area", w.AreaPath)
	case len(w.Playlist) > maxEntries:
		return layers.Invalid("playlist", "too_long", "a playlist has at most %d scenes", maxEntries)
	case len(w.Rules) > maxRules:
		return layers.Invalid("rules", "too_long", "a wall has at most %d rules", maxRules)
	}
	if err := w.Layout.validate(); err != nil {
		return err
	}
	for i := range w.Playlist {
		if err := w.Playlist[i].validate(); err != nil {
			return layers.In("playlist", i, err)
		}
		if err := w.Layout.fits(&w.Playlist[i]); err != nil {
			return layers.In("playlist", i, err)
		}
	}
	for i := range w.Rules {
		if err := w.Rules[i].validate(); err != nil {
			return layers.In("rules", i, err)
		}
	}
	return nil
}
