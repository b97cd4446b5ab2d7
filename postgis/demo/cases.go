package demo

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers/incident"
	"wanglou/layers/task"
)

// closedCases is how many cases the days before have brought.
const closedCases = 600

var zone = time.FixedZone("Asia/Shanghai", 8*3600)

// stories tells all cases: what is open now and what was closed in the last eight days, in the order in which they began. The
// crews of open cases move along.
func (c *county) stories(crews []crew, now time.Time) ([]*story, error) {
	r := dice(c.seed, "cases")
	all := c.past(r, crews, now)
	for _, o := range openCases {
		s, err := c.openStory(r, crews, o, now)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	for _, s := range all {
		if s.err != nil {
			return nil, s.err
		}
	}
	slices.SortStableFunc(all, func(a, b *story) int { return a.created().Compare(b.created()) })
	id := 0
	for _, s := range all {
		for _, j := range s.jobs {
			id++
			j.id = id
		}
	}
	return all, nil
}

// past tells the cases that are over.
func (c *county) past(r *rand.Rand, crews []crew, now time.Time) []*story {
	var out []*story
	for len(out) < closedCases {
		m := AnyMatter(r)
		t := pick(r, towns).code
		if r.Float64() < 0.55 {
			t = pick(r, []string{"330122003", "330122004"})
		}
		start := c.momentBefore(r, now)
		at := c.streetIn(r, t)
		s := &story{
			title: c.villageAt(at) + pick(r, m.Titles), category: m.Category, severity: m.Severity, at: at, crews: crews,
			source: weighted(r, channels, func(c channel) int { return c.weight }).source, address: c.addressOf(at, ""),
		}
		able := unitsOf(crews, m.crew)
		everyday(r, crews, s, start, m.Result, func() int { return pick(r, able) })
		if s.changed().Before(now.Add(-time.Minute)) { // else it is not over yet: another one
			out = append(out, s)
		}
	}
	return out
}

// momentBefore is a moment of the last eight days; hours of the day bring what they usually bring.
func (c *county) momentBefore(r *rand.Rand, now time.Time) time.Time {
	for {
		t := now.Add(-time.Duration(r.Float64() * 8 * 24 * float64(time.Hour)))
		if r.IntN(12) < hourly[t.In(zone).Hour()] {
			return t
		}
	}
}

func unitsOf(crews []crew, letter string) []int {
	var out []int
	for i, u := range crews {
		if strings.HasPrefix(u.code, letter) && u.status != "off_duty" {
			out = append(out, i)
		}
	}
	return out
}

// openStory tells a case up to now, and puts its crews where they are.
func (c *county) openStory(r *rand.Rand, crews []crew, o openCase, now time.Time) (*story, error) {
	at := c.streetIn(r, o.town)
	s := &story{title: o.title, text: o.text, category: o.category, severity: o.severity, source: o.source, at: at, crews: crews, address: c.addressOf(at, o.place)}
	span := time.Duration(o.minutes * float64(time.Minute))
	start := now.Add(-span)
	when := func(share float64) time.Time { return start.Add(time.Duration(share * float64(span))) }
	s.begin(start)
	for _, code := range o.units {
		u := slices.IndexFunc(crews, func(u crew) bool { return u.code == code })
		if u < 0 {
			return nil, fmt.Errorf("%s: no unit %s", o.title, code)
		}
		if o.rework {
			j := s.send(when(0.02), u, "")
			for k, m := range []task.Move{task.MoveAcknowledge, task.MoveArrive, task.MoveDone} {
				reason := ""
				if m == task.MoveDone {
					reason = "处置完毕。"
				}
				s.step(when(0.04+0.03*float64(k)), j, m, reason)
			}
			s.move(when(0.13), duty, incident.MoveRework, "现场仍有残留，请返工。", nil)
		}
		s.send(when(0.15), u, "")
	}
	if o.state != "dispatched" {
		steps := []task.Move{task.MoveAcknowledge, task.MoveRespond, task.MoveArrive}
		switch { // the younger the case, the less far its crews
		case o.minutes < 3:
			steps = steps[:1]
		case o.minutes < 25:
			steps = steps[:2]
		}
		for k, m := range steps { // all crews step by step: a log tells in the order of time
			for _, j := range s.open() {
				s.step(when(0.28+0.17*float64(k)), j, m, "")
			}
		}
	}
	for _, j := range s.open() {
		crews[j.unit].follow(j, at, j.state, r)
	}
	switch incident.State(o.state) {
	case incident.Checking:
		for _, j := range s.jobs {
			for j.state != task.OnScene {
				s.step(when(0.66), j, j.state.Moves()[0], "")
			}
			s.step(when(0.78), j, task.MoveDone, "现场处置完毕，请核查。")
			crews[j.unit].status = "available"
			crews[j.unit].moves = append(crews[j.unit].moves, statusMove{j.times[task.Done], "available"})
		}
	case incident.Suspended:
		s.move(when(0.8), duty, incident.MoveSuspend, "等待地质队评估。", nil)
	}
	if string(s.state) != o.state {
		return nil, fmt.Errorf("%s is told as %s, ends as %s", o.title, o.state, s.state)
	}
	return s, nil
}

// follow makes a crew's status that of its task, and puts it on the way or on the spot.
func (u *crew) follow(j *job, at orb.Point, reached task.State, r *rand.Rand) {
	for _, s := range []task.State{task.Dispatched, task.Acknowledged, task.Responding, task.OnScene} {
		if t, ok := j.times[s]; ok {
			u.moves = append(u.moves, statusMove{t, string(s)})
		}
	}
	u.status = string(reached)
	switch reached {
	case task.OnScene:
		u.at = add(at, orb.Point{spread(r, 0, 25), spread(r, 0, 25)})
	case task.Responding:
		u.at = between(u.at, at, 0.55)
	}
}

// addressOf is how people say where something is: town, village, what is there.
func (c *county) addressOf(at orb.Point, place string) string {
	cell := c.grid.at(at)
	if cell < 0 || c.ter.village[cell] < 0 {
		return countyName + place
	}
	v := c.villages[c.ter.village[cell]]
	return c.townNames[v.town].name + v.name + place
}

// weighted returns one of the items, the heavier ones more often.
func weighted[T any](r *rand.Rand, items []T, weight func(T) int) T {
	total := 0
	for _, it := range items {
		total += weight(it)
	}
	n := r.IntN(total)
	for _, it := range items {
		if n -= weight(it); n < 0 {
			return it
		}
	}
	return items[len(items)-1]
}
