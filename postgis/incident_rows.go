package postgis

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"wanglou/layers/auth"
	"wanglou/layers/incident"
)

// logRow is one row of a case's log before it is written; actor and times are the transaction's.
type logRow struct {
	move     string
	from, to incident.State
	reason   string
	details  map[string]any
	made     time.Time // by the one who tells it; zero for now
	into     int64     // the other case of a merge; 0 else
}

// advance makes a case what the new row of its log says. The caller holds the case's lock.
func advance(ctx context.Context, tx pgx.Tx, id int64, r logRow) error {
	_, err := tx.Exec(ctx, `UPDATE incident SET state = $2, revision = revision + 1, updated_at = clock_timestamp(),
		closed_at = CASE WHEN $3 THEN clock_timestamp() END, merged_into = nullif($4::bigint, 0) WHERE id = $1`, id, r.to, r.to.Final(), r.into)
	if err != nil {
		return err
	}
	if r.to.Final() {
		if err := endRequests(ctx, tx, id); err != nil {
			return err
		}
	}
	if r.to.Final() && r.into == 0 {
		if err := answerReports(ctx, tx, id, r); err != nil {
			return err
		}
	}
	return appendIncidentLog(ctx, tx, id, r)
}

// appendIncidentLog writes the row, and what it means for the case's clock.
func appendIncidentLog(ctx context.Context, tx pgx.Tx, id int64, r logRow) error {
	actor := auth.ActorFrom(ctx)
	// Not now(): a transaction that waited for the lock began before the row that it follows.
	_, err := tx.Exec(ctx, `INSERT INTO incident_log
			(incident_id, source_time, receive_time, actor_id, actor_name, move, from_state, to_state, reason, details)
		VALUES ($1, coalesce($9, clock_timestamp()), clock_timestamp(), nullif($2::bigint, 0), $3, $4, $5, $6, $7, $8)`,
		id, actor.User.ID, actor.User.Name, r.move, r.from, r.to, strings.TrimSpace(r.reason), object(r.details), timeOrNull(r.made))
	if err != nil || !incident.MovesClock(r.move, r.from, r.to) {
		return err
	}
	calendar, err := readCalendar(ctx, tx)
	if err != nil {
		return err
	}
	_, err = setDeadlines(ctx, tx, id, calendar)
	return err
}

// lockIncident returns a case that the actor may see, and keeps it from changing until the transaction ends. Whoever needs
// several locks takes them in the order incident, unit, task.
func lockIncident(ctx context.Context, tx pgx.Tx, actor *auth.Actor, id int64) (*incident.Incident, error) {
	in, err := incidentByID(ctx, tx, id, "FOR UPDATE")
	if err != nil {
		return nil, err
	}
	return in, checkSeen(ctx, tx, actor, in)
}

// checkSeen returns CodeNotFound unless the actor may read the case: it lies in the actor's areas, or the actor's unit has a
// task there, open or ended in the last day.
func checkSeen(ctx context.Context, q querier, actor *auth.Actor, in *incident.Incident) error {
	if actor.Scope.May(auth.ActionRead) && actor.Scope.InArea(in.AreaPath) {
		return nil
	}
	var own bool
	err := q.QueryRow(ctx, `SELECT `+hasTaskAt("$1", "$2"), in.ID, ownUnit(actor)).Scan(&own)
	if err == nil && !own {
		err = notFound("incident", in.ID)
	}
	return err
}

// hasTaskAt is the SQL for: the unit has a task for the incident that is open or ended in the last day.
func hasTaskAt(incidentID, unitID string) string {
	return `EXISTS (SELECT FROM task t WHERE t.incident_id = ` + incidentID + ` AND t.unit_id = ` + unitID + ` AND ` + recentTask + `)`
}

// recentTask is the SQL for: a task t is open, or ended in the last day, or its unit may still appeal 申诉.
const recentTask = `(t.ended_at IS NULL OR t.ended_at > now() - interval '1 day' OR EXISTS (SELECT FROM incident d, flow_rule f WHERE d.id = t.incident_id
	AND d.closing IN ('overdue', 'error') AND d.closed_at > now() - make_interval(days => f.appeal_days)))`

const selectIncident = `SELECT i.id, i.number, i.title, i.description, i.category, i.standard, i.severity, i.state, i.source, i.address,
	coalesce(i.area_path, ''), coalesce(i.holder_path, ''), i.condition, coalesce(i.closing, ''), i.urges, i.asks, i.supervised, ST_X(i.geom), ST_Y(i.geom), i.created_at, i.updated_at, i.closed_at, i.amber_at, i.due_at, coalesce(i.merged_into, 0), i.revision FROM incident i `

func scanIncident(row pgx.CollectableRow) (*incident.Incident, error) {
	var in incident.Incident
	err := row.Scan(&in.ID, &in.Number, &in.Title, &in.Description, &in.Category, &in.Standard, &in.Severity, &in.State, &in.Source,
		&in.Address, &in.AreaPath, &in.HolderPath, &in.Condition, &in.Closing, &in.Urges, &in.Asks, &in.Supervised, &in.Point[0], &in.Point[1], &in.CreatedAt, &in.UpdatedAt, &in.ClosedAt, &in.AmberAt, &in.DueAt, &in.MergedInto, &in.Revision)
	in.CreatedAt, in.UpdatedAt, in.ClosedAt = in.CreatedAt.UTC(), in.UpdatedAt.UTC(), utc(in.ClosedAt)
	in.AmberAt, in.DueAt = utc(in.AmberAt), utc(in.DueAt)
	return &in, err
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	return new(t.UTC())
}

func subject(kind string, id int64) string { return kind + "/" + strconv.FormatInt(id, 10) }

// incidentByID returns a case without asking who wants it; lock is "" or "FOR UPDATE".
func incidentByID(ctx context.Context, q querier, id int64, lock string) (*incident.Incident, error) {
	found, err := collect(ctx, q, scanIncident, selectIncident+`WHERE i.id = $1 `+lock, id)
	if err == nil && len(found) == 0 {
		return nil, notFound("incident", id)
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}
