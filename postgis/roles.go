package postgis

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/layers/auth"
)

// Roles implements auth.RoleStore. It is safe for concurrent use. What a role allows is read together with each account that has it (userColumns); a trigger tells all nodes
// of a change, which then ask again.
type Roles struct{ db *DB }

// NewRoles returns the roles of db.
func NewRoles(db *DB) *Roles { return &Roles{db: db} }

// grants returns what each role allows.
func grants(ctx context.Context, q querier) (auth.Grants, error) {
	var g auth.Grants
	err := q.QueryRow(ctx, `SELECT jsonb_object_agg(name, actions) FROM app_role`).Scan(&g)
	return g, Wrap(err)
}

// changeRights runs f, which changes what people may do, in a transaction of its own: one such change after the other. An account that makes it has to have the right
// still when its turn comes, and must manage no less after it; so there is always somebody who does. field is what is told to be wrong otherwise.
func (db *DB) changeRights(ctx context.Context, action auth.Action, field string, f func(tx pgx.Tx) error) error {
	actor := auth.ActorFrom(ctx)
	if err := forbid(actor, action); err != nil {
		return err
	}
	return db.transact(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('rights'))`); err != nil {
			return err
		}
		now, err := scopeNow(ctx, tx, actor)
		if err != nil {
			return err
		}
		if err := forbid(&auth.Actor{User: actor.User, Scope: now}, action); err != nil {
			return err
		}
		if err := f(tx); err != nil {
			return err
		}
		then, err := scopeNow(ctx, tx, actor)
		if err != nil {
			return err
		}
		for _, a := range []auth.Action{auth.ActionManageUsers, auth.ActionManageRoles} {
			if now.May(a) && !then.May(a) {
				return layers.Invalid(field, "own_account", "nobody takes the management of users from themselves")
			}
		}
		if now.InArea("") && !then.InArea("") {
			return layers.Invalid("areas", "own_account", "nobody takes the management of users from themselves")
		}
		return nil
	})
}

// scopeNow returns what the actor may do as the transaction sees it; the command line's rights are in no table.
func scopeNow(ctx context.Context, tx pgx.Tx, actor *auth.Actor) (*auth.Scope, error) {
	if actor.User.ID == 0 {
		return actor.Scope, nil
	}
	found, err := collect(ctx, tx, scanUser, `SELECT `+userColumns+` FROM app_user WHERE id = $1`, actor.User.ID)
	if err != nil || len(found) == 0 {
		return &auth.Scope{}, err
	}
	return found[0].Scope(), nil
}

// mayGive refuses an account (as it is, and as it shall be) that may do more than who does not manage roles themselves.
func mayGive(ctx context.Context, tx pgx.Tx, actor *auth.Actor, u *auth.User) error {
	if actor.Scope.May(auth.ActionManageRoles) {
		return nil
	}
	granted, err := grants(ctx, tx)
	if err != nil {
		return err
	}
	var was []auth.Role
	if err := tx.QueryRow(ctx, `SELECT roles FROM app_user WHERE id = $1`, u.ID).Scan(&was); err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	for _, a := range granted.Of(slices.Concat(was, u.Roles)) {
		if !actor.Scope.May(a) {
			return &layers.Error{Code: layers.CodeForbidden, Reason: "more_than_own", Field: "roles", Params: map[string]string{"action": string(a)},
				Msg: "the account may do more than who changes it"}
		}
	}
	return nil
}

const selectRole = `SELECT name, revision, title, title_en, actions, builtin, (SELECT count(*) FROM app_user u WHERE r.name = ANY (u.roles) AND `

func scanRole(row pgx.CollectableRow) (*auth.RoleInfo, error) {
	var (
		r       auth.RoleInfo
		builtin bool
	)
	err := row.Scan(&r.Name, &r.Revision, &r.Title, &r.TitleEN, &r.Actions, &builtin, &r.Users)
	slices.Sort(r.Actions)
	if builtin {
		r.Delivered = auth.Delivered[r.Name]
	}
	return &r, err
}

// Roles implements auth.RoleStore.
func (s *Roles) Roles(ctx context.Context) ([]*auth.RoleInfo, error) {
	actor := auth.ActorFrom(ctx)
	if !actor.Scope.May(auth.ActionManageRoles) {
		if err := forbid(actor, auth.ActionManageUsers); err != nil {
			return nil, err
		}
	}
	return collect(ctx, s.db.Pool, scanRole, selectRole+managed("u.areas", "$1")+`) FROM app_role r ORDER BY builtin DESC, position, name`, actor.Scope.Areas)
}

// change is changeRights for who manages roles everywhere: roles have no area.
func (s *Roles) change(ctx context.Context, f func(tx pgx.Tx) error) error {
	if a := auth.ActorFrom(ctx); a.Scope.May(auth.ActionManageRoles) && !a.Scope.InArea("") {
		return &layers.Error{Code: layers.CodeForbidden, Reason: "outside_areas", Msg: "roles are the whole county's"}
	}
	return s.db.changeRights(ctx, auth.ActionManageRoles, "actions", f)
}

// Create implements auth.RoleStore.
func (s *Roles) Create(ctx context.Context, r *auth.RoleInfo) error {
	if err := r.Validate(); err != nil {
		return err
	}
	return s.change(ctx, func(tx pgx.Tx) error {
		if err := atMost(ctx, tx, "app_role", auth.MaxRoles, "too_many_roles"); err != nil {
			return err
		}
		err := tx.QueryRow(ctx, `INSERT INTO app_role (name, title, title_en, actions) VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO NOTHING RETURNING revision`,
			r.Name, r.Title, r.TitleEN, r.Actions).Scan(&r.Revision)
		if errors.Is(err, pgx.ErrNoRows) {
			return &layers.Error{Code: layers.CodeConflict, Field: "name", Reason: "already_exists", Msg: "there is a role of this name already"}
		}
		if err != nil {
			return err
		}
		return appendAudit(ctx, tx, "role.create", "role/"+string(r.Name), map[string]any{"title": r.Title, "actions": r.Actions})
	})
}

// locked returns the role as it is, for who saw it at that revision.
func (s *Roles) locked(ctx context.Context, tx pgx.Tx, name auth.Role, revision int64) (*auth.RoleInfo, error) {
	found, err := collect(ctx, tx, scanRole, selectRole+`true) FROM app_role r WHERE name = $1 FOR UPDATE`, name)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, layers.Errorf(layers.CodeNotFound, "there is no role %q", name)
	}
	return found[0], seen(nil, found[0].Revision, revision, "role")
}

// Update implements auth.RoleStore.
func (s *Roles) Update(ctx context.Context, r *auth.RoleInfo) error {
	if err := r.Validate(); err != nil {
		return err
	}
	return s.change(ctx, func(tx pgx.Tx) error {
		was, err := s.locked(ctx, tx, r.Name, r.Revision)
		if err != nil {
			return err
		}
		r.Delivered, r.Users = was.Delivered, was.Users
		if slices.Contains(r.Actions, auth.ActionWorkTask) && !slices.Contains(was.Actions, auth.ActionWorkTask) {
			var unitless int
			if err := tx.QueryRow(ctx, `SELECT count(*) FROM app_user WHERE $1 = ANY (roles) AND unit_id IS NULL`, r.Name).Scan(&unitless); err != nil {
				return err
			}
			if unitless > 0 {
				return layers.Invalid("actions", "needs_unit", "%d accounts of the role work for no unit", unitless)
			}
		}
		if err := tx.QueryRow(ctx, `UPDATE app_role SET title = $2, title_en = $3, actions = $4, revision = revision + 1 WHERE name = $1 RETURNING revision`,
			r.Name, r.Title, r.TitleEN, r.Actions).Scan(&r.Revision); err != nil {
			return err
		}
		return appendAudit(ctx, tx, "role.update", "role/"+string(r.Name), map[string]any{"was_title": was.Title, "title": r.Title,
			"given": without(r.Actions, was.Actions), "taken": without(was.Actions, r.Actions)})
	})
}

// without returns what is in a and not in b.
func without(a, b []auth.Action) []auth.Action {
	return slices.DeleteFunc(slices.Clone(a), func(x auth.Action) bool { return slices.Contains(b, x) })
}

// Remove implements auth.RoleStore.
func (s *Roles) Remove(ctx context.Context, name auth.Role, revision int64) error {
	return s.change(ctx, func(tx pgx.Tx) error {
		was, err := s.locked(ctx, tx, name, revision)
		switch {
		case err != nil:
			return err
		case was.Delivered != nil:
			return &layers.Error{Code: layers.CodeConflict, Reason: "builtin_role", Msg: "this role belongs to the program"}
		case was.Users > 0:
			return &layers.Error{Code: layers.CodeConflict, Reason: "role_in_use", Msg: "somebody has this role"}
		}
		if _, err := tx.Exec(ctx, `DELETE FROM app_role WHERE name = $1`, name); err != nil {
			return err
		}
		return appendAudit(ctx, tx, "role.remove", "role/"+string(name), map[string]any{"title": was.Title, "actions": was.Actions})
	})
}
