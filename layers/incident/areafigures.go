package incident

import (
	"regexp"
	"slices"
	"strconv"
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
	ByDutyGrid Grouping = "duty_grid"
	ByUnitGrid Grouping = "unit_grid"
)

// Groupings is every grouping.
var Groupings = []Grouping{ByTown, ByVillage, ByDutyGrid, ByUnitGrid}

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

// Bounds of the answers. The numbers themselves are not bounded.
const (
	MaxBehind    = 500    // cases behind a number
	MaxHeatCells = 20_000 // cells of a heat map
	MaxFlows     = 2_000  // flows between areas, the largest
	MaxOver      = 50_000 // cases, the latest that are over, in which words are looked for
)

// Counts are the numbers of a set of cases.
type Counts struct {
	Open    int `json:"open"`
	Overdue int `json:"overdue"`
	Created int `json:"created"`
	Closed  int `json:"closed"`
	OnTime  int `json:"on_time"`
	Due     int `json:"due"`
}

// AreaFigures are the numbers of one area. Cases on a border that unit grids share count in one of them.
type AreaFigures struct {
	ID          int64     `json:"id"`
	Code        string    `json:"code"`
	Path        string    `json:"path"` // of a grid: that of the area that holds it
	Name        string    `json:"name"`
	NameEN      string    `json:"name_en,omitempty"`
	Km2         float64   `json:"km2"`                   // on the ellipsoid
	Point       orb.Point `json:"point"`                 // inside of it, EPSG:4326
	Inhabitants int       `json:"inhabitants,omitempty"` // 0: nobody has counted them
	Counts
}

// Split is a property by which cases fall into parts. Hours, weekdays and months are those of the county's clock as the case began.
type Split string

// Splits.
const (
	SplitHour     Split = "hour"     // 0 to 23
	SplitWeekday  Split = "weekday"  // 1 Monday to 7
	SplitMonth    Split = "month"    // 2026-05
	SplitClass    Split = "class"    // the large class: the first two digits of the category
	SplitChannel  Split = "channel"  // how it came to be known
	SplitSeverity Split = "severity" // 1 to 3
)

// Splits is every split.
var Splits = []Split{SplitHour, SplitWeekday, SplitMonth, SplitClass, SplitChannel, SplitSeverity}

// Validate tells that the split is none.
func (s Split) Validate() error {
	if !slices.Contains(Splits, s) {
		return layers.Invalid("split", "unknown_value", "no such split")
	}
	return nil
}

// maxParts bounds what a filter names of one split.
const maxParts = 40

var (
	aMonth   = regexp.MustCompile(`^[0-9]{4}-(0[1-9]|1[0-2])$`)
	aClass   = regexp.MustCompile(`^[0-9]{2}$`)
	aChannel = regexp.MustCompile(`^[a-z_]{1,32}$`)
)

// part tells whether the split has such a part.
func (s Split) part(key string) bool {
	within := func(least, most int) bool {
		n, err := strconv.Atoi(key)
		return err == nil && n >= least && n <= most && strconv.Itoa(n) == key
	}
	switch s {
	case SplitHour:
		return within(0, 23)
	case SplitWeekday:
		return within(1, 7)
	case SplitSeverity:
		return within(1, 3)
	case SplitMonth:
		return aMonth.MatchString(key)
	case SplitClass:
		return aClass.MatchString(key)
	}
	return aChannel.MatchString(key)
}

// Parts narrow what is counted to cases in one of the named parts of each split. A split that is not named does not narrow.
type Parts map[Split][]string

// AreaQuery says by what cases are counted. From and Until bound the window [From, Until).
type AreaQuery struct {
	By          Grouping
	From, Until time.Time
	Parts       Parts
}

// Validate tells which field is wrong. The window is judged where it is read.
func (q AreaQuery) Validate() error {
	if !slices.Contains(Groupings, q.By) {
		return layers.Invalid("by", "unknown_value", "cases are counted by town, village, duty_grid or unit_grid")
	}
	for split, keys := range q.Parts {
		if err := split.Validate(); err != nil {
			return err
		}
		if len(keys) > maxParts {
			return layers.Invalid(string(split), "too_many", "at most %d", maxParts)
		}
		for _, key := range keys {
			if !split.part(key) {
				return layers.Invalid(string(split), "unknown_value", "%q is no %s", key, split)
			}
		}
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

// Part are the numbers of one part of a split.
type Part struct {
	Split Split  `json:"split"`
	Key   string `json:"key"`
	Counts
}

// Multiple are the numbers of one area in one part of a split.
type Multiple struct {
	Key string `json:"key"`
	ID  int64  `json:"id"`
	Counts
}

// AreaFlow is what was dispatched in a window from one area to cases in another.
type AreaFlow struct {
	From  int64 `json:"from"` // where the unit's station, else its own area, lies; 0: in none of the areas, or not known
	To    int64 `json:"to"`   // where the case lies
	Tasks int   `json:"tasks"`
	Cases int   `json:"cases"`
}

// HeatCell are cases of one measure on one cell of a lattice.
type HeatCell struct {
	Point orb.Point `json:"point"` // the mean of them
	Count int       `json:"count"`
}

// Heat are cases on a lattice, whose cells are as fine as the bound of the answer allows.
type Heat struct {
	Step  float64    `json:"step"` // of the lattice, degrees
	Items []HeatCell `json:"items"`
}

// Outline is the shape of an area for small maps: simplified, so it is no border.
type Outline struct {
	ID       int64
	Geometry orb.Geometry
}
