package postgis

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/incident"
)

// localTime is when a case began by the county's clock.
const localTime = "(i.created_at AT TIME ZONE @zone::text)"

// splits are the parts of a case i, and how a part is written.
var splits = map[incident.Split]struct{ part, text string }{
	incident.SplitHour:     {"date_part('hour', " + localTime + ")::int", "%s::text"},
	incident.SplitWeekday:  {"date_part('isodow', " + localTime + ")::int", "%s::text"},
	incident.SplitMonth:    {"date_trunc('month', " + localTime + ")", "to_char(%s, 'YYYY-MM')"},
	incident.SplitClass:    {"left(i.category, 2)", "%s"},
	incident.SplitChannel:  {"i.source", "%s"},
	incident.SplitSeverity: {"i.severity::int", "%s::text"},
}

// visible is inAreas, spared where the actor sees everything: it is asked of every case.
func visible(actor *auth.Actor, column string) string {
	if slices.Contains(actor.Scope.Areas, "*") {
		return "true"
	}
	return inAreas(column, "@areas")
}

// partOf is the SQL for: a case i is in one of the parts of a split that the query names.
func partOf(split incident.Split) string {
	s := splits[split]
	return fmt.Sprintf(s.text, s.part) + " = ANY (@" + string(split) + "::text[])"
}

// inParts is the SQL for: a case i is in the parts that the query names.
func inParts(q incident.AreaQuery) string {
	out := "true"
	for _, split := range incident.Splits {
		if len(q.Parts[split]) > 0 {
			out += " AND " + partOf(split)
		}
	}
	return out
}

// cellKey is the column of a case i by which it is found to lie in a cell: its area's path, or its unit grid.
func cellKey(by incident.Grouping) string {
	if by == incident.ByDutyGrid || by == incident.ByUnitGrid {
		return "i.unit_grid_id"
	}
	return "i.area_path"
}

// cells returns CTEs: cell is every area that lies in the actor's own, place tells in which cell a key of cases lies.
func cells(actor *auth.Actor, by incident.Grouping) string {
	switch by {
	case incident.ByUnitGrid:
		return `cell AS (SELECT id, code, area_path::text AS path, name, '' AS name_en, km2, inside_lon, inside_lat, 0 AS inhabitants FROM unit_grid WHERE ` + visible(actor, "area_path") + `),
			place AS MATERIALIZED (SELECT id AS key, id AS cell FROM cell)`
	case incident.ByDutyGrid:
		return `cell AS (SELECT id, code, area_path::text AS path, name, '' AS name_en, km2, inside_lon, inside_lat, 0 AS inhabitants FROM duty_grid WHERE geom IS NOT NULL AND ` + visible(actor, "area_path") + `),
			place AS MATERIALIZED (SELECT u.id AS key, c.id AS cell FROM unit_grid u JOIN cell c ON c.id = u.duty_grid_id)`
	}
	// The path of the case's own town or village is the beginning of its path. Paths are those of areas: few, however many cases there are.
	return `cell AS (SELECT a.id, a.code, a.path::text AS path, a.name, a.name_en, a.km2, a.inside_lon, a.inside_lat, coalesce(p.count, 0) AS inhabitants
			FROM area a LEFT JOIN inhabitants p ON p.area_id = a.id WHERE a.level = @by AND ` + visible(actor, "a.path") + `),
		place AS MATERIALIZED (SELECT a.path AS key, c.id AS cell FROM area a JOIN cell c ON a.path = c.path OR starts_with(a.path, c.path || '.'))`
}

// appealed is the SQL for what the view case_closing tells of a closed case i, without a second look at the table of cases.
const appealed = `i.id IN (SELECT r.incident_id FROM case_request r WHERE r.kind = 'appeal' AND r.state = 'granted')`

