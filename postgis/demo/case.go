package demo

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/paulmach/orb"

	"wanglou/layers/incident"
	"wanglou/layers/task"
)

// person acts in a log.
type person struct {
	login string // of an account, "" for those without
	name  string
}

var (
	duty       = person{"duty", "陈立"}
	dispatcher = person{"dispatch", "王芳"}
)

// logEntry is one row of a case's or a task's log.
type logEntry struct {
	at             time.Time
	who            person
	move, from, to string
	reason         string
	task           *job // of rows that tell of one
}

// job is a task as it is being told.
type job struct {
	id     int // set when all cases stand
	unit   int // index into crews
	state  task.State
	note   string
	result string
	times  map[task.State]time.Time
	log    []logEntry
}

// story is a case as it is being told: every step goes through the state machines and is a row of the log, so that state and
// log agree by construction.
type story struct {
	title, text, category, source, address string
	severity                               int
	at                                     orb.Point
	state                                  incident.State
	log                                    []logEntry
	jobs                                   []*job
	crews                                  []crew
	err                                    error // of the first step that the machine does not have
}

func (s *story) created() time.Time { return s.log[0].at }
func (s *story) changed() time.Time { return s.log[len(s.log)-1].at }

// closed is when the case ended; the zero time while it is open.
func (s *story) closed() time.Time {
	if s.state.Final() {
		return s.changed()
	}
	return time.Time{}
}

// open returns the tasks that have not ended.
func (s *story) open() []*job {
	var out []*job
	for _, j := range s.jobs {
		if !j.state.Final() {
			out = append(out, j)
		}
	}
	return out
}

// move makes a move of the case.
func (s *story) move(at time.Time, who person, m incident.Move, reason string, j *job) {
	to, err := s.state.Take(m, reason)
	if err != nil && s.err == nil {
		s.err = fmt.Errorf("%s: %w", s.title, err)
	}
	s.log = append(s.log, logEntry{at: at, who: who, move: string(m), from: string(s.state), to: string(to), reason: reason, task: j})
	s.state = to
}

func (s *story) begin(at time.Time) {
	s.move(at, duty, incident.MoveCreate, "", nil)
}

// send dispatches a unit.
func (s *story) send(at time.Time, unit int, note string) *job {
	j := &job{unit: unit, state: task.Dispatched, note: note, times: map[task.State]time.Time{task.Dispatched: at}}
	j.log = append(j.log, logEntry{at: at, who: dispatcher, move: "dispatch", to: string(task.Dispatched), reason: note})
	s.jobs = append(s.jobs, j)
	s.move(at, dispatcher, incident.MoveDispatch, note, j)
	return j
}

// step makes a move of a task, and the move of the case that follows from it: the first acknowledgement starts the work, the
// last task that is done feeds back, the last that is returned gives the case back.
func (s *story) step(at time.Time, j *job, m task.Move, reason string) {
	who := person{name: s.crews[j.unit].name}
	if s.crews[j.unit].code == "P07" {
		who.login = "unit7"
	}
	to, err := j.state.Take(m, reason)
	if err != nil && s.err == nil {
		s.err = fmt.Errorf("%s: %w", s.title, err)
	}
	j.log = append(j.log, logEntry{at: at, who: who, move: string(m), from: string(j.state), to: string(to), reason: reason})
	j.state, j.times[to] = to, at
	s.log = append(s.log, logEntry{at: at, who: who, move: "task." + string(m), from: string(s.state), to: string(s.state), reason: reason, task: j})
	if to.Final() {
		j.result = reason
	}
	open := len(s.open()) > 0
	switch {
	case to == task.Acknowledged && s.state == incident.Dispatched:
		s.move(at, who, incident.MoveStart, reason, j)
	case to == task.Done && !open:
		s.move(at, who, incident.MoveFeedBack, reason, j)
	case to == task.Returned && !open:
		s.move(at, who, incident.MoveReturn, reason, j)
	}
}

// minutes is a random span around mid, never under a third of it.
func minutes(r *rand.Rand, mid float64) time.Duration {
	return time.Duration(mid * (0.35 + 1.3*r.Float64()) * float64(time.Minute))
}

// everyday tells a whole case from its beginning at start to its end. Some are voided, some handled on the spot, some go to the
// wrong unit first, some are done twice.
func everyday(r *rand.Rand, crews []crew, s *story, start time.Time, result string, unit func() int) {
	at, pace := start, 1.0
	if r.Float64() < 0.22 { // one that drags on, for a day or two, or for a week where there is time: not every case is closed in time
		pace = 20 + 25*r.Float64()
		if s.severity == 3 {
			pace = 60 + 80*r.Float64()
		}
	}
	next := func(mid float64) time.Time { at = at.Add(time.Duration(pace * float64(minutes(r, mid)))); return at }
	s.begin(at)
	switch d := r.Float64(); {
	case d < 0.04:
		s.move(next(12), duty, incident.MoveVoid, "重复上报，已并入前案。", nil)
		return
	case d < 0.11:
		s.move(next(15), duty, incident.MoveSelfHandle, "网格员已当场处置。", nil)
		return
	}
	j := s.send(next(4), unit(), "")
	if r.Float64() < 0.05 {
		s.step(next(6), j, task.MoveReturn, "不属本单位职责。")
		j = s.send(next(5), unit(), "改派")
	}
	s.step(next(2), j, task.MoveAcknowledge, "")
	s.step(next(2), j, task.MoveRespond, "")
	s.step(next(11), j, task.MoveArrive, "")
	if r.Float64() < 0.03 {
		s.move(next(9), duty, incident.MoveSuspend, "等待配件到货。", nil)
		s.move(next(120), duty, incident.MoveResume, "配件已到。", nil)
	}
	s.step(next(28), j, task.MoveDone, result)
	if r.Float64() < 0.07 {
		s.move(next(18), duty, incident.MoveRework, "现场仍有残留，请返工。", nil)
		j = s.send(next(3), unit(), "返工")
		s.step(next(3), j, task.MoveAcknowledge, "")
		s.step(next(9), j, task.MoveArrive, "")
		s.step(next(14), j, task.MoveDone, result)
	}
	s.move(next(20), duty, incident.MovePass, "", nil)
}
