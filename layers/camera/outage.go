package camera

import (
	"slices"
	"time"
)

// ParentKind is what cameras hang on.
type ParentKind string

const (
	Recorder ParentKind = "recorder" // 录像机
	Switch   ParentKind = "switch"   // 交换机
	Power    ParentKind = "power"    // 供电区
)

// ParentKinds lists all of them.
var ParentKinds = []ParentKind{Recorder, Switch, Power}

// Parent is a device or an area of power supply that many cameras have in common.
type Parent struct {
	ID       int64
	Kind     ParentKind
	Name     string
	ParentID int64 // what it hangs on itself; 0: nothing known
}

// Child is the state of one camera, as grouping needs it.
type Child struct {
	ID       int64
	ParentID int64 // 0: nothing known
	Down     bool
	Since    time.Time
}

// Outage is one thing that broke: a camera, or what many have in common.
type Outage struct {
	ID       int64 // given by who keeps it; 0: new
	ParentID int64 // 0: the camera by itself
	Since    time.Time
	Down     []int64 // cameras that are down by it now, sorted
	Peak     int     // how many there were at most
	Told     bool    // somebody was told of it; the one that takes the place of a told one was not told of itself
}

// Grouping says when many outages are one.
type Grouping struct {
	Window time.Duration // they began within so long of each other
	Least  int           // cameras
	Share  float64       // of all that hang on the parent, over which it is the parent
	Gather time.Duration // nobody is told of a camera that hangs on something before others had the time to follow
}

// UsualGrouping is right for looks once a minute.
var UsualGrouping = Grouping{Window: 3 * time.Minute, Least: 3, Share: 0.5, Gather: 90 * time.Second}

// Group says which outages there are: those of open that are not over, with the cameras that are still down, and new ones. A parent is out when over Share of
// its cameras are down, of which at least that many fell within Window; all of them that are down since are its outage. Of parents above each other the highest one
// is meant, unless one below it has all of the cameras. An outage once grouped stays one until its last camera is up: that they come back one by one is no news.
// O(cameras × depth of parents).
func (g *Grouping) Group(open []Outage, parents map[int64]Parent, cameras []Child) (now []Outage, over []Outage) {
	down := map[int64]Child{}
	for _, c := range cameras {
		if c.Down {
			down[c.ID] = c
		}
	}
	taken := map[int64]bool{}
	// A camera that falls again, with its parent still out, is of the same outage.
	byParent := map[int64]int{}
	for _, o := range open {
		if o.ParentID != 0 {
			o.Down = nil
			now = append(now, o)
			byParent[o.ParentID] = len(now) - 1
		}
	}
	families := families(parents, cameras)
	for _, id := range highestFirst(parents) {
		children := families[id]
		fell := g.together(children)
		i, known := byParent[id]
		if !known {
			fell = slices.DeleteFunc(fell, func(c Child) bool { return taken[c.ID] })
			if len(fell) < g.Least || float64(len(fell)) <= g.Share*float64(len(children)) || onlyOneBelow(id, parents, families, fell) {
				continue
			}
			now = append(now, Outage{ParentID: id, Since: fell[0].Since})
			i = len(now) - 1
		}
		o := &now[i]
		for _, c := range children {
			if c.Down && !taken[c.ID] && !c.Since.Before(o.Since.Add(-g.Window)) {
				taken[c.ID] = true
				o.Down = append(o.Down, c.ID)
			}
		}
	}
	alone := map[int64]Outage{}
	for _, o := range open {
		if o.ParentID == 0 && len(o.Down) == 1 {
			if c, still := down[o.Down[0]]; still && !taken[c.ID] {
				alone[c.ID] = o
				continue
			}
			over = append(over, o)
		}
	}
	for _, c := range cameras {
		if c.Down && !taken[c.ID] {
			o, known := alone[c.ID]
			if !known {
				o = Outage{Since: c.Since}
			}
			o.Down = []int64{c.ID}
			now = append(now, o)
		}
	}
	now = slices.DeleteFunc(now, func(o Outage) bool {
		if len(o.Down) == 0 {
			over = append(over, o)
		}
		return len(o.Down) == 0
	})
	for i := range now {
		slices.Sort(now[i].Down)
		now[i].Peak = max(now[i].Peak, len(now[i].Down))
	}
	return now, over
}

// Due reports whether it is time to tell of an outage. hangs is whether its camera hangs on something.
func (g *Grouping) Due(o *Outage, hangs bool, now time.Time) bool {
	return !o.Told && (o.ParentID != 0 || !hangs || now.Sub(o.Since) >= g.Gather)
}

// together returns the most children that fell within one window, the first to fall first.
func (g *Grouping) together(children []Child) (most []Child) {
	fell := slices.DeleteFunc(slices.Clone(children), func(c Child) bool { return !c.Down })
	slices.SortFunc(fell, func(a, b Child) int { return a.Since.Compare(b.Since) })
	for i, j := 0, 0; j < len(fell); j++ {
		for fell[j].Since.Sub(fell[i].Since) > g.Window {
			i++
		}
		if j-i+1 > len(most) {
			most = fell[i : j+1]
		}
	}
	return slices.Clone(most)
}

// families returns all cameras below each parent. A ring of parents ends where it began.
func families(parents map[int64]Parent, cameras []Child) map[int64][]Child {
	out := map[int64][]Child{}
	for _, c := range cameras {
		for id, steps := c.ParentID, 0; id != 0 && steps < maxDepth; steps++ {
			p, known := parents[id]
			if !known {
				break
			}
			out[id] = append(out[id], c)
			id = p.ParentID
		}
	}
	return out
}

const maxDepth = 4 // a recorder on a switch in an area of power, and one more

// onlyOneBelow reports whether one parent below has all of the cameras that fell: then it is that one.
func onlyOneBelow(id int64, parents map[int64]Parent, families map[int64][]Child, fell []Child) bool {
	for below, p := range parents {
		if p.ParentID == id && below != id && holds(families[below], fell) {
			return true
		}
	}
	return false
}

func holds(all, some []Child) bool {
	in := make(map[int64]bool, len(all))
	for _, c := range all {
		in[c.ID] = true
	}
	return !slices.ContainsFunc(some, func(c Child) bool { return !in[c.ID] })
}

// highestFirst returns the ids of parents, those that hang on nothing first.
func highestFirst(parents map[int64]Parent) []int64 {
	depth := func(id int64) (d int) {
		for p := parents[id]; p.ParentID != 0 && d < maxDepth; p = parents[p.ParentID] {
			d++
		}
		return d
	}
	type at struct {
		id    int64
		depth int
	}
	all := make([]at, 0, len(parents))
	for id := range parents {
		all = append(all, at{id, depth(id)})
	}
	slices.SortFunc(all, func(a, b at) int {
		if a.depth != b.depth {
			return a.depth - b.depth
		}
		return int(a.id - b.id)
	})
	ids := make([]int64, len(all))
	for i, a := range all {
		ids[i] = a.id
	}
	return ids
}
