package postgis

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/fence"
)

// Fences implements fence.Store. It is safe for concurrent use.
type Fences struct{ db *DB }

// NewFences returns the geofences of db.
func NewFences(db *DB) *Fences { return &Fences{db} }

const (
	ruleColumns = `id, revision, name, coalesce(area_path, ''), moving_layer, moving_filter, fence_layer, fence_filter, triggers, dwell_s, margin_m, report, enabled, last_error, created_at, begun`
	selectRule  = `SELECT ` + ruleColumns + ` FROM geofence_rule `
)

func scanRule(row pgx.CollectableRow) (*fence.Rule, error) {
	var r fence.Rule
	err := row.Scan(&r.ID, &r.Revision, &r.Name, &r.AreaPath, &r.MovingLayer, &r.MovingFilter, &r.FenceLayer, &r.FenceFilter, &r.Triggers, &r.DwellS, &r.MarginM,
		&r.Report, &r.Enabled, &r.LastError, &r.CreatedAt, &r.Begun)
	r.CreatedAt = r.CreatedAt.UTC()
	return &r, err
}

func ruleArgs(r *fence.Rule) pgx.NamedArgs {
	return pgx.NamedArgs{"id": r.ID, "name": r.Name, "area": r.AreaPath, "moving": r.MovingLayer, "moving_filter": r.MovingFilter, "fence": r.FenceLayer,
		"fence_filter": r.FenceFilter, "triggers": r.Triggers, "dwell": r.DwellS, "margin": r.MarginM, "report": r.Report, "enabled": r.Enabled}
}

// mayManage reports whether the actor may have a rule of an area.
func mayManage(ctx context.Context, area string) error {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionManageFences); err != nil {
		return err
	}
	if actor.Scope.InArea(area) {
		return nil
	}
	return &layers.Error{Code: layers.CodeForbidden, Reason: "outside_areas", Field: "area_path", Params: map[string]string{"area_path": area}, Msg: "the rule holds outside of your areas"}
}

// Rules implements fence.Store.
func (s *Fences) Rules(ctx context.Context) ([]*fence.Rule, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionManageFences); err != nil {
		return nil, err
	}
	return collect(ctx, s.db.Pool, scanRule, selectRule+`WHERE `+inAreas("area_path", "$1")+` ORDER BY id`, actor.Scope.Areas)
}

// Create implements fence.Store.
func (s *Fences) Create(ctx context.Context, r *fence.Rule) error {
	if err := mayManage(ctx, r.AreaPath); err != nil {
		return err
	}
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		if err := atMost(ctx, tx, "geofence_rule", fence.MaxRules, "too_many_rules"); err != nil {
			return err
		}
		return s.write(ctx, tx, r, "geofence.create", `INSERT INTO geofence_rule
			(name, area_path, moving_layer, moving_filter, fence_layer, fence_filter, triggers, dwell_s, margin_m, report, enabled)
			VALUES (@name, nullif(@area, ''), @moving, @moving_filter, @fence, @fence_filter, @triggers, @dwell, @margin, @report, @enabled)`)
	})
}

// Update implements fence.Store.
func (s *Fences) Update(ctx context.Context, r *fence.Rule) error {
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		if err := s.hold(ctx, tx, r.ID, &r.Revision); err != nil {
			return err
		}
		if err := mayManage(ctx, r.AreaPath); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM geofence_stay WHERE rule_id = $1`, r.ID); err != nil {
			return err
		}
		return s.write(ctx, tx, r, "geofence.update", `UPDATE geofence_rule SET name = @name, area_path = nullif(@area, ''), moving_layer = @moving,
			moving_filter = @moving_filter, fence_layer = @fence, fence_filter = @fence_filter, triggers = @triggers, dwell_s = @dwell, margin_m = @margin,
			report = @report, enabled = @enabled, revision = revision + 1, begun = false, last_error = '' WHERE id = @id`)
	})
}

// write runs the statement that stores r, reads r back and writes the audit row.
func (s *Fences) write(ctx context.Context, tx pgx.Tx, r *fence.Rule, action, sql string) error {
	rows, err := tx.Query(ctx, sql+` RETURNING `+ruleColumns, ruleArgs(r))
	if err != nil {
		return err
	}
	stored, err := pgx.CollectExactlyOneRow(rows, scanRule)
	if err != nil {
		return err
	}
	*r = *stored
	return appendAudit(ctx, tx, action, subject("geofence", r.ID), map[string]any{"name": r.Name, "area_path": r.AreaPath, "moving_layer": r.MovingLayer,
		"fence_layer": r.FenceLayer, "triggers": r.Triggers, "enabled": r.Enabled})
}

// Delete implements fence.Store.
func (s *Fences) Delete(ctx context.Context, id int64) error {
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		if err := s.hold(ctx, tx, id, nil); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM geofence_rule WHERE id = $1`, id); err != nil {
			return err
		}
		return appendAudit(ctx, tx, "geofence.delete", subject("geofence", id), nil)
	})
}

// hold locks a rule of the actor's, and compares the revision that he saw.
func (s *Fences) hold(ctx context.Context, tx pgx.Tx, id int64, revision *int64) error {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionManageFences); err != nil {
		return err
	}
	found, err := collect(ctx, tx, scanRule, selectRule+`WHERE id = $1 AND `+inAreas("area_path", "$2")+` FOR UPDATE`, id, actor.Scope.Areas)
	switch {
	case err != nil:
		return err
	case len(found) == 0:
		return notFound("geofence", id)
	case revision != nil && *revision != found[0].Revision:
		return layers.Stale("revision")
	}
	return nil
}

