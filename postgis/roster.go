package postgis

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/layers/duty"
)

// Roster implements duty.Roster. It is safe for concurrent use.
type Roster struct{ db *DB }

// NewRoster returns the shifts of db.
func NewRoster(db *DB) *Roster { return &Roster{db} }

const selectShift = `SELECT s.id, s.revision, s.area_path, s.role, s.starts_at, s.ends_at, s.note,
	(SELECT coalesce(jsonb_agg(jsonb_build_object('id', u.id, 'name', u.name) ORDER BY u.name, u.id), '[]')
		FROM shift_person p JOIN app_user u ON u.id = p.user_id WHERE p.shift_id = s.id) FROM shift s `

func scanShift(row pgx.CollectableRow) (*duty.Shift, error) {
	var (
		s      duty.Shift
		people []byte
	)
	if err := row.Scan(&s.ID, &s.Revision, &s.AreaPath, &s.Role, &s.StartsAt, &s.EndsAt, &s.Note, &people); err != nil {
		return nil, err
	}
	s.StartsAt, s.EndsAt = s.StartsAt.UTC(), s.EndsAt.UTC()
	return &s, json.Unmarshal(people, &s.People)
}

// homeArea returns the area that is asked for, which has to be the actor's; for "" the smallest that holds all of the actor's.
func homeArea(ctx context.Context, q querier, actor *auth.Actor, area string) (string, error) {
	if area == "" {
		area = actor.Scope.Area()
		if area == "" && slices.Contains(actor.Scope.Areas, auth.Everywhere) {
			if err := q.QueryRow(ctx, `SELECT coalesce((SELECT path FROM area ORDER BY length(path), path LIMIT 1), '')`).Scan(&area); err != nil {
				return "", err
			}
		}
		if !actor.Scope.InArea(area) && len(actor.Scope.Areas) > 0 { // two towns have no area that holds just them
			area = actor.Scope.Areas[0]
		}
	}
	if !layers.IsAreaPath(area) {
		return "", layers.Invalid("area", "bad_area_path", "%q is not the path of an area", area)
	}
	if !actor.Scope.InArea(area) {
		return "", outsideAreas(area)
	}
	return area, nil
}

// covering returns the shifts of an area, and of those that hold it, near a moment.
func covering(ctx context.Context, q querier, area string, t time.Time) ([]*duty.Shift, error) {
	return collect(ctx, q, scanShift, selectShift+`WHERE starts_with($1 || '.', s.area_path || '.') AND tstzrange(s.starts_at, s.ends_at) && tstzrange($2, $3) ORDER BY s.starts_at, s.id`,
		area, t.Add(-duty.Known), t.Add(duty.Known))
}

// Now implements duty.Roster.
func (s *Roster) Now(ctx context.Context, area string, role auth.Role, t time.Time) (*duty.Now, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionRead); err != nil {
		return nil, err
	}
	area, err := homeArea(ctx, s.db.Pool, actor, area)
	if err != nil {
		return nil, Wrap(err)
	}
	shifts, err := covering(ctx, s.db.Pool, area, t)
	if err != nil {
		return nil, err
	}
	now := &duty.Now{At: t.UTC(), AreaPath: area, Posts: []duty.Post{}, Mine: []*duty.Shift{}}
	roles := duty.StageRoles
	if role != "" {
		roles = []auth.Role{role}
	}
	for _, r := range roles {
		now.Posts = append(now.Posts, duty.PostAt(r, shifts, t))
	}
	mine, err := collect(ctx, s.db.Pool, scanShift, selectShift+`JOIN shift_person me ON me.shift_id = s.id AND me.user_id = $1 WHERE s.ends_at > $2 AND s.starts_at < $3 ORDER BY s.starts_at, s.id`,
		actor.User.ID, t, t.Add(duty.Known))
	if err != nil {
		return nil, err
	}
	if on := duty.At(mine, t); on != nil {
		now.Mine = on
	}
	now.MineNext = duty.Next(mine, t)
	return now, nil
}

// Shifts implements duty.Roster.
func (s *Roster) Shifts(ctx context.Context, area string, from, until time.Time) ([]*duty.Shift, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionManageRoster); err != nil {
		return nil, err
	}
	return collect(ctx, s.db.Pool, scanShift, selectShift+`WHERE `+inAreas("s.area_path", "@areas")+` AND (@area = '' OR starts_with(s.area_path || '.', @area || '.'))
		AND tstzrange(s.starts_at, s.ends_at) && tstzrange(@from, @until) ORDER BY s.starts_at, s.id`,
		pgx.NamedArgs{"areas": actor.Scope.Areas, "area": area, "from": from, "until": until})
}

