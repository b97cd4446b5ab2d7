package postgis_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"wanglou/layers"
	"wanglou/layers/incident"
	"wanglou/layers/task"
	"wanglou/postgis/postgistest"
)

// audited finds nothing while every change has its row in the audit log.
const audited = `
		SELECT 1::bigint WHERE (SELECT count(*) FROM audit_log WHERE action LIKE 'task.%') <> (SELECT count(*) FROM task_log)
			OR (SELECT count(*) FROM audit_log WHERE action LIKE 'incident.%')
				<> (SELECT count(*) FROM incident_log WHERE move <> 'dispatch' AND move NOT LIKE 'task.%' AND NOT coalesce(details ? 'task_id', false))`

// checkInvariants fails the test where logs and derived state disagree. In between the program's own tables nothing may be written by hand.
func (w *world) checkInvariants(t testing.TB) {
	t.Helper()
	postgistest.CheckInvariants(t, w.db)
	if bad := queryAll[int64](t, w, audited); len(bad) > 0 {
		t.Fatal("a change has no row in the audit log")
	}
	w.checkLogIsLegal(t)
}

// checkLogIsLegal holds every row of every case's log against the machine.
func (w *world) checkLogIsLegal(t testing.TB) {
	t.Helper()
	for _, row := range queryAll[string](t, w, `SELECT from_state || '|' || move || '|' || to_state FROM incident_log`) {
		f := strings.Split(row, "|")
		from, move, to := incident.State(f[0]), f[1], incident.State(f[2])
		if strings.HasPrefix(move, "task.") {
			if from != to {
				t.Fatalf("a task's step changes the case by itself: %s", row)
			}
			continue
		}
		if next, ok := from.Next(incident.Move(move)); !ok || next != to {
			t.Fatalf("the machine has no such arrow: %s", row)
		}
	}
}

// TestRandomMoves lets everybody do anything, sensible or not, and looks after each round whether logs and state agree. A failure
// prints its seed.
func TestRandomMoves(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	in := []int64{w.create(t, inWest).ID, w.create(t, inWest).ID, w.create(t, inEast).ID}
	made := map[string]int{}
	// Long enough to have gone everywhere: else the check would mean nothing.
	everywhere := func() bool {
		for _, what := range []string{"dispatch", "suspend", "resume", "pass", "rework", "task.acknowledge", "task.arrive", "task.done", "task.return", "task.call_off"} {
			if made[what] == 0 {
				return false
			}
		}
		return true
	}
	for round := 0; round < 25 || !everywhere(); round++ {
		if round == 1000 {
			t.Fatalf("some moves are never made: %v", made)
		}
		for range 16 {
			what, err := w.randomMove(t, r, in)
			switch code := layers.ErrorCode(err); code {
			case "":
				made[what]++
			case layers.CodeInvalid, layers.CodeConflict, layers.CodeForbidden, layers.CodeNotFound:
			default:
				t.Fatalf("%s: %v", what, err)
			}
		}
		w.checkInvariants(t)
		for i, id := range in {
			if w.incident(t, id).State.Final() {
				in[i] = w.create(t, inWest).ID
			}
		}
	}
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// randomMove tries one move of anything by somebody; most are such as the machine has.
func (w *world) randomMove(t *testing.T, r *rand.Rand, in []int64) (what string, err error) {
	t.Helper()
	stale := int64(0)
	if r.IntN(10) == 0 {
		stale = 1
	}
	id := pick(r, in...)
	now := w.incident(t, id)
	reason := pick(r, "理由", "理由", "理由", "")
	switch r.IntN(8) {
	case 0:
		_, err = w.tasks.Dispatch(w.as(t, pick(r, "anna", "bert", "west")), id, int64(1+r.IntN(4)), "", now.Revision-stale)
		return "dispatch", err
	case 1:
		m := pick(r, append(now.State.Moves(), incident.MoveRework, incident.MoveDispatch)...)
		_, err = w.incidents.Move(w.as(t, pick(r, "duty", "duty", "east", "anna")), id, m, reason, now.Revision-stale)
		return string(m), err
	}
	tasks, err := w.tasks.OfIncident(w.as(t, "admin"), id)
	if err != nil || len(tasks) == 0 {
		return "no task", err
	}
	k := tasks[len(tasks)-1-r.IntN(min(2, len(tasks)))]
	moves := k.State.Moves()
	if r.IntN(10) == 0 {
		moves = []task.Move{task.MoveCallOff, task.MoveDone}
	}
	if len(moves) == 0 {
		return "ended", nil
	}
	m := pick(r, moves...)
	login := unitOf[k.UnitID]
	if m.ByOffice() {
		login = "anna"
	}
	_, err = w.tasks.Move(w.as(t, login), k.ID, m, reason, k.Revision-stale)
	return "task." + string(m), err
}
