package postgis

import (
	"context"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/plan"
)

// Plans implements plan.Service. It is safe for concurrent use.
type Plans struct{ db *DB }

// NewPlans returns the plans of db.
func NewPlans(db *DB) *Plans { return &Plans{db} }

const selectPlan = `SELECT p.id, p.kind, p.retired, p.revision, coalesce(v.version, 0), v.content, v.published_at, d.content, coalesce(d.saved_by, v.saved_by, '')
	FROM plan p LEFT JOIN LATERAL (SELECT version, content, published_at, saved_by FROM plan_version WHERE plan_id = p.id AND published_at IS NOT NULL ORDER BY version DESC LIMIT 1) v ON true
	LEFT JOIN plan_version d ON d.plan_id = p.id AND d.published_at IS NULL `

func scanPlan(row pgx.CollectableRow) (*plan.Stored, error) {
	var p plan.Stored
	err := row.Scan(&p.ID, &p.Kind, &p.Retired, &p.Revision, &p.Version, &p.Published, &p.PublishedAt, &p.Draft, &p.SavedBy)
	p.PublishedAt = utc(p.PublishedAt)
	return &p, err
}

// Plans implements plan.Service.
func (s *Plans) Plans(ctx context.Context) ([]*plan.Stored, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionRead); err != nil {
		return nil, err
	}
	all := actor.Scope.May(auth.ActionManageRules)
	found, err := collect(ctx, s.db.Pool, scanPlan, selectPlan+`WHERE $1 OR v.version IS NOT NULL AND NOT p.retired ORDER BY p.retired, p.kind, p.id`, all)
	if !all {
		for _, p := range found {
			p.Draft = nil
		}
	}
	return found, err
}

// Save implements plan.Service.
func (s *Plans) Save(ctx context.Context, p *plan.Stored) (*plan.Stored, error) {
	if p.Draft == nil {
		return nil, layers.Invalid("draft", "required", "a draft is required")
	}
	if err := p.Draft.Validate(p.Kind); err != nil {
		if e, ok := err.(*layers.Error); ok && e.Field != "kind" {
			e.Field = "draft." + e.Field
		}
		return nil, err
	}
	return s.change(ctx, p.ID, p.Revision, "plan.save", func(tx pgx.Tx, was *plan.Stored) (id int64, err error) {
		if was == nil {
			if err := atMost(ctx, tx, "plan", plan.Max, "too_many_plans"); err != nil {
				return 0, err
			}
			err = tx.QueryRow(ctx, `INSERT INTO plan (kind) VALUES ($1) RETURNING id`, p.Kind).Scan(&id)
			if err != nil {
				return 0, err
			}
			was = &plan.Stored{ID: id, Kind: p.Kind}
		}
		if was.Kind != p.Kind {
			return 0, layers.Invalid("kind", "unknown_value", "a plan stays what it is")
		}
		by := auth.ActorFrom(ctx).User.Name
		done, err := tx.Exec(ctx, `UPDATE plan_version SET content = $2, saved_by = $3, saved_at = clock_timestamp() WHERE plan_id = $1 AND published_at IS NULL`, was.ID, p.Draft, by)
		if err == nil && done.RowsAffected() == 0 {
			_, err = tx.Exec(ctx, `INSERT INTO plan_version (plan_id, version, content, saved_by) VALUES ($1, $2, $3, $4)`, was.ID, was.Version+1, p.Draft, by)
		}
		return was.ID, err
	})
}

// Publish implements plan.Service.
func (s *Plans) Publish(ctx context.Context, id, revision int64) (*plan.Stored, error) {
	return s.change(ctx, id, revision, "plan.publish", func(tx pgx.Tx, was *plan.Stored) (int64, error) {
		done, err := tx.Exec(ctx, `UPDATE plan_version SET published_at = clock_timestamp() WHERE plan_id = $1 AND published_at IS NULL`, id)
		if err == nil && done.RowsAffected() == 0 {
			err = &layers.Error{Code: layers.CodeConflict, Reason: "no_draft", Msg: "there is no draft to publish"}
		}
		return id, err
	})
}

// Retire implements plan.Service.
func (s *Plans) Retire(ctx context.Context, id, revision int64, retired bool) (*plan.Stored, error) {
	return s.change(ctx, id, revision, "plan.retire", func(tx pgx.Tx, was *plan.Stored) (int64, error) {
		_, err := tx.Exec(ctx, `UPDATE plan SET retired = $2 WHERE id = $1`, id, retired)
		return id, err
	})
}

// change does something with a plan as it is at a revision; with a new one where id is 0.
func (s *Plans) change(ctx context.Context, id, revision int64, action string, do func(tx pgx.Tx, was *plan.Stored) (int64, error)) (out *plan.Stored, err error) {
	if err := forbid(auth.ActorFrom(ctx), auth.ActionManageRules); err != nil {
		return nil, err
	}
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		var was *plan.Stored
		if id != 0 {
			found, err := collect(ctx, tx, scanPlan, selectPlan+`WHERE p.id = $1 FOR UPDATE OF p`, id)
			switch {
			case err != nil:
				return err
			case len(found) == 0:
				return notFound("plan", id)
			case found[0].Revision != revision:
				return layers.Stale("revision")
			}
			was = found[0]
		}
		id, err := do(tx, was)
		if err != nil {
			return err
		}
		if was != nil {
			if _, err := tx.Exec(ctx, `UPDATE plan SET revision = revision + 1 WHERE id = $1`, id); err != nil {
				return err
			}
		}
		if err := appendAudit(ctx, tx, action, subject("plan", id), nil); err != nil {
			return err
		}
		found, err := collect(ctx, tx, scanPlan, selectPlan+`WHERE p.id = $1`, id)
		if err == nil {
			out = found[0]
		}
		return err
	})
	return out, err
}
