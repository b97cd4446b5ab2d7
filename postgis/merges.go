package postgis

import (
	"context"
	"strconv"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/incident"
)

// Rows of the other case's log, whose state they leave as it is.
const (
	moveAbsorb  = "absorb"  // 并入: another case's reports are this one's now
	moveRelease = "release" // 撤销并入: they are its own again
)

// mergedPair locks two cases of the actor's areas, always in the same order.
func mergedPair(ctx context.Context, tx pgx.Tx, actor *auth.Actor, id, into int64) (from, to *incident.Incident, err error) {
	if err := forbid(actor, auth.ActionMoveIncident); err != nil {
		return nil, nil, err
	}
	for _, one := range []int64{min(id, into), max(id, into)} {
		in, err := lockIncident(ctx, tx, actor, one)
		if err != nil {
			return nil, nil, err
		}
		if !actor.Scope.InArea(in.Holder()) {
			return nil, nil, outsideAreas(in.Holder())
		}
		if one == id {
			from = in
		} else {
			to = in
		}
	}
	return from, to, nil
}

// Merge implements report.Service. CodeInvalid: the first case is one that somebody was sent to, or the other is over.
func (s *Reports) Merge(ctx context.Context, id, into int64, reason string, revision, intoRevision int64) (out *incident.Incident, err error) {
	if id == into {
		return nil, layers.Invalid("into", "itself", "a case is not merged into itself")
	}
	actor := auth.ActorFrom(ctx)
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		from, to, err := mergedPair(ctx, tx, actor, id, into)
		if err != nil {
			return err
		}
		for _, seen := range []struct {
			in       *incident.Incident
			revision int64
		}{{from, revision}, {to, intoRevision}} {
			if seen.in.Revision != seen.revision {
				return staleRevision(ctx, tx, "incident_log", seen.in.ID)
			}
		}
		if to.State.Final() {
			return layers.Invalid("into", "closed", "the case is over")
		}
		state, err := from.State.Take(incident.MoveMerge, reason)
		if err != nil {
			return err
		}
		moved, err := collect(ctx, tx, pgx.RowTo[int64], `UPDATE report SET incident_id = $2 WHERE incident_id = $1 RETURNING id`, id, into)
		if err != nil {
			return err
		}
		err = advance(ctx, tx, id, logRow{move: string(incident.MoveMerge), from: from.State, to: state, reason: reason, into: into,
			details: map[string]any{"incident_id": into, "number": to.Number, "reports": moved}})
		if err != nil {
			return err
		}
		err = advance(ctx, tx, into, logRow{move: moveAbsorb, from: to.State, to: to.State, reason: reason,
			details: map[string]any{"incident_id": id, "number": from.Number, "reports": len(moved)}})
		if err != nil {
			return err
		}
		if err := appendAudit(ctx, tx, "incident.merge", subject("incident", id), map[string]any{"into": into, "reports": len(moved)}); err != nil {
			return err
		}
		out, err = incidentByID(ctx, tx, into, "")
		return err
	})
	return out, err
}

// Unmerge implements report.Service. Reports that were taken elsewhere meanwhile stay there. CodeInvalid: the other case was merged itself, and has to be
// parted first.
func (s *Reports) Unmerge(ctx context.Context, id int64, reason string, revision int64) (out *incident.Incident, err error) {
	actor := auth.ActorFrom(ctx)
	seen, err := s.incidents.Incident(ctx, id)
	if err != nil {
		return nil, err
	}
	if seen.MergedInto == 0 {
		_, err := seen.State.Take(incident.MoveUnmerge, reason)
		return nil, err
	}
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		from, to, err := mergedPair(ctx, tx, actor, id, seen.MergedInto)
		switch {
		case err != nil:
			return err
		case from.Revision != revision || from.MergedInto != to.ID:
			return staleRevision(ctx, tx, "incident_log", id)
		case to.MergedInto != 0:
			return &layers.Error{Code: layers.CodeInvalid, Field: "id", Reason: "merged_further", Params: map[string]string{"number": to.Number, "id": strconv.FormatInt(to.ID, 10)},
				Msg: "the other case was merged itself: part that first"}
		}
		if _, err := from.State.Take(incident.MoveUnmerge, reason); err != nil {
			return err
		}
		var before incident.State
		var reports []int64
		err = tx.QueryRow(ctx, `SELECT from_state, coalesce((SELECT array_agg(v::bigint) FROM jsonb_array_elements_text(details->'reports') v), '{}')
			FROM incident_log WHERE incident_id = $1 AND move = $2 ORDER BY id DESC LIMIT 1`, id, incident.MoveMerge).Scan(&before, &reports)
		if err != nil {
			return err
		}
		back, err := tx.Exec(ctx, `UPDATE report SET incident_id = $1 WHERE id = ANY ($3) AND incident_id = $2`, id, to.ID, reports)
		if err != nil {
			return err
		}
		details := func(other *incident.Incident) map[string]any {
			return map[string]any{"incident_id": other.ID, "number": other.Number, "reports": back.RowsAffected()}
		}
		if err := advance(ctx, tx, id, logRow{move: string(incident.MoveUnmerge), from: from.State, to: before, reason: reason, details: details(to)}); err != nil {
			return err
		}
		if err := advance(ctx, tx, to.ID, logRow{move: moveRelease, from: to.State, to: to.State, reason: reason, details: details(from)}); err != nil {
			return err
		}
		if err := appendAudit(ctx, tx, "incident.unmerge", subject("incident", id), map[string]any{"from": to.ID, "reports": back.RowsAffected()}); err != nil {
			return err
		}
		out, err = incidentByID(ctx, tx, id, "")
		return err
	})
	return out, err
}
