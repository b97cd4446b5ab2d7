package postgis

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/incident"
)

// Incidents implements incident.Service and incident.Figures. It is safe for concurrent use.
type Incidents struct {
	db  *DB
	now func() time.Time
}

// NewIncidents returns the cases of db.
func NewIncidents(db *DB) *Incidents { return &Incidents{db: db, now: time.Now} }

const (
	defaultStandard = incident.Standard2026
	maxClientKey    = 100
	maxIncidents    = 500
)

// Create implements incident.Service. Besides the fields' own rules it returns CodeInvalid for a category that the dictionary does
// not have and for a point outside every area, and CodeForbidden for a point outside the actor's areas. The key of a
// repeat is the actor's own; the command line, which has no account, has none.
func (s *Incidents) Create(ctx context.Context, in *incident.Incident, clientKey string) (*incident.Incident, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionCreateIncident); err != nil {
		return nil, err
	}
	if err := in.Validate(); err != nil {
		return nil, err
	}
	if utf8.RuneCountInString(clientKey) > maxClientKey {
		return nil, layers.Invalid("client_key", "too_long", "the key of the request has over %d characters", maxClientKey)
	}
	var out *incident.Incident
	err := s.db.transact(ctx, func(tx pgx.Tx) error {
		id, err := s.repeated(ctx, tx, actor, clientKey)
		if err != nil {
			return err
		}
		if id == 0 {
			if id, err = s.insert(ctx, tx, actor, in, clientKey); err != nil {
				return err
			}
		}
		out, err = incidentByID(ctx, tx, id, "")
		return err
	})
	return out, err
}

// repeated returns the case that an earlier request of the same actor made under the key, 0 when there is none.
func (s *Incidents) repeated(ctx context.Context, tx pgx.Tx, actor *auth.Actor, clientKey string) (id int64, err error) {
	if clientKey == "" || actor.User.ID == 0 {
		return 0, nil
	}
	err = tx.QueryRow(ctx, `SELECT id FROM incident WHERE created_by = $1 AND client_key = $2`, actor.User.ID, clientKey).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	return id, err
}

// insert stores a new case with its first log row and its audit row.
func (s *Incidents) insert(ctx context.Context, tx pgx.Tx, actor *auth.Actor, in *incident.Incident, clientKey string) (int64, error) {
	n := *in
	n.Title, n.Revision = strings.TrimSpace(in.Title), 1
	move := incident.MoveCreate
	if n.State == incident.Reported {
		move = incident.MoveReport
	} else {
		n.State = incident.Filed
	}
	if n.Standard == "" {
		n.Standard = defaultStandard
	}
	if n.Source == "" {
		n.Source = "console"
	}
	if n.Category != "" || n.State == incident.Filed { // before that it may be unknown
		if err := checkCategory(ctx, tx, n.Standard, n.Category, ""); err != nil {
			return 0, err
		}
	}
	var err error
	if n.AreaPath, err = placeOf(ctx, tx, actor, n.Point); err != nil {
		return 0, err
	}
	zone, err := TimeZone(ctx, tx)
	if err != nil {
		return 0, err
	}
	err = tx.QueryRow(ctx, `
		INSERT INTO incident (number, title, description, standard, category, severity, state, source, address, area_path,
			created_by, client_key, geom)
		VALUES (to_char(now() AT TIME ZONE @zone, 'YYYYMMDD') || '-' || to_char(nextval('incident_number'), 'FM9999999900000'),
			@title, @description, @standard, @category, @severity, @state, @source, @address, @area_path,
			nullif(@actor::bigint, 0), nullif(@client_key, ''), ST_SetSRID(ST_MakePoint(@lon, @lat), 4326))
		ON CONFLICT (created_by, client_key) DO NOTHING
		RETURNING id`,
		pgx.NamedArgs{
			"zone": zone, "title": n.Title, "description": n.Description, "standard": n.Standard, "category": n.Category,
			"severity": n.Severity, "state": n.State, "source": n.Source, "address": n.Address, "area_path": n.AreaPath,
			"actor": actor.User.ID, "client_key": clientKey, "lon": n.Point[0], "lat": n.Point[1],
		}).Scan(&n.ID)
	if errors.Is(err, pgx.ErrNoRows) { // the same request came twice at once, and the other one was first
		return s.repeated(ctx, tx, actor, clientKey)
	}
	if err != nil {
		return 0, err
	}
	if n.Condition != "" {
		if err := setCondition(ctx, tx, &n, n.Condition); err != nil {
			return 0, err
		}
	}
	if err := appendIncidentLog(ctx, tx, n.ID, logRow{move: string(move), to: n.State}); err != nil {
		return 0, err
	}
	if err := firePlans(ctx, tx, n.ID); err != nil {
		return 0, err
	}
	return n.ID, appendAudit(ctx, tx, "incident.create", subject("incident", n.ID),
		map[string]any{"category": n.Category, "severity": n.Severity, "area_path": n.AreaPath})
}

// checkCategory refuses a code that the dictionary has not, and a retired one to what did not have it.
func checkCategory(ctx context.Context, tx pgx.Tx, standard, code, had string) error {
	var known, offered bool
	err := tx.QueryRow(ctx, `SELECT count(*) > 0, coalesce(bool_or(NOT retired), false) FROM category WHERE standard = $1 AND code = $2`, standard, code).Scan(&known, &offered)
	switch {
	case err != nil:
		return err
	case !known:
		return layers.Invalid("category", "unknown_category", "the dictionary %s has no %q", standard, code)
	case !offered && code != had:
		return layers.Invalid("category", "retired_category", "the category %q is retired", code)
	}
	return nil
}

