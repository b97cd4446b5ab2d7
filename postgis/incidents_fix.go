package postgis

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/layers/clock"
	"wanglou/layers/incident"
)

// fix stores what a move fixes besides the state, the condition of a filing 立案 and the kind of a closing 结案, and returns what the log says of it. The caller holds the
// case's lock.
func fix(ctx context.Context, tx pgx.Tx, in *incident.Incident, m incident.Move, to incident.State, reason string, with []incident.With) (map[string]any, error) {
	var w incident.With
	if len(with) > 0 {
		w = with[0]
	}
	if err := w.Validate(m); err != nil {
		return nil, err
	}
	if w.Condition != "" {
		if err := setCondition(ctx, tx, in, w.Condition); err != nil {
			return nil, err
		}
		return map[string]any{"condition": w.Condition}, nil
	}
	if to != incident.Closed {
		return nil, nil
	}
	if err := checkSteps(ctx, tx, in.ID, reason); err != nil {
		return nil, err
	}
	if w.Closing == "" {
		w.Closing = incident.ClosedNormal
	}
	if w.Closing == incident.ClosedNormal {
		calendar, err := readCalendar(ctx, tx)
		if err != nil {
			return nil, err
		}
		late, err := handledLate(ctx, tx, in.ID, calendar)
		if err != nil {
			return nil, err
		}
		if late {
			w.Closing = incident.ClosedOverdue
		}
	}
	_, err := tx.Exec(ctx, `UPDATE incident SET closing = $2 WHERE id = $1`, in.ID, w.Closing)
	return map[string]any{"closing": w.Closing}, err
}

// setCondition stores the filing condition of a case. CodeInvalid for one that its category does not have.
func setCondition(ctx context.Context, tx pgx.Tx, in *incident.Incident, code string) error {
	var known bool
	err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM filing_condition WHERE code = $1 AND (category = '' OR (standard, category) = ($2, $3)))`,
		code, in.Standard, in.Category).Scan(&known)
	switch {
	case err != nil:
		return err
	case !known:
		return layers.Invalid("condition", "unknown_value", "the category %s has no filing condition %q", in.Category, code)
	}
	_, err = tx.Exec(ctx, `UPDATE incident SET condition = $2 WHERE id = $1`, in.ID, code)
	return err
}

// handledLate reports whether the time of handling had passed when the case was fed back, or now where it never was: the limit's, with what was granted on top.
func handledLate(ctx context.Context, q querier, id int64, calendar *clock.Calendar) (bool, error) {
	log, err := collect(ctx, q, scanLog, selectLog+`WHERE incident_id = $1 ORDER BY id`, id)
	if err != nil {
		return false, err
	}
	end := time.Now()
	for len(log) > 0 && (log[len(log)-1].To == incident.Checking || log[len(log)-1].To == incident.Closed) {
		end, log = log[len(log)-1].SourceTime, log[:len(log)-1]
	}
	timing, runs := incident.TimingOf(log)
	if !runs || timing.Stage != incident.StageHandling {
		return false, nil
	}
	_, due, err := momentsOf(ctx, q, id, &timing, calendar)
	return due != nil && end.After(*due), err
}

// fillClosings says of cases that were closed before kinds of closing were kept whether they were handled in time, as their logs say.
func (s *Incidents) fillClosings(ctx context.Context, calendar *clock.Calendar) error {
	ids, err := collect(ctx, s.db.Pool, pgx.RowTo[int64], `SELECT id FROM incident WHERE state = 'closed' AND closing IS NULL ORDER BY id`)
	if err != nil {
		return err
	}
	for _, id := range ids {
		closing := incident.ClosedNormal
		late, err := handledLate(ctx, s.db.Pool, id, calendar)
		if err != nil {
			return err
		}
		if late {
			closing = incident.ClosedOverdue
		}
		if _, err := s.db.Pool.Exec(ctx, `UPDATE incident SET closing = $2 WHERE id = $1 AND state = 'closed' AND closing IS NULL`, id, closing); err != nil {
			return Wrap(err)
		}
	}
	return nil
}

// ConditionOf implements incident.Flow.
func (s *Incidents) ConditionOf(ctx context.Context, in *incident.Incident) (*incident.Condition, error) {
	if in.Condition == "" {
		return nil, nil
	}
	found, err := s.conditions(ctx, in, in.Condition)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// ConditionsFor implements incident.Flow.
func (s *Incidents) ConditionsFor(ctx context.Context, in *incident.Incident) ([]incident.Condition, error) {
	return s.conditions(ctx, in, "")
}

func (s *Incidents) conditions(ctx context.Context, in *incident.Incident, code string) ([]incident.Condition, error) {
	return collect(ctx, s.db.Pool, pgx.RowToStructByPos[incident.Condition], selectCondition+`
		WHERE (category = '' OR (standard, category) = ($1, $2)) AND $3 IN ('', code) ORDER BY category <> '' DESC, code`, in.Standard, in.Category, code)
}

// Hop implements incident.Flow.
func (s *Incidents) Hop(ctx context.Context, id int64, h incident.Hop, reason string, revision int64) (out *incident.Incident, err error) {
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		in, err := lockHeld(ctx, tx, id)
		switch {
		case err != nil:
			return err
		case in.Revision != revision:
			return staleRevision(ctx, tx, "incident_log", id)
		case in.State.Final():
			return layers.Invalid("id", "closed", "the case is over")
		}
		to, err := in.HopTo(h)
		if err != nil {
			return err
		}
		if err := incident.CheckHop(h, reason); err != nil {
			return err
		}
		if h == incident.HopTake {
			log, err := collect(ctx, tx, scanLog, selectLog+`WHERE incident_id = $1 ORDER BY id`, id)
			if err != nil {
				return err
			}
			if !incident.Handed(log) {
				return &layers.Error{Code: layers.CodeConflict, Reason: "not_handed", Msg: "there is nothing to take"}
			}
		}
		if _, err := tx.Exec(ctx, `UPDATE incident SET holder_path = nullif($2, area_path) WHERE id = $1`, id, to); err != nil {
			return err
		}
		details := map[string]any{"from_path": in.Holder(), "to_path": to}
		if err := advance(ctx, tx, id, logRow{move: string(h), from: in.State, to: in.State, reason: reason, details: details}); err != nil {
			return err
		}
		if err := appendAudit(ctx, tx, "incident."+string(h), subject("incident", id), details); err != nil {
			return err
		}
		out, err = incidentByID(ctx, tx, id, "")
		return err
	})
	return out, err
}