// Enabled implements fence.Store.
func (s *Fences) Enabled(ctx context.Context) ([]*fence.Rule, error) {
	return collect(ctx, s.db.Pool, scanRule, selectRule+`WHERE enabled ORDER BY id`)
}

// Stays implements fence.Store.
func (s *Fences) Stays(ctx context.Context, ruleID int64) ([]fence.Stay, error) {
	return collect(ctx, s.db.Pool, func(row pgx.CollectableRow) (t fence.Stay, err error) {
		err = row.Scan(&t.RuleID, &t.MovingID, &t.FenceID, &t.Since, &t.Dwelt)
		t.Since = t.Since.UTC()
		return t, err
	}, `SELECT rule_id, moving_id, fence_id, since, dwelt FROM geofence_stay WHERE rule_id = $1`, ruleID)
}

// Apply implements fence.Store. Units' positions have no name of their own: an event tells the unit's.
func (s *Fences) Apply(ctx context.Context, r *fence.Rule, o *fence.Outcome) error {
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		var same bool
		err := tx.QueryRow(ctx, `SELECT revision = $2 AND enabled FROM geofence_rule WHERE id = $1 FOR UPDATE`, r.ID, r.Revision).Scan(&same)
		if err == pgx.ErrNoRows || err == nil && !same {
			return layers.Stale("revision")
		}
		if err != nil {
			return err
		}
		b := &pgx.Batch{}
		b.Queue(`UPDATE geofence_rule SET begun = true, last_error = '' WHERE id = $1 AND NOT (begun AND last_error = '')`, r.ID)
		for _, t := range o.Ended { // before what began: a stay may end and begin in one round
			b.Queue(`DELETE FROM geofence_stay WHERE rule_id = $1 AND moving_id = $2 AND fence_id = $3 AND since = $4`, r.ID, t.MovingID, t.FenceID, t.Since)
		}
		for _, t := range o.Put {
			b.Queue(`INSERT INTO geofence_stay (rule_id, moving_id, fence_id, since, dwelt) VALUES ($1, $2, $3, $4, $5)
				ON CONFLICT (rule_id, moving_id, fence_id) DO UPDATE SET since = excluded.since, dwelt = excluded.dwelt`, r.ID, t.MovingID, t.FenceID, t.Since, t.Dwelt)
		}
		for i := range o.Events {
			queueEvent(b, r, &o.Events[i])
		}
		return tx.SendBatch(ctx, b).Close()
	})
}

// queueEvent stores an event, and the report of it where the rule wants one: both once.
func queueEvent(b *pgx.Batch, r *fence.Rule, e *fence.Event) {
	var since *time.Time
	if !e.Since.IsZero() {
		since = &e.Since
	}
	b.Queue(`WITH named AS (
			SELECT coalesce(nullif(@moving, ''), (SELECT name FROM unit WHERE id = @moving_id AND @moving_layer = 'position'), @moving_layer || ' ' || @moving_id::bigint) AS moving,
				coalesce(nullif(@fence, ''), @fence_layer || ' ' || @fence_id::bigint) AS fence
		), event AS (
			INSERT INTO geofence_event (rule_id, rule, trigger, moving_layer, moving_id, moving, fence_layer, fence_id, fence, area_path, source_time, since, geom)
			SELECT @rule_id, @rule, @trigger, @moving_layer, @moving_id, moving, @fence_layer, @fence_id, fence, nullif(@area, ''), @time, @since,
				ST_SetSRID(ST_MakePoint(@lon, @lat), 4326) FROM named
			ON CONFLICT DO NOTHING RETURNING id, moving, fence, area_path, source_time, geom
		)
		INSERT INTO report (channel, title, source, source_id, source_time, area_path, geom)
		SELECT 'system', moving || @verb::text || fence, 'geofence', id::text, source_time, area_path, geom FROM event WHERE @report
		ON CONFLICT DO NOTHING`,
		pgx.NamedArgs{"rule_id": r.ID, "rule": r.Name, "trigger": string(e.Trigger), "moving_layer": r.MovingLayer, "moving_id": e.MovingID, "moving": e.MovingName,
			"fence_layer": r.FenceLayer, "fence_id": e.FenceID, "fence": e.FenceName, "area": e.AreaPath, "time": e.Time, "since": since,
			"lon": e.At[0], "lat": e.At[1], "verb": e.Trigger.Verb(), "report": r.Report})
}

// Failed implements fence.Store.
func (s *Fences) Failed(ctx context.Context, id int64, reason string) error {
	_, err := s.db.Pool.Exec(ctx, `UPDATE geofence_rule SET last_error = left($2, 100) WHERE id = $1 AND last_error <> left($2, 100)`, id, reason)
	return Wrap(err)
}

// Prune implements fence.Store.
func (s *Fences) Prune(ctx context.Context) error {
	_, err := s.db.Pool.Exec(ctx, `DELETE FROM geofence_event WHERE receive_time < now() - $1::interval`, fence.Keep)
	return Wrap(err)
}

// Lead implements fence.Store.
func (s *Fences) Lead(ctx context.Context, f func(context.Context) error) error {
	return s.db.Lead(ctx, "geofences", f)
}