// placeOf returns the area of a new thing at a point, which has to be the actor's.
func placeOf(ctx context.Context, tx pgx.Tx, actor *auth.Actor, at orb.Point) (path string, err error) {
	err = tx.QueryRow(ctx, `SELECT coalesce(area_path_at(ST_SetSRID(ST_MakePoint($1, $2), 4326)), '')`, at[0], at[1]).Scan(&path)
	switch {
	case err != nil:
		return "", err
	case path == "":
		return "", layers.Invalid("point", "outside_county", "the point lies in none of the county's areas")
	case !actor.Scope.InArea(path):
		return "", outsideAreas(path)
	}
	return path, nil
}

func outsideAreas(path string) error {
	return &layers.Error{Code: layers.CodeForbidden, Reason: "outside_areas", Params: map[string]string{"area_path": path},
		Msg: "the place lies outside the caller's areas"}
}

// Move implements incident.Service.
func (s *Incidents) Move(ctx context.Context, id int64, m incident.Move, reason string, revision int64, with ...incident.With) (*incident.Incident, error) {
	actor := auth.ActorFrom(ctx)
	var out *incident.Incident
	err := s.db.transact(ctx, func(tx pgx.Tx) error {
		in, err := lockIncident(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if err := forbid(actor, auth.ActionMoveIncident); err != nil {
			return err
		}
		if !actor.Scope.InArea(in.Holder()) { // seen as the place of an own task, or from below
			return outsideAreas(in.Holder())
		}
		if in.Revision != revision {
			return staleRevision(ctx, tx, "incident_log", id)
		}
		if _, exists := in.State.Next(m); exists && !in.State.ByPeople(m) {
			return layers.Invalid("move", "impossible_move", "%q follows from a task, it cannot be asked for", m)
		}
		to, err := in.State.Take(m, reason)
		if err != nil {
			return err
		}
		if to == incident.Filed && in.Category == "" { // it fixes the limits of time
			return layers.Invalid("category", "required", "a case is filed under a category")
		}
		fixed, err := fix(ctx, tx, in, m, to, reason, with)
		if err != nil {
			return err
		}
		if err := advance(ctx, tx, id, logRow{move: string(m), from: in.State, to: to, reason: reason, details: fixed}); err != nil {
			return err
		}
		details := map[string]any{"move": m, "from": in.State, "to": to}
		if err := appendAudit(ctx, tx, "incident.move", subject("incident", id), details); err != nil {
			return err
		}
		if to == incident.Filed {
			if err := firePlans(ctx, tx, id); err != nil {
				return err
			}
		}
		out, err = incidentByID(ctx, tx, id, "")
		return err
	})
	return out, err
}

// Incident implements incident.Service.
func (s *Incidents) Incident(ctx context.Context, id int64) (*incident.Incident, error) {
	in, err := incidentByID(ctx, s.db.Pool, id, "")
	if err != nil {
		return nil, err
	}
	if err := checkSeen(ctx, s.db.Pool, auth.ActorFrom(ctx), in); err != nil {
		return nil, Wrap(err)
	}
	return in, nil
}

// Incidents implements incident.Service: open cases by severity, then the longest waiting; after them the closed ones, newest first.
func (s *Incidents) Incidents(ctx context.Context, f incident.Filter) ([]*incident.Incident, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionRead); err != nil {
		return nil, err
	}
	limit := f.Limit
	if limit < 1 || limit > maxIncidents {
		limit = maxIncidents
	}
	return collect(ctx, s.db.Pool, scanIncident, selectIncident+`
		WHERE (`+inAreas("i.area_path", "@areas")+` OR `+hasTaskAt("i.id", "@unit")+`)
			AND (@below = '' OR starts_with(i.area_path || '.', @below || '.'))
			AND (NOT @open OR i.closed_at IS NULL)
		ORDER BY i.closed_at IS NOT NULL, CASE WHEN i.closed_at IS NULL THEN i.severity END,
			CASE WHEN i.closed_at IS NULL THEN i.created_at END, i.closed_at DESC, i.id
		LIMIT @limit`,
		pgx.NamedArgs{"areas": actor.Scope.Areas, "unit": ownUnit(actor), "below": f.AreaPath, "open": f.Open, "limit": limit})
}

// Log implements incident.Service.
func (s *Incidents) Log(ctx context.Context, id int64) ([]incident.LogEntry, error) {
	if _, err := s.Incident(ctx, id); err != nil {
		return nil, err
	}
	return collect(ctx, s.db.Pool, scanLog, selectLog+`WHERE incident_id = $1 ORDER BY id`, id)
}

const selectLog = `SELECT id, incident_id, source_time, receive_time, coalesce(actor_id, 0), actor_name, move, from_state, to_state, reason, details FROM incident_log `

func scanLog(row pgx.CollectableRow) (incident.LogEntry, error) {
	var e incident.LogEntry
	err := row.Scan(&e.ID, &e.IncidentID, &e.SourceTime, &e.ReceiveTime, &e.ActorID, &e.ActorName, &e.Move, &e.From, &e.To, &e.Reason, &e.Details)
	e.SourceTime, e.ReceiveTime = e.SourceTime.UTC(), e.ReceiveTime.UTC()
	return e, err
}
