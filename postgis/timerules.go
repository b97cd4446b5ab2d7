package postgis

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/clock"
	"wanglou/layers/incident"
)

// TimeRules implements incident.RuleService.
func (s *Incidents) TimeRules(ctx context.Context) (*incident.TimeRules, error) {
	if err := forbid(auth.ActorFrom(ctx), auth.ActionRead); err != nil {
		return nil, err
	}
	return readTimeRules(ctx, s.db.Pool)
}

func readTimeRules(ctx context.Context, q querier) (*incident.TimeRules, error) {
	r := &incident.TimeRules{}
	var err error
	r.Limits, err = collect(ctx, q, func(row pgx.CollectableRow) (l incident.TimeLimit, err error) {
		err = row.Scan(&l.Stage, &l.Standard, &l.Category, &l.Severity, &l.AreaPath, &l.Condition, &l.Kind, &l.Amount)
		return l, err
	}, `SELECT stage, standard, category, severity, area_path, condition, kind, amount::float8 FROM time_limit
		ORDER BY array_position('{accepting,verifying,handling,checking,hop}'::text[], stage), category, condition, area_path, severity, standard`)
	if err != nil {
		return nil, err
	}
	r.Days, err = collect(ctx, q, func(row pgx.CollectableRow) (d incident.Day, err error) {
		err = row.Scan(&d.Day, &d.Works, &d.Name)
		return d, err
	}, `SELECT to_char(day, 'YYYY-MM-DD'), works, name FROM calendar_day ORDER BY day`)
	if err != nil {
		return nil, err
	}
	r.Windows, err = collect(ctx, q, func(row pgx.CollectableRow) (w clock.Window, err error) {
		err = row.Scan(&w.From, &w.To)
		return w, err
	}, `SELECT lower(w), upper(w) FROM calendar, unnest(windows) w ORDER BY w`)
	if err != nil {
		return nil, err
	}
	r.Week, err = collect(ctx, q, pgx.RowTo[int], `SELECT unnest(week) FROM calendar ORDER BY 1`)
	if err != nil {
		return nil, err
	}
	r.Conditions, err = collect(ctx, q, pgx.RowToStructByPos[incident.Condition], selectCondition+`ORDER BY category, standard, code`)
	if err != nil {
		return nil, err
	}
	if r.Flow, err = readFlowRules(ctx, q); err != nil {
		return nil, err
	}
	b, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	r.Version = hex.EncodeToString(sum[:8])
	return r, nil
}

const selectCondition = `SELECT standard, category, code, name, name_en, closing, closing_en FROM filing_condition `

func readFlowRules(ctx context.Context, q querier) (f incident.FlowRules, err error) {
	err = q.QueryRow(ctx, `SELECT max_extensions, appeal_days, urge_minutes, supervise_hours FROM flow_rule`).
		Scan(&f.MaxExtensions, &f.AppealDays, &f.UrgeMinutes, &f.SuperviseHours)
	return f, err
}

// SetTimeRules implements incident.RuleService. The rules are stored even where the computing of deadlines is interrupted: the command `wanglou deadlines` does it again.
func (s *Incidents) SetTimeRules(ctx context.Context, r *incident.TimeRules) (changed int, err error) {
	if err := forbid(auth.ActorFrom(ctx), auth.ActionManageRules); err != nil {
		return 0, err
	}
	if err := r.Validate(); err != nil {
		return 0, err
	}
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('time rules'))`); err != nil {
			return err
		}
		was, err := readTimeRules(ctx, tx)
		if err != nil {
			return err
		}
		if was.Version != r.Version {
			return layers.Stale("version")
		}
		batch := &pgx.Batch{}
		batch.Queue(`DELETE FROM time_limit`)
		for _, l := range r.Limits {
			batch.Queue(`INSERT INTO time_limit (stage, standard, category, severity, area_path, condition, kind, amount) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
				l.Stage, l.Standard, l.Category, l.Severity, l.AreaPath, l.Condition, l.Kind, l.Amount)
		}
		batch.Queue(`DELETE FROM filing_condition`)
		for _, c := range r.Conditions {
			batch.Queue(`INSERT INTO filing_condition (standard, category, code, name, name_en, closing, closing_en) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
				c.Standard, c.Category, c.Code, c.Name, c.NameEN, c.Closing, c.ClosingEN)
		}
		batch.Queue(`UPDATE flow_rule SET max_extensions = $1, appeal_days = $2, urge_minutes = $3, supervise_hours = $4`,
			r.Flow.MaxExtensions, r.Flow.AppealDays, r.Flow.UrgeMinutes, r.Flow.SuperviseHours)
		batch.Queue(`DELETE FROM calendar_day`)
		for _, d := range r.Days {
			batch.Queue(`INSERT INTO calendar_day (day, works, name) VALUES ($1::text::date, $2, $3)`, d.Day, d.Works, d.Name)
		}
		var from, to []int32
		for _, w := range r.Windows {
			from, to = append(from, int32(w.From)), append(to, int32(w.To))
		}
		batch.Queue(`UPDATE calendar SET week = $1, windows = (SELECT range_agg(int4range(f, t)) FROM unnest($2::int[], $3::int[]) w (f, t))`, r.Week, from, to)
		if err := tx.SendBatch(ctx, batch).Close(); err != nil {
			return err
		}
		return appendAudit(ctx, tx, "rules.change", "rules", map[string]any{"limits": len(r.Limits), "days": len(r.Days)})
	})
	if err != nil {
		return 0, err
	}
	return s.RecomputeDeadlines(ctx)
}
