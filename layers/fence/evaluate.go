package fence

import (
	"math"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers"
)

// MaxSpeed is the speed over ground in metres a second beyond which a fix is not believed by itself: the fastest thing that a county moves is a helicopter.
const MaxSpeed = 70.0

// How far ahead of us a device's clock may go, and how long a silent device is believed to be where it was.
const (
	maxAhead = time.Minute
	fresh    = 2 * time.Minute
)

// Fix is where a moving thing was.
type Fix struct {
	ID    int64
	Name  string
	Area  string    // "" is none, [Unscoped] is a layer without areas
	Point orb.Point // EPSG:4326
	Time  time.Time // of the source
}

// Zone is one fence.
type Zone struct {
	ID    int64
	Name  string
	Area  string
	Shape orb.Geometry // Polygon or MultiPolygon, EPSG:4326
}

// Zones finds the fences of a rule.
type Zones interface {
	// Near visits those whose bound meets b: O(log fences + visited).
	Near(b orb.Bound, visit func(Zone))
	// Zone returns one, if it is still a fence.
	Zone(id int64) (Zone, bool)
}

// stay is a thing inside of a fence.
type stay struct {
	fence int64
	since time.Time
	dwelt bool
}

// thing is what is remembered of a moving thing: O(1 + fences around it).
type thing struct {
	last  Fix
	known bool // last is a fix, not only stays from before the process began
	held  *Fix // a jump that the next fix confirms or not
	stays []stay
}

// Evaluator is the memory of one rule. It is for one goroutine.
type Evaluator struct {
	rule   *Rule
	zones  Zones
	things map[int64]*thing
}

// NewEvaluator returns an evaluator that goes on from stays.
func NewEvaluator(r *Rule, z Zones, stays []Stay) *Evaluator {
	e := &Evaluator{rule: r, zones: z, things: map[int64]*thing{}}
	for _, s := range stays {
		t := e.thing(s.MovingID)
		t.stays = append(t.stays, stay{s.FenceID, s.Since, s.Dwelt})
		if s.Since.After(t.last.Time) {
			t.last.Time = s.Since
		}
	}
	return e
}

func (e *Evaluator) thing(id int64) *thing {
	t := e.things[id]
	if t == nil {
		t = &thing{}
		e.things[id] = t
	}
	return t
}

// Fix takes one fix and adds what comes of it to out. Fixes that are not newer than the last one, or of a clock that goes more than a minute ahead of now,
// change nothing. A fix that could only be reached faster than [MaxSpeed] waits for the next: that confirms it, or shows that it was an error.
// quiet begins stays without an event.
func (e *Evaluator) Fix(f Fix, now time.Time, quiet bool, out *Outcome) {
	t := e.thing(f.ID)
	switch {
	case f.Time.After(now.Add(maxAhead)) || !f.Time.After(t.last.Time):
		return
	case t.held != nil && f.Time.After(t.held.Time) && reachable(*t.held, f):
		held := *t.held
		t.held = nil
		e.accept(t, held, quiet, out)
	case t.known && !reachable(t.last, f):
		t.held = &f
		return
	}
	t.held = nil
	e.accept(t, f, quiet, out)
}

func reachable(from, to Fix) bool {
	s := max(to.Time.Sub(from.Time).Seconds(), 1)
	return layers.Distance(from.Point, to.Point) <= MaxSpeed*s
}

func (e *Evaluator) accept(t *thing, f Fix, quiet bool, out *Outcome) {
	t.last, t.known = f, true
	t.stays = slices.DeleteFunc(t.stays, func(s stay) bool { return e.ended(t, s, out) })
	e.zones.Near(f.Point.Bound(), func(z Zone) {
		if slices.ContainsFunc(t.stays, func(s stay) bool { return s.fence == z.ID }) || layers.Distance(f.Point, z.Shape) > 0 {
			return
		}
		t.stays = append(t.stays, stay{fence: z.ID, since: f.Time})
		out.Put = append(out.Put, Stay{e.rule.ID, f.ID, z.ID, f.Time, false})
		if !quiet {
			e.tell(out, Enter, f, z, f.Time, time.Time{})
		}
	})
	e.dwell(t, f.Time, out)
}

