package postgis

import (
	"context"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/incident"
	"wanglou/layers/task"
)

// Watched implements incident.Board. Whoever sends units or supervises may.
func (s *Incidents) Watched(ctx context.Context) ([]incident.Watched, error) {
	actor := auth.ActorFrom(ctx)
	if !actor.Scope.May(auth.ActionDispatch) && !actor.Scope.May(auth.ActionSupervise) {
		return nil, &layers.Error{Code: layers.CodeForbidden, Reason: "role", Params: map[string]string{"action": string(auth.ActionSupervise)}, Msg: "the board is for those who send units or supervise"}
	}
	final := []string{}
	for _, state := range incident.States {
		if state.Final() {
			final = append(final, string(state))
		}
	}
	return collect(ctx, s.db.Pool, func(row pgx.CollectableRow) (w incident.Watched, err error) {
		err = row.Scan(&w.IncidentID, &w.Department, &w.DepartmentEN, &w.Returned, &w.Reworked, &w.UrgedAt, &w.Answered)
		w.UrgedAt = utc(w.UrgedAt)
		return w, err
	}, `SELECT * FROM (
		SELECT i.id, coalesce(d.name, ''), coalesce(d.name_en, ''),
			(SELECT count(*) FROM incident_log l WHERE l.incident_id = i.id AND l.move = @returned) AS returned,
			(SELECT count(*) FROM incident_log l WHERE l.incident_id = i.id AND l.move = @reworked) AS reworked,
			u.at, u.at IS NOT NULL AND (EXISTS (SELECT FROM incident_log l WHERE l.incident_id = i.id AND l.id > u.id AND l.move LIKE 'task.%')
				OR EXISTS (SELECT FROM incident_message m WHERE m.incident_id = i.id AND m.unit_id IS NOT NULL AND m.receive_time > u.at))
		FROM incident i
		LEFT JOIN LATERAL (SELECT l.id, l.receive_time AS at FROM incident_log l WHERE l.incident_id = i.id AND l.move = @urged ORDER BY l.id DESC LIMIT 1) u ON i.urges > 0
		LEFT JOIN LATERAL (SELECT d.name, d.name_en FROM task t JOIN unit n ON n.id = t.unit_id JOIN department d ON d.id = n.department_id
			WHERE t.incident_id = i.id ORDER BY t.ended_at IS NOT NULL, t.id DESC LIMIT 1) d ON true
		WHERE i.state <> ALL (@final) AND `+inAreas("i.area_path", "@areas")+`) w (id, name, name_en, returned, reworked, at, answered)
		WHERE name <> '' OR returned > 0 OR reworked > 0 OR at IS NOT NULL ORDER BY id LIMIT @most`,
		pgx.NamedArgs{"final": final, "areas": actor.Scope.Areas, "returned": "task." + string(task.MoveReturn), "reworked": string(incident.MoveRework), "urged": moveUrge, "most": incident.MaxWatched})
}
