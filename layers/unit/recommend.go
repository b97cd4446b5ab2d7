package unit

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"

	"wanglou/layers/road"
)

// What Recommend assumes. Distances are metres, speeds metres a second.
const (
	StalePosition = 10 * time.Minute // an older position says nothing about where a unit is
	TooFar        = 30_000.0
	Speed         = 30 / 3.6 // 30 km/h through a county's streets
	Detour        = 1.3      // a road is so much longer than the straight line
	Proposals     = 3        // units proposed where nobody says how many are wanted
)

// How distances were measured: Basis is Road where any was.
const (
	StraightLine = "straight_line"
	Road         = "road"
)

// How one distance was measured: Recommendation.Method.
const (
	MethodStraight = "straight"
	MethodRoad     = "road"
)

// Ways is how far units are from a place by road, in their order: By is false for those without a way. A nil one knows no roads.
type Ways func(at orb.Point, units []orb.Point) []road.Way

// Reason codes of a pick.
const (
	ReasonNearest   = "nearest"   // of all that can go; distance_m
	ReasonAvailable = "available" // on duty and free
	ReasonSameArea  = "same_area" // its area, a town or smaller, holds the incident
	ReasonSkill     = "skill"     // trained for the category
)

// Reason codes of a unit left out.
const (
	ReasonOffDuty       = "off_duty"
	ReasonBusy          = "busy"           // n: open tasks
	ReasonNoPosition    = "no_position"    // shares none
	ReasonStalePosition = "stale_position" // minutes: its age
	ReasonTooFar        = "too_far"        // distance_m, limit_m
	ReasonWrongSkill    = "wrong_skill"
	ReasonFarther       = "farther" // could go, but enough nearer ones are proposed; n: its place among those that could
)

// Recommend says whom to send to an incident at point at, of a category of the dictionary, in the area of areaPath: the wanted
// nearest of those that can go, then everybody else with the reason. It looks at nothing but its arguments. Every unit
// appears exactly once, in one total order: picks and then the others that could go, each by the time that they need, equal times by area
// and then by ID; last those that cannot, the ones with the fewest reasons first. Where ways knows none to a unit, it is measured straight.
func Recommend(now time.Time, at orb.Point, category, areaPath string, units []*Unit, wanted int, ways Ways) Recommendations {
	out := Recommendations{Items: make([]Recommendation, 0, len(units)), Wanted: wanted, Basis: StraightLine}
	byRoad := measure(at, units, ways)
	for i, u := range units {
		r := judge(now, at, category, u, byRoad[i])
		if r.Method == MethodRoad {
			out.Basis = Road
		}
		out.Items = append(out.Items, r)
	}
	fit := func(r *Recommendation) bool { return len(r.Reasons) == 0 }
	slices.SortFunc(out.Items, func(a, b Recommendation) int {
		return cmp.Or(
			cmp.Compare(len(a.Reasons), len(b.Reasons)),
			compareDistance(a.ETA, b.ETA),
			-compareBool(sameArea(a.Unit.AreaPath, areaPath), sameArea(b.Unit.AreaPath, areaPath)),
			cmp.Compare(a.Unit.ID, b.Unit.ID),
		)
	})
	picked := 0
	for i := range out.Items {
		r := &out.Items[i]
		switch {
		case !fit(r):
		case picked < wanted:
			r.Picked = true
			r.Reasons = praise(r, picked == 0, category, areaPath)
			picked++
		default:
			r.Reasons = []Reason{{Code: ReasonFarther, Params: map[string]float64{"n": float64(i + 1)}}}
		}
	}
	out.Shortfall = max(0, wanted-picked)
	return out
}

// measure asks for all units with a place at once.
func measure(at orb.Point, units []*Unit, ways Ways) []road.Way {
	out := make([]road.Way, len(units))
	if ways == nil {
		return out
	}
	var (
		places []orb.Point
		of     []int
	)
	for i, u := range units {
		if u.Point != nil {
			places, of = append(places, *u.Point), append(of, i)
		}
	}
	for i, w := range ways(at, places) {
		out[of[i]] = w
	}
	return out
}

// judge measures one unit and lists every reason against it.
func judge(now time.Time, at orb.Point, category string, u *Unit, way road.Way) Recommendation {
	r := Recommendation{Unit: u, Distance: -1, ETA: -1}
	against := func(code string, params map[string]float64) {
		r.Reasons = append(r.Reasons, Reason{Code: code, Params: params})
	}
	switch u.Status {
	case Available:
	case OffDuty:
		against(ReasonOffDuty, nil)
	default:
		against(ReasonBusy, map[string]float64{"n": float64(max(1, u.OpenTasks))})
	}
	if u.Point == nil {
		against(ReasonNoPosition, nil)
	} else {
		r.Distance, r.Method = geo.DistanceHaversine(*u.Point, at), MethodStraight
		r.ETA = r.Distance * Detour / Speed
		if way.By {
			r.Distance, r.ETA, r.Method = way.Metres, way.Seconds, MethodRoad
		}
		if age := now.Sub(u.FixedAt); age > StalePosition {
			against(ReasonStalePosition, map[string]float64{"minutes": float64(int(age.Minutes()))})
		}
		if r.Distance > TooFar {
			against(ReasonTooFar, map[string]float64{"distance_m": r.Distance, "limit_m": TooFar})
		}
	}
	if len(u.Skills) > 0 && !hasSkill(u, category) {
		against(ReasonWrongSkill, nil)
	}
	return r
}

// praise lists what speaks for a pick.
func praise(r *Recommendation, nearest bool, category, areaPath string) []Reason {
	var out []Reason
	if nearest {
		out = append(out, Reason{Code: ReasonNearest, Params: map[string]float64{"distance_m": r.Distance}})
	}
	if sameArea(r.Unit.AreaPath, areaPath) {
		out = append(out, Reason{Code: ReasonSameArea})
	}
	if hasSkill(r.Unit, category) {
		out = append(out, Reason{Code: ReasonSkill})
	}
	return append(out, Reason{Code: ReasonAvailable})
}

// hasSkill reports whether the unit is trained for the large class of a category: its first two digits.
func hasSkill(u *Unit, category string) bool {
	return len(category) >= 2 && slices.Contains(u.Skills, category[:2])
}

// sameArea reports whether the unit's own area, which is not the whole county, holds the incident.
func sameArea(unit, incident string) bool {
	return strings.Contains(unit, ".") && strings.HasPrefix(incident+".", unit+".")
}

// compareDistance puts unknown distances last.
func compareDistance(a, b float64) int {
	if (a < 0) != (b < 0) {
		return compareBool(a < 0, b < 0)
	}
	return cmp.Compare(a, b)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
