package postgis

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/incident"
	"wanglou/layers/plan"
	"wanglou/layers/request"
)

// firePlans gives a case the published plans that fit it and that it does not have. The caller holds the case's lock, or has just made it.
func firePlans(ctx context.Context, tx pgx.Tx, id int64) error {
	waiting, err := collect(ctx, tx, scanPlan, selectPlan+`WHERE p.kind = 'plan' AND NOT p.retired AND v.version IS NOT NULL
		AND NOT EXISTS (SELECT FROM case_plan c WHERE c.incident_id = $1 AND c.plan_id = p.id) ORDER BY p.id`, id)
	if err != nil || len(waiting) == 0 {
		return err
	}
	in, err := incidentByID(ctx, tx, id, "")
	if err != nil || !plan.Fires(in.State) {
		return err
	}
	var titles []string
	for _, p := range waiting {
		if !p.Published.Fits(in) {
			continue
		}
		if err := firePlan(ctx, tx, id, p); err != nil {
			return err
		}
		titles = append(titles, p.Published.Title)
	}
	if len(titles) == 0 {
		return nil
	}
	if err := advance(ctx, tx, id, logRow{move: "plan.fire", from: in.State, to: in.State, reason: strings.Join(titles, "、")}); err != nil {
		return err
	}
	return appendAudit(ctx, tx, "plan.fire", subject("incident", id), map[string]any{"plans": titles})
}

func firePlan(ctx context.Context, tx pgx.Tx, id int64, p *plan.Stored) error {
	now := time.Now()
	batch := &pgx.Batch{}
	batch.Queue(`INSERT INTO case_plan (incident_id, plan_id, version, fired_at) VALUES ($1, $2, $3, $4)`, id, p.ID, p.Version, now)
	for i, s := range p.Published.Steps {
		var due *time.Time
		if s.Minutes > 0 {
			due = new(now.Add(time.Duration(s.Minutes) * time.Minute))
		}
		batch.Queue(`INSERT INTO case_step (incident_id, plan_id, place, who, what, what_en, required, due_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			id, p.ID, i, s.Who, s.What, s.WhatEN, s.Required, due)
	}
	return tx.SendBatch(ctx, batch).Close()
}

// checkSteps returns CodeInvalid where a case is closed without a reason and required steps of its plans are open.
func checkSteps(ctx context.Context, tx pgx.Tx, id int64, reason string) error {
	var open int
	err := tx.QueryRow(ctx, `SELECT count(*) FROM case_step WHERE incident_id = $1 AND required AND done_at IS NULL`, id).Scan(&open)
	if err == nil && open > 0 && strings.TrimSpace(reason) == "" {
		e := layers.Invalid("reason", "steps_open", "%d required steps of the plan are open: say why it is closed", open)
		e.Params = map[string]string{"n": fmt.Sprint(open)}
		return e
	}
	return err
}

// Fired implements plan.Service.
func (s *Plans) Fired(ctx context.Context, incidentID int64) ([]*plan.Fired, error) {
	in, err := incidentByID(ctx, s.db.Pool, incidentID, "")
	if err != nil {
		return nil, err
	}
	if _, err := checkSeenOrSent(ctx, s.db.Pool, in); err != nil {
		return nil, Wrap(err)
	}
	fired, err := collect(ctx, s.db.Pool, func(row pgx.CollectableRow) (*plan.Fired, error) {
		f := &plan.Fired{Steps: []plan.CaseStep{}}
		var c plan.Content
		err := row.Scan(&f.PlanID, &f.Version, &f.FiredAt, &c)
		f.Title, f.TitleEN, f.Text, f.FiredAt = c.Title, c.TitleEN, c.Text, f.FiredAt.UTC()
		return f, err
	}, `SELECT c.plan_id, c.version, c.fired_at, v.content FROM case_plan c JOIN plan_version v USING (plan_id, version) WHERE c.incident_id = $1 ORDER BY c.fired_at, c.plan_id`, incidentID)
	if err != nil || len(fired) == 0 {
		return fired, err
	}
	of := map[int64]*plan.Fired{}
	for _, f := range fired {
		of[f.PlanID] = f
	}
	type row struct {
		plan int64
		plan.CaseStep
	}
	steps, err := collect(ctx, s.db.Pool, func(r pgx.CollectableRow) (c row, err error) {
		err = r.Scan(&c.plan, &c.ID, &c.Who, &c.What, &c.WhatEN, &c.Required, &c.DueAt, &c.DoneAt, &c.DoneBy, &c.Note)
		c.DueAt, c.DoneAt = utc(c.DueAt), utc(c.DoneAt)
		return c, err
	}, `SELECT plan_id, id, who, what, what_en, required, due_at, done_at, done_by, note FROM case_step WHERE incident_id = $1 ORDER BY plan_id, place`, incidentID)
	for _, c := range steps {
		of[c.plan].Steps = append(of[c.plan].Steps, c.CaseStep)
	}
	return fired, err
}

// Tick implements plan.Service. The case's revision stays: nobody's move is refused because a step was done.
func (s *Plans) Tick(ctx context.Context, incidentID, stepID int64, done bool, note string) error {
	actor := auth.ActorFrom(ctx)
	if utf8.RuneCountInString(note) > plan.MaxNote {
		return layers.Invalid("note", "too_long", "a note has at most %d characters", plan.MaxNote)
	}
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		in, unit, err := lockAsked(ctx, tx, incidentID)
		if err != nil {
			return err
		}
		if err := request.Allowed(actor.Scope, in, request.ByUnit, unit, nil); err != nil {
			return err
		}
		if in.State.Final() {
			return layers.Invalid("id", "closed", "the case is over")
		}
		var was bool
		found, err := collect(ctx, tx, pgx.RowTo[bool], `SELECT done_at IS NOT NULL FROM case_step WHERE id = $1 AND incident_id = $2`, stepID, incidentID)
		switch {
		case err != nil:
			return err
		case len(found) == 0:
			return notFound("step", stepID)
		}
		if was = found[0]; was == done {
			return &layers.Error{Code: layers.CodeConflict, Reason: "already_ticked", Msg: "the step stands so already"}
		}
		_, err = tx.Exec(ctx, `UPDATE case_step SET done_at = CASE WHEN $2 THEN clock_timestamp() END, done_by = CASE WHEN $2 THEN $3 ELSE '' END, note = $4 WHERE id = $1`,
			stepID, done, actor.User.Name, strings.TrimSpace(note))
		if err != nil {
			return err
		}
		if err := touch(ctx, tx, in); err != nil {
			return err
		}
		return appendAudit(ctx, tx, "step.tick", subject("incident", in.ID), map[string]any{"step_id": stepID, "done": done})
	})
}

// touch makes open pages of a case ask for it again.
func touch(ctx context.Context, tx pgx.Tx, in *incident.Incident) error {
	_, err := tx.Exec(ctx, `UPDATE incident SET updated_at = clock_timestamp() WHERE id = $1`, in.ID)
	return err
}
