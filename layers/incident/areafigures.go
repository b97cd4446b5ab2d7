package incident

import (
	"slices"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
)

// Grouping is the kind of area by which cases are counted.
type Grouping string

// Groupings in order of size.
const (
	ByTown     Grouping = "town"
	ByVillage  Grouping = "village"
	ByUnitGrid Grouping = "unit_grid"
)

// Groupings is every grouping.
var Groupings = []Grouping{ByTown, ByVillage, ByUnitGrid}

// Measure names one number of an area, and so the cases behind it.
type Measure string

// A case is due when it was closed in the window, or is open past its deadline now.
const (
	MeasureOpen    Measure = "open"    // not over now, whenever it began
	MeasureOverdue Measure = "overdue" // of the open ones: filed, and past the deadline now
	MeasureCreated Measure = "created" // began in the window
	MeasureClosed  Measure = "closed"  // closed in the window
	MeasureOnTime  Measure = "on_time" // of the closed ones: not counted as overdue
	MeasureDue     Measure = "due"     // closed in the window, or overdue
)

// Measures is every measure.
var Measures = []Measure{MeasureOpen, MeasureOverdue, MeasureCreated, MeasureClosed, MeasureOnTime, MeasureDue}

// MaxBehind bounds the list of the cases behind a number; the number itself is not bounded.
const MaxBehind = 500

// AreaFigures are the numbers of one area. Cases on a border that unit grids share count in one of them.
type AreaFigures struct {
	ID      int64     `json:"id"`
	Code    string    `json:"code"`
	Path    string    `json:"path"` // of a unit grid: its village's
	Name    string    `json:"name"`
	NameEN  string    `json:"name_en,omitempty"`
	Km2     float64   `json:"km2"`   // on the ellipsoid
	Point   orb.Point `json:"point"` // inside of it, EPSG:4326
	Open    int       `json:"open"`
	Overdue int       `json:"overdue"`
	Created int       `json:"created"`
	Closed  int       `json:"closed"`
	OnTime  int       `json:"on_time"`
	Due     int       `json:"due"`
}

// AreaQuery says by what cases are counted. From and Until bound the window [From, Until).
type AreaQuery struct {
	By          Grouping
	From, Until time.Time
}

// Validate tells which field is wrong. The window is judged where it is read.
func (q AreaQuery) Validate() error {
	if !slices.Contains(Groupings, q.By) {
		return layers.Invalid("by", "unknown_value", "cases are counted by town, village or unit_grid")
	}
	return nil
}

// Validate tells that the measure is none.
func (m Measure) Validate() error {
	if !slices.Contains(Measures, m) {
		return layers.Invalid("measure", "unknown_value", "no such measure")
	}
	return nil
}