// figuresOf returns the CTEs that all numbers and the cases behind them share, so that they agree: flagged is every case that any measure
// counts, with its key and what counts it. More are columns of a case i; where is a condition of it.
func figuresOf(actor *auth.Actor, by incident.Grouping, more, where string) string {
	return `WITH ` + cells(actor, by) + `,
		flagged AS (
			SELECT i.id, ` + cellKey(by) + ` AS key, ` + more + `
				i.closed_at IS NULL AS open,
				i.closed_at IS NULL AND coalesce(i.due_at < @now, false) AND i.state NOT IN ('reported', 'verifying', 'accepted') AS overdue,
				i.created_at >= @from AND i.created_at < @until AS created,
				i.state = 'closed' AND coalesce(i.closed_at >= @from AND i.closed_at < @until, false) AS closed,
				i.state = 'closed' AND coalesce(i.closed_at >= @from AND i.closed_at < @until, false) AND (coalesce(i.closing, 'normal') <> 'overdue' OR ` + appealed + `) AS on_time,
				i.state = 'closed' AND coalesce(i.closed_at >= @from AND i.closed_at < @until, false)
					OR i.closed_at IS NULL AND coalesce(i.due_at < @now, false) AND i.state NOT IN ('reported', 'verifying', 'accepted') AS due
			FROM incident i
			WHERE (i.closed_at IS NULL OR (i.created_at >= @from AND i.created_at < @until) OR (i.closed_at >= @from AND i.closed_at < @until))
				AND ` + visible(actor, "i.area_path") + ` AND ` + where + `)`
}

// counting are the six numbers of a set of flagged cases.
const counting = `count(*) FILTER (WHERE open) AS open, count(*) FILTER (WHERE overdue) AS overdue, count(*) FILTER (WHERE created) AS created,
	count(*) FILTER (WHERE closed) AS closed, count(*) FILTER (WHERE on_time) AS on_time, count(*) FILTER (WHERE due) AS due`

// summing adds them up.
const summing = `coalesce(sum(open), 0)::bigint, coalesce(sum(overdue), 0)::bigint, coalesce(sum(created), 0)::bigint, coalesce(sum(closed), 0)::bigint,
	coalesce(sum(on_time), 0)::bigint, coalesce(sum(due), 0)::bigint`

func fields(c *incident.Counts) []any {
	return []any{&c.Open, &c.Overdue, &c.Created, &c.Closed, &c.OnTime, &c.Due}
}

// asked checks a query, and returns who asks and the arguments that all statements share.
func (s *Incidents) asked(ctx context.Context, q incident.AreaQuery) (*auth.Actor, pgx.NamedArgs, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionRead); err != nil {
		return nil, nil, err
	}
	if err := q.Validate(); err != nil {
		return nil, nil, err
	}
	zone, err := TimeZone(ctx, s.db.Pool)
	args := pgx.NamedArgs{"now": s.now(), "areas": actor.Scope.Areas, "by": string(q.By), "from": q.From, "until": q.Until, "zone": zone, "most": incident.MaxBehind}
	for split, keys := range q.Parts {
		args[string(split)] = keys
	}
	return actor, args, err
}

// inArea narrows flagged cases to those of @area, and checks that it is one of the actor's own; 0 is all of them.
func (s *Incidents) inArea(ctx context.Context, actor *auth.Actor, q incident.AreaQuery, args pgx.NamedArgs, area int64) (string, error) {
	if area == 0 {
		return `key IN (SELECT key FROM place)`, nil
	}
	args["area"] = area
	var known bool
	if err := s.db.Pool.QueryRow(ctx, `WITH `+cells(actor, q.By)+` SELECT EXISTS (SELECT FROM cell WHERE id = @area)`, args).Scan(&known); err != nil {
		return "", Wrap(err)
	}
	if !known {
		return "", layers.Errorf(layers.CodeNotFound, "no such area")
	}
	return `key IN (SELECT key FROM place WHERE cell = @area)`, nil
}

