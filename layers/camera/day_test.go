package camera

import (
	"container/heap"
	"math/rand/v2"
	"testing"
	"time"
)

// A synthetic day: what is broken when is known, so that it can be counted who rings how often, and how late. It is printed by
//
//	go test ./layers/camera -run Day -v
const (
	dayCameras  = 5000
	dayFlapping = 60  // have a bad line: up for minutes, down for minutes, the whole day
	dayOutages  = 400 // of one camera each, five minutes to six hours
	dayParents  = 20  // recorders that fail once, with all of their cameras
	dayChildren = 32
	dayLoss     = 0.0005 // of all looks, lost on the way
	dayEvery    = time.Minute
	dayConfirm  = 3 * time.Second // until the second look
)

// day returns when each camera is broken, sorted.
func day(r *rand.Rand) [][]Span {
	broken := make([][]Span, dayCameras+1)
	minutes := func(least, most float64) time.Duration {
		return time.Duration((least + r.Float64()*(most-least)) * float64(time.Minute))
	}
	for id := 1; id <= dayFlapping; id++ {
		for at := noon.Add(minutes(5, 15)); at.Before(noon.Add(24 * time.Hour)); {
			until := at.Add(minutes(1.2, 6))
			broken[id] = append(broken[id], Span{at, until})
			at = until.Add(minutes(2, 16))
		}
	}
	for i := range dayParents {
		at := noon.Add(minutes(30, 20*60))
		for c := range dayChildren {
			id := dayFlapping + i*dayChildren + c + 1
			broken[id] = append(broken[id], Span{at.Add(minutes(0, 0.2)), at.Add(minutes(40, 90))})
		}
	}
	for i := range dayOutages {
		id := dayFlapping + dayParents*dayChildren + i + 1
		at := noon.Add(minutes(5, 17*60))
		broken[id] = append(broken[id], Span{at, at.Add(minutes(5, 360))})
	}
	return broken
}

type dueLook struct {
	at time.Time
	id int
}
type lookHeap []dueLook

func (h lookHeap) Len() int           { return len(h) }
func (h lookHeap) Less(i, j int) bool { return h[i].at.Before(h[j].at) }
func (h lookHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *lookHeap) Push(x any)        { *h = append(*h, x.(dueLook)) }
func (h *lookHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// ledger is how one rule did.
type ledger struct {
	watches []Watch
	rings   int
	falls   [][]time.Time // of each camera: when it was called down
}

func (l *ledger) observe(o Observation, p *Patience) {
	w := &l.watches[o.CameraID]
	was, known := w.down(), w.Status != ""
	w.Observe(o, p)
	if w.down() == was || !known && !w.down() {
		return
	}
	l.rings++
	if w.down() {
		l.falls[o.CameraID] = append(l.falls[o.CameraID], o.At)
	}
}

// detected returns how long after its beginning an outage was known; -1: never.
func (l *ledger) detected(id int, broken Span) time.Duration {
	for _, at := range l.falls[id] {
		if !at.Before(broken.From) && at.Before(broken.Until) {
			return at.Sub(broken.From)
		}
	}
	return -1
}

func TestDay(t *testing.T) {
	if testing.Short() {
		t.Skip("seven million looks")
	}
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 28181))
	broken := day(r)
	atOnce, confirmed := Usual, Usual
	atOnce.Confirm, atOnce.Hold, atOnce.HoldMost = 1, 0, 0
	confirmed.Hold, confirmed.HoldMost = 0, 0
	rules := []*Patience{&atOnce, &confirmed, &Usual}
	ledgers := make([]ledger, len(rules))
	for i := range ledgers {
		ledgers[i] = ledger{watches: make([]Watch, dayCameras+1), falls: make([][]time.Time, dayCameras+1)}
	}
	due := make(lookHeap, 0, dayCameras)
	for id := 1; id <= dayCameras; id++ {
		due = append(due, dueLook{noon.Add(time.Duration(r.Int64N(int64(dayEvery)))), id})
	}
	heap.Init(&due)
	parents, children := map[int64]Parent{}, make([]Child, dayCameras)
	for i := range dayCameras {
		children[i].ID = int64(i + 1)
		if of := i - dayFlapping; of >= 0 && of < dayParents*dayChildren {
			children[i].ParentID = int64(of/dayChildren + 1)
			parents[children[i].ParentID] = Parent{ID: children[i].ParentID, Kind: Recorder}
		}
	}
	var open []Outage
	grouped, round, later, turned := 0, noon, 0, false
	for due[0].at.Before(noon.Add(24 * time.Hour)) {
		look := due[0]
		if look.at.After(round) { // every five seconds
			var over []Outage
			if turned {
				open, over = UsualGrouping.Group(open, parents, children)
			}
			turned = false
			for i := range open {
				if o := &open[i]; UsualGrouping.Due(o, children[o.Down[0]-1].ParentID != 0, look.at) {
					o.Told = true
					grouped++
				}
			}
			for i := range over {
				if over[i].Told {
					grouped++ // it is over
				}
			}
			round = round.Add(5 * time.Second)
		}
		s := SeenOK
		for len(broken[look.id]) > 0 && !look.at.Before(broken[look.id][0].Until) {
			broken[look.id] = broken[look.id][1:]
		}
		if b := broken[look.id]; len(b) > 0 && !look.at.Before(b[0].From) || r.Float64() < dayLoss {
			s = NoAnswer
		}
		o := Observation{CameraID: int64(look.id), At: look.at, Origin: FromProbe, Sight: s}
		for i, p := range rules {
			ledgers[i].observe(o, p)
		}
		if w := &ledgers[2].watches[look.id]; w.down() != children[look.id-1].Down {
			children[look.id-1].Down, children[look.id-1].Since, turned = w.down(), w.Since, true
		}
		if ledgers[1].watches[look.id].down() && !ledgers[2].watches[look.id].down() {
			later++
		}
		next := dayEvery - dayEvery/20 + time.Duration(r.Int64N(int64(dayEvery/10)))
		if ledgers[2].watches[look.id].Suspect(&Usual) {
			next = dayConfirm
		}
		due[0].at = look.at.Add(next)
		heap.Fix(&due, 0)
	}
	t.Logf("notices: %d at once, %d confirmed, %d with patience, %d of them grouped", ledgers[0].rings, ledgers[1].rings, ledgers[2].rings, grouped)
	for i, name := range []string{"at once", "confirmed", "with patience"} {
		found, worst, sum := 0, time.Duration(0), time.Duration(0)
		for id, spans := range day(rand.New(rand.NewPCG(7, 28181))) {
			if id <= dayFlapping {
				continue
			}
			for _, b := range spans {
				if d := ledgers[i].detected(id, b); d >= 0 {
					found++
					sum += d
					worst = max(worst, d)
				}
			}
		}
		t.Logf("%s: %d of %d outages detected, after %v on average, %v at most", name, found, dayOutages+dayParents*dayChildren, (sum / time.Duration(max(1, found))).Round(time.Second/10), worst.Round(time.Second/10))
		if found != dayOutages+dayParents*dayChildren {
			t.Errorf("%s misses outages", name)
		}
	}
	if later > 0 {
		t.Errorf("%d times a camera is up for us that is down already", later)
	}
	if ledgers[2].rings*5 > ledgers[0].rings || ledgers[2].rings < 2*(dayOutages+dayParents*dayChildren)*9/10 {
		t.Errorf("%d notices with patience of %d", ledgers[2].rings, ledgers[0].rings)
	}
}
