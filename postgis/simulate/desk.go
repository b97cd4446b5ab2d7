package simulate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/incident"
	"wanglou/layers/unit"
	"wanglou/postgis/demo"
)

const (
	// patience is how long the desk leaves alone what somebody made at the console: that person may want to go on.
	patience   = 10 * time.Minute
	deskPeriod = 1500 * time.Millisecond // between two things that the desk does
	again      = 20 * time.Second        // until somebody is looked for again where nobody was free
	near       = 80.0                    // metres within which reports of one category tell of one thing
)

// stepDesk lets the duty officer and the dispatcher do the one thing that is most due: cases before reports, the urgent first.
func (s *simulation) stepDesk(ctx context.Context, now time.Time) error {
	if now.Before(s.nextDesk) {
		return nil
	}
	open, err := s.incidents.Incidents(auth.WithActor(ctx, s.duty), incident.Filter{Open: true})
	if err != nil {
		return err
	}
	jobs, err := s.jobs(ctx)
	if err != nil {
		return err
	}
	working := map[int64]int{}
	for i := range jobs {
		working[jobs[i].incident]++
	}
	for _, in := range open {
		acted, err := s.seeTo(ctx, in, working[in.ID], now)
		if err = s.forgive(err); err != nil || acted {
			s.nextDesk = now.Add(s.every(deskPeriod))
			return err
		}
	}
	return s.readReports(ctx, open, now)
}

// seeTo does what is due with a case. units is how many work there.
func (s *simulation) seeTo(ctx context.Context, in *incident.Incident, units int, now time.Time) (acted bool, err error) {
	if now.Before(s.retryAt[in.ID]) {
		return false, nil
	}
	r := s.dice("desk", in.ID, in.Revision)
	due := func(mid time.Duration) bool {
		wait := s.wait(r, mid)
		if in.Source == "console" {
			wait = max(wait, time.Duration(float64(patience)/s.o.Rate))
		}
		return !now.Before(s.since(in.UpdatedAt).Add(wait))
	}
	move := func(m incident.Move, reason string) (bool, error) {
		out, err := s.incidents.Move(auth.WithActor(ctx, s.duty), in.ID, m, reason, in.Revision)
		if err == nil && out.State.Final() {
			s.done.Closed++
			_, err = s.db.Pool.Exec(ctx, `UPDATE report SET state = 'answered' WHERE incident_id = $1 AND state = 'attached'`, in.ID)
		}
		return true, err
	}
	toSend := 90 * time.Second
	if in.Severity == 1 {
		toSend = 20 * time.Second
	}
	if in.DueAt != nil && now.After(*in.DueAt) {
		toSend = 2 * time.Hour // it was overlooked, and stays so for a while: boards have something to show
	}
	switch in.State {
	case incident.Reported:
		if due(time.Minute) {
			return move(incident.MoveAccept, "")
		}
	case incident.Verifying:
		if due(3 * time.Minute) {
			return move(incident.MoveExists, "")
		}
	case incident.Accepted:
		if due(time.Minute) {
			return move(incident.MoveFile, "")
		}
	case incident.Filed:
		if !due(toSend) {
			return false, nil
		}
		if d := r.Float64(); in.Severity > 1 && in.Source != "console" {
			switch {
			case d < 0.03:
				return move(incident.MoveVoid, "重复上报，已并入前案。")
			case d < 0.09:
				return move(incident.MoveSelfHandle, "网格员已当场处置。")
			}
		}
		return s.send(ctx, in, now)
	case incident.Dispatched, incident.Handling:
		second := in.Severity == 1 && units == 1 && now.Sub(in.CreatedAt) < 15*time.Minute
		if (units == 0 || second) && due(toSend) {
			return s.send(ctx, in, now)
		}
	case incident.Suspended:
		if due(25 * time.Minute) {
			return move(incident.MoveResume, "")
		}
	case incident.Checking:
		if !due(4 * time.Minute) {
			return false, nil
		}
		if in.Source != "console" && r.Float64() < 0.08 {
			return move(incident.MoveRework, "现场仍有残留，请返工。")
		}
		moved, err := move(incident.MovePass, "")
		if e, ok := errors.AsType[*layers.Error](err); ok && e.Reason == "steps_open" { // of its plan
			return move(incident.MovePass, "现场核查通过，预案其余步骤无需执行。")
		}
		return moved, err
	}
	return false, nil
}