// ByArea implements incident.Figures. Cost: the open cases and those of the window, by their indices.
func (s *Incidents) ByArea(ctx context.Context, q incident.AreaQuery) ([]incident.AreaFigures, error) {
	actor, args, err := s.asked(ctx, q)
	if err != nil {
		return nil, err
	}
	return collect(ctx, s.db.Pool, func(row pgx.CollectableRow) (f incident.AreaFigures, err error) {
		err = row.Scan(append([]any{&f.ID, &f.Code, &f.Path, &f.Name, &f.NameEN, &f.Km2, &f.Point[0], &f.Point[1], &f.Inhabitants}, fields(&f.Counts)...)...)
		return f, err
	}, figuresOf(actor, q.By, "", inParts(q))+`,
		counted AS (SELECT key, `+counting+` FROM flagged GROUP BY key),
		placed AS (SELECT p.cell, sum(open) AS open, sum(overdue) AS overdue, sum(created) AS created, sum(closed) AS closed, sum(on_time) AS on_time, sum(due) AS due
			FROM counted n JOIN place p USING (key) GROUP BY p.cell)
		SELECT c.id, c.code, c.path, c.name, c.name_en, c.km2, c.inside_lon, c.inside_lat, c.inhabitants, coalesce(n.open, 0)::bigint, coalesce(n.overdue, 0)::bigint,
			coalesce(n.created, 0)::bigint, coalesce(n.closed, 0)::bigint, coalesce(n.on_time, 0)::bigint, coalesce(n.due, 0)::bigint
		FROM cell c LEFT JOIN placed n ON n.cell = c.id ORDER BY c.code, c.id`, args)
}

// Behind implements incident.Figures.
func (s *Incidents) Behind(ctx context.Context, q incident.AreaQuery, area int64, m incident.Measure) ([]*incident.Incident, error) {
	actor, args, err := s.asked(ctx, q)
	if err != nil {
		return nil, err
	}
	if err := m.Validate(); err != nil { // it becomes a column's name
		return nil, err
	}
	inside, err := s.inArea(ctx, actor, q, args, area)
	if err != nil {
		return nil, err
	}
	return collect(ctx, s.db.Pool, scanIncident, figuresOf(actor, q.By, "", inParts(q))+selectIncident+`
		WHERE i.id IN (SELECT id FROM flagged WHERE `+inside+` AND `+string(m)+`) ORDER BY i.created_at DESC, i.id DESC LIMIT @most`, args)
}

// Split implements incident.Figures: one look at the cases counts all splits. A case that lies outside of the named parts of one split
// alone counts in that split; one that lies outside of two counts nowhere. Cases are counted by quarters of an hour, in which every clock's hours
// begin, before those become hours, weekdays and months: the clock is asked of each quarter, and not of each case.
func (s *Incidents) Split(ctx context.Context, q incident.AreaQuery, area int64) ([]incident.Part, error) {
	actor, args, err := s.asked(ctx, q)
	if err != nil {
		return nil, err
	}
	inside, err := s.inArea(ctx, actor, q, args, area)
	if err != nil {
		return nil, err
	}
	missed, told := "0", make([]string, len(incident.Splits))
	var kinds strings.Builder
	for i, split := range incident.Splits {
		of := splits[split]
		if len(q.Parts[split]) > 0 {
			missed += fmt.Sprintf(" + CASE WHEN %s THEN 0 ELSE %d END", partOf(split), 1<<i)
		}
		from, part := "clocked", strings.ReplaceAll(of.part, localTime, "local")
		if part == of.part { // not of time
			from, part = "counted WHERE NOT timed", "part_"+string(split)
			fmt.Fprintf(&kinds, "%s AS %s, ", of.part, part)
		}
		told[i] = fmt.Sprintf("SELECT %d AS split, "+of.text+" AS part, missed, open, overdue, created, closed, on_time, due FROM %s", i, part, from)
	}
	return collect(ctx, s.db.Pool, func(row pgx.CollectableRow) (p incident.Part, err error) {
		var split int
		err = row.Scan(append([]any{&split, &p.Key}, fields(&p.Counts)...)...)
		if err == nil {
			p.Split = incident.Splits[split]
		}
		return p, err
	}, figuresOf(actor, q.By, "floor(date_part('epoch', i.created_at) / 900)::int AS quarter, "+kinds.String()+missed+" AS missed,", "true")+`,
		counted AS (SELECT quarter, part_class, part_channel, part_severity, missed, grouping(quarter) = 0 AS timed, `+counting+`
			FROM flagged WHERE `+inside+` AND missed & (missed - 1) = 0 GROUP BY GROUPING SETS ((quarter, missed), (part_class, part_channel, part_severity, missed))),
		clocked AS (SELECT *, to_timestamp(quarter * 900.0) AT TIME ZONE @zone::text AS local FROM counted WHERE timed)
		SELECT split, part, `+summing+` FROM (`+strings.Join(told, " UNION ALL ")+`) t WHERE missed IN (0, 1 << split) AND part IS NOT NULL GROUP BY split, part
		ORDER BY split, length(part), part`, args)
}

