package postgis

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/incident"
	"wanglou/layers/survey"
	"wanglou/layers/task"
)

// openOrder is the SQL of whether somebody is still to fly by order o with task t. A task that its crew has ended waits for the capture.
const openOrder = `o.done_at IS NULL AND t.state NOT IN ('returned', 'called_off')`

// goodCaptures is the SQL of captures that were not withdrawn.
const goodCaptures = `(SELECT c.* FROM capture c WHERE NOT EXISTS (SELECT FROM capture_withdrawal w WHERE w.capture_id = c.id))`

// leastFlight is how many square metres that were not flown are worth telling of, by level.
var leastFlight = map[string]float64{"town": 10_000, "village": 5_000, "grid": 2_000}

// flownAreas is the SQL of the areas of a level with id, name, path and geom.
func flownAreas(level string) string {
	if level == "grid" {
		return `(SELECT id, name, area_path::text AS path, geom FROM unit_grid)`
	}
	return `(SELECT id, name, path::text, geom FROM area WHERE level = @level)`
}

const (
	mostFlights   = 3000
	flightSimpler = 0.0001 // degrees: outlines are drawn, not measured
)

// notFlown selects what of the areas a of a level was not flown in the last @days.
func notFlown(level string) string {
	return `WITH good AS MATERIALIZED ` + goodCaptures + `, recent AS MATERIALIZED (SELECT ST_Union(geom) AS geom FROM good WHERE captured_at > now() - make_interval(days => @days)),
		rest AS (SELECT a.id, a.name, a.path, ST_Area(a.geom::geography) AS whole,
			CASE WHEN recent.geom IS NULL OR NOT ST_Intersects(a.geom, recent.geom) THEN ST_Multi(a.geom) ELSE ST_Multi(ST_CollectionExtract(ST_Difference(a.geom, recent.geom), 3)) END AS geom
			FROM ` + flownAreas(level) + ` a, recent WHERE ` + inAreas("a.path", "@areas") + `) `
}

// Flights implements survey.Reviews.
func (s *Detections) Flights(ctx context.Context, level string, days int) ([]*survey.Flight, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionRead); err != nil {
		return nil, err
	}
	if err := survey.ValidateFlights(level, days); err != nil {
		return nil, err
	}
	out, err := collect(ctx, s.db.Pool, scanFlight, notFlown(level)+`
		SELECT CASE WHEN l.at IS NULL THEN 'never' ELSE 'stale' END, r.name, r.id, l.at, r.path, ST_Area(r.geom::geography), ST_Area(r.geom::geography) / r.whole, ST_AsBinary(ST_SimplifyPreserveTopology(r.geom, @simpler)),
			coalesce(o.id, 0)
		FROM rest r, LATERAL (SELECT max(captured_at) AS at FROM good WHERE captured_at <= now() - make_interval(days => @days) AND ST_Intersects(good.geom, r.geom) AND NOT ST_Touches(good.geom, r.geom)) l -- what is newer is not in the rest
			LEFT JOIN LATERAL (SELECT o.id FROM flight_order o JOIN task t ON t.id = o.task_id WHERE `+openOrder+` AND o.detection_id IS NULL AND ST_Intersects(o.geom, r.geom)
				AND ST_Area(ST_Intersection(o.geom, r.geom)) > 0.5 * ST_Area(r.geom) ORDER BY o.id DESC LIMIT 1) o ON TRUE
		WHERE ST_Area(r.geom::geography) > @least
		UNION ALL
		SELECT 'reflight', d.number, d.id, l.at, d.area_path::text, ST_Area(d.geom::geography), 1, ST_AsBinary(d.geom), coalesce(o.id, 0) FROM detection d
			LEFT JOIN LATERAL (SELECT o.id FROM flight_order o JOIN task t ON t.id = o.task_id WHERE `+openOrder+` AND o.detection_id = d.id ORDER BY o.id DESC LIMIT 1) o ON TRUE,
			LATERAL (SELECT max(receive_time) AS at FROM detection_log WHERE detection_id = d.id AND to_state = 'rectified') since,
			LATERAL (SELECT max(captured_at) AS at FROM good WHERE ST_Intersects(good.geom, d.geom)) l
		WHERE d.state = 'rectified' AND `+inAreas("d.area_path", "@areas")+` AND coalesce(l.at <= since.at, true)
		ORDER BY 1 DESC, 4 NULLS FIRST, 6 DESC LIMIT @most`,
		pgx.NamedArgs{"areas": actor.Scope.Areas, "days": days, "level": level, "simpler": flightSimpler, "least": leastFlight[level], "most": mostFlights})
	if err != nil {
		return nil, err
	}
	orders, err := s.orders(ctx, s.db.Pool, `WHERE `+openOrder)
	if err != nil {
		return nil, err
	}
	for _, f := range out {
		for _, o := range orders {
			if f.Order != nil && f.Order.ID == o.ID {
				f.Order = o
			}
		}
	}
	return out, nil
}

