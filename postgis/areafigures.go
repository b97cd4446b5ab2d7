package postgis

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/incident"
)

// grouped returns the CTEs that numbers by area and the cases behind them share, so that they agree: cell is every area that lies in
// the actor's own, measured every case that any measure counts, with the cell's id and what counts it.
func grouped(by incident.Grouping) string {
	cell := `SELECT id, code, path::text AS path, name, name_en, ST_Area(geom::geography) / 1e6 AS km2, ST_PointOnSurface(geom) AS inside FROM area
		WHERE level = @by AND ` + inAreas("path", "@areas")
	// A hash join: the path of the case's own town or village is the beginning of its path.
	place := `JOIN area a ON a.level = @by AND a.path = array_to_string((string_to_array(i.area_path, '.'))[1:(SELECT max(cardinality(string_to_array(path, '.'))) FROM area WHERE level = @by)], '.')`
	id := "a.id"
	if by == incident.ByUnitGrid {
		cell = `SELECT id, code, area_path::text AS path, name, '' AS name_en, ST_Area(geom::geography) / 1e6 AS km2, ST_PointOnSurface(geom) AS inside FROM unit_grid
			WHERE ` + inAreas("area_path", "@areas")
		// Cells are closed: a point on a border lies in two and counts in one.
		place = `JOIN LATERAL (SELECT g.id FROM unit_grid g WHERE ST_Intersects(g.geom, i.geom) AND ` + inAreas("g.area_path", "@areas") + ` ORDER BY g.id LIMIT 1) g ON true`
		id = "g.id"
	}
	return fmt.Sprintf(`
		WITH cell AS (%s),
		flagged AS (
			SELECT i.id, i.area_path, i.geom,
				i.closed_at IS NULL AS open,
				i.closed_at IS NULL AND coalesce(i.due_at < @now, false) AND i.state NOT IN ('reported', 'verifying', 'accepted') AS overdue,
				i.created_at >= @from AND i.created_at < @until AS created,
				coalesce(c.closed_at >= @from AND c.closed_at < @until, false) AS closed,
				coalesce(c.closed_at >= @from AND c.closed_at < @until AND c.counted <> 'overdue', false) AS on_time
			FROM incident i LEFT JOIN case_closing c ON c.incident_id = i.id
			WHERE (i.closed_at IS NULL OR (i.created_at >= @from AND i.created_at < @until) OR (i.closed_at >= @from AND i.closed_at < @until))
				AND %s),
		measured AS (SELECT i.*, i.closed OR i.overdue AS due, %s AS cell FROM flagged i %s)`,
		cell, inAreas("i.area_path", "@areas"), id, place)
}

// ByArea implements incident.Figures. Cost: the open cases and those of the window, by their indices.
func (s *Incidents) ByArea(ctx context.Context, q incident.AreaQuery) ([]incident.AreaFigures, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionRead); err != nil {
		return nil, err
	}
	if err := q.Validate(); err != nil {
		return nil, err
	}
	return collect(ctx, s.db.Pool, func(row pgx.CollectableRow) (f incident.AreaFigures, err error) {
		err = row.Scan(&f.ID, &f.Code, &f.Path, &f.Name, &f.NameEN, &f.Km2, &f.Point[0], &f.Point[1], &f.Open, &f.Overdue, &f.Created, &f.Closed, &f.OnTime, &f.Due)
		return f, err
	}, grouped(q.By)+`,
		counted AS (SELECT cell, count(*) FILTER (WHERE open) AS open, count(*) FILTER (WHERE overdue) AS overdue, count(*) FILTER (WHERE created) AS created,
			count(*) FILTER (WHERE closed) AS closed, count(*) FILTER (WHERE on_time) AS on_time, count(*) FILTER (WHERE due) AS due FROM measured GROUP BY cell)
		SELECT c.id, c.code, c.path, c.name, c.name_en, c.km2, ST_X(c.inside), ST_Y(c.inside), coalesce(n.open, 0), coalesce(n.overdue, 0), coalesce(n.created, 0),
			coalesce(n.closed, 0), coalesce(n.on_time, 0), coalesce(n.due, 0)
		FROM cell c LEFT JOIN counted n ON n.cell = c.id ORDER BY c.code, c.id`, s.groupArgs(actor, q))
}

// Behind implements incident.Figures.
func (s *Incidents) Behind(ctx context.Context, q incident.AreaQuery, area int64, m incident.Measure) ([]*incident.Incident, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionRead); err != nil {
		return nil, err
	}
	if err := q.Validate(); err != nil {
		return nil, err
	}
	if err := m.Validate(); err != nil { // it becomes a column's name
		return nil, err
	}
	args := s.groupArgs(actor, q)
	args["area"], args["most"] = area, incident.MaxBehind
	var known bool
	if err := s.db.Pool.QueryRow(ctx, grouped(q.By)+` SELECT EXISTS (SELECT FROM cell WHERE id = @area)`, args).Scan(&known); err != nil {
		return nil, Wrap(err)
	}
	if !known {
		return nil, layers.Errorf(layers.CodeNotFound, "no such area")
	}
	return collect(ctx, s.db.Pool, scanIncident, grouped(q.By)+selectIncident+`
		WHERE i.id IN (SELECT m.id FROM measured m WHERE m.cell = @area AND m.`+string(m)+`) ORDER BY i.created_at DESC, i.id DESC LIMIT @most`, args)
}

func (s *Incidents) groupArgs(actor *auth.Actor, q incident.AreaQuery) pgx.NamedArgs {
	return pgx.NamedArgs{"now": s.now(), "areas": actor.Scope.Areas, "by": string(q.By), "from": q.From, "until": q.Until}
}