// mayPlan reports whether the actor may plan an area, and that there is one.
func mayPlan(ctx context.Context, q querier, area string) error {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionManageRoster); err != nil {
		return err
	}
	if !actor.Scope.InArea(area) {
		return &layers.Error{Code: layers.CodeForbidden, Reason: "outside_areas", Field: "area_path", Params: map[string]string{"area_path": area}, Msg: "the area is not the caller's"}
	}
	var known bool
	err := q.QueryRow(ctx, `SELECT EXISTS (SELECT FROM area WHERE path = $1)`, area).Scan(&known)
	if err == nil && !known {
		err = layers.Invalid("area_path", "unknown_area", "there is no area %q", area)
	}
	return err
}

// serving returns who can be on duty for an area.
func serving(ctx context.Context, q querier, area string) ([]duty.Person, error) {
	people, err := collect(ctx, q, scanUser, `SELECT `+userColumns+` FROM app_user WHERE NOT disabled AND EXISTS (SELECT FROM unnest(areas) a WHERE a = '*' OR starts_with($1 || '.', a || '.')) ORDER BY name, id`, area)
	if err != nil {
		return nil, err
	}
	out := []duty.Person{}
	for _, u := range people {
		if posts := duty.Posts(u.Roles, u.Granted); len(posts) > 0 {
			out = append(out, duty.Person{ID: u.ID, Name: u.Name, Roles: posts})
		}
	}
	return out, nil
}

// People implements duty.Roster.
func (s *Roster) People(ctx context.Context, area string) ([]duty.Person, error) {
	if err := mayPlan(ctx, s.db.Pool, area); err != nil {
		return nil, Wrap(err)
	}
	return serving(ctx, s.db.Pool, area)
}

// check returns an error unless the people of a shift can serve and are not on duty there already. The caller holds the roster's lock.
func (s *Roster) check(ctx context.Context, tx pgx.Tx, shift *duty.Shift) error {
	able, err := serving(ctx, tx, shift.AreaPath)
	if err != nil {
		return err
	}
	for i := range shift.People {
		p := &shift.People[i]
		at := slices.IndexFunc(able, func(a duty.Person) bool { return a.ID == p.ID && slices.Contains(a.Roles, shift.Role) })
		if at < 0 {
			return layers.Invalid("people", "cannot_serve", "user %d cannot be %s there", p.ID, shift.Role)
		}
		p.Name = able[at].Name
	}
	near, err := collect(ctx, tx, scanShift, selectShift+`WHERE s.area_path = $1 AND s.role = $2 AND tstzrange(s.starts_at, s.ends_at) && tstzrange($3, $4) ORDER BY s.id`,
		shift.AreaPath, shift.Role, shift.StartsAt, shift.EndsAt)
	if err != nil {
		return err
	}
	if _, who := duty.Clash(shift, near); who != nil {
		return &layers.Error{Code: layers.CodeConflict, Field: "people", Reason: "shift_clash", Params: map[string]string{"name": who.Name}, Msg: who.Name + " is on duty there at that time already"}
	}
	return nil
}

// insert stores a checked shift.
func (s *Roster) insert(ctx context.Context, tx pgx.Tx, shift *duty.Shift) error {
	err := tx.QueryRow(ctx, `INSERT INTO shift (area_path, role, starts_at, ends_at, note) VALUES ($1, $2, $3, $4, $5) RETURNING id, revision`,
		shift.AreaPath, shift.Role, shift.StartsAt, shift.EndsAt, shift.Note).Scan(&shift.ID, &shift.Revision)
	if err != nil {
		return err
	}
	return s.setPeople(ctx, tx, shift)
}

func (s *Roster) setPeople(ctx context.Context, tx pgx.Tx, shift *duty.Shift) error {
	ids := make([]int64, len(shift.People))
	for i, p := range shift.People {
		ids[i] = p.ID
	}
	_, err := tx.Exec(ctx, `INSERT INTO shift_person (shift_id, user_id) SELECT DISTINCT $1::bigint, unnest($2::bigint[])`, shift.ID, ids)
	return err
}

func shiftDetails(s *duty.Shift) map[string]any {
	return map[string]any{"area_path": s.AreaPath, "role": s.Role, "starts_at": s.StartsAt, "ends_at": s.EndsAt, "people": s.People}
}

