package camera

import (
	"slices"
	"time"
)

// Sight is what one look at a camera, or one sign of it, found.
type Sight string

const (
	SeenOK        Sight = "ok"
	NoAnswer      Sight = "no_answer"      // nothing, or a closed door
	WrongPassword Sight = "wrong_password" // it answers, and does not let us in
	NoStream      Sight = "no_stream"      // it lets us in, and has no picture
	Garbage       Sight = "garbage"        // it answers something that is neither
)

// Sights lists all of them, the good one first.
var Sights = []Sight{SeenOK, NoAnswer, WrongPassword, NoStream, Garbage}

// Status is the status of a camera that is seen so again and again.
func (s Sight) Status() Status {
	switch s {
	case SeenOK:
		return Online
	case NoAnswer:
		return Offline
	}
	return Fault
}

// Origin is where an observation is from.
type Origin string

const (
	FromProbe     Origin = "probe"     // somebody went and looked
	FromKeepAlive Origin = "keepalive" // the camera told by itself that it is there
	FromFrame     Origin = "frame"     // its picture is being watched
)

// Observation is one look at one camera.
type Observation struct {
	CameraID int64
	At       time.Time
	Origin   Origin
	Sight    Sight
	Detail   string        // machine name of the reason: "timeout", "redirect", "no_video_track", …; never what the camera said
	Codec    string        // of its video, "" where nobody said
	Took     time.Duration // until the answer was there
}

// Patience says how long a camera may be wrong before anybody hears of it.
type Patience struct {
	Confirm   int           // bad looks in a row before it is down
	Hold      time.Duration // a camera that was down answers for so long before it is up; doubled by every further fall within Memory
	HoldMost  time.Duration
	Memory    time.Duration // falls longer ago are forgotten
	Flapping  int           // falls within Memory that make a camera one that flaps
	Silence   time.Duration // without a look for so long nobody knows how it is
	KeepAlive time.Duration // without a sign for so long, one that tells by itself is down: three times 60 s
	Fresh     time.Duration // a picture seen this lately says more than a look that failed
}

// Usual is the patience that the figures of docs/cameras.md were measured with.
var Usual = Patience{Confirm: 2, Hold: time.Minute, HoldMost: time.Hour, Memory: 6 * time.Hour, Flapping: 3, Silence: 10 * time.Minute, KeepAlive: 3 * time.Minute, Fresh: 30 * time.Second}

// Watch is what is remembered of one camera. A camera falls as soon as its fall is confirmed, and rises only when it has been good for a while: the oftener it has
// fallen of late, the longer. So it is never up while a rule without patience for rising has it down, and one that flaps falls once. The zero value is of a camera
// that nobody has seen.
type Watch struct {
	Status   Status // "" is Unknown
	Since    time.Time
	Last     Sight // of the newest observation that counted
	LastAt   time.Time
	LastFrom Origin
	Detail   string
	LastOK   time.Time
	Frame    time.Time   // the last picture
	Falls    []time.Time // confirmed, within Memory, also of a camera that was not up again yet

	bad      int // looks in a row
	kind     int // looks in a row that would make it the same status
	badSince time.Time
	good     time.Time // since when it answers
}

// Observe takes one observation, and reports whether the status is another one now. Older ones than the last are ignored.
func (w *Watch) Observe(o Observation, p *Patience) (changed bool) {
	if o.At.Before(w.LastAt) {
		return false
	}
	if o.Origin == FromFrame && o.Sight == SeenOK {
		w.Frame = o.At
	}
	if o.Origin == FromProbe && o.Sight != SeenOK && !w.Frame.IsZero() && o.At.Sub(w.Frame) < p.Fresh {
		return false
	}
	was := w.Last
	w.Last, w.LastAt, w.LastFrom, w.Detail = o.Sight, o.At, o.Origin, o.Detail
	if o.Sight == SeenOK {
		w.bad, w.kind, w.LastOK = 0, 0, o.At
		if w.good.IsZero() {
			w.good = o.At
		}
		if w.Status == Online || w.down() && o.At.Sub(w.good) < w.hold(o.At, p) {
			return false
		}
		return w.turn(Online, w.good)
	}
	w.good = time.Time{}
	if w.bad++; w.bad == 1 {
		w.badSince = o.At
	}
	if w.kind++; w.bad > 1 && was.Status() != o.Sight.Status() {
		w.kind = 1
	}
	if w.bad == p.Confirm {
		w.forget(o.At, p)
		w.Falls = append(w.Falls, w.badSince)
	}
	switch to := o.Sight.Status(); {
	case w.bad < p.Confirm, w.Status == to:
		return false
	case w.down() && w.kind < p.Confirm: // from one way of being down to another: it is no news either before it is sure
		return false
	case w.down():
		return w.turn(to, o.At)
	default:
		return w.turn(to, w.badSince)
	}
}

// Quiet takes note that nothing was heard until now, and reports whether the status is another one by that.
func (w *Watch) Quiet(now time.Time, p *Patience) (changed bool) {
	quiet := now.Sub(w.LastAt)
	switch {
	case w.LastAt.IsZero():
	case w.LastFrom == FromKeepAlive && quiet >= p.KeepAlive:
		// Three signs did not come: that is confirmed already.
		w.bad, w.kind, w.badSince, w.good = p.Confirm, p.Confirm, w.LastAt, time.Time{}
		w.Last, w.LastAt, w.LastFrom, w.Detail = NoAnswer, now, FromProbe, "silent"
		w.forget(now, p)
		w.Falls = append(w.Falls, w.badSince)
		return w.Status != Offline && w.turn(Offline, w.badSince)
	case quiet >= p.Silence && w.Status != Unknown && w.Status != "":
		w.bad, w.kind, w.good = 0, 0, time.Time{}
		return w.turn(Unknown, now)
	}
	return false
}

// Suspect reports whether one bad look waits for the second: it should be made soon.
func (w *Watch) Suspect(p *Patience) bool {
	return w.bad > 0 && w.bad < p.Confirm && !w.down()
}

// Flaps reports whether the camera has fallen that often of late.
func (w *Watch) Flaps(now time.Time, p *Patience) bool {
	w.forget(now, p)
	return len(w.Falls) >= p.Flapping
}

func (w *Watch) down() bool { return w.Status == Offline || w.Status == Fault }

func (w *Watch) turn(to Status, since time.Time) bool {
	w.Status, w.Since = to, since
	return true
}

func (w *Watch) forget(now time.Time, p *Patience) {
	w.Falls = slices.DeleteFunc(w.Falls, func(t time.Time) bool { return now.Sub(t) > p.Memory })
}

func (w *Watch) hold(now time.Time, p *Patience) time.Duration {
	w.forget(now, p)
	hold := p.Hold
	for range len(w.Falls) - 1 {
		if hold *= 2; hold >= p.HoldMost {
			return p.HoldMost
		}
	}
	return hold
}
