package unit

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"
	"pgregory.net/rapid"
)

const (
	town     = "330122.330122001"
	village  = town + ".330122001007"
	nextTown = "330122.330122002"
)

var (
	now  = time.Date(2026, 5, 1, 9, 30, 0, 0, time.UTC)
	here = orb.Point{119.68, 29.79}
)

// away returns the point so many metres east of here.
func away(metres float64) *orb.Point {
	p := geo.PointAtBearingAndDistance(here, 90, metres)
	return &p
}

func reasons(r Recommendation) string {
	var codes []string
	for _, reason := range r.Reasons {
		codes = append(codes, reason.Code)
	}
	return strings.Join(codes, " ")
}

func TestRecommendOneUnit(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		change func(*Unit)
		picked bool
		want   string
	}{
		{"at hand", func(*Unit) {}, true, "nearest available"},
		{"own town", func(u *Unit) { u.AreaPath = town }, true, "nearest same_area available"},
		{"own village", func(u *Unit) { u.AreaPath = village }, true, "nearest same_area available"},
		{"the county's", func(u *Unit) { u.AreaPath = "330122" }, true, "nearest available"},
		{"next town", func(u *Unit) { u.AreaPath = nextTown }, true, "nearest available"},
		{"a label that begins alike", func(u *Unit) { u.AreaPath = "330122.33012200" }, true, "nearest available"},
		{"trained", func(u *Unit) { u.Skills = []string{"06", "09"} }, true, "nearest skill available"},
		{"exactly stale", func(u *Unit) { u.FixedAt = now.Add(-StalePosition) }, true, "nearest available"},
		{"a clock ahead", func(u *Unit) { u.FixedAt = now.Add(time.Hour) }, true, "nearest available"},
		{"off duty", func(u *Unit) { u.Status = OffDuty }, false, "off_duty"},
		{"dispatched", func(u *Unit) { u.Status = Dispatched }, false, "busy"},
		{"acknowledged", func(u *Unit) { u.Status = Acknowledged }, false, "busy"},
		{"responding", func(u *Unit) { u.Status = Responding }, false, "busy"},
		{"on scene", func(u *Unit) { u.Status = OnScene }, false, "busy"},
		{"no position", func(u *Unit) { u.Point = nil }, false, "no_position"},
		{"stale", func(u *Unit) { u.FixedAt = now.Add(-StalePosition - time.Second) }, false, "stale_position"},
		{"never fixed", func(u *Unit) { u.FixedAt = time.Time{} }, false, "stale_position"},
		{"too far", func(u *Unit) { u.Point = away(TooFar + 10) }, false, "too_far"},
		{"wrong skill", func(u *Unit) { u.Skills = []string{"01"} }, false, "wrong_skill"},
		{"all at once", func(u *Unit) {
			u.Status, u.Skills, u.Point, u.FixedAt = OffDuty, []string{"01"}, away(TooFar+10), time.Time{}
		}, false, "off_duty stale_position too_far wrong_skill"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			u := &Unit{ID: 1, Status: Available, Point: away(1500), FixedAt: now.Add(-time.Minute)}
			c.change(u)
			got := Recommend(now, here, "09012", village, []*Unit{u}, 1, nil)
			if len(got.Items) != 1 || got.Items[0].Picked != c.picked || reasons(got.Items[0]) != c.want {
				t.Fatalf("%+v; want %q", got.Items, c.want)
			}
			if want := map[bool]int{true: 0, false: 1}[c.picked]; got.Shortfall != want {
				t.Errorf("shortfall %d, want %d", got.Shortfall, want)
			}
		})
	}
}

func TestRecommendMeasures(t *testing.T) {
	t.Parallel()
	units := []*Unit{
		{ID: 1, Status: Available, Point: away(3000), FixedAt: now},
		{ID: 2, Status: Available, Point: nil},
		{ID: 3, Status: OnScene, Point: away(1000), FixedAt: now.Add(-25 * time.Minute), OpenTasks: 2},
	}
	got := Recommend(now, here, "09012", village, units, 2, nil)
	if got.Wanted != 2 || got.Shortfall != 1 || got.Basis != "straight_line" {
		t.Errorf("%+v", got)
	}
	first, second, third := got.Items[0], got.Items[1], got.Items[2]
	if math.Abs(first.Distance-3000) > 1 || math.Abs(first.ETA-3000*1.3*3.6/30) > 1 {
		t.Errorf("3 km away: %f m, %f s", first.Distance, first.ETA)
	}
	if second.Unit.ID != 2 || second.Distance != -1 || second.ETA != -1 {
		t.Errorf("without a position: %+v", second)
	}
	if third.Unit.ID != 3 || third.Reasons[0].Params["n"] != 2 || third.Reasons[1].Params["minutes"] != 25 {
		t.Errorf("busy and stale: %+v", third)
	}
}