// send dispatches the first unit of the recommendation that nobody plays, or comes back later when there is none.
func (s *simulation) send(ctx context.Context, in *incident.Incident, now time.Time) (acted bool, err error) {
	ctx = auth.WithActor(ctx, s.dispatcher)
	s.retryAt[in.ID] = now.Add(s.every(again))
	recommended, err := s.units.Recommend(ctx, in.ID)
	if err != nil {
		return true, err
	}
	for _, r := range recommended.Items {
		able := r.Picked || len(r.Reasons) == 1 && r.Reasons[0].Code == unit.ReasonFarther
		if !able || s.staffed[r.Unit.ID] {
			continue
		}
		_, err := s.tasks.Dispatch(ctx, in.ID, r.Unit.ID, "", in.Revision)
		return true, err
	}
	return false, nil
}

// readReports takes up the oldest report that is due: it belongs to an open case, is about nothing, or makes a new case. A full desk takes none.
func (s *simulation) readReports(ctx context.Context, open []*incident.Incident, now time.Time) error {
	rows, err := s.db.Pool.Query(ctx, `SELECT id, channel, category, title, description, address, source, receive_time, ST_X(geom), ST_Y(geom) FROM report
		WHERE state = 'received' AND geom IS NOT NULL AND area_path IS NOT NULL AND source IN ($1, $2) ORDER BY receive_time, id LIMIT $3`,
		demo.Simulated, demo.Source, maxReceived)
	if err != nil {
		return err
	}
	type waiting struct {
		message
		id              int64
		address, source string
		received        time.Time
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (m waiting, err error) {
		err = row.Scan(&m.id, &m.channel, &m.category, &m.title, &m.text, &m.address, &m.source, &m.received, &m.at[0], &m.at[1])
		return m, err
	})
	if err != nil {
		return err
	}
	for _, m := range all {
		r := s.dice("report", m.id, 0)
		mid := 50 * time.Second
		if m.source == demo.Source { // lay there before; they are not all taken up at once
			mid = 40 * time.Minute
		}
		if now.Before(s.since(m.received).Add(s.wait(r, mid))) {
			continue
		}
		to := sameThing(s.roads, open, m.category, m.at)
		if to == 0 && r.Float64() < 0.12 {
			_, err := s.db.Pool.Exec(ctx, `UPDATE report SET state = 'dismissed' WHERE id = $1 AND state = 'received'`, m.id)
			return err
		}
		if to == 0 {
			if len(open) >= s.o.MaxOpen {
				continue
			}
			if to, err = s.open(ctx, m.id, m.message, m.address); err != nil {
				return s.drop(ctx, m.id, err)
			}
		}
		s.nextDesk = now.Add(s.every(deskPeriod))
		_, err := s.db.Pool.Exec(ctx, `UPDATE report SET state = 'attached', incident_id = $2 WHERE id = $1 AND state = 'received'`, m.id, to)
		return err
	}
	return nil
}

// open makes a case of a report. Its key makes sure that there is one case, should the report not be marked before something breaks.
func (s *simulation) open(ctx context.Context, reportID int64, m message, address string) (int64, error) {
	in, err := s.incidents.Create(auth.WithActor(ctx, s.duty), &incident.Incident{
		Title: m.title, Description: m.text, Category: m.category, Severity: severityOf(m.category, m.title), Source: m.channel, Address: address, Point: m.at,
	}, fmt.Sprintf("%s/report/%d", Login, reportID))
	if err != nil {
		return 0, err
	}
	s.done.Cases++
	return in.ID, nil
}

// drop dismisses a report that no case can be made of, so that it does not come up again for ever.
func (s *simulation) drop(ctx context.Context, reportID int64, because error) error {
	if layers.ErrorCode(because) != layers.CodeInvalid {
		return because
	}
	s.log.Info("a report makes no case", "report", reportID, "err", because)
	_, err := s.db.Pool.Exec(ctx, `UPDATE report SET state = 'dismissed' WHERE id = $1 AND state = 'received'`, reportID)
	return err
}

// sameThing returns the open case of the category near the place, 0 when there is none.
func sameThing(g *roads, open []*incident.Incident, category string, at orb.Point) int64 {
	for _, in := range open {
		if in.Category == category && metres(g.plane(in.Point), g.plane(at)) < near {
			return in.ID
		}
	}
	return 0
}

// severityOf is what a duty officer makes of a report.
func severityOf(category, title string) incident.Severity {
	for _, u := range urgentMatters {
		if u.category == category && slices.ContainsFunc(u.titles, func(t string) bool { return strings.HasSuffix(title, t) }) {
			return 1
		}
	}
	if m, ok := demo.MatterOf(category); ok {
		return incident.Severity(m.Severity)
	}
	return 3
}