// scanFlight leaves the id of the order in it.
func scanFlight(row pgx.CollectableRow) (*survey.Flight, error) {
	var f survey.Flight
	var shape []byte
	var order int64
	err := row.Scan(&f.Why, &f.Name, &f.ID, &f.LastFlown, &f.AreaPath, &f.Area, &f.Share, &shape, &order)
	if err == nil {
		f.Geometry, err = wkb.Unmarshal(shape)
	}
	f.LastFlown = utc(f.LastFlown)
	if order != 0 {
		f.Order = &survey.FlightOrder{ID: order}
	}
	return &f, err
}

// orders selects orders o with task t.
func (s *Detections) orders(ctx context.Context, q querier, where string, args ...any) ([]*survey.FlightOrder, error) {
	return collect(ctx, q, func(row pgx.CollectableRow) (*survey.FlightOrder, error) {
		var o survey.FlightOrder
		err := row.Scan(&o.ID, &o.Name, &o.Unit, &o.State, &o.IncidentID, &o.At, &o.By, &o.DoneAt, &o.CaptureID)
		o.At, o.DoneAt = o.At.UTC(), utc(o.DoneAt)
		return &o, err
	}, `SELECT o.id, o.name, u.name, t.state, t.incident_id, o.created_at, o.by_name, o.done_at, coalesce(o.capture_id, 0)
		FROM flight_order o JOIN task t ON t.id = o.task_id JOIN unit u ON u.id = t.unit_id `+where, args...)
}

// FlightOrders implements survey.Reviews.
func (s *Detections) FlightOrders(ctx context.Context) ([]*survey.FlightOrder, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionRead); err != nil {
		return nil, err
	}
	return s.orders(ctx, s.db.Pool, `WHERE `+inAreas("o.area_path", "$1")+` AND (`+openOrder+` OR coalesce(o.done_at, t.ended_at) > now() - interval '30 days') ORDER BY o.id DESC LIMIT 500`, actor.Scope.Areas)
}

// flightCategory is what a case of a flight is filed under: flights look for what was built without a permit.
const flightCategory = "08016"

// FlyArea implements survey.Reviews.
func (s *Detections) FlyArea(ctx context.Context, a survey.FlightAsk) (out *survey.FlightOrder, err error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionDispatch); err != nil {
		return nil, err
	}
	if err := survey.ValidateFlights(a.Level, a.Days); err != nil {
		return nil, err
	}
	if err := task.ValidateNote("note", a.Note); err != nil {
		return nil, err
	}
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('flight order'))`); err != nil { // two do not send a crew each
			return err
		}
		if err := checkCrew(ctx, tx, a.UnitID); err != nil {
			return err
		}
		var name, path string
		var size float64
		var at orb.Point
		var shape []byte
		var ordered bool
		err := tx.QueryRow(ctx, notFlown(a.Level)+`SELECT r.name, r.path, ST_Area(r.geom::geography), coalesce(ST_X(p), 0), coalesce(ST_Y(p), 0), ST_AsEWKB(r.geom),
				EXISTS (SELECT FROM flight_order o JOIN task t ON t.id = o.task_id WHERE `+openOrder+` AND o.detection_id IS NULL AND ST_Intersects(o.geom, r.geom) AND ST_Area(ST_Intersection(o.geom, r.geom)) > 0.5 * ST_Area(r.geom))
			FROM rest r, ST_PointOnSurface(r.geom) p WHERE r.id = @id`,
			pgx.NamedArgs{"areas": actor.Scope.Areas, "days": a.Days, "level": a.Level, "id": a.ID}).Scan(&name, &path, &size, &at[0], &at[1], &shape, &ordered)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return notFound(a.Level, a.ID)
		case err != nil:
			return err
		case size <= leastFlight[a.Level]:
			return &layers.Error{Code: layers.CodeConflict, Reason: "no_flight_wanted", Field: "id", Msg: name + " was flown"}
		case ordered:
			return &layers.Error{Code: layers.CodeConflict, Reason: "flight_ordered", Field: "id", Msg: "somebody was sent there already"}
		}
		in := &incident.Incident{Title: "航拍巡查 " + name, Category: flightCategory, Severity: 3, Source: "drone", Point: at, State: incident.Filed, Description: a.Note}
		id, err := s.incidents.insert(ctx, tx, actor, in, "")
		if err != nil {
			return err
		}
		made, err := incidentByID(ctx, tx, id, "FOR UPDATE")
		if err != nil {
			return err
		}
		t, err := s.tasks.send(ctx, tx, actor, made, a.UnitID, order{note: a.Note})
		if err != nil {
			return err
		}
		var order int64
		if err := tx.QueryRow(ctx, `INSERT INTO flight_order (name, area_path, task_id, by_name, geom) VALUES ($1, $2, $3, $4, ST_GeomFromEWKB($5)) RETURNING id`, name, path, t.ID, actor.User.Name, shape).Scan(&order); err != nil {
			return err
		}
		found, err := s.orders(ctx, tx, `WHERE o.id = $1`, order)
		if err != nil {
			return err
		}
		out = found[0]
		return appendAudit(ctx, tx, "flight.order", subject("flight", order), map[string]any{"name": name, "area_path": path, "incident_id": id, "unit_id": a.UnitID, "area_m2": size})
	})
	return out, err
}

// checkCrew returns CodeInvalid with "no_drone_crew" for a unit that flies no drone.
func checkCrew(ctx context.Context, tx pgx.Tx, unitID int64) error {
	var crew bool
	err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM unit WHERE id = $1 AND kind = 'drone_crew')`, unitID).Scan(&crew)
	if err == nil && !crew {
		err = layers.Invalid("unit_id", "no_drone_crew", "unit %d flies no drone", unitID)
	}
	return err
}