// Create implements duty.Roster.
func (s *Roster) Create(ctx context.Context, shift *duty.Shift) error {
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		if err := mayPlan(ctx, tx, shift.AreaPath); err != nil {
			return err
		}
		if err := atMost(ctx, tx, "shift", duty.MaxShifts, "too_many_shifts"); err != nil {
			return err
		}
		if err := s.check(ctx, tx, shift); err != nil {
			return err
		}
		if err := s.insert(ctx, tx, shift); err != nil {
			return err
		}
		return s.stored(ctx, tx, shift, "shift.create")
	})
}

// stored reads a shift back and writes the audit row.
func (s *Roster) stored(ctx context.Context, tx pgx.Tx, shift *duty.Shift, action string) error {
	found, err := collect(ctx, tx, scanShift, selectShift+`WHERE s.id = $1`, shift.ID)
	if err != nil {
		return err
	}
	*shift = *found[0]
	return auditShift(ctx, tx, action, shift)
}

func auditShift(ctx context.Context, tx pgx.Tx, action string, shift *duty.Shift) error {
	return AppendAudit(ctx, tx, auth.AuditEntry{Action: action, Subject: subject("shift", shift.ID), Details: shiftDetails(shift)})
}

// hold locks the roster, and returns a shift that the actor may change.
func (s *Roster) hold(ctx context.Context, tx pgx.Tx, id int64) (*duty.Shift, error) {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, auth.ActionManageRoster); err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('at most shift'))`); err != nil { // the lock of atMost
		return nil, err
	}
	found, err := collect(ctx, tx, scanShift, selectShift+`WHERE s.id = $1 AND `+inAreas("s.area_path", "$2"), id, actor.Scope.Areas)
	if err == nil && len(found) == 0 {
		err = notFound("shift", id)
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// Update implements duty.Roster.
func (s *Roster) Update(ctx context.Context, shift *duty.Shift) error {
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		held, err := s.hold(ctx, tx, shift.ID)
		if err != nil {
			return err
		}
		if held.Revision != shift.Revision {
			return layers.Stale("revision")
		}
		if err := mayPlan(ctx, tx, shift.AreaPath); err != nil {
			return err
		}
		if err := s.check(ctx, tx, shift); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE shift SET area_path = $2, role = $3, starts_at = $4, ends_at = $5, note = $6, revision = revision + 1 WHERE id = $1`,
			shift.ID, shift.AreaPath, shift.Role, shift.StartsAt, shift.EndsAt, shift.Note); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM shift_person WHERE shift_id = $1`, shift.ID); err != nil {
			return err
		}
		if err := s.setPeople(ctx, tx, shift); err != nil {
			return err
		}
		return s.stored(ctx, tx, shift, "shift.update")
	})
}

// Delete implements duty.Roster.
func (s *Roster) Delete(ctx context.Context, id int64) error {
	return s.db.transact(ctx, func(tx pgx.Tx) error {
		held, err := s.hold(ctx, tx, id)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM shift WHERE id = $1`, id); err != nil {
			return err
		}
		return auditShift(ctx, tx, "shift.delete", held)
	})
}

// Copy implements duty.Roster.
func (s *Roster) Copy(ctx context.Context, area string, from, until time.Time, by time.Duration) (made []*duty.Shift, err error) {
	made = []*duty.Shift{}
	err = s.db.transact(ctx, func(tx pgx.Tx) error {
		if err := mayPlan(ctx, tx, area); err != nil {
			return err
		}
		if err := atMost(ctx, tx, "shift", duty.MaxShifts, "too_many_shifts"); err != nil {
			return err
		}
		models, err := collect(ctx, tx, scanShift, selectShift+`WHERE s.area_path = $1 AND s.starts_at >= $2 AND s.starts_at < $3 ORDER BY s.starts_at, s.id`, area, from, until)
		if err != nil {
			return err
		}
		for _, shift := range models {
			shift.ID, shift.StartsAt, shift.EndsAt = 0, shift.StartsAt.Add(by), shift.EndsAt.Add(by)
			switch err := s.check(ctx, tx, shift); layers.ErrorCode(err) {
			case "":
			case layers.CodeConflict, layers.CodeInvalid: // there already, or somebody has left since
				continue
			default:
				return err
			}
			if err := s.insert(ctx, tx, shift); err != nil {
				return err
			}
			made = append(made, shift)
			if err := auditShift(ctx, tx, "shift.create", shift); err != nil {
				return err
			}
		}
		return nil
	})
	return made, err
}
