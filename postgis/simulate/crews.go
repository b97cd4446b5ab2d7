package simulate

import (
	"context"
	"time"

	"wanglou/layers/auth"
	"wanglou/layers/task"
	"wanglou/postgis/demo"
)

// stepCrews lets every crew do what is due with its task: see it, set out, arrive when it is there, finish, or give it back. Units that somebody has
// an account for drive where their person says they go, and are left to that person for the rest.
func (s *simulation) stepCrews(ctx context.Context, now time.Time) error {
	jobs, err := s.jobs(ctx)
	if err != nil {
		return err
	}
	for i := range jobs {
		j := &jobs[i]
		if s.staffed[j.unit] {
			continue
		}
		m, reason, due := s.crewMove(j, now)
		if !due {
			continue
		}
		_, err := s.tasks.Move(auth.WithActor(ctx, crew(j)), j.id, m, reason, j.revision)
		if err == nil && m == task.MoveDone {
			s.done.Tasks++
		}
		if err := s.forgive(err); err != nil {
			return err
		}
	}
	return nil
}

// crewMove returns what the crew does next with its task, and whether it is time.
func (s *simulation) crewMove(j *job, now time.Time) (m task.Move, reason string, due bool) {
	r := s.dice("crew", j.id, j.revision)
	after := func(mid time.Duration) bool { return !now.Before(s.since(j.since).Add(s.wait(r, mid))) }
	switch j.state {
	case task.Dispatched:
		if due = after(35 * time.Second); j.severity > 1 && r.Float64() < 0.03 {
			return task.MoveReturn, "不属本单位职责。", due
		}
		return task.MoveAcknowledge, "", due
	case task.Acknowledged:
		return task.MoveRespond, "", after(25 * time.Second)
	case task.Responding:
		v := s.fleet[j.unit]
		return task.MoveArrive, "", v != nil && v.arrived(j.id)
	case task.OnScene:
		mid := 9 * time.Minute
		if j.severity == 1 {
			mid = 20 * time.Minute
		}
		return task.MoveDone, resultOf(j.category), after(mid)
	}
	return "", "", false
}

// crew acts for the unit of a task, which has no account.
func crew(j *job) *auth.Actor {
	u := &auth.User{Login: Login, Name: j.unitName, Roles: []auth.Role{auth.RoleUnit}, UnitID: j.unit}
	return &auth.Actor{User: u, Scope: u.Scope(), Remote: Login}
}

// resultOf is what a crew says when it has done its work.
func resultOf(category string) string {
	if m, ok := demo.MatterOf(category); ok {
		return m.Result
	}
	return "现场处置完毕，请核查。"
}