// ended reports whether a stay is over: the thing is farther outside than the margin, or the fence is gone, which nobody left.
func (e *Evaluator) ended(t *thing, s stay, out *Outcome) bool {
	z, found := e.zones.Zone(s.fence)
	if found && !beyond(t.last.Point, z.Shape, e.rule.MarginM) {
		return false
	}
	out.Ended = append(out.Ended, Stay{e.rule.ID, t.last.ID, s.fence, s.since, s.dwelt})
	if found {
		e.tell(out, Leave, t.last, z, t.last.Time, s.since)
	}
	return true
}

// beyond reports whether p is farther from g than margin metres. Far from the bound nothing is measured.
func beyond(p orb.Point, g orb.Geometry, margin float64) bool {
	b := g.Bound()
	const perDegree = 110_000.0 // a little less than a degree of latitude, so that the pad is too large
	lat := margin / perDegree
	lon := margin / (perDegree * max(0.01, math.Cos(p[1]*math.Pi/180)))
	if p[0] < b.Min[0]-lon || p[0] > b.Max[0]+lon || p[1] < b.Min[1]-lat || p[1] > b.Max[1]+lat {
		return true
	}
	return layers.Distance(p, g) > margin
}

// dwell tells of stays that are long enough at a moment.
func (e *Evaluator) dwell(t *thing, at time.Time, out *Outcome) {
	if e.rule.DwellS == 0 {
		return
	}
	for i := range t.stays {
		s := &t.stays[i]
		full := s.since.Add(time.Duration(e.rule.DwellS) * time.Second)
		if s.dwelt || at.Before(full) {
			continue
		}
		z, found := e.zones.Zone(s.fence)
		if !found {
			continue
		}
		s.dwelt = true
		out.Put = append(out.Put, Stay{e.rule.ID, t.last.ID, s.fence, s.since, true})
		e.tell(out, Dwell, t.last, z, full, s.since)
	}
}

// Tick tells of stays that become long enough while nothing moves. Things that were silent for two minutes are not believed to be where they were. O(things).
func (e *Evaluator) Tick(now time.Time, out *Outcome) {
	if e.rule.DwellS == 0 {
		return
	}
	for _, t := range e.things {
		if t.known && len(t.stays) > 0 && now.Sub(t.last.Time) <= fresh {
			e.dwell(t, now, out)
		}
	}
}

// Gone forgets a thing that is not there any more, or not watched: its stays end, and nobody left.
func (e *Evaluator) Gone(id int64, out *Outcome) {
	t := e.things[id]
	if t == nil {
		return
	}
	for _, s := range t.stays {
		out.Ended = append(out.Ended, Stay{e.rule.ID, id, s.fence, s.since, s.dwelt})
	}
	delete(e.things, id)
}

func (e *Evaluator) tell(out *Outcome, what Trigger, f Fix, z Zone, at, since time.Time) {
	if !slices.Contains(e.rule.Triggers, what) {
		return
	}
	out.Events = append(out.Events, Event{
		RuleID: e.rule.ID, Trigger: what, MovingID: f.ID, MovingName: f.Name, FenceID: z.ID, FenceName: z.Name,
		AreaPath: common(f.Area, z.Area), At: f.Point, Time: at, Since: since,
	})
}

// Unscoped is the area of things whose layer has none: everybody sees them.
const Unscoped = "*"

// common returns the smallest area that holds both, "" where there is none: seen by those who see everywhere.
func common(a, b string) string {
	switch {
	case a == Unscoped && b == Unscoped, a == "", b == "":
		return ""
	case a == Unscoped:
		return b
	case b == Unscoped:
		return a
	}
	return layers.CommonArea(a, b)
}