// SettleFlights ends open orders that later captures cover, and their tasks, and returns how many. The actor of ctx has to see all of them.
func (s *Detections) SettleFlights(ctx context.Context) (n int, err error) {
	type covered struct{ order, task, capture int64 }
	done, err := collect(ctx, s.db.Pool, func(row pgx.CollectableRow) (c covered, err error) {
		err = row.Scan(&c.order, &c.task, &c.capture)
		return c, err
	}, `SELECT o.id, o.task_id, x.id FROM flight_order o JOIN task t ON t.id = o.task_id,
			LATERAL (SELECT ST_Union(c.geom) AS geom, max(c.id) AS id FROM `+goodCaptures+` c WHERE c.captured_at >= o.created_at AND ST_Intersects(c.geom, o.geom)) x
		WHERE `+openOrder+` AND x.geom IS NOT NULL AND ST_Area(ST_Intersection(x.geom, o.geom)) >= $1 * ST_Area(o.geom) ORDER BY o.id`, survey.CoveredShare)
	if err != nil {
		return 0, err
	}
	for _, c := range done {
		err := s.db.transact(ctx, func(tx pgx.Tx) error {
			tag, err := tx.Exec(ctx, `UPDATE flight_order SET done_at = clock_timestamp(), capture_id = $2 WHERE id = $1 AND done_at IS NULL`, c.order, c.capture)
			if err != nil || tag.RowsAffected() == 0 { // another node was first
				return err
			}
			if err := s.tasks.endByItself(ctx, tx, c.task, "航拍成果已入库"); err != nil {
				return err
			}
			return appendAudit(ctx, tx, "flight.done", subject("flight", c.order), map[string]any{"capture_id": c.capture})
		})
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// nextByItself is the next step of a task that nobody has to make any more.
var nextByItself = map[task.State]task.Move{task.Dispatched: task.MoveAcknowledge, task.Acknowledged: task.MoveArrive, task.Responding: task.MoveArrive, task.OnScene: task.MoveDone}

// endByItself makes the steps that a task still lacks, as its crew would: what it was sent for is there. The case goes to be checked.
func (s *Tasks) endByItself(ctx context.Context, tx pgx.Tx, id int64, result string) error {
	for {
		in, t, err := lockTask(ctx, tx, auth.ActorFrom(ctx), id)
		if err != nil {
			return err
		}
		m, more := nextByItself[t.State]
		if !more {
			return nil
		}
		reason := ""
		if m == task.MoveDone {
			reason = result
		}
		to, err := t.State.Take(m, reason)
		if err != nil {
			return err
		}
		if err := setTask(ctx, tx, t, m, to, reason, time.Time{}); err != nil {
			return err
		}
		if err := followTasks(ctx, tx, t.UnitID); err != nil {
			return err
		}
		if err := s.followCase(ctx, tx, in, t, m, to, reason, time.Time{}); err != nil {
			return err
		}
	}
}