func TestRecommendOrder(t *testing.T) {
	t.Parallel()
	unit := func(id int64, metres float64, change func(*Unit)) *Unit {
		u := &Unit{ID: id, Status: Available, Point: away(metres), FixedAt: now, AreaPath: nextTown}
		if change != nil {
			change(u)
		}
		return u
	}
	units := []*Unit{
		unit(1, 10, func(u *Unit) { u.Status = OffDuty; u.Skills = []string{"01"} }),
		unit(2, 900, nil),
		unit(3, 20, func(u *Unit) { u.Status = OnScene }),
		unit(4, 500, nil),
		unit(5, 500, func(u *Unit) { u.AreaPath = town }),
		unit(6, 500, nil),
		unit(7, 0, func(u *Unit) { u.Point = nil }),
		unit(8, 1200, nil),
	}
	got := Recommend(now, here, "06010", village, units, 3, nil)
	var order []int64
	var picks int
	for _, r := range got.Items {
		order = append(order, r.Unit.ID)
		if r.Picked {
			picks++
		}
	}
	// The nearest three, equal distances by area and id; who could also go; who cannot, the fewest reasons first.
	if want := []int64{5, 4, 6, 2, 8, 3, 7, 1}; !slices.Equal(order, want) || picks != 3 {
		t.Errorf("order %v, %d picks; want %v", order, picks, want)
	}
	if r := got.Items[4]; reasons(r) != "farther" || r.Reasons[0].Params["n"] != 5 {
		t.Errorf("the fifth that could go: %+v", r)
	}
}

func TestRecommendNobody(t *testing.T) {
	t.Parallel()
	got := Recommend(now, here, "", "", nil, 3, nil)
	if got.Items == nil || len(got.Items) != 0 || got.Shortfall != 3 {
		t.Errorf("%+v; want an empty list and a shortfall of 3", got)
	}
}

func anyUnits(t *rapid.T) []*Unit {
	n := rapid.IntRange(0, 12).Draw(t, "n")
	units := make([]*Unit, n)
	for i := range units {
		u := &Unit{
			ID:       int64(i + 1),
			Status:   rapid.SampledFrom(append(Statuses, Available, Available, Available)).Draw(t, "status"),
			AreaPath: rapid.SampledFrom([]string{"", "330122", town, nextTown, village}).Draw(t, "area"),
			Skills:   rapid.SampledFrom([][]string{nil, nil, {"09"}, {"01"}, {"01", "09"}}).Draw(t, "skills"),
			FixedAt:  now.Add(-time.Duration(rapid.IntRange(0, 13).Draw(t, "age")) * time.Minute),
		}
		if rapid.IntRange(0, 5).Draw(t, "shares") > 0 {
			u.Point = away(float64(rapid.IntRange(0, 8).Draw(t, "km5")) * 5000)
		}
		units[i] = u
	}
	return units
}

// worse reports whether a is worse placed than b: farther, or as far and not of the place.
func worse(a, b Recommendation) bool {
	if math.Abs(a.Distance-b.Distance) > 1e-6 {
		return a.Distance > b.Distance
	}
	return !sameArea(a.Unit.AreaPath, village) && sameArea(b.Unit.AreaPath, village)
}

func TestRecommendProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		units, wanted := anyUnits(t), rapid.IntRange(0, 5).Draw(t, "wanted")
		got := Recommend(now, here, "09012", village, units, wanted, nil)

		seen := map[int64]bool{}
		picks, could := 0, 0
		for i, r := range got.Items {
			if seen[r.Unit.ID] || len(r.Reasons) == 0 {
				t.Fatalf("unit %d: again %v, reasons %v", r.Unit.ID, seen[r.Unit.ID], r.Reasons)
			}
			seen[r.Unit.ID] = true
			if r.Picked || reasons(r) == ReasonFarther {
				could++
			}
			if r.Picked {
				picks++
				if i >= wanted {
					t.Fatalf("pick %d of %d wanted stands at %d", r.Unit.ID, wanted, i)
				}
			}
			for _, left := range got.Items {
				if r.Picked && reasons(left) == ReasonFarther && worse(r, left) {
					t.Fatalf("pick %+v is worse than %+v", r, left)
				}
			}
		}
		if len(seen) != len(units) {
			t.Fatalf("%d units, %d in the answer", len(units), len(seen))
		}
		if picks != min(wanted, could) || got.Shortfall != wanted-picks {
			t.Fatalf("%d picks and shortfall %d of %d wanted, %d could go", picks, got.Shortfall, wanted, could)
		}

		// The order is total: it does not depend on the order in which units are given.
		shuffled := rapid.Permutation(units).Draw(t, "shuffled")
		again := Recommend(now, here, "09012", village, shuffled, wanted, nil)
		for i := range got.Items {
			if got.Items[i].Unit.ID != again.Items[i].Unit.ID {
				t.Fatalf("place %d: %d, and %d when given otherwise", i, got.Items[i].Unit.ID, again.Items[i].Unit.ID)
			}
		}
	})
}