// Multiples implements incident.Figures.
func (s *Incidents) Multiples(ctx context.Context, q incident.AreaQuery, split incident.Split) ([]incident.Multiple, error) {
	actor, args, err := s.asked(ctx, q)
	if err != nil {
		return nil, err
	}
	if err := split.Validate(); err != nil {
		return nil, err
	}
	of := splits[split]
	return collect(ctx, s.db.Pool, func(row pgx.CollectableRow) (m incident.Multiple, err error) {
		err = row.Scan(append([]any{&m.Key, &m.ID}, fields(&m.Counts)...)...)
		return m, err
	}, figuresOf(actor, q.By, of.part+" AS part,", inParts(q))+`,
		counted AS (SELECT key, part, `+counting+` FROM flagged GROUP BY key, part)
		SELECT `+fmt.Sprintf(of.text, "part")+`, p.cell, `+summing+` FROM counted n JOIN place p USING (key) WHERE part IS NOT NULL GROUP BY part, p.cell ORDER BY part, p.cell`, args)
}

// flowsOf returns the CTEs of flows: sent is every task that was dispatched in the window, with the case and the cells at both ends. A unit sets
// out from its station, or is at home in its own area where that is small enough.
func flowsOf(actor *auth.Actor, q incident.AreaQuery) string {
	at := `SELECT a.id FROM area a WHERE a.level = @by AND ST_Intersects(a.geom, s.geom) ORDER BY a.id LIMIT 1`
	home := `SELECT a.id FROM area a WHERE a.level = @by AND (u.area_path = a.path OR starts_with(u.area_path, a.path || '.')) LIMIT 1`
	switch q.By {
	case incident.ByUnitGrid:
		at, home = `SELECT unit_grid_at(s.geom)`, `NULL`
	case incident.ByDutyGrid:
		at, home = `SELECT g.duty_grid_id FROM unit_grid g WHERE g.id = unit_grid_at(s.geom)`, `SELECT d.id FROM duty_grid d WHERE d.unit_id = u.id ORDER BY d.id LIMIT 1`
	}
	return `WITH ` + cells(actor, q.By) + `,
		base AS MATERIALIZED (SELECT u.id, coalesce((` + at + `), (` + home + `)) AS cell FROM unit u LEFT JOIN unit_station s ON s.unit_id = u.id),
		sent AS (
			SELECT t.incident_id, coalesce(c.id, 0) AS origin, p.cell AS target
			FROM task t JOIN incident i ON i.id = t.incident_id JOIN place p ON p.key = ` + cellKey(q.By) + ` JOIN base b ON b.id = t.unit_id LEFT JOIN cell c ON c.id = b.cell
			WHERE t.dispatched_at >= @from AND t.dispatched_at < @until AND ` + visible(actor, "i.area_path") + ` AND ` + inParts(q) + `)`
}

// Flows implements incident.Figures.
func (s *Incidents) Flows(ctx context.Context, q incident.AreaQuery) ([]incident.AreaFlow, error) {
	actor, args, err := s.asked(ctx, q)
	if err != nil {
		return nil, err
	}
	args["most"] = incident.MaxFlows
	return collect(ctx, s.db.Pool, pgx.RowToStructByPos[incident.AreaFlow], flowsOf(actor, q)+`
		SELECT origin, target, count(*), count(DISTINCT incident_id) FROM sent GROUP BY origin, target ORDER BY count(*) DESC, origin, target LIMIT @most`, args)
}

// BehindFlow implements incident.Figures.
func (s *Incidents) BehindFlow(ctx context.Context, q incident.AreaQuery, from, to int64) ([]*incident.Incident, error) {
	actor, args, err := s.asked(ctx, q)
	if err != nil {
		return nil, err
	}
	if _, err := s.inArea(ctx, actor, q, args, to); err != nil {
		return nil, err
	}
	args["origin"], args["area"] = from, to
	return collect(ctx, s.db.Pool, scanIncident, flowsOf(actor, q)+selectIncident+`
		WHERE i.id IN (SELECT incident_id FROM sent WHERE origin = @origin AND (target = @area OR @area = 0)) ORDER BY i.created_at DESC, i.id DESC LIMIT @most`, args)
}

// Heat implements incident.Figures. The lattice begins with cells of a hundred metres or so, and becomes coarser until the answer fits.
func (s *Incidents) Heat(ctx context.Context, q incident.AreaQuery, area int64, m incident.Measure) (*incident.Heat, error) {
	actor, args, err := s.asked(ctx, q)
	if err != nil {
		return nil, err
	}
	if err := m.Validate(); err != nil {
		return nil, err
	}
	inside, err := s.inArea(ctx, actor, q, args, area)
	if err != nil {
		return nil, err
	}
	args["most"] = incident.MaxHeatCells + 1
	for heat := (&incident.Heat{Step: 0.001}); ; heat.Step *= 2 {
		args["step"] = heat.Step
		heat.Items, err = collect(ctx, s.db.Pool, func(row pgx.CollectableRow) (c incident.HeatCell, err error) {
			return c, row.Scan(&c.Point[0], &c.Point[1], &c.Count)
		}, figuresOf(actor, q.By, "ST_X(i.geom) AS lon, ST_Y(i.geom) AS lat,", inParts(q))+`
			SELECT avg(lon), avg(lat), count(*) FROM flagged WHERE `+inside+` AND `+string(m)+`
			GROUP BY floor(lon / @step::float8), floor(lat / @step::float8) LIMIT @most`, args)
		if err != nil || len(heat.Items) <= incident.MaxHeatCells {
			return heat, err
		}
	}
}

// Outlines implements incident.Figures. Towns and villages are simplified to what a small map can show.
func (s *Incidents) Outlines(ctx context.Context, by incident.Grouping) ([]incident.Outline, error) {
	actor, args, err := s.asked(ctx, incident.AreaQuery{By: by})
	if err != nil {
		return nil, err
	}
	shape := `SELECT a.geom FROM area a WHERE a.id = c.id`
	tolerance := 0.0004
	switch by {
	case incident.ByDutyGrid:
		shape, tolerance = `SELECT d.geom FROM duty_grid d WHERE d.id = c.id`, 0
	case incident.ByUnitGrid:
		shape, tolerance = `SELECT u.geom FROM unit_grid u WHERE u.id = c.id`, 0
	}
	args["tolerance"] = tolerance
	return collect(ctx, s.db.Pool, func(row pgx.CollectableRow) (o incident.Outline, err error) {
		var raw []byte
		if err := row.Scan(&o.ID, &raw); err != nil {
			return o, err
		}
		var g orb.Geometry
		g, err = wkb.Unmarshal(raw)
		o.Geometry = g
		return o, err
	}, `WITH `+cells(actor, by)+` SELECT c.id, ST_AsBinary(ST_SimplifyPreserveTopology((`+shape+`), @tolerance::float8)) FROM cell c ORDER BY c.id`, args)
}
